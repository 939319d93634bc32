extension Migrations {
  /// Room for the retention rule: what is known for ever of a signal that was removed, and up to which
  /// row the history was. The guards let go of exactly that.
  static let sixthSchema = compactedSignals + seal + guards

  private static let compactedSignals = """
    CREATE TABLE compacted_signal (
      id TEXT NOT NULL PRIMARY KEY,
      symbol TEXT NOT NULL,
      side TEXT NOT NULL,
      content_digest BLOB NOT NULL, -- as in signal
      client_order_id TEXT NOT NULL,
      decision TEXT NOT NULL,
      received_at_ms INTEGER NOT NULL,
      ended_at_ms INTEGER NOT NULL,
      status TEXT, -- of its order, as the columns below; null when it never came to one
      code TEXT,
      order_id TEXT,
      executed_quantity TEXT,
      executed_quote TEXT,
      had_left INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TRIGGER compacted_signal_is_over BEFORE INSERT ON compacted_signal
    WHEN NOT EXISTS (SELECT 1 FROM signal WHERE id = NEW.id
        AND content_digest = NEW.content_digest AND client_order_id = NEW.client_order_id)
      OR EXISTS (SELECT 1 FROM orders WHERE signal_id = NEW.id AND status IN (\(open)))
    BEGIN SELECT RAISE(ABORT, 'only a signal whose story is over is compacted'); END;
    CREATE TRIGGER compacted_signal_is_never_changed BEFORE UPDATE ON compacted_signal
    BEGIN SELECT RAISE(ABORT, 'a signal is remembered for ever'); END;
    CREATE TRIGGER compacted_signal_is_never_deleted BEFORE DELETE ON compacted_signal
    BEGIN SELECT RAISE(ABORT, 'a signal is remembered for ever'); END;

    """

  private static let seal = """
    CREATE TABLE seal (
      id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), -- one row
      event_id INTEGER NOT NULL, -- the rows of event up to this one were removed
      hash BLOB NOT NULL CHECK (length(hash) = 32), -- of that row: the next one follows from it
      armed INTEGER NOT NULL, -- how many of them said that an order was armed
      sealed_at_ms INTEGER NOT NULL
    ) STRICT;
    INSERT INTO seal VALUES (1, 0, zeroblob(32), 0, 0);

    CREATE TRIGGER seal_is_never_deleted BEFORE DELETE ON seal
    BEGIN SELECT RAISE(ABORT, 'the seal only moves on'); END;
    CREATE TRIGGER seal_only_moves_on BEFORE UPDATE ON seal
    WHEN NEW.event_id <= OLD.event_id OR NEW.event_id >= (SELECT max(id) FROM event)
      OR NOT EXISTS (SELECT 1 FROM event WHERE id = NEW.event_id AND hash = NEW.hash)
    BEGIN SELECT RAISE(ABORT, 'the seal only moves on'); END;

    """

  private static let guards = """
    DROP TRIGGER signal_is_never_deleted;
    CREATE TRIGGER signal_is_never_deleted BEFORE DELETE ON signal
    WHEN NOT EXISTS (SELECT 1 FROM compacted_signal WHERE id = OLD.id)
    BEGIN SELECT RAISE(ABORT, 'a signal is remembered for ever'); END;
    CREATE TRIGGER signal_stays_taken BEFORE INSERT ON signal
    WHEN EXISTS (SELECT 1 FROM compacted_signal WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a signal is remembered for ever'); END;

    DROP TRIGGER order_is_never_deleted;
    CREATE TRIGGER order_is_never_deleted BEFORE DELETE ON orders
    WHEN NOT EXISTS (SELECT 1 FROM compacted_signal WHERE id = OLD.signal_id)
    BEGIN SELECT RAISE(ABORT, 'an order is remembered for ever'); END;

    DROP TRIGGER event_is_never_deleted;
    CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    WHEN OLD.id > (SELECT event_id FROM seal)
      OR EXISTS (SELECT 1 FROM signal WHERE id = OLD.signal_id)
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

    DROP TRIGGER owner_stays;
    CREATE TRIGGER owner_stays BEFORE UPDATE ON owner
    WHEN (NEW.mode <> OLD.mode OR NEW.account <> OLD.account OR NEW.venue <> OLD.venue)
      AND (EXISTS (
        SELECT 1 FROM orders WHERE attempt > 0 OR order_id IS NOT NULL OR status = 'new')
        OR EXISTS (SELECT 1 FROM compacted_signal WHERE had_left))
    BEGIN SELECT RAISE(ABORT, 'a database that was used keeps its venue, mode and account'); END;
    """

  /// The statuses of this version, written out: a step that has shipped never changes.
  private static let open =
    "'new', 'submitted', 'open', 'partially_filled', 'unknown', 'not_found'"
}
