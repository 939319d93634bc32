import Domain

/// An order that is not at its end, with what the engine needs to carry it there.
struct LiveOrder: Sendable {
  /// Counts acceptances: the older of two orders has the smaller one.
  let number: Int
  let signal: Signal
  let expiresAt: WallTime
  /// The same moment on the monotonic clock; a signal is too old when either clock says so.
  let expiresMonotonic: MonotonicTime
  var order: Order

  /// Not tried again before this.
  var notBefore: MonotonicTime?
  /// The last attempt provably never left, so it does not count as one.
  var didNotLeave = false
  /// How often its symbol's price came back too old to use.
  var stalePrices = 0
  /// Look-ups of an order that the exchange is known to have.
  var poll = PollSchedule()
  var looks = FailedLooks()
  /// The search for an order whose outcome is unknown, or which an earlier run may have sent without
  /// this database knowing it.
  var search: Search?
  /// What will be said of the signal when the search finds nothing.
  var verdict: Denial?
  /// The operator has closed the signal: its sender was told that, and the search goes on.
  var isClosed = false
  var cancelOutstanding = false
  var cancelNotBefore: MonotonicTime?

  var key: OrderKey { order.key }
  var symbol: Symbol { order.ticket.symbol }

  func isExpired(at now: Moment) -> Bool {
    now.wall >= expiresAt || now.monotonic >= expiresMonotonic
  }
}

/// When a working order is looked up next: soon at first, then ever more rarely.
struct PollSchedule: Sendable {
  var due: MonotonicTime?
  var outstanding = false
  private var count = 0
  /// Look-ups in a row that did not find an order that was there before.
  var misses = 0
  /// A list did not hold it, or not in a form that can be read: it is asked for by name from then on.
  private(set) var isUnlisted = false

  private static let first: Duration = .milliseconds(100)
  /// Doubling ends here; a resting order is looked up so often until streams tell sooner.
  private static let longest: Duration = .seconds(10)
  private static let doublings = 7
  /// After so many failed look-ups in a row, which take about five minutes, an order is looked up
  /// once a minute.
  private static let manyFailures = 35
  private static let longestWhenFailing: Duration = .seconds(60)

  mutating func schedule(after now: MonotonicTime, failures: Int = 0) {
    outstanding = false
    if failures >= Self.manyFailures {
      due = now.advanced(by: Self.longestWhenFailing)
      return
    }
    let delay = Self.first * (1 << min(count, Self.doublings))
    due = now.advanced(by: min(delay, Self.longest))
    count += 1
  }

  /// Lists are cut and lag: what is not in one is asked for by name, at once.
  mutating func wasNotListed(at now: MonotonicTime) {
    isUnlisted = true
    askAgain(at: now)
  }

  /// The answer said nothing about the order, and another way of asking may.
  mutating func askAgain(at now: MonotonicTime) {
    outstanding = false
    due = now
  }

  /// Something changed: look again soon.
  mutating func restart(at now: MonotonicTime) {
    count = 0
    outstanding = false
    due = now
  }
}
