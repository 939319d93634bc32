package import Domain

/// What is left of what the retention rule has removed.
extension StoreReader {
  /// Whether this row stands in the history as it is, is its beginning, or is of the part that the
  /// retention rule has removed. Throws when the database cannot be read.
  package func holds(_ link: ChainHead) throws(StoreError) -> Bool {
    let sealed = try seal().head
    if link.row == 0 || link.row < sealed.row || link == sealed { return true }
    let hashes = try statements.chainHash.rows([.integer(link.row)]) {
      row throws(StoreError) in
      row.blob(0)
    }
    return hashes == [link.hash]
  }

  /// Up to where the history was removed. Throws when the database cannot be read.
  package func seal() throws(StoreError) -> Seal {
    try statements.seal.rows { row throws(StoreError) in
      Seal(
        head: ChainHead(row: row.integer(0), hash: row.blob(1)), armed: row.integer(2),
        at: row.time(3))
    }.first ?? .none
  }

  /// What is left of a signal that was removed; `nil` when it is not one. Throws when the database
  /// cannot be read.
  package func compactedSignal(_ id: SignalID) throws(StoreError) -> CompactedSignal? {
    try statements.compactedSignal.rows([.text(id.text)]) { row throws(StoreError) in
      try CompactedSignal(row)
    }.first
  }

  /// How many signals were removed. Throws when the database cannot be read.
  package func compactedCount() throws(StoreError) -> Int {
    try statements.compactedCount.rows { row throws(StoreError) in Int(row.integer(0)) }.first ?? 0
  }
}

extension CompactedSignal {
  static let columns = """
    id, symbol, side, content_digest, client_order_id, decision, received_at_ms, ended_at_ms, \
    status, code, order_id, executed_quantity, executed_quote
    """

  fileprivate init(_ row: Row) throws(StoreError) {
    let place = "compacted signal \(row.text(0))"
    self.init(
      signalID: try row.value(0, in: place, SignalID.init),
      symbol: try row.value(1, in: place, Symbol.init(exchangeText:)),
      side: try row.value(2, in: place, Side.init), contentDigest: row.blob(3),
      clientOrderID: try row.value(4, in: place, ClientOrderID.init),
      decision: try row.value(5, in: place, DecisionCode.init), receivedAt: row.time(6),
      endedAt: row.time(7), status: try row.optionalValue(8, in: place, OrderStatus.init),
      code: try row.optionalValue(9, in: place, DecisionCode.init), orderID: row.optionalText(10),
      executedQuantity: try row.money(11, in: place), executedQuote: try row.money(12, in: place))
  }
}
