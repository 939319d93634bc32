import Domain
import Execution
import Testing

/// What the stream of the account's orders tells, and what it leaves open: a look closes it.
@Suite struct UnexplainedReportTests {
  private let exchange = FakeExchange()

  private func connected() -> EngineHarness { .connected(exchange) }

  private func looks(_ harness: EngineHarness) -> Int { harness.requests(\.isLook).count }

  @Test func `a report that contradicts itself leads to a look`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    exchange.fill(0, to: "0.4", .partiallyFilled)
    var report = exchange.ledger[0]
    report.status = .filled
    harness.apply(.execution(report))
    report = exchange.ledger[0]
    report.executedQuote = .zero
    harness.apply(.execution(report))
    #expect(harness.order("a")?.executedQuantity == .zero)
    harness.advance(by: .seconds(1))
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    #expect(harness.status("a") == .partiallyFilled)
    #expect(looks(harness) == 2)
  }

  /// The look's answer may have been made before.
  @Test func `what is told during a look is looked at after it`() {
    let harness = connected()
    harness.submit(limit("a"))
    exchange.script = { dispatch, _ in dispatch.request.isLook ? .hold : nil }
    harness.advance(by: .seconds(6))
    let look = harness.held[0]
    let before = exchange.ledger[0]
    exchange.fill(0, to: "1", .filled)
    harness.apply(.accountStream(.traded(clientOrderID(of: signalID("a")).text, decimal("1"))))
    exchange.script = { _, _ in nil }
    harness.answer(look, .order(before))
    #expect(harness.status("a") == .open)
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .filled)
  }

  @Test func `a report that does not hold every fill spares no look`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    let name = clientOrderID(of: signalID("a")).text
    exchange.fill(0, to: "0.4", .partiallyFilled)
    let part = exchange.ledger[0]
    exchange.fill(0, to: "1", .filled)
    for quantity in ["0.4", "0.6"] {
      harness.apply(.accountStream(.traded(name, decimal(quantity))))
    }
    harness.apply(.execution(part))
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    harness.advance(by: .milliseconds(1_100))
    #expect(harness.status("a") == .filled)
  }

  @Test func `a report that holds every fill spares the look`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    let name = clientOrderID(of: signalID("a")).text
    for _ in 0..<2 { harness.apply(.accountStream(.traded(name, decimal("0.2")))) }
    exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.apply(.execution(exchange.ledger[0]))
    harness.advance(by: .seconds(4))
    #expect(looks(harness) == 0)
  }

  @Test func `a fill that a report held before it was told of needs no look`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(6))
    let before = looks(harness)
    for total in ["0.2", "0.4", "0.6", "0.8"] {
      exchange.fill(0, to: total, .partiallyFilled)
      harness.apply(.execution(exchange.ledger[0]))
      harness.apply(
        .accountStream(.traded(clientOrderID(of: signalID("a")).text, decimal("0.2"))))
      harness.advance(by: .seconds(2))
    }
    #expect(looks(harness) == before)
  }

  /// What about a report cannot be of the order that has its order id.
  enum Garbling: CaseIterable {
    case price, quantity, symbol, side

    func callAsFunction(_ report: inout OrderReport) {
      switch self {
      case .price: report.price = decimal("90")
      case .quantity: report.quantity = decimal("0.5")
      case .symbol: report.symbol = eth
      case .side: report.side = .sell
      }
    }
  }

  @Test(arguments: Garbling.allCases)
  func `a garbled report of a known order leads to a look`(_ garble: Garbling) {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    exchange.fill(0, to: "0.4", .partiallyFilled)
    var report = exchange.ledger[0]
    garble(&report)
    harness.apply(.execution(report))
    #expect(harness.order("a")?.executedQuantity == .zero)
    harness.settle()
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    #expect(looks(harness) == 1)
    #expect(harness.engine.halt == nil)
  }

  @Test(arguments: Garbling.allCases)
  func `trading halts when the look shows what the garbled report said`(_ garble: Garbling) {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    garble(&exchange.ledger[0])
    harness.apply(.execution(exchange.ledger[0]))
    #expect(harness.engine.halt == nil)
    harness.settle()
    #expect(harness.engine.halt?.reason.contains("it was not made by this daemon") == true)
  }

  @Test(arguments: [nil, "1.5"] as [String?])
  func `a fill beyond belief is looked up at once`(_ quantity: String?) {
    let harness = connected()
    harness.submit(quantity == nil ? market("a", amount: .base(decimal("1"))) : limit("a"))
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .open)
    exchange.fill(0, to: "1", .filled)
    var report = exchange.ledger[0]
    report.executedQuantity = quantity.map { decimal($0) } ?? .zero
    report.executedQuote = report.executedQuantity
    harness.apply(.execution(report))
    #expect(harness.status("a") == .open)
    harness.settle()
    #expect(harness.status("a") == .filled)
    #expect(harness.order("a")?.executedQuantity == decimal("1"))
    #expect(looks(harness) == 1)
  }

  /// What only a look explains, told of an order that is filled.
  enum Told: CaseIterable {
    case contradiction, unreadableReport, nothingUnderstood, fill

    func input(_ report: OrderReport) -> Input {
      var report = report
      let name = report.clientOrderID ?? ""
      switch self {
      case .contradiction:
        report.executedQuote = .zero
        return .execution(report)
      case .unreadableReport:
        let row = UnreadableRow(orderID: nil, name: .text(name), reason: "no side")
        return .accountStream(.unreadable(report.symbol, row))
      case .nothingUnderstood: return .accountStream(.notUnderstood)
      case .fill: return .accountStream(.traded(name, report.executedQuantity))
      }
    }
  }

  @Test(arguments: Told.allCases)
  func `what overtakes the answer to the placement is looked up after it`(_ told: Told) {
    let harness = connected()
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    let placement = harness.held[0]
    let report = exchange.accept(placement.request.orderRequest ?? request("a"))
    exchange.fill(0, to: "1", .filled)
    harness.apply(told.input(exchange.ledger[0]))
    #expect(harness.status("a") == .submitted)
    harness.answer(placement, .placed(orderID: report.orderID))
    harness.advance(by: told == .fill ? .seconds(1) : .zero)
    #expect(harness.status("a") == .filled)
    #expect(looks(harness) == 1)
  }

  @Test func `a fill that a look does not show yet is looked for again`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    let name = clientOrderID(of: signalID("a")).text
    harness.apply(.accountStream(.traded(name, decimal("1"))))
    harness.advance(by: .milliseconds(3_500))
    #expect(harness.status("a") == .open)
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .milliseconds(500))
    #expect(harness.status("a") == .filled)
    #expect(looks(harness) == 3)
  }

  @Test func `a fill that was pushed twice costs few looks, and hides no other`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    let name = clientOrderID(of: signalID("a")).text
    exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.apply(.execution(exchange.ledger[0]))
    for _ in 0..<2 { harness.apply(.accountStream(.traded(name, decimal("0.4")))) }
    harness.advance(by: .seconds(30))
    #expect(looks(harness) == 5)
    exchange.fill(0, to: "0.5", .partiallyFilled)
    harness.apply(.accountStream(.traded(name, decimal("0.1"))))
    harness.advance(by: .seconds(1))
    #expect(harness.order("a")?.executedQuantity == decimal("0.5"))
    #expect(looks(harness) == 6)
  }
}
