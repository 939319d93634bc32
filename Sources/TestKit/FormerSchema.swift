/// Ways back to what an older program left, for tests of an update.
package enum FormerSchema {
  /// From version 11 of a database to version 10, whose number it does not set.
  package static let withoutSpending = """
    DROP INDEX orders_by_status;
    CREATE INDEX orders_by_status ON orders (status, created_at_ms, reserved_quote);

    """

  /// From version 11 of a database to version 9, whose number it does not set. Version 8 is the same.
  package static let withNarrowIndexes = """
    DROP TRIGGER signal_keeps_its_content;
    DROP INDEX signal_by_time;
    DROP INDEX orders_by_status;
    ALTER TABLE signal DROP COLUMN is_numbered;
    ALTER TABLE signal DROP COLUMN counted_source;
    CREATE INDEX signal_by_time ON signal (received_at_ms);
    CREATE INDEX orders_by_status ON orders (status);
    CREATE TRIGGER signal_keeps_its_content BEFORE UPDATE OF id, symbol, side, type, origin_kind,
      origin, content_digest, raw, received_at_ms, expires_at_ms, client_order_id ON signal
    BEGIN SELECT RAISE(ABORT, 'a signal never changes; only its decision does'); END;

    """

  /// From version 11 of a database to version 7, whose number it does not set.
  package static let withGuardsByLists =
    withNarrowIndexes + """
      DROP TRIGGER order_keeps_its_ticket;
      CREATE TRIGGER order_keeps_its_ticket
      BEFORE UPDATE OF type, quantity, quote_quantity, price ON orders
      WHEN OLD.status NOT IN ('new', 'submitted', 'unknown') AND (NEW.type <> OLD.type
        OR NEW.quantity IS NOT OLD.quantity OR NEW.quote_quantity IS NOT OLD.quote_quantity
        OR NEW.price IS NOT OLD.price)
      BEGIN SELECT RAISE(ABORT, 'what was sent never changes'); END;
      DROP TRIGGER order_stays_at_its_end;
      CREATE TRIGGER order_stays_at_its_end BEFORE UPDATE OF status ON orders
      WHEN NEW.status <> OLD.status AND OLD.status IN ('filled', 'canceled', 'partially_canceled',
        'expired', 'denied', 'validated')
      BEGIN SELECT RAISE(ABORT, 'the order is at its end'); END;
      DROP TRIGGER order_never_goes_back;
      CREATE TRIGGER order_never_goes_back BEFORE UPDATE OF status ON orders
      WHEN NEW.status <> OLD.status
        AND OLD.status IN ('rejected', 'not_found', 'open', 'partially_filled')
        AND NEW.status NOT IN ('open', 'partially_filled', 'filled', 'canceled',
          'partially_canceled')
      BEGIN SELECT RAISE(ABORT, 'the order can only move on to what the exchange says'); END;

      """

  /// From version 11 of a database to version 6, whose number it does not set.
  package static let withoutOutbox = withGuardsByLists + "DROP TABLE notification;\n"

  /// From version 11 of a database to version 5, whose number it does not set.
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
