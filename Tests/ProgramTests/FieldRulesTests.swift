import Domain
import Foundation
import JSON
import TestKit
import Testing

/// Symbols and rules of symbols as an exchange may list them one day.
struct FieldRulesTests {
  private static func patch(_ members: String, of symbol: String = "BTCUSDT") -> String {
    #"{"route": "GET /api/v3/exchangeInfo", "fault": "patch", "row_symbol": "\#(symbol)", "set": {\#(members)}}"#
  }

  private static let bitcoin = Wish("a", ["quantity": "0.01"])
  private static let ether = Wish(
    "b",
    [
      "symbol": "ETHUSDT", "type": "market", "quote_quantity": "20", "quantity": nil, "price": nil,
    ])

  /// One thing is changed in BTCUSDT's row; `nil` when it trades, else what the refusal names.
  private static let changes: [(members: String, names: String?)] = [
    (#""maxQuoteAmount": "1E+30""#, nil), (#""maxQuoteAmount": "1E+1000""#, nil),
    (#""maxQuoteAmount": 999999999999999999999999, "maxQuoteAmountMarket": "1e40""#, nil),
    (#""maxQuoteAmount": null"#, nil), (#""maxQuoteAmount": "-1""#, nil),
    (
      #""filters": [{"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "1E+30", "askMultiplierDown": "1E+30"}]"#,
      nil
    ),
    (#""filters": null"#, nil), (#""filters": [null, 7, {}]"#, nil),
    (#""baseSizePrecision": "0.00000000000000000000""#, nil),
    (#""quotePrecision": 20, "quoteAssetPrecision": 20"#, "quotePrecision"),
    (#""quotePrecision": null"#, "quotePrecision"), (#""quotePrecision": "two""#, "quotePrecision"),
    (#""quoteAssetPrecision": 20"#, "quoteAssetPrecision"),
    (#""quotePrecision": 2, "quoteAssetPrecision": 7"#, "quoteAssetPrecision is 7"),
    (#""baseAssetPrecision": 19"#, "baseAssetPrecision"),
    (#""baseSizePrecision": "0.0000000000000000001""#, "baseSizePrecision"),
    (#""baseSizePrecision": "1E+30""#, "baseSizePrecision"),
    (#""quoteAmountPrecision": "a lot""#, "quoteAmountPrecision"),
    (#""maxQuoteAmount": "plenty""#, "maxQuoteAmount"),
    (#""baseAsset": """#, "baseAsset"), (#""status": null"#, "status is neither"),
    (#""isSpotTradingAllowed": null"#, "isSpotTradingAllowed is neither"),
    (#""isSpotTradingAllowed": "true""#, "isSpotTradingAllowed is neither"),
    (
      #""filters": [{"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "x", "askMultiplierDown": "0.1"}]"#,
      "bidMultiplierUp"
    ),
  ]

  @Test(arguments: [true, false])
  func `a rule that cannot be held is named, and a maximum beyond everything is none`(
    _ isListed: Bool
  ) throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + SimulatedMarket.roomy)
    for change in Self.changes {
      try market.faults(Self.patch(change.members))
      let daemon = try DaemonUnderTest.trading(market) {
        if !isListed { $0["risk.symbols"] = "*" }
      }
      try daemon.drop("a.json", Self.bitcoin.text)
      try daemon.drop("b.json", Self.ether.text)
      let outcome = try daemon.waitForOutcome("a.json")
      if let name = change.names {
        #expect(outcome.folder == "rejected", "\(change.members): \(outcome.report)")
        #expect(outcome.code == "symbol_not_tradable", "\(change.members): \(outcome.report)")
        let message = outcome.report["message"]?.stringValue ?? ""
        #expect(message.contains("BTCUSDT") && message.contains(name), "\(message)")
        #expect(!message.contains("does not list"), "\(message)")
        try daemon.process.line(with: "level=warning", "symbol=BTCUSDT", name)
      } else {
        #expect(outcome.status == "filled", "\(change.members): \(outcome.report)")
      }
      #expect(try daemon.waitForOutcome("b.json").status == "filled", "\(change.members)")
      #expect(try daemon.stop() == .exited(0))
    }
  }

  @Test(arguments: [
    #""quotePrecision": 20, "quoteAssetPrecision": 20"#,
    #""quotePrecision": 2, "quoteAssetPrecision": 7"#,
  ])
  func `the id of a refused signal is free when the exchange has mended its rule`(
    _ members: String
  ) throws {
    let market = try SimulatedMarket()
    try market.faults(Self.patch(members))
    let daemon = try DaemonUnderTest.trading(market)
    let refused = try daemon.submit(Self.bitcoin.text)
    #expect(refused["code"] == "symbol_not_tradable")
    #expect(refused["message"]?.stringValue?.contains("quotePrecision") == true)
    try market.faults()
    // The rules are read again because of the refusals, and every so often.
    let code = try daemon.until("another answer") {
      let code = try daemon.submit(Self.bitcoin.text)["code"]?.stringValue
      return code == "symbol_not_tradable" ? nil : code
    }
    #expect(code == "accepted")
    try daemon.waitForOrder("a", "filled")
    #expect(try market.ledger().orders.count == 1)
  }

  // MARK: Names

  private static let chinese = "币安人生USDT"
  private static let long = "HARRYPOTTEROBAMASONIC10INUUSDT"
  private static let token = "GOLD(XAUT)USDT"

  /// An exchange that lists them beside BTCUSDT.
  private func market(_ scratch: Scratch) throws -> SimulatedMarket {
    let rows = ["BTCUSDT", Self.chinese, Self.long, Self.token].map { name in
      #"{"symbol": "\#(name)", "baseAsset": "\#(name.dropLast(4))", "quoteAsset": "USDT", "#
        + #""quotePrecision": 4, "quoteAssetPrecision": 4, "price": "0.5"}"#
    }
    let file = try scratch.write("symbols.json", "[\(rows.joined(separator: ","))]")
    let balances = [Self.chinese, Self.long].flatMap { ["--balance", "\($0.dropLast(4))=1000000"] }
    return try SimulatedMarket(SimulatedMarket.calm + ["--symbols", file] + balances)
  }

  @Test(arguments: [true, false])
  func `whatever name the exchange lists can be traded, looked up and canceled`(
    _ isListed: Bool
  ) throws {
    let scratch = try Scratch()
    let market = try market(scratch)
    let daemon = try DaemonUnderTest.trading(market) {
      $0["risk.symbols"] =
        isListed ? ["BTCUSDT", .string(Self.chinese), .string(Self.long)] : "*"
      $0["log.level"] = "debug"
    }
    let amount: KeyValuePairs<String, JSONValue?> = [
      "type": "market", "quote_quantity": "20", "quantity": nil, "price": nil,
    ]
    for (id, spelling, symbol) in [
      ("a", Self.chinese, Self.chinese), ("b", "币安人生/usdt", Self.chinese),
      ("c", "MEXC:币安人生_USDT", Self.chinese), ("d", Self.long, Self.long),
      ("e", "harrypotterobamasonic10inu-usdt", Self.long),
    ] {
      var wish = Wish(id, amount)
      wish.fields.removeAll { $0.0 == "symbol" }
      try daemon.drop("\(id).json", wish.with("symbol", .string(spelling)).text)
      let outcome = try daemon.waitForOutcome("\(id).json")
      #expect(outcome.status == "filled", "\(spelling): \(outcome.report)")
      #expect(outcome.report["symbol"]?.stringValue == symbol, "\(outcome.report)")
    }
    let sold = try market.ledger().orders.compactMap { $0["symbol"]?.stringValue }
    #expect(sold == [Self.chinese, Self.chinese, Self.chinese, Self.long, Self.long])

    // A resting order over a restart: it is looked up, listed and canceled under its name.
    let rest = Wish("rest", ["symbol": .string(Self.chinese), "quantity": "100", "price": "0.499"])
    #expect(try daemon.submit(rest.text)["code"] == "accepted")
    try daemon.waitForOrder("rest", "open")
    #expect(try daemon.stop() == .exited(0))
    try daemon.start()
    try daemon.waitForTrading()
    let list = try daemon.operate("orders", "--symbol", "币安人生/usdt", "--open")
    #expect(list.status == 0 && list.output.contains(Self.chinese), "\(list)")
    #expect(try daemon.operate("cancel", "rest").status == 0)
    try daemon.waitForOrder("rest", "canceled")
    #expect(daemon.journal.contains { $0.contains("symbol=" + Self.chinese) })
  }

  /// What is signed has them percent-encoded, and the stream's channel has them as they are.
  @Test func `a pair with parentheses in its name is traded, looked up and canceled`() throws {
    let market = try market(try Scratch())
    let daemon = try DaemonUnderTest.trading(market) {
      $0["risk.symbols"] = [.string("gold(xaut)/usdt")]
    }
    for (id, spelling) in [("a", Self.token), ("b", "gold(xaut)_usdt")] {
      let wish = Wish(
        id,
        [
          "symbol": .string(spelling), "type": "market", "quote_quantity": "20", "quantity": nil,
          "price": nil,
        ])
      try daemon.drop("\(id).json", wish.text)
      let outcome = try daemon.waitForOutcome("\(id).json")
      #expect(outcome.status == "filled", "\(spelling): \(outcome.report)")
      #expect(outcome.report["symbol"]?.stringValue == Self.token, "\(outcome.report)")
    }
    let rest = Wish("rest", ["symbol": .string(Self.token), "quantity": "100", "price": "0.499"])
    #expect(try daemon.submit(rest.text)["code"] == "accepted")
    try daemon.waitForOrder("rest", "open")
    #expect(try daemon.stop() == .exited(0))
    try daemon.start()
    try daemon.waitForTrading()
    let list = try daemon.operate("orders", "--symbol", Self.token, "--open")
    #expect(list.status == 0 && list.output.contains(Self.token), "\(list)")
    #expect(try daemon.operate("cancel", "rest").status == 0)
    try daemon.waitForOrder("rest", "canceled")
    #expect(try market.ledger().orders.count == 3)
  }

  @Test func `a name that is not listed, or only looks like one that is, is refused`() throws {
    let market = try market(try Scratch())
    let daemon = try DaemonUnderTest.trading(market) { $0["risk.symbols"] = "*" }
    for (id, name, code) in [
      ("a", "币安人死USDT", "symbol_unknown"), ("b", "ВТСUSDT", "invalid_field"),
      ("c", "ＢＴＣUSDT", "invalid_field"), ("d", "币安 人生USDT", "invalid_field"),
      ("e", "币安人生USDT.P", "invalid_field"), ("f", "币\u{200B}安人生USDT", "invalid_field"),
      ("g", "BTC&symbol=USDT", "invalid_field"),
      ("h", String(repeating: "A", count: 65), "invalid_field"),
    ] {
      try daemon.drop("\(id).json", Wish(id, ["symbol": .string(name)]).text)
      #expect(try daemon.waitForOutcome("\(id).json").code == code, "\(name)")
    }
    #expect(try market.ledger().orders.isEmpty)
  }

  @Test func `a price of twelve decimals is exact to the last`() throws {
    let scratch = try Scratch()
    let file = try scratch.write(
      "symbols.json",
      #"""
      [{"symbol": "SHIBUSDT", "baseAsset": "SHIB", "quoteAsset": "USDT", "baseAssetPrecision": 0,
      "quotePrecision": 12, "quoteAssetPrecision": 12, "price": "0.000000123456"}]
      """#)
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--symbols", file])
    let daemon = try DaemonUnderTest.trading(market) { $0["risk.symbols"] = "*" }
    let wish = Wish(
      "a", ["symbol": "SHIBUSDT", "quantity": "100000000", "price": "0.000000123456"])
    #expect(try daemon.submit(wish.text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    #expect(try daemon.explain("a")["order"]?["price"] == "0.000000123456")
    let finer = wish.text.replacing("\"a\"", with: "\"b\"").replacing("3456", with: "34567")
    #expect(try daemon.submit(finer)["code"] == "price_precision")
    for (id, quantity) in [("c", "0.0003124994140635986"), ("d", "0.000312499414063598612")] {
      let answer = try daemon.submit(Wish(id, ["quantity": .number(quantity)]).text)
      #expect(answer["code"] == "invalid_field")
      #expect(answer["message"]?.stringValue?.contains("18 digits") == true, "\(answer)")
    }
  }

  // MARK: Odd rows

  private static let oddRows = [
    "null", "7", "\"BTCUSDT\"", "[]", "{}", #"{"symbol": null}"#, #"{"symbol": 7}"#,
    #"{"symbol": ""}"#, #"{"symbol": "A B"}"#, #"{"symbol": "btc_usdt", "quotePrecision": "x"}"#,
    #"{"symbol": "ETHUSDT"}"#, #"{"symbol": "MXUSDT", "quotePrecision": 20}"#,
    #"{"symbol": "币安人生USDT", "status": null, "filters": null}"#,
    #"{"symbol": "(OLD)USDT", "baseAsset": 5, "quotePrecision": []}"#,
  ]

  private static let goodRow =
    #"{"symbol": "BTCUSDT", "status": 1, "baseAsset": "BTC", "baseAssetPrecision": "6", "quoteAsset": "USDT", "quotePrecision": 2, "orderTypes": ["LIMIT", "NEW", null, 7], "isSpotTradingAllowed": true, "quoteAmountPrecision": 1, "baseSizePrecision": 0.000001, "maxQuoteAmount": 2e6, "filters": [null]}"#

  /// Thousands of rows, most of them other people's, one of them ours: twice.
  @Test func `one good row among odd ones is enough`() throws {
    let market = try SimulatedMarket()
    let others = (0..<3_000).map { #"{"symbol": "X\#($0)USDT", "status": "1"}"# }
    let rows = Self.oddRows + others + [Self.goodRow, Self.goodRow] + Self.oddRows
    let body = #"{"timezone": "CST", "symbols": [\#(rows.joined(separator: ","))]}"#
    let answer = JSONValue.object(pairs: [
      ("route", "GET /api/v3/exchangeInfo"), ("fault", "answer"), ("status", 200),
      ("body", .string(body)),
    ])
    try market.faults(answer.compactText())
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("a.json", Self.bitcoin.text)
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
    try daemon.drop("b.json", Self.ether.text)
    #expect(try daemon.waitForOutcome("b.json").code == "symbol_not_tradable")
    try daemon.drop("c.json", Wish("c", ["symbol": "LINKUSDT", "price": "20"]).text)
    #expect(try daemon.waitForOutcome("c.json").code == "symbol_unknown")
  }

  @Test(arguments: [
    (#""orderTypes": []"#, "type_not_supported"), (#""tradeSideType": 4"#, "side_not_tradable"),
    (#""tradeSideType": 3"#, "side_not_tradable"),
    (#""isSpotTradingAllowed": false"#, "symbol_not_tradable"),
    (#""status": "3""#, "symbol_not_tradable"),
  ])
  func `a row that forbids the order has its own code`(_ members: String, _ code: String) throws {
    let market = try SimulatedMarket()
    try market.faults(Self.patch(members))
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Self.bitcoin.text)["code"]?.stringValue == code)
    #expect(try daemon.submit(Self.ether.text)["code"] == "accepted")
  }

  /// No order leaves on rules that were not read.
  @Test func `rules that are no strict JSON are said`() throws {
    let market = try SimulatedMarket()
    try market.faults(
      #"{"route": "GET /api/v3/exchangeInfo", "fault": "answer", "body": "{\"symbols\": [],}"}"#)
    let daemon = try DaemonUnderTest(market)
    try daemon.start()
    try daemon.drop("a.json", Self.bitcoin.text)
    try daemon.process.line(with: "level=warning", "could not read the symbols' rules")
    #expect(try market.ledger().orders.isEmpty)
    try market.faults()
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
  }
}
