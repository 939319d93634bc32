import Domain
import Testing

import struct TestKit.SeededGenerator

@testable import Execution

/// What the exchange demands, and what a restart must know of the requests of this run.
@Suite struct SchedulerBackOffTests {
  private static let limits = makeConfiguration().rateLimits
  private let look = ExchangeRequest.order(btc, .orderID("E1"))
  private let clock = ExchangeClock(
    reading: moment().wall, sentAt: monotonic(.zero), receivedAt: monotonic(.zero))
  private var scheduler = RequestScheduler(limits, traits)
  private var prices = PriceBook(of: traits.name)
  private var names = 0

  private mutating func send(_ count: Int, at offset: Duration = .zero) -> Reaction {
    for _ in 0..<count {
      names += 1
      scheduler.add(look, for: .poll(key("s\(names)")))
    }
    return drive(at: moment(offset))
  }

  private mutating func drive(at now: Moment) -> Reaction {
    var reaction = Reaction(at: now)
    scheduler.endBackOff(&reaction)
    scheduler.drive(&prices, clock: clock, ordersWait: false, isOver: { _ in false }, &reaction)
    scheduler.rememberUsage(&reaction)
    return reaction
  }

  private mutating func answer(
    _ dispatch: Dispatch, _ answer: ExchangeAnswer, at offset: Duration = .zero
  ) -> Reaction {
    var reaction = Reaction(at: moment(offset))
    _ = scheduler.answered(dispatch.id, answer, &reaction)
    return reaction
  }

  private func bans(_ reaction: Reaction) -> [BanRecord?] {
    reaction.writes.compactMap { if case .setBan(let record) = $0 { .some(record) } else { nil } }
  }

  // MARK: Demands

  @Test mutating func `a demand withdraws what has not left, and nothing leaves before its end`()
    throws
  {
    let dispatch = try #require(send(1).sent.first)
    let told = answer(dispatch, throttled(.seconds(5)))
    #expect(told.withdrawals.count == 1)
    #expect(bans(told).map { $0?.wait } == [.seconds(5)])
    #expect(told.logs.map(\.level) == [.warning, .warning])
    #expect(told.logs.first?.fields.first { $0.key == "ceiling_percent" }?.value == "90")
    let waiting = send(1, at: .seconds(1))
    #expect(waiting.sent.isEmpty)
    #expect(waiting.deadline == monotonic(.seconds(5)))
    #expect(drive(at: moment(.milliseconds(4_999))).sent.isEmpty)
    let over = drive(at: moment(.seconds(5)))
    #expect(over.sent.count == 1)
    #expect(bans(over) == [nil])
    #expect(scheduler.backOff == nil)
  }

  @Test mutating func `a shorter demand does not shorten, and a longer one lengthens`() throws {
    let sent = send(3).sent
    _ = answer(sent[0], throttled(.seconds(60), isBan: true))
    let shorter = answer(sent[1], throttled(.seconds(5)), at: .seconds(1))
    #expect(shorter.withdrawals.count == 1)
    #expect(bans(shorter) == [])
    #expect(scheduler.limiter.backOffUntil == monotonic(.seconds(60)))
    #expect(scheduler.backOff?.isBan == true)
    let longer = answer(sent[2], throttled(.seconds(60)), at: .seconds(2))
    #expect(bans(longer).count == 1)
    #expect(scheduler.limiter.backOffUntil == monotonic(.seconds(62)))
  }

  @Test mutating func `a firewall's refusal is a back off of a minute`() throws {
    let dispatch = try #require(send(1).sent.first)
    let told = answer(dispatch, .failed(.blocked("403")))
    #expect(scheduler.limiter.backOffUntil == monotonic(.seconds(60)))
    #expect(told.withdrawals.count == 1)
    #expect(scheduler.backOff?.reason.contains("403") == true)
  }

  @Test mutating func `other failures demand nothing`() throws {
    for failure in [
      ExchangeFailure.notSent("x"), .noAnswer("x"), .unreadable("x"),
      .refused(ExchangeError(code: 1, text: "", action: .wait, refusesPlacement: true, advice: "")),
    ] {
      let dispatch = try #require(send(1).sent.first)
      #expect(answer(dispatch, .failed(failure)).effects.isEmpty)
    }
    #expect(scheduler.backOff == nil)
  }

  // MARK: After a start

