import Domain
import JSON
import Store

/// A list, and then row by row what is added to it or changes in it: the history tells whose rows to look
/// at again.
struct ListFollower {
  private let report: Report
  private var tail: HistoryTail
  /// The rows as they were told last: those that the list has and that may change.
  private var told: [OrderKey: JSONValue] = [:]
  /// Those of them that will not, or that the list has no more. A row may be younger than the event that
  /// led to it, so they are known until the history was read to its end once more.
  private var over: Set<OrderKey> = []
  /// Only what is older is listed; `nil` for everything.
  private var end: WallTime?

  /// Throws when the database cannot be read.
  init(_ path: String, _ report: Report) throws(StoreError) {
    self.report = report
    tail = try HistoryTail(path, TailFilter(), from: .now)
    if let before = report.before {
      end = try report.rows(of: before, from: tail.store).first?.at
    }
  }

  /// The list as it is now, newest first. Throws `notFound` or `storageUnavailable`.
  mutating func list() throws(ControlFailure) -> [JSONValue] {
    let rows = try report.document(from: tail.store).arrayValue ?? []
    for row in rows {
      guard let key = Self.key(of: row) else { continue }
      told[key] = row
      if Self.isOver(row) { over.insert(key) }
    }
    return rows
  }

  /// What a look gave.
  struct Look {
    /// Oldest first.
    var rows: [JSONValue] = []
    /// Whether more is there already.
    var isCut = false
    /// The row after which it goes on in another database, whose list is known and not told.
    var newBeginning: Int64?
  }

  /// What came since the last call. A row that the list had and has no more is told once, as it is now.
  /// Throws when the database cannot be read.
  mutating func next() throws(StoreError) -> Look {
    let batch = try tail.next()
    if batch.newBeginning != nil {
      (told, over) = ([:], [])
      _ = try? list()
    }
    var seen: Set<SignalID> = []
    var fresh: [JSONValue] = []
    var ended: Set<OrderKey> = []
    for id in batch.rows.compactMap(Self.signalOfChange) where seen.insert(id).inserted {
      for row in try report.rows(of: id, from: tail.store) {
        let former = told[row.key]
        let isListed = row.isListed && end.map { row.at < $0 } ?? true
        guard isListed || former != nil else { continue }
        if former != row.document { fresh.append(row.document) }
        told[row.key] = row.document
        if !isListed || Self.isOver(row.document) {
          ended.insert(row.key)
        } else {
          over.remove(row.key)
        }
      }
    }
    forget(besides: ended, hasMore: batch.isCut)
    return Look(rows: fresh, isCut: batch.isCut, newBeginning: batch.newBeginning)
  }

  /// Whose rows an event changes; remarks, such as that a signal came again, change none.
  private static func signalOfChange(_ row: HistoryRow) -> SignalID? {
    switch row.event.subject {
    case .daemon: nil
    case .signal(let id): row.event.kind == HistoryEvent.receivedKind ? id : nil
    case .order(let key): key.signal
    }
  }

  private mutating func forget(besides ended: Set<OrderKey>, hasMore: Bool) {
    if hasMore { return over.formUnion(ended) }
    for key in over.subtracting(ended) { told[key] = nil }
    over = ended
  }

  private static func key(of row: JSONValue) -> OrderKey? {
    let id = row["id"]?.stringValue ?? row["signal_id"]?.stringValue
    return id.flatMap { SignalID($0) }.map { id in
      OrderKey(signal: id, leg: Int(row["leg"]?.integerValue ?? 0))
    }
  }

  /// A signal without an order does not change any more.
  private static func isOver(_ row: JSONValue) -> Bool {
    let status = row["order_status"]?.stringValue ?? row["status"]?.stringValue
    return status.flatMap { OrderStatus(rawValue: $0) }?.isTerminal ?? true
  }
}

extension Report {
  fileprivate var before: SignalID? {
    switch self {
    case .signals(let filter), .orders(let filter): filter.before
    case .explain: nil
    }
  }
}
