import Domain
import Execution
import Testing

/// What each class of answer to a placement makes of the order.
@Suite struct PlacementTests {
  /// One order, whose first placement is answered so; later ones honestly.
  private func placed(
    _ answer: ExchangeAnswer, settles: Duration = .zero,
    _ configuration: EngineConfiguration = makeConfiguration()
  ) -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(configuration, exchange: exchange)
    exchange.script = { [unowned harness] dispatch, _ in
      dispatch.isPlacement && harness.placements.count == 1 ? .answer(answer) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    harness.advance(by: settles)
    harness.checkStore()
    return harness
  }

  @Test func `placed is open`() {
    let harness = placed(.placed(orderID: "E77"))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E77")
    #expect(harness.outcome("a") == nil)
    #expect(harness.hasLog(.info, "placed"))
  }

  @Test func `the arming is written before the order leaves`() {
    var engine = EngineHarness.open().engine
    let harness = EngineHarness.open()
    engine = harness.engine
    let (arrival, _) = harness.arrival(limit("a"))
    var effects = engine.apply(.signal(arrival, known: nil), at: harness.now)
    guard
      case .send(let look)? = effects.last(where: { if case .send = $0 { true } else { false } })
    else {
      Issue.record("no price is asked for")
      return
    }
    effects = engine.apply(
      .answer(look.id, .prices([SymbolPrice(symbol: btc, price: decimal("100"))])),
      at: harness.now)
    let kinds: [String] = effects.compactMap { effect in
      switch effect {
      case .write(.appendEvent(let event)): event.kind
      case .write(.putOrder(let order)): order.status.rawValue
      case .send(let dispatch): dispatch.isPlacement ? "send" : "look"
      case .write, .withdrawUnsent, .answer, .settled, .doubt, .answerCommand, .log,
        .watchPrices, .connectAccountStream:
        nil
      }
    }
    #expect(kinds == ["order_approved", "new", "order_armed", "submitted", "send"])
  }

