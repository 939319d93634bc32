import Domain
import JSON

/// What leaves when, and whose answer comes back: the queue, the requests under way, the exchange's
/// pools, the back-off that it demands, and the use of the pools that a restart must know.
struct RequestScheduler: Sendable {
  private(set) var queue = RequestQueue()
  private(set) var limiter: RateLimiter
  private(set) var breakers = Breakers()
  /// What the exchange demanded; `nil` while it demands nothing.
  private(set) var backOff: BanRecord?
  /// The store knows it otherwise.
  private var isUnwritten = false
  private var underWay: [RequestID: Outstanding] = [:]
  private var placementsUnderWay = 0
  private var nextNumber = 1
  /// What was last written down of this run's use of the windows.
  private var recordedUsage: (usage: RateUsage, at: Moment)?
  private let cost: @Sendable (ExchangeRequest) -> RequestCost

  /// A heavy use is written down again when its record is older than this.
  private static let usageRecordAge: Duration = .seconds(1)
  /// The firewall names no time. To ask once a minute finds out when it relents.
  private static let pauseWhenBlocked: Duration = .seconds(60)

  init(
    _ limits: EngineConfiguration.RateLimits, _ venue: VenueTraits
  ) {
    limiter = RateLimiter(limits, venue)
    cost = venue.cost
  }

  var hasPlacementUnderWay: Bool { placementsUnderWay > 0 }

  // MARK: After a start

  /// What earlier runs may have sent within the windows. A run writes down how much it uses as soon
  /// as that is more than a small share, so an unwritten use is at most that share.
  mutating func restoreUsage(_ state: StoredState, window: Duration, at now: Moment) {
    let recorded: [PastUsage]? = state.rateUsage.flatMap { record in
      let length = window + Self.usageRecordAge
      let sinceBoot = now.monotonic.since(record.at.monotonic)
      let isRecent =
        now.wall.since(record.at.wall) < length || (sinceBoot >= .zero && sinceBoot < length)
      return isRecent ? Self.parts(of: record, at: now) : nil
    }
    // Without an order of the last day there is none in the second that the exchange looks at.
    let hasOrders = !state.live.isEmpty || !state.reservations.isEmpty
    limiter.remember(recorded, hasOrders: hasOrders, at: now.monotonic)
  }

  /// Nothing may be counted for less or for a shorter time than it was sent. The last run may have used
  /// all that it wrote down, and the exchange may have counted it as late as now, since the answers may
  /// have been out. The runs before that one were over when it began: they count on from then, unless
  /// the clocks differ about the record's age, so that it may be of another boot or machine. What a run
  /// left on the way when it ended reaches the exchange a moment later than that, which is not counted.
  private static func parts(of record: RateUsageRecord, at now: Moment) -> [PastUsage] {
    let isDated = !isMisdated(record.at, at: now)
    let earlier = record.earlier.map { part in
      PastUsage(usage: part.usage, at: isDated ? min(part.at, now.monotonic) : now.monotonic)
    }
    return earlier + [PastUsage(usage: record.own, at: now.monotonic)]
  }

  mutating func restoreBackOff(_ stored: BanRecord, at now: Moment) {
    guard let rest = stored.remaining(at: now) else { return }
    limiter.backOff(until: now.monotonic.advanced(by: rest.wait))
    backOff = rest
    isUnwritten = backOff != stored
  }

  /// A start reckons the rest anew; the next one must not begin with more than that.
  private mutating func rememberBackOff(_ reaction: inout Reaction) {
    guard isUnwritten else { return }
    isUnwritten = false
    reaction.write(.setBan(backOff))
  }

  // MARK: Requests

  mutating func add(
    _ request: ExchangeRequest, for purpose: Purpose, as rank: RequestQueue.Rank? = nil
  ) {
    queue.add(request, for: purpose, as: rank)
  }

