/// A row of a list that cannot be read, with what is known of whose order it is about.
package struct UnreadableRow: Hashable, Sendable {
  package enum Name: Hashable, Sendable {
    /// The client order id.
    case text(String)
    /// The row says that the order has none, as orders of others have: ours always do.
    case none
    /// The row does not say it, or not as text.
    case unknown
  }

  package var orderID: String?
  package var name: Name
  /// What is wrong with the row.
  package var reason: String

  package init(orderID: String?, name: Name, reason: String) {
    self.orderID = orderID
    self.name = name
    self.reason = reason
  }

  /// Whether it may be about the order that we call `clientOrderID` and the exchange, as far as we
  /// know, `orderID`.
  package func mayBe(_ clientOrderID: ClientOrderID, _ orderID: String?) -> Bool {
    if let orderID, let own = self.orderID, own == orderID { return true }
    switch name {
    case .text(let text): return text == clientOrderID.text
    case .none: return false
    case .unknown: return self.orderID == nil || orderID == nil
    }
  }
}
