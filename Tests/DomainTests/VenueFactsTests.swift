import Domain
import JSON
import TestKit
import Testing

@Suite struct VenueFactsTests {
  private let time = WallTime(milliseconds: 1_700_000_000_123)

  private func decimal(_ text: String) throws -> FixedDecimal { try FixedDecimal(text) }

  private func facts() throws -> VenueFacts {
    let btc = try #require(Symbol(exchangeText: "BTCUSDT"))
    var instrument = Instrument(
      venue: "a venue", symbol: btc, baseAsset: "BTC", quoteAsset: "USDT", isTradable: true,
      sides: .sellOnly,
      types: [.limit, .immediateOrCancel], tickSize: try decimal("0.01"),
      stepSize: try decimal("0.000001"), quoteStep: try decimal("0.00000001"),
      minimumQuantity: try decimal("0.0001"), minimumNotional: try decimal("1"),
      minimumNotionalMarket: try decimal("5"), maximumNotional: nil,
      maximumNotionalMarket: try decimal("4000000"), priceBand: nil)
    var rules = [VenueFacts.Rules(instrument: instrument, readAt: time)]
    instrument.symbol = try #require(Symbol(exchangeText: "ETHUSDT"))
    instrument.priceBand = .init(buyUp: try decimal("0.1"), sellDown: try decimal("0.2"))
    rules.append(VenueFacts.Rules(instrument: instrument, readAt: time))
    let clock = VenueFacts.Clock(
      time: time, readAt: MonotonicTime(nanoseconds: 123_456_789_012), error: .microseconds(1_500))
    return VenueFacts(rules: rules, pairs: .init(symbols: [btc], readAt: time), clock: clock)
  }

  @Test func `what is written is read`() throws {
    for facts in [try facts(), VenueFacts()] {
      let text = facts.json(from: "https://a", boot: "this").compactText()
      #expect(VenueFacts(try JSONReader.read(text), from: "https://a", boot: "this") == facts)
    }
  }

  @Test(
    arguments: [("this", "other"), ("this", nil), (nil, "this"), (nil, nil)] as [(String?, String?)]
  )
  func `a clock is read under the boot that it was read under alone`(
    written: String?, read: String?
  ) throws {
    var facts = try facts()
    let text = facts.json(from: "https://a", boot: written).compactText()
    facts.clock = nil
    #expect(VenueFacts(try JSONReader.read(text), from: "https://a", boot: read) == facts)
  }

  @Test func `of another place, and where a member is missing or odd, nothing is read`() throws {
    let text = try facts().json(from: "https://a", boot: "this").compactText()
    #expect(VenueFacts(try JSONReader.read(text), from: "https://b", boot: "this") == nil)
    for (part, other) in [
      ("\"version\":3", "\"version\":2"), ("\"tick_size\":\"0.01\"", "\"tick_size\":0.01"),
      ("\"sellOnly\"", "\"some\""), ("\"maximum_notional\":null,", ""), ("\"limit\"", "\"limits\""),
      ("\"band_buy_up\":\"0.1\"", "\"band_buy_up\":null"), ("\"symbols\":[\"BTCUSDT\"]", "\"x\":1"),
      ("\"error_ns\":1500000", "\"error_ns\":-1"), ("\"time\":", "\"tme\":"),
    ] {
      let changed = text.replacing(part, with: other)
      #expect(changed != text, "\(part)")
      let read = VenueFacts(try JSONReader.read(changed), from: "https://a", boot: "this")
      #expect(read == nil, "\(part)")
    }
  }
}
