package import Domain

/// Every order that was ever accepted and every fill, but for those that were forgotten, and how they are
/// found again.
///
/// What is asked with a moment sees only the orders that are visible by then.
package struct OrderRecords: Sendable {
  /// How a client names an order.
  package enum Reference: Hashable, Sendable {
    case orderID(String)
    case clientOrderID(String)

    package init(_ reference: OrderReference) {
      switch reference {
      case .orderID(let text): self = .orderID(text)
      case .clientOrderID(let id): self = .clientOrderID(id.text)
      }
    }
  }

  /// What belongs to one symbol.
  private struct Lists {
    /// Numbers of the open orders, oldest first.
    var open: [Int] = []
    /// Numbers of all orders.
    var orders: [Int] = []
    /// Indices into `trades`.
    var trades: [Int] = []
  }

  /// In the order of acceptance.
  package private(set) var orders: [SimulatedOrder] = []
  package private(set) var trades: [SimulatedTrade] = []
  /// Accepted orders whose client order ID an earlier accepted order already had.
  package private(set) var duplicateClientOrderIDs = 0
  package private(set) var numbersByClientOrderID: [String: [Int]] = [:]
  private var numberByOrderID: [String: Int] = [:]
  private var lists: [Symbol: Lists] = [:]
  private(set) var openCount = 0

  // MARK: Entries

  mutating func enter(_ order: SimulatedOrder) {
    orders.append(order)
    numberByOrderID[order.orderID] = order.number
    if let client = order.clientOrderID {
      let earlier = numbersByClientOrderID[client, default: []]
      if !earlier.isEmpty { duplicateClientOrderIDs += 1 }
      numbersByClientOrderID[client] = earlier + [order.number]
    }
    lists[order.symbol, default: Lists()].orders.append(order.number)
    guard order.status.isOpen else { return }
    lists[order.symbol, default: Lists()].open.append(order.number)
    openCount += 1
  }

  /// Adds a fill; `order` is its order after it.
  mutating func enter(_ trade: SimulatedTrade, of order: SimulatedOrder) {
    orders[order.number] = order
    lists[order.symbol, default: Lists()].trades.append(trades.count)
    trades.append(trade)
  }

  /// Takes an order out of the book: what did not fill is cancelled. Returns what was still locked for
  /// it, and no longer is; `nil` when it is not in the book.
  mutating func close(_ number: Int, at time: WallTime) -> FixedDecimal? {
    let symbol = orders[number].symbol
    guard let place = lists[symbol]?.open.firstIndex(of: number) else { return nil }
    lists[symbol]?.open.remove(at: place)
    openCount -= 1
    switch orders[number].status {
    case .new: orders[number].status = .canceled
    case .partiallyFilled: orders[number].status = .partiallyCanceled
    case .filled, .canceled, .partiallyCanceled: break
    }
    orders[number].updatedAt = time
    defer { orders[number].locked = .zero }
    return orders[number].locked
  }

  /// Forgets those of these orders that have ended, and their fills. The others get new numbers.
  mutating func forget(_ orderIDs: Set<String>) {
    var kept = OrderRecords()
    var numbers: [Int: Int] = [:]
    for var order in orders where order.status.isOpen || !orderIDs.contains(order.orderID) {
      let number = kept.orders.count
      numbers[order.number] = number
      order.number = number
      kept.enter(order)
    }
    for var trade in trades {
      guard let number = numbers[trade.order] else { continue }
      trade.order = number
      kept.enter(trade, of: kept.orders[number])
    }
    kept.duplicateClientOrderIDs = duplicateClientOrderIDs
    self = kept
  }

  // MARK: Hidden or not

  func has(orderID: String) -> Bool { numberByOrderID[orderID] != nil }

  func has(clientOrderID: String) -> Bool { numbersByClientOrderID[clientOrderID] != nil }

  /// Numbers of the symbol's open orders, oldest first.
  func open(_ symbol: Symbol) -> [Int] { lists[symbol]?.open ?? [] }

  func openOrder(_ reference: Reference) -> SimulatedOrder? {
    numbers(reference).last { orders[$0].status.isOpen }.map { orders[$0] }
  }

  private func numbers(_ reference: Reference) -> [Int] {
    switch reference {
    case .orderID(let id): numberByOrderID[id].map { [$0] } ?? []
    case .clientOrderID(let id): numbersByClientOrderID[id] ?? []
    }
  }

  // MARK: As a client sees them

  /// `nil` while the order is hidden, as well as when there is none. Of several orders under one
  /// client order ID, the newest.
  func order(
    _ symbol: Symbol, _ reference: Reference, at now: MonotonicTime
  ) -> SimulatedOrder? {
    numbers(reference).last { orders[$0].symbol == symbol && orders[$0].isVisible(at: now) }
      .map { orders[$0] }
  }

  /// Of every symbol without one; oldest first.
  func openOrders(_ symbol: Symbol?, at now: MonotonicTime) -> [SimulatedOrder] {
    let numbers = symbol.map { open($0) } ?? lists.values.flatMap(\.open).sorted()
    return numbers.map { orders[$0] }.filter { $0.isVisible(at: now) }
  }

  /// Accepted in the time given, newest first, at most `limit`.
  func orders(
    _ symbol: Symbol, in times: ClosedRange<WallTime>, limit: Int, at now: MonotonicTime
  ) -> [SimulatedOrder] {
    var found: [SimulatedOrder] = []
    for number in (lists[symbol]?.orders ?? []).reversed() where found.count < limit {
      let order = orders[number]
      if times.contains(order.acceptedAt) && order.isVisible(at: now) { found.append(order) }
    }
    return found
  }

  /// Fills in the time given, newest first, at most `limit`; of one order when it is named.
  package func trades(
    _ symbol: Symbol, orderID: String? = nil, in times: ClosedRange<WallTime>, limit: Int,
    at now: MonotonicTime
  ) -> [SimulatedTrade] {
    var found: [SimulatedTrade] = []
    for place in (lists[symbol]?.trades ?? []).reversed() where found.count < limit {
      let trade = trades[place]
      let order = orders[trade.order]
      if times.contains(trade.time) && order.isVisible(at: now)
        && (orderID == nil || order.orderID == orderID)
      {
        found.append(trade)
      }
    }
    return found
  }
}
