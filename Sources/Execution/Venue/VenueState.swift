import Domain

/// What is known of the venue: its clock, the rules of its symbols, which of them the key may trade.
/// Each is asked for until it is answered, then again when it has grown old. No order leaves before
/// all of it is known; signals are taken and remembered meanwhile.
struct VenueState: Sendable {
  private(set) var clock: ExchangeClock?
  private(set) var clockOffset = ClockOffset()
  private(set) var clockNeed: Need
  private(set) var instrumentsNeed: Need
  private(set) var pairsNeed: Need
  /// The rules as last read.
  private(set) var instruments: [Symbol: InstrumentReading] = [:]
  private(set) var readings = VenueReadings()
  private var named = NamedSymbols()
  private var unreadable = UnreadableSymbols()
  /// When rules were last read, or a refused signal last asked for something.
  private var lastReading: MonotonicTime?
  /// The pairs that the key may trade; `nil` where no key limits anything.
  private(set) var tradableSymbols: Set<Symbol>?
  /// `nil` allows every symbol.
  private var allowed: [Symbol]?
  private let traits: VenueTraits

  /// The exchange's clock is read again this often; a crystal drifts well under 1 ms in that time.
  private static let clockRefresh: Duration = .seconds(60)
  private static let clockConfirmation: Duration = .seconds(1)
  /// Rules change rarely; this bounds how long a change stays unseen.
  private static let instrumentRefresh: Duration = .seconds(15 * 60)
  /// Between two readings that refused signals ask for: they use a sixth of the published limit.
  private static let readAgainPause: Duration = .seconds(5)

  init(allowed: [Symbol]?, _ traits: VenueTraits, at now: MonotonicTime) {
    clockNeed = Need(due: now)
    instrumentsNeed = Need(due: now)
    pairsNeed = Need(due: now)
    self.allowed = allowed
    self.traits = traits
    if !traits.limitsPairs { pairsNeed.met(refreshAt: now) }
    if allowed == nil { instrumentsNeed.met(refreshAt: now) }
  }

  /// Begins with what an earlier run read, while it is young enough. Everything is asked for at once
  /// all the same.
  mutating func restore(_ facts: VenueFacts, at now: Moment) {
    var facts = facts.usable(at: now)
    facts.rules.removeAll {
      $0.instrument.venue != traits.name || allowed?.contains($0.instrument.symbol) == false
    }
    if !traits.limitsPairs { facts.pairs = nil }
    for rules in facts.rules {
      instruments[rules.instrument.symbol] = .listed(rules.instrument)
    }
    if allowed == nil { named.restart(with: facts.rules.map(\.instrument.symbol)) }
    instrumentsNeed.isMet = hasWantedRules
    if let pairs = facts.pairs {
      tradableSymbols = pairs.symbols
      pairsNeed.isMet = true
    }
    if let kept = facts.clock, kept.error <= traits.tolerableClockError {
      clock = ExchangeClock(kept)
      clockNeed.isMet = true
      readings.restoredClock(kept, at: now)
    }
    readings.restored(facts)
  }

  /// What the next start can begin with.
  var facts: VenueFacts { readings.facts(instruments, pairs: tradableSymbols, clock) }

  /// Whether everything is known that an order needs.
  var isReady: Bool {
    clock != nil && clockNeed.isMet && instrumentsNeed.isMet && pairsNeed.isMet
  }

  /// `nil` also while it is to be read anew because it was found wrong.
  var trustedClock: ExchangeClock? { clockNeed.isMet ? clock : nil }

  var clockReadAt: MonotonicTime? { clock?.reading.readAt }

  /// What the exchange answered where something is not known that an order needs; `nil` where it could not
  /// be asked.
  var unhelpfulAnswer: String? {
    let failures = [clockNeed, instrumentsNeed, pairsNeed].lazy
      .filter { !$0.isMet }.compactMap(\.lastFailure)
    return failures.first(where: \.isAnswer)?.reason
  }

  /// New symbols need their rules; known ones keep theirs, and trading goes on meanwhile.
  mutating func allow(_ symbols: [Symbol]?, at now: MonotonicTime) {
    // What was read for the list grows old as well.
    if symbols == nil && allowed != nil { named.restart(with: instruments.keys.sorted()) }
    allowed = symbols
    if let symbols { unreadable.keepOnly(symbols) }
    instrumentsNeed.makeDue(at: now)
    instrumentsNeed.isMet = instrumentsNeed.isMet || hasWantedRules
  }

