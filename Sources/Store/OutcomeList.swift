package import Domain
import JSON

/// A signal and its entry order, as far as numbers over time are made of them.
package struct OutcomeRow: Sendable {
  package let receivedAt: WallTime
  package let symbol: Symbol
  package let decision: DecisionCode
  /// `nil` when the signal never came to an order.
  package let status: OrderStatus?
  package let side: Side
  package let armedAt: WallTime?
  package let guardPrice: FixedDecimal?
  package let averagePrice: FixedDecimal?
  package let executedQuote: FixedDecimal?
  /// The price that the signal itself stated; read only where it is asked for.
  package let statedPrice: FixedDecimal?
}

/// How many signals came to nothing for one reason.
package struct RefusalCount: Sendable {
  /// A decision code, or the status of an order without one.
  package let code: String
  package let count: Int64
  /// What one of them was told.
  package let example: String
}

extension StoreReader {
  /// What came from this time on, newest first, at most `limit`. Throws when the database cannot be
  /// read.
  package func outcomes(
    since: WallTime, limit: Int, withStatedPrices: Bool = false
  ) throws(StoreError) -> [OutcomeRow] {
    var rows: [OutcomeRow] = []
    try eachOutcome(since: since, limit: limit, withStatedPrices: withStatedPrices) {
      rows.append($0)
    }
    return rows
  }

  /// The same, one at a time. Throws when the database cannot be read.
  package func eachOutcome(
    since: WallTime, limit: Int, withStatedPrices: Bool = false, _ body: (OutcomeRow) -> Void
  ) throws(StoreError) {
    let list = try prepare(
      "list outcomes",
      """
      SELECT s.received_at_ms, s.decision, o.status, s.side, o.armed_at_ms, o.guard_price,
        o.average_price, o.executed_quote, s.id, s.symbol, \(withStatedPrices ? "s.raw" : "NULL")
      FROM signal AS s LEFT JOIN orders AS o ON o.signal_id = s.id AND o.leg = 0
      WHERE s.received_at_ms >= ?1 ORDER BY s.received_at_ms DESC LIMIT ?2
      """)
    try list.each([.integer(since.milliseconds), .integer(Int64(limit))]) {
      row throws(StoreError) in
      let place = "signal \(row.text(8))"
      body(
        OutcomeRow(
          receivedAt: row.time(0),
          symbol: try row.value(9, in: place, Symbol.init(exchangeText:)),
          decision: try row.value(1, in: place, DecisionCode.init),
          status: try row.optionalValue(2, in: place, OrderStatus.init),
          side: try row.value(3, in: place, Side.init),
          armedAt: row.optionalInteger(4).map { WallTime(milliseconds: $0) },
          guardPrice: try row.money(5, in: place), averagePrice: try row.money(6, in: place),
          executedQuote: try row.money(7, in: place),
          statedPrice: row.isNull(10) ? nil : Self.statedPrice(row.blob(10))))
    }
  }

  /// What the price guard compares with.
  private static func statedPrice(_ raw: [UInt8]) -> FixedDecimal? {
    guard let signal = try? JSONReader.read(raw),
      let value = signal["reference_price"] ?? signal["price"],
      let text = value.stringValue ?? value.numberValue
    else { return nil }
    return try? FixedDecimal(text)
  }

  /// Why signals came to nothing from this time on, the most frequent reason first. Throws when the
  /// database cannot be read.
  package func refusals(since: WallTime, limit: Int) throws(StoreError) -> [RefusalCount] {
    let list = try prepare(
      "count refusals",
      """
      SELECT coalesce(o.code, o.status, s.decision) AS why, count(*),
        max(coalesce(nullif(o.reason, ''), s.message))
      FROM signal AS s LEFT JOIN orders AS o ON o.signal_id = s.id AND o.leg = 0
      WHERE s.received_at_ms >= ?1 AND (o.status IS NULL OR o.status IN
        ('denied', 'rejected', 'expired', 'canceled', 'unknown', 'not_found'))
      GROUP BY why ORDER BY count(*) DESC, why LIMIT ?2
      """)
    return try list.rows([.integer(since.milliseconds), .integer(Int64(limit))]) {
      row throws(StoreError) in
      RefusalCount(code: row.text(0), count: row.integer(1), example: row.text(2))
    }
  }
}
