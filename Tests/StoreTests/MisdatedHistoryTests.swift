import Domain
import JSON
import TestKit
import Testing

@testable import Store

/// The retention rule, where the clock was ahead for a while: a time of the future tells no age.
struct MisdatedHistoryTests {
  let scratch: Scratch
  let store: OrderStore

  private static let day = Duration.seconds(86_400)

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
  }

  private func days(_ number: Int) -> WallTime { noon.advanced(by: Self.day * number) }

  /// A signal whose order rests since that day.
  private func open(_ id: String, day: Int) throws -> Recorded {
    var recorded = try Recorded(id, in: store, at: days(day))
    try recorded.arm(in: store)
    try recorded.take(.acknowledged(orderID: "C02__\(id)"), in: store)
    try recorded.take(.observed(makeReport(id, .open)), in: store)
    return recorded
  }

  private func end(_ recorded: inout Recorded, _ id: String) throws {
    try recorded.take(
      .observed(makeReport(id, .filled, executed: "0.5", quote: "10000")), in: store)
  }

  /// A signal whose order was filled on that day.
  private func fill(_ id: String, day: Int) throws {
    var recorded = try open(id, day: day)
    try end(&recorded, id)
  }

  private func stored(_ ids: String...) throws -> [Bool] {
    try ids.map { try store.signal(signalID($0)) != nil }
  }

  private func remark(day: Int) throws {
    try store.write(
      .appendEvent(HistoryEvent(at: days(day), subject: .daemon, kind: "n", detail: .integer(1))))
    try store.commit()
  }

  /// Compacts until nothing is left to do, with the clock right again.
  private func compact(before day: Int, at now: Int) throws -> (signals: Int, events: Int) {
    var total = (signals: 0, events: 0)
    while true {
      let step = try Compaction(store).step(before: days(day), at: days(now))
      if step.isEmpty { return total }
      total.signals += step.signals
      total.events += step.events
    }
  }

  @Test func `what was written while the clock was ahead goes with its neighbours`() throws {
    try fill("a", day: 0)
    try fill("b", day: 365)
    try remark(day: 365)
    // The clock was put right: what follows tells how old that is.
    try fill("c", day: 1)
    try fill("d", day: 30)
    #expect(try compact(before: 0, at: 20) == (signals: 0, events: 0))
    #expect(try compact(before: 10, at: 40) == (signals: 3, events: 16))
    #expect(try stored("a", "b", "c", "d") == [false, false, false, true])
    #expect(try store.compactedSignal(signalID("b"))?.status == .filled)
    #expect(try store.reader.audit().isClean)
  }

  @Test func `an order that ended while the clock was ahead goes with its neighbours`() throws {
    var ended = try open("a", day: 0)
    ended.clock = days(365)
    try end(&ended, "a")
    try fill("b", day: 1)
    try fill("c", day: 30)
    #expect(try compact(before: 10, at: 40) == (signals: 2, events: 10))
    #expect(try store.reader.audit().isClean)
  }

  /// It may be of yesterday.
  @Test func `what was written while the clock was ahead stays while nothing old follows`() throws {
    try fill("a", day: 0)
    try fill("b", day: 365)
    #expect(try compact(before: 10, at: 40) == (signals: 1, events: 5))
    try fill("c", day: 39)
    #expect(try compact(before: 10, at: 40) == (signals: 0, events: 0))
    #expect(try stored("b", "c") == [true, true])
    // What comes later has grown old, too.
    try fill("d", day: 60)
    #expect(try compact(before: 50, at: 70) == (signals: 2, events: 10))
    #expect(try stored("b", "c", "d") == [false, false, true])
    #expect(try store.reader.audit().isClean)
  }

  @Test(arguments: [false, true])
  func `nothing that still counts goes because the clock was ahead`(isWatched: Bool) throws {
    var recorded = try open("a", day: 365)
    if isWatched {
      try end(&recorded, "a")
      try store.write(.setWatched([recorded.order.key]))
      try store.commit()
    }
    try fill("b", day: 1)
    try fill("c", day: 30)
    #expect(try compact(before: 10, at: 40) == (signals: 1, events: 0))
    #expect(try stored("a", "b", "c") == [true, false, true])
  }

  @Test func `what the history begins with is found without reading it`() throws {
    let rows = try Stranger(scratch.database).rows("EXPLAIN QUERY PLAN " + SQL.misdatedSignal)
    let plan = rows.compactMap { $0[3] }
    #expect(plan.contains("SEARCH event USING COVERING INDEX event_by_signal (signal_id=?)"))
    #expect(plan.filter { $0.hasPrefix("SCAN") } == ["SCAN seal"])
  }
}
