import Domain

/// When the venue's facts were read, and by whom: what an earlier run read, or with another key, lets
/// orders go on, and refuses none, as it may have changed since.
struct VenueReadings: Sendable {
  private var rulesReadAt: [Symbol: WallTime] = [:]
  private var restoredRules: Set<Symbol> = []
  private var unwanted: Set<Symbol> = []
  private(set) var pairsReadAt: WallTime?
  private(set) var pairsAreRestored = false
  private(set) var clockReadAt: WallTime?
  private(set) var clockIsRestored = false
  private var clockKeptAt: MonotonicTime?
  /// Changes with what the next start is to begin with.
  private(set) var revision = 0

  /// Half of the age up to which a kept clock is of use.
  private static let clockKeeping: Duration = VenueFacts.maximumClockAge / 2

  func isRestored(_ symbol: Symbol) -> Bool { restoredRules.contains(symbol) }

  var hasRestoredRules: Bool { !restoredRules.isDisjoint(with: wanted) }

  var oldestRulesReadAt: WallTime? { wanted.compactMap { rulesReadAt[$0] }.min() }

  /// What the next start can begin with.
  func facts(
    _ instruments: [Symbol: InstrumentReading], pairs symbols: Set<Symbol>?, _ clock: ExchangeClock?
  ) -> VenueFacts {
    let rules = instruments.sorted { $0.key < $1.key }.compactMap { symbol, reading in
      if case .listed(let instrument) = reading, let readAt = rulesReadAt[symbol] {
        VenueFacts.Rules(instrument: instrument, readAt: readAt)
      } else {
        nil
      }
    }
    let pairs = symbols.flatMap { symbols in
      pairsReadAt.map { VenueFacts.Pairs(symbols: symbols, readAt: $0) }
    }
    return VenueFacts(rules: rules, pairs: pairs, clock: clock?.reading)
  }

  /// Rules of others are not read again, and would be the oldest for ever. Their orders still need them.
  private var wanted: Set<Symbol> { Set(rulesReadAt.keys).subtracting(unwanted) }

  mutating func restored(_ facts: VenueFacts) {
    for rules in facts.rules {
      rulesReadAt[rules.instrument.symbol] = rules.readAt
      restoredRules.insert(rules.instrument.symbol)
    }
    pairsReadAt = facts.pairs?.readAt
    pairsAreRestored = facts.pairs != nil
  }

  mutating func restoredClock(_ clock: VenueFacts.Clock, at now: Moment) {
    clockReadAt = now.wall.advanced(by: clock.readAt.since(now.monotonic))
    clockIsRestored = true
  }

  /// It is read often and kept rarely.
  mutating func readClock(at now: Moment) {
    clockReadAt = now.wall
    clockIsRestored = false
    if let clockKeptAt, now.monotonic.since(clockKeptAt) < Self.clockKeeping { return }
    clockKeptAt = now.monotonic
    revision += 1
  }

  mutating func readRules(of symbol: Symbol, at now: WallTime) {
    rulesReadAt[symbol] = now
    restoredRules.remove(symbol)
    revision += 1
  }

  mutating func forgetRules(where isGone: (Symbol) -> Bool, unwanted isUnwanted: (Symbol) -> Bool) {
    rulesReadAt = rulesReadAt.filter { !isGone($0.key) }
    unwanted = Set(rulesReadAt.keys.filter(isUnwanted))
  }

  mutating func distrustPairs() { pairsAreRestored = pairsReadAt != nil }

  /// `nil` when the venue does not say which they are.
  mutating func readPairs(at now: WallTime?) {
    pairsReadAt = now
    pairsAreRestored = false
    revision += 1
  }
}
