import Domain

/// From acceptance to the wire: an order is judged when it is touched, and leaves in its turn.
enum OrderPlacing {
  // MARK: Judging

  /// Takes a touched order as far as it can go without its turn.
  static func consider(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    do throws(Denial) {
      try judge(key, &parts, &reaction)
    } catch {
      deny(key, error, &parts, &reaction)
    }
  }

  private static func judge(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) throws(Denial) {
    guard let life = parts.orders[key], let waiting = life.waiting else { return }
    try checkMayWait(life, parts, at: reaction.now)
    guard parts.isTradingOpen, !parts.trading.isStopping else { return }
    guard let rules = try parts.venue.rules(of: life.symbol) else {
      return parts.venue.ask(life.symbol, &parts.scheduler, &reaction)
    }
    let isApproved = life.order.quote != nil
    if !isApproved {
      guard let quote = freshPrice(of: life, parts, at: reaction.now.monotonic) else {
        parts.prices.want(life.symbol)
        return parts.placements.waitForPrice(life)
      }
      try approve(life, rules, quote, &parts, &reaction)
    }
    if let notBefore = waiting.notBefore, notBefore > reaction.now.monotonic {
      // The price is there when its pause is over.
      if freshPrice(of: life, parts, at: reaction.now.monotonic) == nil {
        parts.prices.want(life.symbol)
      }
      return
    }
    parts.placements.waitForTurn(life)
  }

  /// What ends an order that has not left, whatever its price is. Throws: a denial.
  static func checkMayWait(
    _ life: OrderLife, _ parts: EngineParts, at now: Moment
  ) throws(Denial) {
    if life.expiry.isOver(at: now) {
      throw WaitReason.denial(of: life, parts, at: now.monotonic)
    }
    if life.order.cancelRequested {
      throw Denial(.canceled, "the operator cancelled it before it left")
    }
    try Admission.checkPermitted(life.signal, parts)
    try checkBackOff(life, parts)
  }

  static func freshPrice(
    of life: OrderLife, _ parts: EngineParts, at now: MonotonicTime
  ) -> PriceBook.Quoted? {
    parts.prices.fresh(
      life.symbol, for: life.signal.side, maximumAge: parts.configuration.price.maximumAge,
      at: now)
  }

  /// Every check that needs the price. The first time it is written down with the quote; before the
  /// order leaves it is made again with the quote of that moment. Throws: a denial.
  private static func approve(
    _ life: OrderLife, _ rules: Instrument, _ quote: PriceBook.Quoted,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) throws(Denial) {
    let now = reaction.now.monotonic
    let venue = life.order.account.venue
    invariant(
      rules.venue == venue && parts.prices.venue == venue,
      "an order is judged by the rules and prices of its venue")
    let approval = try Admission.approve(
      life.signal, as: life.order.request.clientOrderID, under: rules, at: quote,
      maximumDeviation: parts.configuration.price.maximumDeviation)
    try parts.sources.checkQuote(approval.notional, of: life.signal)
    try parts.risk.checkQuote(approval.notional, of: life.key, at: now)
    // What it holds of the limits only ever grows while it waits.
    let isHeld = life.order.reservedQuote.map { approval.notional <= $0 } ?? false
    if life.order.quote != nil && isHeld && approval.request == life.order.request { return }
    parts.risk.reserve(approval.notional, for: life.key, of: life.order.account, at: now)
    let checks = PassedChecks(
      price: quote.price, deviation: approval.deviation,
      age: now.since(quote.knownAt.monotonic))
    parts.fold(
      .approved(
        OrderEvent.Approval(
          request: approval.request, quote: quote.evidence, reservedQuote: approval.notional,
          checks: checks)),
      into: life.key, &reaction)
  }

  /// Refuses at once what could leave only after it has expired.
  private static func checkBackOff(_ life: OrderLife, _ parts: EngineParts) throws(Denial) {
    guard let backOff = parts.scheduler.backOff,
      let until = parts.scheduler.limiter.backOffUntil, until >= life.expiry.monotonic
    else { return }
    throw Denial(
      .rateLimited, "the exchange demands a back-off beyond its expiry (\(backOff.reason))")
  }

