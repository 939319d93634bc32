package import Domain

/// The daemon's "no": the code that tools match on and the sentence that people read.
package struct Denial: Error, Hashable, Sendable {
  package var code: DecisionCode
  package var message: String
  /// Nothing could be judged: the signal is not remembered, and its id may be used again.
  package var leavesIDFree: Bool

  package init(_ code: DecisionCode, _ message: String, leavesIDFree: Bool = false) {
    self.code = code
    self.message = message
    self.leavesIDFree = leavesIDFree
  }
}

extension Denial {
  /// What depends on the time, on the configuration or on the rules of a listed symbol. Without these are
  /// the symbols that the exchange does not list, or that nobody knows it to list: of those no view ever
  /// gives the proof that an order is not there.
  private static let codesOfTheMoment: Set<DecisionCode> = [
    .expired, .halted, .rateLimited, .riskOpenOrders, .riskOrderRate, .riskOrderQuote,
    .riskDailyQuote, .sourceLimit, .symbolNotTradable, .sideNotTradable, .typeNotSupported,
    .pricePrecision, .belowMinimum, .aboveMaximum,
  ]

  /// Whether what was read of the symbol refuses it.
  var isOfSymbol: Bool {
    [.symbolUnknown, .symbolNotTradable, .sideNotTradable].contains(code)
  }

  /// Whether the same signal may have been admitted at another time, or under other settings or rules.
  var isOfTheMoment: Bool { leavesIDFree || Self.codesOfTheMoment.contains(code) }
}
