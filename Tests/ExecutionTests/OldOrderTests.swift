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
    // Twelve in two minutes, then one a minute.
    #expect(harness.requests(\.isTrades).count == 20)
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
    #expect(harness.hasLog(.warning, "filled in more pieces than the exchange shows at once"))
    // From six days down to some seconds, once a minute.
    harness.advance(by: .seconds(600))
    #expect((150...250).contains(harness.requests(\.isTrades).count))
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
  }

  /// An order that is filled in 250 pieces, `pause` after each other, of an exchange that shows the last
  /// hundred of the time that it is asked for.
  private func filledInPieces(_ pause: Duration) -> EngineHarness {
    let exchange = exchange
    let harness = resting()
    harness.advance(by: .seconds(60))
    exchange.fill(0, to: "1", .filled)
    let end = exchange.time(at: harness.now)
    let pieces = (0..<250).map { place in
      (
        time: end.advanced(by: pause * (place - 250)),
        trade: TradeReport(
          tradeID: "T\(place)", orderID: "E1", clientOrderID: nil, symbol: btc,
          price: decimal("100"), quantity: decimal("0.004"))
      )
    }
    exchange.script = { [unowned exchange] dispatch, now in
      if dispatch.request.isOrder { return .answer(noSuchOrder) }
      guard case .trades(_, _, let since, let until) = dispatch.request else { return nil }
      let last = until ?? exchange.time(at: now)
      let shown = pieces.filter { since <= $0.time && $0.time <= last }.suffix(100)
      return .answer(.trades(shown.map(\.trade), isCut: shown.count == 100))
    }
    return harness
  }

  @Test func `more fills than the exchange shows at once are added up`() {
    let harness = filledInPieces(.seconds(60))
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    #expect(harness.order("a")?.executedQuantity == decimal("1"))
    #expect(harness.order("a")?.executedQuote == decimal("100"))
    #expect(vanished(harness).isEmpty)
    harness.checkStore()
  }

  @Test func `more fills of one moment than the exchange shows prove no end`() {
    let harness = filledInPieces(.zero)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .open)
    #expect(harness.hasLog(.warning, "filled in more pieces than the exchange shows at once"))
    harness.checkStore()
  }

  @Test func `a start does not wait for all parts of such fills`() {
    let harness = filledInPieces(.zero)
    harness.restart(after: .seconds(5))
    harness.advance(by: .seconds(4))
    #expect(harness.status("a") == .open)
    #expect(harness.engine.isTradingOpen)
    harness.advance(by: .seconds(60))
    #expect(harness.requests(\.isTrades).count > 20)
  }

  @Test func `parts that show no whole are asked for once a minute`() {
    let harness = resting()
    harness.advance(by: .seconds(60))
    exchange.fill(0, to: "0.4", .partiallyCanceled)
    exchange.script = { dispatch, _ in
      if dispatch.request.isOrder { return .answer(noSuchOrder) }
      guard case .trades(_, _, _, let until) = dispatch.request else { return nil }
      return .answer(.trades([], isCut: until == nil))
    }
    harness.advance(by: .seconds(630))
    // The whole and its halves each time.
    #expect((30...33).contains(harness.requests(\.isTrades).count))
    harness.checkStore()
  }

  @Test func `one that has vanished can be closed after an answer was lost`() {
    let harness = resting()
    harness.advance(by: .seconds(60))
    exchange.fill(0, to: "0", .canceled)
    harness.advance(by: .seconds(600))
    exchange.script = { dispatch, _ in
      dispatch.request.isOrder || dispatch.request.isOpenOrders
        ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.advance(by: .seconds(30))
    exchange.script = { dispatch, _ in dispatch.request.isOrder ? .answer(noSuchOrder) : nil }
    harness.advance(by: .seconds(60))
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    harness.checkStore()
  }

  /// Each cancel has it looked up at once.
  @Test(arguments: [false, true])
  func `fills that are shown late end an order all the same`(isCancelled: Bool) {
    let harness = resting()
    harness.advance(by: .seconds(60))
    exchange.fill(0, to: "1", .filled)
    exchange.script = { dispatch, _ in
      if dispatch.request.isOrder { return .answer(noSuchOrder) }
      return dispatch.request.isTrades ? .answer(.trades([])) : nil
    }
    if isCancelled { harness.command(.cancel(signalID("a"))) }
    harness.advance(by: .seconds(300))
    #expect(harness.status("a") == .open)
    exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(noSuchOrder) : nil
    }
    harness.advance(by: .seconds(75))
    #expect(harness.status("a") == .filled)
    harness.checkStore()
  }

  /// The operator named an order of the account that is another one's. `isNamed` where the exchange tells
  /// whose fills they are.
  @Test(arguments: [true, false])
  func `fills that bear another order's name prove no end`(isNamed: Bool) {
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      if dispatch.isPlacement { return .answer(.failed(.noAnswer("time out"))) }
      return dispatch.request.isLook ? .answer(refusal(10_007, .skip, refuses: false)) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(20))
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.advance(by: .seconds(20))
    #expect(harness.order("a")?.confirmedByOperator == true)
    let fill = TradeReport(
      tradeID: "T1", orderID: "E1", clientOrderID: isNamed ? "another" : nil, symbol: btc,
      price: decimal("100"), quantity: decimal("1"))
    exchange.script = { dispatch, _ in
      if dispatch.request.isOrder { return .answer(noSuchOrder) }
      return dispatch.request.isTrades ? .answer(.trades([fill])) : nil
    }
    harness.restart(after: Self.week + .seconds(3_600))
    harness.advance(by: .seconds(600))
    #expect(harness.status("a") == (isNamed ? .open : .filled))
    #expect(vanished(harness).count == (isNamed ? 1 : 0))
    harness.checkStore()
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
