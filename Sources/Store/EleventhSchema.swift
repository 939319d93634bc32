enum EleventhSchema {
  /// What an order has cost counts as well as what was held for it, and a start still reads no row.
  static let sql = """
    DROP INDEX orders_by_status;
    CREATE INDEX orders_by_status
      ON orders (status, created_at_ms, reserved_quote, executed_quote);
    """
}
