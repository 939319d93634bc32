import Domain
import Glibc
import Store
import TestKit
import Testing

/// A database of the first version becomes one of the second, and of those that follow.
struct SecondSchemaTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// Puts the history back into the form that the first version gave it.
  private func goBack(_ more: String = "") throws {
    try Stranger(scratch.database).execute(
      """
      \(FormerSchema.withoutCompaction)
      CREATE TABLE first_event (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        signal_id TEXT,
        leg INTEGER,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL
      ) STRICT;
      INSERT INTO first_event SELECT id, at_ms, signal_id, leg, kind, detail FROM event;
      DROP TABLE event;
      ALTER TABLE first_event RENAME TO event;
      CREATE INDEX event_by_signal ON event (signal_id);
      CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
      CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
      DROP TABLE owner;
      ALTER TABLE signal DROP COLUMN boot;
      \(more)
      PRAGMA user_version = 1;
      """)
  }

  private static let content = "SELECT id, at_ms, signal_id, leg, kind, detail FROM event"

  private static func addRows(_ count: Int) -> String {
    """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
    INSERT INTO event (at_ms, kind, detail)
    SELECT i, 'remark', '"' || hex(zeroblob(100)) || '"' FROM n;
    """
  }

  @Test func `rows that exist are chained as they stand`() throws {
    let held = try recordAnything(
      in: OrderStore(path: scratch.database), seed: 3, orders: 5, events: 20)
    let before = try StoreReader(path: scratch.database).audit()
    try goBack()
    let rows = try Stranger(scratch.database).rows(Self.content)
    #expect(rows.count == before.events)

    let store = try OrderStore(path: scratch.database)
    let stranger = try Stranger(scratch.database)
    #expect(try stranger.rows(Self.content) == rows)
    #expect(try stranger.value("PRAGMA user_version") == "11")
    #expect(try stranger.value("PRAGMA integrity_check") == "ok")
    // The same rows make the same chain, whether written one by one or chained afterwards.
    #expect(try store.reader.audit() == before)
    for order in held { #expect(try store.order(order.key) == order) }
    _ = try Recorded("next", in: store)
    #expect(try store.reader.audit().events == before.events + 1)
    #expect(try store.reader.audit().isClean)
  }

  @Test func `the guards are in place again`() throws {
    _ = try Recorded("a", in: OrderStore(path: scratch.database))
    let names = "SELECT type || ' ' || name FROM sqlite_schema WHERE tbl_name = 'event' ORDER BY 1"
    let before = try Stranger(scratch.database).rows(names)
    try goBack()
    _ = try OrderStore(path: scratch.database)
    let stranger = try Stranger(scratch.database)
    #expect(try stranger.rows(names) == before)
    #expect(before.count == 4)
    #expect(stranger.refusal(of: "UPDATE event SET at_ms = 1") == "the history is append-only")
    #expect(stranger.refusal(of: "DELETE FROM event") == "the history is append-only")
    #expect(
      stranger.refusal(of: "INSERT INTO event VALUES (9, 1, NULL, NULL, 'k', '1', x'00')")
        == "CHECK constraint failed: length(hash) = 32")
  }

  @Test func `an empty history is chained too`() throws {
    _ = try OrderStore(path: scratch.database)
    try goBack()
    let store = try OrderStore(path: scratch.database)
    #expect(try store.head() == .beginning)
    _ = try Recorded("a", in: store)
    #expect(try store.reader.audit().isClean)
  }

  @Test func `a reader waits for the daemon to bring an old database up to date`() throws {
    _ = try OrderStore(path: scratch.database)
    try goBack()
    #expect(
      throws: StoreError.unusablePath(
        "\(scratch.database) was written by an older program; start the daemon once to update it")
    ) { try StoreReader(path: scratch.database) }
  }

  /// The log may grow to 1 MiB, which is a part of what the migration writes: the kernel then ends
  /// the process with SIGXFSZ (setrlimit(2)), like any other death in the middle.
  @Test func `a migration that is killed in the middle is made again`() async throws {
    _ = try Recorded("a", in: OrderStore(path: scratch.database))
    try goBack(Self.addRows(20_000))
    let rows = try Stranger(scratch.database).rows(Self.content)
    let path = scratch.database
    await #expect(processExitsWith: .signal(SIGXFSZ)) { [path = path as String] in
      endWhenAFileGrows(beyond: 1 << 20)
      _ = try OrderStore(path: path)
    }
    #expect(try Stranger(scratch.database).value("PRAGMA user_version") == "1")
    #expect(try Stranger(scratch.database).rows(Self.content) == rows)
    let store = try OrderStore(path: scratch.database)
    #expect(try Stranger(scratch.database).rows(Self.content) == rows)
    let audit = try store.reader.audit()
    #expect(audit.isClean)
    #expect(audit.events == 20_001)
  }
}
