package import Domain

/// Every decision of the daemon, as a pure state machine: no clock, no I/O, no randomness.
///
/// `apply` takes one input and says what is to be done about it. The engine itself only hands the
/// input to the part that it concerns, then lets each part that has something due go on, in a fixed
/// order. What an input costs depends on what it concerns, not on how many orders wait.
package struct Engine: Sendable {
  private var parts: EngineParts
  private var lastMoment: Moment
  /// When the engine wants to be called again, if nothing happens before.
  package private(set) var nextDeadline: MonotonicTime?

  /// `signals` are the stored ones, read again from their bytes.
  package init(
    _ configuration: EngineConfiguration, restoring state: StoredState,
    signals: [SignalID: Signal], at now: Moment
  ) {
    parts = EngineParts(configuration, restoring: state, at: now)
    lastMoment = now
    Restoring.restore(state, signals, &parts, at: now)
  }

  // MARK: What can be seen of it

  package var isTradingOpen: Bool { parts.isTradingOpen }
  package var halt: HaltRecord? { parts.trading.halt }
  package var careful: CarefulRecord? { parts.trading.careful }
  /// The back-off that the exchange demands.
  package var ban: BanRecord? { parts.scheduler.backOff }
  /// What was read of the venue and is worth keeping.
  package var venueFacts: VenueFacts { parts.venue.facts }
  /// Another number whenever they were read again.
  package var venueFactsRevision: Int { parts.venue.readings.revision }
  /// What the exchange tells of the API key; `nil` where it was not asked or did not answer.
  package var keyInformation: KeyInformation? { parts.key.information }
  /// A look-up for a price that an order waits for is under way.
  package var isAskingPrices: Bool { parts.prices.underWay != nil }
  /// Whether a pushed price decides something at once: an order may leave, or fill, by it.
  package var awaitsPushedPrices: Bool {
    parts.orders.leavingCount > 0
      || parts.configuration.venue.fillPriceAge != nil && parts.orders.count > 0
  }
  /// A placement is on the wire and its answer is out.
  package var hasPlacementOutstanding: Bool { parts.scheduler.hasPlacementUnderWay }
  /// Orders that are not at their end, oldest first.
  package var liveOrders: [Order] { parts.orders.all.map(\.order) }

  package func liveOrder(_ key: OrderKey) -> Order? { parts.orders[key]?.order }

  /// What the order of a signal waits for; `nil` when it does not wait.
  package func waitReason(of id: SignalID, at now: MonotonicTime) -> String? {
    guard let order = parts.orders(of: id).first, let life = parts.orders[order.key] else {
      return nil
    }
    return WaitReason.present(of: life, parts, at: now)?.words
  }

  package mutating func status(at now: Moment) -> EngineStatus { EngineStatus(&parts, at: now) }

  /// Symbols whose prices the exchange is to send, and that have none from there that an order could be
  /// judged by; `nil` where it is to send none and prices are looked up.
  package func symbolsWithoutPush(at now: MonotonicTime) -> [Symbol]? {
    parts.symbolsWithoutPush(at: now)
  }

  /// The same, less those that the exchange does not trade at all: no push of theirs is missing.
  package func openSymbolsWithoutPush(at now: MonotonicTime) -> [Symbol] {
    (parts.symbolsWithoutPush(at: now) ?? []).filter {
      parts.venue.instruments[$0]?.isClosed != true
    }
  }

  /// Everything that is not as it should be, the most serious first.
  package func troubles(at now: Moment) -> [Trouble] { Troubles(parts, at: now).list }

  // MARK: One input

  /// Applies one input. The effects are in the order in which they must be performed.
  package mutating func apply(_ input: Input, at now: Moment) -> [Effect] {
    // Prices come many times a second, and most of the time nobody waits for them.
    if case .price(let symbol, let price) = input, !parts.awaitsPrice(of: symbol) {
      parts.takePushed(symbol, price)
      return []
    }
    if case .noPrice(let symbol) = input, !parts.awaitsPrice(of: symbol) {
      parts.prices.forgetPushed(symbol)
      return []
    }
    // Where nothing is to be asked, the signal itself is next.
    if case .expected(let signal) = input,
      !PriceAnswers.wantsPrice(signal, parts, at: now.monotonic)
    {
      return []
    }
    var reaction = Reaction(at: now)
    tellClockStep(&reaction)
    excuseSilence(until: now.monotonic)
    lastMoment = now
    parts.scheduler.endBackOff(&reaction)
    route(input, &reaction)
    advance(&reaction)
    nextDeadline = MonotonicTime.earlier(reaction.deadline, parts.orders.nextDue(at: now))
    return reaction.effects
  }

  private mutating func route(_ input: Input, _ reaction: inout Reaction) {
    switch input {
    case .expected(let signal): parts.prices.want(signal.symbol)
    case .signal(let arrival, let known):
      SignalIntake.receive(arrival, known, &parts, &reaction)
    case .answer(let id, let answer): take(answer, to: id, &reaction)
    case .price(let symbol, let price): parts.takePushed(symbol, price)
    case .noPrice(let symbol): parts.prices.forgetPushed(symbol)
    case .execution(let report): OrderPolling.takePushed(report, &parts, &reaction)
    case .accountStream(let event): AccountStreamEvents.take(event, &parts, &reaction)
    case .heartbeat(let source): parts.watch.heard(source, &reaction)
    case .keyChanged: keyChanged(&reaction)
    case .tick: break
    case .command(let command, let token):
      OperatorCommands.perform(command, token, &parts, &reaction)
    case .reconfigure(let configuration): reconfigure(configuration, at: reaction.now.monotonic)
    case .stop: parts.trading.stop()
    }
  }

  /// Hands an answer to whoever asked, in the form in which that request is answered.
  private mutating func take(
    _ answer: ExchangeAnswer, to id: RequestID, _ reaction: inout Reaction
  ) {
    let wasBackingOff = parts.scheduler.backOff
    guard let request = parts.scheduler.answered(id, answer, &reaction) else { return }
    if case .failed(.refused(let error)) = answer, error.action == .clock {
      parts.venue.distrustClock(at: reaction.now.monotonic)
    }
    let now = reaction.now.monotonic
    parts.keepAlive.take(answer, for: request.purpose, at: now)
    parts.answers.take(answer, sentAt: request.sentAt.monotonic, at: now)
    if parts.answers.isHang(at: now) { parts.venue.askClock(at: now) }
    if parts.scheduler.backOff != wasBackingOff { parts.orders.touchAll(.waiting) }
    for sharer in request.sharers { take(answer, for: sharer, of: request, &reaction) }
    take(answer, for: request.purpose, of: request, &reaction)
  }

  private mutating func take(
    _ answer: ExchangeAnswer, for purpose: Purpose, of request: Outstanding,
    _ reaction: inout Reaction
  ) {
    switch purpose {
    case .clock:
      let former = parts.venue.clock
      let isFirst = parts.venue.takeClock(
        answer.serverTimeReading, sentAt: request.sentAt, &reaction)
      if isFirst { touchSearches() }
      if let former { distrustAges(after: former, at: reaction.now.monotonic) }
      if let clock = parts.venue.trustedClock { parts.orders.dateLives(by: clock) }
    case .keepAlive:
      seeWhetherPaused(answer.serverTimeReading, sentAt: request.sentAt, &reaction)
    case .instruments(let symbols):
      parts.venue.takeInstruments(
        symbols, answer.instrumentsReading, &parts.scheduler, &reaction)
      parts.orders.touchAll(.waiting) { symbols.contains($0.symbol) }
    case .tradableSymbols:
      parts.venue.takeTradableSymbols(answer.tradableSymbolsReading, &reaction)
      parts.orders.touchAll(.waiting)
    case .keyInformation:
      parts.key.take(
        answer.keyInformationReading, parts.configuration, clockReadAt: parts.venue.clockReadAt,
        &reaction)
      parts.orders.touchAll(.waiting)
    case .prices: PriceAnswers.take(request, answer.pricesReading, &parts, &reaction)
    case .place(let keys):
      for (key, reading) in zip(keys, answer.placementReadings(of: keys.count)) {
        PlacementAnswers.take(key, reading, of: request, &parts, &reaction)
      }
    case .poll(let key): OrderPolling.take(key, answer.orderReading, &parts, &reaction)
    case .pollMany(let symbol, let keys):
      OrderPolling.takeList(symbol, keys, answer.ordersReading, &parts, &reaction)
    case .pollOpen(let key): OldOrders.take(key, answer, &parts, &reaction)
    case .pollFills(let key):
      OldOrders.takeFills(key, answer.tradesReading, &parts, &reaction)
    case .search(let key, let view): OrderSearching.take(key, view, answer, &parts, &reaction)
    case .cancel(let key): OrderCancelling.take(key, answer.cancelReading, &parts, &reaction)
    case .accountStream(let isNew):
      AccountStreamEvents.take(
        answer.accountStreamReading, isNew: isNew, &parts, &reaction)
    case .verify(let key, let orderID, let token):
      OrderResolution.takeVerification(
        key, orderID, token, answer.orderReading, &parts, &reaction)
    }
  }

  /// The account's stream was opened with the former key.
  private mutating func keyChanged(_ reaction: inout Reaction) {
    parts.key.keyChanged(at: reaction.now.monotonic)
    parts.venue.keyChanged(at: reaction.now.monotonic)
    AccountStreamEvents.keyChanged(&parts, at: reaction.now.monotonic)
    parts.orders.touchAll(.waiting)
    for key in parts.orders.keys(.working) {
      parts.orders.update(key) { $0.following?.cancelAgain() }
    }
  }

  /// Searches need the exchange's clock.
  private mutating func touchSearches() {
    for stage in [OrderTable.Stage.lookedFor, .unknown, .missing] { parts.orders.touchAll(stage) }
  }

  /// While this machine's clocks stood still, prices and signals grew old all the same.
  private mutating func distrustAges(after former: ExchangeClock, at now: MonotonicTime) {
    guard let clock = parts.venue.clock,
      clock.isAhead(of: former, at: now, by: ExchangeClock.notableLead)
    else { return }
    parts.prices.forgetAll()
    parts.orders.shortenLives(by: clock)
    parts.orders.touchAll(.waiting)
  }

  /// Servers of the exchange that differ by less must not close trading with each of these readings.
  private static let notableLeadInPassing: Duration = .seconds(2)

  /// The clock itself is read more seldom.
  private mutating func seeWhetherPaused(
    _ reading: Result<WallTime, ExchangeFailure>, sentAt: Moment, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    guard case .success(let time) = reading, let clock = parts.venue.clock else { return }
    let reading = ExchangeClock(reading: time, sentAt: sentAt.monotonic, receivedAt: now)
    guard reading.isAhead(of: clock, at: now, by: Self.notableLeadInPassing) else { return }
    parts.prices.forgetAll()
    parts.venue.doubtClock(for: reading, &reaction)
  }

  private mutating func reconfigure(_ configuration: EngineConfiguration, at now: MonotonicTime) {
    invariant(
      configuration.account == parts.configuration.account,
      "an engine trades for one account, and a change of it needs a restart")
    parts.configuration = configuration
    parts.prices.asksVenue = configuration.price.source != .stream
    if configuration.price.source == .rest { parts.prices.forgetAllPushed() }
    parts.risk.limits = configuration.risk
    parts.sources.table = configuration.sources
    parts.watch.keep(configuration.sources, at: now)
    parts.venue.allow(configuration.risk.symbols, at: now)
    parts.orders.touchAll(.waiting)
  }

  // MARK: What has become due

  /// Lets everything go on that may, in a fixed order: the venue's facts, the orders that were touched
  /// or have become due, placements in their turn, then every other request.
  private mutating func advance(_ reaction: inout Reaction) {
    for halt in parts.watch.drive(&reaction) { parts.halt(halt.reason, of: halt.scope, &reaction) }
    parts.orders.ring(at: reaction.now)
    parts.venue.drive(&parts.scheduler, &reaction)
    parts.key.drive(&parts.scheduler, &reaction)
    parts.accountStream.drive(&parts.scheduler, &reaction)
    noteGate(&reaction)
    KeepAlive.drive(&parts, &reaction)
    PriceAnswers.drive(&parts, &reaction)
    OrderDriving.drive(&parts, &reaction)
    if parts.orders.count(.lookedFor) == 0 { parts.trading.forgetCarefulStart(&reaction) }
    let orders = parts.orders
    let isOver = { (purpose: Purpose) in purpose.order.map { orders[$0] == nil } ?? false }
    parts.scheduler.drive(
      &parts.prices, clock: parts.venue.clock, ordersWait: parts.placements.ordersWait,
      isOver: isOver, &reaction)
    parts.scheduler.rememberUsage(&reaction)
    parts.watchPrices(&reaction)
  }

  private mutating func noteGate(_ reaction: inout Reaction) {
    guard parts.trading.note(isOpen: parts.isTradingOpen) else { return }
    parts.orders.touchAll(.waiting)
    let cause = parts.key.isJudged ? "the exchange's clock" : "what the new API key may do"
    let isOpen = parts.isTradingOpen
    let refusal = parts.key.refusal(parts.configuration)
    let butHeldBack = [parts.trading.halt?.words, refusal.map { "no order leaves: \($0)" }]
      .compactMap { $0.map { ", but \($0)" } }.joined()
    reaction.log(
      .info, isOpen ? "trading is open\(butHeldBack)" : "trading waits for \(cause)",
      kind: isOpen ? .tradingOpen : .tradingWaits)
  }

  // MARK: The time that the engine is called at

  /// A call that comes so much later than it was asked for found the daemon held up, by its disk or by a
  /// machine that slept.
  private static let notableDelay: Duration = .seconds(1)

  /// What the sources sent while the daemon was held up is still to be read. When that began is not known,
  /// so that all the time since the last input is left out of their deadlines.
  private mutating func excuseSilence(until now: MonotonicTime) {
    guard let planned = nextDeadline, now.since(planned) > Self.notableDelay else { return }
    parts.watch.excuse(by: max(.zero, now.since(lastMoment.monotonic)))
  }

  /// A clock that is corrected bit by bit moves by less between two inputs.
  private static let notableClockStep: Duration = .seconds(1)

  private mutating func tellClockStep(_ reaction: inout Reaction) {
    let step = reaction.now.clockStep(since: lastMoment)
    guard step.magnitude >= Self.notableClockStep else { return }
    reaction.log(
      .warning,
      "this machine's clock was set; signals end when either clock says so, and orders go on with "
        + "the exchange's clock",
      [
        ("step_ms", String(step.wholeMilliseconds)),
        ("advice", "check the clock, and the service that keeps it"),
      ], kind: .clockStepped)
  }
}

extension HaltRecord {
  /// Behind "trading is open, but".
  fileprivate var words: String {
    switch scope {
    case .all: "halted: \(reason)"
    case .buys: "halted for buys: \(reason)"
    }
  }
}
