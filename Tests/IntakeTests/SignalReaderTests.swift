import Domain
import Intake
import Testing

/// Changes to a good limit order's fields; "" leaves the field out.
struct SignalChanges: CustomTestStringConvertible, Sendable {
  let fields: [(String, String)]

  init(_ fields: [(String, String)]) {
    self.fields = fields
  }

  var testDescription: String {
    fields.map { "\($0.0): \($0.1)" }.joined(separator: ", ")
  }

  var text: String {
    var all = [
      ("id", #""s-1""#), ("symbol", #""BTCUSDT""#), ("side", #""buy""#),
      ("quantity", #""0.5""#), ("price", #""64000""#),
    ]
    for change in fields {
      if let place = all.firstIndex(where: { $0.0 == change.0 }) {
        all[place] = change
      } else {
        all.append(change)
      }
    }
    let members = all.filter { !$0.1.isEmpty }.map { "\"\($0.0)\":\($0.1)" }
    return "{" + members.joined(separator: ",") + "}"
  }
}

func readSignal(
  _ text: String, maximumBytes: Int = 65_536
) throws(SignalRefusal) -> Signal {
  try SignalReader.read(Array(text.utf8), maximumBytes: maximumBytes)
}

/// A signal that is taken, and lines that its canonical text must then hold.
struct AcceptedSignal: CustomTestStringConvertible, Sendable {
  let changes: SignalChanges
  let lines: [String]

  init(_ fields: [(String, String)], _ lines: String...) {
    changes = SignalChanges(fields)
    self.lines = lines
  }

  var testDescription: String { changes.testDescription }
}

@Suite struct SignalReaderTests {
  static let market = [("price", "")]

  static let identity: [AcceptedSignal] = [
    .init([], "id=s-1", "symbol=BTCUSDT", "side=buy", "type=limit", "quantity=0.5", "price=64000"),
    .init([("id", #""A.z_0:9-""#)], "id=A.z_0:9-"), .init([("id", #""7""#)], "id=7"),
    .init([("id", "\"\(String(repeating: "x", count: 64))\"")]),
    .init([("id", #""\u0061b""#)], "id=ab"),
    .init([("symbol", #""BTC/USDT""#)], "symbol=BTCUSDT"),
    .init([("symbol", #""BTC_USDT""#)], "symbol=BTCUSDT"),
    .init([("symbol", #""btc-usdt""#)], "symbol=BTCUSDT"),
    .init([("symbol", #""MEXC:BTCUSDT""#)], "symbol=BTCUSDT"),
    .init([("symbol", #""mexc:btc/usdt""#)], "symbol=BTCUSDT"),
    .init([("symbol", #""BTC\/USDT""#)], "symbol=BTCUSDT"),
    .init([("symbol", #""PERPUSDT""#)], "symbol=PERPUSDT"),
    .init([("side", #""BUY""#)], "side=buy"), .init([("side", #""Sell""#)], "side=sell"),
  ]

  static let types: [AcceptedSignal] = [
    .init([("type", #""limit""#)], "type=limit"), .init([("type", #""LIMIT""#)], "type=limit"),
    .init([("type", #""limit_maker""#)], "type=limit_maker"),
    .init([("type", #""LIMIT_MAKER""#)], "type=limit_maker"),
    .init([("type", #""Limit_Maker""#)], "type=limit_maker"),
    .init([("type", #""\u006cimit""#)], "type=limit"),
    .init([("type", #""ioc""#)], "type=ioc"), .init([("type", #""Ioc""#)], "type=ioc"),
    .init([("type", #""IMMEDIATE_OR_CANCEL""#)], "type=ioc"),
    .init([("type", #""fok""#)], "type=fok"), .init([("type", #""FILL_OR_KILL""#)], "type=fok"),
    .init([("type", #""fill_or_kill""#)], "type=fok"),
    .init(market, "type=market"), .init(market + [("type", #""market""#)], "type=market"),
    .init(market + [("type", #""MARKET""#)], "type=market"),
    .init(market + [("quantity", ""), ("quote_quantity", "25.5")], "quote_quantity=25.5"),
    .init([("quantity", ""), ("quote_quantity", "\"25\"")], "type=limit", "quote_quantity=25"),
  ]

  static let amounts: [AcceptedSignal] = [
    .init([("quantity", "0.1")], "quantity=0.1"), .init([("quantity", "1")], "quantity=1"),
    .init([("quantity", "\"1.0\"")], "quantity=1"),
    .init([("quantity", "\"1.500\"")], "quantity=1.5"),
    .init([("price", "64000.10")], "price=64000.1"),
    .init([("quantity", "0.000000000000000001")], "quantity=0.000000000000000001"),
    .init([("quantity", "0.100000000000000000")], "quantity=0.1"),
    .init([("quantity", "0.123456789012345678")], "quantity=0.123456789012345678"),
    .init([("quantity", "12345678901234567890.100000000000000000")]),
    .init([("price", "100000000000000000000")], "price=100000000000000000000"),
    .init([("price", "9007199254740993")], "price=9007199254740993"),
    .init([("reference_price", "63999.9")], "reference_price=63999.9"),
    .init(market + [("reference_price", "\"64000\"")], "reference_price=64000"),
    .init([("maximum_deviation_bps", "25")], "maximum_deviation_bps=25"),
    .init([("maximum_deviation_bps", "\"12.5\"")], "maximum_deviation_bps=12.5"),
  ]

  static let times: [AcceptedSignal] = [
    .init([("created_at", "1790000000000")], "created_at=1790000000000"),
    .init([("created_at", "\"1790000000000\"")], "created_at=1790000000000"),
    .init([("created_at", "\"2026-09-21T14:13:20Z\"")], "created_at=1790000000000"),
    .init([("created_at", "\"2026-09-21T16:13:20.125+02:00\"")], "created_at=1790000000125"),
    .init([("expires_at", "\"2026-09-21T14:13:20.001Z\"")], "expires_at=1790000000001"),
    .init(
      [("created_at", "1790000000000"), ("expires_at", "1790000000001")],
      "created_at=1790000000000", "expires_at=1790000000001"),
    .init([("ttl_seconds", "30")], "ttl_ms=30000"),
    .init([("ttl_seconds", "\"30\"")], "ttl_ms=30000"),
    .init([("ttl_seconds", "0.5")], "ttl_ms=500"), .init([("ttl_seconds", "0.001")], "ttl_ms=1"),
    .init([("ttl_seconds", "31536000")], "ttl_ms=31536000000"),
    .init([("created_at", "1790000000000"), ("ttl_seconds", "5")], "ttl_ms=5000"),
    .init([("created_at", "946684800000")], "created_at=946684800000"),
  ]

  static let texts: [AcceptedSignal] = [
    .init([("source", #""tv""#)], "source=2:tv"), .init([("source", #""""#)], "source=0:"),
    .init([("sequence", "0")], "sequence=0"), .init([("sequence", #""17""#)], "sequence=17"),
    .init([("note", #""é 😀""#)], "note=7:é 😀"), .init([("note", #""a\tb""#)], "note=3:a\tb"),
    .init([("source", "\"\(String(repeating: "é", count: 256))\"")]),
    .init([("note", "\"\(String(repeating: "n", count: 1_024))\"")]),
  ]

  @Test(arguments: identity + types + amounts + times + texts)
  func `takes good signals`(_ accepted: AcceptedSignal) throws {
    let lines = try readSignal(accepted.changes.text).canonicalText.split(separator: "\n")
    for line in accepted.lines { #expect(lines.contains(line[...]), "\(lines)") }
  }

  @Test func `a field's name may be escaped`() throws {
    let text = SignalChanges([("\\u006eote", #""n""#), ("so\\u0075rce", #""tv""#)]).text
    let signal = try readSignal(text)
    #expect(signal.note == "n")
    #expect(signal.source == "tv")
  }

  @Test func `reads every field`() throws {
    let signal = try readSignal(
      #"""
      { "note" : "n", "source" : "tv", "expires_at" : "2026-09-21T14:14:20Z",
        "created_at" : 1790000000000, "maximum_deviation_bps" : 20, "reference_price" : "63990.5",
        "price" : 64000.10, "quantity" : "0.015", "type" : "FILL_OR_KILL", "side" : "SELL",
        "symbol" : "btc/usdt", "id" : "tv:2026-09-21.1" }
      """#)
    let expected = Signal(
      id: try #require(SignalID("tv:2026-09-21.1")), symbol: try Symbol(spelling: "BTCUSDT"),
      side: .sell, type: .fillOrKill, amount: .base(try FixedDecimal("0.015")),
      price: try FixedDecimal("64000.1"), referencePrice: try FixedDecimal("63990.5"),
      maximumDeviation: try FixedDecimal("20"),
      createdAt: WallTime(milliseconds: 1_790_000_000_000),
      expiry: .at(WallTime(milliseconds: 1_790_000_060_000)), source: "tv", note: "n")
    #expect(signal == expected)
  }

  @Test func `a signature is beside the meaning and covers every other field`() throws {
    let text =
      #"{"symbol":"BTC/USDT", "id":"s-1","side":"Buy","quantity":0.50,"signature":"5A","note":"\u00e9\/\u2028"}"#
    let (signal, signature) = try SignalReader.readSigned(Array(text.utf8), maximumBytes: 1_000)
    #expect(signature?.code == "5A")
    #expect(
      signature?.signedText
        == "{\"id\":\"s-1\",\"note\":\"é/\u{2028}\",\"quantity\":0.50,\"side\":\"Buy\","
        + "\"symbol\":\"BTC/USDT\"}")
    let unsigned = text.replacing(#""signature":"5A","#, with: "")
    #expect(try readSignal(unsigned) == signal)
    #expect(try SignalReader.readSigned(Array(unsigned.utf8), maximumBytes: 1_000).signature == nil)
    let long = text.replacing("5A", with: String(repeating: "0", count: 129))
    #expect(throws: SignalRefusal.self) { try readSignal(long) }
  }

  @Test func `spelling does not change the meaning`() throws {
    let first = SignalChanges([("price", "64000.0"), ("symbol", #""BTC-USDT""#)])
    let second = SignalChanges([("price", "\"64000\""), ("side", #""BUY""#)])
    #expect(
      try readSignal(first.text).canonicalText == readSignal(second.text).canonicalText)
  }
}
