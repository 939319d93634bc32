import Domain

/// Orders whose outcome is unknown: looked for in every view of the exchange, never sent again.
extension Engine {
  mutating func driveSearches() {
    for key in orders.keys(.sought)
    where orders[key]?.search != nil && orders[key]?.order.status == .submitted {
      apply(
        .outcomeLost("the daemon ended before the answer came", .answerLost), to: key)
    }
    guard let clock else { return }
    let waiting = earlierRunsAreVisible == nil ? [] : orders.keys(.waiting)
    for key in waiting + orders.keys(.sought) + orders.keys(.missing) {
      guard let live = orders[key], var search = live.search, search.isIdle else { continue }
      if search.isOver(at: now.monotonic) {
        giveUp(key)
        continue
      }
      let conclusive = conclusiveTime(of: live.order, clock)
      if search.phase == .settling, search.roundBegan < conclusive {
        search.hasten(to: max(now.monotonic, conclusive))
      }
      guard search.due <= now.monotonic else {
        orders[key]?.search = search
        wake(at: search.due)
        continue
      }
      let views = search.begin(full: wantsFullRound(live, search, clock), at: now.monotonic)
      orders[key]?.search = search
      for view in views {
        queue.add(
          request(view, live.order), for: .search(key, view), canWait: search.phase != .settling)
      }
    }
  }

  /// From when on a "no" of every view is proof: no copy of the request can be accepted any more,
  /// and what was accepted before has had the settle time to become visible.
  private func conclusiveTime(of order: Order, _ clock: ExchangeClock) -> MonotonicTime {
    let earlierRuns = order.status == .new ? earlierRunsAreVisible : nil
    guard let fence = order.fence else { return earlierRuns ?? now.monotonic }
    let moment = fence.advanced(by: configuration.settleTime + clock.error)
    let own = now.monotonic.advanced(by: moment.since(clock.time(at: now.monotonic)))
    return max(own, earlierRuns ?? own)
  }

  private func wantsFullRound(_ live: LiveOrder, _ search: Search, _ clock: ExchangeClock) -> Bool {
    if live.order.wasThrottled { return true }
    if live.order.status == .new { return conclusiveTime(of: live.order, clock) <= now.monotonic }
    guard search.phase == .settling, let fence = live.order.fence else { return true }
    return clock.time(at: now.monotonic) > fence.advanced(by: clock.error)
  }

  private func request(_ view: Search.View, _ order: Order) -> ExchangeRequest {
    // Of what an earlier run may have sent nobody knows when.
    let since =
      order.status == .new
      ? now.wall.advanced(by: .zero - Self.listReach)
      : (order.stampedAt ?? order.createdAt).advanced(by: .zero - Self.listMargin)
    return switch view {
    case .byClientOrderID:
      .order(order.ticket.symbol, .clientOrderID(order.ticket.clientOrderID))
    case .openOrders: .openOrders(order.ticket.symbol)
    case .recentOrders: .recentOrders(order.ticket.symbol, since: since)
    case .trades: .trades(order.ticket.symbol, since: since)
    }
  }

  mutating func takeSearch(_ key: OrderKey, _ view: Search.View, _ answer: ExchangeAnswer) {
    guard let live = orders[key] else { return }
    let finding = Self.finding(of: live.order, in: answer)
    // Another view may have found it meanwhile.
    guard var search = live.search else { return checkAlone(live.order, finding) }
    note(finding, view, live.order, search)
    let verdict = search.take(view, saidNo: finding.isNo, at: now.monotonic)
    orders[key]?.search = search
    if !finding.isFailure { reconciled(key) }
    if verdict != .pending && !search.roundFailed { lookSucceeded(key) }
    switch finding {
    case .found(let report): observe(key, report, view.rawValue)
    case .foundTrade(let orderID): acknowledge(key, orderID)
    case .several(let orderIDs):
      stopForSeveral(key, orderIDs)
      // Whatever they are, there is no room for one more.
      if live.order.status == .new { acknowledge(key, orderIDs[0]) }
    case .no: if verdict == .absent { concludeAbsence(key, live.order, search) }
    case .nothingProved(let failure):
      if let failure, search.phase == .settling { lookFailed(key, view.rawValue, failure) }
    }
  }

  private mutating func stopForSeveral(_ key: OrderKey, _ orderIDs: [String]) {
    stopTrading(
      "the exchange has \(orderIDs.count) orders for signal \(key.signal): "
        + orderIDs.joined(separator: ", ") + "; look at them there")
  }

  /// The round's other views must not know a second order of the same name.
  private mutating func checkAlone(_ order: Order, _ finding: Finding) {
    guard let known = order.orderID else { return }
    switch finding {
    case .found(let report) where report.orderID != known:
      stopForSeveral(order.key, [known, report.orderID])
    case .foundTrade(let orderID) where orderID != known:
      stopForSeveral(order.key, [known, orderID])
    case .several(let orderIDs): stopForSeveral(order.key, orderIDs)
    case .found, .foundTrade, .no, .nothingProved: break
    }
  }

