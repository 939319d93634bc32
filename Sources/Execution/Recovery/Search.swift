import Domain

/// The search for an order that was sent and whose answer proves nothing.
///
/// Quick looks by client order ID come first. The verdict "not found" needs a full round, in which
/// every view of the exchange answers well-formed and says no, begun after the acceptance deadline
/// (no copy of the request can be accepted any more) and the settle time (an accepted order has
/// become visible). Any error is no answer, and the round is made again.
struct Search: Sendable {
  enum View: String, CaseIterable, Hashable, Sendable {
    case byClientOrderID = "order by client order id"
    case openOrders = "open orders"
    case recentOrders = "recent orders"
    case trades
  }

  enum Phase: Hashable, Sendable {
    /// Looking while the order may still appear.
    case settling
    /// Declared not found; watched for seven days.
    case watching(since: MonotonicTime)
  }

  var phase: Phase
  let began: MonotonicTime
  private(set) var due: MonotonicTime
  private var looks = 0
  /// Views of the round under way that have not answered.
  private(set) var outstanding: Set<View> = []
  /// Whether some view of the last round said anything but a well-formed "no", or nothing: the round proves
  /// no absence.
  private(set) var roundIsOpen = false
  private var roundIsFull = false
  /// Of the round under way.
  var cutLists: [View: CutList] = [:]
  private(set) var roundBegan: MonotonicTime
  private var failures = 0

  private static let firstLook: Duration = .milliseconds(500)
  private static let longestPause: Duration = .seconds(32)
  private static let watchTime: Duration = .seconds(7 * 24 * 60 * 60)

  init(phase: Phase, at now: MonotonicTime) {
    self.phase = phase
    began = now
    roundBegan = now
    due = now.advanced(by: Self.firstLook)
  }

  /// A search that begins at a start of the daemon looks at once.
  init(resumed phase: Phase, at now: MonotonicTime) {
    self.init(phase: phase, at: now)
    due = now
  }

  var isIdle: Bool { outstanding.isEmpty }

  /// The same search, for an order that counts as not found from now on.
  func watching(since now: MonotonicTime) -> Search {
    var search = self
    search.phase = .watching(since: now)
    return search
  }

  /// The views to ask now: all of them, or only the one that costs little.
  mutating func begin(full: Bool, at now: MonotonicTime) -> [View] {
    let views: [View] = full ? View.allCases : [.byClientOrderID]
    outstanding = Set(views)
    roundIsOpen = false
    roundIsFull = full
    cutLists = [:]
    roundBegan = now
    return views
  }

  enum Verdict: Hashable, Sendable {
    case pending
    /// Every view of a full round said no.
    case absent
    /// A quick look said no, or some view said something else, or nothing: no absence is proved.
    case open
  }

  /// Takes one view's answer. Only a well-formed "no" is one: a find is none, and no answer is none.
  mutating func take(_ view: View, saidNo: Bool, at now: MonotonicTime) -> Verdict {
    outstanding.remove(view)
    if !saidNo { roundIsOpen = true }
    guard outstanding.isEmpty else { return .pending }
    failures = roundIsOpen ? failures + 1 : 0
    looks += 1
    due = now.advanced(by: pause(at: now))
    return roundIsFull && !roundIsOpen ? .absent : .open
  }

  /// Looks again at `time` if that is sooner than planned.
  mutating func hasten(to time: MonotonicTime) {
    if isIdle { due = min(due, time) }
  }

  /// Something was told that may be about the order: at once, but many of them want no more than one
  /// round in a second.
  mutating func lookSoon(at now: MonotonicTime) {
    hasten(to: max(now, roundBegan.advanced(by: .seconds(1))))
  }

  /// Whether it has looked at all.
  var hasLooked: Bool { looks > 0 }

  /// Nothing is gained by looking before.
  mutating func wait(until time: MonotonicTime) {
    if isIdle { due = max(due, time) }
  }

  private func pause(at now: MonotonicTime) -> Duration {
    switch phase {
    case .settling:
      return BackOff.pause(
        after: roundIsOpen ? failures : looks, first: Self.firstLook, longest: Self.longestPause)
    case .watching(let since):
      let age = now.since(since)
      if age < .seconds(60 * 60) { return .seconds(60) }
      return age < .seconds(24 * 60 * 60) ? .seconds(10 * 60) : .seconds(60 * 60)
    }
  }

  /// The exchange keeps an order findable for seven days. Its own clock, by which the order has this `age`,
  /// must say so as well: a start with this machine's clock set wrong reckons a wrong beginning of the watch.
  func isOver(at now: MonotonicTime, age: Duration) -> Bool {
    guard case .watching(let since) = phase else { return false }
    return now.since(since) >= Self.watchTime && age >= Self.watchTime
  }
}
