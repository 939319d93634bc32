import Domain
import Intake
import JSON
import Testing

/// A signal that is refused, the field that the refusal must name, and words of its message.
struct RefusedSignal: CustomTestStringConvertible, Sendable {
  let changes: SignalChanges
  let field: String
  let phrase: String

  init(_ fields: [(String, String)], _ field: String, _ phrase: String) {
    changes = SignalChanges(fields)
    self.field = field
    self.phrase = phrase
  }

  var testDescription: String { changes.testDescription }
}

@Suite struct SignalRefusalTests {
  static let forms: [RefusedSignal] = [
    .init([("id", "")], "id", "is missing"), .init([("id", "7")], "id", "must be a string"),
    .init([("id", "null")], "id", "must be a string"), .init([("id", "\"\"")], "id", "1 to 64"),
    .init([("id", "\"a b\"")], "id", "1 to 64"), .init([("id", "\"a/b\"")], "id", "1 to 64"),
    .init([("id", "\"é\"")], "id", "1 to 64"), .init([("id", #""a\nb""#)], "id", #""a\nb""#),
    .init([("id", "\"\(String(repeating: "x", count: 65))\"")], "id", "…"),
    .init([("symbol", "")], "symbol", "is missing"), .init([("symbol", "1")], "symbol", "a string"),
    .init([("symbol", "\"\"")], "symbol", "must read like"),
    .init([("symbol", "\"BTC USDT\"")], "symbol", "must read like"),
    .init([("symbol", "\"BTCUSDT&side=SELL\"")], "symbol", "must read like"),
    .init([("symbol", "\"BTC/USDT/EUR\"")], "symbol", "must read like"),
    .init([("symbol", "\"BTCUSDT.P\"")], "symbol", "perpetual"),
    .init([("symbol", "\"btcusdt.p\"")], "symbol", "perpetual"),
    .init([("symbol", "\"BTC/USDT:USDT\"")], "symbol", "perpetual"),
    .init([("symbol", "\"BTC-USDT-SWAP\"")], "symbol", "perpetual"),
    .init([("symbol", "\"BTCUSDTPERP\"")], "symbol", "perpetual"),
    .init([("symbol", "\"BTC_PERP\"")], "symbol", "perpetual"),
    .init([("symbol", "\"BINANCE:BTCUSDT\"")], "symbol", "another exchange"),
    .init([("side", "")], "side", "is missing"), .init([("side", "\"long\"")], "side", "\"long\""),
    .init([("side", "\"buy \"")], "side", "\"buy \""),
    .init([("side", "true")], "side", "a string"),
    .init([("side", "\"\"")], "side", "must be"), .init([("side", "\"bυy\"")], "side", "must be"),
    .init([("type", "\"stop\"")], "type", "no other orders"),
    .init([("type", "\"STOP_MARKET_ORDER\"")], "type", "no other orders"),
    .init([("type", "\"gtc\"")], "type", "must be"), .init([("type", "\"\"")], "type", "must be"),
    .init([("type", "\"FO\u{212A}\"")], "type", "must be"),
    .init([("type", "\"L\u{131}MIT\"")], "type", "must be"),
    .init([("side", "\"\u{17F}ell\"")], "side", "must be"),
    .init([("type", "null")], "type", "null"),
    .init([("sequence", "-1")], "sequence", "whole number from 0"),
    .init([("sequence", "1.0")], "sequence", "whole number from 0"),
    .init([("sequence", "9007199254740992")], "sequence", "to 9007199254740991"),
    .init([("sequence", "true")], "sequence", "must be a number"),
    .init([("source", "1")], "source", "a string"), .init([("note", "[]")], "note", "an array"),
    .init([("source", "\"\(String(repeating: "é", count: 257))\"")], "source", "256"),
    .init([("note", "\"\(String(repeating: "n", count: 1_025))\"")], "note", "1024"),
  ]

  /// Spellings of a quantity that are no amount, and words of the message.
  static let quantities: [RefusedSignal] = [
    ("0", "greater than zero"), ("-0", "greater than zero"), ("0.000", "greater than zero"),
    ("-1", "greater than zero"), ("\"-0.5\"", "greater than zero"),
    ("1e3", "without an exponent"), ("1E-3", "without an exponent"),
    ("\"1e3\"", "without an exponent"), ("1e999", "without an exponent"),
    ("\"NaN\"", "plain decimal"), ("\"Infinity\"", "plain decimal"), ("\"+1\"", "plain decimal"),
    ("\"01\"", "plain decimal"), ("\".5\"", "plain decimal"), ("\"1.\"", "plain decimal"),
    ("\"1,5\"", "plain decimal"), ("\" 1\"", "plain decimal"), ("\"1 \"", "plain decimal"),
    ("\"12abc\"", "plain decimal"), ("\"0x10\"", "plain decimal"), ("\"1_000\"", "plain decimal"),
    ("\"\"", "plain decimal"), ("\"१\"", "plain decimal"), ("\"--1\"", "plain decimal"),
    ("0.0000000000000000001", "more than 18 digits"),
    ("1.0000000000000000000", "more than 18 digits"),
    ("\"0.1234567890123456789\"", "more than 18 digits"),
    ("12345678901234567890.0000000000000000000", "more than 18 digits"),
    ("\"1.0000000000000000000.\"", "plain decimal"),
    ("1000000000000000000000", "too large"),
    ("1000000000000000000000.0000000000000000000", "too large"),
    ("1234567890123456789012345678901234567890", "too large"),
    ("null", "not null"), ("true", "not true or false"), ("[1]", "an array"), ("{}", "an object"),
  ].map { RefusedSignal([("quantity", $0.0)], "quantity", $0.1) }

  static let numbers: [RefusedSignal] = [
    .init([("price", "0")], "price", "greater than zero"),
    .init([("price", "null")], "price", "null"),
    .init([("price", "\"1e5\"")], "price", "without an exponent"),
    .init([("reference_price", "0")], "reference_price", "greater than zero"),
    .init([("reference_price", "\"x\"")], "reference_price", "plain decimal"),
    .init([("maximum_deviation_bps", "0")], "maximum_deviation_bps", "greater than zero"),
    .init([("maximum_deviation_bps", "-5")], "maximum_deviation_bps", "greater than zero"),
    .init([("maximum_deviation_bps", "\"1%\"")], "maximum_deviation_bps", "plain decimal"),
    .init([("quantity", ""), ("quote_quantity", "0")], "quote_quantity", "greater than zero"),
  ]

  static let contradictions: [RefusedSignal] = [
    .init([("quote_quantity", "10")], "quote_quantity", "exactly one"),
    .init([("quantity", "")], "quantity", "is missing"),
    .init([("type", "\"market\"")], "price", "a market order has no price"),
    .init([("price", ""), ("type", "\"limit\"")], "price", "type limit needs it"),
    .init([("price", ""), ("type", "\"ioc\"")], "price", "type ioc needs it"),
    .init([("price", ""), ("type", "\"FILL_OR_KILL\"")], "price", "type fok needs it"),
    .init([("price", ""), ("type", "\"limit_maker\"")], "price", "type limit_maker needs it"),
    .init([("expires_at", "1790000000000"), ("ttl_seconds", "5")], "ttl_seconds", "at most one"),
    .init(
      [("created_at", "1790000000000"), ("expires_at", "1790000000000")], "expires_at",
      "not after"),
    .init(
      [("created_at", "1790000000000"), ("expires_at", "1789999999999")], "expires_at",
      "not after"),
  ]

  static let times: [RefusedSignal] =
    [
      ("1790000000", "2000 and 9999"), ("1790000000000000", "2000 and 9999"),
      ("99999999999999999999", "must be a time"), ("1790000000000.5", "must be a time"),
      ("1.79e12", "must be a time"), ("-1", "must be a time"), ("\"\"", "must be a time"),
      ("\"now\"", "must be a time"), ("\"2026-09-21\"", "must be a time"),
      ("\"2026-09-21T14:13:20\"", "must be a time"),
      ("\"2026-02-30T00:00:00Z\"", "must be a time"),
      ("\"1999-12-31T23:59:59Z\"", "2000 and 9999"), ("null", "not null"),
    ].map { RefusedSignal([("created_at", $0.0)], "created_at", $0.1) } + [
      .init([("expires_at", "false")], "expires_at", "a number"),
      .init([("expires_at", "\"tomorrow\"")], "expires_at", "must be a time"),
      .init([("ttl_seconds", "0")], "ttl_seconds", "greater than zero"),
      .init([("ttl_seconds", "-60")], "ttl_seconds", "greater than zero"),
      .init([("ttl_seconds", "\"1m\"")], "ttl_seconds", "plain decimal"),
      .init([("ttl_seconds", "0.0005")], "ttl_seconds", "finer than a millisecond"),
      .init([("ttl_seconds", "31536001")], "ttl_seconds", "at most 31536000"),
      .init([("ttl_seconds", "null")], "ttl_seconds", "a number"),
    ]

  private func refusal(_ text: String, maximumBytes: Int = 65_536) throws -> SignalRefusal {
    try #require(throws: SignalRefusal.self) {
      try readSignal(text, maximumBytes: maximumBytes)
    }
  }

  @Test(arguments: forms + quantities + numbers + contradictions + times)
  func `refuses bad signals`(_ refused: RefusedSignal) throws {
    let refusal = try refusal(refused.changes.text)
    #expect(refusal.code == .invalidField)
    #expect(refusal.field == refused.field)
    #expect(refusal.message.hasPrefix(refused.field + " "), "\(refusal.message)")
    #expect(refusal.message.contains(refused.phrase), "\(refusal.message)")
    #expect(refusal.id?.text == (refused.field == "id" ? nil : "s-1"))
  }

  @Test(arguments: [
    "", " ", "{", "[1", "{\"id\":\"s-1\"", "{} {}", "{\"id\":\"a\",}", "{id:\"a\"}", "{'id':'a'}",
    "// c\n{}", "{\"price\":NaN}", "{\"price\":Infinity}", "{\"price\":01}", "{\"price\":+1}",
    "{\"price\":.5}", "{\"price\":0x10}", "{\"note\":\"\\u0000\"}", "{\"note\":\"\\ud800\"}",
    "\u{FEFF}{}", "{\"id\":\"a\",\"id\":\"a\"}", "{\"id\":\"a\",\"\\u0069d\":\"b\"}",
    "null", "[]", "\"id\"", "1", "[{\"id\":\"a\"}]",
    String(repeating: "[", count: 20_000),
  ])
  func `refuses other text`(_ text: String) throws {
    let refusal = try refusal(text)
    #expect(refusal.code == .invalidJSON)
    #expect(refusal.field == nil)
    #expect(refusal.position != nil)
    #expect(refusal.id == nil)
  }

  @Test func `says where the JSON is wrong`() throws {
    let refusal = try refusal("{\"id\": \"a\",\n \"id\": \"b\"}")
    #expect(refusal.position == JSONPosition(offset: 13, line: 2, column: 2))
    #expect(
      refusal.message
        == "Not strict JSON: line 2, column 2: the name \"id\" appears twice in one object.")
  }

  @Test func `points at the first of several unknown fields`() throws {
    let refusal = try refusal("{\"id\":\"s-1\",\n\"é\":1,\"x\":2,\"side\":3}")
    #expect(refusal.field == "é")
    #expect(refusal.position == JSONPosition(offset: 13, line: 2, column: 1))
  }

  @Test(arguments: [
    "qty", "Price", "PRICE", "price ", "notes", "s\u{131}de", "sidé", "stop_loss", "", "leverage",
    "timeInForce",
  ])
  func `refuses unknown fields`(_ name: String) throws {
    let refusal = try refusal(SignalChanges([(name, "1")]).text)
    #expect(refusal.code == .unknownField)
    #expect(refusal.field == name)
    #expect(refusal.id?.text == "s-1")
    #expect(refusal.message.hasPrefix("There is no field \"\(name)\""))
    #expect(refusal.position?.offset == SignalChanges([]).text.utf8.count)
  }

  @Test func `points at the field`() throws {
    let refusal = try refusal("{\n  \"id\": \"s-1\", \"symbol\": \"BTCUSDT\",\n\t\"side\": \"up\"}")
    #expect(refusal.field == "side")
    #expect(refusal.position == JSONPosition(offset: 39, line: 3, column: 2))
    #expect(refusal.message == "side must be \"buy\" or \"sell\", not \"up\".")
  }

  @Test func `bounds the size`() throws {
    let good = SignalChanges([]).text
    #expect(try readSignal(good, maximumBytes: good.utf8.count).id.text == "s-1")
    let refusal = try refusal(good, maximumBytes: good.utf8.count - 1)
    #expect(refusal.code == .tooLarge)
    #expect(refusal.message.contains("\(good.utf8.count)"))
  }

  /// Some programs write out every digit of a binary fraction.
  @Test(arguments: [
    ("quantity", 1, "more than 18 digits"), ("price", 1_000_000, "more than 18 digits"),
    ("ttl_seconds", 60_000, "more than 18 digits"), ("sequence", 60_000, "whole number from 0"),
    ("created_at", 60_000, "must be a time"),
  ])
  func `a long number is refused as the value of its field`(
    _ field: String, _ repeats: Int, _ phrase: String
  ) throws {
    let digits = "0002999999999999999737189393389513725196593441069126129150390625"
    let number = "0." + String(repeating: "0", count: repeats) + digits
    let refusal = try refusal(SignalChanges([(field, number)]).text, maximumBytes: 1_048_576)
    #expect(refusal.code == .invalidField)
    #expect(refusal.field == field)
    #expect(refusal.id?.text == "s-1")
    #expect(refusal.message.contains(phrase), "\(refusal.message)")
    #expect(refusal.message.utf8.count < 300)
  }

  @Test func `a long whole number is too large`() throws {
    let number = String(repeating: "9", count: 1_000_000)
    let refusal = try refusal(SignalChanges([("price", number)]).text, maximumBytes: 1_048_576)
    #expect(refusal.code == .invalidField)
    #expect(refusal.field == "price")
    #expect(refusal.message.hasPrefix("price is too large: \"999"), "\(refusal.message)")
  }

  /// What a message repeats of a value is bounded and stays on its line.
  @Test func `messages are bounded`() throws {
    let long = String(repeating: "\\n", count: 10_000)
    let refusal = try refusal(SignalChanges([("side", "\"\(long)\"")]).text)
    #expect(refusal.message.utf8.count < 300)
    #expect(!refusal.message.contains("\n"))
  }
}
