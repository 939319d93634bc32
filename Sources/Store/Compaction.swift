package import Domain

/// The retention rule: what is older than it goes, and what may never be forgotten stays.
///
/// A signal whose story was over before a moment becomes a row of `compacted_signal`, which holds what
/// a copy of it must be answered with; signal and order are removed. The history is one chain over all
/// signals, so only its beginning can go: up to the first row that is younger, or of a signal that is
/// still stored. The last row that goes is written into the seal first. The last row of all stays: the
/// chain goes on from it.
package struct Compaction {
  /// Signals in one step. Each dirties some eight pages, since ids fall anywhere in an index.
  private static let signalsPerStep: Int64 = 5
  /// More than so many signals have on average, so that the history keeps up.
  private static let eventsPerStep: Int64 = 100

  private let store: OrderStore
  private var statements: Statements { store.reader.statements }

  package init(_ store: OrderStore) {
    self.store = store
  }

  /// Removes some of what was over before `moment`, in a turn of its own that is not waited for: after
  /// a power cut it may be undone as a whole. Only between turns. Throws when the database cannot be
  /// read or written; then nothing is removed.
  package func step(
    before moment: WallTime, at now: WallTime
  ) throws(StoreError) -> CompactionStep {
    let signals = try signalsOver(before: moment)
    // What goes with signals is known when these are gone.
    let known = signals.isEmpty ? try cut(before: moment) : nil
    if signals.isEmpty, known == nil { return CompactionStep(signals: 0, events: 0) }
    return try store.upkeep { () throws(StoreError) in
      for id in signals {
        for statement in [statements.compactSignal, statements.deleteOrders] {
          try store.writer.run(statement, [.text(id)])
        }
        try store.writer.run(statements.deleteSignal, [.text(id)])
      }
      let events = try removeHistory(
        signals.isEmpty ? known : cut(before: moment), at: now)
      return CompactionStep(signals: signals.count, events: events)
    }
  }

  private func signalsOver(before moment: WallTime) throws(StoreError) -> [String] {
    let watched = try store.reader.watchedRefusals()
    // What is watched for has to stay, whatever its status says.
    let kept = Set(watched.map(\.signal.text))
    let values: [SQLiteValue] = [
      .integer(moment.milliseconds), .integer(Self.signalsPerStep + Int64(kept.count)),
    ]
    let over = try statements.signalsOver.rows(values) { row throws(StoreError) in row.text(0) }
    return Array(over.lazy.filter { !kept.contains($0) }.prefix(Int(Self.signalsPerStep)))
  }

  /// The last row that can go; how many of those that go armed an order.
  private func cut(
    before moment: WallTime
  ) throws(StoreError) -> (head: ChainHead, armed: Int64)? {
    let last = try store.head().row
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
    _ cut: (head: ChainHead, armed: Int64)?, at now: WallTime
  ) throws(StoreError) -> Int {
    guard let cut else { return 0 }
    try store.writer.run(
      statements.moveSeal,
      [
        .integer(cut.head.row), .blob(cut.head.hash), .integer(cut.armed),
        .integer(now.milliseconds),
      ])
    return try store.writer.run(statements.deleteEvents, [.integer(cut.head.row)])
  }
}
