package import Domain

/// Look-ups, lists and cancels: all that sees only the visible orders.
extension SpotExchange {
  /// `nil` while the order is hidden, as well as when there is none. Of several orders under one
  /// client order ID, the newest.
  package mutating func order(
    _ symbol: Symbol, _ reference: OrderRecords.Reference, at now: Moment
  ) -> SimulatedOrder? {
    advance(to: now)
    return records.order(symbol, reference, at: now.monotonic)
  }

  /// Of every symbol without one; oldest first.
  package mutating func openOrders(_ symbol: Symbol?, at now: Moment) -> [SimulatedOrder] {
    advance(to: now)
    return records.openOrders(symbol, at: now.monotonic)
  }

  /// Accepted in the time given, newest first, at most `limit`.
  package mutating func allOrders(
    _ symbol: Symbol, in times: ClosedRange<WallTime>, limit: Int, at now: Moment
  ) -> [SimulatedOrder] {
    advance(to: now)
    return records.orders(symbol, in: times, limit: limit, at: now.monotonic)
  }

  /// Fills in the time given, newest first, at most `limit`; of one order when it is named.
  package mutating func trades(
    _ symbol: Symbol, orderID: String? = nil, in times: ClosedRange<WallTime>, limit: Int,
    at now: Moment
  ) -> [SimulatedTrade] {
    advance(to: now)
    return records.trades(symbol, orderID: orderID, in: times, limit: limit, at: now.monotonic)
  }

  /// The order as it stands after the cancel. Throws the exchange's refusal.
  package mutating func cancel(
    _ symbol: Symbol, _ reference: OrderRecords.Reference, at now: Moment
  ) throws(Refusal) -> SimulatedOrder {
    guard let order = order(symbol, reference, at: now) else {
      throw Refusal(-2011, "Unknown order sent.")
    }
    guard order.status.isOpen else {
      throw Refusal(-2011, order.status == .filled ? "Order filled." : "Unknown order id.")
    }
    close(order.number, at: now.wall)
    return records.orders[order.number]
  }

  package mutating func cancelAll(_ symbol: Symbol?, at now: Moment) -> [SimulatedOrder] {
    openOrders(symbol, at: now).map { order in
      close(order.number, at: now.wall)
      return records.orders[order.number]
    }
  }
}
