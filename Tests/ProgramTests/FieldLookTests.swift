import Domain
import JSON
import Testing

/// Looks at an accepted order that fail: said, with what to do, and made again.
@Suite
struct FieldLookTests {
  struct Way: Sendable, CustomTestStringConvertible {
    let rules: [String]
    /// What the lines say.
    let word: String
    var level = "warning"
    /// The order is filled meanwhile.
    var isFilled = false

    var testDescription: String { word }

    static func answer(
      _ status: Int, _ body: String, _ word: String, level: String = "warning"
    ) -> Way {
      Way(rules: FaultRule.everyView(of: "BTCUSDT", status, body), word: word, level: level)
    }

    static func patch(_ set: JSONValue, remove: JSONValue = [], _ word: String) -> Way {
      Way(
        rules: [FaultRule.looks, FaultRule.recentOrders].map {
          FaultRule.patch($0, set: set, remove: remove)
        }, word: word, isFilled: true)
    }
  }

  static let ways: [Way] = [
    .answer(
      400, #"{"code":700007,"msg":"No permission to access the endpoint"}"#, "code 700007",
      level: "error"),
    .answer(400, #"{"code":10072,"msg":"Api key info invalid"}"#, "code 10072", level: "error"),
    .answer(400, #"{"code":700006,"msg":"IP not in the white list"}"#, "700006", level: "error"),
    .answer(401, "", "code 401", level: "error"),
    .answer(400, #"{"code":10007,"msg":"symbol not support api"}"#, "code 10007"),
    .answer(400, #"{"code":4711,"msg":"odd"}"#, "code 4711"),
    .answer(200, "", "HTTP 200 without JSON"),
    .answer(503, #"{"code":503,"msg":"busy"}"#, "HTTP 503: busy"),
    .patch(["cummulativeQuoteQty": "64.00000000000000000000001"], "cummulativeQuoteQty"),
    .patch(["cummulativeQuoteQty": nil], "cummulativeQuoteQty is missing"),
    .patch(
      ["status": "REJECTED", "executedQty": "0", "cummulativeQuoteQty": "0"], "'REJECTED'"),
    .patch(["status": nil], "status is missing"),
    .patch(
      ["status": "FILLED", "executedQty": "0", "cummulativeQuoteQty": "0"], "nothing executed"),
  ]

  @Test(arguments: ways)
  func `each way is said`(_ way: Way) throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market)
    try market.faults(way.rules)
    try daemon.drop("a.json", (way.isFilled ? Wish("a") : Wish.resting("a")).text)
    let name = "client_order_id="
    let line = try daemon.process.line(
      with: "level=\(way.level)", way.word, "signal_id=a ", name, "advice=")
    #expect(line.contains("where the order stands cannot be read"))
    // Many looks later it has still been said once.
    let seen = try market.ledger().requests(FaultRule.looks)
    try daemon.until(
      "more looks",
      holds: {
        try market.ledger().requests(FaultRule.looks) >= seen + 4
      })
    let lines = daemon.journal.filter { line in
      (line.contains("level=warning") || line.contains("level=error"))
        && line.contains("signal_id=a ")
    }
    #expect(lines.count == 1, "\(lines)")
    let story = try daemon.explain("a")["timeline"]?.arrayValue ?? []
    let told = story.filter { $0["text"]?.stringValue?.contains(way.word) == true }
    #expect(told.count == 1, "\(story)")
    #expect(try daemon.orderStatus("a") == "open")
    #expect(try daemon.names(in: "active").contains("a.json"))

    try market.faults()
    try market.price("BTCUSDT", "63850")
    let outcome = try daemon.waitForOutcome("a.json")
    #expect(outcome.status == "filled")
    #expect(outcome.report["executed_quantity"] == "0.001")
    #expect(try daemon.stop() == .exited(0))
  }

  /// A member whose name is spelled rightly for once.
  @Test
  func `the right spelling is read too`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market)
    try market.faults([
      FaultRule.patch(
        FaultRule.looks, set: ["cumulativeQuoteQty": "64"], remove: ["cummulativeQuoteQty"])
    ])
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    #expect(try daemon.explain("a")["order"]?["executed_quote"] == "64")
  }

  /// Right after a placement the exchange may not show the order yet.
  @Test
  func `an order that is not shown for long is one warning`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market)
    try market.faults([
      FaultRule.answer(
        FaultRule.looks, 400, #"{"code":-2013,"msg":"Order does not exist."}"#, next: 7)
    ])
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    let lines = daemon.journal.filter {
      $0.contains("level=warning") && $0.contains("signal_id=a ")
    }
    #expect(lines.count == 1)
    #expect(lines.first?.contains("does not find an order") == true)
  }
}
