import Domain
import Execution
import Testing

/// A look may tell that an order is over before it tells every fill.
@Suite struct LaggingEndTests {
  private let exchange = FakeExchange()
  private let name = clientOrderID(of: signalID("a")).text

  private func told(_ harness: EngineHarness, _ quantity: String) {
    harness.apply(.accountStream(.traded(name, decimal(quantity))))
  }

  /// An order that the exchange cancelled, and of whose fill only the stream has told.
  private func canceledBehindItsFill(_ harness: EngineHarness) {
    harness.submit(limit("a"))
    harness.settle()
    told(harness, "0.4")
    exchange.fill(0, to: "0", .canceled)
  }

  @Test(arguments: [OrderReport.Status.canceled, .partiallyCanceled, .filled])
  func `a pushed fill is waited for where a look tells the end first`(
    status: OrderReport.Status
  ) {
    let harness = EngineHarness.connected(exchange)
    harness.submit(limit("a"))
    harness.settle()
    told(harness, "0.2")
    told(harness, "0.2")
    exchange.fill(0, to: status == .canceled ? "0" : "0.2", status)
    harness.advance(by: .milliseconds(1_100))
    #expect(harness.status("a") == .open)
    exchange.fill(0, to: "0.4", .partiallyCanceled)
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == .partiallyCanceled)
    #expect(harness.outcome("a")?.order.executedQuantity == decimal("0.4"))
    #expect(harness.requests(\.isLook).count == 2)
    harness.checkStore()
  }

  @Test func `the same in a list`() {
    let harness = EngineHarness.connected(exchange)
    for index in 0..<8 { harness.submit(limit("o\(index)")) }
    harness.settle()
    harness.apply(
      .accountStream(.traded(clientOrderID(of: signalID("o3")).text, decimal("0.4"))))
    exchange.fill(3, to: "0", .canceled)
    harness.apply(.accountStream(.lost("reset")))
    harness.settle()
    #expect(harness.requests(\.isRecentOrders).count == 1)
    #expect(harness.status("o3") == .open)
    exchange.fill(3, to: "0.4", .partiallyCanceled)
    harness.advance(by: .seconds(5))
    #expect(harness.order("o3")?.executedQuantity == decimal("0.4"))
    #expect(harness.status("o3") == .partiallyCanceled)
  }

  @Test func `looks that go on without a fill for fifteen seconds are believed`() {
    let harness = EngineHarness.connected(exchange)
    canceledBehindItsFill(harness)
    harness.advance(by: .seconds(15))
    #expect(harness.status("a") == .open)
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .canceled)
    #expect(harness.requests(\.isLook).count == 5)
  }

  /// More than was ordered cannot be missing.
  @Test func `a fill that was pushed twice does not hold up the end of a filled order`() {
    let harness = EngineHarness.connected(exchange)
    harness.submit(limit("a"))
    harness.settle()
    told(harness, "1")
    told(harness, "1")
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .milliseconds(1_100))
    #expect(harness.status("a") == .filled)
  }

  @Test func `an order whose answer was lost is not over before its fill is seen`() {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { [exchange] dispatch, _ in
      guard let request = dispatch.request.orderRequest else { return nil }
      exchange.accept(request)
      return .answer(.failed(.noAnswer("time out")))
    }
    canceledBehindItsFill(harness)
    harness.advance(by: .milliseconds(1_100))
    #expect(harness.status("a") == .open)
    exchange.fill(0, to: "0.4", .partiallyCanceled)
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == .partiallyCanceled)
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    harness.checkStore()
  }

  enum Contradiction: CaseIterable {
    case partialCancelOfNothing, cancelAtNoPrice, fillAtNoPrice

    func callAsFunction(_ report: inout OrderReport) {
      switch self {
      case .partialCancelOfNothing: report.status = .partiallyCanceled
      case .cancelAtNoPrice:
        (report.status, report.executedQuantity) = (.partiallyCanceled, decimal("0.4"))
      case .fillAtNoPrice: (report.status, report.executedQuantity) = (.filled, decimal("1"))
      }
    }
  }

  @Test(arguments: Contradiction.allCases)
  func `an end that contradicts itself is looked up again, and said when it stays`(
    _ contradiction: Contradiction
  ) {
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a"))
    harness.settle()
    contradiction(&exchange.ledger[0])
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.executedQuantity == .zero)
    #expect(harness.logs.count { $0.message.contains("that is not believed") } == 1)
    exchange.fill(0, to: "0.4", .partiallyCanceled)
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .partiallyCanceled)
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    harness.checkStore()
  }
}
