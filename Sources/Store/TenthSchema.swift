enum TenthSchema {
  /// What a start counts of the last day stands in two indexes, and it reads no row for it. A signal of
  /// an older program has neither of the columns; its bytes say the same.
  static let sql = """
    DROP INDEX orders_by_status;
    CREATE INDEX orders_by_status ON orders (status, created_at_ms, reserved_quote);

    -- The source that an accepted signal counts for; empty where it counts for none.
    ALTER TABLE signal ADD COLUMN counted_source TEXT;
    ALTER TABLE signal ADD COLUMN is_numbered INTEGER;
    DROP INDEX signal_by_time;
    CREATE INDEX signal_by_time ON signal (received_at_ms, is_numbered, counted_source);

    DROP TRIGGER signal_keeps_its_content;
    CREATE TRIGGER signal_keeps_its_content BEFORE UPDATE OF id, symbol, side, type, origin_kind,
      origin, content_digest, raw, received_at_ms, expires_at_ms, client_order_id, counted_source,
      is_numbered ON signal
    BEGIN SELECT RAISE(ABORT, 'a signal never changes; only its decision does'); END;
    """
}