  // MARK: Asking

  mutating func drive(_ scheduler: inout RequestScheduler, _ reaction: inout Reaction) {
    if clockNeed.isDue(&reaction) {
      clockNeed.asked()
      let isDoubted = clock != nil && !clockNeed.isMet
      scheduler.add(.serverTime, for: .clock, as: isDoubted ? .clockElsewhere : .clock)
    }
    // Where the firewall refuses the list of all, it may let one of the new ones alone pass.
    let isForNewOnes = named.isWaiting && instrumentsNeed.isBlockedAlone
    if !(allowed ?? named.all).isEmpty, instrumentsNeed.isDue(&reaction), !isForNewOnes {
      forgetUnlisted()
      let all = named.takeAll()
      let symbols = allowed ?? all
      if !symbols.isEmpty {
        instrumentsNeed.asked()
        scheduler.add(.instruments(symbols), for: .instruments(symbols))
      }
    }
    askForNewSymbols(&scheduler, &reaction)
    askForUnreadable(&scheduler, &reaction)
    if traits.limitsPairs, pairsNeed.isDue(&reaction) {
      pairsNeed.asked()
      scheduler.add(.tradableSymbols, for: .tradableSymbols)
    }
  }

  /// Has the rules of one more symbol asked for, where every symbol is allowed; a list is asked for anyway.
  mutating func name(_ symbol: Symbol) {
    if allowed == nil { named.add(symbol) }
  }

  /// The same at once.
  mutating func ask(
    _ symbol: Symbol, _ scheduler: inout RequestScheduler, _ reaction: inout Reaction
  ) {
    name(symbol)
    askForNewSymbols(&scheduler, &reaction)
  }

  private mutating func askForNewSymbols(
    _ scheduler: inout RequestScheduler, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    // The answer that is out comes back here.
    guard named.isWaiting, mayAskForRules(scheduler, at: now) else { return }
    let next = named.nextReading(at: now)
    guard next <= now else { return reaction.wake(at: next) }
    let symbols = named.takeNext(at: now)
    // The reading of all that is due is these alone, or stands back for them: it counts as made.
    if instrumentsNeed.due <= now { instrumentsNeed.asked() }
    scheduler.add(.instruments(symbols), for: .instruments(symbols))
  }

  private mutating func askForUnreadable(
    _ scheduler: inout RequestScheduler, _ reaction: inout Reaction
  ) {
    guard !unreadable.isEmpty, mayAskForRules(scheduler, at: reaction.now.monotonic) else { return }
    let symbols = unreadable.takeDue(&reaction)
    if !symbols.isEmpty { scheduler.add(.instruments(symbols), for: .instruments(symbols)) }
  }

  /// Names that signals made up are asked for again when another signal names them.
  private mutating func forgetUnlisted() {
    let gone = named.all.filter { instruments[$0] == .notListed }
    named.forget(gone)
    for symbol in gone { instruments[symbol] = nil }
    readings.forgetRules(
      where: { [instruments] in instruments[$0] == nil },
      unwanted: { [allowed] in allowed?.contains($0) == false })
  }

  /// A signal was refused by what was read of its symbol: a market may have opened since, the key may
  /// have been given the pair, and the exchange may have put a rule right.
  mutating func readAgain(
    _ symbol: Symbol, _ scheduler: inout RequestScheduler, at now: MonotonicTime
  ) {
    let isRestricted = instruments[symbol]?.isRestrictive == true
    let isForbidden = tradableSymbols?.contains(symbol) == false
    guard isRestricted || isForbidden, !Self.isAskingForRules(scheduler),
      lastReading.map({ now.since($0) >= Self.readAgainPause }) ?? true
    else { return }
    lastReading = now
    if isRestricted, !instrumentsNeed.isBlocked(at: now) {
      scheduler.add(.instruments([symbol]), for: .instruments([symbol]))
    }
    if isForbidden { pairsNeed.makeDue(at: now) }
  }

  /// The exchange's clock moved away from what we thought: no order leaves before it is read again.
  mutating func distrustClock(at now: MonotonicTime) {
    clockNeed.isMet = false
    clockNeed.makeDue(at: now)
  }

  /// A reading shows another time than the clock foretold: which of them is right another reading tells.
  mutating func doubtClock(for reading: ExchangeClock, _ reaction: inout Reaction) {
    distrustClock(at: reaction.now.monotonic)
    if let clock { clockOffset.tellDoubt(for: reading, unlike: clock, &reaction) }
  }

