package import Domain

/// What an operator wants to see of a list; everything unless it says otherwise.
package struct ListFilter: Hashable, Sendable {
  /// Only what is not at its end.
  package var openOnly: Bool
  /// An order's status; for signals also a decision code. Another word finds nothing.
  package var state: String?
  package var symbol: Symbol?
  /// Only what came in then or later.
  package var since: WallTime?
  /// Only what is older than this signal, or its order: where the page before ended. An id that the
  /// list does not know leaves nothing.
  package var before: SignalID?
  /// Rows at most; held within 1…`limitMaximum`.
  package var limit: Int

  package static let defaultLimit = 50
  /// A list is built in memory: at about 1 KB a row, this is what the daemon can spare.
  package static let limitMaximum = 5_000

  package init(
    openOnly: Bool = false, state: String? = nil, symbol: Symbol? = nil, since: WallTime? = nil,
    before: SignalID? = nil, limit: Int = ListFilter.defaultLimit
  ) {
    self.openOnly = openOnly
    self.state = state
    self.symbol = symbol
    self.since = since
    self.before = before
    self.limit = limit
  }

  /// Whether the list shows a signal, wherever a page ends.
  package func takes(_ row: SignalListRow) -> Bool {
    let isOpen = row.status.map { !$0.isTerminal } ?? false
    return (isOpen || !openOnly)
      && (state == nil || state == row.decision.rawValue || state == row.status?.rawValue)
      && takes(row.symbol, row.receivedAt)
  }

  /// Whether the list shows an order, wherever a page ends.
  package func takes(_ row: OrderListRow) -> Bool {
    (!row.status.isTerminal || !openOnly) && (state == nil || state == row.status.rawValue)
      && takes(row.request.symbol, row.createdAt)
  }

  private func takes(_ symbol: Symbol, _ time: WallTime) -> Bool {
    (self.symbol == nil || self.symbol == symbol) && since.map { time >= $0 } ?? true
  }

  /// No orders but such as are not over can be meant: an index has these.
  fileprivate var isOfLiveOrders: Bool {
    openOnly || state.flatMap(OrderStatus.init(rawValue:)).map { !$0.isTerminal } ?? false
  }

  /// A decision's code may be the same word, and holds on when the order is over.
  fileprivate var isOfLiveSignals: Bool {
    openOnly || isOfLiveOrders && state.flatMap(DecisionCode.init(rawValue:)) == nil
  }

  fileprivate var values: [SQLiteValue] {
    [
      state.map { .text($0) } ?? .null, symbol.map { .text($0.text) } ?? .null,
      .integer(since?.milliseconds ?? .min), .integer(Int64(min(max(limit, 1), Self.limitMaximum))),
      before.map { .text($0.text) } ?? .null,
    ]
  }
}

/// A signal with what became of its entry order.
package struct SignalListRow: Hashable, Sendable {
  package let signalID: SignalID
  package let symbol: Symbol
  package let side: Side
  package let type: OrderType
  package let decision: DecisionCode
  package let message: String
  package let receivedAt: WallTime
  package let expiresAt: WallTime
  package let decidedAt: WallTime
  package let clientOrderID: ClientOrderID
  /// `nil` when the signal never came to an order.
  package let status: OrderStatus?
  package let orderID: String?
  package let executedQuantity: FixedDecimal?
  package let averagePrice: FixedDecimal?

  static let columns = """
    s.id, s.symbol, s.side, s.type, s.decision, s.message, s.received_at_ms, s.expires_at_ms, \
    s.decided_at_ms, s.client_order_id, o.status, o.order_id, o.executed_quantity, \
    o.average_price
    """

  fileprivate init(_ row: Row) throws(StoreError) {
    let place = "signal \(row.text(0))"
    signalID = try row.value(0, in: place, SignalID.init)
    symbol = try row.value(1, in: place, Symbol.init(exchangeText:))
    side = try row.value(2, in: place, Side.init)
    type = try row.value(3, in: place, OrderType.init)
    decision = try row.value(4, in: place, DecisionCode.init)
    message = row.text(5)
    receivedAt = row.time(6)
    expiresAt = row.time(7)
    decidedAt = row.time(8)
    clientOrderID = try row.value(9, in: place, ClientOrderID.init)
    status = try row.optionalValue(10, in: place, OrderStatus.init)
    orderID = row.optionalText(11)
    executedQuantity = try row.money(12, in: place)
    averagePrice = try row.money(13, in: place)
  }
}

