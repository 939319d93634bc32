import Domain

/// Orders that have rested for longer than the exchange shows orders by their order id: that it does not
/// find one there says nothing, and its list of open orders, which has no such limit, is asked.
enum OldOrders {
  static func isOld(_ order: Order, _ parts: EngineParts, at now: Moment) -> Bool {
    parts.exchangeTime(at: now).since(order.stampedAt ?? order.createdAt)
      >= parts.configuration.venue.listReach
  }

  /// Whether it is asked for, because the order is that old.
  static func ask(_ key: OrderKey, _ parts: inout EngineParts, at now: Moment) -> Bool {
    guard let order = parts.orders[key]?.order, isOld(order, parts, at: now) else { return false }
    parts.scheduler.add(.openOrders(order.request.symbol), for: .pollOpen(key))
    return true
  }

  static func take(
    _ key: OrderKey, _ answer: ExchangeAnswer, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard let order = parts.orders[key]?.order else { return }
    let view = Search.View.openOrders
    if case .success(let list) = answer.ordersReading,
      let report = list.reports.first(where: { $0.orderID == order.orderID })
    {
      return OrderPolling.take(key, .success(.found(report)), &parts, &reaction)
    }
    let finding = Finding(of: order, in: view, answer)
    if !finding.isFailure { OrderLooks.answered(key, &parts) }
    switch finding {
    case .found(let report):
      OrderPolling.observe(key, report, view.rawValue, &parts, &reaction)
    case .several(let orderIDs):
      OrderLooks.disputed(key, view.rawValue, .several(key, orderIDs), &parts, &reaction)
    case .foundTrade: break
    case .no:
      let reach = parts.configuration.venue.listReach
      OrderPolling.missed(key, .vanished(afterReach: reach), &parts, &reaction)
    case .cut, .nothingProved:
      let now = reaction.now.monotonic
      if let failure = finding.failure ?? OrderLooks.blocked(key, answer, &parts, at: now) {
        OrderLooks.failed(key, view.rawValue, failure, &parts, &reaction)
      }
    }
    OrderPolling.schedule(key, &parts, at: reaction.now.monotonic)
  }
}