  /// It costs least to ask for, and shows whether the exchange answers at all.
  mutating func askClock(at now: MonotonicTime) { clockNeed.makeDue(at: now) }

  private func mayAskForRules(_ scheduler: RequestScheduler, at now: MonotonicTime) -> Bool {
    !Self.isAskingForRules(scheduler) && !instrumentsNeed.isBlocked(at: now)
  }

  private static func isAskingForRules(_ scheduler: RequestScheduler) -> Bool {
    scheduler.isAsking { if case .instruments = $0 { true } else { false } }
  }

  // MARK: The clock

  /// Whether the clock is known from now on, and this run had not read it before.
  mutating func takeClock(
    _ answer: Result<WallTime, ExchangeFailure>, sentAt: Moment, _ reaction: inout Reaction
  ) -> Bool {
    let now = reaction.now
    let time: WallTime
    switch answer {
    case .success(let reading): time = reading
    case .failure(let failure):
      let basis = clockNeed.isMet ? Self.lastReading : nil
      failed(\.clockNeed, failure, Self.clockName, goingOn: basis, &reaction)
      return false
    }
    let reading = ExchangeClock(reading: time, sentAt: sentAt.monotonic, receivedAt: now.monotonic)
    guard reading.error <= traits.tolerableClockError else {
      clockNeed.failed(reading.vagueness, at: now.monotonic)
      // Each reading is vague by another time.
      let isNews = clockNeed.isNews("too vague", at: now.monotonic)
      reaction.log(
        isNews ? .warning : .debug,
        "the exchange's clock could not be read closely enough; reading again",
        [("error_ms", String(reading.error.wholeMilliseconds))])
      return false
    }
    if let trustedClock, reading.isApart(from: trustedClock, at: now.monotonic) {
      // One of the exchange's servers may be wrong: what another reading says counts.
      clockNeed.askAgain(at: now.monotonic)
      doubtClock(for: reading, &reaction)
      return false
    }
    let isFirst = clock == nil || readings.clockIsRestored
    clock = reading
    readings.readClock(at: now)
    let isBelieved = clockOffset.judge(reading, &reaction)
    let interval = isBelieved ? Self.clockRefresh : Self.clockConfirmation
    clockNeed.met(for: interval, Self.clockName, &reaction)
    return isFirst
  }

  // MARK: The rules

  mutating func takeInstruments(
    _ symbols: [Symbol], _ answer: Result<InstrumentList, ExchangeFailure>,
    _ scheduler: inout RequestScheduler, _ reaction: inout Reaction
  ) {
    switch answer {
    case .success(let list):
      lastReading = reaction.now.monotonic
      // Another venue's rules are none.
      let listed = list.listed.filter { $0.venue == traits.name }
      for symbol in symbols {
        keep(InstrumentReading(of: symbol, listed, list.unreadable), of: symbol, &reaction)
      }
    case .failure(.refused(let error)) where error.action.isAboutSymbol:
      guard symbols.count == 1, let symbol = symbols.first else {
        // One bad name spoils the whole list: it is in one of the halves.
        let half = symbols.count / 2
        for part in [Array(symbols[..<half]), Array(symbols[half...])] {
          scheduler.add(.instruments(part), for: .instruments(part))
        }
        return
      }
      instruments[symbol] = .notListed
      unreadable.remove(symbol)
      lastReading = reaction.now.monotonic
      readings.readRules(of: symbol, at: reaction.now.wall)
      reaction.log(
        .warning, "the exchange does not list the symbol",
        [("symbol", symbol.text), ("exchange_code", String(error.code))])
    case .failure(let failure):
      // Where every symbol is allowed, no rules at all may be known.
      let isKept = instrumentsNeed.isMet && instruments.values.contains(where: \.isListed)
      failed(
        \.instrumentsNeed, failure, Self.rulesName, goingOn: isKept ? Self.lastReading : nil,
        isDoneWithout: isKept, &reaction)
      let new = symbols.filter { instruments[$0] == nil }
      if instrumentsNeed.isBlocked(at: reaction.now.monotonic) { named.putBack(new, from: symbols) }
      return
    }
    if (allowed ?? named.asked).allSatisfy({ instruments[$0] != nil }) {
      instrumentsNeed.met(for: Self.instrumentRefresh, Self.rulesName, &reaction)
    } else if !Self.isAskingForRules(scheduler) {
      instrumentsNeed.metInPart(at: reaction.now.monotonic)
    }
  }

