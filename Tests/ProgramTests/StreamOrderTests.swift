import Domain
import JSON
import TestKit
import Testing

/// What the exchange pushes of orders: no look-up is needed, and nothing is believed twice.
struct StreamOrderTests {
  private func trading(_ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.waitForAccountStream()
    try daemon.waitForPushedPrices()
    return daemon
  }

  private func looks(_ market: SimulatedMarket) throws -> Int {
    try market.ledger().requests(Ledger.look)
  }

  /// What the reports in `done/` say was executed, against what the exchange says.
  private func compare(_ daemon: DaemonUnderTest, _ market: SimulatedMarket, _ ids: [String]) throws
  {
    let ledger = try market.ledger()
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(ledger.orders.count == ids.count)
    for id in ids {
      let report = try daemon.waitForOutcome(id + ".json").report
      let name = try #require(report["client_order_id"]?.stringValue)
      let orders = ledger.orders(name)
      #expect(orders.count == 1)
      for key in ["executed_quantity", "executed_quote"] {
        let ours = try FixedDecimal(try #require(report[key]?.stringValue))
        let theirs = try FixedDecimal(try #require(orders.first?[key]?.stringValue))
        #expect(ours == theirs, "\(id): \(key)")
      }
    }
  }

  @Test
  func `the report of a fill needs no look-up`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    for number in 0..<5 { try daemon.drop("a-\(number).json", Wish("a-\(number)").text) }
    for number in 0..<5 {
      #expect(try daemon.waitForOutcome("a-\(number).json").status == "filled")
    }
    #expect(try looks(market) == 0)
    try compare(daemon, market, (0..<5).map { "a-\($0)" })
  }

  @Test
  func `an order that rests is filled by a push`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.drop("rests.json", Wish.resting("rests").text)
    try daemon.waitForOrder("rests", "open")
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("rests.json").status == "filled")
    #expect(try looks(market) == 0)
    try compare(daemon, market, ["rests"])
  }

  @Test
  func `what the account holds is shown while the stream stands`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--balance", "USDT=1000"])
    let daemon = try trading(market)
    #expect(try daemon.status()["balances"] == [])
    try daemon.drop("rests.json", Wish.resting("rests").text)
    try daemon.waitForOrder("rests", "open")
    let balance = try daemon.until("a balance") { try daemon.balance("USDT") }
    let texts = try ["free", "frozen", "received_at"].map { try #require(balance[$0]?.stringValue) }
    // What the order may cost, and a reserve for the fee.
    #expect(try FixedDecimal(texts[1]) > FixedDecimal("63.9"))
    #expect(try FixedDecimal(texts[0]).adding(try FixedDecimal(texts[1])) == FixedDecimal("1000"))
    #expect(
      try daemon.operate("status").output.contains(
        "asset USDT, free \(texts[0]), frozen \(texts[1]), received at \(texts[2])"))
    // The push of the fill is what the connection dies of.
    try market.faults(FaultRule.stream("user", "stream_drop", ["next": 1]))
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("rests.json").status == "filled")
    #expect(try daemon.status()["balances"] == [])
  }

  @Test
  func `where balances are refused, orders are pushed`() throws {
    let market = try SimulatedMarket()
    // All channels at once, then each for itself: balances are asked for last.
    try market.faults(
      FaultRule.stream("user", "stream_refuse", ["nth": 1]),
      FaultRule.stream("user", "stream_refuse", ["nth": 4]))
    let daemon = try trading(market)
    try daemon.process.line(
      with: "level=notice", "does not push spot@private.account.v3.api.pb",
      "check the permissions of the API key")
    try daemon.drop("a.json", Wish("a").text)
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
    #expect(try looks(market) == 0)
    #expect(try daemon.status()["balances"] == [])
  }

  @Test
  func `what happens while the stream is down is found by looks, and counted once`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.drop("rests.json", Wish.resting("rests").text)
    try daemon.waitForOrder("rests", "open")
    // The push of the fill is what the connection dies of.
    try market.faults(FaultRule.stream("user", "stream_drop", ["next": 1]))
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("rests.json").status == "filled")
    #expect(try looks(market) >= 1)
    try daemon.process.line(with: "level=notice", "the account's stream is lost")
    try compare(daemon, market, ["rests"])
    try daemon.until("the stream", holds: { try daemon.isOpen("account") })
  }

  @Test
  func `a dead key is made up for by another key and another connection`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    // An exchange that begins anew knows no key of before.
    try market.stop()
    try market.start()
    try daemon.until("another key", holds: { try market.ledger().stream("listen_keys_made") == 1 })
    try daemon.until("the stream", holds: { try daemon.isOpen("account") })
    let before = try looks(market)
    try daemon.drop("after.json", Wish("after").text)
    #expect(try daemon.waitForOutcome("after.json").status == "filled")
    #expect(try looks(market) == before)
    try compare(daemon, market, ["after"])
  }

  @Test
  func `a listen key that expires is replaced, and no fill is missed`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    let resting = [("first", "63900"), ("second", "63800"), ("third", "63700")]
    for (id, price) in resting {
      try daemon.drop(id + ".json", Wish(id, ["price": .string(price)]).text)
      try daemon.waitForOrder(id, "open")
    }
    #expect(try looks(market) == 0)
    let told = try daemon.process.lines.count
    // The keys die where the fill would be told of; the next one falls into the time without a stream.
    try market.faults(FaultRule.stream("user", "stream_expire", ["next": 1]))
    try market.price("BTCUSDT", "63900")
    try daemon.until("the keys' end", holds: { try market.ledger().faults("stream_expire") == 1 })
    try market.price("BTCUSDT", "63800")
    try daemon.until("another key", holds: { try market.ledger().stream("listen_keys_made") == 2 })
    for id in ["first", "second"] {
      #expect(try daemon.waitForOutcome(id + ".json").status == "filled")
    }
    try daemon.until("the stream", holds: { try daemon.isOpen("account") })
    try daemon.process.line(with: "the account's stream is connected", from: told)
    // Three without the stream, and what still rests once more: nothing told of the time between.
    try daemon.until("the looks", holds: { try looks(market) >= 4 })
    try market.price("BTCUSDT", "63700")
    #expect(try daemon.waitForOutcome("third.json").status == "filled")
    try compare(daemon, market, resting.map(\.0))
  }

  @Test(arguments: ["stream_duplicate", "stream_reorder", "stream_lag", "stream_garbage"])
  func `pushes that come twice, late, in another order or broken count once`(
    _ fault: String
  ) throws {
    let market = try SimulatedMarket(
      SimulatedMarket.calm + SimulatedMarket.roomy + ["--partial-percent", "60"])
    let daemon = try trading(market)
    let rule =
      fault == "stream_lag"
      ? FaultRule.stream("user", fault, ["delay_ms": 300])
      : FaultRule.stream("user", fault, ["probability": .number("0.5")])
    try market.faults(rule)
    let ids = (0..<20).map { "a-\($0)" }
    for id in ids { try daemon.drop(id + ".json", Wish(id).text) }
    for id in ids { #expect(try daemon.waitForOutcome(id + ".json").status == "filled") }
    try compare(daemon, market, ids)
  }

  @Test
  func `a lost push is made up for by the safety look`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try market.faults(FaultRule.stream("user", "stream_lose"))
    try daemon.drop("unheard.json", Wish("unheard").text)
    #expect(try daemon.waitForOutcome("unheard.json").status == "filled")
    #expect(try looks(market) >= 1)
    try compare(daemon, market, ["unheard"])
  }

  /// The answer to the placement is lost, and no look shows the order: the push alone tells of it.
  @Test
  func `an order in doubt is found by a push`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try market.faults(
      #"{"route": "POST /api/v3/order", "next": 1, "fault": "hidden", "for_ms": 600000}"#,
      #"{"route": "POST /api/v3/order", "next": 1, "fault": "lost_after"}"#)
    try daemon.drop("doubtful.json", Wish("doubtful").text)
    #expect(try daemon.waitForOutcome("doubtful.json").status == "filled")
    try compare(daemon, market, ["doubtful"])
  }

  @Test
  func `connections that are cut at random lose and double nothing`() throws {
    let market = try SimulatedMarket(
      SimulatedMarket.calm + SimulatedMarket.roomy + ["--partial-percent", "50"])
    let daemon = try DaemonUnderTest(market) {
      $0["rate_limits.orders_per_second"] = 1_000
      $0["rate_limits.ip_weight"] = 100_000
      $0["rate_limits.uid_weight"] = 100_000
    }
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.waitForAccountStream()
    try market.faults(
      // One of each for sure.
      FaultRule.stream("user", "stream_drop", ["next": .number("1")]),
      FaultRule.stream("market", "stream_drop", ["next": .number("1")]),
      FaultRule.stream("*", "stream_drop", ["probability": .number("0.01")]),
      FaultRule.stream("*", "stream_close", ["probability": .number("0.01")]),
      FaultRule.stream("user", "stream_lose", ["probability": .number("0.02")]),
      FaultRule.stream("user", "stream_duplicate", ["probability": .number("0.1")]),
      FaultRule.stream("user", "stream_reorder", ["probability": .number("0.1")]))
    let ids = (0..<200).map { "a-\($0)" }
    for id in ids { try daemon.drop(id + ".json", Wish(id).text) }
    for id in ids { #expect(try daemon.waitForOutcome(id + ".json").status == "filled") }
    try compare(daemon, market, ids)
    for stream in ["user", "market"] {
      try daemon.until("the \(stream) stream again") {
        try market.ledger().opened(stream) > 1 ? true : nil
      }
    }
  }
}
