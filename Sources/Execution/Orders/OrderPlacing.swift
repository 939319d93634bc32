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
    if life.expiry.isOver(at: reaction.now) { throw expiryDenial(life, parts) }
    if life.order.cancelRequested {
      throw Denial(.canceled, "the operator cancelled it before it left")
    }
    try Admission.checkPermitted(life.symbol, parts)
    try checkBackOff(life, parts)
    guard parts.isTradingOpen, !parts.trading.isStopping else { return }
    guard let rules = try parts.venue.rules(of: life.symbol) else {
      return parts.venue.ask(life.symbol, &parts.scheduler)
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

  private static func freshPrice(
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
    let approval = try Admission.approve(
      life.signal, as: life.order.request.clientOrderID, under: rules, at: quote.price,
      maximumDeviation: parts.configuration.price.maximumDeviation)
    try parts.risk.checkQuote(approval.notional, of: life.key, at: now)
    // What it holds of the limits only ever grows while it waits.
    let isHeld = life.order.reservedQuote.map { approval.notional <= $0 } ?? false
    if life.order.quote != nil && isHeld && approval.request == life.order.request { return }
    parts.risk.reserve(approval.notional, for: life.key, at: now)
    let age = now.since(quote.knownAt.monotonic).wholeMilliseconds
    parts.fold(
      .approved(
        OrderEvent.Approval(
          request: approval.request, quote: quote.evidence, reservedQuote: approval.notional,
          checks: "\(approval.checks); the price is \(age) ms old")),
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

  private static func expiryDenial(_ life: OrderLife, _ parts: EngineParts) -> Denial {
    if life.order.quote == nil, let failure = parts.prices.lastFailure {
      return Denial(.priceUnavailable, "no current price before it expired: \(failure)")
    }
    let cause: String
    if !parts.isTradingOpen {
      cause = "trading was not open: the exchange could not be asked"
    } else if let backOff = parts.scheduler.backOff {
      cause = "the exchange demands a back-off (\(backOff.reason))"
    } else if life.order.quote == nil {
      cause = "the current price was still awaited"
    } else {
      cause = "it waited for its turn"
    }
    return Denial(.expired, "it expired before its order could leave; \(cause)")
  }

  static func deny(
    _ key: OrderKey, _ denial: Denial, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard parts.orders[key]?.waiting != nil,
      parts.fold(.denied(denial.code, denial.message), into: key, &reaction),
      let life = parts.orders[key]
    else { return }
    reaction.log(
      .notice, "denied: \(denial.message)", life.order, [("code", denial.code.rawValue)])
    parts.end(key, denial.code, denial.message, &reaction)
  }

  // MARK: Leaving

  /// Lets orders leave, the oldest first, for as long as the limits allow it.
  static func leave(_ parts: inout EngineParts, _ reaction: inout Reaction) {
    guard parts.isTradingOpen, !parts.trading.isStopping else { return }
    let now = reaction.now.monotonic
    var heads = heads(&parts, at: now)
    while let head = heads.first {
      heads.removeFirst()
      switch release(head.entry.key, &parts, &reaction) {
      case .blocked: return
      case .unpriced: continue
      case .gone:
        guard let next = next(of: head.symbol, &parts, at: now) else { continue }
        let place = heads.firstIndex { $0.entry > next } ?? heads.endIndex
        heads.insert((next, head.symbol), at: place)
      }
    }
  }

  // The table is read in functions of their own: a copy of it that lived while orders change would
  // make every change copy it whole.

  private static func heads(
    _ parts: inout EngineParts, at now: MonotonicTime
  ) -> [(entry: Lanes.Entry, symbol: Symbol)] {
    let orders = parts.orders
    return parts.placements.heads { isReady($0, orders, at: now) }
  }

  /// The one that follows the head of its lane, which is done with.
  private static func next(
    of symbol: Symbol, _ parts: inout EngineParts, at now: MonotonicTime
  ) -> Lanes.Entry? {
    let orders = parts.orders
    parts.placements.removeHead(of: symbol)
    return parts.placements.head(of: symbol) { isReady($0, orders, at: now) }
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
    /// Its symbol's price has grown old.
    case unpriced
    /// The limits let no order go now.
    case blocked
  }

  private static func release(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) -> Release {
    guard let life = parts.orders[key], let clock = parts.venue.clock else { return .gone }
    guard let quote = freshPrice(of: life, parts, at: reaction.now.monotonic) else {
      parts.prices.want(life.symbol)
      return .unpriced
    }
    do throws(Denial) {
      guard let rules = try parts.venue.rules(of: life.symbol) else { return .unpriced }
      try approve(life, rules, quote, &parts, &reaction)
    } catch {
      deny(key, error, &parts, &reaction)
      return .gone
    }
    return arm(key, quote, clock, &parts, &reaction) ? .gone : .blocked
  }

  /// Hands the order to the network after the turn's commit; `false` when the limits make it wait.
  private static func arm(
    _ key: OrderKey, _ quote: PriceBook.Quoted, _ clock: ExchangeClock,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) -> Bool {
    guard let life = parts.orders[key], let waiting = life.waiting else { return true }
    let now = reaction.now
    let request = parts.configuration.placement(of: life.order.request)
    if let turn = parts.scheduler.turn(of: request, in: .trading, at: now.monotonic) {
      reaction.wake(at: turn)
      return false
    }
    let stamp = clock.time(at: now.monotonic)
    let armament = OrderEvent.Armament(
      attempt: waiting.didNotLeave ? life.order.attempt : life.order.attempt + 1,
      stampedAt: stamp, receiveWindow: parts.configuration.receiveWindow, quote: quote.evidence)
    guard parts.fold(.armed(armament), into: key, &reaction) else { return true }
    let deadline = min(
      quote.knownAt.monotonic.advanced(by: parts.configuration.price.maximumAge),
      life.expiry.monotonic,
      now.monotonic.advanced(by: life.expiry.wall.since(now.wall)))
    parts.scheduler.place(request, key, stampedAt: stamp, sendBefore: deadline, &reaction)
    reaction.log(
      .debug, "order leaves", life.order, [("price_quote", quote.price.description)])
    return true
  }
}
