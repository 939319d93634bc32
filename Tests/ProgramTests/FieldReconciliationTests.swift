import Domain
import Foundation
import Glibc
import JSON
import Testing

/// One thing that cannot be read does not keep the others from trading: over a restart, and while the
/// daemon runs.
@Suite(.serialized)
struct FieldReconciliationTests {
  private static let ether: KeyValuePairs<String, JSONValue?> = [
    "symbol": "ETHUSDT", "price": "3200", "quantity": "0.01", "ttl_seconds": 60,
  ]
  private static let link: KeyValuePairs<String, JSONValue?> = [
    "symbol": "LINKUSDT", "price": "21.3", "quantity": "2",
  ]

  /// As an account shows a stop order that somebody made on the website.
  private static let foreignRow: JSONValue = [
    "symbol": "BTCUSDT", "orderId": "C02__999", "orderListId": -1, "clientOrderId": nil,
    "price": "0", "origQty": "0.01", "executedQty": nil, "cummulativeQuoteQty": "0",
    "status": "CANCELED", "timeInForce": nil, "type": "STOP_MARKET_ORDER", "side": "SELL",
    "stopPrice": "60000", "icebergQty": nil, "time": 1, "updateTime": nil, "isWorking": false,
    "origQuoteOrderQty": nil,
  ]

  /// How looks at LINKUSDT go wrong, and the word that tells it.
  struct Way: Sendable, CustomTestStringConvertible {
    let rules: [String]
    let word: String

    var testDescription: String { word }

    static func answer(_ status: Int, _ body: String, _ word: String) -> Way {
      Way(rules: FaultRule.everyView(of: "LINKUSDT", status, body), word: word)
    }

    static func patch(_ set: JSONValue, _ word: String) -> Way {
      Way(
        rules: [FaultRule.looks, FaultRule.recentOrders].map {
          FaultRule.patch($0, of: "LINKUSDT", set: set)
        }, word: word)
    }
  }

