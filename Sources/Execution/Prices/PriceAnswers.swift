import Domain

/// What an answer to a price look-up, or a pushed price, means for the orders that wait for it.
enum PriceAnswers {
  /// A price that comes back too old so often in a row cannot be had in time.
  private static let maximumStalePrices = 3

  static func take(
    _ request: Outstanding, _ answer: Result<[SymbolPrice], ExchangeFailure>,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    let failures = parts.prices.failures
    switch answer {
    case .success(let prices):
      let missing = parts.prices.take(prices, of: request.symbols, askedAt: request.sentAt)
      for symbol in missing {
        denyUnpriced(symbol, "the exchange gives no price for it", &parts, &reaction)
      }
      if now.since(request.sentAt.monotonic) >= parts.configuration.price.maximumAge {
        for symbol in request.symbols { countLate(symbol, &parts, &reaction) }
      } else {
        parts.prices.cameInTime(request.symbols)
      }
    case .failure(.refused(let error)):
      parts.prices.failed(error.words, at: now)
      if request.symbols.count == 1, error.action.isAboutSymbol {
        denyUnpriced(
          request.symbols[0], "the exchange answers \(error.words)", &parts, &reaction)
      }
    case .failure(let failure):
      // An exchange that is out of reach: a waiting signal expires, and is refused as such.
      parts.prices.failed(failure.text, isAnswered: failure.isAnswer, at: now)
    }
    tell(of: failures, parts.prices, &reaction)
  }

  /// So many look-ups in a row without a price are told, once, and their end.
  private static let failuresToTell = 5

  private static func tell(of before: Int, _ prices: PriceBook, _ reaction: inout Reaction) {
    if prices.failures == failuresToTell {
      reaction.log(
        .warning,
        "\(failuresToTell) price look-ups in a row failed; they go on with pauses, and the orders "
          + "that wait for a price wait until they expire",
        [("reason", prices.failure ?? ""), ("advice", Breakers.Kind.advice)])
    } else if prices.failures == 0, before >= failuresToTell {
      reaction.log(.notice, "the exchange tells prices again")
    }
  }

  /// Lets those go on who wait for a price that is there, the oldest first, and asks for one that is
  /// not. A crowd goes on in parts, so that no input takes long.
  static func drive(_ parts: inout EngineParts, _ reaction: inout Reaction) {
    for symbol in parts.placements.unpriced.symbols {
      guard parts.placements.wantsPrice(symbol, parts.orders) else { continue }
      let isFresh = parts.prices.isFresh(
        symbol, maximumAge: parts.configuration.price.maximumAge, at: reaction.now.monotonic)
      guard isFresh else {
        if parts.isTradingOpen && !parts.trading.isStopping { parts.prices.want(symbol) }
        continue
      }
      let keys = parts.placements.takeUnpriced(
        symbol, atMost: maximumPart, from: parts.orders)
      for key in keys { parts.orders.touch(key) }
      if keys.count == maximumPart { reaction.wake(at: reaction.now.monotonic) }
    }
  }

  private static let maximumPart = 256

  /// Whether a signal will want a price that is not there if it is accepted, as far as that is known by
  /// now.
  static func wantsPrice(_ signal: Signal, _ parts: EngineParts, at now: MonotonicTime) -> Bool {
    guard parts.isTradingOpen, !parts.trading.isStopping,
      !parts.prices.isFresh(
        signal.symbol, maximumAge: parts.configuration.price.maximumAge, at: now)
    else { return false }
    do throws(Denial) {
      try Admission.checkPermitted(signal, parts)
      return try parts.venue.rules(of: signal.symbol) != nil
    } catch {
      return false
    }
  }

  private static func denyUnpriced(
    _ symbol: Symbol, _ reason: String, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    // One that was pushed meanwhile serves those that wait for their turn.
    let isPushed = parts.prices.isFresh(
      symbol, maximumAge: parts.configuration.price.maximumAge, at: reaction.now.monotonic)
    if isPushed { return }
    for key in waiting(symbol, parts) {
      OrderPlacing.deny(key, Denial(.priceUnavailable, reason), &parts, &reaction)
    }
  }

  private static func countLate(
    _ symbol: Symbol, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let inARow = parts.prices.cameLate(symbol, at: reaction.now.monotonic)
    for key in waiting(symbol, parts) {
      let own =
        parts.orders.update(key) { life -> Int in
          life.waiting?.stalePrices += 1
          return life.waiting?.stalePrices ?? 0
        } ?? 0
      let count = min(own, inARow)
      guard count >= maximumStalePrices else { continue }
      let denial = Denial(
        .priceUnavailable,
        "the price came back \(count) times older than price.maximum_age_ms allows")
      OrderPlacing.deny(key, denial, &parts, &reaction)
    }
  }

  private static func waiting(_ symbol: Symbol, _ parts: EngineParts) -> [OrderKey] {
    parts.orders.keys(.waiting).filter { parts.orders[$0]?.symbol == symbol }
  }
}
