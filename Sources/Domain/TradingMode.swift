/// How far an order goes.
package enum TradingMode: String, CaseIterable, Hashable, Sendable {
  /// Real public prices, simulated fills, no keys.
  case paper
  /// The exchange checks every order and places none.
  case validate
  case live

  /// What the identifiers of orders begin with that were placed on paper; the exchange's own never do.
  package static let paperOrderIDPrefix = "PAPER-"
}
