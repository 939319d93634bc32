import Domain

/// Orders that the exchange has: they are looked up until they are at their end.
enum OrderPolling {
  /// Before the oldest stamp, for clocks that disagree.
  static let listMargin: Duration = .seconds(60)
  /// So many "no such order" in a row, about an order that was there, deserve a line.
  static let missesWorthALine = 5
  /// How the history calls a look at one order that the exchange has.
  static let singleLook = "order by order id"

  // MARK: Asking

  /// Asks for those of these orders that are due: one by one, or by one list of their symbol.
  static func drive(
    _ keys: [OrderKey], _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    var due: [(symbol: Symbol, keys: [OrderKey])] = []
    for key in keys {
      guard let life = parts.orders[key], let time = life.following?.due,
        time <= reaction.now.monotonic
      else { continue }
      let pauses = [parts.accountStream.safetyLook(at: life), life.looks.blockedUntil]
      if let later = pauses.compactMap({ $0 }).max(), later > reaction.now.monotonic {
        parts.orders.update(key) { $0.following?.postpone(to: later) }
        continue
      }
      if let index = due.firstIndex(where: { $0.symbol == life.symbol }) {
        due[index].keys.append(key)
      } else {
        due.append((life.symbol, [key]))
      }
    }
    for (symbol, keys) in due {
      wantFillPrice(symbol, &parts, at: reaction.now.monotonic)
      poll(keys, of: symbol, &parts, at: reaction.now)
    }
  }

  /// Where fills follow the prices that are read here, a followed order wants a young one.
  private static func wantFillPrice(
    _ symbol: Symbol, _ parts: inout EngineParts, at now: MonotonicTime
  ) {
    guard let age = parts.configuration.venue.fillPriceAge,
      !parts.prices.isFresh(symbol, maximumAge: age, at: now)
    else { return }
    parts.prices.want(symbol)
  }

  private static func poll(
    _ keys: [OrderKey], of symbol: Symbol, _ parts: inout EngineParts, at now: Moment
  ) {
    let listed = keys.filter { isListable($0, parts, at: now) }
    let stamps = listed.compactMap { parts.orders[$0]?.order.stampedAt }
    var single = keys
    if listed.count >= parts.configuration.venue.worthAList, let oldest = stamps.min(),
      parts.reconciliation.mayUseList(of: symbol, at: now.monotonic)
    {
      let since = oldest.advanced(by: .zero - listMargin)
      parts.scheduler.add(.recentOrders(symbol, since: since), for: .pollMany(symbol, listed))
      single.removeAll { listed.contains($0) }
    }
    for key in single {
      guard let order = parts.orders[key]?.order else { continue }
      parts.scheduler.add(.order(symbol, order.reference), for: .poll(key))
    }
    for key in keys { parts.orders.update(key) { $0.following?.begin(at: now.monotonic) } }
  }

  private static func isListable(
    _ key: OrderKey, _ parts: EngineParts, at now: Moment
  ) -> Bool {
    guard let life = parts.orders[key], let following = life.following,
      life.order.stampedAt != nil
    else { return false }
    return following.misses == 0 && !following.isUnlisted
      && !OldOrders.isOld(life.order, parts, at: now)
  }

  // MARK: Answers

  static func take(
    _ key: OrderKey, _ answer: Result<OrderLook, ExchangeFailure>, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard parts.orders[key] != nil else { return }
    switch answer {
    case .success(.found(let report)):
      OrderLooks.answered(key, &parts)
      observe(key, report, singleLook, &parts, &reaction)
      parts.orders.update(key) { life in
        life.wasSeen(at: reaction.now.monotonic)
        if report.status.isStanding, life.looks.last == nil { life.following?.wasSeenStanding() }
      }
    case .success(.missing):
      if OldOrders.ask(key, &parts, at: reaction.now) { return }
      OrderLooks.answered(key, &parts)
      missed(key, .vanished, &parts, &reaction)
    case .failure(let failure):
      if let failure = OrderLooks.judge(key, failure, &parts, at: reaction.now.monotonic) {
        OrderLooks.failed(key, singleLook, failure, &parts, &reaction)
      }
    }
    schedule(key, &parts, at: reaction.now.monotonic)
  }

  static func schedule(
    _ key: OrderKey, _ parts: inout EngineParts, at now: MonotonicTime
  ) {
    parts.orders.update(key) { life in
      let failures = life.looks.inARow
      life.following?.schedule(after: now, failures: failures)
    }
  }

