import Domain
import Execution
import Matching

/// What the streams must not bring about.
extension Oracle {
  /// The longest that a fill can stay unseen when its push is lost and the account's stream is up: the
  /// longest pause between two looks (`Following.longestSafetyPause`), and the time that one look takes
  /// in tight pools.
  static let safetyNet = 600 * second + 60 * second

  /// No order is judged by a book that is too old or that is none.
  func checkPrice(of order: Order, _ quote: Quote, unguarded: (String) -> Void) {
    let side = order.request.side
    let symbol = order.request.symbol
    let asked = prices.sentAt(of: quote, for: symbol, world)
    let push =
      pushedPrices.push(of: quote, for: symbol, side)
      ?? (asked == nil ? pushedPrices.push(agedTo: quote, for: symbol, side) : nil)
    if let push, push.price.price(for: side) != quote.price {
      return unguarded("its price is from a book that is crossed or empty")
    }
    guard let knownAt = push?.knownAt ?? asked
    else { return unguarded("nobody asked for its price, and none such was pushed") }
    let age = Duration.nanoseconds(world.time - knownAt)
    // A time is written down in whole milliseconds.
    if age > Self.maximumPriceAge + .milliseconds(1) { unguarded("its price was \(age) old") }
  }

  /// None counts twice: the record never says more than the exchange.
  func checkExecuted(_ order: Order, at exchange: SimulatedOrder) {
    guard let found = nowAtExchange?(exchange),
      order.executedQuantity > found.executedQuantity || order.executedQuote > found.executedQuote
    else { return }
    world.fail(
      .fillsCountOnce, order.request.clientOrderID.text,
      "the exchange has executed \(found.executed), and the record says \(order.executed)")
  }
}

extension SimulatedOrder {
  /// In words: how much, and what it came to.
  var executed: String { "\(executedQuantity) for \(executedQuote)" }
}

extension Order {
  /// In words: how much, and what it came to.
  var executed: String { "\(executedQuantity) for \(executedQuote)" }
}
