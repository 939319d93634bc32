import Domain

/// Orders that have rested for longer than the exchange shows orders by their order id: that it does not
/// find one there says nothing, and its list of open orders, which has no such limit, is asked. Of one that
/// is not in it, the list of fills tells whether it was filled lately: it goes by the time of the fill.
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
      if askForFills(of: order, &parts, at: reaction.now) { return }
    case .cut, .nothingProved:
      let now = reaction.now.monotonic
      if let failure = finding.failure ?? OrderLooks.blocked(key, answer, &parts, at: now) {
        OrderLooks.failed(key, view.rawValue, failure, &parts, &reaction)
      }
    }
    OrderPolling.schedule(key, &parts, at: reaction.now.monotonic)
  }

  private static func askForFills(
    of order: Order, _ parts: inout EngineParts, at now: Moment
  ) -> Bool {
    guard let following = parts.orders[order.key]?.following,
      following.fills.areDue(after: following.misses, at: now.monotonic)
    else { return false }
    parts.orders.update(order.key) { $0.following?.fills.begin(at: now.monotonic) }
    let since = timeOfFills(parts, at: now).lowerBound
    parts.scheduler.add(
      .trades(order.request.symbol, of: order.orderID, since: since), for: .pollFills(order.key))
    return true
  }

  private static func timeOfFills(
    _ parts: EngineParts, at now: Moment
  ) -> ClosedRange<WallTime> {
    let time = parts.exchangeTime(at: now)
    let reach = parts.configuration.venue.listReach
    return time.advanced(by: .zero - reach)...time.advanced(by: OrderPolling.listMargin)
  }

  static func takeFills(
    _ key: OrderKey, _ answer: Result<ReportList<TradeReport>, ExchangeFailure>,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let order = parts.orders[key]?.order else { return }
    switch answer {
    case .success(let list):
      OrderLooks.answered(key, &parts)
      if goesOn(after: list, of: order, &parts, &reaction) { return }
    case .failure(let failure):
      if let failure = OrderLooks.judge(key, failure, &parts, at: reaction.now.monotonic) {
        OrderLooks.failed(key, Search.View.trades.rawValue, failure, &parts, &reaction)
      }
    }
    parts.orders.update(key) { $0.following?.fills.end(at: reaction.now.monotonic) }
    OrderPolling.schedule(key, &parts, at: reaction.now.monotonic)
  }

  /// Whether a part of the time is asked for that the list left open.
  private static func goesOn(
    after list: ReportList<TradeReport>, of order: Order, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) -> Bool {
    let key = order.key
    let view = Search.View.trades.rawValue
    let time = timeOfFills(parts, at: reaction.now)
    let part = parts.orders.update(key) { $0.following?.fills.take(list, of: time) } ?? nil
    guard let fills = parts.orders[key]?.following?.fills else { return false }
    let name = order.request.clientOrderID
    if let report = order.filled(by: fills.trades) {
      OrderPolling.observe(key, report, view, &parts, &reaction)
    } else if let row = list.unreadable.first(where: { $0.mayBe(name, order.orderID) }) {
      OrderLooks.failed(key, view, .row(row), &parts, &reaction)
    } else if let part {
      // A start does not wait for all of them.
      if parts.reconciliation.pending.contains(key) {
        OrderLooks.failed(key, view, .cutFills, &parts, &reaction)
      }
      parts.scheduler.add(
        .trades(
          order.request.symbol, of: order.orderID, since: part.lowerBound, until: part.upperBound),
        for: .pollFills(key))
      return true
    } else if fills.isCut {
      OrderLooks.failed(key, view, .cutFills, &parts, &reaction)
    } else {
      let reach = parts.configuration.venue.listReach
      OrderPolling.missed(key, .vanished(afterReach: reach), &parts, &reaction)
    }
    return false
  }
}

extension Order {
  /// What the exchange would tell of it; `nil` unless these fills make up its quantity. Of fewer nobody can
  /// say whether they are all: earlier ones are not shown any more.
  fileprivate func filled(by trades: [TradeReport]) -> OrderReport? {
    guard let orderID, case .base(let quantity) = request.amount else { return nil }
    var executed = FixedDecimal.zero
    var quote = FixedDecimal.zero
    var counted: Set<String> = []
    for trade in trades where trade.orderID == orderID && counted.insert(trade.tradeID).inserted {
      if confirmedByOperator, !trade.mayBear(request.clientOrderID) { return nil }
      guard let sum = executed.adding(trade.quantity),
        let value = trade.price.multiplied(by: trade.quantity, rounding: .down),
        let total = quote.adding(value)
      else { return nil }
      (executed, quote) = (sum, total)
    }
    guard executed == quantity else { return nil }
    return OrderReport(
      orderID: orderID, clientOrderID: request.clientOrderID.text, symbol: request.symbol,
      side: request.side, type: request.type, price: request.price, quantity: quantity,
      executedQuantity: executed, executedQuote: quote, status: .filled)
  }
}

extension TradeReport {
  /// A number that a person typed may be that of another order.
  fileprivate func mayBear(_ name: ClientOrderID) -> Bool {
    clientOrderID.map { $0 == name.text } ?? true
  }
}
