import Domain
import JSON
import TestKit
import Testing

/// Prices that the exchange pushes: what a signal is judged by, and what takes their place.
struct StreamPriceTests {
  private func trading(
    _ market: SimulatedMarket, _ adjust: (inout Settings) -> Void = { _ in }
  ) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest.trading(market) {
      $0["price.maximum_age_ms"] = 2_000
      adjust(&$0)
    }
    return daemon
  }

  @Test
  func `a buy is judged by the pushed ask and a sell by the bid, and nothing is asked`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.waitForPushedPrices()
    let before = try market.ledger().requests(Ledger.ticker)
    for number in 0..<5 {
      #expect(try daemon.submit(Wish("buy-\(number)").text)["code"] == "accepted")
      try daemon.waitForOrder("buy-\(number)", "filled")
    }
    #expect(try daemon.submit(Wish("sell", ["side": "sell"]).text)["code"] == "accepted")
    try daemon.waitForOrder("sell", "filled")
    #expect(try market.ledger().requests(Ledger.ticker) == before)
    #expect(try daemon.quote("buy-0") == "64000.01")
    #expect(try daemon.quote("sell") == "63999.99")
  }

  /// While nobody waits for a price, pushes lie unread for a while.
  @Test
  func `a signal is judged by the last push, also when nobody has read it yet`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market) { $0["risk.symbols"] = ["BTCUSDT"] }
    try daemon.waitForPushedPrices()
    for number in 1...8 {
      try market.price("BTCUSDT", "6400\(number)")
      // It may lie for four times as long as it takes to the next push.
      let before = try pushes(market)
      try daemon.until("a push", holds: { try pushes(market) > before })
      try trade(daemon, Wish("s\(number)", ["price": "64100"]), "s\(number)")
      #expect(try daemon.quote("s\(number)") == "6400\(number).01")
    }
  }

  private func pushes(_ market: SimulatedMarket) throws -> Int {
    let counts = try #require(try market.ledger().document["counts"]?["streams"]?["pushes"])
    let channel = "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT"
    return try #require(counts[channel]?.numberValue.flatMap { Int($0) })
  }

  /// How many times the exchange was asked for a price.
  private func asked(_ market: SimulatedMarket) throws -> Int {
    try market.ledger().requests(Ledger.ticker)
  }

  private func trade(_ daemon: DaemonUnderTest, _ wish: Wish, _ id: String) throws {
    #expect(try daemon.submit(wish.text)["code"] == "accepted")
    try daemon.waitForOrder(id, "filled")
  }

  @Test
  func `without the stream the next signal is judged by a look-up`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.waitForPushedPrices()
    try market.faults(
      FaultRule.stream("market", "stream_drop"), FaultRule.stream("market", "stream_unavailable"))
    try daemon.until("the loss", holds: { try !daemon.isOpen("market") })
    try daemon.until("an old price", holds: { try daemon.status()["price_source"] == "rest" })
    let before = try asked(market)
    try trade(daemon, Wish("after"), "after")
    #expect(try asked(market) == before + 1)
    #expect(try daemon.quote("after") == "64000")
    #expect(try daemon.status()["problems"] == [])
    try daemon.process.line(with: "level=notice", "the price stream is lost", "advice=")
    #expect(!daemon.journal.contains { $0.contains("level=warning") })
  }

  @Test(arguments: ["stream_silent", "stream_lose", "stream_crossed", "stream_empty"])
  func `a book that is old or no book is made up for by a look-up`(_ fault: String) throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.waitForPushedPrices()
    try market.faults(FaultRule.stream("market", fault))
    try daemon.until("an old price", holds: { try daemon.status()["price_source"] == "rest" })
    let before = try asked(market)
    try trade(daemon, Wish("after"), "after")
    #expect(try asked(market) == before + 1)
    #expect(try daemon.quote("after") == "64000")
    #expect(try daemon.isOpen("market"))
    try market.faults()
    if fault != "stream_silent" { try daemon.waitForPushedPrices() }
  }

  /// Held up for longer than a price may be old.
  @Test
  func `a push that was held up on the way is as old as that`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.waitForPushedPrices()
    try market.faults(FaultRule.stream("market", "stream_lag", ["delay_ms": 5_000]))
    try daemon.until("an old price", holds: { try daemon.status()["price_source"] == "rest" })
    let pushes = try #require(try daemon.streams("market").first)["last_message_ms"]
    #expect(pushes != nil)
    try market.price("BTCUSDT", "64100")
    try daemon.pass(.seconds(6))
    #expect(try daemon.status()["price_source"] == "rest")
    try trade(daemon, Wish("after", ["price": "64100"]), "after")
    #expect(try daemon.quote("after") == "64100")
  }

  /// No push ever came sooner that could tell; the exchange's clock does.
  @Test
  func `a stream that lags from its first push on is not believed`() throws {
    let market = try SimulatedMarket()
    try market.faults(FaultRule.stream("market", "stream_lag", ["delay_ms": 5_000]))
    let daemon = try trading(market)
    try daemon.until("the stream", holds: { try daemon.isOpen("market") })
    try daemon.pass(.seconds(6))
    try market.price("BTCUSDT", "64100")
    #expect(try daemon.status()["price_source"] == "rest")
    let before = try asked(market)
    try trade(daemon, Wish("after", ["price": "64100"]), "after")
    #expect(try asked(market) == before + 1)
    #expect(try daemon.quote("after") == "64100")
  }

  @Test
  func `a symbol that is not pushed is looked up, and the others are not`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    try market.faults(FaultRule.stream("market", "stream_refuse", ["symbol": "ETHUSDT"]))
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.process.line(with: "level=notice", "does not push", "@ETHUSDT", "check risk.symbols")
    try daemon.until(
      "the others",
      holds: {
        try daemon.streams("market").first?["subscriptions"] == 3
      })
    #expect(try daemon.streams("market").first?["refused"] == 1)
    try daemon.pass(.milliseconds(300))
    let before = try asked(market)
    try trade(daemon, Wish("pushed"), "pushed")
    #expect(try asked(market) == before)
    try trade(
      daemon, Wish("asked", ["symbol": "ETHUSDT", "price": "3200", "quantity": "0.01"]), "asked")
    #expect(try asked(market) == before + 1)
    #expect(try daemon.status()["problems"] == [])
  }

  @Test
  func `forty symbols are pushed over two connections`() throws {
    let scratch = try Scratch()
    let names = (0..<40).map { "COIN\($0)USDT" }
    let rows = names.map { name in
      #"{"symbol": "\#(name)", "baseAsset": "\#(name.dropLast(4))", "quoteAsset": "USDT", "#
        + #""quotePrecision": 4, "quoteAssetPrecision": 4, "price": "0.5"}"#
    }
    let file = try scratch.write("symbols.json", "[\(rows.joined(separator: ","))]")
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--symbols", file])
    let daemon = try DaemonUnderTest.trading(market) {
      $0["risk.symbols"] = .array(names.map { .string($0) })
    }
    try daemon.waitForPushedPrices()
    try daemon.waitForAccountStream()
    #expect(try market.ledger().opened("market") == 2)
    #expect(try market.ledger().stream("subscriptions") == 40 + 3)
    let counts = try daemon.streams("market").compactMap { $0["subscriptions"]?.numberValue }
    #expect(counts.sorted() == ["10", "30"])
    try trade(
      daemon,
      Wish("last", ["symbol": "COIN39USDT", "price": "0.5001", "quantity": "100"]), "last")
    #expect(try asked(market) == 0)
    #expect(try daemon.quote("last") == "0.5001")
  }

  @Test
  func `with the stream alone a signal waits for a pushed price`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["price.source"] = "stream" }
    try market.faults(FaultRule.stream("market", "stream_lose"))
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.until("subscriptions", holds: { try daemon.isOpen("market") })
    #expect(try daemon.submit(Wish("waits").text)["code"] == "accepted")
    try daemon.pass(.seconds(1))
    #expect(try daemon.orderStatus("waits") == "new")
    let reason = try daemon.explain("waits")["waits_for"]?.stringValue ?? ""
    #expect(reason.hasPrefix("a price young enough by the stream: "), "\(reason)")
    try market.faults()
    try daemon.waitForOrder("waits", "filled")
    #expect(try asked(market) == 0)
    #expect(try daemon.quote("waits") == "64000.01")
  }

  @Test
  func `with the stream alone its loss is a problem, with the way out`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market) { $0["price.source"] = "stream" }
    try daemon.until(
      "a problem",
      holds: {
        let problem = try daemon.status()["problems"]?.arrayValue?.first
        return problem?["message"]?.stringValue?.contains("price.source is \"stream\"") == true
          && problem?["advice"]?.stringValue?.contains("exchange.stream_url") == true
      })
    #expect(try daemon.operate("status").status == 1)
    try daemon.process.line(
      with: "level=warning", "the price stream cannot be connected; orders wait for a pushed price")
  }

  @Test
  func `with the stream alone its silence is a problem, and the reason of what expires`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market) { $0["price.source"] = "stream" }
    try daemon.waitForPushedPrices()
    #expect(try daemon.status()["problems"] == [])
    try market.faults(FaultRule.stream("market", "stream_silent"))
    try daemon.until("silence", holds: { try daemon.status()["price_source"] == "none" })
    let problem = try daemon.status()["problems"]?.arrayValue?.first
    #expect(
      problem?["message"]?.stringValue?.hasPrefix("no current price of ") == true,
      "\(problem ?? .null)")
    #expect(try daemon.operate("status").status == 1)
    try daemon.drop("waits.json", Wish("waits", ["ttl_seconds": 2]).text)
    #expect(try daemon.waitForOutcome("waits.json").code == "price_unavailable")
    #expect(try asked(market) == 0)
  }

  @Test
  func `with look-ups alone no connection is made for prices`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["price.source"] = "rest" }
    try daemon.waitForAccountStream()
    try trade(daemon, Wish("asked"), "asked")
    #expect(try asked(market) == 1)
    #expect(try market.ledger().opened("market") == 0)
    #expect(try daemon.streams("market").map { $0["state"] } == ["off"])
    #expect(try daemon.status()["price_source"] == "rest")
  }

  @Test
  func `a reload of the price source takes effect`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market) { $0["price.source"] = "rest" }
    for (source, line) in [("auto", 1), ("rest", 2), ("stream", 3)] {
      daemon.settings["price.source"] = .string(source)
      try daemon.writeConfiguration()
      try daemon.process.signal(1)
      try daemon.until(
        "a reload",
        holds: {
          daemon.journal.count { $0.contains("the configuration is reloaded") } == line
        })
      let before = try asked(market)
      if source == "rest" {
        // What was pushed before is good for so long.
        try daemon.pass(.milliseconds(2_100))
      } else {
        try daemon.waitForPushedPrices()
      }
      try trade(daemon, Wish(source), source)
      #expect(try asked(market) == before + (source == "rest" ? 1 : 0))
    }
  }

  @Test
  func `the interval of pushes is as configured`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["price.stream_interval_ms"] = 10 }
    try daemon.waitForPushedPrices()
    let pushes = try market.ledger().document["counts"]?["streams"]?["pushes"]?.objectValue ?? []
    #expect(!pushes.isEmpty)
    #expect(
      pushes.allSatisfy { $0.name.hasPrefix("spot@public.aggre.bookTicker.v3.api.pb@10ms@") })
  }

  @Test
  func `the streams may be elsewhere than the REST service`() throws {
    let market = try SimulatedMarket()
    let other = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["exchange.stream_url"] = .string(other.url.replacing("http", with: "ws") + "/ws")
    }
    try daemon.waitForPushedPrices()
    #expect(try market.ledger().opened("market") == 0)
    #expect(try other.ledger().opened("market") == 1)
  }

  /// On a connection that was quiet for longer it would wait for a new one.
  @Test
  func `after a quiet time an order leaves on a connection that has just answered`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.waitForPushedPrices()
    let route = "GET /api/v3/time"
    let before = try market.ledger().requests(route)
    try daemon.until("two proofs", holds: { try market.ledger().requests(route) >= before + 2 })
    let connected = { daemon.journal.count { $0.contains("exchange connection: connected to") } }
    let made = connected()
    #expect(made >= 2)
    try trade(daemon, Wish("late"), "late")
    #expect(connected() == made)
  }
}
