import Domain
import Execution

/// What must be true of an order at the moment in which it leaves.
extension Oracle {
  func checkGuards(_ order: Order, _ name: String, _ intent: Intent) {
    func unguarded(_ why: String) { world.fail(.nothingSentUnguarded, name, why) }
    let now = world.machineNow
    // Nobody can see a clock being set between the judgement and the sending that follows at once. One
    // that was set back makes nothing expire; what arrived since lives by it.
    let wall = now.wall.advanced(by: .milliseconds(-max(0, world.clockShiftInTurn)))
    if let record = shadow.signals[order.key.signal] {
      if wall > record.expiresAt {
        unguarded("it had expired \(wall.since(record.expiresAt)) before")
      }
      if let end = files.end(of: record), wall > end {
        world.fail(
          .fileLifeIsKept, name, "its file's life had ended \(wall.since(end)) before it left")
      }
    }
    if let end = wishes.end(of: name), wall > end {
      unguarded("its life had ended \(wall.since(end)) before, as its sender meant it")
    }
    if haltedIn > 0, haltedIn < intent.armedIn,
      shadow.halt?.scope.holdsBack(order.request.side) ?? true
    {
      unguarded("trading was halted")
    }
    if let paused = pausedSince(order.request.symbol), paused < intent.armedIn {
      unguarded("\(order.request.symbol) was paused")
    }
    guard let quote = order.quote else { return unguarded("no price was looked at") }
    checkPrice(of: order, quote, unguarded: unguarded)
    let most = configuration.price.maximumDeviation
    if !wishes.allow(order.request, at: quote.price, within: most) {
      unguarded("the price \(quote.price) is more than \(most) bps from what it was made for")
    }
  }

  /// The number of the commit since which no order of the symbol may leave.
  private func pausedSince(_ symbol: Symbol) -> Int? {
    switch configuration.risk.pauseOnNotFound {
    case .none: nil
    case .symbol: pausedIn[symbol]
    case .all: pausedIn.values.min()
    }
  }
}
