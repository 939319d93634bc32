import Domain
import JSON
import Platform
import Testing

/// Clients that connect and stay have taken every descriptor that the daemon may open.
struct MachineFaultDescriptorTests {
  /// A daemon at rest has about twenty open.
  private static let limit = 48

  @Test func `without a descriptor trading goes on and nobody is forgotten`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest(market)
    daemon.preparation = "ulimit -n \(Self.limit)"
    try daemon.start()
    try daemon.waitForTrading()
    let client = try daemon.connect()
    #expect(try client.ask(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    let readings = ProcessReadings(pid: try daemon.process.pid)
    let turns = try daemon.loopTurns

    var idlers: [SignalClient] = []
    for _ in 0..<2 * Self.limit { idlers.append(try daemon.connect()) }
    let line = try daemon.process.line(with: "level=warning", "signal socket: no further client")
    #expect(line.contains("Too many open files"), "\(line)")
    #expect(line.contains("LimitNOFILE="), "\(line)")
    let waitUntilNoneIsLeft = {
      try daemon.until(
        "no descriptor being left", holds: { try readings.openDescriptors == Self.limit })
    }
    try waitUntilNoneIsLeft()

    // Who was there before is served, and orders leave over the connections that stand.
    #expect(try client.ask(Wish("during").text)["code"] == "accepted")
    try daemon.until("the order", holds: { try market.ledger().orders.count == 2 })
    // The exchange may have closed a connection: a client that waits takes its place.
    try waitUntilNoneIsLeft()
    try daemon.drop("file.json", Wish("file").text)
    let unread = try daemon.process.line(with: "level=error", "cannot be read now", "file.json")
    #expect(unread.contains("Too many open files"), "\(unread)")
    let late = try daemon.connect()
    try late.send(Wish("late").text)
    try rest(daemon, client, market)
    #expect(try daemon.names(in: "incoming") == ["file.json"])
    #expect(daemon.journal.count { $0.contains("signal socket: no further client") } == 1)

    idlers = []
    #expect(try late.answer()["code"] == "accepted")
    #expect(try daemon.waitForOutcome("file.json").status == "filled")
    try daemon.waitForOrder("late", "filled")
    // Nobody could ask while no descriptor was left; each client that comes and goes is some turns.
    let turned = try daemon.loopTurns - turns
    #expect(turned < DaemonUnderTest.turnsAtRest)
    #expect(try daemon.submit(Wish("after").text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
    #expect(try daemon.orderStatus("during") == "filled")
    let ledger = try market.ledger()
    #expect(ledger.orders.count == 5)
    #expect(ledger.placements == 5)
    #expect(daemon.lives.count == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  /// Clients wait, and the daemon lets them: for as long as a signal waits in vain for a price.
  private func rest(
    _ daemon: DaemonUnderTest, _ client: SignalClient, _ market: SimulatedMarket
  ) throws {
    try market.faults(
      """
      {"route": "GET /api/v3/ticker/price", "fault": "error_before", "status": 503}
      """)
    let wish = Wish(
      "hasty", ["symbol": "ETHUSDT", "price": "3200", "quantity": "0.01", "ttl_seconds": 3])
    #expect(try client.ask(wish.text)["code"] == "accepted")
    try daemon.process.line(with: "denied:", "signal_id=hasty")
    try market.faults()
  }
}
