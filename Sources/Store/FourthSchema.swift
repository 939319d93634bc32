extension Migrations {
  /// At which venue the orders of the database are. What an older program wrote is MEXC spot's: there
  /// was no other.
  static let fourthSchema = """
    ALTER TABLE owner ADD COLUMN venue TEXT NOT NULL DEFAULT 'mexc-spot';

    DROP TRIGGER owner_stays;
    CREATE TRIGGER owner_stays BEFORE UPDATE ON owner
    WHEN (NEW.mode <> OLD.mode OR NEW.account <> OLD.account OR NEW.venue <> OLD.venue) AND EXISTS (
      SELECT 1 FROM orders WHERE attempt > 0 OR order_id IS NOT NULL OR status = 'new')
    BEGIN SELECT RAISE(ABORT, 'a database that was used keeps its venue, mode and account'); END;
    """
}
