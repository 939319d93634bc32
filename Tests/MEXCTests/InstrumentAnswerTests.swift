import Domain
import MEXC
import Testing
import Transport

private let link = #"""
  {"symbol":"LINKUSDT","status":"1","baseAsset":"LINK","baseAssetPrecision":2,"quoteAsset":"USDT",
  "quotePrecision":3,"quoteAssetPrecision":3,"baseCommissionPrecision":2,
  "quoteCommissionPrecision":3,"orderTypes":["LIMIT","MARKET","LIMIT_MAKER"],
  "isSpotTradingAllowed":true,"isMarginTradingAllowed":false,"quoteAmountPrecision":"1",
  "baseSizePrecision":"0.05","permissions":["SPOT"],
  "filters":[{"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"0.2","askMultiplierDown":"0.1"}],
  "maxQuoteAmount":"2000000","makerCommission":"0","takerCommission":"0.0005",
  "quoteAmountPrecisionMarket":"5","maxQuoteAmountMarket":"100000","fullName":"ChainLink",
  "tradeSideType":1,"contractAddress":"","st":false,"firstOpenTime":1577836800000}
  """#

private func replaced(_ old: String, _ new: String) -> String {
  let pieces = link.split(separator: old, omittingEmptySubsequences: false)
  #expect(pieces.count == 2, "\(old)")
  return pieces.joined(separator: new)
}

@Suite struct InstrumentAnswerTests {
  private func read(
    _ rows: [String], wanted: [Symbol] = []
  ) -> (found: [Instrument], unreadable: [UnreadableRules])? {
    let body = #"{"timezone":"CST","symbols":[\#(rows.joined(separator: ","))]}"#
    guard
      case .instruments(let found, let unreadable) = answer(
        to: .instruments(wanted), response(200, body))
    else { return nil }
    return (found, unreadable)
  }

  private func instruments(_ rows: String..., wanted: [Symbol] = []) -> [Instrument]? {
    read(rows, wanted: wanted)?.found
  }

  private func instrument(_ row: String) throws -> Instrument {
    try #require(instruments(row)?.first)
  }

  @Test func `reads the rules`() throws {
    let expected = Instrument(
      venue: "mexc-spot", symbol: try symbol("LINKUSDT"), baseAsset: "LINK", quoteAsset: "USDT",
      isTradable: true,
      sides: .both, types: [.limit, .market, .limitMaker, .immediateOrCancel, .fillOrKill],
      tickSize: try FixedDecimal("0.001"), stepSize: try FixedDecimal("0.05"),
      quoteStep: try FixedDecimal("0.001"), minimumQuantity: try FixedDecimal("0.05"),
      minimumNotional: FixedDecimal(1), minimumNotionalMarket: FixedDecimal(5),
      maximumNotional: FixedDecimal(2_000_000), maximumNotionalMarket: FixedDecimal(100_000),
      priceBand: Instrument.PriceBand(
        buyUp: try FixedDecimal("0.2"), sellDown: try FixedDecimal("0.1")))
    #expect(instruments(link) == [expected])
  }

  @Test(arguments: [
    ("\"0.05\"", "\"0\"", "0.01"), ("\"0.05\"", "\"0.01\"", "0.01"), ("\"0.05\"", "null", "0.01"),
    ("\"0.05\"", "\"0.001\"", "0.01"), ("\"0.05\"", "\"5\"", "5"),
    ("\"0.05\"", "\"0E-18\"", "0.01"),
    ("\"baseAssetPrecision\":2", "\"baseAssetPrecision\":0", "1"),
    ("\"baseAssetPrecision\":2", "\"baseAssetPrecision\":\"1\"", "0.1"),
  ])
  func `the step is the coarser of two`(_ old: String, _ new: String, _ step: String) throws {
    let instrument = try instrument(replaced(old, new))
    #expect(instrument.stepSize == (try FixedDecimal(step)))
    #expect(instrument.minimumQuantity == instrument.stepSize)
  }

  @Test(arguments: [
    ("\"status\":\"1\"", "\"status\":\"ENABLED\"", true),
    ("\"status\":\"1\"", "\"status\":1", true), ("\"status\":\"1\"", "\"status\":\"2\"", false),
    ("\"status\":\"1\"", "\"status\":\"3\"", false),
    ("\"status\":\"1\"", "\"status\":\"on\"", false),
    ("\"isSpotTradingAllowed\":true", "\"isSpotTradingAllowed\":false", false),
    ("\"quoteAssetPrecision\":3", "\"quoteAssetPrecision\":null", true),
    // A smallest size that is no whole number of units leaves no quantity that is surely taken.
  ])
  func `only what is surely open is tradable`(_ old: String, _ new: String, _ tradable: Bool) throws
  {
    #expect(try instrument(replaced(old, new)).isTradable == tradable)
  }

  @Test(arguments: [
    ("2", Instrument.TradableSides.buyOnly), ("3", .sellOnly), ("4", .none), ("\"1\"", .both),
    ("\"2\"", .buyOnly), ("9", .none), ("null", .both),
  ])
  func `reads the sides`(_ value: String, _ sides: Instrument.TradableSides) throws {
    let row = replaced("\"tradeSideType\":1", "\"tradeSideType\":\(value)")
    #expect(try instrument(row).sides == sides)
  }

  @Test func `reads the types`() throws {
    let maker = replaced(#"["LIMIT","MARKET","LIMIT_MAKER"]"#, #"["LIMIT","LIMIT_MAKER","NEW"]"#)
    #expect(
      try instrument(maker).types == [.limit, .limitMaker, .immediateOrCancel, .fillOrKill])
    let none = replaced(#"["LIMIT","MARKET","LIMIT_MAKER"]"#, "null")
    #expect(try instrument(none).types == [])
    let market = replaced(#"["LIMIT","MARKET","LIMIT_MAKER"]"#, #"["MARKET"]"#)
    #expect(try instrument(market).types == [.market])
  }

  @Test func `reads what may be absent`() throws {
    let market = try instrument(replaced("\"quoteAmountPrecisionMarket\":\"5\",", ""))
    #expect(market.minimumNotionalMarket == FixedDecimal(1))
    #expect(try instrument(replaced("\"2000000\"", "\"0\"")).maximumNotional == nil)
    #expect(try instrument(replaced("\"100000\"", "null")).maximumNotionalMarket == nil)
    #expect(try instrument(replaced("PERCENT_PRICE_BY_SIDE", "OTHER")).priceBand == nil)
    #expect(try instrument(replaced("\"0.2\"", "null")).priceBand == nil)
    #expect(try instrument(replaced("\"filters\"", "\"x\"")).priceBand == nil)
  }

  @Test(arguments: [
    ("\"quotePrecision\":3", "\"quotePrecision\":null", "quotePrecision is missing"),
    ("\"quotePrecision\":3", "\"quotePrecision\":20", "quotePrecision is 20"),
    ("\"quotePrecision\":3", "\"quotePrecision\":-1", "quotePrecision is -1"),
    ("\"quoteAssetPrecision\":3", "\"quoteAssetPrecision\":20", "quoteAssetPrecision is 20"),
    (
      "\"quoteAssetPrecision\":3", "\"quoteAssetPrecision\":2",
      "quotePrecision is 3, and quoteAssetPrecision is 2"
    ),
    ("\"baseAssetPrecision\":2", "\"baseAssetPrecision\":2.5", "baseAssetPrecision is 2.5"),
    ("\"status\":\"1\"", "\"status\":null", "status is neither"),
    ("\"status\":\"1\"", "\"status\":\"\"", "status is neither"),
    ("\"status\":\"1\"", "\"status\":true", "status is neither"),
    ("\"status\":\"1\"", "\"status\":[\"1\"]", "status is neither"),
    (
      "\"isSpotTradingAllowed\":true", "\"isSpotTradingAllowed\":null",
      "isSpotTradingAllowed is neither"
    ),
    (
      "\"isSpotTradingAllowed\":true", "\"isSpotTradingAllowed\":\"true\"",
      "isSpotTradingAllowed is neither"
    ),
    (
      "\"isSpotTradingAllowed\":true", "\"isSpotTradingAllowed\":1",
      "isSpotTradingAllowed is neither"
    ),
    ("\"isSpotTradingAllowed\":true", "\"x\":true", "isSpotTradingAllowed is neither"),
    ("\"baseAsset\":\"LINK\"", "\"baseAsset\":\"\"", "baseAsset is missing"),
    ("\"0.05\"", "\"a lot\"", "baseSizePrecision is a lot"),
    ("\"0.05\"", "\"0.0000000000000000001\"", "baseSizePrecision is 0.0000000000000000001"),
    ("\"0.05\"", "\"1E+30\"", "baseSizePrecision is 1E+30"),
    ("\"0.05\"", "\"0.025\"", "baseSizePrecision is 0.025, which is no multiple of 0.01"),
    (
      "\"quoteAmountPrecision\":\"1\"", "\"quoteAmountPrecision\":\"1E+30\"", "quoteAmountPrecision"
    ),
    ("\"2000000\"", "\"plenty\"", "maxQuoteAmount is plenty"),
    ("\"2000000\"", "\"0.0000000000000000001\"", "maxQuoteAmount is 0.00"),
    ("\"0.2\"", "\"wide\"", "bidMultiplierUp is wide"),
  ])
  func `names the rule that cannot be held`(_ old: String, _ new: String, _ reason: String) throws {
    let other = replaced("LINKUSDT", "AAAUSDT")
    let (found, unreadable) = try #require(read([replaced(old, new), other]))
    #expect(found.map(\.symbol.text) == ["AAAUSDT"])
    #expect(unreadable.map(\.symbol.text) == ["LINKUSDT"])
    #expect(unreadable.first?.reason.contains(reason) == true, "\(unreadable)")
  }

  @Test(arguments: ["1E+30", "1E+1000", "170141183460469231732", "999999999999999999999999999"])
  func `a maximum beyond what can be held is none`(_ value: String) throws {
    #expect(try instrument(replaced("\"2000000\"", "\"\(value)\"")).maximumNotional == nil)
    #expect(try instrument(replaced("\"2000000\"", value)).maximumNotional == nil)
    #expect(try instrument(replaced("\"100000\"", "\"\(value)\"")).maximumNotionalMarket == nil)
    let band = try #require(try instrument(replaced("\"0.2\"", "\"\(value)\"")).priceBand)
    #expect(band.buyUp == .largest)
    #expect(try band.sellDown == FixedDecimal("0.1"))
  }

  @Test func `one bad row leaves the others`() throws {
    let bad = replaced("\"quotePrecision\":3", "\"quotePrecision\":20")
    let other = replaced("LINKUSDT", "AAAUSDT")
    for stranger in [
      "null", "{}", "1", "[]", #"{"symbol":null}"#, #"{"symbol":7}"#, #"{"symbol":"A B"}"#,
      #"{"symbol":"link_usdt"}"#,
    ] {
      let (found, unreadable) = try #require(read([stranger, other]))
      #expect(found.map(\.symbol.text) == ["AAAUSDT"], "\(stranger)")
      #expect(unreadable.isEmpty)
    }
    // A second row of the symbol that can be read is as good as one.
    for rows in [[bad, link], [link, bad], [link, link]] {
      let (found, unreadable) = try #require(read(rows))
      #expect(found == [try instrument(link)])
      #expect(unreadable.isEmpty)
    }
    #expect(read([bad], wanted: [try symbol("AAAUSDT")])?.unreadable == [])
  }

  @Test(arguments: ["币安人生USDT", "HARRYPOTTEROBAMASONIC10INUUSDT", "GOLD(XAUT)USDT"])
  func `any name that is listed is a symbol`(_ name: String) throws {
    #expect(try instrument(replaced("LINKUSDT", name)).symbol.text == name)
  }

  @Test func `keeps the wanted ones sorted`() throws {
    let other = replaced("LINKUSDT", "AAAUSDT")
    let third = replaced("LINKUSDT", "BBBUSDT")
    #expect(
      instruments(link, third, other)?.map(\.symbol.text) == ["AAAUSDT", "BBBUSDT", "LINKUSDT"])
    let wanted = [try symbol("LINKUSDT"), try symbol("AAAUSDT"), try symbol("NONEUSDT")]
    #expect(
      instruments(link, third, other, wanted: wanted)?.map(\.symbol.text)
        == ["AAAUSDT", "LINKUSDT"])
    #expect(instruments() == [])
  }

  /// What names no symbol may be the one that is wanted.
  @Test(arguments: [["null"], ["1", "\"x\"", "[]"], [#"{"symbol":7}"#], ["null", link]])
  func `a list without the wanted symbols proves nothing where it cannot all be read`(
    _ rows: [String]
  ) throws {
    let wanted = [try symbol("AAAUSDT"), try symbol("BBBUSDT")]
    let (found, unreadable) = try #require(read(rows, wanted: wanted))
    #expect(found.isEmpty)
    #expect(unreadable.map(\.symbol) == wanted)
    #expect(unreadable.allSatisfy { $0.reason.contains("list of symbols") })
  }

  @Test func `a symbol that a readable list has not is not listed`() throws {
    let wanted = [try symbol("AAAUSDT"), try symbol("LINKUSDT")]
    let odd = #"{"symbol":"link_usdt"}"#
    #expect(read([], wanted: wanted)?.unreadable == [])
    for rows in [["null", link], [odd, link]] {
      let (found, unreadable) = try #require(read(rows, wanted: wanted))
      #expect(found.map(\.symbol.text) == ["LINKUSDT"])
      #expect(unreadable.isEmpty)
    }
    #expect(read([odd, link], wanted: [wanted[0]])?.unreadable == [])
  }

  @Test func `an invalid symbol is an answer`() throws {
    let one = [try symbol("NONEUSDT")]
    let two = one + [try symbol("LINKUSDT")]
    let error = response(400, #"{"code":-1121,"msg":"Invalid symbol."}"#)
    #expect(answer(to: .instruments(one), error) == .instruments([]))
    guard case .failed(.refused(let refusal)) = answer(to: .instruments(two), error) else {
      Issue.record("of several symbols nobody knows which one is invalid")
      return
    }
    #expect(refusal.code == -1121)
    guard case .failed(.unreadable) = answer(to: .instruments(one), response(200, "{}")) else {
      Issue.record("an answer without symbols proves nothing")
      return
    }
  }
}
