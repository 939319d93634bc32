import Domain
import JSON
import Testing

/// A demand for a back-off while a burst is under way: what has not left yet must stay.
@Suite(.serialized)
struct BackOffOnTheWireTests {
  private static let orders = 40
  /// Two warm connections and four for bursts; one of them carries the demand itself.
  private static let onTheWire = 5

  @Test
  func `a burst of orders stops at the first demand`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + SimulatedMarket.roomy)
    let daemon = try DaemonUnderTest(market) {
      $0["rate_limits.orders_per_second"] = 1_000
      $0["rate_limits.ip_weight"] = 100_000
      $0["rate_limits.uid_weight"] = 100_000
    }
    try daemon.start()
    try daemon.waitForTrading()
    // Every placement takes a while, so that most of them wait for a connection.
    try market.faults(
      #"{"route": "POST /api/v3/order", "fault": "late", "delay_ms": 50, "process": "before"}"#)
    try market.demandBackOff(status: 429, seconds: 1, route: "POST /api/v3/order")
    let client = try daemon.connect()
    for number in 0..<Self.orders { try client.send(Wish("burst-\(number)").text) }
    for _ in 0..<Self.orders { #expect(try client.answer()["code"] == "accepted") }
    for number in 0..<Self.orders { try daemon.waitForOrder("burst-\(number)", "filled") }

    let ledger = try market.ledger()
    #expect(ledger.count("inside_pause") <= Self.onTheWire)
    #expect(ledger.count("sent_though_told") == 0)
    #expect(ledger.count("banned_418") == 0)
    #expect(ledger.count("accepted_orders") == Self.orders)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(try daemon.stop() == .exited(0))
  }
}
