import Domain
import JSON

/// How values become rows. The column lists stand beside the code that fills and reads them, in the
/// same order.
extension SignalRecord {
  static let columns = """
    id, symbol, side, type, decision, message, origin_kind, origin, content_digest, raw, \
    received_at_ms, expires_at_ms, decided_at_ms, client_order_id
    """

  /// The values of `columns`.
  func add(to bindings: inout Bindings) {
    bindings.add(signalID.text)
    bindings.add(symbol.text)
    bindings.add(side.rawValue)
    bindings.add(type.rawValue)
    bindings.add(decision.rawValue)
    bindings.add(words: message)
    bindings.add(origin.kind)
    bindings.add(blob: origin.bytes)
    bindings.add(blob: contentDigest)
    bindings.add(blob: raw)
    bindings.add(receivedAt.milliseconds)
    bindings.add(expiresAt.milliseconds)
    bindings.add(decidedAt.milliseconds)
    bindings.add(clientOrderID.text)
  }

  init(_ row: Row) throws(StoreError) {
    let place = "signal \(row.text(0))"
    self.init(
      signalID: try row.value(0, in: place, SignalID.init),
      symbol: try row.value(1, in: place, Symbol.init(exchangeText:)),
      side: try row.value(2, in: place, Side.init),
      type: try row.value(3, in: place, OrderType.init),
      contentDigest: row.blob(8), raw: row.blob(9),
      origin: row.text(6) == "file"
        ? .file(row.blob(7)) : .socket(String(decoding: row.blob(7), as: UTF8.self)),
      receivedAt: row.time(10), expiresAt: row.time(11),
      clientOrderID: try row.value(13, in: place, ClientOrderID.init),
      decision: try row.value(4, in: place, DecisionCode.init), message: row.text(5),
      decidedAt: row.time(12))
  }
}

extension SignalSender {
  /// Beside the columns of the record.
  static let columns = "counted_source, is_numbered"

  /// The values of `columns`; without a sender there are none, and the bytes say it. Those also say an
  /// empty name, as the empty text means that there is no source to count for.
  static func add(_ sender: SignalSender?, of record: SignalRecord, to bindings: inout Bindings) {
    guard let sender else {
      bindings.addNull()
      return bindings.addNull()
    }
    let source = record.decision == .accepted ? sender.source : nil
    bindings.add(source?.isEmpty == true ? nil : source ?? "")
    bindings.add(sender.isNumbered)
  }
}

extension SignalOrigin {
  fileprivate var kind: String {
    switch self {
    case .file: "file"
    case .socket: "socket"
    }
  }

  fileprivate var bytes: [UInt8] {
    switch self {
    case .file(let name): name
    case .socket(let peer): Array(peer.utf8)
    }
  }
}

extension Order {
  /// What never changes.
  static let identityColumns = [
    "signal_id", "leg", "client_order_id", "venue", "symbol", "side", "created_at_ms",
  ]

  /// The last one is the time of the last change.
  static let stateColumns = [
    "type", "quantity", "quote_quantity", "price", "status", "code", "reason", "order_id",
    "executed_quantity", "executed_quote",
    "average_price", "reserved_quote", "guard_price", "guard_asked_at_ms", "attempt",
    "stamped_at_ms", "recv_window_ms", "armed_at_ms", "was_throttled", "cancel_requested",
    "closed_by_operator", "updated_at_ms",
  ]

  static let columns = (identityColumns + stateColumns).joined(separator: ", ")

  /// The values of `columns`. The account is named once, by the database's owner.
  func add(to bindings: inout Bindings) {
    addIdentity(to: &bindings)
    addRequest(to: &bindings)
    addState(to: &bindings)
  }

  private func addIdentity(to bindings: inout Bindings) {
    bindings.add(key.signal.text)
    bindings.add(Int64(key.leg))
    bindings.add(request.clientOrderID.text)
    bindings.add(account.venue.text)
    bindings.add(request.symbol.text)
    bindings.add(request.side.rawValue)
    bindings.add(createdAt.milliseconds)
  }

