import Domain
import Glibc
import JSON
import Store
import TestKit
import Testing

/// The retention rule: what goes, what stays for ever, and that the rest can still be proved.
struct CompactionTests {
  let scratch: Scratch
  let store: OrderStore

  private static let day = Duration.seconds(86_400)

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
  }

  private func days(_ number: Int) -> WallTime { noon.advanced(by: Self.day * number) }

  /// A signal whose order was filled on that day.
  @discardableResult
  private func fill(_ id: String, day: Int) throws -> Order {
    var recorded = try Recorded(id, in: store, at: days(day))
    try recorded.arm(in: store)
    try recorded.take(.acknowledged(orderID: "C02__\(id)"), in: store)
    try recorded.take(
      .observed(makeReport(id, .filled, executed: "0.5", quote: "10000")), in: store)
    return recorded.order
  }

  /// A signal whose order rests since that day.
  private func open(_ id: String, day: Int) throws -> Recorded {
    var recorded = try Recorded(id, in: store, at: days(day))
    try recorded.arm(in: store)
    try recorded.take(.acknowledged(orderID: "C02__\(id)"), in: store)
    try recorded.take(.observed(makeReport(id, .open)), in: store)
    return recorded
  }

  /// Compacts until nothing is left to do; what went.
  @discardableResult
  private func compact(before day: Int) throws -> (signals: Int, events: Int) {
    var total = (signals: 0, events: 0)
    while true {
      let step = try Compaction(store).step(before: days(day), at: days(1_000))
      if step.isEmpty { return total }
      total.signals += step.signals
      total.events += step.events
    }
  }

  private func stored(_ ids: String...) throws -> [Bool] {
    try ids.map { try store.signal(signalID($0)) != nil }
  }

  @Test func `what was over before goes, and what came of it stays`() throws {
    let order = try fill("a", day: 0)
    try store.write(
      .insertSignal(makeSignal("b", decision: .symbolNotAllowed, receivedAt: days(1))))
    try fill("c", day: 10)
    let head = try store.head()
    #expect(try compact(before: 5) == (signals: 2, events: 4))
    #expect(try stored("a", "b", "c") == [false, false, true])
    #expect(try store.order(order.key) == nil)
    #expect(try store.reader.history(of: signalID("a")) == [])
    let filled = try #require(try store.compactedSignal(signalID("a")))
    #expect(filled.contentDigest == [UInt8](repeating: 7, count: 32))
    #expect(filled.clientOrderID == order.request.clientOrderID)
    #expect(filled.decision == .accepted)
    #expect(filled.status == .filled)
    #expect(filled.orderID == "C02__a")
    #expect(filled.executedQuantity == (try money("0.5")))
    #expect(filled.executedQuote == (try money("10000")))
    #expect(filled.receivedAt == days(0))
    #expect(filled.endedAt == order.updatedAt)
    let denied = try #require(try store.compactedSignal(signalID("b")))
    #expect(denied.decision == .symbolNotAllowed)
    #expect(denied.status == nil)
    #expect(try store.compactedSignal(signalID("c")) == nil)
    #expect(try store.head() == head)
    let audit = try store.reader.audit()
    #expect(audit.isClean)
    #expect(audit.events == 4)
    #expect(audit.orders == 1)
    #expect(audit.compactedSignals == 2)
    #expect(audit.seal.head.row == 4)
    #expect(audit.seal.armed == 1)
    #expect(audit.seal.at == days(1_000))
  }

  @Test func `an id that was compacted is taken for ever`() throws {
    try fill("a", day: 0)
    try fill("b", day: 10)
    try compact(before: 5)
    #expect(
      throws: StoreError.misuse(
        "insert signal: a signal is remembered for ever (SQLite error 1811)")
    ) { try store.write(.insertSignal(makeSignal("a"))) }
    store.rollback()
  }

  @Test func `an order that was closed as never placed goes when the watch for it is over`() throws
  {
    var lost = try Recorded("lost", in: store, at: days(0))
    try lost.arm(in: store)
    try lost.take(.outcomeLost("time out", .answerLost), in: store)
    try lost.take(.notFound("nowhere"), in: store)
    try lost.take(.closedByOperator("never placed"), in: store)
    try fill("later", day: 1)
    #expect(try compact(before: 10) == (signals: 1, events: 0))
    try lost.take(.watchEnded, in: store)
    // The last row stays, for the next one to follow from.
    #expect(try compact(before: 10) == (signals: 1, events: 9))
    #expect(try store.compactedSignal(signalID("lost"))?.code == .notFound)
    #expect(try store.reader.audit().isClean)
  }

  @Test func `a rejected order that is watched for stays until it leaves the list`() throws {
    var refused = try Recorded("refused", in: store, at: days(0))
    try refused.arm(in: store)
    try refused.take(.outcomeLost("code 10203", .refused(code: 10_203)), in: store)
    try refused.take(.refused(.exchangeRejected, "code 10203"), in: store)
    for number in 0..<6 { try fill("f\(number)", day: 1) }
    try store.write(.setWatched([refused.order.key]))
    try store.commit()
    #expect(try compact(before: 10).signals == 6)
    #expect(try stored("refused") == [true])
    let files = try store.reader.filesOfOrdersNotFound()
    #expect(files.map(\.overAt) == [refused.order.updatedAt])
    try store.write(.setWatched([]))
    try store.commit()
    #expect(try compact(before: 10).signals == 1)
    #expect(try stored("refused") == [false])
    #expect(try store.reader.audit().isClean)
  }

  @Test func `the file of an order that was found late is not over while the order rests`() throws {
    var late = try open("late", day: 0)
    _ = try open("usual", day: 1)
    try store.write(
      .updateDecision(
        late.order.key.signal, .accepted, SignalRecord.foundLate, at: late.clock))
    try store.commit()
    let files = try store.reader.filesOfOrdersNotFound()
    #expect(files.map(\.receivedAt) == [days(0)])
    #expect(files.map(\.overAt) == [nil])
    try late.take(
      .observed(makeReport("late", .filled, executed: "0.5", quote: "10000")), in: store)
    #expect(try store.reader.filesOfOrdersNotFound().isEmpty)
  }

  /// The history is one chain: nothing in its middle can go.
  @Test func `an order that is not at its end keeps the history since its beginning`() throws {
    try fill("a", day: 0)
    var resting = try open("b", day: 1)
    try fill("c", day: 2)
    try fill("d", day: 20)
    #expect(try compact(before: 10) == (signals: 2, events: 4))
    #expect(try stored("a", "b", "c", "d") == [false, true, false, true])
    #expect(try store.reader.audit().isClean)
    #expect(try store.order(resting.order.key) == resting.order)

    resting.clock = days(25)
    try resting.take(
      .observed(makeReport("b", .filled, executed: "0.5", quote: "10000")), in: store)
    try fill("e", day: 40)
    // Its end is younger than the rule asks for.
    #expect(try compact(before: 22) == (signals: 1, events: 0))
    #expect(try compact(before: 30) == (signals: 1, events: 13))
    #expect(try stored("b", "d", "e") == [false, false, true])
    #expect(try store.reader.audit().isClean)
    #expect(try store.reader.audit().events == 4)
  }

  @Test func `the last row of all stays, and the chain goes on from it`() throws {
    try fill("a", day: 0)
    let head = try store.head()
    #expect(try compact(before: 100) == (signals: 1, events: 3))
    #expect(try store.head() == head)
    #expect(try store.reader.audit().isClean)
    try fill("b", day: 200)
    #expect(try store.head().row == head.row + 4)
    #expect(try compact(before: 300) == (signals: 1, events: 4))
    #expect(try store.reader.audit().isClean)
    #expect(try StoreReader(path: scratch.database).head().row == 8)
  }

  /// Each step is one transaction, so that a kill leaves the state before it or after it.
  @Test func `what every step leaves can be proved, and the next start goes on with it`() throws {
    for number in 0..<40 { try fill("s\(number)", day: 0) }
    try fill("last", day: 100)
    let head = try store.head()
    var steps = 0
    while try !Compaction(store).step(before: days(50), at: days(60)).isEmpty {
      steps += 1
      let reader = try StoreReader(path: scratch.database)
      let audit = try reader.audit(notedHash: head.hash)
      #expect(audit.isClean, "\(audit.findings)")
      #expect(audit.compactedSignals + audit.orders == 41)
      #expect(try reader.head() == head)
    }
    #expect(steps == 8)
    #expect(try store.reader.audit().events == 4)
  }

  /// The log of all steps is longer than either limit: the kernel then ends the process with
  /// SIGXFSZ (setrlimit(2)), like any other death in the middle.
  @Test(arguments: [40_000, 150_000])
  func `a compaction that is killed in the middle leaves what can be proved`(
    limit: UInt
  ) async throws {
    let folder = try Scratch()
    let path = folder.database
    do {
      let store = try OrderStore(path: path)
      for number in 0..<40 { _ = try Recorded("s\(number)", in: store) }
      for number in 0..<40 {
        try store.write(
          .insertSignal(makeSignal("d\(number)", decision: .halted, receivedAt: noon)))
      }
      try store.commit()
    }
    let head = try StoreReader(path: path).head()
    await #expect(processExitsWith: .signal(SIGXFSZ)) {
      [path = path as String, limit = limit as UInt] in
      let store = try OrderStore(path: path)
      endWhenAFileGrows(beyond: limit)
      let late = WallTime(milliseconds: 1_800_000_000_000)
      while try !Compaction(store).step(before: late, at: late).isEmpty {}
    }
    let store = try OrderStore(path: path)
    let audit = try store.reader.audit(notedHash: head.hash)
    #expect(audit.isClean, "\(audit.findings)")
    #expect(audit.orders == 40)
    while try !Compaction(store).step(before: days(100), at: days(100)).isEmpty {}
    #expect(try store.reader.audit().compactedSignals == 40)
    #expect(try store.reader.audit().isClean)
  }

  @Test(arguments: 0..<8) func `any history verifies after any number of steps`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed) + 4_000)
    let held = try recordAnything(in: store, seed: seed, orders: 25, events: 12)
    for _ in 0..<6 {
      // The orders of `recordAnything` begin ten seconds apart.
      let moment = noon.advanced(by: .seconds(Int.random(in: 0...300, using: &random)))
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        _ = try Compaction(store).step(before: moment, at: days(1))
      }
      let audit = try store.reader.audit()
      #expect(audit.isClean, "\(audit.findings)")
      #expect(audit.compactedSignals + audit.orders == held.count)
    }
    let live = try store.loadState(now: days(1)).live.map(\.order.key)
    #expect(Set(live) == Set(held.filter { !$0.status.isTerminal }.map(\.key)))
  }

  @Test func `only between turns`() throws {
    try fill("a", day: 0)
    try store.write(.insertSignal(makeSignal("b")))
    #expect(throws: StoreError.misuse("a turn in the middle of a turn")) {
      _ = try Compaction(store).step(before: days(5), at: days(5))
    }
    try store.commit()
    #expect(try stored("a", "b") == [true, true])
  }

  // MARK: What was noted elsewhere

  @Test func `a mark whose row was removed is no break, and an older database is one`() throws {
    let folder = try Scratch()
    try #require(try fillAndCopy(to: folder))
    #expect(try OrderStore(path: folder.database).continuity == .unbroken)
  }

  /// A database whose last order left before everything was removed but a later remark.
  private func fillAndCopy(to folder: Scratch) throws -> Bool {
    do {
      let store = try OrderStore(path: folder.database)
      var recorded = try Recorded("a", in: store)
      try recorded.arm(in: store)
      try recorded.take(.acknowledged(orderID: "1"), in: store)
      try recorded.take(
        .observed(makeReport("a", .filled, executed: "0.5", quote: "1")), in: store)
      for number in 0..<3 {
        try store.write(
          .appendEvent(
            HistoryEvent(at: days(9), subject: .daemon, kind: "n", detail: .integer(number))))
      }
      try store.commit()
      store.finishMarks()
      while try !Compaction(store).step(before: days(5), at: days(9)).isEmpty {}
      try store.probe()
    }
    let mark = try HighWaterMark.read(beside: folder.database)
    let audit = try StoreReader(path: folder.database).audit(mark: mark)
    #expect(audit.isClean, "\(audit.findings)")
    guard case .mark(let noted) = mark else { return false }
    return noted.armed == 1 && noted.head.row < audit.seal.head.row
  }

  @Test func `a head that was noted is found in what is left, and else it is said why not`() throws
  {
    try fill("a", day: 0)
    let removed = try store.head()
    try fill("b", day: 10)
    let left = try store.head()
    try fill("c", day: 11)
    try compact(before: 5)
    #expect(try store.reader.audit(notedHash: left.hash).isClean)
    // The seal is the last row that went.
    #expect(try store.reader.audit(notedHash: removed.hash).isClean)
    let other = try store.reader.audit(notedHash: [UInt8](repeating: 1, count: 32))
    #expect(
      other.findings.map(\.message) == [
        "no row that is left has the hash that was noted: unless its row is one of the first 4, "
          + "which the retention rule removed, the history was cut or written anew since then"
      ])
  }

  // MARK: Hands

  private func refusal(_ sql: String) throws -> String? {
    try Stranger(scratch.database).refusal(of: sql)
  }

  @Test func `the guards let go of what was compacted and of nothing else`() throws {
    try fill("a", day: 0)
    _ = try open("b", day: 1)
    try compact(before: 5)
    let seal = "the seal only moves on"
    #expect(try refusal("DELETE FROM event") == "the history is append-only")
    #expect(try refusal("DELETE FROM signal") == "a signal is remembered for ever")
    #expect(try refusal("DELETE FROM orders") == "an order is remembered for ever")
    #expect(try refusal("DELETE FROM compacted_signal") == "a signal is remembered for ever")
    #expect(
      try refusal("UPDATE compacted_signal SET content_digest = x'00'")
        == "a signal is remembered for ever")
    #expect(try refusal("DELETE FROM seal") == seal)
    for change in ["event_id = 3", "event_id = 8", "event_id = 6", "hash = zeroblob(32)"] {
      #expect(try refusal("UPDATE seal SET \(change)") == seal, "\(change)")
    }
    #expect(
      try refusal(
        """
        INSERT INTO compacted_signal SELECT id, symbol, side, content_digest, client_order_id,
          decision, 1, 1, NULL, NULL, NULL, NULL, NULL, 1 FROM signal
        """) == "only a signal whose story is over is compacted")
    #expect(try store.reader.audit().isClean)
  }

  @Test(arguments: [
    ("DROP TRIGGER seal_only_moves_on; UPDATE seal SET hash = zeroblob(32)", "row 5"),
    ("DROP TRIGGER event_is_never_changed; UPDATE event SET at_ms = 1 WHERE id = 6", "row 6"),
    ("DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE id = 5", "row 6"),
  ])
  func `an edit of the seal or of what is left is found`(_ sql: String, _ row: String) throws {
    try fill("a", day: 0)
    try fill("b", day: 10)
    try compact(before: 5)
    try Stranger(scratch.database).execute(sql)
    let first = try #require(try StoreReader(path: scratch.database).audit().findings.first)
    #expect(first.message.hasPrefix("\(row): its hash does not follow from row"), "\(first)")
  }

  @Test func `a database stays its owner's when all of its orders were removed`() throws {
    try store.write(
      .setOwner(DatabaseOwner(account: main, mode: .live, since: noon)))
    try fill("a", day: 0)
    try compact(before: 5)
    #expect(
      try store.reader.modeTraces()
        == [ModeTrace(mode: .live, orders: 1, underWay: 0, sent: 0)])
    #expect(
      try refusal("UPDATE owner SET mode = 'paper'")
        == "a database that was used keeps its venue, mode and account")
  }
}
