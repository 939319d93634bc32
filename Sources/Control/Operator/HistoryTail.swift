package import Domain
package import Platform
package import Store

/// Which events an operator wants to see.
package struct TailFilter: Hashable, Sendable {
  package var signal: SignalID?
  package var symbol: Symbol?
  /// The least important level that is shown.
  package var level: LogLevel?

  package init(signal: SignalID? = nil, symbol: Symbol? = nil, level: LogLevel? = nil) {
    self.signal = signal
    self.symbol = symbol
    self.level = level
  }
}

/// Where in the history to begin.
package enum TailStart: Hashable, Sendable {
  /// With what happens from now on.
  case now
  /// After this row.
  case row(Int64)
  /// With the first event of this time or later.
  case time(WallTime)
}

/// Follows the history of a database row by row: over the daemon's restarts, and over another database
/// that takes the place of this one.
package struct HistoryTail {
  package struct Batch {
    package internal(set) var rows: [HistoryRow] = []
    /// Whether more rows are there already.
    package internal(set) var isCut = false
    /// The row after which it goes on in a database that does not hold what was shown last.
    package internal(set) var newBeginning: Int64?
  }

  /// So many rows are in memory at a time.
  private static let limit = 500

  private let path: String
  private let filter: TailFilter
  private var reader: HistoryReader
  /// The file that is open.
  private var identity: FileStatus?
  private var last: ChainHead

  /// Throws when the database cannot be read.
  package init(_ path: String, _ filter: TailFilter, from start: TailStart) throws(StoreError) {
    self.path = path
    self.filter = filter
    identity = FileStatus.at(path: path)
    reader = try HistoryReader(StoreReader(path: path))
    last = try reader.place(of: start)
  }

  /// The database that is followed.
  var store: StoreReader { reader.store }

  /// What came since the last call. Throws when the database cannot be read now; the next call goes
  /// on where this one would have.
  package mutating func next() throws(StoreError) -> Batch {
    var batch = Batch()
    if try reopenWhenReplaced() { batch.newBeginning = last.row }
    let rows = try reader.rows(after: last.row, limit: Self.limit)
    last = rows.last?.link ?? last
    batch.rows = rows.filter(filter.takes)
    batch.isCut = rows.count == Self.limit
    return batch
  }

  /// Whether the history goes on elsewhere than where the last row stood.
  private mutating func reopenWhenReplaced() throws(StoreError) -> Bool {
    let present = FileStatus.at(path: path)
    if let present, let identity, present.isSameFile(as: identity) { return false }
    reader = try HistoryReader(StoreReader(path: path))
    identity = present
    if try reader.store.holds(last) { return false }
    last = try reader.store.head()
    return true
  }
}

extension TailFilter {
  fileprivate func takes(_ row: HistoryRow) -> Bool {
    if let signal, row.event.subject.signal != signal { return false }
    if let symbol, row.symbol != symbol { return false }
    if let level, TimelineEntry(row.event).level > level { return false }
    return true
  }
}

extension HistoryReader {
  fileprivate func place(of start: TailStart) throws(StoreError) -> ChainHead {
    switch start {
    case .now: try store.head()
    case .row(let row): try link(upTo: row)
    case .time(let time): try link(upTo: row(before: time))
    }
  }
}

extension HistoryEvent.Subject {
  /// `nil` for what concerns none.
  var signal: SignalID? {
    switch self {
    case .daemon: nil
    case .signal(let id): id
    case .order(let key): key.signal
    }
  }

  /// `nil` for what concerns no order.
  var leg: Int? {
    switch self {
    case .daemon, .signal: nil
    case .order(let key): key.leg
    }
  }
}
