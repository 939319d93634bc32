import Domain

/// Orders whose outcome is unknown: looked for in every view of the exchange, never sent again.
enum OrderSearching {
  // MARK: Asking

  static func drive(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    if let life = parts.orders[key], case .unknown = life.phase {
      let reason = "the daemon ended before the answer came"
      if parts.configuration.mode == .validate {
        return PlacementAnswers.validateAgain(life, reason, &parts, &reaction)
      }
      if life.order.status == .submitted {
        parts.fold(.outcomeLost(reason, .answerLost), into: key, &reaction)
      }
    }
    let now = reaction.now.monotonic
    guard let clock = parts.venue.clock, let life = parts.orders[key], var search = life.search,
      search.isIdle, life.looks.blockedUntil.map({ $0 <= now }) ?? true
    else { return }
    let age = clock.time(at: now).since(life.order.stampedAt ?? life.order.updatedAt)
    if search.isOver(at: now, age: age) { return giveUp(life, &parts, &reaction) }
    let proof = ProofTime(of: life.order, search, clock, parts, at: reaction.now)
    if search.phase == .settling, search.roundBegan < proof.conclusive {
      search.hasten(to: max(now, proof.conclusive))
      // Of an order that most probably never left one quick look is enough.
      if life.order.status == .new && search.hasLooked { search.wait(until: proof.conclusive) }
    }
    let isDue = search.due <= now
    let views = isDue ? search.begin(full: proof.wantsFullRound(life.order, search), at: now) : []
    if search.due != life.search?.due || isDue {
      parts.orders.update(key) { $0.search = search }
    }
    for view in views { ask(view, life.order, search, &parts, at: clock.time(at: now)) }
  }

  /// From when on a "no" of every view proves something.
  private struct ProofTime {
    /// No copy of the request can be accepted any more, and what was accepted before has had the
    /// settle time to become visible.
    let conclusive: MonotonicTime
    private let isBeyondAcceptance: Bool
    private let now: MonotonicTime

    init(
      of order: Order, _ search: Search, _ clock: ExchangeClock, _ parts: EngineParts,
      at moment: Moment
    ) {
      let now = moment.monotonic
      self.now = now
      let earlierRuns = order.status == .new ? parts.trading.earlierRunsAreVisible : nil
      let lead = parts.configuration.venue.stampLead
      guard let deadline = order.acceptanceDeadline(lead: lead) else {
        conclusive = earlierRuns ?? now
        isBeyondAcceptance = true
        return
      }
      let exchangeTime = clock.time(at: now)
      let settled = deadline.advanced(by: parts.configuration.settleTime + clock.error)
      let own = now.advanced(by: settled.since(exchangeTime))
      let here = Self.settledHere(order, search, lead + parts.configuration.settleTime, at: moment)
      conclusive = max(own, earlierRuns ?? own, here)
      isBeyondAcceptance = exchangeTime > deadline.advanced(by: clock.error)
    }

    /// The same by this machine's clocks: one false reading of the exchange's time must not end the wait.
    /// A wall clock that was set back lengthens it to what has passed since the search began.
    private static func settledHere(
      _ order: Order, _ search: Search, _ leadAndSettleTime: Duration, at now: Moment
    ) -> MonotonicTime {
      let span = (order.receiveWindow ?? .zero) + leadAndSettleTime
      let latest = search.began.advanced(by: span)
      guard let armedAt = order.armedAt else { return latest }
      let byWallClock = armedAt.advanced(by: span).since(now.wall)
      return min(now.monotonic.advanced(by: byWallClock), latest)
    }

    func wantsFullRound(_ order: Order, _ search: Search) -> Bool {
      if order.wasThrottled { return true }
      if order.status == .new { return conclusive <= now }
      return search.phase != .settling || isBeyondAcceptance
    }
  }

  private static func ask(
    _ view: Search.View, _ order: Order, _ search: Search, _ parts: inout EngineParts,
    at now: WallTime
  ) {
    let symbol = order.request.symbol
    let accepted = timeOfAcceptance(order, parts.configuration.venue, at: now).lowerBound
    let isWatch = search.phase != .settling
    // Many that are watched for may be of the same time.
    let since = isWatch ? accepted.wholeMinute : accepted
    let part = search.cutLists[view]?.underWay
    let from = part?.lowerBound ?? since
    let request: ExchangeRequest =
      switch view {
      case .byClientOrderID: .order(symbol, .clientOrderID(order.request.clientOrderID))
      case .openOrders: .openOrders(symbol)
      case .recentOrders: .recentOrders(symbol, since: from, until: part?.upperBound)
      case .trades: .trades(symbol, since: from, until: part?.upperBound)
      }
    parts.scheduler.add(
      request, for: .search(order.key, view), as: isWatch ? .watch : nil)
  }

