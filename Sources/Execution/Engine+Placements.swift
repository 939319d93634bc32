import Domain

/// From acceptance to the wire: every order that has not left is looked at, oldest first.
extension Engine {
  /// A price that comes back too old so often in a row cannot be had in time.
  private static let maximumStalePrices = 3
  /// Between an attempt that provably did not leave and the next.
  private static let pauseAfterNotSent: Duration = .seconds(1)
  /// A definite refusal may be followed by one more attempt, never by a third.
  private static let maximumAttempts = 2

  mutating func drivePlacements() {
    var isBlocked = false
    for key in orders.keys(.waiting) {
      do throws(Denial) {
        try consider(key, &isBlocked)
      } catch {
        deny(key, error)
      }
    }
  }

  /// Takes one order as far as it can go now.
  private mutating func consider(_ key: OrderKey, _ isBlocked: inout Bool) throws(Denial) {
    // An order that may be at the exchange already waits for the look, whatever else is to be said.
    guard let live = orders[key], live.search == nil else { return }
    if live.isExpired(at: now) { throw expiryDenial(live) }
    wake(at: live.expiresMonotonic)
    wake(at: now.monotonic.advanced(by: live.expiresAt.since(now.wall)))
    if live.order.cancelRequested {
      throw Denial(.canceled, "the operator cancelled it before it left")
    }
    try checkHalted(live.symbol)
    try checkAllowed(live.symbol)
    try checkSilence(live)
    guard isTradingOpen, !isStopping else { return }
    guard let rules = try rules(of: live.symbol) else { return askInstrument(live.symbol) }

    let isApproved = live.order.quote != nil
    if isApproved && isBlocked { return }
    guard
      let quote = quotes.fresh(
        live.symbol, maximumAge: configuration.price.maximumAge, at: now.monotonic)
    else { return quotes.want(live.symbol) }
    try approve(key, live, rules, quote, isApproved: isApproved)
    if let notBefore = live.notBefore, notBefore > now.monotonic { return wake(at: notBefore) }
    if isBlocked { return }
    isBlocked = !arm(key, quote)
  }

  /// Every check that needs the price. The first time it is written down with the quote; before the
  /// order leaves it is made again with the quote of that moment.
  private mutating func approve(
    _ key: OrderKey, _ live: LiveOrder, _ rules: Instrument, _ quote: QuoteBook.LiveQuote,
    isApproved: Bool
  ) throws(Denial) {
    let ticket = try InstrumentRules.ticket(
      for: live.signal, as: live.order.ticket.clientOrderID, under: rules)
    let checks = try PriceGuard.check(
      current: quote.price, signal: live.signal,
      configured: configuration.price.maximumDeviation)
    try PriceGuard.checkBand(ticket, current: quote.price, band: rules.priceBand)
    try InstrumentRules.checkMarketNotional(ticket, at: quote.price, under: rules)
    guard
      let notional = InstrumentRules.notional(of: ticket, at: quote.price, rounding: .up)
    else { throw Denial(.aboveMaximum, "quantity times price is beyond what can be counted") }
    try risk.checkQuote(notional, of: key, at: now.monotonic)
    // What it holds of the limits only ever grows while it waits.
    let isHeld = live.order.reservedQuote.map { notional <= $0 } ?? false
    if isApproved && isHeld && ticket == live.order.ticket { return }
    risk.reserve(notional, for: key, at: now.monotonic)
    let age = now.monotonic.since(quote.askedAt.monotonic).wholeMilliseconds
    apply(
      .approved(
        OrderEvent.Approval(
          ticket: ticket, quote: quote.evidence, reservedQuote: notional,
          checks: "\(checks); the price is \(age) ms old")), to: key)
  }

  /// Refuses at once what could leave only after it has expired.
  private func checkSilence(_ live: LiveOrder) throws(Denial) {
    guard let ban, let silentUntil = limiter.silentUntil, silentUntil >= live.expiresMonotonic
    else { return }
    throw Denial(.rateLimited, "the exchange demands silence beyond its expiry (\(ban.reason))")
  }

  func placement(of ticket: OrderTicket) -> ExchangeRequest {
    configuration.mode == .validate ? .validate(ticket) : .place(ticket)
  }

