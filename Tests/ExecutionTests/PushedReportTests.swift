import Domain
import Execution
import Testing

/// What the exchange says of orders by itself.
@Suite struct PushedReportTests {
  /// An order that the exchange has.
  private func working() -> EngineHarness {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    return harness
  }

  @Test func `a pushed report of ours is as good as a look`() {
    let harness = working()
    harness.exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.apply(.execution(harness.exchange.ledger[0]))
    #expect(harness.status("a") == .partiallyFilled)
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    harness.exchange.fill(0, to: "1", .filled)
    harness.apply(.execution(harness.exchange.ledger[0]))
    #expect(harness.status("a") == .filled)
    #expect(harness.outcome("a")?.code == .accepted)
    #expect(harness.outcomes.count == 1)
    #expect(harness.engine.liveOrders.isEmpty)
    harness.checkStore()
  }

  @Test func `fills are not counted twice, whichever of push and poll comes first`() {
    let harness = working()
    harness.exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.apply(.execution(harness.exchange.ledger[0]))
    let events = harness.store.history(of: key("a")).count
    // The poll says the same, and a copy of the push comes late.
    harness.advance(by: .seconds(2))
    harness.apply(.execution(harness.exchange.ledger[0]))
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    #expect(harness.store.history(of: key("a")).count == events)
    // A push that is older than what was read takes nothing back.
    var stale = harness.exchange.ledger[0]
    harness.exchange.fill(0, to: "0.7", .partiallyFilled)
    harness.advance(by: .seconds(20))
    #expect(harness.order("a")?.executedQuantity == decimal("0.7"))
    stale.status = .open
    harness.apply(.execution(stale))
    #expect(harness.order("a")?.executedQuantity == decimal("0.7"))
    #expect(harness.status("a") == .partiallyFilled)
    harness.checkStore()
  }

  @Test(arguments: [OrderReport.Status.canceled, .partiallyCanceled])
  func `an end with fewer fills than were told of has the order looked up`(
    status: OrderReport.Status
  ) {
    let harness = working()
    harness.exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.apply(.execution(harness.exchange.ledger[0]))
    harness.exchange.fill(0, to: "0.4", .partiallyCanceled)
    var report = harness.exchange.ledger[0]
    (report.status, report.executedQuantity, report.executedQuote) = (status, .zero, .zero)
    let looks = harness.requests(\.isLook).count
    harness.apply(.execution(report))
    #expect(harness.status("a") == .partiallyFilled)
    harness.advance(by: .milliseconds(100))
    #expect(harness.requests(\.isLook).count == looks + 1)
    #expect(harness.status("a") == .partiallyCanceled)
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
  }

  @Test func `a report of somebody else's order is ignored`() {
    let harness = working()
    var report = harness.exchange.ledger[0]
    report.status = .filled
    report.executedQuantity = decimal("1")
    let before = harness.store.events.count
    for name in ["stranger", nil, "sga2"] as [String?] {
      report.clientOrderID = name
      harness.apply(.execution(report))
    }
    #expect(harness.store.events.count == before)
    #expect(harness.status("a") == .open)
  }

  @Test func `a report of our name that is not our order halts trading`() {
    let harness = working()
    var report = harness.exchange.ledger[0]
    report.orderID = "E9"
    harness.apply(.execution(report))
    #expect(harness.engine.halt != nil)
    #expect(harness.status("a") == .open)
  }

  @Test func `a report that comes before the answer to the placement is enough`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .submitted)
    let report = harness.exchange.accept(harness.placements[0].request.orderRequest ?? request("a"))
    harness.apply(.execution(report))
    #expect(harness.status("a") == .open)
    #expect(harness.hasLog(.info, "placed"))
    #expect(!harness.hasLog(.info, "the order was found"))
    let warnings = harness.logs.count { $0.level == .warning }
    harness.answer(harness.held[0], .placed(orderID: report.orderID))
    #expect(harness.status("a") == .open)
    #expect(harness.logs.count { $0.level == .warning } == warnings)
    #expect(!harness.engine.hasPlacementOutstanding)
    harness.checkStore()
  }

  @Test func `an answer that names another order than the report halts trading`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    let report = harness.exchange.accept(harness.placements[0].request.orderRequest ?? request("a"))
    harness.apply(.execution(report))
    harness.answer(harness.held[0], .placed(orderID: "E9"))
    #expect(harness.engine.halt?.reason.contains("E9") == true)
    #expect(harness.order("a")?.orderID == report.orderID)
  }

  @Test func `an answer that is lost after the report came leaves no doubt`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    let report = harness.exchange.accept(harness.placements[0].request.orderRequest ?? request("a"))
    harness.apply(.execution(report))
    harness.answer(harness.held[0], .failed(.noAnswer("timed out")))
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 1)
    #expect(harness.doubts.isEmpty)
    harness.checkStore()
  }

  @Test func `a report settles an order whose outcome is unknown`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("timed out"))) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .unknown)
    var report = harness.exchange.accept(harness.placements[0].request.orderRequest ?? request("a"))
    report.status = .filled
    report.executedQuantity = decimal("1")
    report.executedQuote = decimal("100")
    harness.apply(.execution(report))
    #expect(harness.status("a") == .filled)
    #expect(harness.outcome("a")?.code == .accepted)
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }
}
