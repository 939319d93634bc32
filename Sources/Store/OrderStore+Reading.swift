package import Domain
import JSON

extension OrderStore {
  /// How far back the risk limits look.
  private static let reservationPeriod = Duration.seconds(24 * 60 * 60)
  /// Signals with a number of their source that a start reads: the newest, in a few milliseconds.
  private static let numberedSignalMaximum: Int64 = 1_000
  /// How far back the limits of a source look.
  private static let sourcePeriod = Duration.seconds(60 * 60)

  /// The record of a signal; `nil` when there is none. Throws when the database cannot be read.
  package func signal(_ id: SignalID) throws(StoreError) -> SignalRecord? {
    try statements.signal.rows([.text(id.text)]) { row throws(StoreError) in
      try SignalRecord(row)
    }.first
  }

  /// The order that its history adds up to; `nil` when there is none. Throws when the database
  /// cannot be read.
  package func order(_ key: OrderKey) throws(StoreError) -> Order? {
    let rows = try statements.orderRow.rows(key.values) { row throws(StoreError) in row.values }
    guard let row = rows.first else { return nil }
    return try folded(key, beside: row)
  }

  /// Everything about a signal and its orders, oldest first. Throws when the database cannot be
  /// read.
  package func history(of id: SignalID) throws(StoreError) -> [HistoryEvent] {
    try statements.historyOfSignal.rows([.text(id.text)]) { row throws(StoreError) in
      try HistoryEvent(row)
    }
  }

  /// What concerns no signal, oldest first: the newest `limit` events of it. Throws when the
  /// database cannot be read.
  package func daemonHistory(
    limit: Int = ListFilter.defaultLimit
  ) throws(StoreError) -> [HistoryEvent] {
    let bounded = min(max(limit, 1), ListFilter.limitMaximum)
    return try statements.historyOfDaemon.rows([.integer(Int64(bounded))]) {
      row throws(StoreError) in try HistoryEvent(row)
    }.reversed()
  }

  /// What a start needs to know. A row that its history does not add up to is `.corrupt`. Throws
  /// when the database cannot be read.
  package func loadState(now: WallTime) throws(StoreError) -> StoredState {
    let since = now.advanced(by: .zero - Self.reservationPeriod)
    return StoredState(
      live: try liveOrders(), reservations: try reservations(since: since),
      sourceSignals: try sourceSignals(since: now.advanced(by: .zero - Self.sourcePeriod)),
      sequences: try sequences(since: now.advanced(by: .zero - Self.reservationPeriod)),
      halt: try halt(),
      careful: try careful(), ban: try setting(.ban, BanRecord.init),
      rateUsage: try setting(.rateUsage, RateUsageRecord.init))
  }

  /// What holds of the present, whatever was sent in the past: the halt, the back-off that the
  /// exchange demands, the use of its limits.
  func standing() throws(StoreError) -> [StoreWrite] {
    let ban = try setting(.ban, BanRecord.init)
    let usage = try setting(.rateUsage, RateUsageRecord.init)
    return [
      try halt().map { .setHalt($0) }, ban.map { .setBan($0) }, usage.map { .setRateUsage($0) },
    ].compactMap(\.self)
  }

  /// Since when, and why, starts are careful ones; `nil` when they are not. Throws when the database
  /// cannot be read.
  package func careful() throws(StoreError) -> CarefulRecord? {
    try setting(.careful, CarefulRecord.init)
  }

  func halt() throws(StoreError) -> HaltRecord? { try setting(.halt, HaltRecord.init) }

  private func liveOrders() throws(StoreError) -> [StoredOrder] {
    let rows = try statements.liveOrderRows.rows { row throws(StoreError) in
      (key: try row.orderKey(), values: row.values)
    }
    var live: [StoredOrder] = []
    for row in rows {
      guard let signal = try signal(row.key.signal) else {
        throw .corrupt("order \(row.key.signal) leg \(row.key.leg) has no signal")
      }
      let order = try folded(row.key, beside: row.values)
      let isUnsure = order.status == .new ? try mayHaveLeft(row.key.signal) : false
      live.append(StoredOrder(signal: signal, order: order, mayHaveLeft: isUnsure))
    }
    return live
  }

  private func reservations(since: WallTime) throws(StoreError) -> [Reservation] {
    try statements.reservations.rows([.integer(since.milliseconds)]) { row throws(StoreError) in
      let key = try row.orderKey()
      return Reservation(
        key: key, at: row.time(2), quote: try row.money(3, in: "order \(key.signal)"))
    }
  }

  /// The names of the files whose orders were not found at the exchange: what was reported of them
  /// may still change. Throws when the database cannot be read.
  package func filesOfOrdersNotFound() throws(StoreError) -> [[UInt8]] {
    try statements.searchedFiles.rows { row throws(StoreError) in row.blob(0) }
  }

  private func sourceSignals(since: WallTime) throws(StoreError) -> [SourceSignal] {
    try statements.acceptedSignals.rows([.integer(since.milliseconds)]) {
      row throws(StoreError) -> SourceSignal? in
      guard let source = (try? JSONReader.read(row.blob(0)))?["source"]?.stringValue else {
        return nil
      }
      return SourceSignal(source: source, at: row.time(1))
    }.compactMap(\.self)
  }

  private func sequences(since: WallTime) throws(StoreError) -> [String: Int64] {
    let values: [SQLiteValue] = [
      .integer(since.milliseconds), .integer(Self.numberedSignalMaximum),
    ]
    var sequences: [String: Int64] = [:]
    for raw in try statements.numberedSignals.rows(
      values, { row throws(StoreError) in row.blob(0) })
    {
      guard let signal = try? JSONReader.read(raw), let source = signal["source"]?.stringValue,
        let text = signal["sequence"]?.numberValue ?? signal["sequence"]?.stringValue,
        let number = Int64(text)
      else { continue }
      sequences[source] = max(sequences[source] ?? number, number)
    }
    return sequences
  }

  func setting<Record>(
    _ setting: Setting, _ read: (JSONValue) -> Record?
  ) throws(StoreError) -> Record? {
    let rows = try statements.setting.rows([.text(setting.rawValue)]) {
      row throws(StoreError) in row.blob(0)
    }
    guard let bytes = rows.first else { return nil }
    guard let json = try? JSONReader.read(bytes), let record = read(json) else {
      throw .corrupt("setting '\(setting.rawValue)' cannot be read")
    }
    return record
  }

  /// Adds up an order's history and holds it against its row, so that damage to either shows.
  /// Events whose kind is no order event's are remarks: they change nothing.
  func folded(_ key: OrderKey, beside row: [SQLiteValue]) throws(StoreError) -> Order {
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
    let account = try account()
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
