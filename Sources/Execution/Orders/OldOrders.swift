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
      vanished(key, &parts, &reaction)
    case .cut, .nothingProved:
      let now = reaction.now.monotonic
      if let failure = finding.failure ?? OrderLooks.blocked(key, answer, &parts, at: now) {
        OrderLooks.failed(key, view.rawValue, failure, &parts, &reaction)
      }
    }
    OrderPolling.schedule(key, &parts, at: reaction.now.monotonic)
  }

  /// Of the views of the exchange the fills may be the last to show it: that many looks take a minute.
  private static let looksAtFills = 12

  private static func askForFills(
    of order: Order, _ parts: inout EngineParts, at now: Moment
  ) -> Bool {
    guard let following = parts.orders[order.key]?.following,
      following.misses < looksAtFills
    else { return false }
    let since = parts.exchangeTime(at: now)
      .advanced(by: .zero - parts.configuration.venue.listReach)
    parts.scheduler.add(
      .trades(order.request.symbol, of: order.orderID, since: since), for: .pollFills(order.key))
    return true
  }

  static func takeFills(
    _ key: OrderKey, _ answer: Result<ReportList<TradeReport>, ExchangeFailure>,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let order = parts.orders[key]?.order else { return }
    let view = Search.View.trades.rawValue
    switch answer {
    case .success(let list):
      OrderLooks.answered(key, &parts)
      let name = order.request.clientOrderID
      if let report = order.filled(by: list.reports) {
        OrderPolling.observe(key, report, view, &parts, &reaction)
      } else if let row = list.unreadable.first(where: { $0.mayBe(name, order.orderID) }) {
        OrderLooks.failed(key, view, .row(row), &parts, &reaction)
      } else if list.isCut {
        OrderLooks.failed(key, view, .cutList(.trades), &parts, &reaction)
      } else {
        vanished(key, &parts, &reaction)
      }
    case .failure(let failure):
      if let failure = OrderLooks.judge(key, failure, &parts, at: reaction.now.monotonic) {
        OrderLooks.failed(key, view, failure, &parts, &reaction)
      }
    }
    OrderPolling.schedule(key, &parts, at: reaction.now.monotonic)
  }

  private static func vanished(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let reach = parts.configuration.venue.listReach
    OrderPolling.missed(key, .vanished(afterReach: reach), &parts, &reaction)
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
