import Domain

/// One order from its making to its end. Only `fold` changes where it stands, and every change of its
/// status decides the phase that follows.
struct OrderLife: Sendable {
  enum Phase: Sendable {
    /// An earlier run may have sent it, so it is looked for before anything leaves. → waiting, working,
    /// missing, ended
    case lookedFor(Search, ifAbsent: Absence)
    /// Nothing of it has left. → armed, working, ended
    case waiting(Waiting)
    /// May be on the wire, and its answer is out. Something may have been told of it that only a look
    /// explains. → waiting, unknown, working, ended
    case armed(needsLook: Bool)
    /// Its answer proves nothing: it is searched for, and never sent again. → waiting, working,
    /// missing, ended
    case unknown(Search)
    /// The exchange has it. → ended
    case working(Following)
    /// Every view of the exchange said "no"; watched until the watch is over. → working, ended
    case missing(Search?)
    case ended
  }

  /// What becomes of an order that is looked for when no view of the exchange has it.
  enum Absence: Sendable {
    /// It is new to a database that may have forgotten it.
    case mayLeave
    case denied(Denial)
    /// It may have left all the same, and the exchange hides it: it is watched for, and never sent.
    case notFound
  }

  /// Counts acceptances: the older of two orders has the smaller one.
  let number: Int
  let signal: Signal
  let expiry: Expiry
  private(set) var order: Order
  private(set) var phase: Phase
  /// When it was last handed to the network; `nil` when that was an earlier run.
  private(set) var armedAt: MonotonicTime?
  /// The last attempt did not leave because its price had grown too old, and the next went at once.
  var wasLate = false
  /// Looks that did not tell where it stands, over every phase.
  var looks = FailedLooks()
  /// What the fills add up to that were pushed one by one: more than the order's own reports say while
  /// one of those is missing. `nil` when it fits no number.
  private var traded: FixedDecimal? = .zero

  var key: OrderKey { order.key }
  var symbol: Symbol { order.request.symbol }

  /// An order that nothing has been done for yet.
  init(number: Int, signal: Signal, expiry: Expiry, order: Order, phase: Phase) {
    self.number = number
    self.signal = signal
    self.expiry = expiry
    self.order = order
    self.phase = phase
  }

  /// Takes an event. Throws, unchanged, when the order's status does not admit it.
  mutating func fold(_ event: OrderEvent, at now: Moment) throws(IllegalTransition) {
    let former = order.status
    try order.apply(event, at: now.wall)
    guard order.status != former else { return }
    phase = successor(at: now)
    if case .armed = phase { armedAt = now.monotonic }
  }

  /// A fill was pushed.
  mutating func wasTraded(_ quantity: FixedDecimal, at now: MonotonicTime) {
    traded = traded?.adding(quantity)
    if hasUnreportedFills { following?.wasTraded(at: now) }
  }

  /// Whether more was told of its fills than its own reports hold.
  private var hasUnreportedFills: Bool { traded.map { $0 > order.executedQuantity } ?? true }

  /// Something was told of it that only a look explains: as soon as the exchange is known to have it.
  mutating func lookSoon(at now: MonotonicTime) {
    if case .armed = phase { phase = .armed(needsLook: true) }
    following?.lookSoon(at: now)
  }

  /// Whether more was told of its fills than the report holds.
  func hasMoreFills(than report: OrderReport) -> Bool {
    report.executedQuantity < max(traded ?? .zero, order.executedQuantity)
  }

  /// The exchange told of a change.
  mutating func changed(at now: MonotonicTime) {
    let holdsFills = !hasUnreportedFills
    following?.changed(at: now, holdsFills: holdsFills)
  }

  /// A look told where it stands. It may lag behind the fills that were pushed; those that no look shows
  /// were pushed twice.
  mutating func wasSeen(at now: MonotonicTime) {
    following?.misses = 0
    following?.succeeded()
    guard following?.isUrgent == false else { return }
    if hasUnreportedFills, following?.lookForFills(at: now) == true { return }
    following?.holdsFills()
    traded = order.executedQuantity
  }

  private func successor(at now: Moment) -> Phase {
    switch (order.status, phase) {
    case (.new, .lookedFor), (.new, .waiting): phase
    case (.new, _): .waiting(Waiting())
    case (.submitted, _): .armed(needsLook: false)
    case (.unknown, .unknown): phase
    case (.unknown, _): .unknown(Search(phase: .settling, at: now.monotonic))
    case (.open, .working), (.partiallyFilled, .working): phase
    case (.open, _), (.partiallyFilled, _): .working(firstFollowing(at: now.monotonic))
    case (.notFound, .unknown(let search)), (.notFound, .lookedFor(let search, _)):
      .missing(search.watching(since: now.monotonic))
    case (.notFound, .waiting):
      .missing(Search(resumed: .watching(since: now.monotonic), at: now.monotonic))
    case (.notFound, _): phase
    case (.filled, _), (.canceled, _), (.partiallyCanceled, _), (.rejected, _), (.expired, _),
      (.denied, _), (.validated, _):
      .ended
    }
  }
}