  private func record(_ left: Duration, wait: Duration, monotonic end: MonotonicTime? = nil)
    -> BanRecord
  {
    BanRecord(
      until: moment(left).wall, wait: wait, isBan: true, reason: "418", monotonicUntil: end)
  }

  @Test mutating func `a restored back off goes on for what is left of it, and is written anew`() {
    let stored = record(.seconds(20), wait: .seconds(60), monotonic: monotonic(.seconds(20)))
    scheduler.restoreBackOff(stored, at: moment())
    #expect(scheduler.limiter.backOffUntil == monotonic(.seconds(20)))
    let first = drive(at: moment())
    #expect(bans(first).map { $0?.wait } == [.seconds(20)])
    #expect(first.deadline == monotonic(.seconds(20)))
    #expect(bans(drive(at: moment(.seconds(1)))) == [])
    #expect(bans(drive(at: moment(.seconds(20)))) == [nil])
  }

  @Test mutating func `a restored back off is bounded by its wait, wherever the clock was set`() {
    scheduler.restoreBackOff(
      record(.seconds(86_400 * 365), wait: .seconds(60)), at: moment())
    #expect(scheduler.limiter.backOffUntil == monotonic(.seconds(60)))
    #expect(scheduler.backOff?.until == moment(.seconds(60)).wall)
  }

  @Test mutating func `the monotonic clock tells the rest where the civil one was set forward`() {
    let stored = record(
      .seconds(-3_600), wait: .seconds(60), monotonic: monotonic(.seconds(30)))
    scheduler.restoreBackOff(stored, at: moment())
    #expect(scheduler.limiter.backOffUntil == monotonic(.seconds(30)))
  }

  @Test mutating func `a back off that is over, or of another boot, does not come back`() {
    scheduler.restoreBackOff(
      record(.seconds(-1), wait: .seconds(60), monotonic: monotonic(.seconds(-1))), at: moment())
    #expect(scheduler.backOff == nil)
    // The machine was booted since, and counts from zero: the old end lies far ahead.
    scheduler.restoreBackOff(
      record(.seconds(-1), wait: .seconds(60), monotonic: monotonic(.seconds(9_000))),
      at: moment())
    #expect(scheduler.backOff == nil)
    #expect(bans(drive(at: moment())) == [])
  }

  // MARK: The use of the pools

  private func usages(_ reaction: Reaction) -> [RateUsage] {
    reaction.writes.compactMap {
      if case .setRateUsage(let record) = $0 { record.usage } else { nil }
    }
  }

  @Test mutating func `a light use is not written down and holds nothing`() {
    // A third of 285 is 94, and each look weighs 2.
    let light = send(47)
    #expect(light.sent.count == 47)
    #expect(usages(light) == [])
    #expect(light.sent.allSatisfy { $0.barrier == .none })
  }

  @Test mutating func `a heavy use is written down before the requests that make it leave`() throws
  {
    let heavy = send(48)
    #expect(heavy.sent.count == 48)
    #expect(heavy.sent.allSatisfy { $0.barrier == .durable })
    let recorded = try #require(usages(heavy).first)
    // With a tenth of the pool on top.
    #expect(recorded.ip == 96 + 28)
    // What the record covers needs no other, for a second.
    let next = send(5, at: .milliseconds(500))
    #expect(next.sent.allSatisfy { $0.barrier == .none })
    #expect(usages(next) == [])
    let later = send(1, at: .seconds(1))
    #expect(later.sent.map(\.barrier) == [.durable])
    #expect(usages(later).count == 1)
  }

  @Test mutating func `a use beyond what is on record is written down at once`() {
    _ = send(48)
    let beyond = send(20, at: .milliseconds(100))
    #expect(beyond.sent.allSatisfy { $0.barrier == .durable })
    #expect(usages(beyond).count == 1)
  }

  @Test mutating func `a clock that was set makes the record wrong, so that it is written anew`() {
    _ = send(48)
    let now = moment(.milliseconds(100))
    let stepped = Moment(
      wall: now.wall.advanced(by: .seconds(-3_600)), monotonic: now.monotonic)
    #expect(usages(drive(at: stepped)).count == 1)
    #expect(usages(drive(at: stepped.advanced(by: .milliseconds(1)))) == [])
  }