  /// When the exchange can have made the order, by its own clock.
  private static func timeOfAcceptance(
    _ order: Order, _ venue: VenueTraits, at now: WallTime
  ) -> ClosedRange<WallTime> {
    let margin = OrderPolling.listMargin
    if let stampedAt = order.stampedAt,
      let deadline = order.acceptanceDeadline(lead: venue.stampLead)
    {
      return stampedAt.advanced(by: .zero - margin)...deadline.advanced(by: margin)
    }
    // Of what an earlier run may have sent nobody knows when.
    return now.advanced(by: .zero - venue.listReach).wholeMinute...now.advanced(by: margin)
  }

  /// The time in which a list can have rows of the order; `nil` for a view that is asked for without one.
  private static func timeOfRows(
    _ view: Search.View, _ order: Order, _ venue: VenueTraits, at now: WallTime
  ) -> ClosedRange<WallTime>? {
    let accepted = timeOfAcceptance(order, venue, at: now)
    switch view {
    case .byClientOrderID, .openOrders: return nil
    case .recentOrders: return accepted
    // An order that rests is filled at any time after it was made.
    case .trades:
      let present = now.advanced(by: OrderPolling.listMargin)
      return accepted.lowerBound...max(accepted.upperBound, present)
    }
  }

  // MARK: Answers

  static func take(
    _ key: OrderKey, _ view: Search.View, _ answer: ExchangeAnswer, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard let life = parts.orders[key] else { return }
    let finding = Finding(of: life.order, in: view, answer)
    // Another view may have found it meanwhile.
    guard var search = life.search else {
      return checkAlone(life.order, finding, &parts, &reaction)
    }
    let now = parts.exchangeTime(at: reaction.now)
    if let time = timeOfRows(view, life.order, parts.configuration.venue, at: now),
      isHalved(view, life.order, search, at: now),
      search.cutLists[view, default: CutList()].goesOn(after: finding, within: time)
    {
      parts.orders.update(key) { $0.search = search }
      return ask(view, life.order, search, &parts, at: now)
    }
    note(finding, view, life.order, search, &parts, &reaction)
    conclude(life, view, weighed(finding, in: view), answer, search, &parts, &reaction)
  }

  private static func conclude(
    _ life: OrderLife, _ view: Search.View, _ finding: Finding, _ answer: ExchangeAnswer,
    _ former: Search, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let key = life.key
    var search = former
    let verdict = search.take(view, saidNo: finding.isNo, at: reaction.now.monotonic)
    parts.orders.update(key) { $0.search = search }
    let isFound = !finding.isNo && !finding.isFailure
    if isFound || verdict != .pending && !search.roundIsOpen { OrderLooks.answered(key, &parts) }
    if finding.tells(of: life) { OrderLooks.reconciled(key, &parts, &reaction) }
    if verdict != .pending, !search.roundIsOpen, !life.isToldOf {
      OrderLooks.succeeded(key, &parts, &reaction)
    }
    switch finding {
    case .found(let report) where parts.orders[key]?.wouldEndEarly(with: report) == true:
      OrderPolling.acknowledge(key, report.orderID, &parts, &reaction)
    case .found(let report):
      OrderPolling.observe(key, report, view.rawValue, &parts, &reaction)
    case .foundTrade(let orderID): OrderPolling.acknowledge(key, orderID, &parts, &reaction)
    case .several(let orderIDs):
      OrderLooks.disputed(key, view.rawValue, .several(key, orderIDs), &parts, &reaction)
      // Whatever they are, there is no room for one more.
      if life.order.status == .new {
        OrderPolling.acknowledge(key, orderIDs[0], &parts, &reaction)
      }
    case .no:
      if verdict == .absent { concludeAbsence(life, search, &parts, &reaction) }
    case .cut, .nothingProved:
      let failure =
        finding.failure ?? OrderLooks.blocked(key, answer, &parts, at: reaction.now.monotonic)
      if let failure, search.phase == .settling {
        OrderLooks.failed(key, view.rawValue, failure, &parts, &reaction)
      }
    }
  }

  /// Whether a list that may be cut is asked for by halves. The fills of hours may be thousands.
  private static func isHalved(
    _ view: Search.View, _ order: Order, _ search: Search, at now: WallTime
  ) -> Bool {
    guard view == .trades else { return true }
    guard let stampedAt = order.stampedAt, search.phase == .settling else { return false }
    return now.since(stampedAt) < .seconds(600)
  }

  /// A page of fills covers little time, and those of one moment may be more than a page. The list of the
  /// orders of that time, which has to be whole, shows every order that has fills.
  private static func weighed(_ finding: Finding, in view: Search.View) -> Finding {
    guard view == .trades, case .cut = finding else { return finding }
    return .no
  }

  /// The round's other views must not know a second order of the same name.
  private static func checkAlone(
    _ order: Order, _ finding: Finding, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let known = order.orderID else { return }
    func halt(_ orderIDs: [String]) {
      OrderLooks.halt(for: order.key, .several(order.key, orderIDs), &parts, &reaction)
    }
    switch finding {
    case .found(let report) where report.orderID != known:
      halt([known, report.orderID])
    case .foundTrade(let orderID) where orderID != known:
      halt([known, orderID])
    case .several(let orderIDs): halt(orderIDs)
    case .found, .foundTrade, .no, .cut, .nothingProved: break
    }
  }

