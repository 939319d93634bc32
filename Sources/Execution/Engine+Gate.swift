import Domain

/// The start gate, and the facts that are refreshed for as long as the daemon runs.
extension Engine {
  package var isTradingOpen: Bool { gate.isOpen && clock != nil }

  mutating func driveGate() {
    if isDue(gate.clock) {
      gate.clock.outstanding = true
      queue.add(.serverTime, for: .clock)
    }
    driveInstruments()
    if configuration.mode != .paper, isDue(gate.tradableSymbols) {
      gate.tradableSymbols.outstanding = true
      queue.add(.tradableSymbols, for: .tradableSymbols)
    }
    if isTradingOpen != gateWasOpen {
      gateWasOpen = isTradingOpen
      log(.info, gateWasOpen ? "trading is open" : "trading waits for the exchange's clock")
    }
  }

  private mutating func isDue(_ need: StartGate.Need) -> Bool {
    if need.outstanding { return false }
    if need.due > now.monotonic {
      wake(at: need.due)
      return false
    }
    return true
  }

  private mutating func driveInstruments() {
    let symbols = configuration.risk.symbols ?? askedInstruments
    guard !symbols.isEmpty, isDue(gate.instruments) else { return }
    gate.instruments.outstanding = true
    queue.add(.instruments(symbols), for: .instruments(symbols))
  }

  /// Asks for the rules of one more symbol, where every symbol is allowed.
  mutating func askInstrument(_ symbol: Symbol) {
    if askedInstruments.contains(symbol) { return }
    askedInstruments.append(symbol)
    gate.instruments.outstanding = true
    queue.add(.instruments([symbol]), for: .instruments([symbol]))
  }

  mutating func takeClock(_ answer: ExchangeAnswer, sentAt: Moment) {
    guard case .serverTime(let time) = answer else {
      return needFailed(\.clock, answer, "its clock")
    }
    let reading = ExchangeClock(
      reading: time, sentAt: sentAt.monotonic, receivedAt: now.monotonic)
    guard reading.error <= ExchangeClock.tolerableError else {
      log(
        .warning, "the exchange's clock could not be read closely enough; reading again",
        [("error_ms", String(reading.error.wholeMilliseconds))])
      let error = reading.error.wholeMilliseconds
      return gate.clock.failed(
        .init(
          reason: "its clock could not be read closely enough: ± \(error) ms",
          advice: "check the network's delay to the exchange; it is read again"),
        at: now.monotonic)
    }
    if clock == nil { tellOffset(reading) }
    clock = reading
    gate.clock.met(refreshAt: now.monotonic.advanced(by: StartGate.clockRefresh))
  }

  /// Every kept clock is closer.
  private static let notableOffset: Int64 = 1_000

  private mutating func tellOffset(_ reading: ExchangeClock) {
    let offset = reading.offsetMilliseconds(at: now)
    guard abs(offset) > Self.notableOffset else { return }
    log(
      .warning,
      "this machine's clock is \(abs(offset)) ms \(offset > 0 ? "behind" : "ahead of") the "
        + "exchange's; orders carry the exchange's time, and signals expire by this one",
      [
        ("offset_ms", String(offset)),
        (
          "advice",
          "let chrony or systemd-timesyncd keep the clock ('timedatectl set-ntp true'), and look "
            + "with 'timedatectl'"
        ),
      ])
  }

  /// The exchange's clock moved away from what we thought: no order leaves before it is read again.
  mutating func distrustClock() {
    gate.clock.isMet = false
    if !gate.clock.outstanding { gate.clock.due = now.monotonic }
  }

  mutating func takeInstruments(_ symbols: [Symbol], _ answer: ExchangeAnswer) {
    switch answer {
    case .instruments(let found, let unreadable):
      for symbol in symbols {
        keep(InstrumentReading(of: symbol, found, unreadable, at: now.monotonic), of: symbol)
      }
    case .failed(.refused(let error)) where error.action == .skip || error.action == .fix:
      guard let symbol = symbols.first else { return }
      guard symbols.count == 1 else {
        // One bad name spoils the whole list: ask for each alone.
        for symbol in symbols {
          queue.add(.instruments([symbol]), for: .instruments([symbol]))
        }
        return
      }
      instruments[symbol] = .notListed
      log(
        .warning, "the exchange does not list the symbol",
        [("symbol", symbol.text), ("exchange_code", String(error.code))])
    case .serverTime, .prices, .tradableSymbols, .placed, .validated, .order, .orderMissing,
      .orders, .trades, .cancelTaken, .failed:
      return needFailed(\.instruments, answer, "the symbols' rules")
    }
    if hasWantedRules {
      gate.instruments.met(refreshAt: now.monotonic.advanced(by: instrumentRefresh))
    } else if !isAskingForInstruments {
      gate.instruments.outstanding = false
      gate.instruments.due = now.monotonic
    }
  }

  private mutating func keep(_ reading: InstrumentReading, of symbol: Symbol) {
    let before = instruments.updateValue(reading, forKey: symbol)
    guard case .unreadable(let reason, _) = reading else { return }
    if case .unreadable(reason, _) = before { return }
    log(
      .warning, "a rule of the symbol cannot be read; its signals are refused, the others go on",
      [
        ("symbol", symbol.text), ("reason", reason),
        (
          "advice",
          "the rules are read again twice a minute, and after a refused signal; until they can be "
            + "read, trade this symbol by hand"
        ),
      ])
  }