  @Test(arguments: [
    (30004, ExchangeError.Action.size, false), (10007, .skip, false), (700004, .fix, false),
    (30029, .wait, false), (30000, .query, false), (10072, .halt, true), (700007, .halt, true),
  ])
  func `a definite refusal is the end`(code: Int, action: ExchangeError.Action, halts: Bool) {
    let harness = placed(refusal(code, action), settles: .seconds(600))
    #expect(harness.status("a") == .rejected)
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.message("a") == "code \(code): text \(code). advice \(code)")
    #expect(harness.outcome("a")?.code == .exchangeRejected)
    #expect(harness.placements.count == 1)
    #expect(harness.requests(\.isLook).isEmpty)
    #expect((harness.engine.halt != nil) == halts)
    #expect((harness.store.halt != nil) == halts)
    #expect(harness.submit(limit("b"))?.code == (halts ? .halted : .accepted))
  }

  @Test(arguments: [
    ExchangeAnswer.failed(.noAnswer("time out")), .failed(.unreadable("HTML")),
    .failed(.blocked("403")), .orders([]), noSuchOrder, .cancelTaken,
    .serverTime(WallTime(milliseconds: 0)),
  ])
  func `whatever proves nothing leaves the outcome unknown`(answer: ExchangeAnswer) {
    let harness = placed(answer)
    #expect(harness.status("a") == .unknown)
    #expect(harness.outcome("a") == nil)
    #expect(harness.code("a") == .accepted)
    #expect(harness.engine.halt == nil)
    #expect(harness.hasLog(.warning, "the order's outcome is unknown"))
    harness.advance(by: .seconds(8 * 24 * 3600))
    #expect(harness.placements.count == 1)
    #expect(harness.status("a") == .notFound)
    let isLost = answer == .failed(.noAnswer("time out"))
    #expect(harness.message("a").contains("its answer was lost") == isLost)
    let isBlocked = answer == .failed(.blocked("403"))
    #expect(harness.message("a").contains("its answer proves nothing") == (!isLost && !isBlocked))
  }

  /// An answer with a code is an answer: once every view has said no, the order was refused.
  @Test(arguments: [
    (99_999, ExchangeError.Action.query), (700003, .clock), (10072, .halt), (10203, .query),
    (20001, .query), (510, .wait),
  ])
  func `a code that proves nothing is a refusal once no view has the order`(
    code: Int, action: ExchangeError.Action
  ) {
    let harness = placed(refusal(code, action, refuses: false))
    #expect(harness.status("a") == .unknown)
    #expect(harness.outcome("a") == nil)
    let halts = action == .halt
    #expect((harness.engine.halt != nil) == halts)
    #expect(harness.engine.halt?.reason.contains("text \(code). advice \(code)") ?? true)
    #expect(harness.submit(limit("b"))?.code == (halts ? .halted : .accepted))
    harness.advance(by: .seconds(65))
    #expect(harness.status("a") == .unknown)
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .rejected)
    #expect(harness.code("a") == .exchangeRejected)
    #expect(
      harness.message("a") == "code \(code): text \(code); every view of the exchange says that it "
        + "has no such order")
    #expect(harness.outcome("a")?.code == .exchangeRejected)
    #expect(!harness.logs.contains { $0.message.contains("lost") })
    #expect(harness.placements(of: "a").count == 1)
    #expect(harness.status("b") == (halts ? nil : .open))
    harness.checkStore()
  }

  /// The reason is kept over a restart.
  @Test func `the code is remembered over a restart`() {
    let harness = placed(refusal(99_999, .query, refuses: false))
    harness.restart()
    harness.advance(by: .seconds(70))
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.message("a").contains("code 99999: text 99999"))
  }

  @Test func `an order that is there after all wins over the code`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { [unowned exchange] dispatch, _ in
      guard let request = dispatch.request.orderRequest else { return nil }
      exchange.accept(request)
      return .answer(refusal(10203, .query, refuses: false))
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == .open)
  }

  /// Checking an order makes none: whatever the code, the answer is final.
  @Test(arguments: [
    (99_999, ExchangeError.Action.query), (30087, .fix), (10203, .query), (700003, .clock),
  ])
  func `in validate mode every refusal is final`(code: Int, action: ExchangeError.Action) {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(refusal(code, action, refuses: false)) : nil
    }
    let harness = EngineHarness.open(makeConfiguration { $0.mode = .validate }, exchange: exchange)
    harness.submit(limit("a"))
    harness.advance(by: .seconds(2))
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.message("a").contains("code \(code): text \(code)"))
    // A wrong clock is put right once.
    #expect(harness.placements.count == (action == .clock ? 2 : 1))
  }

  @Test func `an order that never left goes later and is not counted`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { [unowned harness] dispatch, _ in
      guard dispatch.isPlacement else { return nil }
      switch harness.placements.count {
      case 1...5: return .answer(.failed(.notSent("connection refused")))
      case 6: return .answer(refusal(700003, .clock))
      default: return nil
      }
    }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .new)
    #expect(harness.placements.count == 1)
    harness.advance(by: .milliseconds(999))
    #expect(harness.placements.count == 1)
    harness.advance(by: .milliseconds(1))
    #expect(harness.placements.count == 2)
    harness.advance(by: .seconds(5))
    #expect(harness.placements.count == 7)
    #expect(harness.status("a") == .open)
    // Five that never left and one refusal: the order was handed over twice.
    #expect(harness.order("a")?.attempt == 2)
    var engine = harness.engine
    #expect(engine.status(at: harness.now).usage.orders <= 2)
    harness.checkStore()
  }

  @Test func `an order that never leaves expires`() {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.notSent("connection refused"))) : nil
    }
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a") { $0.expiry = .timeToLive(.milliseconds(3_500)) })
    harness.advance(by: .seconds(10))
    #expect(harness.placements.count == 4)
    #expect(harness.code("a") == .expired)
    #expect(harness.status("a") == .expired)
  }

  // MARK: Rate limits

  @Test func `a throttled order goes once more after a clean round`() throws {
    let harness = placed(throttled(.seconds(7)))
    #expect(harness.status("a") == .unknown)
    let backOff = harness.now.monotonic.advanced(by: .seconds(7))
    let before = harness.sent.count
    harness.advance(by: .milliseconds(6_999))
    #expect(harness.sent.count == before)
    harness.advance(by: .milliseconds(1_001))
    #expect(harness.sent[before...].allSatisfy { $0.at.monotonic >= backOff })
    #expect(harness.placements.count == 2)
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.attempt == 2)
    // All four views said no before.
    let looked = harness.store.history(of: key("a")).compactMap { event in
      if case .lookedUp(let view, let answer) = event { "\(view): \(answer)" } else { nil }
    }
    #expect(
      looked == [
        "order by client order id: not there", "open orders: not there",
        "recent orders: not there", "trades: not there",
      ])
  }

  @Test func `a throttled order that is there after all is not sent again`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { [unowned exchange] dispatch, _ in
      guard let request = dispatch.request.orderRequest else { return nil }
      exchange.accept(request)
      return .answer(throttled(.seconds(7)))
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(20))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 1)
  }

  @Test func `a round that is not clean allows nothing`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      if dispatch.isPlacement { return .answer(throttled(.seconds(2))) }
      return dispatch.request.isTrades ? .answer(.failed(.unreadable("HTML"))) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(300))
    #expect(harness.placements.count == 1)
    #expect(harness.status("a") == .unknown)
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(40))
    // Its time is over: a clean round ends it.
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.placements.count == 1)
  }

  @Test func `a second throttling is the end`() {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .answer(throttled(.seconds(2))) : nil
    }
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a"))
    harness.advance(by: .seconds(30))
    #expect(harness.placements.count == 2)
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.message("a").contains("rate limit"))
    #expect(exchange.ledger.isEmpty)
  }

  @Test func `the firewall is a pause and the outcome is unknown`() {
    let harness = placed(.failed(.blocked("403")))
    #expect(harness.status("a") == .unknown)
    let count = harness.sent.count
    harness.advance(by: .milliseconds(59_999))
    #expect(harness.sent.count == count)
    harness.advance(by: .seconds(2))
    #expect(harness.sent.count > count)
    #expect(harness.placements.count == 1)
  }

  @Test func `an answer that nobody waits for changes nothing`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    let order = harness.order("a")
    harness.apply(.answer(harness.placements[0].id, refusal(30004, .size)))
    harness.apply(.answer(RequestID(number: 999), .placed(orderID: "E9")))
    #expect(harness.order("a") == order)
  }
}
