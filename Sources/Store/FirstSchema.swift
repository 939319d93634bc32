extension Migrations {
  /// Signals, the orders that serve them, the history that both add up from, and settings.
  ///
  /// Money is exact decimal text. Times are milliseconds since 1970-01-01T00:00:00Z; the views show
  /// them as text. From the sixth schema on, what is long over goes; the id stays for ever.
  static let firstSchema = tables + indexes + guards + views

  private static let tables = """
    CREATE TABLE signal (
      id TEXT NOT NULL PRIMARY KEY,
      symbol TEXT NOT NULL,
      side TEXT NOT NULL,
      type TEXT NOT NULL,
      decision TEXT NOT NULL,
      message TEXT NOT NULL,
      origin_kind TEXT NOT NULL CHECK (origin_kind IN ('file', 'socket')),
      origin BLOB NOT NULL, -- a file's name need not be text
      content_digest BLOB NOT NULL, -- SHA-256 of the signal's canonical text
      raw BLOB NOT NULL, -- the bytes as they came
      received_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      decided_at_ms INTEGER NOT NULL,
      client_order_id TEXT NOT NULL
    ) STRICT;

    CREATE TABLE orders (
      signal_id TEXT NOT NULL REFERENCES signal (id),
      leg INTEGER NOT NULL, -- 0 is the entry
      client_order_id TEXT NOT NULL UNIQUE,
      venue TEXT NOT NULL,
      symbol TEXT NOT NULL,
      side TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      type TEXT NOT NULL,
      quantity TEXT, -- base amount, or
      quote_quantity TEXT, -- quote amount: exactly one of the two
      price TEXT,
      status TEXT NOT NULL,
      code TEXT,
      reason TEXT NOT NULL,
      order_id TEXT, -- the exchange's own
      executed_quantity TEXT NOT NULL,
      executed_quote TEXT NOT NULL,
      average_price TEXT,
      reserved_quote TEXT, -- what the risk limits hold for it
      guard_price TEXT, -- the market's price that the guard judged by
      guard_asked_at_ms INTEGER,
      attempt INTEGER NOT NULL,
      stamped_at_ms INTEGER, -- the exchange's time on the last attempt
      recv_window_ms INTEGER,
      armed_at_ms INTEGER,
      was_throttled INTEGER NOT NULL,
      cancel_requested INTEGER NOT NULL,
      closed_by_operator INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL,
      PRIMARY KEY (signal_id, leg),
      CHECK ((quantity IS NULL) <> (quote_quantity IS NULL))
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE event (
      id INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      signal_id TEXT, -- null: the daemon's own
      leg INTEGER, -- null: the signal's own
      kind TEXT NOT NULL,
      detail TEXT NOT NULL -- one JSON value
    ) STRICT;

    CREATE TABLE setting (
      key TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL -- one JSON value
    ) STRICT, WITHOUT ROWID;

    """

  private static let indexes = """
    CREATE INDEX signal_by_time ON signal (received_at_ms);
    CREATE INDEX orders_by_time ON orders (created_at_ms);
    CREATE INDEX orders_by_status ON orders (status);
    CREATE INDEX event_by_signal ON event (signal_id);

    """

  /// What no program and no hand may do to the record. The engine's own table of life is narrower;
  /// here stands what would let an order be sent twice or a fill be forgotten.
  private static let guards = """
    CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

    CREATE TRIGGER signal_is_never_deleted BEFORE DELETE ON signal
    BEGIN SELECT RAISE(ABORT, 'a signal is remembered for ever'); END;
    CREATE TRIGGER signal_keeps_its_content BEFORE UPDATE OF id, symbol, side, type, origin_kind,
      origin, content_digest, raw, received_at_ms, expires_at_ms, client_order_id ON signal
    BEGIN SELECT RAISE(ABORT, 'a signal never changes; only its decision does'); END;

    CREATE TRIGGER order_is_never_deleted BEFORE DELETE ON orders
    BEGIN SELECT RAISE(ABORT, 'an order is remembered for ever'); END;
    CREATE TRIGGER order_keeps_its_identity BEFORE UPDATE OF signal_id, leg, client_order_id,
      venue, symbol, side, created_at_ms ON orders
    BEGIN SELECT RAISE(ABORT, 'an order never becomes another order'); END;
    CREATE TRIGGER order_keeps_its_ticket
    BEFORE UPDATE OF type, quantity, quote_quantity, price ON orders
    WHEN OLD.status NOT IN ('new', 'submitted', 'unknown') AND (NEW.type <> OLD.type
      OR NEW.quantity IS NOT OLD.quantity OR NEW.quote_quantity IS NOT OLD.quote_quantity
      OR NEW.price IS NOT OLD.price)
    BEGIN SELECT RAISE(ABORT, 'what was sent never changes'); END;

    CREATE TRIGGER order_stays_at_its_end BEFORE UPDATE OF status ON orders
    WHEN NEW.status <> OLD.status AND OLD.status IN ('filled', 'canceled', 'partially_canceled',
      'expired', 'denied', 'validated')
    BEGIN SELECT RAISE(ABORT, 'the order is at its end'); END;
    -- A late find wins over a refusal; nothing takes back that the exchange has the order.
    CREATE TRIGGER order_never_goes_back BEFORE UPDATE OF status ON orders
    WHEN NEW.status <> OLD.status
      AND OLD.status IN ('rejected', 'not_found', 'open', 'partially_filled')
      AND NEW.status NOT IN ('open', 'partially_filled', 'filled', 'canceled',
        'partially_canceled')
    BEGIN SELECT RAISE(ABORT, 'the order can only move on to what the exchange says'); END;

    """

  private static let views = """
    CREATE VIEW signal_overview AS
    SELECT s.id, s.symbol, s.side, s.type, s.decision, s.message, o.leg,
      o.status AS order_status, s.client_order_id, o.order_id, o.executed_quantity,
      o.average_price, o.reason,
      strftime('%Y-%m-%dT%H:%M:%fZ', s.received_at_ms / 1000.0, 'unixepoch') AS received_at,
      strftime('%Y-%m-%dT%H:%M:%fZ', s.expires_at_ms / 1000.0, 'unixepoch') AS expires_at,
      strftime('%Y-%m-%dT%H:%M:%fZ', s.decided_at_ms / 1000.0, 'unixepoch') AS decided_at,
      s.origin_kind, CAST(s.origin AS TEXT) AS origin, CAST(s.raw AS TEXT) AS raw
    FROM signal AS s LEFT JOIN orders AS o ON o.signal_id = s.id
    ORDER BY s.received_at_ms DESC, s.rowid DESC, o.leg;

    CREATE VIEW order_overview AS
    SELECT o.signal_id, o.leg, o.client_order_id, o.venue, o.symbol, o.side, o.type,
      o.quantity, o.quote_quantity, o.price, o.status, o.code, o.reason, o.order_id,
      o.executed_quantity, o.executed_quote, o.average_price, o.reserved_quote, o.guard_price,
      o.attempt, o.cancel_requested, s.decision,
      strftime('%Y-%m-%dT%H:%M:%fZ', o.created_at_ms / 1000.0, 'unixepoch') AS created_at,
      strftime('%Y-%m-%dT%H:%M:%fZ', o.armed_at_ms / 1000.0, 'unixepoch') AS armed_at,
      strftime('%Y-%m-%dT%H:%M:%fZ', o.updated_at_ms / 1000.0, 'unixepoch') AS updated_at
    FROM orders AS o JOIN signal AS s ON s.id = o.signal_id
    ORDER BY o.created_at_ms DESC, o.signal_id DESC, o.leg;

    """
}