  /// Sends what the limits let go. At most one price look-up is under way; it takes everybody along
  /// who waits when it leaves. `isOver` tells what nobody waits for any more.
  mutating func drive(
    _ prices: inout PriceBook, clock: ExchangeClock?, ordersWait: Bool,
    isOver: (Purpose) -> Bool, _ reaction: inout Reaction
  ) {
    limiter.ordersWait = ordersWait
    queuePrices(prices, &reaction)
    if queue.isEmpty { return }
    var blocked: Set<SlidingWindow.Group> = []
    for rank in RequestQueue.Rank.allCases {
      while let item = queue.first(rank) {
        if rank == .cancel, !breakers.admits(.cancels, &reaction) { break }
        let isPrices = item.purpose == .prices
        // A pushed price may have satisfied everybody who waited for the look-up.
        if isOver(item.purpose) || isPrices && prices.wanted.isEmpty {
          queue.removeFirst(rank)
          continue
        }
        let group = item.purpose.group
        if blocked.contains(group) || (item.request.isSigned && clock == nil) { break }
        let request = isPrices ? .prices(prices.wanted) : item.request
        if let turn = turn(of: request, in: group, at: reaction.now.monotonic) {
          reaction.wake(at: turn)
          blocked.insert(group)
          break
        }
        queue.removeFirst(rank)
        let symbols = isPrices ? prices.begin() : []
        // The views of a symbol say the same to everybody who looks for an order of it.
        let sharesViews = rank == .search || rank == .watch
        let sharers = sharesViews ? queue.removeSharers(of: request, rank) : []
        send(
          request, for: item.purpose, sharers: sharers, symbols: symbols, barrier: .none,
          delivery: rank.delivery,
          stampedAt: clock?.time(at: reaction.now.monotonic) ?? reaction.now.wall,
          sendBefore: nil, &reaction)
      }
    }
  }

  private mutating func queuePrices(_ prices: PriceBook, _ reaction: inout Reaction) {
    guard !prices.wanted.isEmpty, prices.underWay == nil, !queue.contains(.prices) else { return }
    if let notBefore = prices.notBefore, notBefore > reaction.now.monotonic {
      return reaction.wake(at: notBefore)
    }
    queue.add(.prices([]), for: .prices)
  }

  /// When the limits let the request go; `nil` for at once.
  mutating func turn(
    of request: ExchangeRequest, in group: SlidingWindow.Group, at now: MonotonicTime
  ) -> MonotonicTime? {
    limiter.cancelsWait = queue.count(of: .cancel)
    let turn = limiter.admission(of: cost(request), in: group, at: now)
    return turn > now ? turn : nil
  }

  /// When a placement that has `ahead` orders before it could leave at the earliest.
  mutating func turnOfPlacement(
    _ request: ExchangeRequest, ahead: Int, at now: MonotonicTime
  ) -> MonotonicTime {
    limiter.turnOfPlacement(cost(request), ahead: limiter.requests(toPlace: ahead), at: now)
  }

  /// How many of the `waiting` orders of a symbol leave in one request: all that it can hold, when not
  /// each of them could leave alone at once and the venue takes several together; else one. `alone`
  /// and `together` are such requests.
  mutating func ordersTogether(
    of waiting: Int, alone: ExchangeRequest, together: ExchangeRequest, at now: MonotonicTime
  ) -> Int {
    let most = min(waiting, limiter.ordersPerPlacement)
    guard most > 1, limiter.turnOfPlacement(cost(alone), ahead: most - 1, at: now) > now,
      turn(of: together, in: .trading, at: now) == nil
    else { return 1 }
    return most
  }

  /// When the limits let a request go that waits for them; `nil` when none does, or the exchange demands
  /// a back-off.
  func turnWithinLimits(where isMeant: (Purpose) -> Bool, at now: MonotonicTime) -> MonotonicTime? {
    guard backOff == nil, let item = queue.first(where: { isMeant($0.purpose) }) else { return nil }
    var scheduler = self
    return scheduler.turn(of: item.request, in: item.purpose.group, at: now)
  }

  /// Orders that wait for the commit or for a connection do not leave any more.
  mutating func withdrawOrders(_ reason: String, _ reaction: inout Reaction) {
    guard hasPlacementUnderWay else { return }
    for (id, request) in underWay {
      if case .place = request.purpose { underWay[id]?.isWithdrawn = true }
    }
    reaction.add(.withdrawUnsent(Withdrawal(reason: reason, isOfOrders: true)))
  }

  /// Orders leave once, after their arming is written down.
  mutating func place(
    _ request: ExchangeRequest, _ keys: [OrderKey], stampedAt: WallTime, sendBefore: SendDeadline,
    _ reaction: inout Reaction
  ) {
    placementsUnderWay += 1
    send(
      request, for: .place(keys), symbols: [], barrier: .written, delivery: .once,
      stampedAt: stampedAt, sendBefore: sendBefore, &reaction)
  }

