import Domain

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
  var cancels = FruitlessCancels()
  var fills = FillLooks()

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
    let time = now.advanced(by: lag.next())
    nextLookBy = min(nextLookBy ?? time, time)
    wantsReport = true
    return true
  }

  /// Nothing is known to be traded that it has not been told of.
  mutating func holdsFills() { lag.reset() }

  /// The look that was asked for last showed that it stands.
  mutating func wasSeenStanding() {
    if let askedAt { cancels.wereOutlived(byLookAskedAt: askedAt) }
  }

  /// The cancel's answer is not the end of the order. Whether it is known to have outlived so many that
  /// this one is no likely end.
  mutating func cancelWasAnswered(isBlocked: Bool, at now: MonotonicTime) -> Bool {
    let pause = cancels.wasAnswered(isBlocked: isBlocked, at: now)
    cancel = .pausedUntil(now.advanced(by: pause))
    return cancels.areMany
  }

  /// A person asks for it once more, or another key may.
  mutating func cancelAgain() {
    if case .pausedUntil = cancel { cancel = .none }
  }

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
    // What the look under way shows may be older: the next one follows its answer.
    if due == nil { nextLookBy = now } else { due = now }
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

extension Following {
  func dueForLookOrCancel(_ order: Order) -> MonotonicTime? {
    guard order.cancelRequested, case .pausedUntil(let time) = cancel else { return due }
    return min(due ?? time, time)
  }
}
