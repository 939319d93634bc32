package import Domain

/// A signal and its entry order, as far as numbers over time are made of them.
package struct OutcomeRow: Sendable {
  package let receivedAt: WallTime
  package let decision: DecisionCode
  /// `nil` when the signal never came to an order.
  package let status: OrderStatus?
  package let side: Side
  package let armedAt: WallTime?
  package let guardPrice: FixedDecimal?
  package let averagePrice: FixedDecimal?
  package let executedQuote: FixedDecimal?
}

extension OrderStore {
  /// What came from this time on, newest first, at most `limit`. Throws when the database cannot be
  /// read.
  package func outcomes(since: WallTime, limit: Int) throws(StoreError) -> [OutcomeRow] {
    let list = try prepare(
      "list outcomes",
      """
      SELECT s.received_at_ms, s.decision, o.status, s.side, o.armed_at_ms, o.guard_price,
        o.average_price, o.executed_quote, s.id
      FROM signal AS s LEFT JOIN orders AS o ON o.signal_id = s.id AND o.leg = 0
      WHERE s.received_at_ms >= ?1 ORDER BY s.received_at_ms DESC LIMIT ?2
      """)
    return try list.rows([.integer(since.milliseconds), .integer(Int64(limit))]) {
      row throws(StoreError) in
      let place = "signal \(row.text(8))"
      return OutcomeRow(
        receivedAt: row.time(0), decision: try row.value(1, in: place, DecisionCode.init),
        status: try row.optionalValue(2, in: place, OrderStatus.init),
        side: try row.value(3, in: place, Side.init),
        armedAt: row.optionalInteger(4).map { WallTime(milliseconds: $0) },
        guardPrice: try row.money(5, in: place), averagePrice: try row.money(6, in: place),
        executedQuote: try row.money(7, in: place))
    }
  }
}
