import Domain

/// Why an order that is accepted has not left yet.
enum WaitReason {
  /// It may be at the exchange already; with the reason of the last look where that told nothing.
  case lookedFor(String?)
  case tradingNotOpen(Gate)
  case backOff(BanRecord)
  case rules
  /// The last look-up for prices was answered, and told none.
  case noPriceTold(String)
  /// Its price comes by the stream alone, and none is young enough.
  case priceNotPushed
  /// With the reason of a look-up that was not answered.
  case price(String?)
  /// Orders before it failed.
  case breaker(String)
  /// The last try did not leave, for this reason.
  case lastTry(String)
  case turn

  /// What keeps trading closed.
  enum Gate {
    /// The exchange could not be asked since the start; with what it answered where it did, and that told
    /// nothing.
    case exchange(answer: String?)
    /// It refused the time of a request.
    case clock
    /// The present key was not judged yet.
    case key
    /// What is to be asked first waits for its turn.
    case rateLimits
    case earlierOrders

    init(_ parts: EngineParts, at now: MonotonicTime) {
      let venue = parts.venue
      if venue.isReady && parts.key.isJudged {
        self = .earlierOrders
      } else if venue.isReady {
        let turn = parts.scheduler.turnWithinLimits(where: { $0 == .keyInformation }, at: now)
        self = turn == nil ? .key : .rateLimits
      } else {
        let answer = venue.unhelpfulAnswer
        let turn = parts.scheduler.turnWithinLimits(
          where: { Self.isAwaited($0, venue) }, at: now)
        let lacksFacts =
          venue.clock == nil || !venue.instrumentsNeed.isMet || !venue.pairsNeed.isMet
        if answer == nil && turn != nil {
          self = .rateLimits
        } else {
          self = lacksFacts ? .exchange(answer: answer) : .clock
        }
      }
    }

    /// What is known is also asked for again while it keeps nothing back.
    private static func isAwaited(_ purpose: Purpose, _ venue: VenueState) -> Bool {
      switch purpose {
      case .clock: venue.clock == nil || !venue.clockNeed.isMet
      case .instruments: !venue.instrumentsNeed.isMet
      case .tradableSymbols: !venue.pairsNeed.isMet
      case .keepAlive, .keyInformation, .prices, .place, .poll, .pollMany, .pollOpen, .pollFills,
        .search, .cancel, .verify, .accountStream:
        false
      }
    }

    /// Behind "it waits for".
    var words: String {
      switch self {
      case .exchange(nil): "the exchange, which could not be asked yet since the start"
      case .exchange(let answer?):
        "the exchange, which does not tell what an order needs (\(answer))"
      case .clock: "the exchange's clock, which is read anew"
      case .key: "what the exchange tells of the API key"
      case .rateLimits:
        "the rate limits: what this or an earlier run has used of them still counts"
      case .earlierOrders: "orders of an earlier run, which are still looked up"
      }
    }

    /// Behind "trading was not open: ".
    var cause: String {
      switch self {
      case .exchange(nil): "the exchange could not be asked"
      case .exchange(let answer?):
        "the exchange did not tell what an order needs (\(answer))"
      case .clock: "the exchange's clock was still read anew"
      case .key: "what the API key may do was not known yet"
      case .rateLimits:
        "what this or an earlier run had used of the rate limits still counted"
      case .earlierOrders: "orders of an earlier run were still looked up"
      }
    }
  }

  /// `hasPrice`: what is known of the price is enough for the order to leave.
  private init(
    of life: OrderLife, _ parts: EngineParts, hasPrice: Bool, at now: MonotonicTime
  ) {
    if !parts.isTradingOpen {
      self = .tradingNotOpen(Gate(parts, at: now))
    } else if let backOff = parts.scheduler.backOff {
      self = .backOff(backOff)
    } else if parts.venue.lacksRules(of: life.symbol) {
      self = .rules
    } else if !hasPrice {
      self = Self.noPrice(parts) ?? .price(parts.prices.failure)
    } else if parts.scheduler.breakers[.placements].isOpen {
      self = .breaker(parts.scheduler.breakers[.placements].reason)
    } else if life.waiting?.didNotLeave == true {
      self = .lastTry(life.order.reason)
    } else {
      self = .turn
    }
  }

  /// What keeps prices away; `nil` where nothing is known to.
  private static func noPrice(_ parts: EngineParts) -> WaitReason? {
    if let failure = parts.prices.toldFailure { return .noPriceTold(failure) }
    return !parts.prices.asksVenue && parts.isTradingOpen ? .priceNotPushed : nil
  }

  /// What it waits for now; `nil` when it does not wait to leave.
  static func present(
    of life: OrderLife, _ parts: EngineParts, at now: MonotonicTime
  ) -> WaitReason? {
    switch life.phase {
    // What was refused when it came does not leave, whatever the look shows.
    case .lookedFor(_, ifAbsent: .denied): return nil
    case .lookedFor: return .lookedFor(life.looks.last?.reason)
    case .waiting:
      let quote = OrderPlacing.freshPrice(of: life, parts, at: now)
      return WaitReason(of: life, parts, hasPrice: quote != nil, at: now)
    case .armed, .unknown, .working, .missing, .ended: return nil
    }
  }

  /// Why it is denied when it has expired: where it never had a price for want of one, whatever else it
  /// waited for.
  static func denial(
    of life: OrderLife, _ parts: EngineParts, at now: MonotonicTime
  ) -> Denial {
    let hasPrice = life.order.quote != nil
    if !hasPrice, !parts.venue.lacksRules(of: life.symbol), let reason = noPrice(parts) {
      return reason.denial
    }
    return WaitReason(of: life, parts, hasPrice: hasPrice, at: now).denial
  }

  /// Behind "it waits for".
  var words: String {
    switch self {
    case .lookedFor(let failure):
      "a look for it at the exchange, which may have an order of its name already"
        + (failure.map { "; the last one told nothing: \($0)" } ?? "")
    case .tradingNotOpen(let gate): gate.words
    case .backOff(let record):
      "the end of the back-off that the exchange demands (\(record.reason))"
    case .rules: "the symbol's rules"
    case .noPriceTold(let failure), .price(let failure?):
      "a current price; the last look-up failed: \(failure)"
    case .priceNotPushed:
      "a price young enough by the stream: none is pushed, and price.source is \"stream\""
    case .price(nil): "a current price"
    case .breaker(let reason): "the end of a pause, because orders before it failed (\(reason))"
    case .lastTry(let reason): "the next try; the last one did not leave: \(reason)"
    case .turn: "its turn within the rate limits"
    }
  }

  private var denial: Denial {
    let cause: String
    switch self {
    case .noPriceTold(let failure):
      return Denial(.priceUnavailable, "no current price before it expired: \(failure)")
    case .priceNotPushed:
      return Denial(
        .priceUnavailable,
        "no price young enough was pushed before it expired, and price.source is \"stream\"")
    case .lookedFor: cause = "it was still looked for at the exchange"
    case .tradingNotOpen(let gate): cause = "trading was not open: \(gate.cause)"
    case .backOff(let record): cause = "the exchange demands a back-off (\(record.reason))"
    case .rules: cause = "the symbol's rules were still awaited"
    case .price: cause = "the current price was still awaited"
    case .breaker(let reason): cause = "orders wait because those before it failed (\(reason))"
    case .lastTry(let reason): cause = "the last try: \(reason)"
    case .turn: cause = "it waited for its turn"
    }
    return Denial(.expired, "it expired before its order could leave; \(cause)")
  }
}
