/// What is known for ever of a signal whose history was removed: enough to answer a copy of it, and to
/// say how it ended.
package struct CompactedSignal: Hashable, Sendable {
  package let signalID: SignalID
  package let symbol: Symbol
  package let side: Side
  /// SHA-256 of the signal's canonical text: tells a duplicate from a conflict.
  package let contentDigest: [UInt8]
  package let clientOrderID: ClientOrderID
  package let decision: DecisionCode
  package let receivedAt: WallTime
  package let endedAt: WallTime
  /// Of its order; `nil` when it never came to one, as what follows.
  package let status: OrderStatus?
  package let code: DecisionCode?
  /// The exchange's own.
  package let orderID: String?
  package let executedQuantity: FixedDecimal?
  package let executedQuote: FixedDecimal?

  package init(
    signalID: SignalID, symbol: Symbol, side: Side, contentDigest: [UInt8],
    clientOrderID: ClientOrderID, decision: DecisionCode, receivedAt: WallTime, endedAt: WallTime,
    status: OrderStatus?, code: DecisionCode?, orderID: String?, executedQuantity: FixedDecimal?,
    executedQuote: FixedDecimal?
  ) {
    self.signalID = signalID
    self.symbol = symbol
    self.side = side
    self.contentDigest = contentDigest
    self.clientOrderID = clientOrderID
    self.decision = decision
    self.receivedAt = receivedAt
    self.endedAt = endedAt
    self.status = status
    self.code = code
    self.orderID = orderID
    self.executedQuantity = executedQuantity
    self.executedQuote = executedQuote
  }
}
