import Domain
import Execution
import JSON
import Testing

/// Answers to a placement that do not come, or prove nothing: the order is never sent again, and the
/// record says in the end what became of it.
struct LostAnswerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// The fault of the first placement, in the words of a fault plan.
    let fault: String
    /// What the record says in the end.
    let status: String
    /// Orders that the exchange has.
    var orders = 1

    var testDescription: String { fault }

    var rules: [String] {
      fault.split(separator: "+").map {
        "{\"route\": \"POST /api/v3/order\", \"next\": 1, \($0.trimmingPrefix(" "))}"
      }
    }
  }

  /// The verdict "not found" comes after the window and the settle time.
  private static func shortWaits(_ settings: inout Settings) {
    settings["exchange.recv_window_ms"] = 2_000
    settings["exchange.settle_seconds"] = 1
  }

  private static func place(_ test: Case, _ daemon: DaemonUnderTest) throws {
    let market = try #require(daemon.market)
    try market.admin(
      "POST faults", body: "{\"rules\": [\(test.rules.joined(separator: ", "))]}")
    #expect(try daemon.submit(Wish("doubtful").text)["code"] == "accepted")
  }

  private static func checkTruth(_ test: Case, _ daemon: DaemonUnderTest) throws {
    let ledger = try #require(daemon.market).ledger()
    let story = try daemon.explain("doubtful")
    let name = try #require(story["order"]?["client_order_id"]?.stringValue)
    #expect(ledger.orders(name).count == test.orders)
    #expect(ledger.placements == 1, "it was sent once")
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(story["order"]?["attempt"] == 1)
    if test.status == "filled" {
      #expect(story["signal"]?["decision"] == "accepted")
      #expect(story["order"]?["order_id"] == ledger.orders(name).first?["order_id"])
      #expect(story["order"]?["executed_quantity"] == "0.001")
      #expect(story["order"]?["average_price"] == "64000")
    }
  }

  // MARK: Killed before the answer

  static let kills = [
    Case(fault: "\"fault\": \"late\", \"delay_ms\": 60000", status: "filled"),
    // Within the receive window, so that the exchange still takes it after the daemon's death.
    Case(
      fault: "\"fault\": \"late\", \"delay_ms\": 1000, \"process\": \"after\"", status: "filled"),
    Case(
      fault: "\"fault\": \"late\", \"delay_ms\": 60000, \"process\": \"after\"",
      status: "not_found", orders: 0),
    Case(fault: "\"fault\": \"lost_after\"", status: "filled"),
    Case(fault: "\"fault\": \"lost_after\", \"how\": \"reset\"", status: "filled"),
    Case(fault: "\"fault\": \"lost_before\"", status: "not_found", orders: 0),
    Case(fault: "\"fault\": \"error_after\", \"status\": 502", status: "filled"),
    Case(fault: "\"fault\": \"error_before\", \"status\": 500", status: "not_found", orders: 0),
    Case(
      fault: "\"fault\": \"hidden\", \"for_ms\": 1500 + \"fault\": \"lost_after\"",
      status: "filled"),
    Case(fault: "\"fault\": \"hidden\" + \"fault\": \"lost_after\"", status: "not_found"),
  ]

  @Test(arguments: kills)
  func `a kill between arming and the answer`(_ test: Case) throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try Self.place(test, daemon)
    try daemon.until("the placement to arrive", holds: { try market.ledger().placements == 1 })
    try daemon.kill9()
    try daemon.start()
    try daemon.waitForOrder("doubtful", test.status)
    try Self.checkTruth(test, daemon)
    if test.status == "not_found" { try resolve(daemon) }
  }

  /// A not-found order pauses its symbol and no other, until the operator has spoken.
  private func resolve(_ daemon: DaemonUnderTest) throws {
    try daemon.process.line(with: "level=error", "not found", "doubtful", "resolve")
    let refused = try daemon.submit(Wish("paused").text)
    #expect(refused["code"] == "halted", "\(refused)")
    try daemon.waitForTrading()
    let ether: KeyValuePairs<String, JSONValue?> = [
      "symbol": "ETHUSDT", "price": "3200", "quantity": "0.01",
    ]
    #expect(try daemon.submit(Wish("other", ether).text)["code"] == "accepted")
    try daemon.waitForOrder("other", "filled")

    let answer = try daemon.operate("resolve", "doubtful", "--not-placed")
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(try daemon.submit(Wish("resumed").text)["code"] == "accepted")
    try daemon.waitForOrder("resumed", "filled")
    #expect(try daemon.orderStatus("doubtful") == "not_found")
  }

  /// The exchange shows an order only after the verdict: the late find wins.
  @Test
  func `a late find wins over not found`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try Self.place(
      Case(
        fault: "\"fault\": \"hidden\", \"for_ms\": 10000 + \"fault\": \"lost_after\"",
        status: "filled"), daemon)
    try daemon.waitForOrder("doubtful", "not_found")
    let order = try #require(try market.ledger().orders.first?["order_id"]?.stringValue)
    // The operator's word is verified at the exchange, which does not show the order yet.
    let early = try daemon.operate("resolve", "doubtful", "--placed", order)
    #expect(early.status == 1)
    #expect(early.errors.contains("does not confirm"), "\(early.errors)")
    // A start looks at once at what is watched.
    try daemon.until("the order to be found") { () throws -> Bool? in
      if try daemon.orderStatus("doubtful") == "filled" { return true }
      _ = try daemon.operate("resolve", "doubtful", "--placed", order)
      return nil
    }
    try daemon.process.line(with: "level=error", "counted as not placed")
    try Self.checkTruth(Case(fault: "", status: "filled"), daemon)
    #expect(try daemon.submit(Wish("resumed").text)["code"] == "accepted")
    try daemon.waitForOrder("resumed", "filled")
  }

  // MARK: Answers that prove nothing

  static let answers = [
    Case(fault: "\"fault\": \"truncated\", \"at_byte\": 0", status: "filled"),
    Case(fault: "\"fault\": \"truncated\", \"at_byte\": 17", status: "filled"),
    Case(fault: "\"fault\": \"truncated\", \"at_byte\": 150", status: "filled"),
    Case(fault: "\"fault\": \"garbage\"", status: "filled"),
    Case(fault: "\"fault\": \"empty\"", status: "filled"),
    Case(fault: "\"fault\": \"error_before\"", status: "not_found", orders: 0),
    Case(fault: "\"fault\": \"error_after\"", status: "filled"),
    Case(fault: "\"fault\": \"lost_before\", \"how\": \"reset\"", status: "not_found", orders: 0),
    Case(fault: "\"fault\": \"lost_after\"", status: "filled"),
    Case(fault: "\"fault\": \"extra\"", status: "filled"),
    Case(fault: "\"fault\": \"trickle\", \"piece\": 3, \"interval_ms\": 1", status: "filled"),
    Case(fault: "\"fault\": \"redirect\"", status: "not_found", orders: 0),
    Case(fault: "\"fault\": \"wrong_echo\"", status: "filled"),
    Case(fault: "\"fault\": \"late\", \"delay_ms\": 700", status: "filled"),
    Case(fault: "\"fault\": \"hidden\", \"for_ms\": 1200", status: "filled"),
  ]

  @Test(arguments: answers)
  func `an answer that proves nothing`(_ test: Case) throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try Self.place(test, daemon)
    // The connection that brought it, and those beside it, still serve others rightly.
    let ether: KeyValuePairs<String, JSONValue?> = [
      "symbol": "ETHUSDT", "price": "3200", "quantity": "0.01",
    ]
    try daemon.waitForOrder("doubtful", test.status)
    try Self.checkTruth(test, daemon)
    #expect(try daemon.submit(Wish("next", ether).text)["code"] == "accepted")
    try daemon.waitForOrder("next", "filled")
    #expect(try daemon.status()["unknown"] == 0)
    #expect(try daemon.stop() == .exited(0))
  }

  /// A firewall's page: nothing more is sent to where it came from, and the order stays unknown.
  @Test
  func `the firewall's page means a back-off`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market, Self.shortWaits)
    try Self.place(Case(fault: "\"fault\": \"forbidden\"", status: "unknown"), daemon)
    try daemon.process.line(with: "outcome is unknown", "doubtful")
    try daemon.process.line(with: "firewall refuses this machine", "wait_ms=60000")
    #expect(try daemon.orderStatus("doubtful") == "unknown")
    let requests = try market.ledger().count("requests")
    #expect(try daemon.submit(Wish("short", ["ttl_seconds": 5]).text)["code"] == "rate_limited")
    #expect(try market.ledger().count("requests") == requests)
    #expect(try market.ledger().orders.isEmpty)
    #expect(try daemon.stop() == .exited(0))
  }
}
