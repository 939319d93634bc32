package import Domain

/// Requests of one kind that fail and therefore wait, whatever keeps them back.
package struct BreakerStatus: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case clock, rules, symbols, prices, lists, placements, cancels
    case key = "key_information"
    case accountStream = "account_stream"
    case lookUps = "look_ups"
  }

  package enum State: String, Hashable, Sendable {
    /// Nothing of the kind leaves before `until`.
    case open
    /// One request is out, or may leave, and its answer decides.
    case halfOpen = "half_open"
  }

  package var kind: Kind
  /// Where it is about one symbol and the others go on.
  package var symbol: Symbol?
  package var state: State
  package var reason: String
  package var until: WallTime?
}

extension BreakerStatus {
  /// One failure is asked again at once and is no news.
  private static let failuresToTell = 2

  private init(
    _ kind: Kind, of symbol: Symbol? = nil, _ reason: String, until: MonotonicTime?, at now: Moment
  ) {
    self.kind = kind
    self.symbol = symbol
    self.reason = reason
    let isWaiting = until.map { $0 > now.monotonic } ?? false
    state = isWaiting ? .open : .halfOpen
    self.until =
      isWaiting ? until.map { now.wall.advanced(by: $0.since(now.monotonic)) } : nil
  }

  private init?(_ kind: Kind, _ need: Need, at now: Moment) {
    guard need.failures >= Self.failuresToTell, let failure = need.lastFailure else { return nil }
    self.init(kind, failure.reason, until: need.isUnderWay ? nil : need.due, at: now)
  }

  private init?(_ kind: Kind, _ breaker: Breaker, at now: Moment) {
    guard breaker.isOpen else { return nil }
    self.init(kind, breaker.reason, until: breaker.isProbing ? nil : breaker.openUntil, at: now)
  }

  /// Costs as much as there are orders: for whoever asks, not for every turn.
  static func list(_ parts: EngineParts, at now: Moment) -> [BreakerStatus] {
    let venue = parts.venue
    let single = [
      BreakerStatus(.clock, venue.clockNeed, at: now),
      BreakerStatus(.rules, venue.instrumentsNeed, at: now),
      BreakerStatus(.symbols, venue.pairsNeed, at: now),
      BreakerStatus(.key, parts.key.need, at: now),
      BreakerStatus(.accountStream, parts.accountStream.key, at: now),
      prices(parts.prices, at: now),
      BreakerStatus(.placements, parts.scheduler.breakers[.placements], at: now),
      BreakerStatus(.cancels, parts.scheduler.breakers[.cancels], at: now),
    ]
    return single.compactMap(\.self) + lists(parts, at: now) + looks(parts, at: now)
  }

  private static func prices(_ prices: PriceBook, at now: Moment) -> BreakerStatus? {
    guard prices.failures >= failuresToTell, let reason = prices.failure else { return nil }
    return BreakerStatus(
      .prices, reason, until: prices.underWay == nil ? prices.notBefore : nil, at: now)
  }

  private static func lists(_ parts: EngineParts, at now: Moment) -> [BreakerStatus] {
    parts.reconciliation.unusableLists(at: now.monotonic).map { symbol, until in
      BreakerStatus(
        .lists, of: symbol, "its orders' list could not be used; each is looked up by itself",
        until: until, at: now)
    }
  }

  /// Of each symbol the order that is looked up next among those whose looks fail.
  private static func looks(_ parts: EngineParts, at now: Moment) -> [BreakerStatus] {
    var next: [Symbol: (reason: String, until: MonotonicTime?)] = [:]
    for key in parts.reconciliation.failing.sorted() {
      guard let life = parts.orders[key], let last = life.looks.last,
        life.looks.inARow >= failuresToTell
      else { continue }
      let known = next[life.symbol]
      guard known == nil || isSooner(life.due, known?.until) else { continue }
      next[life.symbol] = (last.reason, life.due)
    }
    return next.sorted { $0.key < $1.key }.map { symbol, look in
      BreakerStatus(.lookUps, of: symbol, look.reason, until: look.until, at: now)
    }
  }

  /// No time is one that is under way.
  private static func isSooner(_ time: MonotonicTime?, _ other: MonotonicTime?) -> Bool {
    guard let other else { return false }
    return time.map { $0 < other } ?? true
  }
}
