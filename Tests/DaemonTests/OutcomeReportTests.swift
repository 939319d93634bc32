import Domain
import JSON
import Testing

@testable import Daemon

@Suite struct OutcomeReportTests {
  private static func report(_ members: [(String, JSONValue)]) -> [UInt8] {
    Array(JSONValue.object(pairs: members).prettyText().utf8)
  }

  private static func answer(
    _ id: JSONValue, _ status: JSONValue, _ code: JSONValue, _ message: JSONValue = "m"
  ) -> [UInt8] {
    report([("id", id), ("status", status), ("code", code), ("message", message)])
  }

  private static func outcome(_ id: JSONValue, _ status: JSONValue, at time: JSONValue) -> [UInt8] {
    report([("id", id), ("status", status), ("code", "accepted"), ("settled_at", time)])
  }

  @Test(
    arguments: [
      (
        answer("a", "duplicate", "duplicate", "taken before; it is open"),
        answer("a", "duplicate", "duplicate", "taken before; it is filled"), true
      ),
      (answer("a", "rejected", "expired", "1 s"), answer("a", "rejected", "expired", "9 s"), true),
      (outcome("a", "not_found", at: "t"), outcome("a", "filled", at: "u"), true),
      (answer("a", "duplicate", "duplicate"), answer("b", "duplicate", "duplicate"), false),
      (answer("a", "rejected", "expired"), answer("a", "duplicate", "duplicate"), false),
      (answer("a", "rejected", "expired"), answer("a", "rejected", "halted"), false),
      (outcome("a", "filled", at: "t"), answer("a", "duplicate", "duplicate"), false),
      (outcome("a", "filled", at: "t"), outcome("b", "filled", at: "t"), false),
      // Without an id nobody can tell.
      (answer(.null, "rejected", "invalid_json"), answer(.null, "rejected", "invalid_json"), false),
      (Array("{".utf8), answer("a", "duplicate", "duplicate"), false),
    ])
  func `two reports tell of the same end`(one: [UInt8], other: [UInt8], isSame: Bool) {
    #expect(OutcomeReport.isSameEnd(one, other) == isSame)
    #expect(OutcomeReport.isSameEnd(other, one) == isSame)
  }

  /// The verdict that it ended stands beside the decision until the watch is over.
  @Test func `a start tells the operator's word on an order`() throws {
    let now = WallTime(milliseconds: 1_700_000_000_000)
    let id = try #require(SignalID("a"))
    let symbol = try #require(Symbol(exchangeText: "BTCUSDT"))
    let name = try #require(ClientOrderID("sga"))
    let verdict = "sent once, its answer was lost; watched for seven days"
    let word = "the operator says that it was never placed"
    let record = SignalRecord(
      signalID: id, symbol: symbol, side: .buy, type: .limit, contentDigest: [1], raw: [],
      origin: .socket("test"), receivedAt: now, expiresAt: now.advanced(by: .seconds(60)),
      clientOrderID: name, decision: .notFound, message: verdict, decidedAt: now)
    let request = OrderRequest(
      clientOrderID: name, symbol: symbol, side: .buy, type: .limit, amount: .base(FixedDecimal(1)),
      price: FixedDecimal(100))
    var order = Order(
      key: OrderKey(signal: id), account: TradingAccount(venue: "test", name: "main"),
      request: request, reservedQuote: FixedDecimal(100), at: now)
    let armed = OrderEvent.armed(
      OrderEvent.Armament(
        attempt: 1, stampedAt: now, receiveWindow: .seconds(5),
        quote: Quote(price: FixedDecimal(100), askedAt: now)))
    let lost = OrderEvent.outcomeLost("timed out", .answerLost)
    for event in [armed, lost, .notFound(verdict)] { try order.apply(event, at: now) }
    #expect(record.endReason(of: order) == verdict)
    try order.apply(.closedByOperator(word), at: now)
    #expect(
      record.endReason(of: order) == "\(word); it is watched for until seven days have passed")
    try order.apply(.watchEnded, at: now)
    #expect(record.endReason(of: order) == word)
  }
}
