import Domain

/// Orders that the exchange has: they are looked up until they are at their end.
extension Engine {
  /// From so many due orders of a symbol on, one list costs less than the single looks
  /// (weight 10 against 2 each).
  private static let worthAList = 6
  /// The exchange lists orders of the last seven days; older ones are looked up singly.
  static let listReach: Duration = .seconds(6 * 24 * 60 * 60)
  /// Before the oldest stamp, for clocks that disagree.
  static let listMargin: Duration = .seconds(60)
  /// So many "no such order" in a row, about an order that was there, deserve a line.
  private static let missesWorthALine = 5
  /// Simulated fills follow real prices: a paper order wants one as young as this.
  private static let paperPriceAge: Duration = .seconds(1)

  mutating func drivePolls() {
    var due: [(symbol: Symbol, keys: [OrderKey])] = []
    for key in orders.keys(.working) {
      guard let live = orders[key], live.order.status.isWorking, !live.poll.outstanding,
        let time = live.poll.due
      else { continue }
      guard time <= now.monotonic else {
        wake(at: time)
        continue
      }
      if let index = due.firstIndex(where: { $0.symbol == live.symbol }) {
        due[index].keys.append(key)
      } else {
        due.append((live.symbol, [key]))
      }
    }
    for (symbol, keys) in due {
      wantPaperPrice(symbol)
      poll(keys, of: symbol)
    }
  }

  private mutating func wantPaperPrice(_ symbol: Symbol) {
    guard configuration.mode == .paper,
      quotes.fresh(symbol, maximumAge: Self.paperPriceAge, at: now.monotonic) == nil
    else { return }
    quotes.want(symbol)
  }

  private mutating func poll(_ keys: [OrderKey], of symbol: Symbol) {
    let listed = keys.filter { isListable($0) }
    var single = keys.filter { !isListable($0) }
    let stamps = listed.compactMap { orders[$0]?.order.stampedAt }
    if listed.count >= Self.worthAList, let oldest = stamps.min(), mayUseList(of: symbol) {
      let since = oldest.advanced(by: .zero - Self.listMargin)
      queue.add(.recentOrders(symbol, since: since), for: .pollMany(symbol, listed))
    } else {
      single = keys
    }
    for key in single {
      guard let order = orders[key]?.order else { continue }
      queue.add(.order(symbol, order.reference), for: .poll(key))
    }
    for key in keys { orders[key]?.poll.outstanding = true }
  }

  private func isListable(_ key: OrderKey) -> Bool {
    guard let live = orders[key], let stamp = live.order.stampedAt else { return false }
    return live.poll.misses == 0 && !live.poll.isUnlisted && now.wall.since(stamp) < Self.listReach
  }

  mutating func takePoll(_ key: OrderKey, _ answer: ExchangeAnswer) {
    guard orders[key] != nil else { return }
    switch answer {
    case .order(let report):
      orders[key]?.poll.misses = 0
      observe(key, report, Self.singleLook)
    case .orderMissing: missed(key)
    case .serverTime, .instruments, .prices, .tradableSymbols, .placed, .validated, .orders,
      .trades, .cancelTaken, .failed:
      if let failure = LookFailure(answer) { lookFailed(key, Self.singleLook, failure) }
    }
    let failures = orders[key]?.looks.inARow ?? 0
    orders[key]?.poll.schedule(after: now.monotonic, failures: failures)
  }

  /// How the history calls a look at one order that the exchange has.
  private static let singleLook = "order by order id"

  mutating func takePolls(_ symbol: Symbol, _ keys: [OrderKey], _ answer: ExchangeAnswer) {
    guard case .orders(let reports, let unreadable) = answer else {
      return listFailed(symbol, keys, answer)
    }
    failedLists[symbol] = nil
    let byID = Dictionary(reports.map { ($0.orderID, $0) }) { first, _ in first }
    for key in keys {
      guard let order = orders[key]?.order, let orderID = order.orderID else { continue }
      if let report = byID[orderID] {
        takePoll(key, .order(report))
        continue
      }
      if let row = unreadable.first(where: { $0.mayBe(order.ticket.clientOrderID, orderID) }) {
        lookFailed(key, Search.View.recentOrders.rawValue, .row(row))
      }
      orders[key]?.poll.wasNotListed(at: now.monotonic)
    }
  }

