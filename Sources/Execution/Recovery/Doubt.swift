package import Domain

/// Why nobody can say yet what became of an accepted signal's order.
package struct Doubt: Hashable, Sendable {
  package var status: OrderStatus
  package var code: DecisionCode
  package var message: String
  package var clientOrderID: ClientOrderID
  /// When the order was sent.
  package var since: WallTime
  package var advice: String

  package init(
    status: OrderStatus, code: DecisionCode, message: String, clientOrderID: ClientOrderID,
    since: WallTime, advice: String
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.clientOrderID = clientOrderID
    self.since = since
    self.advice = advice
  }
}
