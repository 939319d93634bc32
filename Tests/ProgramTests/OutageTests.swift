import Domain
import Glibc
import JSON
import Platform
import Testing

/// The exchange out of reach: signals are taken and wait, and whoever waits too long is told so.
@Suite(.serialized)
struct OutageTests {
  @Test
  func `a start without the exchange`() throws {
    let market = try SimulatedMarket()
    try market.stop()
    let daemon = try DaemonUnderTest(market)
    try daemon.start()
    try waitOut(daemon, during: "outage")
    #expect(try daemon.status()["trading_open"] == false)
    try market.start()
    #expect(try daemon.waitForOutcome("patient-outage.json").status == "filled")
    #expect(try market.ledger().orders.count == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  @Test
  func `an outage in the middle`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    try market.stop()
    try waitOut(daemon, during: "outage")
    try market.start()
    #expect(try daemon.waitForOutcome("patient-outage.json").status == "filled")
    #expect(try daemon.submit(Wish("after").text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
    #expect(try market.ledger().orders.count == 2)
    #expect(daemon.lives.count == 1)
  }

  /// Connections are taken, and nothing is answered; a resting order is followed afterwards.
  @Test
  func `an exchange that hangs`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish.resting("resting").text)["code"] == "accepted")
    try daemon.waitForOrder("resting", "open")
    market.freeze()
    try waitOut(daemon, during: "hang")
    market.thaw()
    #expect(try daemon.waitForOutcome("patient-hang.json").status == "filled")
    try market.price("BTCUSDT", "63900")
    try daemon.waitForOrder("resting", "filled")
    let ledger = try market.ledger()
    #expect(ledger.orders.count == 2)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
  }

  /// A symbol whose price nobody has asked for yet.
  private static func wish(_ id: String, _ seconds: JSONValue) -> Wish {
    Wish(
      id,
      [
        "symbol": "ETHUSDT", "price": "3200", "quantity": "0.01", "ttl_seconds": seconds,
      ])
  }

  /// One signal that outlives the outage and one that does not. The daemon is at rest meanwhile.
  private func waitOut(_ daemon: DaemonUnderTest, during what: String) throws {
    let turns = try daemon.loopTurns
    try daemon.drop("patient-\(what).json", Self.wish("patient-\(what)", 600).text)
    let hasty = Self.wish("hasty-\(what)", 3).text
    #expect(try daemon.submit(hasty)["code"] == "accepted")
    // Not by asking: questions cost it something, too.
    try daemon.process.line(with: "denied: it expired", "hasty-\(what)")
    let turned = try daemon.loopTurns - turns
    #expect(turned < DaemonUnderTest.turnsAtRest)
    #expect(try daemon.orderStatus("hasty-\(what)") == "expired")
    #expect(try daemon.explain("hasty-\(what)")["signal"]?["decision"] == "expired")
    #expect(try daemon.orderStatus("patient-\(what)") == "new")
  }
}
