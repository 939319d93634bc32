import Domain

/// Intake: what becomes of a signal when it arrives.
extension Engine {
  /// A signal may be stamped so far ahead of this machine's clock before it counts as a mistake.
  private static let tolerableLead: Duration = .seconds(60)

  mutating func receive(_ arrival: SignalArrival, _ known: KnownSignal?) {
    if let known { return recognise(arrival, known) }
    if let live = orders[OrderKey(signal: arrival.signal.id)] { return recognise(arrival, live) }
    let expiresAt: WallTime
    do throws(Denial) {
      expiresAt = try expiry(of: arrival)
    } catch {
      return refuseUnread(arrival, error)
    }
    var verdict: Denial?
    do throws(Denial) {
      try admit(arrival.signal, expiresAt: expiresAt)
    } catch {
      if error.leavesIDFree { readInstrumentAgain(arrival.signal.symbol) }
      guard careful != nil, error.isOfTheMoment else {
        return error.leavesIDFree
          ? refuseUnread(arrival, error) : refuse(arrival, expiresAt, error)
      }
      // An earlier run may have judged it otherwise: first it is looked for.
      verdict = error
    }
    accept(arrival, expiresAt, verdict)
  }

  /// Throws when the signal's beginning cannot be believed, or is missing and wanted.
  private func expiry(of arrival: SignalArrival) throws(Denial) -> WallTime {
    let created = arrival.signal.createdAt
    if let created, created.since(now.wall) > Self.tolerableLead {
      throw Denial(
        .invalidField, "created_at lies in the future; compare the clocks of both machines")
    }
    if created == nil && configuration.requiresCreatedAt {
      throw Denial(.invalidField, "created_at is missing, and intake.require_created_at wants it")
    }
    switch arrival.signal.expiry {
    case .at(let time): return time
    case .timeToLive(let duration): return beginning(of: arrival).advanced(by: duration)
    case .unstated: return beginning(of: arrival).advanced(by: configuration.defaultTimeToLive)
    }
  }

  /// When the signal's life began. A file's change that lies in the future, because the clock was set
  /// back since, tells no age.
  private func beginning(of arrival: SignalArrival) -> WallTime {
    arrival.signal.createdAt ?? min(arrival.arrivedAt, now.wall)
  }

  /// Everything that can be judged without asking the exchange anything.
  private mutating func admit(_ signal: Signal, expiresAt: WallTime) throws(Denial) {
    if now.wall >= expiresAt {
      let age = now.wall.since(expiresAt).inWords
      throw Denial(.expired, "it expired \(age) before it arrived")
    }
    try checkHalted(signal.symbol)
    try checkAllowed(signal.symbol)
    var quote = Self.statedQuote(of: signal)
    if let rules = try rules(of: signal.symbol) {
      let ticket = try InstrumentRules.ticket(
        for: signal, as: Self.anyClientOrderID, under: rules)
      quote = InstrumentRules.notional(of: ticket, at: nil, rounding: .up)
    }
    try risk.check(quote: quote, openOrders: orders.count, at: now.monotonic)
    try checkTurn(of: signal, expiresAt: expiresAt)
  }

  /// The rules of a symbol are known without knowing the order's name.
  private static let anyClientOrderID: ClientOrderID = {
    guard let id = ClientOrderID("-") else { fatalError("'-' is a client order ID") }
    return id
  }()

  /// The notional as far as the signal alone tells it, rounded up.
  private static func statedQuote(of signal: Signal) -> FixedDecimal? {
    switch signal.amount {
    case .quote(let amount): amount
    case .base(let quantity):
      signal.price.flatMap { quantity.multiplied(by: $0, rounding: .up) }
    }
  }

  func checkHalted(_ symbol: Symbol) throws(Denial) {
    if let halt {
      throw Denial(.halted, "trading is halted: \(halt.reason); 'mexc-signalctl resume' resumes it")
    }
    try checkUnreadable(symbol)
    let scope = configuration.risk.pauseOnNotFound
    if scope == .none || orders.count(.missing) == 0 { return }
    for key in orders.keys(.missing) {
      guard let order = orders[key]?.order, !order.closedByOperator else { continue }
      if scope == .all || order.ticket.symbol == symbol {
        throw Denial(
          .halted,
          "\(order.ticket.symbol) is paused: the order of signal \(key.signal) was sent and never "
            + "seen at the exchange; look there, then 'mexc-signalctl resolve \(key.signal)'")
      }
    }
  }