  private func addRequest(to bindings: inout Bindings) {
    let quantity: FixedDecimal?
    let quoteQuantity: FixedDecimal?
    switch request.amount {
    case .base(let amount): (quantity, quoteQuantity) = (amount, nil)
    case .quote(let amount): (quantity, quoteQuantity) = (nil, amount)
    }
    bindings.add(request.type.rawValue)
    bindings.add(quantity)
    bindings.add(quoteQuantity)
    bindings.add(request.price)
  }

  private func addState(to bindings: inout Bindings) {
    bindings.add(status.rawValue)
    bindings.add(code?.rawValue)
    bindings.add(words: reason)
    bindings.add(orderID?.withoutNUL)
    bindings.add(executedQuantity)
    bindings.add(executedQuote)
    bindings.add(averagePrice)
    bindings.add(reservedQuote)
    bindings.add(quote?.price)
    bindings.add(quote?.askedAt)
    bindings.add(Int64(attempt))
    bindings.add(stampedAt)
    bindings.add(receiveWindow?.wholeMilliseconds)
    bindings.add(armedAt)
    bindings.add(wasThrottled)
    bindings.add(cancelRequested)
    bindings.add(closedByOperator)
    bindings.add(updatedAt.milliseconds)
  }

  /// The first column in which a row and the order that its history adds up to differ. The time of
  /// the last change is left out: an event that changes nothing else need not rewrite the row.
  func difference(from row: [SQLiteValue]) -> String? {
    let names = Self.identityColumns + Self.stateColumns.dropLast()
    var bindings = Bindings()
    add(to: &bindings)
    let values = bindings.list
    for (index, name) in names.enumerated() where row[index] != values[index] { return name }
    return nil
  }
}

extension HistoryEvent {
  static let columns = "id, at_ms, signal_id, leg, kind, detail"

  /// Room for what the program itself writes; a row beyond it was not written by it.
  private static let limits = JSONLimits(
    maximumDepth: 32, maximumNumberLength: 64, maximumValues: 100_000)

  /// The values of `columns` without the first, which is the row's number.
  func add(to bindings: inout Bindings) {
    bindings.add(at.milliseconds)
    switch subject {
    case .daemon:
      bindings.addNull()
      bindings.addNull()
    case .signal(let id):
      bindings.add(id.text)
      bindings.addNull()
    case .order(let key):
      bindings.add(key.signal.text)
      bindings.add(Int64(key.leg))
    }
    bindings.add(kind)
    bindings.add(detailOf: self)
  }

  init(_ row: Row) throws(StoreError) {
    let place = "event \(row.integer(0))"
    let subject: Subject
    if row.isNull(2) {
      subject = .daemon
    } else {
      let signal = try row.value(2, in: place, SignalID.init)
      subject =
        row.optionalInteger(3).map { .order(OrderKey(signal: signal, leg: Int($0))) }
        ?? .signal(signal)
    }
    let detail: JSONValue
    do throws(JSONError) {
      detail = try JSONReader.read(row.blob(5), limits: Self.limits)
    } catch {
      throw .corrupt("the detail of \(place) is not JSON: \(error)")
    }
    self.init(at: row.time(1), subject: subject, kind: row.text(4), detail: detail)
  }
}

extension SQLiteValue {
  /// Free text, which the history may hold too.
  static func words(_ text: String) -> SQLiteValue { .text(text.withoutNUL) }
}

extension Row {
  func time(_ column: Int32) -> WallTime { WallTime(milliseconds: integer(column)) }

  /// What `read` makes of the text; `place` names the row for a person.
  func value<Value>(
    _ column: Int32, in place: String, _ read: (String) -> Value?
  ) throws(StoreError) -> Value {
    let text = text(column)
    guard let value = read(text) else {
      throw .corrupt("\(place) holds '\(text.prefix(scalars: 64))', which the program never writes")
    }
    return value
  }

  func optionalValue<Value>(
    _ column: Int32, in place: String, _ read: (String) -> Value?
  ) throws(StoreError) -> Value? {
    isNull(column) ? nil : try value(column, in: place, read)
  }

  func money(_ column: Int32, in place: String) throws(StoreError) -> FixedDecimal? {
    if let amount = decimal(column) { return amount }
    return try optionalValue(column, in: place) { text in try? FixedDecimal(text) }
  }
}
