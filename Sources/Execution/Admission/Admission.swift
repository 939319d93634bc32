import Domain

/// Everything that can be judged of a signal, without and with its price. Nothing is changed here.
enum Admission {
  /// A signal may be stamped so far ahead of this machine's clock before it counts as a mistake.
  private static let tolerableLead: Duration = .seconds(60)

  /// When the signal's life ends. Throws: a denial when its beginning cannot be believed, or is
  /// missing and wanted.
  static func expiry(
    of arrival: SignalArrival, _ configuration: EngineConfiguration, at now: WallTime
  ) throws(Denial) -> WallTime {
    if isFromTheFuture(arrival.signal, at: now) {
      throw Denial(
        .invalidField, "created_at lies in the future; compare the clocks of both machines")
    }
    if arrival.signal.createdAt == nil && configuration.requiresCreatedAt {
      throw Denial(.invalidField, "created_at is missing, and intake.require_created_at wants it")
    }
    return endOfLife(of: arrival, configuration, at: now)
  }

  static func isFromTheFuture(_ signal: Signal, at now: WallTime) -> Bool {
    signal.createdAt.map { $0.since(now) > tolerableLead } ?? false
  }

  /// When the signal's life ends, whether its beginning can be believed or not.
  static func endOfLife(
    of arrival: SignalArrival, _ configuration: EngineConfiguration, at now: WallTime
  ) -> WallTime {
    // A file's change that lies in the future, because the clock was set back since, tells no age.
    let beginning = arrival.signal.createdAt ?? min(arrival.arrivedAt, now)
    switch arrival.signal.expiry {
    case .at(let time): return time
    case .timeToLive(let duration): return beginning.advanced(by: duration)
    case .unstated: return beginning.advanced(by: configuration.defaultTimeToLive)
    }
  }

  /// Everything that can be judged without asking the exchange anything. Throws: a denial.
  static func check(
    _ arrival: SignalArrival, expiresAt: WallTime, _ parts: inout EngineParts, at now: Moment
  ) throws(Denial) {
    let signal = arrival.signal
    if now.wall >= expiresAt {
      let arrivedAt = min(arrival.arrivedAt, now.wall)
      let isOlder = expiresAt <= arrivedAt
      let age = (isOlder ? arrivedAt : now.wall).since(expiresAt).inWords
      throw Denial(
        .expired, "it expired \(age) before it \(isOlder ? "arrived" : "could be judged")")
    }
    try checkPermitted(signal, parts)
    try parts.sources.checkRate(of: signal, at: now.monotonic)
    var quote = statedQuote(of: signal)
    if let rules = try parts.venue.rules(of: signal.symbol) {
      let request = try InstrumentRules.request(for: signal, as: anyClientOrderID, under: rules)
      quote = InstrumentRules.notional(of: request, at: nil, rounding: .up)
    }
    if let quote { try parts.sources.checkQuote(quote, of: signal) }
    try parts.risk.check(quote: quote, openOrders: parts.orders.openCount, at: now.monotonic)
    try checkTurn(of: signal, expiresAt: expiresAt, &parts, at: now)
  }

  /// Whether the signal's source may ask for such an order, and orders of the symbol may leave at
  /// all. Throws: a denial.
  static func checkPermitted(_ signal: Signal, _ parts: EngineParts) throws(Denial) {
    try parts.sources.checkPermitted(signal)
    let symbol = signal.symbol
    try parts.trading.checkHalt(signal.side)
    try parts.key.check(parts.configuration)
    try OrderLooks.checkReadable(symbol, parts)
    try parts.trading.checkPause(symbol, parts.configuration.risk.pauseOnNotFound)
    if let allowed = parts.configuration.risk.symbols, !allowed.contains(symbol) {
      throw Denial(.symbolNotAllowed, "\(symbol) is not in risk.symbols")
    }
  }

  /// The rules of a symbol are known without knowing the order's name.
  private static let anyClientOrderID: ClientOrderID = {
    guard let id = ClientOrderID("-") else { fatalError("'-' is a client order ID") }
    return id
  }()

  /// The notional as far as the signal alone tells it, rounded up.
  static func statedQuote(of signal: Signal) -> FixedDecimal? {
    switch signal.amount {
    case .quote(let amount): amount
    case .base(let quantity):
      signal.price.flatMap { quantity.multiplied(by: $0, rounding: .up) }
    }
  }

  /// Refuses at once what could leave only after it has expired.
  private static func checkTurn(
    of signal: Signal, expiresAt: WallTime, _ parts: inout EngineParts, at now: Moment
  ) throws(Denial) {
    let ahead = parts.orders.leavingCount
    let request = OrderRequest(signal, as: anyClientOrderID)
    let turn = parts.scheduler.turnOfPlacement(
      parts.configuration.placement(of: [request]), ahead: ahead, at: now.monotonic)
    let wait = turn.since(now.monotonic)
    guard now.wall.advanced(by: wait) >= expiresAt else { return }
    let cause =
      parts.scheduler.backOff.map { "the exchange demands a back-off (\($0.reason))" }
      ?? "\(ahead) orders wait"
    throw Denial(
      .rateLimited, "\(cause); its turn comes in \(wait.inWords), after it has expired")
  }

  /// An order as it would leave, with what it is worth and how far the price has gone.
  struct Approval {
    var request: OrderRequest
    /// In quote, rounded up.
    var notional: FixedDecimal
    var deviation: PassedChecks.Deviation?
  }

  /// Every check that needs the price and no other order. Throws: a denial.
  static func approve(
    _ signal: Signal, as clientOrderID: ClientOrderID, under rules: Instrument,
    at quote: PriceBook.Quoted, maximumDeviation: FixedDecimal
  ) throws(Denial) -> Approval {
    let price = quote.price
    let request = try InstrumentRules.request(for: signal, as: clientOrderID, under: rules)
    let deviation = try PriceGuard.check(
      current: price, signal: signal, configured: maximumDeviation)
    try PriceGuard.checkBand(
      request, current: price, last: quote.last, band: rules.priceBand)
    try InstrumentRules.checkMarketNotional(request, at: price, under: rules)
    guard let notional = worth(of: request, at: price) else {
      throw Denial(.aboveMaximum, "quantity times price is beyond what can be counted")
    }
    return Approval(request: request, notional: notional, deviation: deviation)
  }

  /// In quote, rounded up. A buy pays its own price at the most; a sell gets the market's where that is
  /// the better one.
  private static func worth(of request: OrderRequest, at price: FixedDecimal) -> FixedDecimal? {
    let own = InstrumentRules.notional(of: request, at: price, rounding: .up)
    guard request.side == .sell, case .base(let quantity) = request.amount else { return own }
    guard let own, let market = quantity.multiplied(by: price, rounding: .up) else { return nil }
    return max(own, market)
  }
}
