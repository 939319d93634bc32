/// What stops trading when an order is not found at the exchange.
package enum PauseScope: String, CaseIterable, Hashable, Sendable {
  case symbol
  case all
  case none
}
