import Domain

/// The engine's state, part by part. What concerns several parts at once, whoever starts it, stands
/// here: an event that changes an order, and the end of one.
struct EngineParts: Sendable {
  var configuration: EngineConfiguration {
    didSet { allowedSymbols = configuration.risk.symbols.map { Set($0) } }
  }
  /// `nil` allows every symbol.
  private var allowedSymbols: Set<Symbol>?
  var signals: [SignalID: SignalLife] = [:]
  var orders = OrderTable()
  var placements = PlacementQueue()
  var prices: PriceBook
  var scheduler: RequestScheduler
  var venue: VenueState
  var key: KeyState
  var accountStream: AccountStream
  var keepAlive: KeepAlive
  var answers = AnswerTimes()
  private var watched: Set<Symbol> = []
  var trading: TradingState
  var reconciliation = Reconciliation()
  var doubts = DoubtLedger()
  var risk: RiskLimits
  var sources: SourceLimits
  var watch: SourceWatch
  var refused = RefusedContents()
  var sequences: SequenceWatch
  private var acceptedCount = 0

  init(_ configuration: EngineConfiguration, restoring state: StoredState, at now: Moment) {
    self.configuration = configuration
    allowedSymbols = configuration.risk.symbols.map { Set($0) }
    scheduler = RequestScheduler(configuration.rateLimits, configuration.venue)
    venue = VenueState(
      allowed: configuration.risk.symbols, configuration.venue, at: now.monotonic)
    if let facts = state.venue { venue.restore(facts, at: now) }
    key = KeyState(configuration.venue, configuration.mode, at: now.monotonic)
    accountStream = AccountStream(
      configuration.venue, configuration.mode, at: now.monotonic)
    keepAlive = KeepAlive(configuration.venue, at: now.monotonic)
    prices = PriceBook(of: configuration.venue.name)
    prices.asksVenue = configuration.price.source != .stream
    trading = TradingState(
      state,
      settling: configuration.receiveWindow + configuration.venue.stampLead
        + configuration.settleTime, at: now.monotonic)
    risk = RiskLimits(
      configuration.risk, of: configuration.account, restoring: state, at: now)
    sequences = SequenceWatch(state.sequences)
    watch = SourceWatch(configuration.sources, at: now.monotonic)
    sources = SourceLimits(configuration.sources, accepted: state.sourceSignals, at: now)
  }

  var isTradingOpen: Bool {
    venue.isReady && key.isJudged && reconciliation.pending.isEmpty
  }

  /// Whether an order of the symbol cannot go on without a price, or a fresher one.
  mutating func awaitsPrice(of symbol: Symbol) -> Bool {
    prices.isWanted(symbol) || placements.approvedCount(of: symbol) > 0
      || placements.wantsPrice(symbol, orders)
  }

  /// The prices that the exchange is to send by itself: of the allowed symbols, and of those with orders
  /// where every symbol is allowed or orders fill by those prices. One whose rules are still awaited may
  /// not exist, and the exchange would refuse what was asked for together with it.
  mutating func watchPrices(_ reaction: inout Reaction) {
    let wanted: Set<Symbol> =
      switch configuration.price.source {
      case .rest: []
      case .auto, .stream: pushedSymbols
      }
    guard wanted != watched else { return }
    watched = wanted
    reaction.add(.watchPrices(wanted))
  }

  private var pushedSymbols: Set<Symbol> {
    if let allowedSymbols, configuration.venue.fillPriceAge == nil { return allowedSymbols }
    let traded = orders.symbols.filter {
      !venue.lacksRules(of: $0) && venue.instruments[$0] != .notListed
    }
    return allowedSymbols.map(traded.union) ?? traded
  }

  /// By the exchange's clock, or by this machine's while that is not known.
  func exchangeTime(at now: Moment) -> WallTime {
    venue.clock?.time(at: now.monotonic) ?? now.wall
  }

  /// Before the exchange's clock is known, no order leaves.
  mutating func takePushed(_ symbol: Symbol, _ price: MarketPrice) {
    if let price = price.dated(by: venue.clock) { prices.take(symbol, price) }
  }

