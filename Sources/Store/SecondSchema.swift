extension Migrations {
  /// The history gets a hash in every row, which chains it to the row before. What was written
  /// before is chained as it stands.
  static func secondSchema(_ database: Database) throws(StoreError) {
    try run(newHistory, on: database)
    try chainRows(database)
    try run(changeover, on: database)
  }

  private static func run(_ sql: String, on database: Database) throws(StoreError) {
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute(sql, step: "chain the history")
    }
  }

  private static func chainRows(_ database: Database) throws(StoreError) {
    let (rows, insert) = try StoreError.sorting { () throws(SQLiteError) in
      (
        try database.prepare(
          "read history", "SELECT id, at_ms, signal_id, leg, kind, detail FROM event ORDER BY id"),
        try database.prepare(
          "copy history",
          """
          INSERT INTO chained_event (id, at_ms, signal_id, leg, kind, detail, hash)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
          """)
      )
    }
    var (head, canonicalRow) = (ChainHead.beginning, CanonicalRow())
    try rows.each { row throws(StoreError) in
      head = ChainHead(row: row.integer(0), hash: canonicalRow.hash(of: row, after: head))
      let values = row.values + [.blob(head.hash)]
      try StoreError.sorting { () throws(SQLiteError) in _ = try insert.run(values) }
    }
  }

  private static let newHistory = """
    CREATE TABLE chained_event (
      id INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      signal_id TEXT, -- null: the daemon's own
      leg INTEGER, -- null: the signal's own
      kind TEXT NOT NULL,
      detail TEXT NOT NULL, -- one JSON value
      -- SHA-256 of the hash before it and of this row's other columns
      hash BLOB NOT NULL CHECK (length(hash) = \(ChainHead.hashBytes))
    ) STRICT;
    """

  /// Dropping a table fires no trigger; its own triggers and indexes go with it.
  private static let changeover = """
    DROP TABLE event;
    ALTER TABLE chained_event RENAME TO event;
    CREATE INDEX event_by_signal ON event (signal_id);
    CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    """
}
