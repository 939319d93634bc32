package import Domain

/// Decides when a request may leave: the exchange's pools as sliding windows, with shares kept free
/// so that neither a burst of orders nor a storm of look-ups starves the other; and a back-off while
/// the exchange demands one.
///
/// Pools per address and per account over a window, one limit per second for orders and cancels
/// together, one for placements of several orders, one for account reads.
package struct RateLimiter: Sendable {
  private var ip: SlidingWindow
  private var uid: SlidingWindow
  private var orders: SlidingWindow
  private var batches: SlidingWindow
  private var accountReads: SlidingWindow
  /// What is counted of earlier runs, oldest first; also parts that have left the windows.
  private var past: [PastUsage] = []
  private let largestPlacement: Int
  /// Refused while several orders had just left in one request: the exchange may count each of them.
  private var countsEachOrder = false
  package private(set) var backOffUntil: MonotonicTime?

  /// Orders wait for their turn: look-ups leave them more of the pools.
  package var ordersWait = false
  /// Cancels that wait: the next places among the orders of a second are theirs.
  package var cancelsWait = 0
  /// How much of its limits is used, in percent: less than 100 after the exchange refused what these
  /// allow.
  package private(set) var ceiling = 100
  /// When the exchange last refused what the limits allow, or the ceiling last rose.
  private var quietSince: MonotonicTime?
  /// When the ceiling last fell.
  private var fellAt: MonotonicTime?

  /// Look-ups may use this share of a pool, in percent; what is left over is for trading.
  private static let lookupShare = 60
  /// While orders wait. Twelve orders and half a price look-up a second take 60 % of the published
  /// pool of an address.
  private static let lookupShareWhileOrdersWait = 30
  /// Prices and placements may use this share; what is left over is for look-ups and cancels.
  private static let tradingShare = 80
  /// This share is left to cancels by everything else.
  private static let cancelShare = 5
  /// A use of up to this share is not written down; a restart takes it for used.
  private static let lightShare = 33
  /// By this share more is written down than is used.
  private static let headroomShare = 10
  /// The ceiling falls by a tenth with a refusal, not below the half, and rises by 5 after ten minutes
  /// without one. Within a window after its fall it does not fall again: what is refused then may have
  /// left before.
  private static let lowestCeiling = 50
  private static let ceilingRise = 5
  private static let timeToRise: Duration = .seconds(600)
  private let window: Duration

  package init(_ limits: EngineConfiguration.RateLimits, _ venue: VenueTraits) {
    func usable(_ limit: Int) -> Int {
      max(1, Self.whole(FixedDecimal(limit).multiplied(by: limits.utilisation, rounding: .down)))
    }
    ip = SlidingWindow(limit: usable(limits.ipWeight), length: limits.window)
    uid = SlidingWindow(limit: usable(limits.uidWeight), length: limits.window)
    orders = Self.second(limits.ordersPerSecond, limits.utilisation)
    batches = SlidingWindow(limit: venue.batchesPerSecond, length: .seconds(1))
    accountReads = SlidingWindow(limit: venue.accountReadsPerSecond, length: .seconds(1))
    window = limits.window
    // Whoever allows fewer orders a second than the venue wants fewer orders, not fewer requests.
    largestPlacement =
      limits.ordersPerSecond < venue.ordersPerSecond ? 1 : venue.ordersPerPlacement
  }

  /// How many orders leave in one request at most.
  package var ordersPerPlacement: Int { countsEachOrder ? 1 : largestPlacement }

  /// 11.4 a second are 12 in a period that is longer than a second: a few cannot be scaled down by a few
  /// percent.
  private static func second(_ limit: Int, _ utilisation: FixedDecimal) -> SlidingWindow {
    let usable = FixedDecimal(limit).multiplied(by: utilisation, rounding: .down)
    let count = max(1, whole(usable?.rounded(toMultipleOf: FixedDecimal(1), .up)))
    let period = usable.flatMap {
      FixedDecimal(count * 1_000_000_000).divided(by: $0, rounding: .up)?
        .rounded(toMultipleOf: FixedDecimal(1), .up)
    }
    return SlidingWindow(
      limit: count, length: .seconds(1),
      period: period.map { .nanoseconds(whole($0)) } ?? .seconds(1))
  }

  private static func whole(_ value: FixedDecimal?) -> Int {
    value.map { Int(clamping: $0.units / FixedDecimal(1).units) } ?? 0
  }

  /// `now` when the request may leave at once, else the earliest time to ask again.
  package mutating func admission(
    of cost: RequestCost, in group: SlidingWindow.Group, at now: MonotonicTime
  ) -> MonotonicTime {
    expire(at: now)
    if let backOffUntil, backOffUntil > now { return backOffUntil }
    var earliest = max(
      pool(ip, cost.ipWeight, group, at: now), pool(uid, cost.uidWeight, group, at: now))
    if cost.isOrder { earliest = max(earliest, orderAdmission(group, at: now)) }
    if cost.isBatch {
      earliest = max(earliest, batches.fits(1, under: allowed(of: batches), at: now))
    }
    if cost.isAccountRead {
      earliest = max(earliest, accountReads.fits(1, under: accountReads.limit, at: now))
    }
    return earliest
  }

  private func pool(
    _ window: SlidingWindow, _ weight: Int, _ group: SlidingWindow.Group, at now: MonotonicTime
  ) -> MonotonicTime {
    if weight == 0 { return now }
    // A request heavier than its share still goes, when the pool is empty enough to take it.
    let limit = allowed(of: window)
    let least = min(weight, limit)
    let share: Int
    switch group {
    case .trading: share = limit * Self.tradingShare / 100
    case .lookup:
      share = limit * (ordersWait ? Self.lookupShareWhileOrdersWait : Self.lookupShare) / 100
    case .cancel: return window.fits(least, under: limit, at: now)
    }
    let free = max(least, limit - limit * Self.cancelShare / 100)
    return max(
      window.fits(least, under: free, at: now),
      window.fits(weight, under: max(share, weight), of: group, at: now))
  }

  private static func share(_ percent: Int, of window: SlidingWindow) -> Int {
    window.limit * percent / 100
  }

  /// Cancels that wait go before orders, and take at most half.
  private func orderAdmission(
    _ group: SlidingWindow.Group, at now: MonotonicTime
  ) -> MonotonicTime {
    let limit = allowed(of: orders)
    let cancels = max(1, limit / 2)
    switch group {
    case .trading:
      let before = min(cancelsWait, limit - 1, max(0, cancels - orders.used(in: .cancel)))
      return orders.fits(1 + before, under: limit, at: now)
    case .cancel:
      return max(
        orders.fits(1, under: limit, at: now), orders.fits(1, under: cancels, of: .cancel, at: now))
    case .lookup: return orders.fits(1, under: limit, at: now)
    }
  }

  /// What may be used of a pool now.
  private func allowed(of window: SlidingWindow) -> Int { max(1, window.limit * ceiling / 100) }

  /// When a placement that has `ahead` orders before it could leave at the earliest.
  package mutating func turnOfPlacement(
    _ cost: RequestCost, ahead: Int, at now: MonotonicTime
  ) -> MonotonicTime {
    if ahead == 0, admission(of: cost, in: .trading, at: now) == now { return now }
    expire(at: now)
    guard let end = backOffUntil, end > now else {
      return turn(cost, ahead: ahead, from: now)
    }
    var later = self
    later.expire(at: end)
    return later.turn(cost, ahead: ahead, from: end)
  }

  /// How many requests it takes at least to place so many orders.
  package func requests(toPlace orders: Int) -> Int {
    let single = allowed(of: self.orders)
    return orders * single / (single + allowed(of: batches) * (ordersPerPlacement - 1))
  }

  private func turn(_ cost: RequestCost, ahead: Int, from start: MonotonicTime) -> MonotonicTime {
    var turn = start
    for (window, weight) in [(ip, cost.ipWeight), (uid, cost.uidWeight)] {
      let share = max(weight, allowed(of: window) * Self.tradingShare / 100)
      turn = max(turn, window.turn(of: weight, after: ahead, under: share, at: start))
    }
    guard cost.isOrder else { return turn }
    return max(turn, orders.turn(of: 1, after: ahead, under: allowed(of: orders), at: start))
  }

  package mutating func sent(
    _ id: RequestID, _ cost: RequestCost, in group: SlidingWindow.Group, at now: MonotonicTime
  ) {
    ip.add(cost.ipWeight, for: id, in: group, at: now)
    uid.add(cost.uidWeight, for: id, in: group, at: now)
    if cost.isOrder { orders.add(1, for: id, in: group, at: now) }
    if cost.isBatch { batches.add(1, for: id, in: group, at: now) }
    if cost.isAccountRead { accountReads.add(1, for: id, in: group, at: now) }
  }

  package mutating func answered(_ id: RequestID, at now: MonotonicTime) {
    ip.answered(id, at: now)
    uid.answered(id, at: now)
    orders.answered(id, at: now)
    batches.answered(id, at: now)
    accountReads.answered(id, at: now)
  }

  package mutating func neverLeft(_ id: RequestID) {
    ip.remove(id)
    uid.remove(id)
    orders.remove(id)
    batches.remove(id)
    accountReads.remove(id)
  }

  package mutating func backOff(until time: MonotonicTime) {
    backOffUntil = max(backOffUntil ?? time, time)
  }

  /// The exchange refused what its limits, as they are known here, allow: less of them is used from now
  /// on, and after a batch each order is one request until the ceiling is back. Whether any of it is new.
  package mutating func lowerCeiling(at now: MonotonicTime) -> Bool {
    quietSince = now
    expire(at: now)
    let endsBatches = !countsEachOrder && batches.used(in: .trading) > 0
    if endsBatches { countsEachOrder = true }
    let hasJustFallen = fellAt.map { now.since($0) < window } ?? false
    guard !hasJustFallen, ceiling > Self.lowestCeiling else { return endsBatches }
    fellAt = now
    ceiling = max(Self.lowestCeiling, ceiling * 9 / 10)
    return true
  }

  /// Whether the ceiling rose, because the exchange has refused nothing for so long.
  package mutating func raiseCeiling(at now: MonotonicTime) -> Bool {
    guard let rise = nextRise, rise <= now else { return false }
    ceiling = min(100, ceiling + Self.ceilingRise)
    if ceiling == 100 { countsEachOrder = false }
    quietSince = now
    return true
  }

  /// When the ceiling rises next; `nil` while nothing is withheld.
  package var nextRise: MonotonicTime? {
    ceiling < 100 || countsEachOrder ? quietSince?.advanced(by: Self.timeToRise) : nil
  }

  package mutating func endBackOff(at now: MonotonicTime) -> Bool {
    guard let until = backOffUntil, until <= now else { return false }
    backOffUntil = nil
    return true
  }

  /// What earlier runs may have used, which the exchange still counts: `parts`, oldest first and the last
  /// one of them until now, and at least the share that the last run need not write down.
  package mutating func remember(
    _ parts: [PastUsage]?, hasOrders: Bool, at now: MonotonicTime
  ) {
    past = parts ?? [PastUsage(usage: .zero, at: now)]
    raisePast(\.ip, to: Self.share(Self.lightShare, of: ip))
    raisePast(\.uid, to: Self.share(Self.lightShare, of: uid))
    if hasOrders { raisePast(\.orders, to: Self.share(Self.lightShare, of: orders)) }
    for part in past {
      ip.addPast(part.usage.ip, at: part.at)
      uid.addPast(part.usage.uid, at: part.at)
      orders.addPast(part.usage.orders, at: part.at)
    }
    if hasOrders { batches.addPast(batches.limit, at: now) }
  }

  /// Has the newest parts make up `least`, so that no less is counted as long as the last one is. A run
  /// that wrote nothing more used no more than that, with what it counted of the runs before it: that
  /// part of the older ones is in it already.
  private mutating func raisePast(_ pool: WritableKeyPath<RateUsage, Int>, to least: Int) {
    var sum = 0
    var raised = 0
    for index in past.indices.reversed() {
      sum += past[index].usage[keyPath: pool]
      past[index].usage[keyPath: pool] = max(sum, least) - raised
      raised = max(sum, least)
    }
  }

  /// What the exchange may still count of earlier runs, oldest first.
  package func earlier(at now: MonotonicTime) -> [PastUsage] {
    past.filter { $0.usage != .zero && $0.at.advanced(by: window) > now }
  }

  package mutating func usage(at now: MonotonicTime) -> RateUsage {
    expire(at: now)
    return RateUsage(ip: ip.used(), uid: uid.used(), orders: orders.used())
  }

  /// Without what earlier runs used.
  package mutating func ownUsage(at now: MonotonicTime) -> RateUsage {
    expire(at: now)
    return RateUsage(ip: ip.usedByThisRun, uid: uid.usedByThisRun, orders: orders.usedByThisRun)
  }

  /// What may be used of each pool within its window.
  package var limits: RateUsage {
    RateUsage(ip: allowed(of: ip), uid: allowed(of: uid), orders: allowed(of: orders))
  }

  /// A little more than this run uses, so that not every request has to be on record before it leaves.
  package func withHeadroom(_ own: RateUsage) -> RateUsage {
    func extended(_ used: Int, _ window: SlidingWindow) -> Int {
      let free = max(0, window.limit - window.used())
      return used + min(free, Self.share(Self.headroomShare, of: window))
    }
    return RateUsage(
      ip: extended(own.ip, ip), uid: extended(own.uid, uid),
      orders: extended(own.orders, orders))
  }

  /// So little that it need not be written down.
  package func isLight(_ usage: RateUsage) -> Bool {
    usage.ip <= Self.share(Self.lightShare, of: ip)
      && usage.uid <= Self.share(Self.lightShare, of: uid)
      && usage.orders <= Self.share(Self.lightShare, of: orders)
  }

  private mutating func expire(at now: MonotonicTime) {
    ip.expire(at: now)
    uid.expire(at: now)
    orders.expire(at: now)
    batches.expire(at: now)
    accountReads.expire(at: now)
  }
}
