import Domain
import JSON
import Testing

/// Plain refusals of a placement: an answer with a code of the exchange is an answer.
@Suite
struct FieldRefusalTests {
  struct Answer: Sendable, CustomTestStringConvertible {
    let status: Int
    let body: String
    /// What the message must say.
    var words: [String] = []

    var testDescription: String { "\(status) \(body)" }
  }

  private static func shortWaits(_ settings: inout Settings) {
    settings["exchange.recv_window_ms"] = 1_000
    settings["exchange.settle_seconds"] = 2
  }

  static let refusals = [
    Answer(
      status: 400, body: #"{"msg":" amount scale is invalid","code":400}"#,
      words: ["code 400", "amount scale is invalid"]),
    Answer(
      status: 400, body: #"{"msg":"api market order is disabled","code":30051}"#,
      words: ["code 30051", "api market order is disabled"]),
    Answer(
      status: 400,
      body: #"{"code":30087,"msg":"Order price exceeds allowed range","_extend":null}"#,
      words: ["code 30087", "Order price exceeds allowed range"]),
    Answer(
      status: 400, body: #"{"code":30005,"msg":"Oversold","_extend":null}"#,
      words: ["code 30005", "Oversold"]),
    Answer(status: 400, body: #"{"code":10101,"msg":"余额不足"}"#, words: ["code 10101", "余额不足"]),
    Answer(
      status: 400, body: #"{"code":"30004","msg":"Insufficient position"}"#,
      words: ["code 30004", "Insufficient position"]),
    Answer(status: 400, body: #"{"code":30004,"msg":null}"#, words: ["code 30004"]),
    Answer(
      status: 400, body: #"{"code":30002,"msg":"too small","data":"minimum 5 USDT"}"#,
      words: ["code 30002", "too small", "minimum 5 USDT"]),
    Answer(
      status: 200, body: #"{"code":30027,"msg":"buy suspended"}"#,
      words: ["code 30027", "buy suspended"]),
  ]

  /// No table knows them, or the table knows that an order may be there all the same.
  static let doubts = [
    Answer(
      status: 400, body: #"{"code":30099,"msg":"Something new is not allowed"}"#,
      words: ["code 30099", "Something new is not allowed"]),
    Answer(
      status: 422, body: #"{"code":"777","msg":null,"data":{"field":"price"}}"#,
      words: ["code 777", "price"]),
    Answer(
      status: 400, body: #"{"code":10203,"msg":"order processing error"}"#,
      words: ["code 10203", "order processing error"]),
  ]

  @Test(arguments: refusals + doubts)
  func `a refusal is the exchange's answer`(_ answer: Answer) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try market.faults([FaultRule.answer(FaultRule.placements, answer.status, answer.body)])
    try daemon.drop("a.json", Wish("a").text)
    try daemon.until("the first placement", holds: { try market.ledger().placements == 1 })
    try daemon.drop("b.json", Wish("b", ["quantity": "0.002"]).text)
    for name in ["a.json", "b.json"] {
      let outcome = try daemon.waitForOutcome(name)
      #expect(outcome.folder == "rejected")
      #expect(outcome.code == "exchange_rejected")
      let message = outcome.report["message"]?.stringValue ?? ""
      for word in answer.words { #expect(message.contains(word), "\(message)") }
      #expect(!message.contains("lost"), "\(message)")
    }
    #expect(try market.ledger().placements == 2)
    #expect(!daemon.journal.contains { $0.contains("lost") })
    #expect(try daemon.status()["not_found"] == 0)
    // Nothing is paused by it.
    try market.faults()
    #expect(try daemon.submit(Wish("c").text)["code"] == "accepted")
    try daemon.waitForOrder("c", "filled")
    #expect(try daemon.stop() == .exited(0))
  }

  /// A kill between the answer and the verdict changes nothing about it.
  @Test
  func `the verdict comes over a restart too`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try market.faults([
      FaultRule.answer(FaultRule.placements, 400, #"{"code":30099,"msg":"Something new"}"#)
    ])
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    // Said once it is durable.
    try daemon.process.line(with: "the order's outcome is unknown", "signal_id=a ")
    try daemon.kill9()
    try daemon.start()
    try daemon.waitForOrder("a", "rejected")
    let message = try daemon.explain("a")["signal"]?["message"]?.stringValue ?? ""
    #expect(message.contains("code 30099: Something new"))
  }

  /// The way out that the daemon names is open.
  @Test
  func `the operator's hand reaches a refusal that is watched for`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try market.faults([
      FaultRule.answer(FaultRule.placements, 400, #"{"code":30099,"msg":"Something new"}"#)
    ])
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "rejected")
    let cancel = try daemon.operate("cancel", "a")
    #expect(cancel.status == 0, "\(cancel)")
    #expect(cancel.output.contains("should it appear, it is cancelled"), "\(cancel)")
    let name = try #require(try daemon.explain("a")["order"]?["client_order_id"]?.stringValue)
    #expect(try daemon.stop() == .exited(0))
    // A start looks at once at what is watched.
    try market.faults([
      FaultRule.row(
        FaultRule.openOrders,
        [
          "symbol": "BTCUSDT", "orderId": "C02__999", "orderListId": -1,
          "clientOrderId": .string(name), "price": "63000", "origQty": "0.001",
          "executedQty": "0", "cummulativeQuoteQty": "0", "status": "NEW", "timeInForce": nil,
          "type": "LIMIT", "side": "BUY", "stopPrice": nil, "icebergQty": nil, "time": 1,
          "updateTime": nil, "isWorking": true, "origQuoteOrderQty": "0",
        ])
    ])
    try daemon.start()
    try daemon.process.line(with: "trading is halted", "has the price 63000")
    let shown = try daemon.operate("status")
    #expect(shown.output.contains("'mexc-signalctl resolve a --not-placed'"), "\(shown)")
    // While a look is out the word is not taken.
    try daemon.until(
      "the word to be taken",
      holds: { try daemon.operate("resolve", "a", "--not-placed").status == 0 })
    #expect(try daemon.orderStatus("a") == "rejected")
    let again = try daemon.operate("cancel", "a")
    #expect(
      again.errors.contains("there is nothing to cancel: the order of signal a is rejected"),
      "\(again)")
  }

