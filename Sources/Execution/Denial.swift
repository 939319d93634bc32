package import Domain

/// The daemon's "no": the code that tools match on and the sentence that people read.
package struct Denial: Error, Hashable, Sendable {
  package var code: DecisionCode
  package var message: String

  package init(_ code: DecisionCode, _ message: String) {
    self.code = code
    self.message = message
  }
}

extension Denial {
  private static let codesOfTheMoment: Set<DecisionCode> = [
    .expired, .halted, .rateLimited, .riskOpenOrders, .riskOrderRate, .riskDailyQuote,
  ]

  /// Whether the same signal may have been admitted at another time.
  var isOfTheMoment: Bool { Self.codesOfTheMoment.contains(code) }
}
