import Domain

/// The shortest and the longest pause between connection attempts that nobody asked for.
package struct BackOffLimits: Hashable, Sendable {
  package var first: Duration = .milliseconds(250)
  package var last: Duration = .seconds(30)

  package init() {}
}

/// When the next background attempt is allowed: the pauses double while attempts fail.
struct BackOff {
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

  /// Between 3/4 and 5/4 of first·2ⁿ, spread by the number of the failure, so that two clients of one
  /// host do not fall into step for ever; never above `last`.
  private var pause: Duration {
    // 2¹⁶ times the first pause is over every limit in use.
    let doubled = limits.first * (1 << min(failures - 1, 16))
    let spread = (failures &* 0x9E37_79B1) >> 8 & 0x7
    return min(doubled * (12 + spread) / 16, limits.last)
  }
}