  private func mayUseList(of symbol: Symbol) -> Bool {
    failedLists[symbol].map { $0.until <= now.monotonic } ?? true
  }

  /// A list only spares look-ups: without it each order is asked for by name.
  private mutating func listFailed(
    _ symbol: Symbol, _ keys: [OrderKey], _ answer: ExchangeAnswer
  ) {
    guard let failure = LookFailure(answer) else {
      for key in keys { orders[key]?.poll.schedule(after: now.monotonic) }
      return
    }
    if failedLists[symbol] == nil {
      failedLists[symbol] = FailedList(at: now.monotonic)
    } else {
      failedLists[symbol]?.failedAgain(at: now.monotonic)
    }
    log(
      failure.isKeyError ? .error : .warning,
      "the list of recent orders cannot be used: \(failure.reason); its \(keys.count) orders are "
        + "looked up one by one", [("symbol", symbol.text), ("advice", failure.advice)])
    for key in keys { orders[key]?.poll.askAgain(at: now.monotonic) }
  }

  /// A vanished order is not a cancelled one: it is looked for until the exchange says something.
  private mutating func missed(_ key: OrderKey) {
    guard let live = orders[key] else { return }
    let misses = live.poll.misses + 1
    orders[key]?.poll.misses = misses
    if misses < Self.missesWorthALine { lookSucceeded(key) }
    if misses == Self.missesWorthALine { lookFailed(key, Self.singleLook, .vanished) }
  }

  /// Takes the exchange's word on an order, as `view` shows it.
  mutating func observe(_ key: OrderKey, _ report: OrderReport, _ view: String) {
    guard let live = orders[key] else { return }
    if let conflict = live.order.conflict(with: report) {
      if live.order.status == .new { return nameIsTaken(key, report, conflict) }
      return stopTrading(
        "order \(report.orderID) at the exchange carries the client order id of signal "
          + "\(key.signal) but \(conflict); it was not made by this daemon")
    }
    if report.status == .filled && !report.executedQuantity.isPositive {
      acknowledge(key, report.orderID)
      return lookFailed(key, view, .filledOfNothing)
    }
    if case .undocumented(let word) = report.status {
      lookFailed(key, view, .undocumented(word))
    } else {
      lookSucceeded(key)
    }
    var next = live.order
    let isLegal: Bool
    do {
      try next.apply(.observed(report), at: now.wall)
      isLegal = true
    } catch { isLegal = false }
    if isLegal && next.saysTheSame(as: live.order) { return }
    guard apply(.observed(report), to: key), let order = orders[key]?.order else { return }
    announce(order, after: live.order)
    orders[key]?.search = nil
    if order.status.isTerminal {
      settle(key, .accepted, "")
    } else {
      orders[key]?.poll.restart(at: now.monotonic)
      orders[key]?.poll.schedule(after: now.monotonic)
    }
  }

  /// The exchange has the order; what became of it there is still to be read.
  mutating func acknowledge(_ key: OrderKey, _ orderID: String) {
    guard let former = orders[key]?.order, !former.status.isWorking,
      apply(.acknowledged(orderID: orderID), to: key), let order = orders[key]?.order
    else { return }
    announce(order, after: former)
    orders[key]?.search = nil
    orders[key]?.poll.restart(at: now.monotonic)
  }

