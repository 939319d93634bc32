import Domain
import Execution
import Testing

/// What an earlier run read of the venue, at a start where the exchange does not tell it again.
@Suite struct VenueFactsTests {
  private let start = Moment(
    wall: WallTime(milliseconds: 1_700_000_000_000),
    monotonic: MonotonicTime(nanoseconds: 5_000_000_000_000))

  private func facts(
    age: Duration = .seconds(60), tradable: Set<Symbol> = [btc, eth, sol],
    _ instruments: [Instrument] = [instrument(btc), instrument(eth), instrument(sol)],
    clock: VenueFacts.Clock? = nil
  ) -> VenueFacts {
    let readAt = start.wall.advanced(by: .zero - age)
    return VenueFacts(
      rules: instruments.map { VenueFacts.Rules(instrument: $0, readAt: readAt) },
      pairs: VenueFacts.Pairs(symbols: tradable, readAt: readAt), clock: clock)
  }

  /// The exchange answers everything but rules and pairs, and its time only where it `tellsTime`.
  private func started(with facts: VenueFacts?, tellsTime: Bool = true) -> EngineHarness {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      switch dispatch.request {
      case .instruments, .tradableSymbols: .hold
      case .serverTime: tellsTime ? nil : .hold
      case .prices, .keyInformation, .accountRights, .place, .validate, .order,
        .openOrders, .recentOrders, .trades, .cancel, .openAccountStream, .extendAccountStream:
        nil
      }
    }
    let harness = EngineHarness(exchange: exchange)
    harness.store.venue = facts
    harness.restart()
    harness.tick()
    harness.settle()
    return harness
  }

  private func tellAll(_ harness: EngineHarness) {
    harness.exchange.script = { _, _ in nil }
    for dispatch in harness.held {
      harness.answer(dispatch, harness.exchange.answer(to: dispatch.request, at: harness.now))
    }
    harness.settle()
  }

  private func isOfEarlierRun(_ harness: EngineHarness) -> [Bool?] {
    var engine = harness.engine
    let status = engine.status(at: harness.now)
    return [status.rules?.isOfEarlierRun, status.pairs?.isOfEarlierRun]
  }

  @Test func `an order leaves by them, and they are asked for at once`() {
    let harness = started(with: facts())
    #expect(harness.engine.isTradingOpen)
    #expect(isOfEarlierRun(harness) == [true, true])
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.held.count == 2)
    let revision = harness.engine.venueFactsRevision
    tellAll(harness)
    #expect(isOfEarlierRun(harness) == [false, false])
    #expect(harness.engine.venueFactsRevision != revision)
    #expect(
      harness.engine.venueFacts.rules.map(\.readAt) == [
        harness.now.wall, harness.now.wall, harness.now.wall,
      ])
    #expect(harness.engine.venueFacts.pairs?.symbols == [btc, eth, sol])
  }

  @Test(arguments: [.seconds(3_601), .seconds(-1)] as [Duration])
  func `those that are too old, or of the future, are no use`(age: Duration) {
    let harness = started(with: facts(age: age))
    #expect(!harness.engine.isTradingOpen)
    #expect(isOfEarlierRun(harness) == [nil, nil])
    tellAll(harness)
    #expect(harness.engine.isTradingOpen)
  }

  private func clock(
    age: Duration, ahead: Duration = .milliseconds(700), error: Duration = .milliseconds(5)
  ) -> VenueFacts.Clock {
    VenueFacts.Clock(
      time: start.wall.advanced(by: ahead - age), readAt: start.monotonic.advanced(by: .zero - age),
      error: error)
  }

  @Test func `an order carries the time of a kept clock`() throws {
    let harness = started(with: facts(clock: clock(age: .seconds(599))), tellsTime: false)
    #expect(harness.engine.isTradingOpen)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    let stamp = try #require(harness.order("a")?.stampedAt)
    #expect(stamp.since(harness.now.wall) == .milliseconds(700))
    var engine = harness.engine
    var status = engine.status(at: harness.now)
    #expect(status.clock?.isOfEarlierRun == true)
    #expect(status.clockOffsetMilliseconds == 700)
    tellAll(harness)
    engine = harness.engine
    status = engine.status(at: harness.now)
    #expect(status.clock?.isOfEarlierRun == false)
    #expect(status.clockOffsetMilliseconds != 700)
    #expect(harness.engine.venueFacts.clock != nil)
  }

  @Test func `a kept clock that is too old, of the future or too vague is no use`() {
    for clock in [
      clock(age: .seconds(601)), clock(age: .seconds(-1)),
      clock(age: .seconds(1), error: .milliseconds(501)),
    ] {
      let harness = started(with: facts(clock: clock), tellsTime: false)
      #expect(!harness.engine.isTradingOpen)
    }
  }

  @Test func `without those of one allowed symbol the start waits`() {
    let harness = started(with: facts(age: .zero, [instrument(btc), instrument(eth)]))
    #expect(!harness.engine.isTradingOpen)
  }

  @Test func `they refuse nothing that may have changed`() {
    let closed = instrument(btc) { $0.isTradable = false }
    let harness = started(
      with: facts(tradable: [btc], [closed, instrument(eth), instrument(sol)]))
    harness.submit(limit("closed", btc))
    harness.submit(limit("not-listed", eth))
    harness.settle()
    #expect(harness.status("closed") == .new && harness.status("not-listed") == .new)
    tellAll(harness)
    #expect(harness.status("closed") == .open && harness.status("not-listed") == .open)
  }
}