  private mutating func send(
    _ request: ExchangeRequest, for purpose: Purpose, sharers: [Purpose] = [],
    symbols: [Symbol],
    barrier: Dispatch.Barrier, delivery: Dispatch.Delivery, stampedAt: WallTime,
    sendBefore: SendDeadline?, _ reaction: inout Reaction
  ) {
    let id = RequestID(number: nextNumber)
    nextNumber += 1
    limiter.sent(id, cost(request), in: purpose.group, at: reaction.now.monotonic)
    breakers.sent(id, for: purpose)
    underWay[id] = Outstanding(
      purpose: purpose, sharers: sharers, symbols: symbols, sentAt: reaction.now,
      sendBefore: sendBefore)
    reaction.add(
      .send(
        Dispatch(
          id: id, request: request, stampedAt: stampedAt, barrier: barrier, delivery: delivery,
          sendBefore: sendBefore?.time)))
  }

  /// Whether such a request waits or is under way.
  func isAsking(_ isMeant: (Purpose) -> Bool) -> Bool {
    queue.first { isMeant($0.purpose) } != nil
      || underWay.values.contains { isMeant($0.purpose) || $0.sharers.contains(where: isMeant) }
  }

  // MARK: Answers

  /// The request that the answer belongs to; `nil` when nobody waits for it.
  mutating func answered(
    _ id: RequestID, _ answer: ExchangeAnswer, _ reaction: inout Reaction
  ) -> Outstanding? {
    guard let request = underWay.removeValue(forKey: id) else {
      reaction.log(.debug, "an answer came that nobody waits for")
      return nil
    }
    if case .place = request.purpose { placementsUnderWay -= 1 }
    breakers.take(answer, to: id, request, isBackingOff: backOff != nil, &reaction)
    if case .failed(.notSent) = answer {
      limiter.neverLeft(id)
    } else {
      limiter.answered(id, at: reaction.now.monotonic)
    }
    switch answer {
    case .failed(let failure): obey(failure, &reaction)
    case .placed(let outcomes): obeyLongest(of: outcomes.compactMap(\.throttleNotice), &reaction)
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .validated, .order, .orderMissing, .orders, .trades, .cancelTaken, .accountStreamReady:
      break
    }
    return request
  }

  /// What a limit says to some orders of a request, it says to all requests.
  private mutating func obeyLongest(of notices: [ThrottleNotice], _ reaction: inout Reaction) {
    guard let longest = notices.max(by: { $0.wait < $1.wait }) else { return }
    obey(.throttled(longest), &reaction)
  }

  /// Nothing leaves before the exchange allows it, and a restart knows it too.
  private mutating func obey(_ failure: ExchangeFailure, _ reaction: inout Reaction) {
    switch failure {
    case .throttled(let notice):
      lowerCeiling(&reaction)
      backOff(
        for: notice.wait, isBan: notice.isBan, notice.text,
        notice.isBan
          ? "the exchange banned this address; nothing is sent before the ban ends"
          : "the exchange demands a back-off; nothing is sent before it ends", &reaction)
    case .blocked(let reason):
      backOff(
        for: Self.pauseWhenBlocked, isBan: false, BanRecord.blocked + reason,
        "the exchange's firewall refuses this machine; nothing is sent for a minute, then it is "
          + "tried again", &reaction)
    case .notSent, .noAnswer, .unreadable, .refused: break
    }
  }

  private mutating func backOff(
    for wait: Duration, isBan: Bool, _ reason: String, _ message: String,
    _ reaction: inout Reaction
  ) {
    reaction.add(
      .withdrawUnsent(Withdrawal(reason: "the exchange demands a back-off", isOfOrders: false)))
    let until = reaction.now.wall.advanced(by: wait)
    let end = reaction.now.monotonic.advanced(by: wait)
    // A shorter demand that arrives later does not shorten it.
    if backOff != nil, let known = limiter.backOffUntil, known >= end { return }
    limiter.backOff(until: end)
    let record = BanRecord(
      until: until, wait: wait, isBan: isBan, reason: reason, monotonicUntil: end)
    backOff = record
    isUnwritten = false
    reaction.write(.setBan(record))
    reaction.record(
      HistoryEvent.silenceDemandedKind,
      [
        "until": .integer(until.milliseconds), "ban": .bool(isBan), "reason": .string(reason),
      ], on: .daemon)
    reaction.log(
      isBan ? .error : .warning, message,
      [
        ("wait_ms", String(wait.wholeMilliseconds)), ("reason", reason), ("advice", record.advice),
      ], kind: .backOff)
  }