extension OrderLife {
  /// What was told of it before counts from now on.
  fileprivate func firstFollowing(at now: MonotonicTime) -> Following {
    var following = Following(firstLookAfter: now)
    if hasUnreportedFills { following.wasTraded(at: now) }
    if case .armed(needsLook: true) = phase { following.lookSoon(at: now) }
    return following
  }
}

/// When an order is too old to leave: when either clock says so.
struct Expiry: Sendable {
  let wall: WallTime
  /// The same moment on the monotonic clock, which nobody can set.
  let monotonic: MonotonicTime

  func isOver(at now: Moment) -> Bool {
    now.wall >= wall || now.monotonic >= monotonic
  }
}

/// An order that has not left.
struct Waiting: Sendable {
  /// Not tried again before this.
  var notBefore: MonotonicTime?
  /// The last attempt provably never left, so it does not count as one.
  var didNotLeave = false
  /// How often its symbol's price came back too old to use, those before a good one among them.
  var stalePrices = 0
}

/// An order that the exchange has: when it is looked up next, soon at first, then ever more rarely,
/// and what is asked of it.
struct Following: Sendable {
  enum Cancel: Hashable, Sendable {
    case none
    /// Its answer is out.
    case underWay
    case pausedUntil(MonotonicTime)
  }

  /// `nil` while a look is under way.
  private(set) var due: MonotonicTime?
  /// Since when the exchange is known to have it.
  private let since: MonotonicTime
  /// When the last look was asked for.
  private var askedAt: MonotonicTime?
  /// When the last look was asked for that told where it stands.
  private(set) var knownAt: MonotonicTime?
  /// Since only a look could tell.
  private var looks = 0
  /// Something happened that only a look explains.
  private var wantsLook = false
  /// When such a thing was last told.
  private var toldAt: MonotonicTime?
  /// A fill was told of, and no report that holds it.
  private var wantsReport = false
  /// What came while a look was under way, which may not show it, is looked for by then.
  private var nextLookBy: MonotonicTime?
  private var backOff = BackOff(first: .milliseconds(100), longest: .seconds(10))
  /// Between looks that do not show a fill that was told of.
  private var lag = BackOff(first: .seconds(1), longest: .seconds(8))
  /// Look-ups in a row that did not find an order that was there before.
  var misses = 0
  /// A list did not hold it, or not in a form that can be read: it is asked for by name from then on.
  private(set) var isUnlisted = false
  var cancel = Cancel.none

  /// What is told in several messages is told within this time, and looks show it then. Looks that
  /// messages ask for are at least so far apart.
  private static let reportTime: Duration = .seconds(1)

  /// After so many looks that do not show a fill, some 15 seconds, it is not believed.
  private static let lagMaximum = 4

  /// After so many failed look-ups in a row, which take about five minutes, an order is looked up
  /// once a minute.
  private static let manyFailures = 35
  private static let longestWhenFailing: Duration = .seconds(60)

  /// While the exchange tells of changes by itself, looks are this far apart, the longest that a change
  /// can stay unseen of which it did not tell. The first comes soon: it shows whether looks work.
  private static let firstSafetyPause: Duration = .seconds(5)
  private static let safetyPause: Duration = .seconds(60)
  private static let longestSafetyPause: Duration = .seconds(600)

  init(firstLookAfter now: MonotonicTime) {
    since = now
    schedule(after: now)
  }

  /// At once: of an order of an earlier run, or one whose state only the exchange can tell.
  init(firstLookAt now: MonotonicTime) {
    since = now
    due = now
  }

  mutating func begin(at now: MonotonicTime) {
    due = nil
    askedAt = now
    // What the venue tells by itself may be ahead of what a look shows: one more look makes sure.
    wantsLook = toldAt.map { now.since($0) < Self.reportTime } ?? false
    wantsReport = false
    nextLookBy = wantsLook ? now.advanced(by: Self.reportTime) : nil
  }

  /// Whether the next look is waited for, whatever the exchange tells by itself.
  var isUrgent: Bool { wantsLook || wantsReport }

  /// The look that was asked for last told where it stands.
  mutating func succeeded() {
    knownAt = askedAt
    looks += 1
  }

