import Domain
import Execution
import Testing

@testable import Simulation

/// What the program's own tables make impossible, so that no planted fault gets so far.
@Suite("The oracle")
struct OracleTests {
  private let world = World(Scenario(seed: 1), keepsWords: false)
  private let at = WallTime(milliseconds: 1_767_225_600_000)

  private func event(_ order: Order, _ change: OrderEvent) -> StoreWrite {
    .appendEvent(
      HistoryEvent(at: at, subject: .order(order.key), kind: change.kind, detail: change.detail))
  }

  @Test
  func `an event after an order's end breaks a promise of its own`() throws {
    let oracle = Oracle(world)
    let request = OrderRequest(
      clientOrderID: try #require(ClientOrderID("sgone")),
      symbol: try #require(Symbol(exchangeText: "BTCUSDT")), side: .buy, type: .limit,
      amount: .base(FixedDecimal(1)), price: FixedDecimal(2))
    let order = Order(
      key: OrderKey(signal: try #require(SignalID("s1"))), account: oracle.configuration.account,
      request: request, reservedQuote: nil, at: at)
    oracle.take([
      event(order, .created(request, reservedQuote: nil)),
      event(order, .denied(.expired, "late")),
    ])
    #expect(world.violation == nil)
    oracle.take([event(order, .acknowledged(orderID: "C02__1"))])
    #expect(world.violation?.invariant == .terminalNeverChanges)
  }
}
