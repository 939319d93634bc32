import Domain
import JSON

/// How values become rows. The column lists stand beside the code that fills and reads them, in the
/// same order.
extension SignalRecord {
  static let columns = """
    id, symbol, side, type, decision, message, origin_kind, origin, content_digest, raw, \
    received_at_ms, expires_at_ms, decided_at_ms, client_order_id
    """

  var values: [SQLiteValue] {
    [
      .text(signalID.text), .text(symbol.text), .text(side.rawValue), .text(type.rawValue),
      .text(decision.rawValue), .words(message), .text(origin.kind), .blob(origin.bytes),
      .blob(contentDigest), .blob(raw), .integer(receivedAt.milliseconds),
      .integer(expiresAt.milliseconds), .integer(decidedAt.milliseconds),
      .text(clientOrderID.text),
    ]
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

  private static let venueIndex = 3

  /// The last one is the time of the last change.
  static let stateColumns = [
    "type", "quantity", "quote_quantity", "price", "status", "code", "reason", "order_id",
    "executed_quantity", "executed_quote",
    "average_price", "reserved_quote", "guard_price", "guard_asked_at_ms", "attempt",
    "stamped_at_ms", "recv_window_ms", "armed_at_ms", "was_throttled", "cancel_requested",
    "closed_by_operator", "updated_at_ms",
  ]

  static let columns = (identityColumns + stateColumns).joined(separator: ", ")

  /// `venue` is the database's own: an order and its history do not name it.
  func values(venue: SQLiteValue) -> [SQLiteValue] {
    identityValues(venue) + requestValues + stateValues
  }

  private func identityValues(_ venue: SQLiteValue) -> [SQLiteValue] {
    [
      .text(key.signal.text), .integer(Int64(key.leg)), .text(request.clientOrderID.text),
      venue, .text(request.symbol.text), .text(request.side.rawValue),
      .integer(createdAt.milliseconds),
    ]
  }

  private var requestValues: [SQLiteValue] {
    let quantity: FixedDecimal?
    let quoteQuantity: FixedDecimal?
    switch request.amount {
    case .base(let amount): (quantity, quoteQuantity) = (amount, nil)
    case .quote(let amount): (quantity, quoteQuantity) = (nil, amount)
    }
    return [
      .text(request.type.rawValue), .money(quantity), .money(quoteQuantity), .money(request.price),
    ]
  }

  private var stateValues: [SQLiteValue] {
    [
      .text(status.rawValue), code.map { .text($0.rawValue) } ?? .null, .words(reason),
      orderID.map { .words($0) } ?? .null, .money(executedQuantity), .money(executedQuote),
      .money(averagePrice), .money(reservedQuote), .money(quote?.price), .time(quote?.askedAt),
      .integer(Int64(attempt)), .time(stampedAt),
      receiveWindow.map { .integer($0.wholeMilliseconds) } ?? .null, .time(armedAt),
      .flag(wasThrottled), .flag(cancelRequested), .flag(closedByOperator),
      .integer(updatedAt.milliseconds),
    ]
  }

  /// The first column in which a row and the order that its history adds up to differ. The time of
  /// the last change is left out: an event that changes nothing else need not rewrite the row. So is
  /// the venue, of which the history says nothing.
  func difference(from row: [SQLiteValue]) -> String? {
    let names = Self.identityColumns + Self.stateColumns.dropLast()
    let values = values(venue: row[Self.venueIndex])
    for (index, name) in names.enumerated() where row[index] != values[index] { return name }
    return nil
  }
}

extension HistoryEvent {
  static let columns = "id, at_ms, signal_id, leg, kind, detail"

  /// Room for what the program itself writes; a row beyond it was not written by it.
  private static let limits = JSONLimits(
    maximumDepth: 32, maximumNumberLength: 64, maximumValues: 100_000)

  var values: [SQLiteValue] {
    let subject: [SQLiteValue] =
      switch self.subject {
      case .daemon: [.null, .null]
      case .signal(let id): [.text(id.text), .null]
      case .order(let key): [.text(key.signal.text), .integer(Int64(key.leg))]
      }
    return [.integer(at.milliseconds)] + subject
      + [.text(kind), .text(detail.withoutNUL.compactText())]
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

extension JSONValue {
  /// U+0000 replaced by U+FFFD: a reader refuses texts that hold it. Returns itself, without copying,
  /// when there is none.
  var withoutNUL: JSONValue { hasNUL ? replacingNUL : self }

  private var hasNUL: Bool {
    switch self {
    case .null, .bool, .number: false
    case .string(let text): text.hasNUL
    case .array(let elements): elements.contains(where: \.hasNUL)
    case .object(let members): members.contains { $0.name.hasNUL || $0.value.hasNUL }
    }
  }

  private var replacingNUL: JSONValue {
    switch self {
    case .null, .bool, .number: self
    case .string(let text): .string(text.withoutNUL)
    case .array(let elements): .array(elements.map(\.replacingNUL))
    case .object(let members):
      .object(members.map { JSONMember(name: $0.name.withoutNUL, value: $0.value.replacingNUL) })
    }
  }
}

extension String {
  fileprivate var hasNUL: Bool { utf8.contains(0) }

  /// Returns itself, without copying, when there is nothing to replace.
  fileprivate var withoutNUL: String {
    guard hasNUL else { return self }
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: unicodeScalars.lazy.map { $0.value == 0 ? "\u{FFFD}" : $0 })
    return String(scalars)
  }
}

extension SQLiteValue {
  /// Free text, which the history may hold too.
  static func words(_ text: String) -> SQLiteValue { .text(text.withoutNUL) }

  static func money(_ amount: FixedDecimal?) -> SQLiteValue {
    amount.map { .text($0.description) } ?? .null
  }

  fileprivate static func time(_ time: WallTime?) -> SQLiteValue {
    time.map { .integer($0.milliseconds) } ?? .null
  }

  fileprivate static func flag(_ isSet: Bool) -> SQLiteValue { .integer(isSet ? 1 : 0) }
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
    try optionalValue(column, in: place) { text in try? FixedDecimal(text) }
  }
}
