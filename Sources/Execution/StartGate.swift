import Domain

/// What must be known before the first order of a run may leave: the exchange's clock, the rules of
/// the allowed symbols, which of them the key may trade, and where every earlier order stands.
/// Signals are taken and remembered meanwhile.
struct StartGate: Sendable {
  /// Something that is asked for until it is answered, then again when it has grown old.
  struct Need: Sendable {
    var isMet = false
    var outstanding = false
    var due: MonotonicTime
    private(set) var failures = 0
    private(set) var lastFailure: Failure?
    private var told: (reason: String, at: MonotonicTime)?

    struct Failure: Hashable, Sendable {
      var reason: String
      var advice: String
    }

    private static let firstPause: Duration = .milliseconds(250)
    private static let doublings = 5
    private static let tellingInterval: Duration = .seconds(60)

    init(due: MonotonicTime) {
      self.due = due
    }

    mutating func met(refreshAt time: MonotonicTime) {
      isMet = true
      outstanding = false
      failures = 0
      lastFailure = nil
      told = nil
      due = time
    }

    /// Keeps what was met before: an old answer is better than none.
    mutating func failed(_ failure: Failure, at now: MonotonicTime) {
      outstanding = false
      lastFailure = failure
      due = now.advanced(by: Self.firstPause * (1 << min(failures, Self.doublings)))
      failures += 1
    }

    /// Whether a failure is news: an outage is told once a minute, not with every attempt.
    mutating func isNews(_ reason: String, at now: MonotonicTime) -> Bool {
      if let told, told.reason == reason, now.since(told.at) < Self.tellingInterval { return false }
      told = (reason, now)
      return true
    }
  }

  var clock: Need
  var instruments: Need
  var tradableSymbols: Need
  /// Earlier orders whose state has not been read yet.
  var unreconciled: Set<OrderKey>
  /// Earlier orders that are not waited for, as their state or that of another of their symbol cannot
  /// be read: each pauses its own symbol only, until it is read.
  var unreadable: [OrderKey: Symbol] = [:]

  /// The exchange's clock is read again this often; a crystal drifts well under 1 ms in that time.
  static let clockRefresh: Duration = .seconds(60)
  /// Rules change rarely; this bounds how long a change stays unseen.
  static let instrumentRefresh: Duration = .seconds(15 * 60)
  /// While the rules of a symbol cannot be read.
  static let unreadableRefresh: Duration = .seconds(30)
  /// Between two readings that refused signals ask for: they use a sixth of the published limit.
  static let unreadablePause: Duration = .seconds(5)

  init(at now: MonotonicTime, unreconciled: Set<OrderKey>) {
    clock = Need(due: now)
    instruments = Need(due: now)
    tradableSymbols = Need(due: now)
    self.unreconciled = unreconciled
  }

  var isOpen: Bool {
    clock.isMet && instruments.isMet && tradableSymbols.isMet && unreconciled.isEmpty
  }
}