  private var instrumentRefresh: Duration {
    instruments.values.contains(where: \.isUnreadable)
      ? StartGate.unreadableRefresh : StartGate.instrumentRefresh
  }

  /// Somebody waits for rules that could not be read: the exchange may have put them right.
  mutating func readInstrumentAgain(_ symbol: Symbol) {
    guard case .unreadable(_, let readAt) = instruments[symbol],
      now.monotonic.since(readAt) >= StartGate.unreadablePause, !isAskingForInstruments
    else { return }
    queue.add(.instruments([symbol]), for: .instruments([symbol]))
  }

  /// Where every symbol is allowed, the rules are asked for when they are needed.
  var hasWantedRules: Bool {
    configuration.risk.symbols.map { $0.allSatisfy { instruments[$0] != nil } } ?? true
  }

  private var isAskingForInstruments: Bool {
    let purposes = queue.items.map(\.purpose) + outstanding.values.map(\.purpose)
    return purposes.contains { if case .instruments = $0 { true } else { false } }
  }

  mutating func takeTradableSymbols(_ answer: ExchangeAnswer) {
    guard case .tradableSymbols(let symbols) = answer else {
      needFailed(\.tradableSymbols, answer, "the pairs that the API key may trade")
      return goWithoutTradableSymbols(answer)
    }
    tradableSymbols = Set(symbols)
    gate.tradableSymbols.met(refreshAt: now.monotonic.advanced(by: StartGate.instrumentRefresh))
  }

  /// The list only spares a refusal by the exchange. Where it answers, but not with the list, trading
  /// goes on without it; a key that it does not accept at all is another matter.
  private mutating func goWithoutTradableSymbols(_ answer: ExchangeAnswer) {
    guard !gate.tradableSymbols.isMet, gate.tradableSymbols.failures >= Self.triesForTheList
    else { return }
    switch answer {
    case .failed(.refused(let error)) where error.action == .halt || error.action == .clock: return
    case .failed(.refused), .failed(.unreadable):
      log(.warning, "the exchange does not say which pairs the key may trade; going on without")
      gate.tradableSymbols.met(refreshAt: now.monotonic.advanced(by: StartGate.instrumentRefresh))
    case .serverTime, .instruments, .prices, .tradableSymbols, .placed, .validated, .order,
      .orderMissing, .orders, .trades, .cancelTaken, .failed:
      return
    }
  }

  private static let triesForTheList = 3

  private mutating func needFailed(
    _ need: WritableKeyPath<StartGate, StartGate.Need>, _ answer: ExchangeAnswer, _ what: String
  ) {
    let wasMet = gate[keyPath: need].isMet
    let failure = StartGate.Need.Failure(answer)
    gate[keyPath: need].failed(failure, at: now.monotonic)
    var isKeyError = false
    if case .failed(.refused(let error)) = answer {
      if error.action == .clock { distrustClock() }
      isKeyError = error.action == .halt
    }
    let reason = failure.reason
    let isNews = gate[keyPath: need].isNews(reason, at: now.monotonic)
    log(
      isNews ? (isKeyError ? .error : .warning) : .debug,
      "could not read \(what) from the exchange; "
        + (wasMet ? "going on with the last reading" : "no order leaves before it is read"),
      [("reason", reason), ("advice", failure.advice)])
  }
}

extension StartGate.Need.Failure {
  init(_ answer: ExchangeAnswer) {
    reason = answer.failureText
    switch answer {
    case .failed(.refused(let error)), .orderMissing(let error): advice = error.advice
    case .failed(.notSent), .failed(.noAnswer):
      advice = "check the way to the exchange, and the address in exchange.rest_url"
    case .failed(.blocked):
      advice = "check whether the exchange serves this machine's address and country"
    case .failed(.throttled):
      advice = "look for other programs that use the exchange from this address"
    case .failed(.unreadable), .serverTime, .instruments, .prices, .tradableSymbols, .placed,
      .validated, .order, .orders, .trades, .cancelTaken:
      advice = "check that exchange.rest_url is the exchange's; it is asked again"
    }
  }
}

extension ExchangeAnswer {
  /// In words, for the journal and the history.
  var failureText: String {
    switch self {
    case .failed(let failure): failure.text
    case .orderMissing(let error): "\(error.code) \(error.text)"
    case .serverTime, .instruments, .prices, .tradableSymbols, .placed, .validated, .order,
      .orders, .trades, .cancelTaken:
      "an answer of another kind"
    }
  }
}

extension ExchangeFailure {
  /// What a placement that failed so leaves open.
  var unknownOutcome: UnknownOutcome {
    switch self {
    case .notSent, .noAnswer, .unreadable: .answerLost
    case .throttled: .throttled
    case .blocked: .blocked
    case .refused(let error): .refused(code: error.code)
    }
  }

  package var text: String {
    switch self {
    case .notSent(let reason): "not sent: \(reason)"
    case .noAnswer(let reason): "no answer: \(reason)"
    case .unreadable(let reason): "unreadable answer: \(reason)"
    case .throttled(let notice): "throttled: \(notice.text)"
    case .blocked(let reason): "blocked by the exchange's firewall: \(reason)"
    case .refused(let error): "code \(error.code): \(error.text)"
    }
  }
}
