import Cryptography
import Domain
import JSON
import Store
import TestKit
import Testing

/// What an audit says of a history that somebody has changed, with the guards taken away.
struct AuditTests {
  let scratch: Scratch
  /// Rows 1 … 30 at least, of six orders.
  let clean: Audit

  init() throws {
    scratch = try Scratch()
    let store = try OrderStore(path: scratch.database)
    try store.write(
      .appendEvent(HistoryEvent(at: noon, subject: .daemon, kind: "started", detail: ["v": 1])))
    try store.commit()
    _ = try recordAnything(in: store, seed: 5, orders: 6, events: 30)
    clean = try store.reader.audit()
  }

  /// Changes the file as its owner could.
  private func tamper(_ sql: String) throws {
    try Stranger(scratch.database).execute(
      """
      DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_deleted;
      DROP TRIGGER order_keeps_its_identity; DROP TRIGGER order_keeps_its_ticket;
      DROP TRIGGER order_stays_at_its_end; DROP TRIGGER order_never_goes_back;
      DROP TRIGGER order_is_never_deleted;
      \(sql);
      """)
  }

  private func audit(marked: ChainHead? = nil, notedHash: [UInt8]? = nil) throws -> Audit {
    try StoreReader(path: scratch.database).audit(
      mark: marked.map(Self.mark) ?? .missing, notedHash: notedHash)
  }

  private static func mark(_ head: ChainHead) -> HighWaterMark.Reading {
    .mark(HighWaterMark(number: 1, armed: 1, head: head))
  }

  private static func message(_ row: Int, after: String) -> String {
    "row \(row): its hash does not follow from \(after)"
  }

  @Test(
    arguments: [
      "at_ms = at_ms + 1", "at_ms = -at_ms", "leg = 1", "leg = NULL", "signal_id = 'S1'",
      "signal_id = NULL", "kind = kind || ' '", "kind = 'started'", "detail = detail || ' '",
      "detail = '{}'", "detail = '[' || detail || ']'", "hash = zeroblob(32)",
    ], [2, 9, 17])
  func `an edit of any field is found, and its row named`(edit: String, row: Int) throws {
    try tamper("UPDATE event SET \(edit) WHERE id = \(row)")
    let first = try #require(try audit().findings.first)
    #expect(first.subject == .row(Int64(row)))
    #expect(first.message == Self.message(row, after: "row \(row - 1)"))
  }

  @Test func `an edit of the daemon's own first row is found`() throws {
    try tamper("UPDATE event SET signal_id = 's0' WHERE id = 1")
    #expect(try audit().findings.map(\.message) == [Self.message(1, after: "the beginning")])
  }

  @Test func `bytes that read alike are told apart`() throws {
    let store = try OrderStore(path: scratch.database)
    try store.write(
      .appendEvent(HistoryEvent(at: noon, subject: .daemon, kind: "\u{FFFD}", detail: nil)))
    try store.commit()
    #expect(try store.reader.audit().isClean)
    try tamper("UPDATE event SET kind = CAST(x'FF' AS TEXT) WHERE id = \(clean.events + 1)")
    #expect(try audit().findings.map(\.subject) == [.row(Int64(clean.events) + 1)])
  }

  @Test func `a row that was taken out is named`() throws {
    try tamper("DELETE FROM event WHERE id = 12")
    let first = try #require(try audit().findings.first)
    #expect(first.subject == .row(13))
    #expect(first.message == Self.message(13, after: "row 11") + "; row 12 is missing")
  }

  @Test func `several rows that were taken out are named`() throws {
    try tamper("DELETE FROM event WHERE id IN (1, 2, 3)")
    let first = try #require(try audit().findings.first)
    #expect(first.message == Self.message(4, after: "the beginning") + "; rows 1 to 3 are missing")
  }

