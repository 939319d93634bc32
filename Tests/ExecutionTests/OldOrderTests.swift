import Domain
import Execution
import Testing

/// Orders that are older than what the exchange shows.
@Suite struct OldOrderTests {
  private let exchange = FakeExchange()
  private static let week: Duration = .seconds(7 * 24 * 60 * 60)

  @Test(arguments: [refusal(20_002, .query, refuses: false), throttled(.seconds(2))])
  func `an order in doubt that no view can show any more is not found, never rejected`(
    answer: ExchangeAnswer
  ) {
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .answer(answer) : nil }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .unknown)
    harness.restart(after: Self.week + .seconds(24 * 60 * 60))
    harness.advance(by: .seconds(120))
    #expect(harness.status("a") == .notFound)
    #expect(harness.message("a").contains("no longer shows orders of that age"))
    #expect(harness.message("a").contains("more than 6 days"))
    #expect(harness.placements.count == 1)
    #expect(harness.submit(limit("b"))?.code == .halted)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    harness.checkStore()
  }

  @Test func `within the reach of the views a refusal stays one`() {
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(refusal(20_002, .query, refuses: false)) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    harness.restart(after: .seconds(5 * 24 * 60 * 60))
    harness.advance(by: .seconds(120))
    #expect(harness.status("a") == .rejected)
  }

  /// An order that rests for more than a week, of an exchange that shows only younger ones by order id.
  private func resting() -> EngineHarness {
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a"))
    harness.settle()
    harness.restart(after: Self.week + .seconds(3_600))
    exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(noSuchOrder) : nil
    }
    return harness
  }

  private func vanished(_ harness: EngineHarness) -> [LogEntry] {
    harness.logs.filter { $0.message.contains("does not find an order") }
  }

  @Test func `one that rests is seen among the open orders`() {
    let harness = resting()
    harness.advance(by: .seconds(600))
    #expect(harness.status("a") == .open)
    #expect(vanished(harness).isEmpty)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    #expect(harness.engine.isTradingOpen)
    // No more often than by order id.
    #expect((60...70).contains(harness.requests(\.isOpenOrders).count))
    exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.advance(by: .seconds(11))
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    harness.checkStore()
  }

  @Test func `one that is over is said to have vanished, and why`() {
    let harness = resting()
    harness.advance(by: .seconds(60))
    exchange.fill(0, to: "0", .canceled)
    harness.advance(by: .seconds(600))
    #expect(harness.status("a") == .open)
    #expect(vanished(harness).count == 1)
    #expect(vanished(harness).first?.message.contains("more than 6 days old") == true)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.status("a") == .canceled)
    harness.checkStore()
  }

  /// Fills are shown by their own time, however old the order is.
  @Test func `one that is filled unheard is known by its fills`() {
    let harness = resting()
    harness.advance(by: .seconds(60))
    exchange.fill(0, to: "0.4", .partiallyFilled)
    harness.advance(by: .seconds(60))
    #expect(harness.order("a")?.executedQuantity == decimal("0.4"))
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    #expect(harness.order("a")?.executedQuantity == decimal("1"))
    #expect(harness.order("a")?.executedQuote == decimal("100"))
    #expect(vanished(harness).isEmpty)
    harness.checkStore()
  }

  /// What was filled more than a week ago is not shown, and may be the rest.
  @Test func `fills of a part of it prove no end`() {
    let harness = resting()
    harness.advance(by: .seconds(60))
    exchange.fill(0, to: "0.4", .partiallyCanceled)
    harness.advance(by: .seconds(600))
    #expect(harness.status("a") == .open)
    #expect(vanished(harness).count == 1)
    #expect(harness.requests(\.isTrades).count == 12)
    harness.checkStore()
  }

  @Test func `a page of fills that may be cut is no "not filled"`() {
    let harness = resting()
    exchange.script = { dispatch, _ in
      if dispatch.request.isOrder { return .answer(noSuchOrder) }
      return dispatch.request.isTrades ? .answer(.trades([], isCut: true)) : nil
    }
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .open)
    #expect(vanished(harness).isEmpty)
    #expect(harness.hasLog(.warning, "has more trades of that time than the exchange shows"))
  }

  @Test func `fills that cannot be read prove nothing`() {
    let harness = resting()
    exchange.script = { dispatch, _ in
      if dispatch.request.isOrder { return .answer(noSuchOrder) }
      return dispatch.request.isTrades ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .open)
    #expect(vanished(harness).isEmpty)
    exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(noSuchOrder) : nil
    }
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    harness.checkStore()
  }

  @Test func `a list of open orders that fails proves nothing`() {
    let harness = resting()
    exchange.script = { dispatch, _ in
      if dispatch.request.isOrder { return .answer(noSuchOrder) }
      return dispatch.request.isOpenOrders ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .open)
    #expect(vanished(harness).isEmpty)
    #expect(harness.hasLog(.warning, "where the order stands cannot be read: no answer"))
    #expect(harness.requests(\.isOpenOrders).count < 20)
  }
}
