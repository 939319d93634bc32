import Domain
import Execution
import Testing

/// Nothing is placed before everything is known that a placement rests on.
@Suite struct GateTests {
  private static func isNeed(_ index: Int, _ request: ExchangeRequest) -> Bool {
    [request.isClock, request.isInstruments, request == .tradableSymbols][index]
  }

  @Test(arguments: [0, 1, 2])
  func `each need alone holds the gate`(index: Int) {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      Self.isNeed(index, dispatch.request) ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.settle()
    #expect(!harness.engine.isTradingOpen)
    #expect(harness.submit(limit("a"))?.code == .accepted)
    #expect(harness.store.signals.count == 1)
    harness.advance(by: .seconds(20))
    #expect(harness.placements.isEmpty)
    #expect(harness.status("a") == .new)
    // It is asked for again, ever more rarely: 0, 0.25, 0.75, 1.75, 3.75, 7.75, 15.75.
    #expect(harness.requests { Self.isNeed(index, $0) }.count == 7)
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(8))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.status("a") == .open)
  }

  /// It is tried every few seconds; one cause is told once a minute, another one at once.
  @Test(arguments: [0, 1, 2])
  func `an outage does not fill the journal`(index: Int) {
    let exchange = FakeExchange()
    var reason = "refused"
    exchange.script = { dispatch, _ in
      Self.isNeed(index, dispatch.request) ? .answer(.failed(.notSent(reason))) : nil
    }
    let harness = EngineHarness(exchange: exchange)
    let told = {
      harness.logs.count { $0.level == .warning && $0.message.contains("could not read") }
    }
    harness.tick()
    harness.advance(by: .seconds(59))
    #expect(told() == 1)
    harness.advance(by: .seconds(301))
    #expect(told() == 6)
    #expect(harness.logs.count { $0.level == .debug } > 30)
    reason = "no route"
    harness.advance(by: .seconds(10))
    #expect(told() == 7)
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(10))
    #expect(harness.engine.isTradingOpen)
  }

  @Test func `what expires behind a closed gate is refused as expired`() {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in dispatch.request.isClock ? .hold : nil }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(60))
    #expect(harness.code("a") == .expired)
    #expect(harness.message("a").contains("trading was not open"))
  }

  @Test(arguments: [(1_000, true), (1_001, false)])
  func `the clock must be read closely enough`(roundTrip: Int, isEnough: Bool) {
    let exchange = FakeExchange()
    exchange.script = { [unowned exchange] dispatch, now in
      guard dispatch.request.isClock else { return nil }
      return .answer(.serverTime(exchange.time(at: now)), after: .milliseconds(roundTrip))
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.advance(by: .milliseconds(roundTrip))
    #expect(harness.engine.isTradingOpen == isEnough)
    harness.advance(by: .seconds(5))
    #expect(harness.engine.isTradingOpen == isEnough)
    #expect(harness.hasLog(.warning, "could not be read closely enough") != isEnough)
  }

  /// Said with the first reading of a run, when it is more than what a kept clock may be off.
  @Test(arguments: [(-1_001, "ahead of"), (-1_000, ""), (0, ""), (1_000, ""), (1_001, "behind")])
  func `a clock that is off is said once`(offset: Int64, said: String) {
    let exchange = FakeExchange()
    exchange.script = { dispatch, now in
      guard dispatch.request.isClock else { return nil }
      let time = WallTime(milliseconds: now.wall.milliseconds + offset)
      return .answer(.serverTime(time))
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.advance(by: .seconds(600))
    let lines = harness.logs.filter { $0.message.contains("this machine's clock is") }
    #expect(lines.count == (said.isEmpty ? 0 : 1))
    guard let line = lines.first else { return }
    #expect(line.level == .warning)
    #expect(line.message.contains("\(abs(offset)) ms \(said) the exchange's"))
    #expect(line.fields.contains(LogEntry.Field("offset_ms", String(offset))))
  }

  @Test func `orders are stamped with the exchanges time`() {
    let exchange = FakeExchange()
    exchange.latency = .milliseconds(80)
    exchange.script = { [unowned exchange] dispatch, now in
      // Read by the exchange half way.
      dispatch.request.isClock
        ? .answer(
          .serverTime(exchange.time(at: now.advanced(by: .milliseconds(40)))),
          after: .milliseconds(80)) : nil
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.advance(by: .seconds(1))
    harness.stepWallClock(by: .seconds(-7_200))
    harness.submit(limit("a"))
    harness.advance(by: .milliseconds(80))
    #expect(harness.order("a")?.stampedAt == exchange.time(at: harness.now))
    #expect(harness.placements[0].stampedAt == exchange.time(at: harness.now))
    var engine = harness.engine
    #expect(engine.status(at: harness.now).clockError == .milliseconds(40))
    #expect(
      engine.status(at: harness.now).clockOffsetMilliseconds
        == exchange.time(at: harness.now).milliseconds - harness.now.wall.milliseconds)
  }

  @Test func `the clock is read again every minute and the rules every quarter`() {
    let harness = EngineHarness.open()
    harness.advance(by: .seconds(3600))
    #expect(harness.requests(\.isClock).count == 61)
    #expect(harness.requests(\.isInstruments).count == 5)
    #expect(harness.requests { $0 == .tradableSymbols }.count == 5)
    let times = harness.requests(\.isClock).map(\.at.monotonic)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1.since($0) == .seconds(60) })
  }

  @Test func `an old reading is better than none`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isClock || dispatch.request.isInstruments
        ? .answer(.failed(.unreadable("HTML"))) : nil
    }
    harness.advance(by: .seconds(1_000))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.hasLog(.warning, "going on with the last reading"))
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
  }

  @Test func `a refused stamp reads the clock again and goes once more`() throws {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(refusal(700003, .clock)) : nil
    }
    exchange.clockBase += 30_000
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.placements.count == 2)
    #expect(harness.requests(\.isClock).count == 3)
    #expect(
      harness.placements[1].stampedAt == harness.placements[0].stampedAt.advanced(by: .seconds(30)))
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.status("a") == .rejected)
    #expect(harness.message("a") == "code 700003: text 700003. advice 700003")
    #expect(harness.engine.halt == nil)
    harness.checkStore()
  }

  @Test func `the second try may succeed`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { [unowned harness] dispatch, _ in
      guard dispatch.isPlacement, harness.placements.count == 1 else { return nil }
      return .answer(refusal(700003, .clock))
    }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.attempt == 2)
    #expect(exchange.ledger.count == 1)
  }

  @Test func `without the clock the second try waits`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    var isDown = false
    exchange.script = { [unowned harness] dispatch, _ in
      if dispatch.isPlacement && harness.placements.count == 1 {
        isDown = true
        return .answer(refusal(700003, .clock))
      }
      return dispatch.request.isClock && isDown ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(30))
    #expect(harness.placements.count == 1)
    #expect(harness.status("a") == .new)
    isDown = false
    harness.advance(by: .seconds(9))
    #expect(harness.status("a") == .open)
  }

  @Test func `earlier orders are reconciled before anything leaves`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("open"))
    harness.settle()
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("armed", eth))
    harness.settle()
    #expect(harness.status("armed") == .submitted)
    exchange.script = { dispatch, _ in
      dispatch.request.isLook ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.restart()
    #expect(!harness.engine.isTradingOpen)
    harness.submit(limit("new", sol))
    harness.advance(by: .seconds(10))
    #expect(harness.placements(of: "new").isEmpty)
    #expect(!harness.engine.isTradingOpen)
    exchange.script = { dispatch, _ in
      dispatch.request.isLook(at: eth) ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.advance(by: .seconds(2))
    #expect(harness.placements(of: "new").isEmpty)
    #expect(!harness.engine.isTradingOpen)
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(20))
    #expect(harness.status("new") == .open)
    #expect(harness.status("armed") == .unknown)
  }

  @Test func `one bad name does not spoil the others rules`() {
    let exchange = FakeExchange()
    let nope = symbol("NOPEUSDT")
    exchange.script = { dispatch, _ in
      guard case .instruments(let symbols) = dispatch.request, symbols.contains(nope)
      else { return nil }
      return .answer(refusal(10007, .skip, refuses: false))
    }
    let configuration = makeConfiguration { $0.risk.symbols = [btc, nope, eth] }
    let harness = EngineHarness.open(configuration, exchange: exchange)
    #expect(
      harness.requests(\.isInstruments).map(\.dispatch.request) == [
        .instruments([btc, nope, eth]), .instruments([btc]), .instruments([nope, eth]),
        .instruments([nope]), .instruments([eth]),
      ])
    #expect(harness.submit(limit("a", nope))?.code == .symbolUnknown)
    #expect(harness.submit(limit("b"))?.code == .accepted)
    // They are read again, although the list is refused every time.
    exchange.instruments[1] = instrument(eth) { $0.isTradable = false }
    harness.advance(by: .seconds(901))
    #expect(harness.submit(limit("c", eth))?.code == .symbolNotTradable)
    harness.advance(by: .seconds(900))
    #expect(harness.requests(\.isInstruments).count == 15)
  }

  @Test func `where every symbol is allowed rules are asked for once each`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.symbols = nil })
    #expect(harness.requests(\.isInstruments).isEmpty)
    harness.submit(limit("a"))
    harness.submit(limit("b"))
    harness.settle()
    harness.submit(limit("c", eth))
    harness.submit(limit("d", symbol("NOPEUSDT")))
    harness.settle()
    harness.advance(by: .seconds(1))
    #expect(
      harness.requests(\.isInstruments).map(\.dispatch.request) == [
        .instruments([btc]), .instruments([eth]), .instruments([symbol("NOPEUSDT")]),
      ])
    #expect(["a", "b", "c"].map(harness.status) == [.open, .open, .open])
    #expect(harness.code("d") == .symbolUnknown)
    harness.advance(by: .seconds(900))
    #expect(
      harness.requests(\.isInstruments).last?.dispatch.request
        == .instruments([btc, eth]))
  }

  @Test func `a new allow list is read even while the old one is out`() {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in dispatch.request.isInstruments ? .hold : nil }
    let harness = EngineHarness(makeConfiguration { $0.risk.symbols = [btc] }, exchange: exchange)
    harness.tick()
    harness.settle()
    harness.reconfigure(makeConfiguration { $0.risk.symbols = [btc, eth] })
    exchange.script = { _, _ in nil }
    harness.answer(harness.held[0], .instruments([instrument(btc)]))
    harness.settle()
    #expect(harness.engine.isTradingOpen)
    harness.submit(limit("a", eth))
    harness.settle()
    #expect(harness.status("a") == .open)
  }

  @Test func `paper needs no key and validate places nothing`() {
    let paper = EngineHarness.open(
      makeConfiguration {
        $0.mode = .paper
        $0.venue.limitsPairs = false
      })
    #expect(paper.requests { $0 == .tradableSymbols }.isEmpty)
    paper.submit(limit("a"))
    paper.settle()
    #expect(paper.placements.map(\.request) == [.place([paper.request("a")])])
    let validate = EngineHarness.open(makeConfiguration { $0.mode = .validate })
    validate.submit(limit("a"))
    validate.settle()
    #expect(validate.placements.map(\.request) == [.validate(validate.request("a"))])
    #expect(validate.status("a") == .validated)
    #expect(validate.outcome("a")?.code == .accepted)
    #expect(validate.exchange.ledger.isEmpty)
  }

  /// The list of the key's pairs only spares a refusal; a key that is not accepted is another matter.
  @Test(arguments: [
    (refusal(700007, .halt), false), (refusal(700003, .clock), false),
    (ExchangeAnswer.failed(.noAnswer("time out")), false),
    (refusal(500, .wait), true), (.failed(.unreadable("HTML")), true),
  ])
  func `without the keys pairs trading opens only when the exchange answers`(
    answer: ExchangeAnswer, opens: Bool
  ) {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      dispatch.request == .tradableSymbols ? .answer(answer) : nil
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.settle()
    #expect(!harness.engine.isTradingOpen)
    harness.advance(by: .seconds(30))
    #expect(harness.engine.isTradingOpen == opens)
    #expect(harness.submit(limit("a"))?.code == .accepted)
    harness.settle()
    #expect(harness.status("a") == (opens ? .open : .new))
  }

  @Test func `a check without an answer is asked again until the signal expires`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(makeConfiguration { $0.mode = .validate }, exchange: exchange)
    exchange.script = { [unowned harness] dispatch, _ in
      dispatch.isPlacement && harness.placements.count <= 3
        ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    #expect(harness.placements.count == 4)
    #expect(harness.status("a") == .validated)
    #expect(harness.requests(\.isLook).isEmpty)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.unreadable("502"))) : nil
    }
    harness.submit(limit("b") { $0.expiry = .timeToLive(.seconds(3)) })
    harness.advance(by: .seconds(10))
    #expect(harness.code("b") == .expired)
    #expect(exchange.ledger.isEmpty)
    harness.checkStore()
  }

  @Test func `when stopping nothing new leaves and the rest is finished`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    let isOut = harness.engine.hasPlacementOutstanding
    #expect(isOut)
    harness.apply(.stop)
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.answer(harness.held[0], .placed(orderID: "E1"))
    harness.advance(by: .seconds(1))
    let isStillOut = harness.engine.hasPlacementOutstanding
    #expect(!isStillOut)
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 1)
    exchange.script = { _, _ in nil }
    harness.restart()
    harness.settle()
    #expect(harness.status("b") == .open)
  }
}

extension EngineHarness {
  /// The stored order's request; a test that asks for one that is not there fails by comparison.
  func request(_ id: String) -> OrderRequest {
    order(id)?.request
      ?? OrderRequest(
        clientOrderID: clientOrderID(of: signalID("none")), symbol: btc, side: .buy, type: .limit,
        amount: .base(.zero), price: nil)
  }
}
