package import Domain

/// The retention rule: what is older than it goes, and what may never be forgotten stays.
///
/// A signal whose story was over before a moment becomes a row of `compacted_signal`, which holds what
/// a copy of it must be answered with; signal and order are removed. The history is one chain over all
/// signals, so only its beginning can go: up to the first row that is younger, or of a signal that is
/// still stored. The last row that goes is written into the seal first. The last row of all stays: the
/// chain goes on from it.
extension OrderStore {
  /// Signals in one step. Each dirties some eight pages, since ids fall anywhere in an index.
  private static let signalsPerStep: Int64 = 5
  /// More than so many signals have on average, so that the history keeps up.
  private static let eventsPerStep: Int64 = 100

  /// Removes some of what was over before `moment`, in a turn of its own that is not waited for: after
  /// a power cut it may be undone as a whole. Only between turns. Throws when the database cannot be
  /// read or written; then nothing is removed.
  package func compact(before moment: WallTime, at now: WallTime) throws(StoreError)
    -> CompactionStep
  {
    let signals = try signalsOver(before: moment)
    if signals.isEmpty, try cut(before: moment) == nil {
      return CompactionStep(signals: 0, events: 0)
    }
    return try upkeep { () throws(StoreError) in
      for id in signals {
        for statement in [statements.compactSignal, statements.deleteOrders] {
          try run(statement, [.text(id)])
        }
        try run(statements.deleteSignal, [.text(id)])
      }
      let events = try removeHistory(before: moment, at: now)
      return CompactionStep(signals: signals.count, events: events)
    }
  }

  private func signalsOver(before moment: WallTime) throws(StoreError) -> [String] {
    let values: [SQLiteValue] = [.integer(moment.milliseconds), .integer(Self.signalsPerStep)]
    return try statements.signalsOver.rows(values) { row throws(StoreError) in row.text(0) }
  }

  /// The last row that can go; how many of those that go armed an order.
  private func cut(before moment: WallTime) throws(StoreError) -> (head: ChainHead, armed: Int64)? {
    let last = try head().row
    var cut: (head: ChainHead, armed: Int64)?
    var armed: Int64 = 0
    let values: [SQLiteValue] = [.integer(moment.milliseconds), .integer(Self.eventsPerStep)]
    let rows = try statements.oldestEvents.rows(values) { row throws(StoreError) in
      (
        head: ChainHead(row: row.integer(0), hash: row.blob(1)),
        isArming: row.text(2) == OrderEvent.armedKind, stays: row.integer(3) != 0
      )
    }
    for row in rows {
      if row.stays || row.head.row >= last { break }
      if row.isArming { armed += 1 }
      cut = (row.head, armed)
    }
    return cut
  }

  private func removeHistory(
    before moment: WallTime, at now: WallTime
  ) throws(StoreError) -> Int {
    guard let cut = try cut(before: moment) else { return 0 }
    try run(
      statements.moveSeal,
      [
        .integer(cut.head.row), .blob(cut.head.hash), .integer(cut.armed),
        .integer(now.milliseconds),
      ])
    return try run(statements.deleteEvents, [.integer(cut.head.row)])
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
