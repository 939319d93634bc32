import Domain
import Execution
import Testing

@Suite struct LifeTests {
  @Test func `a limit order lives from arrival to its fill`() throws {
    let harness = EngineHarness.open()
    let answer = harness.submit(limit("a"))
    #expect(answer?.status == .accepted)
    #expect(answer?.clientOrderID?.text == "sga")
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.placements.count == 1)
    harness.exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .partiallyFilled)
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .filled)
    #expect(harness.outcome("a")?.code == .accepted)
    #expect(harness.outcome("a")?.order.averagePrice == decimal("1"))
    #expect(harness.engine.liveOrders.isEmpty)
    let kinds = harness.store.history(of: key("a")).map(\.kind)
    #expect(
      kinds == [
        "order_created", "order_approved", "order_armed", "order_acknowledged", "order_observed",
        "order_observed",
      ])
    harness.checkStore()
  }
}