  func checkAllowed(_ symbol: Symbol) throws(Denial) {
    if let allowed = configuration.risk.symbols, !allowed.contains(symbol) {
      throw Denial(.symbolNotAllowed, "\(symbol) is not in risk.symbols")
    }
  }

  /// `nil` while the rules are not known yet.
  func rules(of symbol: Symbol) throws(Denial) -> Instrument? {
    guard let reading = instruments[symbol] else { return nil }
    let rules = try reading.rules(of: symbol)
    if let tradableSymbols, !tradableSymbols.contains(symbol) {
      throw Denial(
        .symbolNotTradable, "\(symbol) is not among the pairs that this API key may trade")
    }
    return rules
  }

  /// Refuses at once what could leave only after it has expired.
  private mutating func checkTurn(of signal: Signal, expiresAt: WallTime) throws(Denial) {
    let ahead = orders.count(.waiting)
    let ticket = OrderTicket(
      clientOrderID: Self.anyClientOrderID, symbol: signal.symbol, side: signal.side,
      type: signal.type, amount: signal.amount, price: signal.price)
    let turn = limiter.turnOfPlacement(
      configuration.cost(placement(of: ticket)), ahead: ahead, at: now.monotonic)
    let wait = turn.since(now.monotonic)
    guard now.wall.advanced(by: wait) >= expiresAt else { return }
    let cause = ban.map { "the exchange demands silence (\($0.reason))" } ?? "\(ahead) orders wait"
    throw Denial(
      .rateLimited,
      "\(cause); its turn comes in \(wait.inWords), after it has expired")
  }

  private mutating func recognise(_ arrival: SignalArrival, _ known: KnownSignal) {
    guard known.record.contentDigest == arrival.contentDigest else {
      return refuseConflict(arrival)
    }
    repeated(
      arrival, state: known.status?.rawValue ?? known.record.decision.rawValue,
      as: known.record.clientOrderID)
  }

  /// A copy of a signal whose first one is not committed yet, so that the store cannot know it.
  private mutating func recognise(_ arrival: SignalArrival, _ live: LiveOrder) {
    guard live.signal == arrival.signal else { return refuseConflict(arrival) }
    repeated(
      arrival, state: live.order.status.rawValue, as: live.order.ticket.clientOrderID)
  }

  private mutating func refuseConflict(_ arrival: SignalArrival) {
    let id = arrival.signal.id
    log(
      .error, "a signal came with an id that is taken by another content; it was refused",
      [
        ("signal_id", id.text), ("code", "conflicting_duplicate"),
        ("advice", "give every new signal a new id"),
      ])
    record("signal_conflict", ["origin": .string(arrival.origin.text)], on: .signal(id))
    effects.append(
      .answer(
        arrival.receipt,
        SignalAnswer(
          id: id.text, status: .rejected, code: .conflictingDuplicate,
          message: "the id was taken before by a signal with other content")))
  }

  private mutating func repeated(
    _ arrival: SignalArrival, state: String, as clientOrderID: ClientOrderID
  ) {
    let id = arrival.signal.id
    log(
      .info, "a signal came again; nothing is done twice",
      [("signal_id", id.text), ("code", "duplicate"), ("state", state)])
    effects.append(
      .answer(
        arrival.receipt,
        SignalAnswer(
          id: id.text, status: .duplicate, code: .duplicate,
          message: "taken before; it is \(state)", clientOrderID: clientOrderID)))
  }

  /// Refuses what is no signal, or cannot be judged now: its id stays free.
  private mutating func refuseUnread(_ arrival: SignalArrival, _ denial: Denial) {
    log(
      .notice, "refused: \(denial.message)",
      [("signal_id", arrival.signal.id.text), ("code", denial.code.rawValue)])
    effects.append(
      .answer(
        arrival.receipt,
        SignalAnswer(
          id: arrival.signal.id.text, status: .rejected, code: denial.code,
          message: denial.message)))
  }