  /// The evidence for the verdict. The long watch afterwards is written down only when it finds.
  /// What proves nothing is said as a look that failed.
  private static func note(
    _ finding: Finding, _ view: Search.View, _ order: Order, _ search: Search,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard search.phase == .settling else { return }
    let isCutNo = finding.isFailure && weighed(finding, in: view).isNo
    let answer = isCutNo ? "not among those shown; the page is full" : finding.text
    if isCutNo || !finding.isFailure {
      parts.fold(.lookedUp(view: view.rawValue, answer: answer), into: order.key, &reaction)
    }
    reaction.log(.debug, "looked up", order, [("view", view.rawValue), ("answer", answer)])
  }

  // MARK: Verdicts

  private static func concludeAbsence(
    _ life: OrderLife, _ search: Search, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let order = life.order
    guard search.phase == .settling else { return }
    guard let clock = parts.venue.clock else { return }
    if order.status == .unknown, OldOrders.isOld(order, parts, at: reaction.now) {
      return declareTooOld(order, &parts, &reaction)
    }
    if order.wasThrottled && !life.isToldOf {
      return PlacementAnswers.resolveThrottled(life, &parts, &reaction)
    }
    guard
      search.roundBegan
        >= ProofTime(of: order, search, clock, parts, at: reaction.now).conclusive
    else { return }
    if life.isToldOf { return goOn(with: order, &parts, &reaction) }
    if order.status == .new { return CarefulStart.clear(life, &parts, &reaction) }
    if case .refused(let code) = order.unknownOutcome {
      return PlacementAnswers.reject(
        life.key, "\(order.reason); every view of the exchange says that it has no such order",
        exchangeCode: code, &parts, &reaction)
    }
    declareNotFound(order, story(of: order), &parts, &reaction)
  }

  private static func story(of order: Order) -> String {
    let cause =
      switch order.unknownOutcome {
      case .blocked: "no answer of the exchange came"
      case .throttled, .refused, .unreadable: "its answer proves nothing"
      case .answerLost, nil: "its answer was lost"
      }
    return "sent once, \(cause) (\(order.reason))"
  }

  /// No verdict is possible: the exchange told of an order of this name by itself.
  private static func goOn(
    with order: Order, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    // Of an order that this database has not sent, the operator's word is needed all the same.
    if order.status == .new {
      return declareNotFound(
        order, "the exchange's stream told of an order of its name", &parts, &reaction)
    }
    OrderLooks.failed(order.key, "every view", .hidden, &parts, &reaction)
  }

  /// What the exchange shows of that age proves nothing.
  private static func declareTooOld(
    _ order: Order, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let reach = parts.configuration.venue.listReach.inDays
    declareNotFound(
      order, story(of: order), &parts, &reaction,
      because: "the exchange no longer shows orders of that age (more than \(reach))")
  }

  static func declareNotFound(
    _ order: Order, _ story: String, _ parts: inout EngineParts, _ reaction: inout Reaction,
    because evidence: String = "every view of the exchange says that it is not there"
  ) {
    let key = order.key
    let message = "\(story), and \(evidence); watched for seven days"
    guard parts.fold(.notFound(message), into: key, &reaction),
      let order = parts.orders[key]?.order
    else { return }
    reaction.write(.updateDecision(key.signal, .notFound, message, at: reaction.now.wall))
    reaction.log(
      .error, "not found: \(message)", order,
      [
        ("code", DecisionCode.notFound.rawValue),
        ("paused", parts.configuration.risk.pauseOnNotFound.rawValue),
        (
          "advice",
          "look at the exchange, then 'mexc-signalctl resolve \(key.signal) --placed ORDER_ID' or "
            + "'--not-placed'"
        ),
      ], kind: .orderNotFound)
  }

  private static func giveUp(
    _ life: OrderLife, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    parts.orders.update(life.key) { $0.search = nil }
    if life.order.isClosedAsNotPlaced {
      reaction.log(.warning, "not seen for seven days; it is no longer looked for", life.order)
      return life.order.status == .rejected
        ? parts.endWatchOfRefusal(life, &reaction) : endWatch(life, &parts, &reaction)
    }
    reaction.log(
      .error, "not seen for seven days; it is no longer looked for, and waits for the operator",
      life.order, [("advice", "'mexc-signalctl resolve \(life.key.signal)'")])
  }

  /// What the operator has closed, and nobody looks for, is over. Its sender is told the operator's word.
  static func endWatch(
    _ life: OrderLife, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard parts.fold(.watchEnded, into: life.key, &reaction) else { return }
    parts.end(life.key, .notFound, life.order.reason, told: life.order, &reaction)
  }
}

extension WallTime {
  /// Rounded down, so that orders of a symbol that are looked for together share a list.
  fileprivate var wholeMinute: WallTime {
    WallTime(milliseconds: milliseconds - milliseconds % 60_000)
  }
}
