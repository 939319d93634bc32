import Domain
import Execution

/// What must be true of an order at the moment in which it leaves.
struct SendingCheck {
  private let oracle: Oracle
  private let world: World

  init(_ oracle: Oracle) {
    self.oracle = oracle
    world = oracle.world
  }

  func check(_ order: Order, _ name: String, _ intent: Oracle.Intent) {
    func unguarded(_ why: String) { world.fail(.nothingSentUnguarded, name, why) }
    let now = world.machineNow
    // Nobody can see a clock being set between the judgement and the sending that follows at once. One
    // that was set back makes nothing expire; what arrived since lives by it.
    let wall = now.wall.advanced(by: .milliseconds(-max(0, world.clockShiftInTurn)))
    if let record = oracle.shadow.signals[order.key.signal] {
      if wall > record.expiresAt {
        unguarded("it had expired \(wall.since(record.expiresAt)) before")
      }
      if let end = oracle.files.end(of: record), wall > end {
        world.fail(
          .fileLifeIsKept, name, "its file's life had ended \(wall.since(end)) before it left")
      }
    }
    if let end = oracle.wishes.end(of: name), wall > end {
      unguarded("its life had ended \(wall.since(end)) before, as its sender meant it")
    }
    if oracle.haltedIn > 0, oracle.haltedIn < intent.armedIn,
      oracle.shadow.halt?.scope.holdsBack(order.request.side) ?? true
    {
      unguarded("trading was halted")
    }
    if let paused = pausedSince(order.request.symbol), paused < intent.armedIn {
      unguarded("\(order.request.symbol) was paused")
    }
    guard let quote = order.quote else { return unguarded("no price was looked at") }
    checkPrice(of: order, quote, unguarded: unguarded)
    let most = oracle.configuration.price.maximumDeviation
    if !oracle.wishes.allow(order.request, at: quote.price, within: most) {
      unguarded("the price \(quote.price) is more than \(most) bps from what it was made for")
    }
  }

  /// The number of the commit since which no order of the symbol may leave.
  private func pausedSince(_ symbol: Symbol) -> Int? {
    switch oracle.configuration.risk.pauseOnNotFound {
    case .none: nil
    case .symbol: oracle.pausedIn[symbol]
    case .all: oracle.pausedIn.values.min()
    }
  }

  /// No order is judged by a book that is too old or that is none.
  private func checkPrice(of order: Order, _ quote: Quote, unguarded: (String) -> Void) {
    let side = order.request.side
    let symbol = order.request.symbol
    let asked = oracle.prices.sentAt(of: quote, for: symbol, world)
    let push =
      oracle.pushedPrices.push(of: quote, for: symbol, side)
      ?? (asked == nil ? oracle.pushedPrices.push(agedTo: quote, for: symbol, side) : nil)
    if let push, push.price.price(for: side) != quote.price {
      return unguarded("its price is from a book that is crossed or empty")
    }
    guard let knownAt = push?.knownAt ?? asked
    else { return unguarded("nobody asked for its price, and none such was pushed") }
    let age = Duration.nanoseconds(world.time - knownAt)
    // A time is written down in whole milliseconds.
    if age > Oracle.maximumPriceAge + .milliseconds(1) { unguarded("its price was \(age) old") }
  }
}
