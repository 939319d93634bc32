import Domain
import Foundation
import JSON
import Platform
import TestKit
import Testing

/// Clocks that are wrong: this machine's, which somebody sets, and the exchange's.
struct MachineFaultClockTests {
  private static let hour = Duration.seconds(3_600)

  /// A daemon that trades, and the clock that it reads.
  private func trading(_ market: SimulatedMarket) throws -> (DaemonUnderTest, SteppedClock) {
    let daemon = try DaemonUnderTest(market)
    let clock = try SteppedClock(daemon.scratch)
    daemon.environment.merge(clock.environment) { $1 }
    try daemon.start()
    try daemon.waitForTrading()
    return (daemon, clock)
  }

  /// A symbol whose price nobody has asked for yet: it waits while the exchange is out of reach.
  private func wish(_ id: String, _ changes: KeyValuePairs<String, JSONValue?> = [:]) -> Wish {
    var wish = Wish(id, changes)
    wish.fields.removeAll { ["symbol", "price", "quantity"].contains($0.0) }
    wish.fields += [("symbol", "ETHUSDT"), ("price", "3200"), ("quantity", "0.01")]
    return wish
  }

  /// The exchange's clock minus the daemon's, in seconds.
  private func offset(_ daemon: DaemonUnderTest) throws -> Int {
    let milliseconds = try #require(try daemon.status()["clock_offset_ms"]?.integerValue)
    return Int((Double(milliseconds) / 1_000).rounded())
  }

  /// The exchange has seen each of these once, and no stamp that it did not like.
  private func expectOrders(_ ids: [String], at market: SimulatedMarket, by daemon: DaemonUnderTest)
    throws
  {
    let ledger = try market.ledger()
    let names = try ids.map { try daemon.explain($0)["order"]?["client_order_id"]?.stringValue }
    #expect(ledger.orders.map { $0["client_order_id"]?.stringValue } == names)
    #expect(ledger.placements == ids.count)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(ledger.count("bad_timestamps") == 0)
  }

  @Test func `a step forward ends the signals that it makes too old`() throws {
    let market = try SimulatedMarket()
    let (daemon, clock) = try trading(market)
    #expect(abs(try offset(daemon)) <= 1)
    try market.stop()
    let answer = try daemon.submit(wish("short", ["ttl_seconds": 600]).text)
    #expect(answer["code"] == "accepted")
    try daemon.drop("file.json", wish("file", ["ttl_seconds": 600]).text)
    try daemon.until("the file being taken", holds: { try daemon.names(in: "active").count == 1 })
    let long = try daemon.submit(wish("long", ["ttl_seconds": 7_200]).text)
    #expect(long["code"] == "accepted")

    try clock.set(ahead: Self.hour)
    let line = try daemon.process.line(with: "level=warning", "this machine's clock was set")
    #expect(line.contains("step_ms=3600") || line.contains("step_ms=3599"), "\(line)")
    #expect(line.contains("check the clock"), "\(line)")
    try daemon.process.line(with: "denied: it expired", "signal_id=short", "code=expired")
    let outcome = try daemon.waitForOutcome("file.json")
    #expect(outcome.code == "expired")
    #expect(outcome.folder == "rejected")
    #expect(try daemon.orderStatus("long") == "new")
    // By its own clock; a producer whose clock is right is an hour behind.
    let past = Clock.wall().advanced(by: .seconds(600)).milliseconds
    let absolute = wish("absolute", ["ttl_seconds": nil, "expires_at": .integer(past)])
    let refused = try daemon.submit(absolute.text)
    #expect(refused["code"] == "expired")
    #expect(refused["message"]?.stringValue?.contains("before it arrived") == true, "\(refused)")

    try market.start()
    try daemon.waitForOrder("long", "filled")
    #expect(try daemon.submit(wish("after", ["ttl_seconds": 60]).text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
    #expect(try daemon.status()["state"] == "active")
    #expect((-3_602 ... -3_598).contains(try offset(daemon)))
    try expectOrders(["long", "after"], at: market, by: daemon)
    #expect(daemon.journal.count { $0.contains("clock was set") } == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  @Test func `a step back gives no signal more time`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let (daemon, clock) = try trading(market)
    try market.stop()
    #expect(try daemon.submit(wish("patient").text)["code"] == "accepted")
    #expect(try daemon.submit(wish("hasty", ["ttl_seconds": 3]).text)["code"] == "accepted")
    try clock.set(ahead: .zero - Self.hour)
    let line = try daemon.process.line(with: "level=warning", "this machine's clock was set")
    #expect(line.contains("step_ms=-3600") || line.contains("step_ms=-3599"), "\(line)")
    // By the civil clock it would live for an hour more, which nobody here waits for.
    try daemon.waitForOrder("hasty", "expired")
    #expect(try daemon.explain("hasty")["signal"]?["decision"] == "expired")
    #expect(try daemon.orderStatus("patient") == "new")

    try market.start()
    try daemon.waitForOrder("patient", "filled")
    #expect((3_598...3_602).contains(try offset(daemon)))
    // And forward again, with the connections and the readings of before.
    try clock.set(ahead: .zero)
    #expect(try daemon.submit(wish("after").text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
    #expect(abs(try offset(daemon)) <= 1)
    try expectOrders(["patient", "after"], at: market, by: daemon)
    #expect(daemon.lives.count == 1)
  }

