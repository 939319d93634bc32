import Domain
import Testing

@Suite struct DecisionCodeTests {
  @Test func `raw values are the contract`() {
    #expect(
      DecisionCode.allCases.map(\.rawValue).sorted()
        == [
          "above_maximum", "accepted", "below_minimum", "canceled", "conflicting_duplicate",
          "duplicate", "exchange_rejected", "expired", "halted", "heartbeat", "invalid_field",
          "invalid_json",
          "not_found", "price_band", "price_deviation", "price_precision", "price_unavailable",
          "rate_limited", "risk_daily_quote", "risk_open_orders", "risk_order_quote",
          "risk_order_rate", "shutting_down", "side_not_tradable", "source_limit",
          "storage_unavailable", "symbol_not_allowed", "symbol_not_tradable", "symbol_unknown",
          "too_large", "type_not_supported", "unauthenticated", "unknown_field",
          "unreadable_file",
        ])
  }

  @Test(arguments: DecisionCode.allCases)
  func `meaning is one sentence`(_ code: DecisionCode) throws {
    let meaning = code.meaning
    #expect(try #require(meaning.first).isUppercase)
    #expect(meaning.hasSuffix("."))
    #expect(!meaning.dropLast().hasSuffix("."))
    // A full stop inside belongs to a configuration key, never to the end of a sentence.
    for end in [". ", "? ", "! ", ".\n", "  ", "\n", "|"] { #expect(!meaning.contains(end)) }
    #expect(meaning.utf8.count <= 120)
  }

  @Test func `meanings differ`() {
    #expect(Set(DecisionCode.allCases.map(\.meaning)).count == DecisionCode.allCases.count)
  }
}