  /// Hands the order to the network after the turn's commit; `false` when the limits make it wait.
  private mutating func arm(_ key: OrderKey, _ quote: QuoteBook.LiveQuote) -> Bool {
    guard let live = orders[key], let clock else { return false }
    let request = placement(of: live.order.ticket)
    let cost = configuration.cost(request)
    let turn = limiter.admission(of: cost, in: .trading, at: now.monotonic)
    guard turn <= now.monotonic else {
      wake(at: turn)
      return false
    }
    let stamp = clock.time(at: now.monotonic)
    let armament = OrderEvent.Armament(
      attempt: live.didNotLeave ? live.order.attempt : live.order.attempt + 1, stampedAt: stamp,
      receiveWindow: configuration.receiveWindow, quote: quote.evidence)
    guard apply(.armed(armament), to: key) else { return true }
    orders[key]?.didNotLeave = false
    let deadline = min(
      quote.askedAt.monotonic.advanced(by: configuration.price.maximumAge), live.expiresMonotonic,
      now.monotonic.advanced(by: live.expiresAt.since(now.wall)))
    send(
      request, for: .place(key), cost: cost, stampedAt: stamp, isPlacement: true,
      sendBefore: deadline)
    log(.debug, "order leaves", live.order, [("price_quote", quote.price.description)])
    return true
  }

  private func expiryDenial(_ live: LiveOrder) -> Denial {
    if live.order.quote == nil, let failure = quotes.lastFailure {
      return Denial(.priceUnavailable, "no current price before it expired: \(failure)")
    }
    let cause: String
    if !isTradingOpen {
      cause = "trading was not open: the exchange could not be asked"
    } else if let ban {
      cause = "the exchange demands silence (\(ban.reason))"
    } else if live.order.quote == nil {
      cause = "the current price was still awaited"
    } else {
      cause = "it waited for its turn"
    }
    return Denial(.expired, "it expired before its order could leave; \(cause)")
  }

  mutating func deny(_ key: OrderKey, _ denial: Denial) {
    guard orders[key]?.search == nil else { return }
    guard apply(.denied(denial.code, denial.message), to: key), let live = orders[key] else {
      return
    }
    log(
      .notice, "denied: \(denial.message)", live.order, [("code", denial.code.rawValue)])
    settle(key, denial.code, denial.message)
  }

  /// Ends a signal's story: the decision is written, the limits are given back what never counted,
  /// and whoever waits for the outcome is told.
  mutating func settle(_ key: OrderKey, _ code: DecisionCode, _ message: String) {
    guard let live = orders[key] else { return }
    if code != .accepted { write(.updateDecision(key.signal, code, message, at: now.wall)) }
    if !live.order.status.countsAsExposure { risk.release(key) }
    effects.append(
      .settled(
        Outcome(
          signalID: key.signal, code: code, message: message, order: live.order,
          replacesEarlier: live.isClosed)))
    forget(key)
  }

  // MARK: Prices

  mutating func takePrices(_ symbols: [Symbol], _ answer: ExchangeAnswer, sentAt: Moment) {
    switch answer {
    case .prices(let prices):
      let missing = quotes.take(prices, askedAt: sentAt)
      for symbol in missing { priceIsMissing(symbol, "the exchange gives no price for it") }
      if now.monotonic.since(sentAt.monotonic) >= configuration.price.maximumAge {
        for symbol in symbols { priceIsStale(symbol) }
      }
    case .failed(.refused(let error)):
      quotes.failed("code \(error.code): \(error.text)", at: now.monotonic)
      if symbols.count == 1, error.action == .skip || error.action == .fix {
        priceIsMissing(symbols[0], "the exchange answers code \(error.code): \(error.text)")
      }
    case .failed(.notSent), .failed(.noAnswer):
      // The exchange is out of reach: a waiting signal expires, and is refused as such.
      quotes.failed(nil, at: now.monotonic)
    case .serverTime, .instruments, .tradableSymbols, .placed, .validated, .order, .orderMissing,
      .orders, .trades, .cancelTaken, .failed:
      quotes.failed(answer.failureText, at: now.monotonic)
    }
  }

  private mutating func priceIsMissing(_ symbol: Symbol, _ reason: String) {
    for key in orders.keys(.waiting) where orders[key]?.symbol == symbol {
      deny(key, Denial(.priceUnavailable, reason))
    }
  }

  private mutating func priceIsStale(_ symbol: Symbol) {
    for key in orders.keys(.waiting) where orders[key]?.symbol == symbol {
      let count = (orders[key]?.stalePrices ?? 0) + 1
      orders[key]?.stalePrices = count
      guard count >= Self.maximumStalePrices else { continue }
      deny(
        key,
        Denial(
          .priceUnavailable,
          "the price came back \(count) times older than price.maximum_age_ms allows"))
    }
  }

