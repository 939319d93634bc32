package import Domain

/// A row of the history, and what tells whose it is.
package struct HistoryRow: Equatable, Sendable {
  package let link: ChainHead
  package let event: HistoryEvent
  /// Of the event's signal; `nil` for what concerns none.
  package let symbol: Symbol?
}

/// Reads the history row by row, beside whoever writes it.
package struct HistoryReader {
  package let store: StoreReader
  /// Made once: whoever follows the history asks again and again.
  private let next: Statement

  /// Throws when the database cannot be read.
  package init(_ store: StoreReader) throws(StoreError) {
    self.store = store
    let columns = HistoryEvent.columns.split(separator: ", ").map { "e." + $0 }
    next = try store.prepare(
      "read the history",
      """
      SELECT \(columns.joined(separator: ", ")), e.hash, coalesce(s.symbol, c.symbol)
      FROM event AS e LEFT JOIN signal AS s ON s.id = e.signal_id
        LEFT JOIN compacted_signal AS c ON c.id = e.signal_id
      WHERE e.id > ?1 ORDER BY e.id LIMIT ?2
      """)
  }

  /// The first rows after this one, at most `limit`. Throws when the database cannot be read.
  package func rows(after row: Int64, limit: Int) throws(StoreError) -> [HistoryRow] {
    try next.rows([.integer(row), .integer(Int64(limit))]) { row throws(StoreError) in
      HistoryRow(
        link: ChainHead(row: row.integer(0), hash: row.blob(6)), event: try HistoryEvent(row),
        symbol: try row.optionalValue(7, in: "a signal", Symbol.init(exchangeText:)))
    }
  }

  /// The row before the first one of this time or later; the last one when there is none such. Throws
  /// when the database cannot be read.
  package func row(before time: WallTime) throws(StoreError) -> Int64 {
    let first = try store.prepare("look for a time", "SELECT min(id) FROM event WHERE at_ms >= ?1")
    let rows = try first.rows([.integer(time.milliseconds)]) { row throws(StoreError) in
      row.optionalInteger(0)
    }
    guard let row = rows.first.flatMap(\.self) else { return try store.head().row }
    return row - 1
  }

  /// The last row up to this number. Throws when the database cannot be read.
  package func link(upTo row: Int64) throws(StoreError) -> ChainHead {
    let last = try store.prepare(
      "look for a row", "SELECT id, hash FROM event WHERE id <= ?1 ORDER BY id DESC LIMIT 1")
    let rows = try last.rows([.integer(row)]) { row throws(StoreError) in
      ChainHead(row: row.integer(0), hash: row.blob(1))
    }
    return rows.first ?? .beginning
  }
}