  static func takeList(
    _ symbol: Symbol, _ keys: [OrderKey],
    _ answer: Result<ReportList<OrderReport>, ExchangeFailure>, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let list: ReportList<OrderReport>
    switch answer {
    case .success(let read): list = read
    case .failure(let failure): return listFailed(symbol, keys, failure, &parts, &reaction)
    }
    parts.reconciliation.listWasRead(symbol)
    let byID = Dictionary(list.reports.map { ($0.orderID, $0) }) { first, _ in first }
    let byName = Dictionary(grouping: list.reports, by: \.clientOrderID)
    for key in keys {
      guard let order = parts.orders[key]?.order, let orderID = order.orderID else { continue }
      let namesakes = byName[order.request.clientOrderID.text, default: []]
      if let other = namesakes.first(where: { $0.orderID != orderID }) {
        OrderLooks.halt(for: key, .several(key, [orderID, other.orderID]), &parts, &reaction)
      }
      if let report = byID[orderID] {
        take(key, .success(.found(report)), &parts, &reaction)
        continue
      }
      if let row = list.unreadable.first(where: { $0.mayBe(order.request.clientOrderID, orderID) })
      {
        OrderLooks.failed(key, Search.View.recentOrders.rawValue, .row(row), &parts, &reaction)
      }
      parts.orders.update(key) { $0.following?.wasNotListed(at: reaction.now.monotonic) }
    }
  }

  /// A list only spares look-ups: without it each order is asked for by name.
  private static func listFailed(
    _ symbol: Symbol, _ keys: [OrderKey], _ failure: ExchangeFailure,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    var isBlocked = false
    if case .blocked = failure { isBlocked = true }
    let told = isBlocked ? LookFailure.blockedList(failure) : LookFailure(failure)
    guard let failure = told else {
      for key in keys { parts.orders.update(key) { $0.following?.schedule(after: now) } }
      return
    }
    parts.reconciliation.listFailed(symbol, isBlocked: isBlocked, at: now)
    reaction.log(
      failure.isOfKey ? .error : .warning,
      "the list of recent orders cannot be used: \(failure.reason); its \(keys.count) orders are "
        + "looked up one by one", [("symbol", symbol.text), ("advice", failure.advice)])
    for key in keys { parts.orders.update(key) { $0.following?.askAgain(at: now) } }
  }

  /// A vanished order is not a cancelled one: it is looked for until the exchange says something.
  static func missed(
    _ key: OrderKey, _ failure: LookFailure, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let misses = parts.orders.update(key) { life -> Int in
      life.following?.misses += 1
      return life.following?.misses ?? 0
    }
    guard let misses else { return }
    if misses < missesWorthALine { return OrderLooks.succeeded(key, &parts, &reaction) }
    // Told once; and again behind another failure, which would else stay the last word.
    if misses == missesWorthALine || parts.orders[key]?.looks.last?.kind != failure.kind {
      OrderLooks.failed(key, singleLook, failure, &parts, &reaction)
    }
  }

  /// An execution report that nobody asked for: of an order of ours it is as good as a look.
  static func takePushed(
    _ report: OrderReport, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let name = report.clientOrderID, let key = parts.orders.key(named: name),
      let life = parts.orders[key]
    else { return }
    let order = life.order
    // Reports may overtake each other, and come twice; but none comes after an end.
    if report.executedQuantity < order.executedQuantity && !report.status.isEnd { return }
    // It may be garbled: what a look shows, too, is judged by `observe`.
    let isGarbled = report.orderID == order.orderID && !order.canBelieve(report)
    if isGarbled || report.isUndecided(beside: order)
      || report.status.isEnd && life.hasMoreFills(than: report)
      || life.wouldEndEarly(with: report)
    {
      return lookSoon(key, toldBy: report, &parts, &reaction)
    }
    // A report that overtakes the answer to the placement says what that would have said.
    if case .armed? = parts.orders[key]?.phase, order.conflict(with: report) == nil {
      PlacementAnswers.placed(key, report.orderID, &parts, &reaction)
    }
    observe(key, report, "pushed by the exchange", &parts, &reaction)
  }

  /// The report says that the order is there. Where it stands is looked up.
  private static func lookSoon(
    _ key: OrderKey, toldBy report: OrderReport, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    parts.orders.update(key) { $0.wasToldOf(at: reaction.now.monotonic) }
    guard let life = parts.orders[key], life.order.conflict(with: report) == nil else { return }
    switch life.phase {
    case .lookedFor, .unknown, .missing: acknowledge(key, report.orderID, &parts, &reaction)
    case .waiting, .armed, .working, .ended: break
    }
  }

  /// Takes the exchange's word on an order, as `view` shows it.
  static func observe(
    _ key: OrderKey, _ report: OrderReport, _ view: String, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard let former = parts.orders[key]?.order else { return }
    if let conflict = former.conflict(with: report) {
      if former.status == .new {
        return CarefulStart.nameIsTaken(key, report, conflict, &parts, &reaction)
      }
      return OrderLooks.disputed(
        key, view, .contradicted(former, report, conflict), &parts, &reaction)
    }
    if let doubt = former.unbelievableFill(in: report) {
      acknowledge(key, report.orderID, &parts, &reaction)
      return OrderLooks.failed(key, view, doubt, &parts, &reaction)
    }
    if looksForFills(key, missingIn: report, &parts, &reaction) { return }
    if case .undocumented(let word) = report.status {
      OrderLooks.failed(key, view, .undocumented(word), &parts, &reaction)
    } else {
      OrderLooks.succeeded(key, &parts, &reaction)
    }
    var next = former
    let isLegal: Bool
    do {
      try next.apply(.observed(report), at: reaction.now.wall)
      isLegal = true
    } catch { isLegal = false }
    if isLegal && next.saysTheSame(as: former) { return }
    guard parts.fold(.observed(report), into: key, &reaction),
      let order = parts.orders[key]?.order
    else { return }
    announce(order, after: former, &parts, &reaction)
    if order.status.isTerminal {
      parts.end(key, .accepted, "", &reaction)
    } else {
      parts.orders.update(key) { $0.changed(at: reaction.now.monotonic) }
    }
  }