  private mutating func keep(
    _ reading: InstrumentReading, of symbol: Symbol, _ reaction: inout Reaction
  ) {
    readings.readRules(of: symbol, at: reaction.now.wall)
    let before = instruments.updateValue(reading, forKey: symbol)
    if reading.isUnreadable && allowed?.contains(symbol) != false {
      unreadable.add(symbol, at: reaction.now.monotonic)
    } else {
      unreadable.remove(symbol)
    }
    reading.tell(
      of: symbol, isWanted: allowed?.contains(symbol) == true, unlike: before, &reaction)
  }

  /// Where every symbol is allowed, an order waits for the rules of its own alone.
  private var hasWantedRules: Bool {
    allowed.map { $0.allSatisfy { instruments[$0] != nil } } ?? true
  }

  /// `nil` while the rules are not known yet. Throws: a denial when the symbol cannot be traded.
  func rules(of symbol: Symbol) throws(Denial) -> Instrument? {
    guard let reading = instruments[symbol], !isOutdatedRefusal(of: symbol) else { return nil }
    let rules = try reading.rules(of: symbol)
    if let tradableSymbols, !tradableSymbols.contains(symbol) {
      throw Denial(
        .symbolNotTradable, "\(symbol) is not among the pairs that this API key may trade")
    }
    return rules
  }

  /// Whether nobody can say yet whether the symbol can be traded.
  func lacksRules(of symbol: Symbol) -> Bool {
    instruments.index(forKey: symbol) == nil || isOutdatedRefusal(of: symbol)
  }

  /// Whether only what an earlier run read refuses the symbol: the answer that is to come decides.
  private func isOutdatedRefusal(of symbol: Symbol) -> Bool {
    if readings.isRestored(symbol), instruments[symbol]?.isRestrictive == true { return true }
    return readings.pairsAreRestored && tradableSymbols?.contains(symbol) == false
  }

  // MARK: The key's pairs

  /// Another key may trade other pairs: those of the former one refuse nothing any more.
  mutating func keyChanged(at now: MonotonicTime) {
    readings.distrustPairs()
    pairsNeed.outdate(at: now)
  }

  mutating func takeTradableSymbols(
    _ answer: Result<[Symbol], ExchangeFailure>, _ reaction: inout Reaction
  ) {
    if pairsNeed.isAnswerOutdated(at: reaction.now.monotonic) { return }
    switch answer {
    case .success(let symbols):
      tradableSymbols = Set(symbols)
      readings.readPairs(at: reaction.now.wall)
      pairsNeed.met(for: Self.instrumentRefresh, Self.pairsName, &reaction)
    case .failure(let failure):
      let basis = tradableSymbols == nil ? "without" : Self.lastReading
      failed(
        \.pairsNeed, failure, Self.pairsName, goingOn: pairsNeed.isMet ? basis : nil,
        isDoneWithout: true, &reaction)
      goWithoutPairs(failure, &reaction)
    }
  }

  /// The list only spares a refusal by the exchange. Where it answers, but not with the list, trading
  /// goes on without it; a key that it does not accept at all is another matter.
  private mutating func goWithoutPairs(_ failure: ExchangeFailure, _ reaction: inout Reaction) {
    guard !pairsNeed.isMet || readings.pairsAreRestored,
      pairsNeed.isRefused(failure, clockReadAt: clockReadAt)
    else { return }
    reaction.log(
      .warning, "the exchange does not say which pairs the key may trade; going on without")
    tradableSymbols = nil
    readings.readPairs(at: nil)
    pairsNeed.doWithout(until: reaction.now.monotonic.advanced(by: Self.instrumentRefresh))
  }

  // MARK: Failures, and their end

  private static let clockName = "the exchange's clock"
  private static let rulesName = "the symbols' rules from the exchange"
  private static let pairsName = "the pairs that the API key may trade from the exchange"
  private static let lastReading = "with the last reading"

  private mutating func failed(
    _ need: WritableKeyPath<VenueState, Need>, _ failure: ExchangeFailure, _ what: String,
    goingOn basis: String?, isDoneWithout: Bool = false, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    let told = Need.Failure(failure)
    let readAt = isDoneWithout ? clockReadAt : nil
    self[keyPath: need].failed(told, clockReadAt: readAt, at: now)
    if case .refused(let error) = failure, error.action == .clock { distrustClock(at: now) }
    self[keyPath: need].tell(told, of: what, goingOn: basis, &reaction)
  }
}
