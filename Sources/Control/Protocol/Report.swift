package import Domain
package import JSON
import Platform
package import Store

/// What the records say, as JSON: money as exact text, times as RFC 3339. The same for a running
/// daemon and for a database without one.
package enum Report: Hashable, Sendable {
  /// Newest first.
  case signals(ListFilter)
  /// Newest first.
  case orders(ListFilter)
  /// The whole story of one signal.
  case explain(SignalID)
}

extension Report {
  /// `waitsFor` says what the order of a signal waits for, where a daemon runs. Throws `notFound`,
  /// `storageUnavailable`, or `refused` when SQLite would take more than `maximumSteps` for a list.
  package func document(
    from store: StoreReader, maximumSteps: Int? = nil,
    waitsFor: (SignalID) -> String? = { _ in nil }
  ) throws(ControlFailure) -> JSONValue {
    let missing: ControlFailure
    do throws(StoreError) {
      switch self {
      case .signals(let filter):
        if let id = filter.before, try store.signal(id) == nil {
          missing = .notListed("signal", id)
        } else {
          let rows = try store.bounded(by: maximumSteps) { () throws(StoreError) in
            try store.signals(filter: filter)
          }
          if let rows { return .array(rows.map(Self.signal)) }
          missing = .tooFarToLook
        }
      case .orders(let filter):
        if let id = filter.before, try store.order(OrderKey(signal: id)) == nil {
          missing = .notListed("order of a signal", id)
        } else {
          let rows = try store.bounded(by: maximumSteps) { () throws(StoreError) in
            try store.orders(filter: filter)
          }
          if let rows { return .array(rows.map(Self.order)) }
          missing = .tooFarToLook
        }
      case .explain(let id):
        if let story = try Self.story(of: id, in: store) {
          guard let reason = waitsFor(id), let members = story.objectValue else { return story }
          return .object(members + [JSONMember(name: "waits_for", value: .string(reason))])
        }
        missing = .unknownSignal(id)
      }
    } catch {
      throw ControlFailure(error)
    }
    throw missing
  }

  /// A row of a list.
  struct Row {
    let key: OrderKey
    let document: JSONValue
    /// Whether the list's filter takes it.
    let isListed: Bool
    /// What orders the list.
    let at: WallTime
  }

  /// What the list has of one signal. Throws when the database cannot be read.
  func rows(of id: SignalID, from store: StoreReader) throws(StoreError) -> [Row] {
    switch self {
    case .signals(let filter):
      try store.signalRow(of: id).map { row in
        [
          Row(
            key: OrderKey(signal: id), document: Self.signal(row), isListed: filter.takes(row),
            at: row.receivedAt)
        ]
      } ?? []
    case .orders(let filter):
      try store.orderRows(of: id).map { row in
        Row(
          key: row.key, document: Self.order(row), isListed: filter.takes(row), at: row.createdAt)
      }
    case .explain: []
    }
  }

  private static func story(
    of id: SignalID, in store: StoreReader
  ) throws(StoreError) -> JSONValue? {
    try store.snapshot { () throws(StoreError) in try storyInSnapshot(of: id, in: store) }
  }

  private static func storyInSnapshot(
    of id: SignalID, in store: StoreReader
  ) throws(StoreError) -> JSONValue? {
    guard let signal = try store.signal(id) else {
      return try store.compactedSignal(id).map(compacted)
    }
    let order = try store.order(OrderKey(signal: id))
    let timeline = try store.history(of: id).map(TimelineEntry.init)
    return [
      "signal": Self.signal(signal), "order": order.map(Self.order) ?? .null,
      "timeline": .array(timeline.map(\.document)),
    ]
  }
}

// MARK: - Rows

extension Report {
  /// The story of a signal whose history was removed.
  private static func compacted(_ signal: CompactedSignal) -> JSONValue {
    let order: JSONValue? = signal.status.map { status in
      .object(
        pairs: [
          ("client_order_id", .string(signal.clientOrderID.text)),
          ("order_id", .text(signal.orderID)), ("symbol", .string(signal.symbol.text)),
          ("side", .string(signal.side.rawValue)), ("status", .string(status.rawValue)),
          ("code", .text(signal.code?.rawValue)),
          ("executed_quantity", .decimal(signal.executedQuantity)),
          ("executed_quote", .decimal(signal.executedQuote)), ("updated_at", .time(signal.endedAt)),
        ])
    }
    return [
      "signal": [
        "id": .string(signal.signalID.text), "received_at": .time(signal.receivedAt),
        "symbol": .string(signal.symbol.text), "side": .string(signal.side.rawValue),
        "decision": .string(signal.decision.rawValue),
        "client_order_id": .string(signal.clientOrderID.text),
        "decided_at": .time(signal.endedAt),
      ],
      "order": order ?? .null, "timeline": [],
      "removed": "its history was removed by the retention rule (store.retention_days)",
    ]
  }

