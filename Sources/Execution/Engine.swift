package import Domain

/// Every decision of the daemon, as a pure state machine: no clock, no I/O, no randomness.
///
/// `apply` takes one input and says what is to be done about it. Whoever drives it commits the
/// writes of a turn together, and only then performs what had to wait for the commit.
package struct Engine: Sendable {
  package internal(set) var configuration: EngineConfiguration
  /// Orders that are not at their end.
  var orders = LiveOrders()
  private var acceptedCount = 0
  var limiter: RateLimiter
  var risk: RiskLimits
  var quotes = QuoteBook()
  var clock: ExchangeClock?
  var gate: StartGate
  var gateWasOpen = false
  /// The rules as last read.
  var instruments: [Symbol: InstrumentReading] = [:]
  /// Symbols whose rules were asked for one by one, because every symbol is allowed.
  var askedInstruments: [Symbol] = []
  /// `nil` in paper mode, where no key limits anything.
  var tradableSymbols: Set<Symbol>?
  package internal(set) var halt: HaltRecord?
  package internal(set) var ban: BanRecord?
  /// Set while the database is known to be older than what was sent from here.
  package internal(set) var careful: CarefulRecord?
  /// Of a run that began careful: from when on a "no" of every view is proof that no earlier run has
  /// sent an order.
  var earlierRunsAreVisible: MonotonicTime?
  var queue = RequestQueue()
  var outstanding: [RequestID: Outstanding] = [:]
  /// Orders without a known outcome, and what was said of them.
  var doubts: [OrderKey: DoubtRecord] = [:]
  var nextRequestNumber = 1
  /// No order leaves any more; what is under way is finished.
  var isStopping = false

  /// Of the input that is being applied.
  var now: Moment
  var effects: [Effect] = []
  /// What was last written down of the windows' use.
  var recordedUsage: (usage: RateUsage, at: Moment)?
  /// A heavy use is written down again when its record is older than this.
  static let usageRecordAge: Duration = .seconds(1)
  /// Orders whose last look did not tell where they stand.
  var failingLooks: Set<OrderKey> = []
  /// Lists that could not be used, by symbol.
  var failedLists: [Symbol: FailedList] = [:]
  /// When the engine wants to be called again, if nothing happens before.
  package internal(set) var nextDeadline: MonotonicTime?

  /// `signals` are the stored ones, read again from their bytes.
  package init(
    _ configuration: EngineConfiguration, restoring state: StoredState,
    signals: [SignalID: Signal], at now: Moment
  ) {
    self.configuration = configuration
    self.now = now
    limiter = RateLimiter(configuration.rateLimits)
    risk = RiskLimits(configuration.risk, reservations: state.reservations, at: now)
    halt = state.halt
    careful = state.careful
    if careful != nil {
      // An order that left right before this start was stamped then.
      let fence = configuration.receiveWindow + Order.stampLead
      earlierRunsAreVisible = now.monotonic.advanced(by: fence + configuration.settleTime)
    }
    gate = StartGate(at: now.monotonic, unreconciled: [])
    if configuration.mode == .paper { gate.tradableSymbols.isMet = true }
    if configuration.risk.symbols == nil { gate.instruments.isMet = true }
    restoreUsage(state)
    restoreSilence(state)
    for stored in state.live {
      invariant(signals[stored.signal.signalID] != nil, "every live order comes with its signal")
      guard let signal = signals[stored.signal.signalID] else { continue }
      restore(stored, signal)
    }
  }

  /// Applies one input. The effects are in the order in which they must be performed.
  package mutating func apply(_ input: Input, at now: Moment) -> [Effect] {
    let before = self.now
    self.now = now
    effects = []
    tellClockStep(since: before)
    switch input {
    case .signal(let arrival, let known): receive(arrival, known)
    case .answer(let id, let answer): take(answer, to: id)
    case .tick: break
    case .command(let command, let token): perform(command, token)
    case .reconfigure(let configuration): reconfigure(configuration)
    case .stop: isStopping = true
    }
    advance()
    let result = effects
    effects = []
    return result
  }

  /// A clock that is corrected bit by bit moves by less between two inputs.
  private static let notableClockStep: Duration = .seconds(1)

  private mutating func tellClockStep(since before: Moment) {
    let step = now.wall.since(before.wall) - now.monotonic.since(before.monotonic)
    guard max(step, .zero - step) >= Self.notableClockStep else { return }
    log(
      .warning,
      "this machine's clock was set; signals end when either clock says so, and orders go on with "
        + "the exchange's clock",
      [
        ("step_ms", String(step.wholeMilliseconds)),
        ("advice", "check the clock, and the service that keeps it"),
      ])
  }

  /// Everything that may have become due, in a fixed order.
  private mutating func advance() {
    nextDeadline = nil
    liftSilence()
    driveGate()
    drivePlacements()
    driveSearches()
    drivePolls()
    driveCancels()
    driveQueue()
    driveDoubts()
    rememberUsage()
  }

  private mutating func restoreSilence(_ state: StoredState) {
    guard let stored = state.ban else { return }
    // The wait bounds it: a clock that was set back must not make it last for years.
    let left = min(max(stored.until.since(now.wall), monotonicRest(of: stored)), stored.wait)
    guard left > .zero else { return }
    ban = stored
    limiter.keepSilent(until: now.monotonic.advanced(by: left))
  }

  /// What is left of a silence by the monotonic clock, which is not to be set; zero when the machine
  /// was booted since, as far as one can tell.
  private func monotonicRest(of stored: BanRecord) -> Duration {
    guard let end = stored.monotonicUntil else { return .zero }
    let left = end.since(now.monotonic)
    return left <= stored.wait ? left : .zero
  }

  /// What earlier runs may have sent within the windows. A run writes down how much it uses as soon
  /// as that is more than a small share, so an unwritten use is at most that share.
  private mutating func restoreUsage(_ state: StoredState) {
    let recorded = state.rateUsage.flatMap { record in
      let length = configuration.rateLimits.window + Self.usageRecordAge
      let sinceBoot = now.monotonic.since(record.at.monotonic)
      let isRecent =
        now.wall.since(record.at.wall) < length || (sinceBoot >= .zero && sinceBoot < length)
      return isRecent ? record.usage : nil
    }
    // Without an order of the last day there is none in the second that the exchange looks at.
    let hasOrders = !state.live.isEmpty || !state.reservations.isEmpty
    limiter.remember(recorded, hasOrders: hasOrders, at: now.monotonic)
  }

  private mutating func restore(_ stored: StoredOrder, _ signal: Signal) {
    let key = stored.order.key
    // A civil clock that was set back since must not give it more than the life that it had.
    let record = stored.signal
    let left = min(
      record.expiresAt.since(now.wall), record.expiresAt.since(record.receivedAt))
    var live = LiveOrder(
      number: nextOrderNumber(), signal: signal, expiresAt: stored.signal.expiresAt,
      expiresMonotonic: now.monotonic.advanced(by: left), order: stored.order)
    switch stored.order.status {
    case .new: live.search = lookBeforeLeaving()
    // A placement that was armed when the daemon ended may have left: its outcome is unknown.
    case .submitted, .unknown:
      live.search = Search(resumed: .settling, at: now.monotonic)
      gate.unreconciled.insert(key)
    case .open, .partiallyFilled:
      live.poll.restart(at: now.monotonic)
      // Where the exchange cannot be asked, the operator's word stands in for its answer.
      if !stored.order.confirmedByOperator { gate.unreconciled.insert(key) }
    case .notFound:
      let age = max(.zero, now.wall.since(stored.order.updatedAt))
      let since = MonotonicTime(nanoseconds: now.monotonic.nanoseconds - age.wholeNanoseconds)
      live.search = Search(resumed: .watching(since: since), at: now.monotonic)
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated: return
    }
    live.isClosed = stored.order.isClosedAsNotPlaced
    orders[key] = live
    remember(doubtOf: stored.order)
  }

  mutating func nextOrderNumber() -> Int {
    acceptedCount += 1
    return acceptedCount
  }

  private mutating func reconfigure(_ configuration: EngineConfiguration) {
    self.configuration = configuration
    risk.limits = configuration.risk
    // New symbols need their rules; known ones keep theirs meanwhile.
    gate.instruments.due = now.monotonic
    gate.instruments.isMet = hasWantedRules
  }
}

