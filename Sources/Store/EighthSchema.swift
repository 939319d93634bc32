enum EighthSchema {
  /// The guards of an order's row say the same in comparisons: a list of more than two words is a table
  /// that SQLite makes anew for every row that is written (seven in one order's life).
  static let sql = """
    DROP TRIGGER order_keeps_its_ticket;
    CREATE TRIGGER order_keeps_its_ticket
    BEFORE UPDATE OF type, quantity, quote_quantity, price ON orders
    WHEN (NEW.type <> OLD.type OR NEW.quantity IS NOT OLD.quantity
        OR NEW.quote_quantity IS NOT OLD.quote_quantity OR NEW.price IS NOT OLD.price)
      AND OLD.status <> 'new' AND OLD.status <> 'submitted' AND OLD.status <> 'unknown'
    BEGIN SELECT RAISE(ABORT, 'what was sent never changes'); END;

    DROP TRIGGER order_stays_at_its_end;
    CREATE TRIGGER order_stays_at_its_end BEFORE UPDATE OF status ON orders
    WHEN NEW.status <> OLD.status AND (OLD.status = 'filled' OR OLD.status = 'canceled'
      OR OLD.status = 'partially_canceled' OR OLD.status = 'expired' OR OLD.status = 'denied'
      OR OLD.status = 'validated')
    BEGIN SELECT RAISE(ABORT, 'the order is at its end'); END;

    -- A late find wins over a refusal; nothing takes back that the exchange has the order.
    DROP TRIGGER order_never_goes_back;
    CREATE TRIGGER order_never_goes_back BEFORE UPDATE OF status ON orders
    WHEN NEW.status <> OLD.status
      AND (OLD.status = 'rejected' OR OLD.status = 'not_found' OR OLD.status = 'open'
        OR OLD.status = 'partially_filled')
      AND NEW.status <> 'open' AND NEW.status <> 'partially_filled' AND NEW.status <> 'filled'
      AND NEW.status <> 'canceled' AND NEW.status <> 'partially_canceled'
    BEGIN SELECT RAISE(ABORT, 'the order can only move on to what the exchange says'); END;
    """
}
