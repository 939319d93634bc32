extension Migrations {
  /// The outbox of what the operator is to be told. A row is written with the history's row that it
  /// tells of, and stays for a while when it was delivered, so that nothing is told twice without need.
  static let seventhSchema = """
    CREATE TABLE notification (
      id INTEGER NOT NULL PRIMARY KEY, -- the order of delivery
      event TEXT NOT NULL,
      subject TEXT NOT NULL, -- what it is about
      at_ms INTEGER NOT NULL,
      signal_id TEXT,
      message TEXT NOT NULL,
      delivered_at_ms INTEGER, -- null while it waits
      UNIQUE (event, subject)
    ) STRICT;
    CREATE INDEX notification_waiting ON notification (id) WHERE delivered_at_ms IS NULL;
    """
}
