import Domain
import Execution
import Testing

/// What the exchange tells by itself of an order that its views hide: it is there, so that it is neither
/// sent again nor closed as not placed.
@Suite struct ToldOrderTests {
  private let exchange = FakeExchange()
  private let name = clientOrderID(of: signalID("a")).text

  enum Told: CaseIterable {
    case fill, unreadableReport, contradiction

    func input(_ report: OrderReport) -> Input {
      let name = report.clientOrderID ?? ""
      switch self {
      case .fill: return .accountStream(.traded(name, decimal("1")))
      case .unreadableReport:
        let row = UnreadableRow(orderID: nil, name: .text(name), reason: "no side")
        return .accountStream(.unreadable(report.symbol, row))
      case .contradiction:
        var report = report
        (report.status, report.executedQuantity) = (.filled, decimal("1"))
        return .execution(report)
      }
    }
  }

  /// An order that the exchange has, answered so, and that its views hide for a minute.
  private func hidden(_ answer: ExchangeAnswer) -> EngineHarness {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { [exchange] dispatch, now in
      guard let request = dispatch.request.orderRequest else { return nil }
      let isFirst = exchange.ledger.isEmpty
      exchange.accept(request, visibleFrom: now.monotonic.advanced(by: .seconds(120)))
      return isFirst ? .answer(answer) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .unknown)
    return harness
  }

  static let answers = [
    throttled(.seconds(2)), refusal(20_002, .query, refuses: false),
    .failed(.noAnswer("time out")),
  ]

  @Test(arguments: answers, Told.allCases)
  func `it is looked for until a view shows it, and never sent again`(
    _ answer: ExchangeAnswer, _ told: Told
  ) {
    let harness = hidden(answer)
    harness.apply(told.input(exchange.ledger[0]))
    harness.advance(by: .seconds(110))
    #expect(harness.placements.count == 1)
    #expect(harness.status("a") == (told == .contradiction ? .open : .unknown))
    #expect(harness.code("a") == .accepted)
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    #expect(harness.placements.count == 1)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    harness.checkStore()
  }

  @Test(arguments: Told.allCases)
  func `what was told before the answer came counts`(_ told: Told) {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    let placement = harness.held[0]
    exchange.accept(
      placement.request.orderRequest ?? request("a"),
      visibleFrom: harness.now.monotonic.advanced(by: .seconds(60)))
    harness.apply(told.input(exchange.ledger[0]))
    harness.answer(placement, throttled(.seconds(2)))
    harness.advance(by: .seconds(30))
    #expect(harness.placements.count == 1)
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
  }

  /// What an earlier life of this database has sent.
  @Test(arguments: Told.allCases)
  func `an order that has not left does not leave`(_ told: Told) {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    exchange.accept(request("a"), visibleFrom: harness.now.monotonic.advanced(by: .seconds(2)))
    harness.apply(told.input(exchange.ledger[0]))
    exchange.script = { _, _ in nil }
    for price in harness.held {
      harness.answer(price, exchange.answer(to: price.request, at: harness.now))
    }
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(70))
    #expect(harness.placements.isEmpty)
    #expect(harness.status("a") == .filled)
    harness.checkStore()
  }

  @Test func `the search is hastened, by one look a second at most`() {
    let harness = hidden(.failed(.noAnswer("time out")))
    harness.advance(by: .seconds(10))
    let before = harness.requests(\.isOrder).count
    for _ in 0..<20 {
      harness.apply(.accountStream(.notUnderstood))
      harness.advance(by: .milliseconds(100))
    }
    #expect((2...3).contains(harness.requests(\.isOrder).count - before))
    harness.advance(by: .seconds(80))
    #expect(harness.status("a") == .notFound, "it may have been about any order")
  }

  @Test func `the operator can end what no view ever shows`() {
    let harness = hidden(throttled(.seconds(2)))
    exchange.ledger = []
    harness.apply(.accountStream(.traded(name, decimal("1"))))
    harness.advance(by: .seconds(600))
    #expect(harness.status("a") == .unknown)
    let said = harness.logs.filter { $0.message.contains("the exchange's stream told of it") }
    #expect((1...5).contains(said.count))
    #expect(!harness.hasLog(.info, "is known again"))
    let trouble = harness.engine.troubles(at: harness.now).first {
      $0.message.contains("the exchange's stream told of it, and no view shows it")
    }
    #expect(trouble?.advice.contains("resolve a --placed") == true)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.status("a") == .notFound)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.checkStore()
  }

  @Test func `an order that counts as not found is followed when it is told of`() {
    let harness = hidden(.failed(.noAnswer("time out")))
    harness.advance(by: .seconds(70))
    #expect(harness.status("a") == .notFound)
    var report = exchange.ledger[0]
    (report.status, report.executedQuantity) = (.filled, decimal("1"))
    harness.apply(.execution(report))
    #expect(harness.status("a") == .open)
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(70))
    #expect(harness.status("a") == .filled)
    #expect(harness.code("a") == .accepted)
  }

  /// It may be a second attempt that is refused because the first one has spent the money.
  @Test func `a refusal proves nothing of an order that was told of`() {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    harness.apply(.accountStream(.traded(name, decimal("1"))))
    exchange.accept(harness.request("a"))
    exchange.fill(0, to: "1", .filled)
    for dispatch in harness.held where dispatch.isPlacement {
      harness.answer(dispatch, refusal(30_004, .size))
    }
    harness.advance(by: .seconds(20))
    #expect(harness.status("a") == .filled)
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }
}
