import Domain
import JSON
import TestKit
import Testing

@testable import Store

struct TurnTests {
  let scratch: Scratch
  let store: OrderStore

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
  }

  @Test func `a committed signal reads back as it was, whatever its bytes`() throws {
    let origins: [SignalOrigin] = [
      .file([0xFF, 0x0A, 0x00, 0x41]), .file([]), .socket("uid=1000 pid=7"), .socket(""),
    ]
    for (index, origin) in origins.enumerated() {
      try store.write(.insertSignal(makeSignal("s\(index)", origin: origin)))
    }
    try store.commit()
    let reader = try StoreReader(path: scratch.database)
    for (index, origin) in origins.enumerated() {
      #expect(
        try reader.signal(signalID("s\(index)")) == makeSignal("s\(index)", origin: origin))
    }
    #expect(try reader.signal(signalID("other")) == nil)
  }

  @Test func `a turn reads its own writes, others only what is committed`() throws {
    let reader = try StoreReader(path: scratch.database)
    #expect(!store.hasUncommittedWrites)
    try store.write(.insertSignal(makeSignal("a")))
    #expect(store.hasUncommittedWrites)
    #expect(try store.signal(signalID("a")) != nil)
    #expect(try reader.signal(signalID("a")) == nil)
    try store.commit()
    #expect(!store.hasUncommittedWrites)
    #expect(try reader.signal(signalID("a")) != nil)
    #expect(store.lastCommitNanoseconds > 0)
  }

  @Test func `a rollback forgets the turn, and the next turn works`() throws {
    try store.write(.insertSignal(makeSignal("a")))
    store.rollback()
    #expect(!store.hasUncommittedWrites)
    #expect(try store.signal(signalID("a")) == nil)
    try store.write(.insertSignal(makeSignal("b")))
    try store.commit()
    #expect(try store.signal(signalID("b")) != nil)
  }

  @Test func `a commit without writes does nothing`() throws {
    try store.commit()
    #expect(store.lastCommitNanoseconds == 0)
  }

  @Test func `a failed write undoes the turn and fails its commit`() throws {
    try store.write(.insertSignal(makeSignal("a")))
    try store.commit()
    try store.write(.insertSignal(makeSignal("b")))
    let failure = try #require(
      throws: StoreError.self, performing: { try store.write(.insertSignal(makeSignal("a"))) })
    #expect(
      failure
        == .misuse("insert signal: UNIQUE constraint failed: signal.id (SQLite error 1555)"))
    #expect(try store.signal(signalID("b")) == nil)
    #expect(throws: failure) { try store.write(.insertSignal(makeSignal("c"))) }
    #expect(store.hasUncommittedWrites)
    #expect(throws: failure) { try store.commit() }
    #expect(!store.hasUncommittedWrites)
    #expect(try store.signal(signalID("c")) == nil)
    try store.write(.insertSignal(makeSignal("d")))
    try store.commit()
    #expect(try store.signal(signalID("d")) != nil)
  }

  @Test func `a decision changes the signal that it names and no other`() throws {
    try store.write(.insertSignal(makeSignal("a")))
    try store.write(.insertSignal(makeSignal("b")))
    let later = noon.advanced(by: .seconds(9))
    try store.write(.updateDecision(signalID("a"), .priceDeviation, "12 > 10 bps", at: later))
    try store.commit()
    let changed = try #require(try store.signal(signalID("a")))
    #expect(changed.decision == .priceDeviation)
    #expect(changed.message == "12 > 10 bps")
    #expect(changed.decidedAt == later)
    #expect(try store.signal(signalID("b")) == makeSignal("b"))
    #expect(throws: StoreError.misuse("a decision on signal c, which is not stored")) {
      try store.write(.updateDecision(signalID("c"), .expired, "", at: later))
    }
  }

  @Test func `a start reads the rejected orders that are watched for`() throws {
    func rejected(_ id: String, at time: WallTime) throws -> Order {
      var recorded = try Recorded(id, in: store, at: time)
      try recorded.arm(in: store)
      try recorded.take(.outcomeLost("code 10203", .refused(code: 10_203)), in: store)
      try recorded.take(.refused(.exchangeRejected, "code 10203"), in: store)
      return recorded.order
    }
    let first = try rejected("z", at: noon)
    let live = try Recorded("b", in: store, at: noon.advanced(by: .seconds(1))).order
    let last = try rejected("a", at: noon.advanced(by: .seconds(2)))
    var found = try Recorded("found", in: store)
    try found.arm(in: store)
    try found.take(
      .observed(makeReport("found", .filled, executed: "0.5", quote: "10000")), in: store)
    let gone = OrderKey(signal: try signalID("gone"))
    #expect(try store.loadState(now: noon).live.map(\.order) == [live])
    try store.write(.setWatched([last.key, first.key, found.order.key, gone]))
    try store.commit()
    let state = try StoreReader(path: scratch.database).loadState(now: noon)
    #expect(state.live.map(\.order) == [first, live, last])
    #expect(state.live.allSatisfy { $0.signal.signalID == $0.order.key.signal })
    try store.write(.setWatched([]))
    try store.commit()
    #expect(try store.loadState(now: noon).live.map(\.order) == [live])
  }

  @Test func `halt, ban and rate usage are set, replaced and lifted`() throws {
    #expect(try store.loadState(now: noon) == StoredState())
    let halt = HaltRecord(reason: "an \"emergency\"", since: noon, scope: .buys)
    let ban = BanRecord(
      until: noon, wait: .nanoseconds(1_500_001), isBan: true, reason: "418",
      monotonicUntil: MonotonicTime(nanoseconds: 123_456_789_012_345))
    let usage = RateUsageRecord(
      usage: RateUsage(ip: 12, uid: 3, orders: 1),
      at: Moment(wall: noon, monotonic: MonotonicTime(nanoseconds: 98_765)))
    try store.write(.setHalt(HaltRecord(reason: "first", since: noon)))
    try store.write(.setHalt(halt))
    try store.write(.setBan(ban))
    try store.write(.setRateUsage(usage))
    try store.commit()
    let state = try StoreReader(path: scratch.database).loadState(now: noon)
    #expect(state.halt == halt)
    // Whole milliseconds, never fewer than the exchange asked for.
    #expect(state.ban?.wait == .milliseconds(2))
    #expect(state.ban?.until == noon)
    #expect(state.ban?.isBan == true)
    #expect(state.ban?.reason == "418")
    #expect(state.ban?.monotonicUntil == ban.monotonicUntil)
    #expect(state.rateUsage == usage)
    try store.write(.setHalt(nil))
    try store.write(.setBan(nil))
    try store.commit()
    #expect(try store.loadState(now: noon) == StoredState(rateUsage: usage))
  }

  @Test func `the use of the pools has its parts, and is one figure to an older program`() {
    let at = Moment(wall: noon, monotonic: MonotonicTime(nanoseconds: 98_765))
    let earlier = PastUsage(
      usage: RateUsage(ip: 94, uid: 156, orders: 3), at: MonotonicTime(nanoseconds: 12_345))
    let record = RateUsageRecord(
      own: RateUsage(ip: 12, uid: 3, orders: 1), earlier: [earlier], at: at)
    #expect(RateUsageRecord(record.json) == record)
    let whole = RateUsage(ip: 106, uid: 159, orders: 4)
    for (name, figure) in [("ip", 106), ("uid", 159), ("orders", 4)] {
      #expect(record.json[name] == JSONValue.integer(figure), "\(name)")
    }
    let former: JSONValue = [
      "ip": 106, "uid": 159, "orders": 4, "at_ms": .integer(noon.milliseconds),
      "monotonic_ns": 98_765,
    ]
    #expect(RateUsageRecord(former) == RateUsageRecord(usage: whole, at: at))
  }

  static let partsThatLackSome: [JSONValue] = [
    .null, .string("none"), .array([]), .array([["usage": ["ip": 94], "monotonic_ns": 12_345]]),
  ]

  @Test(arguments: partsThatLackSome)
  func `a use of the pools whose parts are not all of it counts as a whole`(
    earlier: JSONValue
  ) {
    var pairs: [(String, JSONValue)] = [
      ("ip", 106), ("uid", 159), ("orders", 4), ("at_ms", .integer(noon.milliseconds)),
      ("monotonic_ns", 98_765), ("own", ["ip": 12, "uid": 3, "orders": 1]),
    ]
    if !earlier.isNull { pairs.append(("earlier", earlier)) }
    let at = Moment(wall: noon, monotonic: MonotonicTime(nanoseconds: 98_765))
    let whole = RateUsage(ip: 106, uid: 159, orders: 4)
    #expect(RateUsageRecord(.object(pairs: pairs)) == RateUsageRecord(usage: whole, at: at))
  }

  @Test func `the history keeps its order, its subjects and its details`() throws {
    let id = try signalID("a")
    let events = [
      HistoryEvent(at: noon, subject: .daemon, kind: "started", detail: ["version": "1"]),
      HistoryEvent(
        at: noon, subject: .signal(id), kind: "received", detail: ["note": "line\nü \"q\""]),
      HistoryEvent(
        at: time(1), subject: .order(OrderKey(signal: id, leg: 3)), kind: "request",
        detail: ["weights": [1, 2, nil], "deep": ["x": true]]),
      HistoryEvent(at: time(2), subject: .daemon, kind: "halted", detail: [:]),
    ]
    for event in events { try store.write(.appendEvent(event)) }
    try store.commit()
    #expect(try store.reader.history(of: id) == [events[1], events[2]])
    #expect(try store.reader.history(of: signalID("b")) == [])
    #expect(try store.reader.daemonHistory() == [events[0], events[3]])
  }

  @Test func `a text with U+0000 is kept readable`() throws {
    let id = try signalID("a")
    try store.write(
      .appendEvent(
        HistoryEvent(at: noon, subject: .signal(id), kind: "x", detail: ["t\0": "a\0b"])))
    try store.commit()
    #expect(try store.reader.history(of: id).map(\.detail) == [["t\u{FFFD}": "a\u{FFFD}b"]])
  }

  @Test func `a probe writes and leaves no turn open`() throws {
    try store.probe()
    #expect(!store.hasUncommittedWrites)
    #expect(store.lastCommitNanoseconds > 0)
    try store.write(.setHalt(nil))
    #expect(throws: StoreError.misuse("a turn in the middle of a turn")) { try store.probe() }
    try store.commit()
  }

  @Test func `the connection of a reader takes no write`() throws {
    let reader = try StoreReader(path: scratch.database)
    #expect(
      throws: StoreError.readOnly(
        "delete setting: attempt to write a readonly database (SQLite error 8)")
    ) { try TurnWriter(reader, boot: nil).write(.setHalt(nil)) }
  }
}