  private enum Finding {
    case found(OrderReport)
    case foundTrade(orderID: String)
    case several([String])
    /// A well-formed "not here".
    case no
    /// `nil` when that is none of the order's business.
    case nothingProved(LookFailure?)

    var isNo: Bool {
      switch self {
      case .no: true
      case .found, .foundTrade, .several, .nothingProved: false
      }
    }

    var isFailure: Bool {
      if case .nothingProved = self { true } else { false }
    }

    var text: String {
      switch self {
      case .found(let report): "found as \(report.orderID), \(report.status.text)"
      case .foundTrade(let orderID): "found a fill of \(orderID)"
      case .several(let orderIDs): "found \(orderIDs.count) orders"
      case .no: "not there"
      case .nothingProved(let failure): "no answer: \(failure?.reason ?? "told to wait")"
      }
    }
  }

  private static func finding(of order: Order, in answer: ExchangeAnswer) -> Finding {
    let name = order.ticket.clientOrderID.text
    switch answer {
    case .order(let report): return .found(report)
    case .orderMissing: return .no
    case .orders(let reports, let unreadable):
      var ours: [OrderReport] = []
      for report in reports where report.clientOrderID == name {
        if !ours.contains(where: { $0.orderID == report.orderID }) { ours.append(report) }
      }
      guard let first = ours.first else { return absence(of: order, unreadable) }
      return ours.count == 1 ? .found(first) : .several(ours.map(\.orderID))
    case .trades(let trades, let unreadable):
      var ours: [String] = []
      for trade in trades where trade.clientOrderID == name && !ours.contains(trade.orderID) {
        ours.append(trade.orderID)
      }
      guard let first = ours.first else { return absence(of: order, unreadable) }
      return ours.count == 1 ? .foundTrade(orderID: first) : .several(ours)
    case .serverTime, .instruments, .prices, .tradableSymbols, .placed, .validated, .cancelTaken,
      .failed:
      return .nothingProved(LookFailure(answer))
    }
  }

  /// A row that cannot be read and may be the order's is no "no".
  private static func absence(of order: Order, _ unreadable: [UnreadableRow]) -> Finding {
    let name = order.ticket.clientOrderID
    guard let row = unreadable.first(where: { $0.mayBe(name, order.orderID) }) else { return .no }
    return .nothingProved(.row(row))
  }

  /// The evidence for the verdict. The long watch afterwards is written down only when it finds.
  /// What proves nothing is said as a look that failed.
  private mutating func note(
    _ finding: Finding, _ view: Search.View, _ order: Order, _ search: Search
  ) {
    guard search.phase == .settling else { return }
    if finding.isFailure {
      return log(
        .debug, "looked up", order, [("view", view.rawValue), ("answer", finding.text)])
    }
    apply(.lookedUp(view: view.rawValue, answer: finding.text), to: order.key)
    log(.debug, "looked up", order, [("view", view.rawValue), ("answer", finding.text)])
  }

  private mutating func concludeAbsence(_ key: OrderKey, _ order: Order, _ search: Search) {
    guard search.phase == .settling else { return }
    if order.wasThrottled { return resolveThrottled(key) }
    guard let clock, search.roundBegan >= conclusiveTime(of: order, clock) else { return }
    if order.status == .new { return clear(key) }
    if case .refused(let code) = order.unknownOutcome {
      return reject(
        key, "\(order.reason); every view of the exchange says that it has no such order",
        exchangeCode: code)
    }
    let cause =
      order.unknownOutcome == .blocked ? "no answer of the exchange came" : "its answer was lost"
    let message =
      "sent once, \(cause) (\(order.reason)), and every view of the exchange says that "
      + "it is not there; watched for seven days"
    guard apply(.notFound(message), to: key), let order = orders[key]?.order else { return }
    write(.updateDecision(key.signal, .notFound, message, at: now.wall))
    orders[key]?.search?.phase = .watching(since: now.monotonic)
    log(
      .error, "not found: \(message)", order,
      [
        ("code", DecisionCode.notFound.rawValue),
        ("paused", configuration.risk.pauseOnNotFound.rawValue),
        (
          "advice",
          "look at the exchange, then 'mexc-signalctl resolve \(key.signal) --placed ORDER_ID' or "
            + "'--not-placed'"
        ),
      ])
  }

  private mutating func giveUp(_ key: OrderKey) {
    guard let order = orders[key]?.order else { return }
    orders[key]?.search = nil
    if order.closedByOperator {
      log(.warning, "not seen for seven days; it is no longer looked for", order)
      return settle(key, .notFound, order.reason)
    }
    log(
      .error, "not seen for seven days; it is no longer looked for, and waits for the operator",
      order, [("advice", "'mexc-signalctl resolve \(key.signal)'")])
  }
}
