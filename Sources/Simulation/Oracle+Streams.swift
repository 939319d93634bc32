import Domain
import Execution
import Matching

/// What the streams must not bring about.
extension Oracle {
  /// The longest that a fill can stay unseen when its push is lost and the account's stream is up: the
  /// longest pause between two looks (`Following.longestSafetyPause`), and the time that one look takes
  /// in tight pools.
  static let safetyNet = 600 * second + 60 * second

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