  @Test func `rows that changed places are named`() throws {
    try tamper(
      """
      UPDATE event SET id = -1 WHERE id = 6; UPDATE event SET id = 6 WHERE id = 7;
      UPDATE event SET id = 7 WHERE id = -1
      """)
    let messages = try audit().findings.map(\.message)
    #expect(
      messages.prefix(3) == [
        Self.message(6, after: "row 5"), Self.message(7, after: "row 6"),
        Self.message(8, after: "row 7"),
      ])
  }

  @Test func `a row that was added at the end is named`() throws {
    try tamper(
      "INSERT INTO event VALUES (999, 0, NULL, NULL, 'forged', '{}', zeroblob(32))")
    let finding = try #require(try audit().findings.first)
    #expect(finding.subject == .row(999))
  }

  @Test func `an end that was cut off shows only against what was noted`() throws {
    let noted = clean.head
    try tamper("DELETE FROM event WHERE id = \(noted.row); DELETE FROM orders")
    let findings = try audit().findings
    #expect(findings.allSatisfy { $0.message.hasSuffix("which is not stored") })
    let marked = try audit(marked: noted).findings
    #expect(
      marked.first?.message
        == "row \(noted.row) was there when an order left, and is missing; the last row is "
        + "\(noted.row - 1)")
    #expect(marked.first?.subject == .history)
    #expect(
      try audit(notedHash: noted.hash).findings.first?.message
        == "no row has the hash that was noted: the history was cut or written anew since then")
  }

  @Test func `a history that goes on from what was noted is clean`() throws {
    let noted = clean.head
    let store = try OrderStore(path: scratch.database)
    try store.write(
      .appendEvent(HistoryEvent(at: noon, subject: .daemon, kind: "started", detail: ["v": 2])))
    try store.commit()
    #expect(try audit(marked: noted, notedHash: noted.hash).isClean)
    #expect(try audit(marked: store.head(), notedHash: store.head().hash).isClean)
  }

  /// Whoever can write the file can also chain it anew; only a hash that is noted elsewhere tells.
  @Test func `a history that was written anew shows only against what was noted`() throws {
    let noted = clean.head
    let other = try Scratch()
    let store = try OrderStore(path: other.database)
    for _ in 0..<noted.row {
      try store.write(
        .appendEvent(HistoryEvent(at: noon, subject: .daemon, kind: "forged", detail: nil)))
    }
    try store.commit()
    #expect(try store.reader.audit().isClean)
    #expect(
      try store.reader.audit(mark: Self.mark(noted)).findings.map(\.message) == [
        "row \(noted.row): it is not the row that stood there when an order left"
      ])
    #expect(try store.reader.audit(notedHash: noted.hash).findingCount == 1)
  }

  @Test(arguments: [
    ("status = 'open'", "status"), ("executed_quantity = '7'", "executed_quantity"),
    ("price = '1'", "price"), ("client_order_id = 'x'", "client_order_id"),
    ("order_id = 'C9'", "order_id"), ("armed_at_ms = 4", "armed_at_ms"),
  ])
  func `an order's row that was edited is named`(edit: String, column: String) throws {
    try tamper("UPDATE orders SET \(edit) WHERE signal_id = 's3'")
    let audit = try audit()
    #expect(audit.findings.map(\.message) == ["order s3 leg 0 and its history differ in \(column)"])
    #expect(audit.findings.map(\.subject) == [.order(signal: "s3", leg: 0)])
    #expect(audit.orders == 6)
    #expect(audit.head == clean.head)
  }

  @Test func `an order's row that was taken out leaves its events over`() throws {
    let events = try #require(
      try Stranger(scratch.database).value("SELECT count(*) FROM event WHERE signal_id = 's2'"))
    try tamper("DELETE FROM orders WHERE signal_id = 's2'")
    let audit = try audit()
    #expect(audit.findingCount == Int(events))
    #expect(
      audit.findings.first?.message.hasSuffix("it belongs to order s2 leg 0, which is not stored")
        == true)
  }

  @Test func `findings are counted, and the first are told`() throws {
    try tamper("UPDATE event SET at_ms = 0")
    let audit = try audit()
    #expect(audit.findingCount > clean.events)
    #expect(audit.findings.count == Audit.findingMaximum)
    #expect(!audit.isClean)
  }
}
