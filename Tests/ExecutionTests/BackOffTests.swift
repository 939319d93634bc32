import Domain
import Execution
import Testing

/// While the exchange wants a back-off nothing leaves, whatever happens to the daemon or the clock.
@Suite struct BackOffTests {
  /// Open orders to look at, a search, signals that wait: everything wants to talk.
  private func busy() -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    for index in 0..<8 { harness.submit(limit("open\(index)")) }
    harness.settle()
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("lost", eth))
    harness.settle()
    exchange.script = { _, _ in nil }
    return harness
  }

  private func demand(_ harness: EngineHarness, _ wait: Duration, isBan: Bool) {
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook || dispatch.request.isClock
        ? .answer(throttled(wait, isBan: isBan)) : nil
    }
    let limit = harness.now.monotonic.advanced(by: .seconds(120))
    while harness.engine.ban == nil, harness.now.monotonic < limit {
      harness.advance(by: .milliseconds(10))
    }
    #expect(harness.engine.ban?.wait == wait)
    harness.exchange.script = { _, _ in nil }
  }

  @Test(arguments: [false, true])
  func `everything obeys it`(isBan: Bool) {
    let harness = busy()
    demand(harness, .seconds(30), isBan: isBan)
    let end = harness.engine.ban?.monotonicUntil ?? MonotonicTime(nanoseconds: 0)
    let count = harness.sent.count
    harness.submit(limit("waits", sol))
    harness.command(.cancelAll)
    harness.advance(by: .seconds(29))
    #expect(harness.sent.count == count)
    #expect(harness.hasLog(isBan ? .error : .warning, "nothing is sent before"))
    harness.advance(by: .seconds(5))
    #expect(harness.sent.count > count + 8)
    #expect(harness.sent[count...].allSatisfy { $0.at.monotonic >= end })
    #expect(harness.engine.ban == nil)
    #expect(harness.store.ban == nil)
    #expect(harness.hasLog(.info, "back-off is over"))
  }

  @Test(arguments: [-3_600, 0, 3_600])
  func `it survives a restart under any civil clock`(step: Int) {
    let harness = busy()
    demand(harness, .seconds(300), isBan: true)
    let end = harness.engine.ban?.monotonicUntil ?? MonotonicTime(nanoseconds: 0)
    let count = harness.sent.count
    harness.advance(by: .seconds(100))
    harness.stepWallClock(by: .seconds(step))
    harness.restart(after: .seconds(5))
    harness.advance(by: .seconds(50))
    harness.restart(after: .seconds(5))
    harness.advance(by: .seconds(1))
    #expect(harness.sent.count == count)
    #expect(harness.engine.ban?.isBan == true)
    harness.advance(by: .seconds(700))
    #expect(harness.engine.ban == nil)
    #expect(harness.sent.count > count)
    #expect(harness.sent[count...].allSatisfy { $0.at.monotonic >= end })
    #expect(harness.engine.isTradingOpen)
  }

  /// After a boot the monotonic clock begins anew: the stored end on it says nothing.
  @Test func `a boot leaves the civil clock to judge`() {
    let now = Moment(
      wall: WallTime(milliseconds: 1_700_000_000_000),
      monotonic: MonotonicTime(nanoseconds: 20_000_000_000))
    func backOff(wallLeft: Duration) -> BanRecord? {
      let ban = BanRecord(
        until: now.wall.advanced(by: wallLeft), wait: .seconds(120), isBan: true, reason: "418",
        monotonicUntil: MonotonicTime(nanoseconds: 900_000_000_000_000))
      return Engine(makeConfiguration(), restoring: StoredState(ban: ban), signals: [:], at: now)
        .ban
    }
    #expect(backOff(wallLeft: .seconds(-1)) == nil)
    #expect(backOff(wallLeft: .seconds(1)) != nil)
    var engine = Engine(
      makeConfiguration(),
      restoring: StoredState(
        ban: BanRecord(
          until: now.wall.advanced(by: .seconds(7_200)), wait: .seconds(120), isBan: true,
          reason: "418")), signals: [:], at: now)
    // A clock that was set back does not make it longer than it was.
    _ = engine.apply(.tick, at: now)
    #expect(engine.nextDeadline == now.monotonic.advanced(by: .seconds(120)))
  }

  @Test func `a shorter demand does not shorten it and a longer one lengthens it`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isOrder ? .hold : nil }
    for id in ["a", "b", "c"] {
      harness.submit(limit(id))
      harness.settle()
    }
    harness.advance(by: .milliseconds(200))
    let looks = harness.held
    #expect(looks.count == 3)
    harness.answer(looks[0], throttled(.seconds(60)))
    harness.answer(looks[1], throttled(.seconds(10)))
    #expect(harness.store.ban?.wait == .seconds(60))
    harness.stepWallClock(by: .seconds(-3_600))
    harness.answer(looks[2], throttled(.seconds(120), isBan: true))
    #expect(harness.store.ban?.wait == .seconds(120))
    let count = harness.sent.count
    harness.advance(by: .milliseconds(119_999))
    #expect(harness.sent.count == count)
    harness.advance(by: .seconds(1))
    #expect(harness.sent.count > count)
  }

  @Test func `late turns are refused at once`() {
    let harness = busy()
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.advance(by: .seconds(3))
    for (id, seconds) in [("late", 29), ("edge", 30), ("early", 31)] {
      harness.submit(limit(id, sol) { $0.expiry = .timeToLive(.seconds(seconds)) })
    }
    let look = harness.held[0]
    harness.answer(look, throttled(.seconds(30)))
    #expect(harness.code("late") == .rateLimited)
    #expect(harness.outcome("late")?.code == .rateLimited)
    #expect(harness.code("edge") == .rateLimited)
    #expect(harness.status("early") == .new)
    // And at arrival.
    let tooLate = harness.submit(limit("f", sol) { $0.expiry = .timeToLive(.seconds(30)) })
    #expect(tooLate?.code == .rateLimited)
    #expect(tooLate?.message.contains("demands a back-off") == true)
    #expect(
      harness.submit(limit("g", sol) { $0.expiry = .timeToLive(.milliseconds(30_001)) })?.code
        == .accepted)
    harness.restart(after: .seconds(2))
    #expect(
      harness.submit(limit("h", sol) { $0.expiry = .timeToLive(.seconds(28)) })?.code
        == .rateLimited)
  }

  @Test func `a turn behind too many others is refused at arrival`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.risk.maximumOpenOrders = 500
        $0.risk.maximumOrdersPerMinute = 500
      }, exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    // Twelve orders leave in 1.0527 seconds: the 61st leaves in 5.264.
    for index in 0..<60 {
      let answer = harness.submit(limit("s\(index)") { $0.expiry = .timeToLive(.seconds(5)) })
      #expect(answer?.code == .accepted)
    }
    let late = harness.submit(limit("late") { $0.expiry = .timeToLive(.seconds(5)) })
    #expect(late?.code == .rateLimited)
    #expect(late?.message.contains("60 orders wait") == true)
    #expect(
      harness.submit(limit("patient") { $0.expiry = .timeToLive(.milliseconds(5_264)) })?.code
        == .accepted)
  }

  @Test func `the windows are remembered over a restart`() {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.risk.maximumOpenOrders = 500
        $0.risk.maximumOrdersPerMinute = 500
        $0.risk.maximumDailyQuote = nil
      })
    for index in 0..<200 { harness.submit(limit("s\(index)")) }
    harness.advance(by: .milliseconds(2_500))
    for _ in 0..<8 {
      harness.restart(after: .milliseconds(200))
      harness.advance(by: .milliseconds(900))
    }
    harness.advance(by: .seconds(60))
    var weight = 0
    var orders = 0
    var first = 0
    var firstOrder = 0
    let placements = harness.sent.filter(\.dispatch.isPlacement)
    for (at, dispatch, _) in harness.sent {
      weight += cost(of: dispatch.request).ipWeight
      while at.monotonic.since(harness.sent[first].at.monotonic) >= .seconds(10) {
        weight -= cost(of: harness.sent[first].dispatch.request).ipWeight
        first += 1
      }
      #expect(weight <= 300)
    }
    for (at, _, _) in placements {
      orders += 1
      while at.monotonic.since(placements[firstOrder].at.monotonic) >= .seconds(1) {
        orders -= 1
        firstOrder += 1
      }
      #expect(orders <= 12)
    }
    #expect(placements.count == 200)
  }

  @Test(arguments: [-3_600, 3_600])
  func `a civil clock that is set does not age them`(step: Int) {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.maximumOrdersPerMinute = 500 })
    // None of them expires: look-ups would take the place of orders that wait no more.
    for index in 0..<40 {
      harness.submit(limit("s\(index)") { $0.expiry = .timeToLive(.seconds(2 * 3_600)) })
    }
    harness.advance(by: .milliseconds(2_500))
    let former = harness.store.usage
    let count = harness.sent.count
    harness.stepWallClock(by: .seconds(step))
    harness.tick()
    #expect(harness.sent.count == count)
    #expect(former?.at != harness.now)
    #expect(harness.store.usage?.at == harness.now)
    var engine = harness.engine
    let used = engine.status(at: harness.now).usage.uid
    #expect(used > 20)
    #expect(harness.store.usage?.usage.uid ?? 0 >= used)
  }

  @Test func `a civil clock that is set while it is down does not age them`() throws {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.maximumOrdersPerMinute = 500 })
    for index in 0..<40 { harness.submit(limit("s\(index)")) }
    harness.advance(by: .milliseconds(2_500))
    let used = try #require(harness.store.usage?.usage)
    harness.stepWallClock(by: .seconds(3_600))
    harness.restart(after: .seconds(1))
    var engine = harness.engine
    #expect(engine.status(at: harness.now).usage.uid >= used.uid)
  }
}
