import Domain
import JSON
import Platform
import TestKit
import Testing

@testable import Daemon

@Suite struct VenueFactsFileTests {
  /// As many as a person may trade, and all that a key may trade.
  @Test func `the rules of many symbols are read back`() throws {
    let scratch = try Scratch()
    let time = WallTime(milliseconds: 1_700_000_000_123)
    let symbols = try (1...1_100).map { try #require(Symbol(exchangeText: "A\($0)USDT")) }
    let one = try FixedDecimal("1")
    let rules = symbols.prefix(60).map { symbol in
      VenueFacts.Rules(
        instrument: Instrument(
          venue: "a venue", symbol: symbol, baseAsset: "A", quoteAsset: "USDT", isTradable: true,
          sides: .both, types: [.limit, .market, .immediateOrCancel], tickSize: one, stepSize: one,
          quoteStep: one, minimumQuantity: one, minimumNotional: one, minimumNotionalMarket: one,
          maximumNotional: one, maximumNotionalMarket: one, priceBand: nil), readAt: time)
    }
    let facts = VenueFacts(rules: rules, pairs: .init(symbols: Set(symbols), readAt: time))
    try scratch.write(
      "state.db.venue", facts.json(from: "https://a", boot: nil).compactText())
    let journal = try Journal()
    let logger = Logger(level: .info, format: .logfmt, descriptor: journal.number)
    let file = VenueFactsFile(beside: scratch("state.db"), source: "https://a", logger)
    #expect(file.begin() == facts)
  }
}