  /// Every request left within the limits as they are known here: they are too high, or others use
  /// the same address or key.
  private mutating func lowerCeiling(_ reaction: inout Reaction) {
    guard limiter.lowerCeiling(at: reaction.now.monotonic) else { return }
    tellCeiling(
      "the exchange refused requests that its limits, as they are configured here, allow; less of "
        + "them is used from now on", .warning, &reaction)
  }

  private mutating func raiseCeiling(_ reaction: inout Reaction) {
    if limiter.raiseCeiling(at: reaction.now.monotonic) {
      tellCeiling(
        "the exchange has not throttled for a while; more of its limits is used again", .info,
        &reaction)
    }
    if let rise = limiter.nextRise { reaction.wake(at: rise) }
  }

  private func tellCeiling(
    _ message: String, _ level: LogEntry.Level, _ reaction: inout Reaction
  ) {
    reaction.log(
      level, message,
      [
        ("ceiling_percent", String(limiter.ceiling)),
        ("orders_per_request", String(limiter.ordersPerPlacement)),
        (
          "advice",
          "if it goes on, lower rate_limits.utilisation, or look for other programs that use the "
            + "exchange from this address or with this key"
        ),
      ])
  }

  /// Ends a back-off whose time is over.
  mutating func endBackOff(_ reaction: inout Reaction) {
    rememberBackOff(&reaction)
    raiseCeiling(&reaction)
    if limiter.endBackOff(at: reaction.now.monotonic) {
      backOff = nil
      reaction.write(.setBan(nil))
      reaction.log(.info, "the exchange's back-off is over", kind: .backOffOver)
    }
    if let until = limiter.backOffUntil { reaction.wake(at: until) }
  }

  // MARK: The use that a restart must know

  /// A restart within the window must count what this run has sent. A light use is not written: a
  /// restart takes it for granted. A heavy use is on record before the requests that make it leave.
  /// When the civil clock is set, the record's age by it is wrong.
  mutating func rememberUsage(_ reaction: inout Reaction) {
    let now = reaction.now
    guard reaction.sends || isMisdated(at: now) else { return }
    // What earlier runs used counts here, too: unwritten, the next start would not know of it.
    if limiter.isLight(limiter.usage(at: now.monotonic)) { return }
    let own = limiter.ownUsage(at: now.monotonic)
    if let recorded = recordedUsage, own.isWithin(recorded.usage), !isMisdated(at: now),
      now.monotonic.since(recorded.at.monotonic) < Self.usageRecordAge
    {
      return
    }
    let recorded = limiter.withHeadroom(own)
    recordedUsage = (recorded, now)
    let earlier = limiter.earlier(at: now.monotonic)
    reaction.write(.setRateUsage(RateUsageRecord(own: recorded, earlier: earlier, at: now)))
    reaction.holdForCommit()
  }

  private func isMisdated(at now: Moment) -> Bool {
    recordedUsage.map { Self.isMisdated($0.at, at: now) } ?? false
  }

  /// Whether the two clocks differ about how long ago it was.
  private static func isMisdated(_ at: Moment, at now: Moment) -> Bool {
    now.clockStep(since: at).magnitude >= usageRecordAge
  }

  mutating func usage(at now: MonotonicTime) -> RateUsage { limiter.usage(at: now) }
}

extension RateUsage {
  fileprivate func isWithin(_ other: RateUsage) -> Bool {
    ip <= other.ip && uid <= other.uid && orders <= other.orders
  }
}

extension RequestQueue.Rank {
  fileprivate var delivery: Dispatch.Delivery {
    switch self {
    case .cancel, .price: .urgent
    case .keepAlive, .clockElsewhere: .proof
    case .clock, .search, .rules, .pairs, .stream, .poll, .watch: .ordinary
    }
  }
}