  // MARK: The answer to a placement

  mutating func takePlacement(_ key: OrderKey, _ answer: ExchangeAnswer) {
    guard let live = orders[key] else { return }
    switch answer {
    case .placed(let orderID):
      guard apply(.acknowledged(orderID: orderID), to: key) else { return }
      orders[key]?.poll.schedule(after: now.monotonic)
      log(.info, "placed", live.order, [("order_id", orderID)])
    case .validated:
      guard apply(.validated, to: key), let order = orders[key]?.order else { return }
      log(.info, "the exchange would take the order; nothing was placed", order)
      settle(key, .accepted, "the exchange checked the order and placed nothing")
    // Checking an order makes none, so that every refusal of it is definite.
    case .failed(.refused(let error))
    where error.refusesPlacement || configuration.mode == .validate:
      refused(key, live, error)
    case .failed(.notSent(let reason)):
      guard apply(.mayRetry("not sent: \(reason)"), to: key) else { return }
      orders[key]?.didNotLeave = true
      orders[key]?.notBefore = now.monotonic.advanced(by: Self.pauseAfterNotSent)
      quotes.forgetAll()
      log(.warning, "the order did not leave; trying again", live.order, [("reason", reason)])
    case .failed(let failure):
      lose(key, live, failure)
    case .serverTime, .instruments, .prices, .tradableSymbols, .order, .orderMissing, .orders,
      .trades, .cancelTaken:
      lose(key, live, .unreadable(answer.failureText))
    }
  }

  private mutating func refused(_ key: OrderKey, _ live: LiveOrder, _ error: ExchangeError) {
    let text = "code \(error.code): \(error.text)"
    if error.action == .clock && live.order.attempt < Self.maximumAttempts {
      distrustClock()
      guard apply(.mayRetry(text), to: key) else { return }
      log(
        .warning, "the exchange refused the order's timestamp; reading its clock, then once more",
        live.order, [("exchange_code", String(error.code))])
      return
    }
    reject(key, "\(text). \(error.advice)", exchangeCode: error.code)
    if error.action == .halt {
      stopTrading("the exchange refused an order with \(text). \(error.advice)")
    }
  }

  mutating func reject(_ key: OrderKey, _ message: String, exchangeCode: Int?) {
    guard apply(.refused(.exchangeRejected, message), to: key), let order = orders[key]?.order
    else { return }
    log(
      .error, "rejected by the exchange: \(message)", order,
      [("code", DecisionCode.exchangeRejected.rawValue)]
        + (exchangeCode.map { [("exchange_code", String($0))] } ?? []))
    settle(key, .exchangeRejected, message)
  }

  /// The outcome is unknown: the order is looked up from now on, and never sent again.
  private mutating func lose(_ key: OrderKey, _ live: LiveOrder, _ failure: ExchangeFailure) {
    if configuration.mode == .validate { return validateAgain(key, live, failure) }
    guard apply(.outcomeLost(failure.text, failure.unknownOutcome), to: key) else { return }
    orders[key]?.search = Search(phase: .settling, at: now.monotonic)
    log(
      .warning, "the order's outcome is unknown; looking it up, not sending it again", live.order,
      [("reason", failure.text)])
  }

  /// Checking an order places nothing, so it may be asked again until the signal expires.
  private mutating func validateAgain(
    _ key: OrderKey, _ live: LiveOrder, _ failure: ExchangeFailure
  ) {
    guard apply(.mayRetry(failure.text), to: key) else { return }
    orders[key]?.notBefore = now.monotonic.advanced(by: Self.pauseAfterNotSent)
    log(
      .warning, "the exchange did not say what it thinks of the order; asking again", live.order,
      [("reason", failure.text)])
  }

  /// What a clean round of look-ups decides about an order that a rate limit answered.
  mutating func resolveThrottled(_ key: OrderKey) {
    guard let live = orders[key] else { return }
    orders[key]?.search = nil
    if live.order.attempt < Self.maximumAttempts, !live.isExpired(at: now) {
      guard apply(.mayRetry("throttled; the exchange does not have it"), to: key) else { return }
      log(.warning, "a rate limit refused the order; it goes once more", live.order)
    } else {
      reject(key, "refused by the exchange's rate limit: \(live.order.reason)", exchangeCode: nil)
    }
  }
}