  static let nothingProved = [
    Answer(status: 400, body: #"{"error":"bad request"}"#),
    Answer(status: 200, body: ""),
    Answer(status: 200, body: #"{"code":0,"msg":"success","data":{"orderId":"C02__1"}}"#),
    Answer(status: 503, body: #"{"code":30005,"msg":"Oversold"}"#),
    Answer(status: 400, body: #"{"code":503,"msg":"busy"}"#),
  ]

  @Test(arguments: nothingProved)
  func `what is no answer proves nothing`(_ answer: Answer) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try market.faults([FaultRule.answer(FaultRule.placements, answer.status, answer.body)])
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "not_found")
    #expect(try market.ledger().placements == 1)
    let message = try daemon.explain("a")["signal"]?["message"]?.stringValue ?? ""
    #expect(message.contains("sent once, its answer proves nothing"), "\(message)")
    #expect(!message.contains("lost"), "\(message)")
    #expect(try daemon.submit(Wish("b").text)["code"] == "halted")
  }

  @Test(arguments: refusals + doubts)
  func `in validate mode it is final`(_ answer: Answer) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["mode"] = "validate" }
    try market.faults([
      FaultRule.answer("POST /api/v3/order/test", answer.status, answer.body)
    ])
    try daemon.drop("a.json", Wish("a", ["ttl_seconds": 60]).text)
    let outcome = try daemon.waitForOutcome("a.json")
    #expect(outcome.code == "exchange_rejected")
    let message = outcome.report["message"]?.stringValue ?? ""
    for word in answer.words { #expect(message.contains(word), "\(message)") }
    #expect(try market.ledger().requests("POST /api/v3/order/test") == 1)
  }
}