  @Test mutating func `a restart counts what the last run may have sent`() {
    var state = StoredState()
    state.rateUsage = RateUsageRecord(
      usage: RateUsage(ip: 200, uid: 10, orders: 0), at: moment(.seconds(-3)))
    scheduler.restoreUsage(state, window: Self.limits.window, at: moment())
    let usage = scheduler.usage(at: monotonic(.zero))
    #expect(usage == RateUsage(ip: 200, uid: 156, orders: 0))
    #expect(scheduler.usage(at: monotonic(.seconds(10))) == RateUsage(ip: 0, uid: 0, orders: 0))
  }

  /// Each run uses what a start does.
  @Test mutating func `restarts in a row leave each other room`() throws {
    var state = StoredState()
    for run in 0..<8 {
      let start = Duration.seconds(4 * run)
      scheduler = RequestScheduler(Self.limits, traits)
      scheduler.restoreUsage(state, window: Self.limits.window, at: moment(start))
      let reaction = send(16, at: start)
      #expect(reaction.sent.count == 16, "run \(run)")
      for case .setRateUsage(let record) in reaction.writes { state.rateUsage = record }
    }
    // Two runs before the last one began less than ten seconds ago, and it used 32 and a tenth of 285.
    let record = try #require(state.rateUsage)
    #expect(record.own.ip == 60)
    #expect(record.earlier.map(\.at) == [20, 24, 28].map { monotonic(.seconds($0)) })
    #expect(record.earlier.map(\.usage.ip) == [60, 60, 94])
  }

  /// Where the clocks agree about the record's age; else all of it counts from now on.
  @Test(arguments: [(0, 6_000, 100), (-3_600, 10_000, 0), (3, 10_000, 0)])
  mutating func `what a run counted of those before it goes on from when it began`(
    step: Int, end: Int, left: Int
  ) {
    var state = StoredState()
    state.rateUsage = RateUsageRecord(
      own: RateUsage(ip: 100, uid: 0, orders: 0),
      earlier: [
        PastUsage(usage: RateUsage(ip: 60, uid: 0, orders: 0), at: monotonic(.seconds(-4)))
      ], at: moment(.seconds(-2)))
    let now = Moment(
      wall: moment(.seconds(step)).wall, monotonic: monotonic(.zero))
    scheduler.restoreUsage(state, window: Self.limits.window, at: now)
    #expect(scheduler.usage(at: monotonic(.milliseconds(end - 1))).ip == 160)
    #expect(scheduler.usage(at: monotonic(.milliseconds(end))).ip == left)
    #expect(scheduler.usage(at: monotonic(.seconds(10))).ip == 0)
  }

  @Test mutating func `a run that may have written nothing more counts for a light use`() {
    var state = StoredState()
    state.rateUsage = RateUsageRecord(
      own: RateUsage(ip: 20, uid: 0, orders: 0),
      earlier: [
        PastUsage(usage: RateUsage(ip: 200, uid: 0, orders: 0), at: monotonic(.seconds(-4)))
      ], at: moment(.seconds(-2)))
    scheduler.restoreUsage(state, window: Self.limits.window, at: moment())
    #expect(scheduler.usage(at: monotonic(.zero)).ip == 220)
    #expect(scheduler.usage(at: monotonic(.seconds(6))).ip == 94)
  }

  /// The room of what earlier runs sent is not this run's once that has left the window.
  @Test mutating func `only this run's use is held against its record`() {
    var state = StoredState()
    state.rateUsage = RateUsageRecord(
      own: .zero,
      earlier: [
        PastUsage(usage: RateUsage(ip: 150, uid: 0, orders: 0), at: monotonic(.seconds(-9)))
      ], at: moment(.seconds(-2)))
    scheduler.restoreUsage(state, window: Self.limits.window, at: moment())
    #expect(usages(send(40, at: .milliseconds(500))).count == 1)
    let beyond = send(20, at: .milliseconds(1_400))
    #expect(beyond.sent.allSatisfy { $0.barrier == .durable })
    #expect(usages(beyond).count == 1)
  }

  @Test mutating func `an old record counts no more than a light use`() {
    var state = StoredState()
    state.rateUsage = RateUsageRecord(
      usage: RateUsage(ip: 200, uid: 200, orders: 9), at: moment(.seconds(-60)))
    scheduler.restoreUsage(state, window: Self.limits.window, at: moment())
    #expect(scheduler.usage(at: monotonic(.zero)) == RateUsage(ip: 94, uid: 156, orders: 0))
  }

  // MARK: Over many runs

