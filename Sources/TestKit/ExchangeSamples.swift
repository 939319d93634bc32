package import Domain
package import Matching

/// A short way to say a decimal in a test; a wrong spelling is zero, which no test expects.
package func decimal(_ text: String) -> FixedDecimal {
  (try? FixedDecimal(text)) ?? .zero
}

package func pair(_ text: String) -> Symbol {
  guard let symbol = Symbol(exchangeText: text) else { fatalError("no symbol: \(text)") }
  return symbol
}

/// `milliseconds` after the moment at which every test's exchange begins.
package func moment(_ milliseconds: Int64 = 0) -> Moment {
  Moment(
    wall: WallTime(milliseconds: 1_790_000_000_000 + milliseconds),
    monotonic: MonotonicTime(nanoseconds: 5_000_000_000 + milliseconds * 1_000_000))
}

extension ExchangeRules {
  /// Nothing happens by chance.
  package static var certain: ExchangeRules {
    var rules = ExchangeRules()
    rules.acknowledgementLag = .zero
    rules.partialPercent = 0
    rules.walks = false
    rules.crossingMaker = .canceled
    return rules
  }
}
