/// What may be turned about the simulated market. The defaults are those of a real, awkward one.
package struct ExchangeRules: Hashable, Sendable {
  /// What becomes of a post-only order that would trade at once. The exchange does not document it.
  package enum CrossingMaker: String, CaseIterable, Hashable, Sendable {
    case refused, canceled
    /// One or the other, by the seed.
    case either
  }

  /// How order identifiers are made.
  package enum Identifiers: Hashable, Sendable {
    /// The two forms that the exchange prints, by the seed.
    case exchange
    /// `PAPER-` and the client order ID, so that they are the same after every restart.
    case paper
  }

  /// Open orders of an account (MEXC API FAQ).
  package var maximumOpenOrders = 500
  /// Undocumented at the exchange; accepting them is the harder case for a client.
  package var rejectsDuplicateClientOrderIDs = false
  /// A new order may be invisible for up to so long.
  package var acknowledgementLag = Duration.seconds(2)
  /// How many orders in a hundred are.
  package var laggingPercent = 25
  /// How often, in a hundred chances, a limit order that could fill whole fills in part.
  package var partialPercent = 20
  /// How often an order that must fill at once finds too little within its price.
  package var thinPercent = 0
  package var walks = true
  /// The widest move of one step of the walk, in basis points.
  package var volatility = 4
  package var crossingMaker = CrossingMaker.either
  /// Balances are neither checked nor kept.
  package var hasUnlimitedFunds = false
  package var identifiers = Identifiers.exchange

  package init() {}
}
