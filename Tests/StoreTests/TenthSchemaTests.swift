import Domain
import TestKit
import Testing

@testable import Store

/// What a start counts of the last day is told by two indexes; of the signals of older programs, by
/// their bytes.
struct TenthSchemaTests {
  let scratch: Scratch
  let store: OrderStore

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
  }

  private func plan(_ sql: String) throws -> [String?] {
    try Stranger(scratch.database).rows("EXPLAIN QUERY PLAN " + sql).map { $0[3] }
  }

  private func instructions(_ sql: String) throws -> [String?] {
    try Stranger(scratch.database).rows("EXPLAIN " + sql).map { $0[1] }
  }

  /// A signal whose bytes say another source and number than its sender.
  private func insert(
    _ id: String, age: Int64 = 0, _ decision: DecisionCode = .accepted,
    raw: String = #"{"source":"raw","sequence":1}"#, from sender: SignalSender?
  ) throws {
    let record = try makeSignal(
      id, decision: decision, receivedAt: time(noon.milliseconds - age), raw: Array(raw.utf8))
    try store.write(.insertSignal(record, from: sender))
    try store.commit()
  }

  private func sources() throws -> [String] {
    try store.loadState(now: noon).sourceSignals.map(\.source)
  }

  @Test func `reservations and live orders are found by their status, and no past order is read`()
    throws
  {
    for sql in [SQL.reservations, SQL.sparedOrders] {
      #expect(
        try plan(sql) == [
          "SEARCH orders USING COVERING INDEX orders_by_status (status=? AND created_at_ms>?)"
        ])
    }
    #expect(
      try plan(SQL.liveOrderRows) == [
        "SEARCH orders USING INDEX orders_by_status (status=?)", "USE TEMP B-TREE FOR ORDER BY",
      ])
  }

  /// A deferred seek goes to a signal's row when something of it is asked that the index has not.
  @Test(arguments: [SQL.acceptedSignals, SQL.numberedSignals])
  func `signals are counted in the order of their index`(sql: String) throws {
    #expect(try plan(sql).first == "SEARCH s USING INDEX signal_by_time (received_at_ms>?)")
    #expect(try !plan(sql).contains { $0?.contains("TEMP B-TREE") == true })
    #expect(try instructions(sql).contains("DeferredSeek"))
  }

  @Test func `the source is that of the sender, and without one that of the bytes`() throws {
    try insert("a", age: 5, from: SignalSender(source: "a name of more than fifteen bytes"))
    try insert("b", age: 4, from: nil)
    try insert("c", age: 3, from: SignalSender())
    try insert("d", age: 2, .halted, from: SignalSender(source: "denied"))
    try insert("e", age: 1, raw: #"{"source":""}"#, from: SignalSender(source: ""))
    try insert("f", from: SignalSender(source: "f"))
    #expect(try sources() == ["a name of more than fifteen bytes", "raw", "", "f"])
  }

  @Test func `a signal that ended otherwise still counts for its source`() throws {
    try insert("a", from: SignalSender(source: "bot"))
    try store.write(.updateDecision(signalID("a"), .expired, "late", at: noon))
    try store.commit()
    #expect(try sources() == ["bot"])
  }

  @Test func `a number is read where the sender gave one, and without a sender where one is seen`()
    throws
  {
    func raw(_ source: String, _ name: String = "sequence") -> String {
      #"{"source":"\#(source)","\#(name)":5}"#
    }
    try insert("a", .halted, raw: raw("a"), from: SignalSender(source: "a", isNumbered: true))
    try insert("b", raw: raw("b", #"\u0073equence"#), from: SignalSender(isNumbered: true))
    try insert("c", raw: raw("c"), from: SignalSender(source: "c"))
    try insert("d", raw: raw("d"), from: nil)
    #expect(try store.loadState(now: noon).sequences == ["a": 5, "b": 5, "d": 5])
  }

  @Test func `reservations of several statuses come oldest first`() throws {
    for (number, isFilled) in [true, false, true, false].enumerated() {
      let at = time(noon.milliseconds - 10 + Int64(number))
      var recorded = try Recorded("s\(number)", in: store, at: at, reserved: "\(number)")
      try recorded.arm(in: store)
      let report = try makeReport(
        "s\(number)", isFilled ? .filled : .partiallyCanceled, executed: isFilled ? "0.5" : "0.1",
        quote: "1")
      try recorded.take(.observed(report), in: store)
    }
    let held = try store.loadState(now: noon).reservations
    #expect(held.map { $0.at.milliseconds - noon.milliseconds } == [-10, -9, -8, -7])
    let statuses = "SELECT count(DISTINCT status) FROM orders"
    #expect(try Stranger(scratch.database).value(statuses) == "2")
  }

  @Test func `a database of the ninth version gets the columns and indexes of a new one`() throws {
    let path = scratch("older.db")
    let order = try Recorded(
      "a", in: OrderStore(path: path), raw: Array(#"{"source":"bot","sequence":3}"#.utf8)
    ).order
    let present = try Stranger(path).schema()
    try Stranger(path).execute(FormerSchema.withNarrowIndexes + "PRAGMA user_version = 9;")
    #expect(try Stranger(path).schema() != present)
    let next = try OrderStore(path: path)
    #expect(try Stranger(path).schema() == present)
    #expect(try Stranger(path).value("PRAGMA integrity_check") == "ok")
    let state = try next.loadState(now: noon)
    #expect(state.live.map(\.order) == [order])
    #expect(state.sourceSignals.map(\.source) == ["bot"])
    #expect(state.sequences == ["bot": 3])
    // Sorting in files is for the migration alone.
    let place = try next.reader.prepare("place", "PRAGMA temp_store").rows {
      row throws(StoreError) in row.integer(0)
    }
    #expect(place == [2])
  }
}
