extension Migrations {
  /// Whose orders the database holds. What an older program wrote does not say it: the start that
  /// follows finds it out from the orders, or asks.
  static let thirdSchema = """
    CREATE TABLE owner (
      id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), -- one row
      mode TEXT NOT NULL CHECK (mode IN ('paper', 'validate', 'live')),
      account TEXT NOT NULL,
      since_ms INTEGER NOT NULL,
      key_salt BLOB CHECK (length(key_salt) = 32),
      key_digest BLOB CHECK (length(key_digest) = 32), -- HMAC-SHA256 of the API key under the salt
      CHECK ((key_salt IS NULL) = (key_digest IS NULL))
    ) STRICT;

    CREATE TRIGGER owner_is_never_deleted BEFORE DELETE ON owner
    BEGIN SELECT RAISE(ABORT, 'a database never loses its owner'); END;
    CREATE TRIGGER owner_stays BEFORE UPDATE ON owner
    WHEN (NEW.mode <> OLD.mode OR NEW.account <> OLD.account) AND EXISTS (
      SELECT 1 FROM orders WHERE attempt > 0 OR order_id IS NOT NULL OR status = 'new')
    BEGIN SELECT RAISE(ABORT, 'a database that was used keeps its mode and account'); END;
    """
}
