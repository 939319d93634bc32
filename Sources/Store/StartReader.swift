import Domain
import JSON

/// Reads what a start needs to know.
struct StartReader {
  /// How far back the risk limits look.
  private static let reservationPeriod = Duration.seconds(24 * 60 * 60)
  /// Of the limit that counts what was accepted, whatever became of it.
  private static let acceptancePeriod = Duration.seconds(60)
  /// Signals with a number of their source that a start reads: the newest, in a few milliseconds.
  private static let numberedSignalMaximum: Int64 = 1_000
  /// How far back the limits of a source look.
  private static let sourcePeriod = Duration.seconds(60 * 60)

  private let reader: StoreReader
  private let unarmed: UnarmedOrders

  init(_ reader: StoreReader, _ unarmed: UnarmedOrders) {
    self.reader = reader
    self.unarmed = unarmed
  }

  func state(at now: WallTime) throws(StoreError) -> StoredState {
    let since = now.advanced(by: .zero - Self.reservationPeriod)
    let watched = try watchedOrders()
    let live = try liveOrders()
    return StoredState(
      live: watched.isEmpty ? live : (live + watched).sorted(by: Self.isOlder),
      reservations: try reservations(
        since: since, acceptedSince: now.advanced(by: .zero - Self.acceptancePeriod)),
      sourceSignals: try sourceSignals(since: now.advanced(by: .zero - Self.sourcePeriod)),
      sequences: try sequences(since: since), halt: try reader.halt(),
      careful: try reader.careful(), ban: try reader.setting(.ban, BanRecord.init),
      rateUsage: try reader.setting(.rateUsage, RateUsageRecord.init))
  }

  private func liveOrders() throws(StoreError) -> [StoredOrder] {
    let account = try reader.account()
    let rows = try reader.statements.liveOrderRows.rows { row throws(StoreError) in
      (key: try row.orderKey(), values: row.values)
    }
    var live: [StoredOrder] = []
    for row in rows {
      guard let signal = try reader.signal(row.key.signal) else {
        throw .corrupt("order \(row.key.signal) leg \(row.key.leg) has no signal")
      }
      let order = try reader.folded(row.key, of: account, beside: row.values)
      let isUnsure =
        order.status == .new
        ? unarmed.mayHaveLeft(signal.signalID, takenUnder: try boot(of: signal.signalID)) : false
      live.append(StoredOrder(signal: signal, order: order, mayHaveLeft: isUnsure))
    }
    return live
  }

  /// Those that count as rejected, and that the exchange may have all the same. One that an older program
  /// has removed meanwhile is left out, and so is one that was found.
  private func watchedOrders() throws(StoreError) -> [StoredOrder] {
    var watched: [StoredOrder] = []
    for key in try reader.watchedRefusals() {
      guard let order = try reader.order(key), order.status == .rejected,
        let signal = try reader.signal(key.signal)
      else { continue }
      watched.append(StoredOrder(signal: signal, order: order))
    }
    return watched
  }

  private static func isOlder(_ left: StoredOrder, _ right: StoredOrder) -> Bool {
    (left.order.createdAt, left.order.key) < (right.order.createdAt, right.order.key)
  }

  private func boot(of id: SignalID) throws(StoreError) -> String? {
    try reader.statements.bootOfSignal.rows([.text(id.text)]) { row throws(StoreError) in
      row.optionalText(0)
    }.first.flatMap(\.self)
  }

  private func reservations(
    since: WallTime, acceptedSince: WallTime
  ) throws(StoreError) -> [Reservation] {
    var reservations = try reader.statements.reservations.rows([.integer(since.milliseconds)]) {
      row throws(StoreError) in
      let place = "an order that is over"
      return Reservation(
        at: row.time(0), reserved: try row.money(1, in: place),
        executed: try row.money(2, in: place) ?? .zero)
    }
    let spared = try reader.statements.sparedOrders.rows([.integer(acceptedSince.milliseconds)]) {
      row throws(StoreError) in row.time(0)
    }
    reservations += spared.map { Reservation(at: $0, quote: nil) }
    // Each status is in order by itself, and nearly all orders are of one.
    reservations.sort { $0.at < $1.at }
    return reservations
  }

  private func sourceSignals(since: WallTime) throws(StoreError) -> [SourceSignal] {
    var signals: [SourceSignal] = []
    // A name that does not fit into a string itself takes its memory once. Most signals are of the same
    // source as the one before.
    var names: Set<String> = []
    var last = ""
    try reader.statements.acceptedSignals.each([.integer(since.milliseconds)]) {
      row throws(StoreError) in
      let stated = row.isNull(1) ? Self.source(in: row.blob(2)) : row.text(1)
      guard let source = stated else { return }
      if source != last { last = names.insert(source).memberAfterInsert }
      signals.append(SourceSignal(source: last, at: row.time(0)))
    }
    return signals
  }

  private static func source(in raw: [UInt8]) -> String? {
    (try? JSONReader.read(raw))?["source"]?.stringValue
  }

  private func sequences(since: WallTime) throws(StoreError) -> [String: Int64] {
    let values: [SQLiteValue] = [
      .integer(since.milliseconds), .integer(Self.numberedSignalMaximum),
    ]
    var sequences: [String: Int64] = [:]
    for raw in try reader.statements.numberedSignals.rows(
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
}