  private mutating func refuse(_ arrival: SignalArrival, _ expiresAt: WallTime, _ denial: Denial) {
    let id = arrival.signal.id
    write(.insertSignal(signalRecord(arrival, expiresAt, denial.code, denial.message)))
    record("signal_received", received(arrival, expiresAt), on: .signal(id))
    record(
      "signal_denied",
      ["code": .string(denial.code.rawValue), "message": .string(denial.message)], on: .signal(id))
    log(
      .notice, "denied: \(denial.message)",
      [
        ("signal_id", id.text), ("client_order_id", arrival.clientOrderID.text),
        ("symbol", arrival.signal.symbol.text), ("code", denial.code.rawValue),
      ])
    effects.append(
      .answer(
        arrival.receipt,
        SignalAnswer(
          id: id.text, status: .rejected, code: denial.code, message: denial.message)))
  }

  private mutating func accept(
    _ arrival: SignalArrival, _ expiresAt: WallTime, _ verdict: Denial?
  ) {
    let signal = arrival.signal
    let key = OrderKey(signal: signal.id)
    let ticket = OrderTicket(
      clientOrderID: arrival.clientOrderID, symbol: signal.symbol, side: signal.side,
      type: signal.type, amount: signal.amount, price: signal.price)
    let quote = Self.statedQuote(of: signal)
    let order = Order(key: key, ticket: ticket, reservedQuote: quote, at: now.wall)
    var live = LiveOrder(
      number: nextOrderNumber(), signal: signal, expiresAt: expiresAt,
      expiresMonotonic: now.monotonic.advanced(by: expiresAt.since(now.wall)), order: order)
    live.search = lookBeforeLeaving()
    live.verdict = verdict
    orders[key] = live
    risk.reserve(quote, for: key, at: now.monotonic)

    write(.insertSignal(signalRecord(arrival, expiresAt, .accepted, "")))
    record("signal_received", received(arrival, expiresAt), on: .signal(signal.id))
    let created = OrderEvent.created(ticket, reservedQuote: quote)
    record(created.kind, created.detail, on: .order(key))
    write(.putOrder(order))
    log(
      .info, "accepted", order,
      [("side", signal.side.rawValue), ("type", signal.type.rawValue)] + signal.freeText)
    effects.append(
      .answer(
        arrival.receipt,
        SignalAnswer(
          id: signal.id.text, status: .accepted, code: .accepted,
          message: DecisionCode.accepted.meaning, clientOrderID: arrival.clientOrderID)))
  }

  private func signalRecord(
    _ arrival: SignalArrival, _ expiresAt: WallTime, _ code: DecisionCode, _ message: String
  ) -> SignalRecord {
    let signal = arrival.signal
    return SignalRecord(
      signalID: signal.id, symbol: signal.symbol, side: signal.side, type: signal.type,
      contentDigest: arrival.contentDigest, raw: arrival.raw, origin: arrival.origin,
      receivedAt: now.wall, expiresAt: expiresAt, clientOrderID: arrival.clientOrderID,
      decision: code, message: message, decidedAt: now.wall)
  }

  private func received(_ arrival: SignalArrival, _ expiresAt: WallTime) -> JSONValue {
    [
      "origin": .string(arrival.origin.text),
      "arrived_at": .integer(arrival.arrivedAt.milliseconds),
      "expires_at": .integer(expiresAt.milliseconds),
      "signal": .string(arrival.signal.canonicalText),
    ]
  }
}

extension SignalOrigin {
  /// For the history and the journal.
  package var text: String {
    switch self {
    case .file(let name): "file " + String(decoding: name, as: UTF8.self)
    case .socket(let peer): "socket " + peer
    }
  }
}

extension Signal {
  fileprivate var freeText: [(String, String)] {
    [("source", source), ("note", note)].compactMap { key, text in text.map { (key, $0) } }
  }
}