  static func deny(
    _ key: OrderKey, _ denial: Denial, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard parts.orders[key]?.waiting != nil,
      parts.fold(.denied(denial.code, denial.message), into: key, &reaction),
      let life = parts.orders[key]
    else { return }
    reaction.log(
      .notice, "denied: \(denial.message)", life.order, [("code", denial.code.rawValue)],
      kind: .signalDenied)
    parts.end(key, denial.code, denial.message, &reaction)
  }

  // MARK: Leaving

  /// Lets orders leave for as long as the limits allow it. The sources of signals take turns, and of
  /// each source the order goes first that expires first.
  static func leave(_ parts: inout EngineParts, _ reaction: inout Reaction) {
    guard parts.isTradingOpen, !parts.trading.isStopping else { return }
    guard parts.placements.ordersWait, parts.scheduler.breakers.admits(.placements, &reaction)
    else { return }
    let now = reaction.now.monotonic
    var heads = heads(&parts, at: now)
    var hasLeft = false
    while let head = heads.first {
      heads.removeFirst()
      // Others of its source may have left since, and then it is the turn of other sources.
      let turn = hasLeft ? next(of: head.symbol, &parts, at: now) : head.turn
      guard let turn, turn == head.turn else {
        insert(turn, head.symbol, &heads)
        continue
      }
      switch release(head, &parts, &reaction) {
      case .blocked: return
      case .unpriced: continue
      case .gone:
        hasLeft = true
        insert(next(of: head.symbol, &parts, at: now), head.symbol, &heads)
      }
    }
  }

  private static func insert(
    _ turn: Lanes.Turn?, _ symbol: Symbol, _ heads: inout [(turn: Lanes.Turn, symbol: Symbol)]
  ) {
    guard let turn else { return }
    let place = heads.firstIndex { $0.turn > turn } ?? heads.endIndex
    heads.insert((turn, symbol), at: place)
  }

  // The table is read in functions of their own: a copy of it that lived while orders change would
  // make every change copy it whole.

  private static func heads(
    _ parts: inout EngineParts, at now: MonotonicTime
  ) -> [(turn: Lanes.Turn, symbol: Symbol)] {
    let orders = parts.orders
    return parts.placements.heads { isReady($0, orders, at: now) }
  }

  private static func next(
    of symbol: Symbol, _ parts: inout EngineParts, at now: MonotonicTime
  ) -> Lanes.Turn? {
    let orders = parts.orders
    return parts.placements.head(of: symbol) { isReady($0, orders, at: now) }
  }

  private static func take(
    _ limit: Int, of symbol: Symbol, _ parts: inout EngineParts, at now: MonotonicTime
  ) -> [OrderKey] {
    let orders = parts.orders
    return parts.placements.takeApproved(symbol, atMost: limit) { isReady($0, orders, at: now) }
  }

  private static func isReady(
    _ key: OrderKey, _ orders: OrderTable, at now: MonotonicTime
  ) -> Bool {
    guard let life = orders[key], let waiting = life.waiting else { return false }
    return life.order.quote != nil && waiting.notBefore.map { $0 <= now } ?? true
  }

  private enum Release {
    /// It has left, or was refused.
    case gone
    /// Its symbol's price has grown old, or its rules have.
    case unpriced
    /// The limits let no order go now.
    case blocked
  }

  /// Lets the next order of a symbol go, with those behind it that go along.
  private static func release(
    _ head: (turn: Lanes.Turn, symbol: Symbol), _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) -> Release {
    let now = reaction.now.monotonic
    guard let clock = parts.venue.clock,
      parts.scheduler.breakers.admits(.placements, &reaction)
    else { return .blocked }
    guard let quote = approveToLeave(head.turn.key, &parts, &reaction),
      let order = parts.orders[head.turn.key]?.order
    else { return parts.orders[head.turn.key]?.waiting == nil ? .gone : .unpriced }
    let alone = parts.configuration.placement(of: [order.request])
    if let turn = parts.scheduler.turn(of: alone, in: .trading, at: now) {
      reaction.wake(at: turn)
      return .blocked
    }
    var leaving = Leaving(stampedAt: clock.time(at: now))
    for key in take(count(with: order, alone, &parts, at: now), of: head.symbol, &parts, at: now) {
      let isHead = key == head.turn.key
      guard let quote = isHead ? quote : approveToLeave(key, &parts, &reaction) else { continue }
      arm(key, quote, &leaving, &parts, &reaction)
    }
    send(leaving, &parts, &reaction)
    return .gone
  }

