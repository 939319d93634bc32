import Domain
import JSON
import Testing

/// Paper and validate mode: nothing is placed, and the daemon says what would have been.
struct ModeTests {
  @Test
  func `paper fills by public prices without keys`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) {
      $0["mode"] = "paper"
      $0["price.source"] = "rest"
    }
    daemon.environment = [:]
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.drop("now.json", Wish("now").text)
    let now = try daemon.waitForOutcome("now.json")
    #expect(now.status == "filled")
    #expect(now.report["average_price"] == "64000")

    try daemon.drop("later.json", Wish.resting("later").text)
    try daemon.waitForOrder("later", "open")
    try daemon.kill9()
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.orderStatus("later") == "open")
    try market.price("BTCUSDT", "63850")
    let later = try daemon.waitForOutcome("later.json")
    #expect(later.status == "filled")
    #expect(later.report["average_price"] == "63900")

    #expect(try daemon.submit(Wish.resting("gone", ["price": nil]).text)["code"] == "accepted")
    try daemon.waitForOrder("gone", "filled")
    #expect(try daemon.status()["mode"] == "paper")
    let ledger = try market.ledger()
    #expect(ledger.orders.isEmpty)
    for route in ["POST /api/v3/order", "POST /api/v3/order/test", "GET /api/v3/order"] {
      #expect(ledger.requests(route) == 0, "\(route)")
    }
  }

  @Test
  func `paper fills by the pushed book, a buy at the ask and a sell at the bid`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["mode"] = "paper" }
    daemon.environment = [:]
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.waitForPushedPrices()
    let asked = try market.ledger().requests(Ledger.ticker)
    for (side, average) in [("buy", "64000.01"), ("sell", "63999.99")] {
      let wish = Wish(side, ["side": .string(side), "price": nil])
      try daemon.drop(side + ".json", wish.text)
      #expect(try daemon.waitForOutcome(side + ".json").report["average_price"] == .string(average))
    }
    // At the last price there is nobody to sell.
    try daemon.drop("rests.json", Wish("rests").text)
    try daemon.waitForOrder("rests", "open")
    try market.price("BTCUSDT", "63990")
    #expect(try daemon.waitForOutcome("rests.json").report["average_price"] == "64000")
    #expect(try market.ledger().requests(Ledger.ticker) == asked)
    #expect(try market.ledger().opened("user") == 0)
    #expect(try market.ledger().requests("POST /api/v3/userDataStream") == 0)
  }

  @Test
  func `paper cancels`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["mode"] = "paper" }
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.drop("resting.json", Wish.resting("resting").text)
    try daemon.waitForOrder("resting", "open")
    #expect(try daemon.operate("cancel", "resting").status == 0)
    #expect(try daemon.waitForOutcome("resting.json").status == "canceled")
  }

  @Test
  func `validate asks and places nothing`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--balance", "MX=1"])
    let daemon = try DaemonUnderTest.trading(market) { $0["mode"] = "validate" }
    try daemon.drop("good.json", Wish("good").text)
    let good = try daemon.waitForOutcome("good.json")
    #expect(good.folder == "done")
    #expect(good.status == "validated")
    let oversold: KeyValuePairs<String, JSONValue?> = [
      "symbol": "MXUSDT", "side": "sell", "price": "2.85", "quantity": "100",
    ]
    try daemon.drop("bad.json", Wish("bad", oversold).text)
    let bad = try daemon.waitForOutcome("bad.json")
    #expect(bad.code == "exchange_rejected")
    #expect(bad.report["message"]?.stringValue?.contains("30005") == true)
    let ledger = try market.ledger()
    #expect(ledger.requests("POST /api/v3/order/test") == 2)
    #expect(ledger.placements == 0)
    #expect(ledger.orders.isEmpty)
  }
}