  static let ways: [Way] = [
    .answer(400, #"{"code":10007,"msg":"symbol not support api"}"#, "code 10007"),
    .answer(400, #"{"code":-1121,"msg":"Invalid symbol."}"#, "code -1121"),
    .answer(400, #"{"code":30000,"msg":"Trading is suspended"}"#, "code 30000"),
    .answer(400, #"{"code":30099,"msg":"Something new"}"#, "code 30099"),
    .answer(503, #"{"code":503,"msg":"busy"}"#, "HTTP 503"),
    .answer(200, "", "HTTP 200 without JSON"),
    .answer(200, "[]", "an answer that cannot be read"),
    .patch(["executedQty": nil, "status": "CANCELED"], "executedQty is missing"),
    .patch(["status": "REJECTED"], "'REJECTED'"),
    .patch(["status": "FILLED", "executedQty": "0"], "nothing executed"),
  ]

  private func rested(_ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("old", Self.link).text)["code"] == "accepted")
    try daemon.waitForOrder("old", "open")
    #expect(try daemon.stop() == .exited(0))
    return daemon
  }

  @Test(arguments: ways)
  func `an order of an earlier run that cannot be read`(_ way: Way) throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try rested(market)
    try market.faults(way.rules)
    try daemon.start()
    try daemon.drop("a.json", Wish("a", ["ttl_seconds": 60]).text)
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
    // At most its own symbol is paused, and it is said whose fault it is.
    let name = try #require(
      try daemon.explain("old")["order"]?["client_order_id"]?.stringValue)
    let line = try daemon.process.line(
      with: "cannot be reconciled", way.word, "signal_id=old", "client_order_id=\(name)")
    #expect(line.contains("level=warning"))
    let refused = try daemon.submit(Wish("b", Self.link).text)
    #expect(refused["code"] == "halted")
    #expect(refused["message"]?.stringValue?.contains(way.word) == true, "\(refused)")
    #expect(
      try daemon.explain("old")["timeline"]?.compactText().contains(way.word) == true)

    try market.faults()
    try market.price("LINKUSDT", "21.2")
    try daemon.waitForOrder("old", "filled")
    let quantity: JSONValue = "1"
    #expect(
      try daemon.submit(
        Wish("c", ["symbol": "LINKUSDT", "price": "21.3", "quantity": quantity]).text)["code"]
        == "accepted")
    try daemon.waitForOrder("c", "filled")
    #expect(try daemon.stop() == .exited(0))
  }

  /// A well-formed "there is no such order" is an answer.
  @Test
  func `an order that is not found any more pauses nothing`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try rested(market)
    try market.faults([
      FaultRule.answer(
        FaultRule.looks, of: "LINKUSDT", 400, #"{"code":-2013,"msg":"Order does not exist."}"#)
    ])
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    #expect(try daemon.submit(Wish("b", Self.link).text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    try daemon.waitForOrder("b", "open")
  }

  /// The operator's word on an order that the exchange does not tell about any more.
  @Test(arguments: [true, false])
  func `the operator's word ends the pause`(isPlaced: Bool) throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("old.json", Wish("old", Self.link).text)
    try daemon.until("the order to rest", holds: { try market.ledger().orders.count == 1 })
    try daemon.waitForOrder("old", "open")
    try daemon.stop()
    let order = try #require(try market.ledger().orders.first?["order_id"]?.stringValue)
    try market.faults(
      FaultRule.everyView(
        of: "LINKUSDT", 400, #"{"code":10007,"msg":"symbol not support api"}"#))
    try daemon.start()
    try daemon.process.line(with: "cannot be reconciled", "signal_id=old")
    let cancel = try daemon.operate("cancel", "old")
    #expect(cancel.output.contains("10007"), "\(cancel)")
    let answer =
      isPlaced
      ? try daemon.operate("resolve", "old", "--placed", order)
      : try daemon.operate("resolve", "old", "--not-placed")
    #expect(answer.status == 0, "\(answer)")
    #expect(try daemon.submit(Wish("b", Self.link).text)["code"] == "accepted")
    if isPlaced {
      try market.faults()
      // The first cancel was taken, and may come to its end before this one is heard.
      let cancel = try daemon.operate("cancel", "old")
      #expect(
        cancel.status == 0 || cancel.errors.contains("the order of signal old is canceled"),
        "\(cancel)")
    }
    let outcome = try daemon.waitForOutcome("old.json")
    #expect(outcome.folder == "done")
    #expect(outcome.status == "canceled")
    let message = outcome.report["message"]?.stringValue ?? ""
    #expect(message.contains("the operator says") == !isPlaced, "\(message)")
    try daemon.kill9()
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.orderStatus("old") == "canceled")
  }

  // MARK: Lists

  static let lists: [(name: String, rule: String)] = [
    ("a foreign row", FaultRule.row(FaultRule.recentOrders, foreignRow)),
    (
      "refused",
      FaultRule.answer(
        FaultRule.recentOrders, 400,
        #"{"code":700007,"msg":"No permission to access the endpoint"}"#)
    ),
    ("empty", FaultRule.answer(FaultRule.recentOrders, 200, "")),
    ("no array", FaultRule.answer(FaultRule.recentOrders, 200, #"{"data":[]}"#)),
    ("a row that is none", FaultRule.row(FaultRule.recentOrders, nil)),
  ]

  private static let quantities = (1...8).map { "0.00\($0)" }

  private func submitEight(_ daemon: DaemonUnderTest) throws {
    for quantity in Self.quantities {
      #expect(
        try daemon.submit(
          Wish.resting("rest-\(quantity)", ["quantity": .string(quantity)]).text)["code"]
          == "accepted")
    }
    for quantity in Self.quantities { try daemon.waitForOrder("rest-\(quantity)", "open") }
  }

  private func fillEight(_ daemon: DaemonUnderTest, _ market: SimulatedMarket) throws {
    try market.price("BTCUSDT", "63850")
    for quantity in Self.quantities { try daemon.waitForOrder("rest-\(quantity)", "filled") }
  }

  @Test(arguments: lists.indices)
  func `a list that cannot be used after a restart`(_ index: Int) throws {
    let market = try SimulatedMarket(SimulatedMarket.silent + SimulatedMarket.roomy)
    let daemon = try DaemonUnderTest.trading(market)
    try submitEight(daemon)
    try daemon.stop()
    try market.faults([Self.lists[index].rule])
    try daemon.start()
    try daemon.drop("ether.json", Wish("ether", Self.ether).text)
    try daemon.drop("coin.json", Wish("coin", ["ttl_seconds": 60]).text)
    #expect(try daemon.waitForOutcome("ether.json").status == "filled")
    #expect(try daemon.waitForOutcome("coin.json").status == "filled")
    try fillEight(daemon, market)
    #expect(try market.ledger().requests(FaultRule.recentOrders) > 0)
  }

  @Test(arguments: lists.indices)
  func `a list that cannot be used while running`(_ index: Int) throws {
    let market = try SimulatedMarket(SimulatedMarket.silent + SimulatedMarket.roomy)
    let daemon = try DaemonUnderTest.trading(market)
    try submitEight(daemon)
    try market.faults([Self.lists[index].rule])
    // Frozen, so that all looks are due together: they begin as one list.
    let lists = try market.ledger().requests(FaultRule.recentOrders)
    // Looks are up to ten seconds apart by and by.
    var pause = Duration.milliseconds(1_200)
    while try market.ledger().requests(FaultRule.recentOrders) == lists {
      try daemon.process.signal(SIGSTOP)
      try daemon.pass(pause)
      pause = .milliseconds(10_500)
      try daemon.process.signal(SIGCONT)
      let seen = try market.ledger().requests(FaultRule.looks)
      try daemon.until("a look") {
        let ledger = try market.ledger()
        return ledger.requests(FaultRule.looks) > seen
          || ledger.requests(FaultRule.recentOrders) > lists ? true : nil
      }
    }
    try fillEight(daemon, market)
  }
}
