package import Domain

/// What the operator sees of the engine.
package struct EngineStatus: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    case active
    /// Halted but for sells, or halted while orders of ours are still being cancelled.
    case reducing
    case halted
  }

  package var state: State
  /// Which orders a halt holds back, or all where none leaves with the API key.
  package var haltScope: HaltScope?
  package var isTradingOpen: Bool
  /// Signals are looked up before they may leave.
  package var isCareful: Bool
  /// What the exchange tells of the API key; `nil` where it was not asked or did not answer.
  package var key: KeyInformation?
  /// By the names of the assets, those that the account's stream has told of since it is up.
  package var balances: [AssetBalance]
  package var waiting: Int
  package var inFlight: Int
  package var unknown: Int
  package var open: Int
  package var notFound: Int
  /// The orders that are not at their end, by their status, without those that were not found and that
  /// the operator has closed.
  package var orders: [OrderStatus: Int]
  /// The exchange's clock minus ours; `nil` before it was read.
  package var clockOffsetMilliseconds: Int64?
  package var clockError: Duration?
  package var usage: RateUsage
  /// What may be used of the exchange's pools.
  package var usageLimits: RateUsage
  /// How much of the limits is used, in percent: less than 100 after the exchange refused what they allow.
  package var ceiling: Int
  /// Orders that count against the most that may be open.
  package var liveOrders: Int
  package var ordersOfMinute: Int
  package var dailyQuote: FixedDecimal?
  /// The kinds of requests that fail, and until when they wait.
  package var breakers: [BreakerStatus]
  /// Of the symbols' rules, the oldest; `nil` before any was read.
  package var rules: FactStatus?
  package var clock: FactStatus?
  /// Of the pairs that the API key may trade; `nil` where the venue does not say.
  package var pairs: FactStatus?
}

/// How old something is that is known of the venue.
package struct FactStatus: Hashable, Sendable {
  package var readAt: WallTime
  /// An earlier run has read it; it is being asked for.
  package var isOfEarlierRun: Bool
}

extension EngineStatus {
  /// Costs as much as there are orders: for whoever asks, not for every turn.
  init(_ parts: inout EngineParts, at now: Moment) {
    let lives = parts.orders.all
    // What is closed as not placed is still looked for, and nothing is to be done about it.
    let all = lives.map(\.order).filter { !$0.isClosedAsNotPlaced }
    // Of what is not found nothing is being cancelled, and may never be.
    let isReducing = lives.contains { life in
      if case .missing = life.phase { return false }
      return life.order.cancelRequested || life.following?.cancel == .underWay
    }
    isTradingOpen = parts.isTradingOpen
    let isRefused = parts.key.refusal(parts.configuration) != nil
    haltScope = isRefused ? .all : parts.trading.halt?.scope
    state =
      switch haltScope {
      case nil: .active
      case .buys?: .reducing
      case .all?: isReducing ? .reducing : .halted
      }
    isCareful = parts.trading.careful != nil
    key = parts.key.known(at: now.monotonic)
    balances = parts.accountStream.balances.list
    waiting = all.count { $0.status == .new }
    inFlight = all.count(where: \.status.isInFlight)
    unknown = all.count { $0.status == .unknown }
    open = all.count(where: \.status.isWorking)
    orders = Dictionary(all.map { ($0.status, 1) }, uniquingKeysWith: +)
    notFound = all.count { $0.status == .notFound }
    clockOffsetMilliseconds = parts.venue.clock?.offsetMilliseconds(at: now)
    clockError = parts.venue.clock?.error
    usage = parts.scheduler.usage(at: now.monotonic)
    usageLimits = parts.scheduler.limiter.limits
    ceiling = parts.scheduler.limiter.ceiling
    liveOrders = parts.orders.openCount
    ordersOfMinute = parts.risk.ordersOfMinute(at: now.monotonic)
    dailyQuote = parts.risk.dailyQuote(at: now.monotonic)
    breakers = BreakerStatus.list(parts, at: now)
    let readings = parts.venue.readings
    clock = readings.clockReadAt.map {
      FactStatus(readAt: $0, isOfEarlierRun: readings.clockIsRestored)
    }
    rules = readings.oldestRulesReadAt.map {
      FactStatus(readAt: $0, isOfEarlierRun: readings.hasRestoredRules)
    }
    pairs = readings.pairsReadAt.map {
      FactStatus(readAt: $0, isOfEarlierRun: readings.pairsAreRestored)
    }
  }
}