  /// Whether an end is not taken yet, as it lags behind the fills that were pushed.
  private static func looksForFills(
    _ key: OrderKey, missingIn report: OrderReport, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) -> Bool {
    guard report.status.isEnd, parts.orders[key]?.hasMoreFills(than: report) == true else {
      return false
    }
    // From then on looks at it are counted.
    acknowledge(key, report.orderID, &parts, &reaction)
    let now = reaction.now.monotonic
    guard parts.orders.update(key, { $0.looksForFills(missingIn: report, at: now) }) == true else {
      return false
    }
    OrderLooks.succeeded(key, &parts, &reaction)
    return true
  }

  /// The exchange has the order; what became of it there is still to be read.
  static func acknowledge(
    _ key: OrderKey, _ orderID: String, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let former = parts.orders[key]?.order, !former.status.isWorking,
      parts.fold(.acknowledged(orderID: orderID), into: key, &reaction),
      let order = parts.orders[key]?.order
    else { return }
    announce(order, after: former, &parts, &reaction)
    parts.orders.update(key) { $0.following?.restart(at: reaction.now.monotonic) }
  }

  private static func announce(
    _ order: Order, after former: Order, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let fields = [
      ("status", order.status.rawValue), ("order_id", order.orderID ?? ""),
      ("executed", order.executedQuantity.description),
      ("executed_quote", order.executedQuote.description),
      ("average_price", order.averagePrice?.description ?? ""),
    ]
    switch former.status {
    case .notFound, .rejected:
      reaction.log(
        .error, "an order that counted as not placed is at the exchange", order,
        fields + [("advice", adviceOnLateFind(order))], kind: .orderFound)
      reserve(order, &parts, at: reaction.now.monotonic)
      if former.status == .rejected {
        reaction.write(.setWatched(parts.orders.watchedRefusals))
      }
    case .unknown, .submitted:
      reaction.log(.info, "the order was found at the exchange", order, fields, kind: .orderFound)
    case .new:
      reaction.log(
        .warning,
        "the exchange has an order for this signal that this database did not know; it is "
          + "followed", order, fields, kind: .orderFound)
      // It may have been refused when it came.
      reaction.write(.updateDecision(order.key.signal, .accepted, "", at: reaction.now.wall))
      reserve(order, &parts, at: reaction.now.monotonic)
    case .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .expired, .denied,
      .validated:
      reaction.log(.info, order.status.words, order, fields, kind: .orderChanged)
    }
    correctDecision(on: order, after: former, &reaction)
    guard former.isClosedAsNotPlaced, !order.status.isTerminal else { return }
    // The sender of a signal that was closed as never placed hears that its order exists.
    let found = SignalLife.End(
      code: .accepted, message: "the order is at the exchange after all; it is followed",
      order: order)
    if let outcome = parts.signals[order.key.signal]?.reopened(found) {
      reaction.add(.settled(outcome))
    }
  }

  /// A later start takes "found late" to mean that the signal's sender was told an outcome before.
  private static func correctDecision(
    on order: Order, after former: Order, _ reaction: inout Reaction
  ) {
    guard former.isClosedAsNotPlaced || former.code == .notFound else { return }
    let message =
      former.isClosedAsNotPlaced
      ? SignalRecord.foundLate : "found at the exchange after it had counted as not found"
    reaction.write(
      .updateDecision(order.key.signal, .accepted, message, at: reaction.now.wall))
  }

  private static func adviceOnLateFind(_ order: Order) -> String {
    let id = order.key.signal
    let wayOut =
      order.status.isTerminal
      ? "'mexc-signalctl explain \(id)' tells what came of it"
      : "it is followed; 'mexc-signalctl cancel \(id)' cancels it"
    return "\(wayOut). Look whether its signal was sent again under another id meanwhile."
  }

  /// One that was refused when it came holds nothing until it is found.
  private static func reserve(
    _ order: Order, _ parts: inout EngineParts, at now: MonotonicTime
  ) {
    parts.risk.reserve(order.countedQuote, for: order.key, of: order.account, at: now)
  }
}

extension OrderReport.Status {
  fileprivate var isStanding: Bool {
    switch self {
    case .open, .partiallyFilled: true
    case .filled, .canceled, .partiallyCanceled, .undocumented: false
    }
  }
}
