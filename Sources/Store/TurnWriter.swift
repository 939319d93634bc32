package import Domain
import JSON

/// Writes into the open turn, and knows what the turn has written: the head of the history, whose the
/// orders are, how many times an order was armed.
package final class TurnWriter {
  private let reader: StoreReader
  /// Names the boot of this machine; `nil` when it is not known.
  private let boot: String?
  private var statements: Statements { reader.statements }
  /// The history's last row, the turn's own writes included; `nil` when it must be read again.
  private var chainHead: ChainHead?
  /// The owner's, the turn's own writes included; `nil` when it must be read again.
  private var ownerAccount: TradingAccount?
  /// Of the write that is made.
  private var bindings = Bindings()
  /// Of the event that is appended.
  private var canonicalRow = CanonicalRow()
  /// The last that was inserted, until it has an order, whose row is most likely new.
  private var newSignal: SignalID?
  /// How many times the turn arms an order.
  private var armed: Int64 = 0
  /// Those that the turn inserts.
  private(set) var signals: [SignalID] = []
  /// What is written into the outbox along with the history's row that it tells of.
  package var notified: Set<NotificationEvent> = []
  /// Whether the outbox is worth a look; whoever looked says no.
  package var mayHaveNotifications = true

  init(_ reader: StoreReader, boot: String?) {
    self.reader = reader
    self.boot = boot
  }

  /// The last row of the history and its hash. Throws when the database cannot be read.
  func head() throws(StoreError) -> ChainHead {
    if let chainHead { return chainHead }
    let head = try reader.head()
    chainHead = head
    return head
  }

  /// How many times an order was armed since the last call.
  func takeArmed() -> Int64 {
    defer { armed = 0 }
    return armed
  }

  /// The signals that were inserted since the last call.
  func takeSignals() -> [SignalID] {
    defer { signals.removeAll(keepingCapacity: true) }
    return signals
  }

  /// What the turn has written is undone.
  func forget() {
    chainHead = nil
    ownerAccount = nil
    armed = 0
    signals = []
  }

  /// Throws when the database does not take it.
  func write(_ write: StoreWrite) throws(StoreError) {
    switch write {
    case .insertSignal(let record, let sender, let mayHaveLeft):
      bindings.removeAll()
      record.add(to: &bindings)
      bindings.add(mayHaveLeft ? UnarmedOrders.noBoot : boot)
      SignalSender.add(sender, of: record, to: &bindings)
      try run(statements.insertSignal, bindings)
      newSignal = record.signalID
      signals.append(record.signalID)
    case .updateDecision(let id, let code, let message, let time):
      let values: [SQLiteValue] = [
        .text(id.text), .text(code.rawValue), .words(message), .integer(time.milliseconds),
      ]
      guard try run(statements.updateDecision, values) == 1 else {
        throw .misuse("a decision on signal \(id), which is not stored")
      }
    case .putOrder(let order):
      guard order.account == (try account()) else {
        throw .misuse("order \(order.key.signal) leg \(order.key.leg) of another account")
      }
      try put(order)
    case .appendEvent(let event):
      try append(event)
    case .setHalt(let halt):
      try put(.halt, halt?.json)
    case .setCareful(let careful):
      try put(.careful, careful?.json)
    case .setOwner(let owner):
      try run(statements.putOwner, owner.values)
      ownerAccount = owner.account
    case .setBan(let ban):
      try put(.ban, ban?.json)
    case .setRateUsage(let record):
      try put(.rateUsage, record.json)
    case .setWatched(let keys):
      try put(.watched, WatchedOrders(keys).json)
    }
  }

  private func account() throws(StoreError) -> TradingAccount {
    if let ownerAccount { return ownerAccount }
    let account = try reader.account()
    ownerAccount = account
    return account
  }

  private func put(_ order: Order) throws(StoreError) {
    bindings.removeAll()
    order.add(to: &bindings)
    if order.key.signal == newSignal {
      newSignal = nil
      if try run(statements.insertOrder, bindings) == 1 { return }
    }
    guard try run(statements.putOrder, bindings) == 1 else {
      throw .misuse("order \(order.key.signal) leg \(order.key.leg) with another identity")
    }
  }

  private func append(_ event: HistoryEvent) throws(StoreError) {
    let last = try head()
    let row = last.row + 1
    bindings.removeAll()
    bindings.add(row)
    event.add(to: &bindings)
    let next = ChainHead(row: row, hash: canonicalRow.hash(of: bindings, after: last))
    bindings.add(blob: next.hash)
    try run(statements.appendEvent, bindings)
    chainHead = next
    if !notified.isEmpty, let notification = Notification(event, row: row),
      notified.contains(notification.event)
    {
      try put(notification)
    }
    if event.kind == OrderEvent.armedKind { armed += 1 }
  }

  func put(_ setting: Setting, _ value: JSONValue?) throws(StoreError) {
    if let value {
      bindings.removeAll()
      bindings.add(setting.rawValue)
      bindings.add(value)
      try run(statements.putSetting, bindings)
    } else {
      try run(statements.deleteSetting, [.text(setting.rawValue)])
    }
  }

  @discardableResult
  func run(
    _ statement: Statement, _ values: [SQLiteValue] = []
  ) throws(StoreError) -> Int {
    try StoreError.sorting { () throws(SQLiteError) in try statement.run(values) }
  }

  @discardableResult
  private func run(_ statement: Statement, _ bindings: Bindings) throws(StoreError) -> Int {
    try StoreError.sorting { () throws(SQLiteError) in try statement.run(bindings) }
  }

  /// Stops the file from growing beyond so many pages of 4 KiB; further writes throw `.full`. Lasts
  /// as long as this object. Throws when the limit cannot be set.
  package func limitSize(pages: Int) throws(StoreError) {
    try StoreError.sorting { () throws(SQLiteError) in
      try reader.database.execute("PRAGMA max_page_count = \(pages);", step: "limit the size")
    }
  }

  /// Lets the connection keep so much of the file in memory, for who writes it in bulk. Lasts as long as
  /// this object. Throws when it cannot be set.
  package func enlargeCache(megabytes: Int) throws(StoreError) {
    try StoreError.sorting { () throws(SQLiteError) in
      try reader.database.execute(
        "PRAGMA cache_size = -\(megabytes * 1_024);", step: "enlarge the cache")
    }
  }

  func put(_ notification: Notification) throws(StoreError) {
    mayHaveNotifications = true
    try run(
      statements.putNotification,
      [
        .text(notification.event.rawValue), .words(notification.subject),
        .integer(notification.at.milliseconds),
        notification.signal.map { .text($0.text) } ?? .null, .words(notification.message),
      ])
  }
}
