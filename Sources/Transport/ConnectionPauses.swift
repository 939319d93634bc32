import Domain

/// The shortest and the longest pause between connection attempts that nobody asked for.
package struct BackOffLimits: Hashable, Sendable {
  /// One of its own for each program: those that lose a host at the same moment then do not come back to
  /// it together.
  package static let shares = 750_000...1_000_000

  package var first: Duration = .milliseconds(250)
  package var last: Duration = .seconds(30)
  /// How much of each pause is waited for, in millionths.
  package var share = 1_000_000

  package init() {}
}

/// When the next background attempt is allowed: the pauses double while attempts fail.
struct ConnectionPauses {
  private let limits: BackOffLimits
  private var failures = 0
  private(set) var notBefore: MonotonicTime?

  init(_ limits: BackOffLimits) {
    self.limits = limits
  }

  var isTroubled: Bool { failures > 0 }

  func allows(_ now: MonotonicTime) -> Bool {
    notBefore.map { $0 <= now } ?? true
  }

  /// Attempts that run side by side and fail together count once.
  mutating func failed(_ now: MonotonicTime) {
    guard allows(now) else { return }
    failures += 1
    notBefore = now.advanced(by: pause)
  }

  /// A connection stands, but has not proved to be of use: the next pause is as long as ever.
  mutating func connected() {
    notBefore = nil
  }

  mutating func succeeded() {
    failures = 0
    notBefore = nil
  }

  private var pause: Duration {
    BackOff.pause(after: failures - 1, first: limits.first, longest: limits.last)
      * limits.share / 1_000_000
  }
}
