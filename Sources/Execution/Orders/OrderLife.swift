import Domain

/// One order from its making to its end. Only `fold` changes where it stands, and every change of its
/// status decides the phase that follows.
struct OrderLife: Sendable {
  enum Phase: Sendable {
    /// An earlier run may have sent it, so it is looked for before anything leaves. → waiting, working,
    /// missing, ended
    case lookedFor(Search, ifAbsent: Absence)
    /// Nothing of it has left. → lookedFor, armed, working, ended
    case waiting(Waiting)
    /// May be on the wire, and its answer is out. Something may have been told of it that only a look
    /// explains. → lookedFor, waiting, unknown, working, ended
    case armed(needsLook: Bool)
    /// Its answer proves nothing: it is searched for, and never sent again. → waiting, working,
    /// missing, ended
    case unknown(Search)
    /// The exchange has it. → ended
    case working(Following)
    /// Every view of the exchange said "no", also after a refusal that proves nothing; watched until the
    /// watch is over. → working, ended
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
  var expiry: Expiry
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
  /// The exchange told, by itself, of an order of this name: whatever its views say, it is there, so that it
  /// is neither sent again nor closed as not placed.
  private(set) var isToldOf = false

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
    noteThere(at: now)
    if hasUnreportedFills { following?.wasTraded(at: now) }
  }

  /// Something was told of it, by its name, that only a look explains.
  mutating func wasToldOf(at now: MonotonicTime) {
    noteThere(at: now)
    lookSoon(at: now)
  }

  private mutating func noteThere(at now: MonotonicTime) {
    isToldOf = true
    if case .waiting = phase { phase = firstPhase(at: now) }
    search?.lookSoon(at: now)
  }

  /// Whether more was told of its fills than its own reports hold.
  private var hasUnreportedFills: Bool { traded.map { $0 > order.executedQuantity } ?? true }

  /// Something was told that may be about it and that only a look explains: as soon as the exchange is
  /// known to have it.
  mutating func lookSoon(at now: MonotonicTime) {
    if case .armed = phase { phase = .armed(needsLook: true) }
    following?.lookSoon(at: now)
    search?.lookSoon(at: now)
  }

  /// Whether more was told of its fills than the report holds.
  func hasMoreFills(than report: OrderReport) -> Bool {
    report.executedQuantity < max(traded ?? .zero, order.executedQuantity)
  }

  /// Whether it would be over with the report before every view of the round that is out has told whether
  /// there is a second order of its name.
  func wouldEndEarly(with report: OrderReport) -> Bool {
    report.status.isEnd && search?.isIdle == false && order.conflict(with: report) == nil
  }

  /// Whether the look that showed this is to be made again, later: it tells the end before it tells every
  /// fill that was pushed. After a few such looks it is believed.
  mutating func looksForFills(missingIn report: OrderReport, at now: MonotonicTime) -> Bool {
    guard hasUnreportedFills,
      traded.map({ $0 > report.executedQuantity }) ?? true
    else { return false }
    // What was pushed beyond that was pushed twice.
    if case .base(let quantity) = order.request.amount, report.executedQuantity >= quantity {
      return false
    }
    return following?.lookForFills(at: now) ?? false
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
    case (.new, _): firstPhase(at: now.monotonic)
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
    // No definite refusal: it is watched for like one that was closed as never placed.
    case (.rejected, .unknown(let search)): .missing(search.watching(since: now.monotonic))
    case (.filled, _), (.canceled, _), (.partiallyCanceled, _), (.rejected, _), (.expired, _),
      (.denied, _), (.validated, _):
      .ended
    }
  }
}

extension OrderLife {
  /// What may leave, unless the exchange told of an order of this name.
  fileprivate func firstPhase(at now: MonotonicTime) -> Phase {
    isToldOf
      ? .lookedFor(Search(resumed: .settling, at: now), ifAbsent: .notFound) : .waiting(Waiting())
  }

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
  private(set) var monotonic: MonotonicTime
  /// The same by the exchange's clock, which goes on while this machine is paused: the latest that it can
  /// have shown when the signal was accepted, and what the signal had to live then. `nil` where that
  /// clock was not known.
  var exchange: WallTime?

  func isOver(at now: Moment) -> Bool {
    now.wall >= wall || now.monotonic >= monotonic
  }

  mutating func date(by clock: ExchangeClock) {
    exchange = clock.time(at: monotonic).advanced(by: clock.error)
  }

  /// The machine was paused, which `clock` was read after. Whether it ends earlier by that.
  mutating func shorten(by clock: ExchangeClock) -> Bool {
    guard let exchange, clock.latest(of: exchange) < monotonic else { return false }
    monotonic = clock.latest(of: exchange)
    return true
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
    case .lookedFor(let search, _), .unknown(let search): due(of: search)
    case .missing(let search): search.flatMap(due(of:))
    case .waiting(let waiting): waiting.notBefore
    case .working(let following): following.dueForLookOrCancel(order)
    case .armed, .ended: nil
    }
  }

  private func due(of search: Search) -> MonotonicTime? {
    search.isIdle ? max(search.due, looks.blockedUntil ?? search.due) : nil
  }
}
