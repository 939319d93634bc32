/// Ways back to what an older program left, for tests of an update.
package enum FormerSchema {
  /// From version 7 of a database to version 6, whose number it does not set.
  package static let withoutOutbox = "DROP TABLE notification;\n"

  /// From version 7 of a database to version 5, whose number it does not set.
  package static let withoutCompaction =
    withoutOutbox + """
      DROP TRIGGER signal_stays_taken;
      DROP TRIGGER signal_is_never_deleted;
      DROP TRIGGER order_is_never_deleted;
      DROP TRIGGER event_is_never_deleted;
      DROP TRIGGER IF EXISTS owner_stays;
      DROP TABLE seal;
      DROP TABLE compacted_signal;
      CREATE TRIGGER signal_is_never_deleted BEFORE DELETE ON signal
      BEGIN SELECT RAISE(ABORT, 'a signal is remembered for ever'); END;
      CREATE TRIGGER order_is_never_deleted BEFORE DELETE ON orders
      BEGIN SELECT RAISE(ABORT, 'an order is remembered for ever'); END;
      CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
      BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
      CREATE TRIGGER owner_stays BEFORE UPDATE ON owner
      WHEN (NEW.mode <> OLD.mode OR NEW.account <> OLD.account OR NEW.venue <> OLD.venue) AND EXISTS (
        SELECT 1 FROM orders WHERE attempt > 0 OR order_id IS NOT NULL OR status = 'new')
      BEGIN SELECT RAISE(ABORT, 'a database that was used keeps its venue, mode and account'); END;

      """
}