  /// How many orders leave in the next request, the head of the lane among them.
  private static func count(
    with head: Order, _ alone: ExchangeRequest, _ parts: inout EngineParts, at now: MonotonicTime
  ) -> Int {
    // Orders that are only to be checked go one by one, and an order that is to show whether orders are
    // answered again goes alone.
    guard parts.configuration.mode != .validate, !parts.scheduler.breakers[.placements].isOpen
    else { return 1 }
    return parts.scheduler.ordersTogether(
      of: parts.placements.approvedCount(of: head.request.symbol), alone: alone,
      together: .place([head.request, head.request]), at: now)
  }

  /// Judges an order once more, by the price of this moment. `nil` when it cannot leave now: then it
  /// is refused, or waits for its symbol's price or rules.
  private static func approveToLeave(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) -> PriceBook.Quoted? {
    guard let life = parts.orders[key] else { return nil }
    guard let quote = freshPrice(of: life, parts, at: reaction.now.monotonic) else {
      parts.prices.want(life.symbol)
      parts.placements.waitForTurn(life)
      return nil
    }
    do throws(Denial) {
      guard let rules = try parts.venue.rules(of: life.symbol) else {
        parts.placements.waitForTurn(life)
        return nil
      }
      try approve(life, rules, quote, &parts, &reaction)
      return quote
    } catch {
      deny(key, error, &parts, &reaction)
      return nil
    }
  }

  /// Orders that leave in one request.
  private struct Leaving {
    let stampedAt: WallTime
    var keys: [OrderKey] = []
    var requests: [OrderRequest] = []
    /// The first at which one of them is too late.
    var sendBefore: SendDeadline?
  }

  private static func arm(
    _ key: OrderKey, _ quote: PriceBook.Quoted, _ leaving: inout Leaving,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let life = parts.orders[key], let waiting = life.waiting else { return }
    let now = reaction.now
    let armament = OrderEvent.Armament(
      attempt: waiting.didNotLeave ? life.order.attempt : life.order.attempt + 1,
      stampedAt: leaving.stampedAt, receiveWindow: parts.configuration.receiveWindow,
      quote: quote.evidence)
    guard parts.fold(.armed(armament), into: key, &reaction) else { return }
    // To divide a Duration takes far more work than to divide its nanoseconds.
    let halfWindow = Duration.nanoseconds(parts.configuration.receiveWindow.wholeNanoseconds / 2)
    let deadline = min(
      SendDeadline(
        .priceAge, quote.knownAt.monotonic.advanced(by: parts.configuration.price.maximumAge)),
      // The exchange refuses a stamp that is older than the window, and the way there takes its time.
      SendDeadline(.receiveWindow, now.monotonic.advanced(by: halfWindow)),
      SendDeadline(.expiry, life.expiry.monotonic),
      SendDeadline(.expiry, now.monotonic.advanced(by: life.expiry.wall.since(now.wall))))
    leaving.keys.append(key)
    leaving.requests.append(life.order.request)
    leaving.sendBefore = min(leaving.sendBefore ?? deadline, deadline)
    reaction.log(
      .debug, "order leaves", life.order, [("price_quote", quote.price.description)])
  }

  /// Hands the orders to the network after the turn's commit.
  private static func send(
    _ leaving: Leaving, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let sendBefore = leaving.sendBefore else { return }
    parts.scheduler.place(
      parts.configuration.placement(of: leaving.requests), leaving.keys,
      stampedAt: leaving.stampedAt, sendBefore: sendBefore, &reaction)
  }
}