  private static func signal(_ row: SignalListRow) -> JSONValue {
    .object(
      pairs: [
        ("id", .string(row.signalID.text)), ("received_at", .time(row.receivedAt)),
        ("symbol", .string(row.symbol.text)), ("side", .string(row.side.rawValue)),
        ("type", .string(row.type.rawValue)), ("decision", .string(row.decision.rawValue)),
        ("message", .string(row.message)),
        ("order_status", row.status.map { .string($0.rawValue) } ?? .null),
        ("client_order_id", .string(row.clientOrderID.text)), ("order_id", .text(row.orderID)),
        ("executed_quantity", .decimal(row.executedQuantity)),
        ("average_price", .decimal(row.averagePrice)), ("expires_at", .time(row.expiresAt)),
        ("decided_at", .time(row.decidedAt)),
      ])
  }

  private static func signal(_ record: SignalRecord) -> JSONValue {
    [
      "id": .string(record.signalID.text), "received_at": .time(record.receivedAt),
      "origin": .string(record.origin.text), "symbol": .string(record.symbol.text),
      "side": .string(record.side.rawValue), "type": .string(record.type.rawValue),
      "decision": .string(record.decision.rawValue), "message": .string(record.message),
      "client_order_id": .string(record.clientOrderID.text),
      "expires_at": .time(record.expiresAt), "decided_at": .time(record.decidedAt),
      "raw": .string(String(decoding: record.raw, as: UTF8.self)),
    ]
  }

  private static func order(_ row: OrderListRow) -> JSONValue {
    .object(
      pairs: heading(row.key, row.request, orderID: row.orderID) + [
        ("status", .string(row.status.rawValue)),
        ("code", .text(row.code?.rawValue)), ("reason", .string(row.status.told(row.reason))),
        ("executed_quantity", .decimal(row.executedQuantity)),
        ("executed_quote", .decimal(row.executedQuote)),
        ("average_price", .decimal(row.averagePrice)),
        ("reserved_quote", .decimal(row.reservedQuote)), ("attempt", .integer(row.attempt)),
        ("cancel_requested", .bool(row.cancelRequested)), ("created_at", .time(row.createdAt)),
        ("updated_at", .time(row.updatedAt)),
      ])
  }

  private static func order(_ order: Order) -> JSONValue {
    .object(
      pairs: heading(order.key, order.request, orderID: order.orderID) + [
        ("status", .string(order.status.rawValue)),
        ("code", .text(order.code?.rawValue)), ("reason", .string(order.status.told(order.reason))),
        ("executed_quantity", .decimal(order.executedQuantity)),
        ("executed_quote", .decimal(order.executedQuote)),
        ("average_price", .decimal(order.averagePrice)),
        ("reserved_quote", .decimal(order.reservedQuote)), ("attempt", .integer(order.attempt)),
        ("cancel_requested", .bool(order.cancelRequested)),
        ("closed_by_operator", .bool(order.closedByOperator)),
        ("guard_price", .decimal(order.quote?.price)),
        ("guard_asked_at", order.quote.map { .time($0.askedAt) } ?? .null),
        ("armed_at", order.armedAt.map { .time($0) } ?? .null),
        ("created_at", .time(order.createdAt)), ("updated_at", .time(order.updatedAt)),
      ])
  }

  private static func heading(
    _ key: OrderKey, _ request: OrderRequest, orderID: String?
  ) -> [(String, JSONValue)] {
    let (quantity, quoteQuantity): (FixedDecimal?, FixedDecimal?) =
      switch request.amount {
      case .base(let quantity): (quantity, nil)
      case .quote(let quantity): (nil, quantity)
      }
    return [
      ("signal_id", .string(key.signal.text)), ("leg", .integer(key.leg)),
      ("client_order_id", .string(request.clientOrderID.text)), ("order_id", .text(orderID)),
      ("symbol", .string(request.symbol.text)), ("side", .string(request.side.rawValue)),
      ("type", .string(request.type.rawValue)), ("quantity", .decimal(quantity)),
      ("quote_quantity", .decimal(quoteQuantity)), ("price", .decimal(request.price)),
    ]
  }
}

extension JSONValue {
  package static func time(_ time: WallTime) -> JSONValue { .string(time.text) }

  package static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
