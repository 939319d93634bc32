import Domain

extension StoreWrite {
  /// Whether a turn that begins with it arms an order that waited.
  var isOfArming: Bool {
    guard case .appendEvent(let event) = self else { return false }
    return event.kind == OrderEvent.approvedKind || event.kind == OrderEvent.armedKind
  }
}

/// Writes that the database does not have: those of turns that were committed to the intake log, and
/// behind them those of the open turn, as long as it is short.
struct UnwrittenTurns {
  /// A longer turn is not worth waiting for: its order would wait for the engine and not for the disk.
  private static let maximum = 16

  /// Of the open turn.
  private(set) var open: [StoreWrite] = []
  private(set) var committed: [StoreWrite] = []
  /// How many turns those are.
  private(set) var count = 0
  /// How many of the turns, and of their writes, are up to the last one that arms an order, which may have
  /// left.
  private var standing = (turns: 0, writes: 0)
  /// The last row of the history before those that were committed.
  private var end: Int64 = 0

  var hasRoom: Bool { open.count < Self.maximum }

  mutating func append(_ write: StoreWrite) { open.append(write) }

  /// The signals that the open turn inserts.
  var signals: [SignalID] { open.compactMap(Self.signal) }

  /// Whether it and those that were committed insert no others.
  func insertOnly(_ signals: [SignalID]) -> Bool {
    func isMeant(_ write: StoreWrite) -> Bool {
      Self.signal(in: write).map(signals.contains) ?? true
    }
    return committed.allSatisfy(isMeant) && open.allSatisfy(isMeant)
  }

  private static func signal(in write: StoreWrite) -> SignalID? {
    guard case .insertSignal(let record, _, _) = write else { return nil }
    return record.signalID
  }

  /// Those whose orders it arms.
  var armed: [SignalID] {
    open.compactMap { write in
      guard case .appendEvent(let event) = write, event.kind == OrderEvent.armedKind,
        case .order(let key) = event.subject
      else { return nil }
      return key.signal
    }
  }

  /// The open turn is committed; the database's history ends with row `end`.
  mutating func commit(after end: Int64) {
    if committed.isEmpty { self.end = end }
    committed += open
    count += 1
    if !armed.isEmpty { standing = (count, committed.count) }
    open.removeAll(keepingCapacity: true)
  }

  mutating func takeOpen() -> [StoreWrite] {
    defer { open.removeAll(keepingCapacity: true) }
    return open
  }

  /// A commit that failed may have reached the database all the same, which then goes on behind `end`.
  mutating func compare(withEnd end: Int64) {
    if end > self.end { written() }
  }

  /// The database does not take them: what has not left is as if it had never come.
  mutating func undo() {
    open.removeAll(keepingCapacity: true)
    committed.removeLast(committed.count - standing.writes)
    count = standing.turns
  }

  mutating func written() {
    committed.removeAll(keepingCapacity: true)
    count = 0
    standing = (0, 0)
  }
}
