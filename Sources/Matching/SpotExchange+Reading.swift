package import Domain

/// Look-ups, lists and cancels: all that sees only the visible orders.
extension SpotExchange {
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

  /// `nil` while the order is hidden, as well as when there is none. Of several orders under one
  /// client order ID, the newest.
  package mutating func order(
    _ symbol: Symbol, _ reference: Reference, at now: Moment
  ) -> SimulatedOrder? {
    advance(to: now)
    return number(symbol, reference, at: now).map { orders[$0] }
  }

  private func number(_ symbol: Symbol, _ reference: Reference, at now: Moment) -> Int? {
    let candidates =
      switch reference {
      case .orderID(let id): numberByOrderID[id].map { [$0] } ?? []
      case .clientOrderID(let id): numbersByClientOrderID[id] ?? []
      }
    return candidates.last {
      orders[$0].symbol == symbol && orders[$0].isVisible(at: now.monotonic)
    }
  }

  /// Of every symbol without one; oldest first.
  package mutating func openOrders(_ symbol: Symbol?, at now: Moment) -> [SimulatedOrder] {
    advance(to: now)
    let numbers =
      if let symbol { marketIndex[symbol].map { markets[$0].open } ?? [] } else {
        markets.flatMap(\.open).sorted()
      }
    return numbers.map { orders[$0] }.filter { $0.isVisible(at: now.monotonic) }
  }

  /// Accepted in the time given, newest first, at most `limit`.
  package mutating func allOrders(
    _ symbol: Symbol, in times: ClosedRange<WallTime>, limit: Int, at now: Moment
  ) -> [SimulatedOrder] {
    advance(to: now)
    guard let index = marketIndex[symbol] else { return [] }
    var found: [SimulatedOrder] = []
    for number in markets[index].orders.reversed() where found.count < limit {
      let order = orders[number]
      if times.contains(order.acceptedAt) && order.isVisible(at: now.monotonic) {
        found.append(order)
      }
    }
    return found
  }

  /// Fills in the time given, newest first, at most `limit`; of one order when it is named.
  package mutating func trades(
    _ symbol: Symbol, orderID: String? = nil, in times: ClosedRange<WallTime>, limit: Int,
    at now: Moment
  ) -> [SimulatedTrade] {
    advance(to: now)
    guard let index = marketIndex[symbol] else { return [] }
    var found: [SimulatedTrade] = []
    for place in markets[index].trades.reversed() where found.count < limit {
      let trade = trades[place]
      let order = orders[trade.order]
      if times.contains(trade.time) && order.isVisible(at: now.monotonic)
        && (orderID == nil || order.orderID == orderID)
      {
        found.append(trade)
      }
    }
    return found
  }

  /// The order as it stands after the cancel. Throws the exchange's refusal.
  package mutating func cancel(
    _ symbol: Symbol, _ reference: Reference, at now: Moment
  ) throws(Refusal) -> SimulatedOrder {
    advance(to: now)
    guard let number = number(symbol, reference, at: now) else {
      throw Refusal(-2011, "Unknown order sent.")
    }
    guard orders[number].status.isOpen else {
      let isFilled = orders[number].status == .filled
      throw Refusal(-2011, isFilled ? "Order filled." : "Unknown order id.")
    }
    close(number, at: now.wall)
    return orders[number]
  }

  package mutating func cancelAll(_ symbol: Symbol?, at now: Moment) -> [SimulatedOrder] {
    openOrders(symbol, at: now).map { order in
      close(order.number, at: now.wall)
      return orders[order.number]
    }
  }

  // MARK: The operator's hand

  /// Fills an open order at its own price, hidden or not; all that remains without a quantity.
  /// Throws when no such order is open.
  package mutating func fillOpenOrder(
    _ reference: Reference, quantity: FixedDecimal?, at now: Moment
  ) throws(Refusal) -> SimulatedOrder {
    advance(to: now)
    let candidates =
      switch reference {
      case .orderID(let id): numberByOrderID[id].map { [$0] } ?? []
      case .clientOrderID(let id): numbersByClientOrderID[id] ?? []
      }
    guard let number = candidates.last(where: { orders[$0].status.isOpen }) else {
      throw .unknownOrder
    }
    let amount = min(quantity ?? orders[number].remaining, orders[number].remaining)
    fill(number, amount, at: orders[number].price, maker: true, now.wall)
    return orders[number]
  }

  /// Puts an open order back that an earlier run had accepted. Nothing when it is known, when its
  /// symbol is not listed or when the type cannot rest.
  package mutating func restore(
    _ placement: Placement, orderID: String, executedQuantity: FixedDecimal,
    executedQuote: FixedDecimal, acceptedAt: WallTime, at now: Moment
  ) {
    advance(to: now)
    guard let index = marketIndex[placement.symbol], numberByOrderID[orderID] == nil,
      placement.type.canRest, let price = placement.price,
      case .base(let quantity) = placement.amount
    else { return }
    let number = orders.count
    var order = SimulatedOrder(
      number: number, orderID: orderID, clientOrderID: placement.clientOrderID,
      symbol: placement.symbol, side: placement.side, type: placement.type, price: price,
      quantity: quantity, quoteAmount: nil, acceptedAt: acceptedAt,
      visibility: .from(now.monotonic), updatedAt: now.wall)
    order.executedQuantity = executedQuantity
    order.executedQuote = executedQuote
    order.status = executedQuantity.isPositive ? .partiallyFilled : .new
    enter(order, in: index)
    if crosses(order, in: index) {
      fill(number, order.remaining, at: price, maker: true, now.wall)
    }
  }
}