  mutating func announce(_ order: Order, after former: Order) {
    let fields = [
      ("status", order.status.rawValue), ("order_id", order.orderID ?? ""),
      ("executed", order.executedQuantity.description),
      ("executed_quote", order.executedQuote.description),
      ("average_price", order.averagePrice?.description ?? ""),
    ]
    switch former.status {
    case .notFound, .rejected:
      log(.error, "an order that counted as not placed is at the exchange", order, fields)
    case .unknown, .submitted:
      log(.info, "the order was found at the exchange", order, fields)
    case .new:
      log(
        .warning,
        "the exchange has an order for this signal that this database did not know; it is "
          + "followed", order, fields)
    case .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .expired, .denied,
      .validated:
      log(.info, order.status.rawValue.replacingUnderscores, order, fields)
    }
    if former.code == .notFound {
      write(.updateDecision(order.key.signal, .accepted, "found late", at: now.wall))
    }
    if former.isClosedAsNotPlaced && !order.status.isTerminal { amend(order) }
  }

  /// The sender of a signal that was closed as never placed hears that its order exists.
  private mutating func amend(_ order: Order) {
    effects.append(
      .settled(
        Outcome(
          signalID: order.key.signal, code: .accepted,
          message: "the order is at the exchange after all; it is followed", order: order,
          replacesEarlier: true)))
  }

  // MARK: Cancels

  /// Between two cancels of one order.
  private static let pauseBetweenCancels: Duration = .seconds(2)

  mutating func driveCancels() {
    for key in orders.keys(.working) {
      guard let live = orders[key], live.order.cancelRequested, live.order.status.isWorking,
        !live.cancelOutstanding
      else { continue }
      if let time = live.cancelNotBefore, time > now.monotonic {
        wake(at: time)
        continue
      }
      orders[key]?.cancelOutstanding = true
      queue.add(.cancel(live.symbol, live.order.reference), for: .cancel(key))
    }
  }

  mutating func takeCancel(_ key: OrderKey, _ answer: ExchangeAnswer) {
    guard let live = orders[key] else { return }
    orders[key]?.cancelOutstanding = false
    orders[key]?.cancelNotBefore = now.monotonic.advanced(by: Self.pauseBetweenCancels)
    // Whatever the answer says, what became of the order is read from the order.
    orders[key]?.poll.restart(at: now.monotonic)
    switch answer {
    case .cancelTaken:
      apply(.cancelAnswered("taken", isDefinite: true), to: key)
      log(.info, "the exchange took the cancel", live.order)
    case .failed(.refused(let error)) where error.action != .query && error.action != .wait:
      apply(.cancelAnswered("code \(error.code): \(error.text)", isDefinite: true), to: key)
      log(
        .error, "the exchange refused the cancel: code \(error.code): \(error.text)", live.order,
        [("advice", error.advice)])
    case .serverTime, .instruments, .prices, .tradableSymbols, .placed, .validated, .order,
      .orderMissing, .orders, .trades, .failed:
      log(.info, "the cancel is not settled", live.order, [("reason", answer.failureText)])
    }
  }
}

extension Order {
  /// What about a report proves that it is not about this order; `nil` when nothing does.
  /// A market order's price and quantity are the exchange's own inventions.
  func conflict(with report: OrderReport) -> String? {
    if let orderID, report.orderID != orderID, !confirmedByOperator {
      return "is not order \(orderID)"
    }
    if report.symbol != ticket.symbol { return "is for \(report.symbol)" }
    if report.side != ticket.side { return "is a \(report.side.rawValue)" }
    // A number that came from the exchange outweighs the name; one that a person typed does not.
    let isNameDecisive = orderID == nil || confirmedByOperator
    if let id = report.clientOrderID, isNameDecisive, id != ticket.clientOrderID.text {
      return "answers to another client order id"
    }
    // What an earlier run sent was rounded to the rules of its time.
    guard ticket.type != .market, attempt > 0 else { return nil }
    if let price = report.price, price != ticket.price { return "has the price \(price)" }
    if case .base(let quantity) = ticket.amount, let reported = report.quantity,
      reported != quantity
    {
      return "has the quantity \(reported)"
    }
    return nil
  }

  /// Whether nothing differs that anybody would want to know.
  func saysTheSame(as other: Order) -> Bool {
    status == other.status && orderID == other.orderID
      && executedQuantity == other.executedQuantity && executedQuote == other.executedQuote
  }
}

extension String {
  fileprivate var replacingUnderscores: String {
    String(map { $0 == "_" ? " " : $0 })
  }
}