/// An order as its row stands.
package struct OrderListRow: Hashable, Sendable {
  package let key: OrderKey
  package let request: OrderRequest
  package let status: OrderStatus
  package let code: DecisionCode?
  package let reason: String
  package let orderID: String?
  package let executedQuantity: FixedDecimal
  package let executedQuote: FixedDecimal
  package let averagePrice: FixedDecimal?
  package let reservedQuote: FixedDecimal?
  package let attempt: Int
  package let cancelRequested: Bool
  package let createdAt: WallTime
  package let updatedAt: WallTime

  /// Reads `Order.columns`.
  fileprivate init(_ row: Row) throws(StoreError) {
    let place = "order \(row.text(0)) leg \(row.integer(1))"
    key = OrderKey(
      signal: try row.value(0, in: place, SignalID.init), leg: Int(row.integer(1)))
    let amount: Signal.Amount
    if let quantity = try row.money(8, in: place) {
      amount = .base(quantity)
    } else if let quantity = try row.money(9, in: place) {
      amount = .quote(quantity)
    } else {
      throw .corrupt("\(place) has no quantity")
    }
    request = OrderRequest(
      clientOrderID: try row.value(2, in: place, ClientOrderID.init),
      symbol: try row.value(4, in: place, Symbol.init(exchangeText:)),
      side: try row.value(5, in: place, Side.init),
      type: try row.value(7, in: place, OrderType.init), amount: amount,
      price: try row.money(10, in: place))
    createdAt = row.time(6)
    status = try row.value(11, in: place, OrderStatus.init)
    code = try row.optionalValue(12, in: place, DecisionCode.init)
    reason = row.text(13)
    orderID = row.optionalText(14)
    executedQuantity = try row.money(15, in: place) ?? .zero
    executedQuote = try row.money(16, in: place) ?? .zero
    averagePrice = try row.money(17, in: place)
    reservedQuote = try row.money(18, in: place)
    attempt = Int(row.integer(21))
    cancelRequested = row.integer(26) != 0
    updatedAt = row.time(28)
  }
}

extension StoreReader {
  /// What `body` reads; `nil` when SQLite takes more than so many steps of its own for it, which are six
  /// and more for each row that it looks at. Throws what `body` does.
  package func bounded<Value>(
    by steps: Int?, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value? {
    guard let steps else { return try body() }
    return try database.bounded(by: steps, body)
  }

  /// Newest first. Throws when the database cannot be read.
  package func signals(filter: ListFilter) throws(StoreError) -> [SignalListRow] {
    let list = filter.isOfLiveSignals ? statements.liveSignalList : statements.signalList
    return try list.rows(filter.values) { row throws(StoreError) in try SignalListRow(row) }
  }

  /// Newest first. Throws when the database cannot be read.
  package func orders(filter: ListFilter) throws(StoreError) -> [OrderListRow] {
    let list = filter.isOfLiveOrders ? statements.liveOrderList : statements.orderList
    return try list.rows(filter.values) { row throws(StoreError) in try OrderListRow(row) }
  }

  /// One signal as the list has it; `nil` when there is none. Throws when the database cannot be read.
  package func signalRow(of id: SignalID) throws(StoreError) -> SignalListRow? {
    try statements.signalListRow.rows([.text(id.text)]) { row throws(StoreError) in
      try SignalListRow(row)
    }.first
  }

  /// The orders of one signal as the list has them. Throws when the database cannot be read.
  package func orderRows(of id: SignalID) throws(StoreError) -> [OrderListRow] {
    try statements.orderListRows.rows([.text(id.text)]) { row throws(StoreError) in
      try OrderListRow(row)
    }
  }

  /// How many orders stand in each status; a status that has none is left out. Throws when the
  /// database cannot be read.
  package func orderCounts() throws(StoreError) -> [OrderStatus: Int] {
    let count = try prepare(
      "count orders", "SELECT status, count(*) FROM orders GROUP BY status")
    let counts = try count.rows([]) { row throws(StoreError) in
      (try row.value(0, in: "an order", OrderStatus.init), Int(row.integer(1)))
    }
    return Dictionary(uniqueKeysWithValues: counts)
  }
}