  /// When it is looked up although nothing was told of it.
  var safetyLook: MonotonicTime {
    guard let knownAt else { return since.advanced(by: Self.firstSafetyPause) }
    let pause = BackOff.pause(
      after: max(0, looks - 1), first: Self.safetyPause, longest: Self.longestSafetyPause)
    return knownAt.advanced(by: pause)
  }

  mutating func postpone(to time: MonotonicTime) { due = time }

  /// Something was told of it that only a look explains: at once, but many of them want no more than
  /// one look in a second.
  mutating func lookSoon(at now: MonotonicTime) {
    toldAt = now
    hasten(to: max(now, askedAt?.advanced(by: Self.reportTime) ?? now))
    wantsLook = true
  }

  /// A fill was told of; a report that holds it spares the look.
  mutating func wasTraded(at now: MonotonicTime) {
    hasten(to: now.advanced(by: Self.reportTime))
    wantsReport = true
  }

  /// The last look did not show a fill that was told of: again, later. `false` when that was tried often
  /// enough.
  mutating func lookForFills(at now: MonotonicTime) -> Bool {
    guard lag.failures < Self.lagMaximum else { return false }
    nextLookBy = now.advanced(by: lag.next())
    wantsReport = true
    return true
  }

  /// Nothing is known to be traded that it has not been told of.
  mutating func holdsFills() { lag.reset() }

  private mutating func hasten(to time: MonotonicTime) {
    if let due {
      self.due = isUrgent ? min(due, time) : time
    } else {
      nextLookBy = min(nextLookBy ?? time, time)
    }
  }

  mutating func schedule(after now: MonotonicTime, failures: Int = 0) {
    let pause = failures >= Self.manyFailures ? Self.longestWhenFailing : backOff.next()
    due = nextLookBy.map { max($0, now) } ?? now.advanced(by: pause)
  }

  /// Lists are cut and lag: what is not in one is asked for by name, at once.
  mutating func wasNotListed(at now: MonotonicTime) {
    isUnlisted = true
    due = now
  }

  /// The answer said nothing about the order, and another way of asking may.
  mutating func askAgain(at now: MonotonicTime) { due = now }

  /// Something changed that only a look explains.
  mutating func restart(at now: MonotonicTime) {
    backOff.reset()
    looks = 0
    due = now
    wantsLook = true
  }

  /// The exchange told of a change: more may follow soon. `holdsFills`: nothing was traded that is not
  /// in what it told.
  mutating func changed(at now: MonotonicTime, holdsFills: Bool) {
    backOff.reset()
    if holdsFills {
      lag.reset()
      wantsReport = false
      if !wantsLook { nextLookBy = nil }
    }
    if !isUrgent || due == nil { schedule(after: now) }
  }
}

extension OrderLife {
  /// `nil` unless nothing of it has left.
  var waiting: Waiting? {
    get { if case .waiting(let waiting) = phase { waiting } else { nil } }
    set { if case .waiting = phase, let newValue { phase = .waiting(newValue) } }
  }

  /// `nil` unless the exchange has it.
  var following: Following? {
    get { if case .working(let following) = phase { following } else { nil } }
    set { if case .working = phase, let newValue { phase = .working(newValue) } }
  }

  /// The search that it stands in; `nil` when it is not searched for.
  var search: Search? {
    get {
      switch phase {
      case .lookedFor(let search, _), .unknown(let search): search
      case .missing(let search): search
      case .waiting, .armed, .working, .ended: nil
      }
    }
    set {
      switch (phase, newValue) {
      case (.lookedFor(_, let absence), let search?):
        phase = .lookedFor(search, ifAbsent: absence)
      case (.unknown, let search?): phase = .unknown(search)
      case (.missing, let search): phase = .missing(search)
      case (.lookedFor, nil), (.unknown, nil), (.waiting, _), (.armed, _), (.working, _),
        (.ended, _):
        break
      }
    }
  }

  /// No earlier run has sent it: it may leave.
  mutating func clear() {
    if case .lookedFor = phase { phase = .waiting(Waiting()) }
  }

  /// When it has to be looked at again, if nothing happens to it before.
  var due: MonotonicTime? {
    switch phase {
    case .lookedFor(let search, _), .unknown(let search): search.isIdle ? search.due : nil
    case .missing(let search): search.flatMap { $0.isIdle ? $0.due : nil }
    case .waiting(let waiting): waiting.notBefore
    case .working(let following): following.dueForLookOrCancel(order)
    case .armed, .ended: nil
    }
  }
}

extension Following {
  fileprivate func dueForLookOrCancel(_ order: Order) -> MonotonicTime? {
    guard order.cancelRequested, case .pausedUntil(let time) = cancel else { return due }
    return min(due ?? time, time)
  }
}
