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
  let ordersPerPlacement: Int
  package private(set) var backOffUntil: MonotonicTime?

  /// Orders wait for their turn: look-ups leave them more of the pools.
  package var ordersWait = false

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

  package init(_ limits: EngineConfiguration.RateLimits, _ venue: VenueTraits) {
    func usable(_ limit: Int) -> Int {
      let product = FixedDecimal(limit).multiplied(by: limits.utilisation, rounding: .down)
      let whole = product?.rounded(toMultipleOf: FixedDecimal(1), .down)
      return max(1, whole.map { Int($0.units / FixedDecimal(1).units) } ?? 1)
    }
    ip = SlidingWindow(limit: usable(limits.ipWeight), length: limits.window)
    uid = SlidingWindow(limit: usable(limits.uidWeight), length: limits.window)
    orders = SlidingWindow(limit: usable(limits.ordersPerSecond), length: .seconds(1))
    batches = SlidingWindow(limit: venue.batchesPerSecond, length: .seconds(1))
    accountReads = SlidingWindow(limit: venue.accountReadsPerSecond, length: .seconds(1))
    // Whoever allows fewer orders a second than the venue wants fewer orders, not fewer requests.
    ordersPerPlacement =
      limits.ordersPerSecond < venue.ordersPerSecond ? 1 : venue.ordersPerPlacement
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
    if cost.isBatch { earliest = max(earliest, batches.fits(1, under: batches.limit, at: now)) }
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
    let least = min(weight, window.limit)
    let share: Int
    switch group {
    case .trading: share = Self.share(Self.tradingShare, of: window)
    case .lookup:
      share = Self.share(
        ordersWait ? Self.lookupShareWhileOrdersWait : Self.lookupShare, of: window)
    case .cancel: return window.fits(least, under: window.limit, at: now)
    }
    let free = max(least, window.limit - Self.share(Self.cancelShare, of: window))
    return max(
      window.fits(least, under: free, at: now),
      window.fits(weight, under: max(share, weight), of: group, at: now))
  }

  private static func share(_ percent: Int, of window: SlidingWindow) -> Int {
    window.limit * percent / 100
  }

  /// Orders leave one place a second to cancels; cancels take at most half.
  private func orderAdmission(
    _ group: SlidingWindow.Group, at now: MonotonicTime
  ) -> MonotonicTime {
    let whole = orders.fits(1, under: orders.limit, at: now)
    switch group {
    case .trading:
      return max(whole, orders.fits(1, under: placementsPerSecond, of: .trading, at: now))
    case .cancel:
      return max(whole, orders.fits(1, under: max(1, orders.limit / 2), of: .cancel, at: now))
    case .lookup: return whole
    }
  }

  private var placementsPerSecond: Int { max(1, orders.limit - 1) }

  /// When a placement that has `ahead` orders before it could leave at the earliest.
  package mutating func turnOfPlacement(
    _ cost: RequestCost, ahead: Int, at now: MonotonicTime
  ) -> MonotonicTime {
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
    let perSecond = placementsPerSecond + batches.limit * (ordersPerPlacement - 1)
    return orders * placementsPerSecond / perSecond
  }

  private func turn(_ cost: RequestCost, ahead: Int, from start: MonotonicTime) -> MonotonicTime {
    var turn = start
    for (window, weight) in [(ip, cost.ipWeight), (uid, cost.uidWeight)] {
      let share = max(weight, Self.share(Self.tradingShare, of: window))
      turn = max(turn, window.turn(of: weight, after: ahead, under: share, at: start))
    }
    guard cost.isOrder else { return turn }
    return max(turn, orders.turn(of: 1, after: ahead, under: placementsPerSecond, at: start))
  }

  package mutating func sent(
    _ id: RequestID, _ cost: RequestCost, in group: SlidingWindow.Group
  ) {
    ip.add(cost.ipWeight, for: id, in: group)
    uid.add(cost.uidWeight, for: id, in: group)
    if cost.isOrder { orders.add(1, for: id, in: group) }
    if cost.isBatch { batches.add(1, for: id, in: group) }
    if cost.isAccountRead { accountReads.add(1, for: id, in: group) }
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

  package mutating func endBackOff(at now: MonotonicTime) -> Bool {
    guard let until = backOffUntil, until <= now else { return false }
    backOffUntil = nil
    return true
  }

  /// What an earlier run may have used, which the exchange still counts: what it wrote down, and at
  /// least the share that it need not write down.
  package mutating func remember(
    _ usage: RateUsage?, hasOrders: Bool, at now: MonotonicTime
  ) {
    ip.addPast(max(usage?.ip ?? 0, Self.share(Self.lightShare, of: ip)), at: now)
    uid.addPast(max(usage?.uid ?? 0, Self.share(Self.lightShare, of: uid)), at: now)
    let light = hasOrders ? Self.share(Self.lightShare, of: orders) : 0
    orders.addPast(max(usage?.orders ?? 0, light), at: now)
    if hasOrders { batches.addPast(batches.limit, at: now) }
  }

  package mutating func usage(at now: MonotonicTime) -> RateUsage {
    expire(at: now)
    return RateUsage(ip: ip.used(), uid: uid.used(), orders: orders.used())
  }

  /// What may be used of each pool within its window.
  package var limits: RateUsage {
    RateUsage(ip: ip.limit, uid: uid.limit, orders: orders.limit)
  }

  /// A little more than is used, so that not every request has to be on record before it leaves.
  package func withHeadroom(_ usage: RateUsage) -> RateUsage {
    func extended(_ used: Int, _ window: SlidingWindow) -> Int {
      min(window.limit, used + Self.share(Self.headroomShare, of: window))
    }
    return RateUsage(
      ip: extended(usage.ip, ip), uid: extended(usage.uid, uid),
      orders: extended(usage.orders, orders))
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