extension Engine {
  /// Asks to be called again at `time`, or sooner.
  mutating func wake(at time: MonotonicTime) {
    nextDeadline = min(nextDeadline ?? time, time)
  }

  mutating func write(_ write: StoreWrite) {
    effects.append(.write(write))
  }

  mutating func log(
    _ level: LogEntry.Level, _ message: String, _ fields: [(String, String)] = []
  ) {
    effects.append(
      .log(
        LogEntry(
          level: level, message: message, fields: fields.map { LogEntry.Field($0.0, $0.1) })))
  }

  /// A line about an order; the ids stand on every one of them.
  mutating func log(
    _ level: LogEntry.Level, _ message: String, _ order: Order, _ fields: [(String, String)] = []
  ) {
    log(
      level, message,
      [
        ("signal_id", order.key.signal.text),
        ("client_order_id", order.ticket.clientOrderID.text), ("symbol", order.ticket.symbol.text),
      ] + fields)
  }

  mutating func record(_ kind: String, _ detail: JSONValue, on subject: HistoryEvent.Subject) {
    write(.appendEvent(HistoryEvent(at: now.wall, subject: subject, kind: kind, detail: detail)))
  }

  /// Folds an event into an order, and writes both. An event from outside that does not fit is said
  /// and dropped; the order is looked up again.
  @discardableResult
  mutating func apply(_ event: OrderEvent, to key: OrderKey) -> Bool {
    guard var live = orders[key] else { return false }
    do {
      try live.order.apply(event, at: now.wall)
    } catch {
      log(
        .warning, "an answer does not fit the order; looking again", live.order,
        [
          ("reason", error.description)
        ])
      live.poll.restart(at: now.monotonic)
      orders[key] = live
      return false
    }
    orders[key] = live
    record(event.kind, event.detail, on: .order(key))
    write(.putOrder(live.order))
    return true
  }

  mutating func forget(_ key: OrderKey) {
    orders[key] = nil
    failingLooks.remove(key)
    gate.unreconciled.remove(key)
    gate.unreadable[key] = nil
    queue.removeAll { item in
      switch item.purpose {
      case .poll(key), .cancel(key), .search(key, _): true
      default: false
      }
    }
  }
}

/// Stops the program when our own reasoning is wrong; input from outside never gets here.
func invariant(_ condition: Bool, _ reason: @autoclosure () -> String) {
  guard condition else { fatalError("invariant broken: \(reason())") }
}