  /// A machine that starts with the time of yesterday, as one without a battery does.
  @Test func `a start with the clock set back gives no signal more time`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let (daemon, clock) = try trading(market)
    #expect(try daemon.submit(Wish.resting("resting").text)["code"] == "accepted")
    try daemon.waitForOrder("resting", "open")
    market.freeze()
    #expect(try daemon.submit(wish("hasty", ["ttl_seconds": 5]).text)["code"] == "accepted")
    #expect(try daemon.submit(wish("patient").text)["code"] == "accepted")
    try daemon.kill9()
    try clock.set(ahead: .zero - Self.hour)
    try daemon.start()
    try daemon.waitForOrder("hasty", "expired")
    market.thaw()
    try daemon.waitForTrading()
    try daemon.waitForOrder("patient", "filled")
    try market.price("BTCUSDT", "63900")
    try daemon.waitForOrder("resting", "filled")
    #expect((3_598...3_602).contains(try offset(daemon)))
    try expectOrders(["resting", "patient"], at: market, by: daemon)
  }

  // MARK: The exchange's clock

  /// Twice the receive window: a stamp by this machine's clock would be refused.
  @Test(arguments: [10_000, -10_000])
  func `an exchange whose clock is off`(_ milliseconds: Int) throws {
    let market = try SimulatedMarket(
      SimulatedMarket.calm + ["--time-offset-ms", String(milliseconds)])
    let daemon = try DaemonUnderTest.trading(market) {
      $0["exchange.recv_window_ms"] = 5_000
      // With pushed prices the same request proves connections as well.
      $0["price.source"] = "rest"
    }
    let ids = (1...5).map { "signal-\($0)" }
    for id in ids {
      #expect(try daemon.submit(Wish(id).text)["code"] == "accepted")
      try daemon.waitForOrder(id, "filled")
    }
    let seconds = milliseconds / 1_000
    #expect((seconds - 1...seconds + 1).contains(try offset(daemon)))
    try expectOrders(ids, at: market, by: daemon)
    let readings = try market.ledger().requests("GET /api/v3/time")
    #expect((1...4).contains(readings), "\(readings)")
  }

  /// What was read of it is wrong then: a refused stamp has it read again, and the order goes once
  /// more, not for ever.
  @Test(arguments: [10_000, -10_000])
  func `an exchange whose clock jumps`(_ milliseconds: Int) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["exchange.recv_window_ms"] = 5_000 }
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    try market.stop()
    let other = try SimulatedMarket(
      SimulatedMarket.calm + ["--time-offset-ms", String(milliseconds)], port: market.port)
    #expect(try daemon.submit(Wish("after").text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
    let ledger = try other.ledger()
    #expect(ledger.orders.count == 1)
    // The reading of every minute may just have come in between; nobody asks for a third attempt.
    #expect((1...2).contains(ledger.placements))
    #expect(ledger.count("bad_timestamps") <= 2)
    let attempts = try daemon.explain("after")["order"]?["attempt"]?.integerValue
    #expect(attempts == Int64(ledger.placements))
    if ledger.placements == 2 {
      let line = try daemon.process.line(with: "level=warning", "refused the order's timestamp")
      #expect(line.contains("exchange_code=700003"), "\(line)")
    }
    let seconds = milliseconds / 1_000
    #expect((seconds - 1...seconds + 1).contains(try offset(daemon)))
  }
}