  func symbolsWithoutPush(at now: MonotonicTime) -> [Symbol]? {
    if watched.isEmpty {
      switch configuration.price.source {
      case .rest: return nil
      // Nothing is wanted of the only source, so nothing is missing.
      case .stream: return []
      // What nobody wants any more is pushed for some time, and the next order of it is judged by that.
      case .auto:
        let isPushed = prices.hasFresh(
          maximumAge: configuration.price.maximumAge, from: .pushed, at: now)
        return isPushed ? [] : nil
      }
    }
    return watched.filter { symbol in
      !prices.isFresh(
        symbol, maximumAge: configuration.price.maximumAge, from: .pushed, at: now)
    }.sorted()
  }

  mutating func nextOrderNumber() -> Int {
    acceptedCount += 1
    return acceptedCount
  }

  /// The signal's orders that are not at their end, its entry first.
  func orders(of id: SignalID) -> [Order] {
    signals[id]?.plan.legs.compactMap { orders[$0]?.order } ?? []
  }

  // MARK: Events

  /// Folds an event into an order, and writes both. An event from outside that does not fit is said
  /// and dropped; the order is looked up again.
  @discardableResult
  mutating func fold(
    _ event: OrderEvent, into key: OrderKey, _ reaction: inout Reaction
  ) -> Bool {
    let now = reaction.now
    var refusal: IllegalTransition?
    let changed = orders.update(key) { life -> Order in
      do throws(IllegalTransition) {
        try life.fold(event, at: now)
      } catch {
        life.following?.restart(at: now.monotonic)
        refusal = error
      }
      return life.order
    }
    guard let order = changed else { return false }
    if let refusal {
      reaction.log(
        .warning, "an answer does not fit the order; looking again", order,
        [("reason", refusal.description)])
      return false
    }
    reaction.record(event, on: key)
    reaction.write(.putOrder(order))
    risk.spend(order.executedQuote, on: key)
    if trading.note(order) { pauseChanged(order.request.symbol) }
    return true
  }

  /// Waiting orders of a paused symbol are refused.
  mutating func pauseChanged(_ symbol: Symbol) {
    let isForAll = configuration.risk.pauseOnNotFound == .all
    orders.touchAll(.waiting) { isForAll || $0.symbol == symbol }
  }

  // MARK: Ends

  /// Ends an order: the decision is written, the limits are given back what never counted, and
  /// whoever waits for the signal's outcome is told, of the order as it is unless another state of it is
  /// given.
  mutating func end(
    _ key: OrderKey, _ code: DecisionCode, _ message: String, told order: Order? = nil,
    _ reaction: inout Reaction
  ) {
    guard let life = orders[key] else { return }
    if code != .accepted {
      reaction.write(.updateDecision(key.signal, code, message, at: reaction.now.wall))
    }
    if life.order.status.countsAsExposure { risk.keep(key) } else { risk.release(key) }
    let end = SignalLife.End(code: code, message: message, order: order ?? life.order)
    if let outcome = signals[key.signal]?.legEnded(end) {
      reaction.add(.settled(outcome))
    }
    forget(life, &reaction)
  }

  /// Tells whoever waits for the signal's outcome, though its order is still watched for.
  mutating func close(
    _ order: Order, _ code: DecisionCode, _ message: String, _ reaction: inout Reaction
  ) {
    let end = SignalLife.End(code: code, message: message, order: order)
    if let outcome = signals[order.key.signal]?.close(end) { reaction.add(.settled(outcome)) }
  }

  /// Drops a rejected order that is no longer looked for. All was said of it when it was rejected.
  mutating func endWatchOfRefusal(_ life: OrderLife, _ reaction: inout Reaction) {
    signals[life.key.signal] = nil
    forget(life, &reaction)
    reaction.write(.setWatched(orders.watchedRefusals))
  }

  private mutating func forget(_ life: OrderLife, _ reaction: inout Reaction) {
    orders.remove(life.key)
    reconciliation.forget(life.key)
    trading.forget(life.key, of: life.symbol)
    doubts.resolve(life.key, &reaction)
    if signals[life.key.signal]?.isOver == true { signals[life.key.signal] = nil }
  }

  /// Durable: only the operator's `resume` ends it.
  mutating func halt(
    _ reason: String, of scope: HaltScope = .all, _ reaction: inout Reaction
  ) {
    guard trading.halt(reason, of: scope, &reaction) else { return }
    scheduler.withdrawOrders("trading was halted", &reaction)
    orders.touchAll(.waiting)
  }
}

/// Stops the program when our own reasoning is wrong; input from outside never gets here.
func invariant(_ condition: Bool, _ reason: @autoclosure () -> String) {
  guard condition else { fatalError("invariant broken: \(reason())") }
}
