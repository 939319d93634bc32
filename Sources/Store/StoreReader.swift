package import Domain
import JSON

/// Reads the durable state: beside a running daemon or without one, over a connection of its own, or
/// over that of the store that writes it.
package struct StoreReader {
  let database: Database
  let statements: Statements

  init(_ database: Database, _ statements: Statements) {
    self.database = database
    self.statements = statements
  }

  /// Takes no lock and changes nothing. Throws when there is none at `path` that this program can
  /// read.
  package init(path: String) throws(StoreError) {
    self = try Opening.reader(StoreLocation(path))
  }

  /// Whether a start can make the database at `path`, or bring it up to date: there is none, or it is of
  /// an older program. Throws when a start would refuse what stands there.
  package static func isNotCurrent(at path: String) throws(StoreError) -> Bool {
    let location = try StoreLocation(path)
    guard try location.existingSize() ?? 0 > 0 else {
      try location.refuseLostFile()
      return true
    }
    return try Opening.source(location).version < Migrations.currentVersion
  }

  /// What a reader reads within `body` is of one moment, whoever writes meanwhile: else an order and
  /// the history that is read after it may be of two, and look like damage. The writer's own reads
  /// need none, and a snapshot within another is that one. Throws what `body` does, and when the
  /// database cannot be read.
  package func snapshot<Value>(
    _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    if database.isWriter || database.isInTransaction { return try body() }
    return try database.snapshot(body)
  }

  /// Whether there is or was such a signal. Throws when the database cannot be read.
  func isKnown(_ id: SignalID) throws(StoreError) -> Bool {
    try statements.isKnownSignal.rows([.text(id.text)]) { row throws(StoreError) in
      row.integer(0) != 0
    }.first ?? false
  }

  /// The record of a signal; `nil` when there is none. Throws when the database cannot be read.
  package func signal(_ id: SignalID) throws(StoreError) -> SignalRecord? {
    try statements.signal.rows([.text(id.text)]) { row throws(StoreError) in
      try SignalRecord(row)
    }.first
  }

  /// The order that its history adds up to; `nil` when there is none. Throws when the database
  /// cannot be read.
  package func order(_ key: OrderKey) throws(StoreError) -> Order? {
    try snapshot { () throws(StoreError) in
      let rows = try statements.orderRow.rows(key.values) { row throws(StoreError) in row.values }
      guard let row = rows.first else { return nil }
      return try folded(key, of: account(), beside: row)
    }
  }

  /// Everything about a signal and its orders, oldest first. Throws when the database cannot be
  /// read.
  package func history(of id: SignalID) throws(StoreError) -> [HistoryEvent] {
    try statements.historyOfSignal.rows([.text(id.text)]) { row throws(StoreError) in
      try HistoryEvent(row)
    }
  }

  /// What a start needs to know. A row that its history does not add up to is `.corrupt`. Throws
  /// when the database cannot be read.
  package func loadState(now: WallTime) throws(StoreError) -> StoredState {
    try snapshot { () throws(StoreError) in
      try StartReader(self, unarmedOrders(boot: nil)).state(at: now)
    }
  }

  /// What this boot knows of orders that are not on record as armed. Throws when the database cannot
  /// be read.
  func unarmedOrders(
    boot: String?, hasForgotten: Bool = false, noted: SignalID? = nil
  ) throws(StoreError) -> UnarmedOrders {
    let stop = try setting(.cleanStop, CleanStop.init)
    // A stop says nothing of what was written since.
    let isLast = try stop?.row == head().row
    return UnarmedOrders(
      boot: boot, former: isLast ? stop?.boot : boot, hasForgotten: hasForgotten,
      noted: noted)
  }

  /// The last row of the history and its hash. Throws when the database cannot be read.
  package func head() throws(StoreError) -> ChainHead {
    try statements.chainHead.rows { row throws(StoreError) in
      ChainHead(row: row.integer(0), hash: row.blob(1))
    }.first ?? .beginning
  }

  /// Of how many signals the history says that they were approved by their price, or denied, or first
  /// the one and then the other. Throws when the database cannot be read.
  package func judgedSignals() throws(StoreError) -> Int64 {
    let count = try prepare(
      "count judged signals",
      "SELECT count(DISTINCT signal_id) FROM event "
        + "WHERE kind IN ('order_approved', 'order_denied', 'signal_denied')")
    return try count.rows([]) { row throws(StoreError) in row.integer(0) }.first ?? 0
  }

  /// Since when, and why, starts are careful ones; `nil` when they are not. Throws when the database
  /// cannot be read.
  package func careful() throws(StoreError) -> CarefulRecord? {
    try setting(.careful, CarefulRecord.init)
  }

  /// Throws when the database cannot be read.
  func halt() throws(StoreError) -> HaltRecord? { try setting(.halt, HaltRecord.init) }

  /// The files whose orders were not found, are watched for or were found late and rest, when they came, and
  /// when they counted as over, unless they are not: what was reported of them may still change. Throws
  /// when the database cannot be read.
  package func filesOfOrdersNotFound() throws(StoreError)
    -> [(name: [UInt8], receivedAt: WallTime, overAt: WallTime?)]
  {
    var files = try statements.searchedFiles.rows { row throws(StoreError) in
      (
        name: row.blob(0), receivedAt: row.time(1),
        overAt: row.optionalInteger(2).map { WallTime(milliseconds: $0) }
      )
    }
    for key in try watchedRefusals() {
      guard let signal = try signal(key.signal), case .file(let name) = signal.origin,
        let order = try order(key)
      else { continue }
      files.append((name: name, receivedAt: signal.receivedAt, overAt: order.updatedAt))
    }
    return files
  }

  /// The rejected orders that are watched for. Throws when the database cannot be read.
  package func watchedRefusals() throws(StoreError) -> [OrderKey] {
    try setting(.watched, WatchedOrders.init)?.keys ?? []
  }

  func setting<Record>(
    _ setting: Setting, _ read: (JSONValue) -> Record?
  ) throws(StoreError) -> Record? {
    try statements.setting.value(setting, read)
  }

  /// Adds up an order's history and holds it against its row, so that damage to either shows.
  /// Events whose kind is no order event's are remarks: they change nothing.
  func folded(
    _ key: OrderKey, of account: TradingAccount, beside row: [SQLiteValue]
  ) throws(StoreError) -> Order {
    let place = "order \(key.signal) leg \(key.leg)"
    let history = try statements.historyOfOrder.rows(key.values) { row throws(StoreError) in
      try HistoryEvent(row)
    }
    var events: [(at: WallTime, event: OrderEvent)] = []
    for entry in history {
      if let event = OrderEvent(kind: entry.kind, detail: entry.detail) {
        events.append((entry.at, event))
      } else if OrderEvent.owns(entry.kind) {
        throw .corrupt("an event '\(entry.kind)' of \(place) cannot be read")
      }
    }
    let order: Order?
    do throws(IllegalTransition) {
      order = try Order(key: key, account: account, history: events)
    } catch {
      throw .corrupt("the history of \(place) contradicts itself: \(error)")
    }
    guard let order else { throw .corrupt("the history of \(place) lacks its beginning") }
    if let column = order.difference(from: row) {
      throw .corrupt("\(place) and its history differ in \(column)")
    }
    return order
  }

  /// Follows the whole chain, adds every order up from its history and holds it against its row.
  /// Sees one moment of the database, also beside a running daemon; needs the memory of one order.
  /// Only between turns. Throws when the database cannot be read; what is wrong with its content is
  /// part of the result.
  ///
  /// - Parameters:
  ///   - mark: what was noted when the last order left; the history must hold it. It must be read
  ///     before this is called, because a daemon that runs moves both on, the history first.
  ///   - notedHash: a head that somebody noted at any time; the history must hold it.
  ///   - boot: the present one; under another than the mark's, a power cut may have taken rows.
  package func audit(
    mark: HighWaterMark.Reading = .missing, notedHash: [UInt8]? = nil, boot: String? = nil
  ) throws(StoreError) -> Audit {
    try Auditor(self, boot: boot).run(mark, notedHash: notedHash)
  }

  func prepare(_ name: String, _ sql: String) throws(StoreError) -> Statement {
    try StoreError.sorting { () throws(SQLiteError) in try database.prepare(name, sql) }
  }
}

extension OrderEvent {
  /// Whether events of this kind make up orders.
  fileprivate static func owns(_ kind: String) -> Bool {
    kind.hasPrefix("order_") || kind.hasPrefix("cancel_")
  }
}

extension OrderKey {
  fileprivate var values: [SQLiteValue] { [.text(signal.text), .integer(Int64(leg))] }
}

extension Row {
  /// From the first two columns.
  func orderKey() throws(StoreError) -> OrderKey {
    OrderKey(signal: try value(0, in: "an order", SignalID.init), leg: Int(integer(1)))
  }
}
