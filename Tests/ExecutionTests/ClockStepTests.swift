import Domain
import Execution
import Testing

/// Somebody sets the machine's clock.
@Suite struct ClockStepTests {
  private func waiting(_ life: Duration) -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a") { $0.expiry = .timeToLive(life) })
    return harness
  }

  @Test(arguments: [-3_600, 3_600])
  func `a restart gives no signal more life than it had`(step: Int) {
    let harness = waiting(.seconds(60))
    harness.advance(by: .seconds(20))
    harness.stepWallClock(by: .seconds(step))
    harness.restart()
    #expect(harness.status("a") == (step > 0 ? .expired : .new))
    // How long the machine was off, nobody knows when its clock was set: it gets all its life again.
    harness.advance(by: .seconds(59))
    #expect(harness.status("a") == (step > 0 ? .expired : .new))
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .expired)
    #expect(harness.placements.isEmpty)
  }

  @Test func `a restart with an honest clock gives what is left`() {
    let harness = waiting(.seconds(60))
    harness.advance(by: .seconds(20))
    harness.restart(after: .seconds(10))
    harness.advance(by: .milliseconds(29_900))
    #expect(harness.status("a") == .new)
    harness.advance(by: .milliseconds(100))
    #expect(harness.status("a") == .expired)
  }

  @Test(arguments: [-3_600_000, -1_000, -999, 0, 999, 1_000, 3_600_000])
  func `a step is told once`(milliseconds: Int) {
    let harness = waiting(.seconds(7_200))
    harness.stepWallClock(by: .milliseconds(milliseconds))
    harness.tick()
    harness.advance(by: .seconds(60))
    let lines = harness.logs.filter { $0.message.contains("clock was set") }
    #expect(lines.count == (abs(milliseconds) < 1_000 ? 0 : 1))
    for line in lines {
      #expect(line.level == .warning)
      #expect(line.fields.contains { $0 == LogEntry.Field("step_ms", "\(milliseconds)") })
    }
  }

  @Test(arguments: [false, true])
  func `one false reading of the exchange's time proves no absence`(restarts: Bool) {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    harness.advance(by: .seconds(30))
    // It is there, and shows within the settle time of 60 s.
    exchange.script = { [unowned exchange] dispatch, now in
      guard let request = dispatch.request.orderRequest else { return nil }
      exchange.accept(request, visibleFrom: now.monotonic.advanced(by: .seconds(50)))
      return .answer(.failed(.noAnswer("time out")))
    }
    harness.submit(limit("a"))
    harness.settle()
    exchange.clockBase += 300_000
    if restarts { harness.restart() }
    harness.advance(by: .seconds(45))
    #expect(harness.status("a") == .unknown)
    harness.advance(by: .seconds(35))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  /// As of an exchange one of whose servers is wrong.
  @Test(arguments: [-30_000, 30_000] as [Int64])
  func `one false reading of the exchange's time ages and stamps nothing`(error: Int64) {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    harness.advance(by: .seconds(30))
    var isWrong = true
    exchange.script = { [unowned exchange] dispatch, now in
      if dispatch.request.isPrices { return .hold }
      guard dispatch.request.isClock, isWrong else { return nil }
      isWrong = false
      return .answer(.serverTime(exchange.time(at: now).advanced(by: .milliseconds(error))))
    }
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(50)) })
    harness.advance(by: .seconds(30))
    #expect(!isWrong)
    #expect(harness.engine.isTradingOpen)
    #expect(harness.status("a") == .new)
    push(harness)
    #expect(harness.status("a") == .open)
    #expect(harness.placements.first?.stampedAt == exchange.time(at: harness.now))
  }

  @Test func `a clock that was set back does not end the search for good`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    harness.stepWallClock(by: .seconds(-3_600))
    harness.advance(by: .seconds(75))
    #expect(harness.status("a") == .notFound)
  }

  // MARK: A machine whose clocks stood still

  /// Prices are pushed, and what keeps a connection alive reads the exchange's clock.
  private func keptAlive(_ exchange: FakeExchange) -> EngineHarness {
    EngineHarness.open(
      makeConfiguration {
        $0.price.source = .auto
        $0.venue.keepAlive = .seconds(4)
      }, exchange: exchange)
  }

  private func push(_ harness: EngineHarness) {
    harness.push()
    harness.settle()
  }

  /// An order that is to leave by a pushed price after the machine was paused for as long: the exchange
  /// refuses its first stamp, and nobody can be asked for a price.
  private func paused(for pause: Duration, _ signal: Signal) -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    push(harness)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement || dispatch.request.isPrices ? .hold : nil
    }
    harness.submit(signal)
    exchange.clockBase += pause.wholeMilliseconds
    if let first = harness.placements.first {
      harness.answer(first, refusal(700003, .clock))
    }
    harness.settle()
    return harness
  }

  @Test func `no order leaves by a price from before the machine was paused`() {
    let harness = paused(for: .seconds(30), limit("a"))
    #expect(harness.status("a") == .new)
    #expect(harness.placements.count == 1)
    push(harness)
    #expect(harness.placements.count == 2)
    harness.checkStore()
  }

  @Test func `a clock that moved by no more than its readings may differ leaves the prices`() {
    let harness = paused(for: .milliseconds(500), limit("a"))
    #expect(harness.placements.count == 2)
  }

  @Test(arguments: [19_500, 21_000])
  func `a signal whose life passed while the machine was paused does not leave`(pause: Int64) {
    let harness = paused(
      for: .milliseconds(pause), limit("a") { $0.expiry = .timeToLive(.seconds(20)) })
    #expect(harness.status("a") == (pause > 20_000 ? .expired : .new))
    harness.advance(by: .milliseconds(400))
    push(harness)
    #expect(harness.placements.count == (pause > 20_000 ? 1 : 2))
    harness.checkStore()
  }

  @Test func `a life that a pause shortened ends on time`() {
    let harness = paused(
      for: .milliseconds(19_500), limit("a") { $0.expiry = .timeToLive(.seconds(20)) })
    harness.advance(by: .milliseconds(400))
    #expect(harness.status("a") == .new)
    harness.advance(by: .milliseconds(200))
    #expect(harness.status("a") == .expired)
    #expect(harness.placements.count == 1)
  }

  /// One of two that are on their way when the other shows the pause.
  @Test func `an order that is answered after the pause was seen does not leave any more`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    push(harness)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement || dispatch.request.isPrices ? .hold : nil
    }
    for id in ["a", "b"] { harness.submit(limit(id) { $0.expiry = .timeToLive(.seconds(20)) }) }
    exchange.clockBase += 21_000
    let placements = harness.placements
    #expect(placements.count == 2)
    for placement in placements {
      harness.answer(placement, refusal(700003, .clock))
      harness.settle()
    }
    push(harness)
    #expect(["a", "b"].map(harness.status) == [.expired, .expired])
    #expect(harness.placements.count == 2)
    harness.checkStore()
  }

  /// What the clock lagged by when a signal came is no part of its life where that is known.
  @Test func `a signal that comes while the clock is read anew has its whole life`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    push(harness)
    exchange.script = { dispatch, _ in
      let isHeld = dispatch.isPlacement || dispatch.request.isPrices
      return isHeld || dispatch.request == .serverTime ? .hold : nil
    }
    harness.submit(limit("a"))
    exchange.clockBase += 90_000
    if let first = harness.placements.first {
      harness.answer(first, refusal(700003, .clock))
    }
    harness.submit(limit("b") { $0.expiry = .timeToLive(.seconds(120)) })
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    for request in harness.requests({ $0 == .serverTime }).suffix(1) {
      harness.answer(request.dispatch, .serverTime(exchange.time(at: harness.now)))
    }
    harness.settle()
    #expect(harness.engine.isTradingOpen)
    harness.advance(by: .seconds(59))
    #expect(harness.status("b") == .new)
    // A second pause counts.
    exchange.clockBase += 50_000
    harness.advance(by: .seconds(12))
    #expect(harness.status("b") == .expired)
  }

  /// It reads the exchange's clock every few seconds, and the clock itself is read once a minute.
  @Test func `what keeps a connection alive shows a pause`() {
    let exchange = FakeExchange()
    let harness = keptAlive(exchange)
    for _ in 0..<20 {
      push(harness)
      harness.advance(by: .milliseconds(500))
    }
    exchange.clockBase += 3_000
    let asked = harness.requests { $0 == .serverTime }.count
    for _ in 0..<20 where harness.requests({ $0 == .serverTime }).count == asked {
      push(harness)
      harness.advance(by: .milliseconds(500))
    }
    harness.settle()
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a"))
    #expect(harness.placements.isEmpty)
    push(harness)
    #expect(harness.placements.count == 1)
  }

  /// Two connections: the proof of one leaves on the other than answered last.
  @Test func `of two servers the one whose clock is wrong stamps and ages nothing`() {
    let exchange = FakeExchange()
    let harness = keptAlive(exchange)
    var isOnWrong = false
    var wrongReadings = 0
    exchange.script = { [unowned exchange] dispatch, now in
      if dispatch.request.isPrices { return .hold }
      if dispatch.delivery == .proof { isOnWrong.toggle() }
      guard isOnWrong, dispatch.request == .serverTime else { return nil }
      wrongReadings += 1
      return .answer(.serverTime(exchange.time(at: now).advanced(by: .seconds(30))))
    }
    harness.submit(limit("a", eth) { $0.expiry = .timeToLive(.seconds(200)) })
    for _ in 0..<185 {
      push(harness)
      harness.advance(by: .seconds(1))
    }
    #expect(wrongReadings > 10)
    let doubts = harness.logs.filter { $0.message.contains("that its last reading foretold") }
    #expect(doubts.count { $0.level == .info } == 1)
    #expect(doubts.first?.fields == [LogEntry.Field("apart_ms", "30000")])
    #expect(harness.status("a") == .new)
    harness.submit(limit("b"))
    push(harness)
    #expect(harness.placements.map(\.stampedAt) == [exchange.time(at: harness.now)])
  }

  @Test(arguments: [-3_600, 3_600])
  func `an exchange whose clock differs by the same all the time shortens no life`(offset: Int64) {
    let exchange = FakeExchange()
    exchange.clockBase = 1_700_000_000_000 - 5_000_000 + offset * 1_000
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(200)) })
    harness.advance(by: .milliseconds(199_999))
    #expect(harness.status("a") == .new)
    harness.advance(by: .milliseconds(1))
    #expect(harness.status("a") == .expired)
  }

  // MARK: The seven days' watch

  @Test func `a start with the clock a week ahead does not end the watch of an order`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { [unowned exchange] dispatch, now in
      guard let request = dispatch.request.orderRequest else { return nil }
      exchange.accept(request, visibleFrom: now.monotonic.advanced(by: .seconds(7_200)))
      return .answer(.failed(.noAnswer("time out")))
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(120))
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    harness.stepWallClock(by: .seconds(8 * 24 * 60 * 60))
    harness.restart()
    harness.advance(by: .seconds(60))
    #expect(harness.engine.liveOrders.count == 1)
    harness.advance(by: .seconds(3 * 60 * 60))
    #expect(harness.status("a") == .open)
  }
}