  /// What the runs have in common, and what of them really left.
  private struct Machine {
    var random: SeededGenerator
    private(set) var state = StoredState()
    /// By a clock that nobody sets, and that goes on while the machine is off.
    private var elapsed = Duration.zero
    private var bootedAt = Duration.seconds(-100)
    private var civilStep = Duration.zero
    private var underWay: [Dispatch] = []
    private var left: [(at: Duration, cost: RequestCost)] = []

    init(seed: Int) { random = SeededGenerator(seed: UInt64(seed)) }

    var now: Moment {
      Moment(
        wall: moment(elapsed + civilStep).wall,
        monotonic: MonotonicTime(nanoseconds: 0).advanced(by: elapsed - bootedAt))
    }

    mutating func pass() {
      elapsed += Duration.milliseconds(random.below(800))
    }

    /// By less than a second the clocks may differ unseen.
    mutating func stepClock() {
      let step = Duration.milliseconds(1_000 + random.below(20_000))
      if random.chance(50) { civilStep += step } else { civilStep -= step }
    }

    /// What is out stays unanswered. A clock that is set forward meanwhile, over a boot, would hide that
    /// a record is young.
    mutating func restart() {
      underWay = []
      let down = random.below(4_000)
      elapsed += Duration.milliseconds(down)
      let uptime = Duration.milliseconds(random.below(down + 1))
      if random.chance(30) { bootedAt = elapsed - uptime }
      let step = Duration.milliseconds(random.below(20_000))
      if random.chance(30) { civilStep -= step }
    }

    /// Without a barrier a request leaves wherever the process is killed.
    mutating func perform(_ reaction: Reaction, until point: CrashPoint = .afterEffects) {
      if point != .beforeCommit {
        for case .setRateUsage(let record) in reaction.writes { state.rateUsage = record }
      }
      for dispatch in reaction.sent where dispatch.barrier == .none || point == .afterEffects {
        underWay.append(dispatch)
        left.append((at: elapsed, cost: cost(of: dispatch.request)))
      }
    }

    mutating func takeAnswered() -> [Dispatch] {
      let count = random.below(underWay.count + 1)
      defer { underWay.removeFirst(count) }
      return Array(underWay.prefix(count))
    }

    /// Of what left within the window.
    var sent: RateUsage {
      left.filter { elapsed - $0.at < Duration.seconds(10) }.reduce(RateUsage.zero) {
        $0 + RateUsage(ip: $1.cost.ipWeight, uid: $1.cost.uidWeight, orders: 0)
      }
    }
  }

  private mutating func turn(_ machine: inout Machine) -> Reaction {
    let looks = machine.random.chance(5) ? 60 : machine.random.below(6)
    for _ in 0..<looks {
      names += 1
      scheduler.add(look, for: .poll(key("s\(names)")))
    }
    return drive(at: machine.now)
  }

  /// After a clean end or a kill around a commit.
  private mutating func restart(_ machine: inout Machine) {
    if machine.random.chance(50) {
      let point = CrashPoint.allCases[machine.random.below(CrashPoint.allCases.count)]
      let last = turn(&machine)
      machine.perform(last, until: point)
    }
    machine.restart()
    scheduler = RequestScheduler(Self.limits, traits)
    scheduler.restoreUsage(machine.state, window: Self.limits.window, at: machine.now)
  }

  @Test(arguments: 1...20)
  mutating func `whatever ends a run, nothing that left is counted for less than it was`(
    seed: Int
  ) {
    var machine = Machine(seed: seed)
    var hasSent = false
    for step in 0..<400 {
      machine.pass()
      switch machine.random.below(10) {
      case 0:
        restart(&machine)
        hasSent = false
      // A run that has sent nothing writes nothing down anew.
      case 1 where hasSent:
        machine.stepClock()
        let next = drive(at: machine.now)
        machine.perform(next)
      default:
        var reaction = Reaction(at: machine.now)
        for dispatch in machine.takeAnswered() {
          _ = scheduler.answered(dispatch.id, noSuchOrder, &reaction)
        }
        let next = turn(&machine)
        machine.perform(next)
        if !next.sent.isEmpty { hasSent = true }
      }
      let counted = scheduler.usage(at: machine.now.monotonic)
      let sent = machine.sent
      #expect(counted.ip >= sent.ip && counted.uid >= sent.uid, "step \(step)")
    }
  }
}
