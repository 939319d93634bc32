import Domain
import Execution
import Testing

/// A database that is older than what was sent: nothing is placed twice.
@Suite struct CarefulTests {
  /// 5 s of receive window, 1 s of lead and 60 s of settling.
  private static let proof: Duration = .seconds(66)

  /// Lives long enough to be looked up.
  private func patient(_ id: String, side: Side = .buy) -> Signal {
    limit(id, side: side) { $0.expiry = .timeToLive(.seconds(300)) }
  }

  /// An empty database, and one order at the exchange that was placed after the copy was made.
  private func setBack(_ signal: Signal) -> EngineHarness {
    let harness = EngineHarness.open()
    let copy = harness.store
    harness.submit(signal)
    harness.settle()
    #expect(harness.exchange.ledger.count == 1)
    harness.setBack(to: copy, after: .seconds(10))
    #expect(harness.engine.liveOrders.isEmpty)
    return harness
  }

  /// An empty database that claims to be older than the truth, and an exchange without orders.
  private func doubtful() -> EngineHarness {
    let harness = EngineHarness.open()
    harness.setBack(to: harness.store)
    return harness
  }

  @Test func `an order that the database forgot is followed, not placed again`() {
    let harness = setBack(patient("a"))
    #expect(harness.submit(patient("a"))?.status == .accepted)
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.hasLog(.warning, "this database did not know; it is followed"))
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(200))
    #expect(harness.status("a") == .filled)
    #expect(harness.code("a") == .accepted)
    #expect(harness.order("a")?.executedQuantity == decimal("1"))
    #expect(harness.placements.count == 1)
    #expect(harness.exchange.ledger.count == 1)
    harness.checkStore()
  }

  @Test func `a cautious look reaches back as far as the exchange's lists`() {
    let harness = doubtful()
    harness.submit(patient("a"))
    harness.advance(by: Self.proof)
    let lists = harness.requests { request in
      if case .recentOrders = request { true } else { false }
    }
    guard case .recentOrders(_, let since, _)? = lists.first?.dispatch.request else {
      Issue.record("no list was asked for")
      return
    }
    let now = harness.exchange.time(at: harness.now)
    #expect(now.since(since) >= .seconds(6 * 24 * 60 * 60 - 1))
  }

  @Test func `what nobody has placed leaves once, after the proof`() {
    let harness = doubtful()
    let start = harness.now.monotonic
    harness.submit(patient("a"))
    harness.advance(by: Self.proof - .milliseconds(1))
    #expect(harness.placements.isEmpty)
    #expect(harness.status("a") == .new)
    harness.advance(by: .milliseconds(1))
    #expect(harness.placements.count == 1)
    #expect(harness.status("a") == .open)
    let views = Set(
      harness.store.history(of: key("a")).compactMap { event in
        if case .lookedUp(let view, "not there") = event { view } else { nil }
      })
    #expect(views == ["order by client order id", "open orders", "recent orders", "trades"])
    // Later signals are looked up once, at once.
    harness.advance(by: .seconds(10))
    let later = harness.now.monotonic
    harness.submit(patient("b"))
    harness.settle()
    #expect(harness.status("b") == .open)
    #expect(harness.now.monotonic == later)
    #expect(harness.sent.first { $0.dispatch.isPlacement }?.at.monotonic.since(start) == Self.proof)
    harness.checkStore()
  }

  @Test func `an order that becomes visible late is found`() {
    let harness = doubtful()
    let start = harness.now.monotonic
    let request = OrderRequest(
      clientOrderID: clientOrderID(of: signalID("a")), symbol: btc, side: .buy, type: .limit,
      amount: .base(decimal("1")), price: decimal("100"))
    harness.exchange.accept(request, visibleFrom: start.advanced(by: .seconds(65)))
    harness.submit(patient("a"))
    harness.advance(by: .seconds(100))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.isEmpty)
  }

  @Test func `a signal that was accepted before the copy was made is looked up too`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.prices = [:]
    exchange.script = { dispatch, _ in
      if case .prices = dispatch.request { .hold } else { nil }
    }
    harness.submit(patient("a"))
    harness.settle()
    let copy = harness.store
    #expect(copy.orders[key("a")]?.status == .new)
    exchange.prices = [btc: decimal("100")]
    exchange.script = { _, _ in nil }
    for dispatch in harness.held {
      harness.answer(dispatch, exchange.answer(to: dispatch.request, at: harness.now))
    }
    harness.settle()
    #expect(harness.status("a") == .open)
    harness.setBack(to: copy)
    #expect(harness.status("a") == .open)
    harness.advance(by: .seconds(100))
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  @Test func `errors prove nothing, however long they last`() {
    let harness = doubtful()
    harness.exchange.script = { dispatch, _ in
      if case .trades = dispatch.request {
        .answer(.failed(.unreadable("502")))
      } else {
        nil
      }
    }
    harness.submit(patient("a"))
    harness.advance(by: .seconds(310))
    // It has expired, but nobody can say that nothing of it is at the exchange.
    #expect(harness.status("a") == .new)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .expired)
    #expect(harness.placements.isEmpty)
  }

  @Test func `a signal that comes again too late is still looked up first`() {
    let old = limit("a") {
      $0.createdAt = WallTime(milliseconds: 1_700_000_000_000)
      $0.expiry = .timeToLive(.seconds(5))
    }
    let forgotten = setBack(old)
    #expect(forgotten.submit(old)?.status == .accepted)
    forgotten.settle()
    #expect(forgotten.status("a") == .open)
    #expect(forgotten.placements.count == 1)

    let unsent = doubtful()
    unsent.advance(by: .seconds(10))
    #expect(unsent.submit(old)?.status == .accepted)
    unsent.advance(by: Self.proof)
    #expect(unsent.status("a") == .expired)
    #expect(unsent.code("a") == .expired)
    #expect(unsent.message("a").hasPrefix("it expired 5"))
    #expect(unsent.placements.isEmpty)
    unsent.checkStore()
  }

  @Test func `a symbol of which nobody knows whether it is listed is refused at once`() {
    let harness = doubtful()
    #expect(harness.submit(limit("a", symbol("DOGEUSDT")))?.code == .symbolNotAllowed)
    harness.advance(by: .seconds(100))
    #expect(harness.requests(\.isOrder).isEmpty)
  }

  @Test func `an id that another signal has used is refused`() {
    let harness = setBack(patient("a"))
    harness.submit(patient("a", side: .sell))
    harness.advance(by: .seconds(100))
    #expect(harness.status("a") == .denied)
    #expect(harness.code("a") == .conflictingDuplicate)
    #expect(
      harness.message("a")
        == "the id was taken before: order E1 at the exchange carries its client order id but is a "
        + "buy")
    #expect(harness.placements.count == 1)
  }

  @Test func `an order that was rounded by other rules is ours all the same`() {
    let harness = setBack(patient("a"))
    harness.exchange.ledger[0].quantity = decimal("0.9")
    harness.exchange.ledger[0].price = decimal("99.9")
    harness.submit(patient("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.store.halt == nil)
  }

  @Test func `several orders of one name stop trading, and none is added`() {
    let harness = setBack(patient("a"))
    harness.exchange.script = { dispatch, _ in
      if case .order = dispatch.request { .answer(.failed(.noAnswer("reset"))) } else { nil }
    }
    if let request = harness.placements[0].request.orderRequest { harness.exchange.accept(request) }
    harness.submit(patient("a"))
    harness.advance(by: Self.proof)
    #expect(harness.store.halt?.reason.hasPrefix("the exchange has 2 orders for signal a") == true)
    harness.command(.resume)
    harness.command(.resume)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(100))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 1)
  }

  @Test func `a cancel waits for the look, and reaches the order`() {
    let harness = setBack(patient("a"))
    harness.exchange.script = { dispatch, _ in
      if case .order = dispatch.request { .hold } else { nil }
    }
    harness.submit(patient("a"))
    harness.command(.cancel(signalID("a")))
    harness.settle()
    #expect(harness.status("a") == .new)
    harness.exchange.script = { _, _ in nil }
    for dispatch in harness.held {
      harness.answer(dispatch, harness.exchange.answer(to: dispatch.request, at: harness.now))
    }
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .canceled)
    #expect(harness.placements.count == 1)
  }

  @Test func `it lasts over restarts, each with its own proof`() {
    let harness = doubtful()
    harness.advance(by: .seconds(50))
    harness.restart()
    #expect(harness.engine.careful?.reason == "set back")
    harness.submit(patient("a"))
    harness.advance(by: Self.proof - .milliseconds(1))
    #expect(harness.placements.isEmpty)
    harness.advance(by: .milliseconds(1))
    #expect(harness.placements.count == 1)
  }

  @Test(arguments: [HaltScope.all, .buys])
  func `whoever ends it lifts no halt that came meanwhile`(_ scope: HaltScope) {
    let harness = doubtful()
    harness.command(.halt(reason: "lunch", cancel: false, scope: scope))
    #expect(
      harness.command(.endCarefulStart)
        == CommandAnswer(
          ok: false,
          message: "\(scope.words): lunch; resume that first, the careful start goes on"))
    #expect(harness.engine.halt?.reason == "lunch")
    #expect(harness.engine.careful != nil)
    harness.command(.resume)
    #expect(
      harness.command(.endCarefulStart)?.message
        == "the careful start is over; 0 signals that came before are still looked up")
    #expect(harness.engine.careful == nil)
    #expect(
      harness.command(.endCarefulStart)
        == CommandAnswer(ok: true, message: "there was no careful start to end"))
  }

  @Test func `the operator ends it for signals that come afterwards`() {
    let harness = doubtful()
    harness.command(.halt(reason: "lunch", cancel: false))
    #expect(
      harness.command(.resume)?.message
        == "resumed; the careful start goes on until one more 'resume'")
    harness.submit(patient("a"))
    #expect(harness.engine.careful != nil)
    #expect(
      harness.command(.resume)?.message
        == "the careful start is over; 1 signals that came before are still looked up")
    #expect(harness.engine.careful == nil)
    #expect(harness.command(.resume)?.message == "trading was not halted")
    harness.submit(patient("b"))
    harness.settle()
    #expect(harness.status("b") == .open)
    #expect(harness.status("a") == .new)
    harness.advance(by: Self.proof)
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 2)
    harness.checkStore()
  }
}
