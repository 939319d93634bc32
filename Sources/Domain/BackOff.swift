/// A pause that doubles with every failure, up to a longest one.
package struct BackOff: Sendable {
  package let first: Duration
  package let longest: Duration
  package private(set) var failures = 0

  package init(first: Duration, longest: Duration) {
    self.first = first
    self.longest = longest
  }

  /// The next pause.
  package mutating func next() -> Duration {
    let pause = Self.pause(after: failures, first: first, longest: longest)
    failures += 1
    return pause
  }

  package mutating func reset() { failures = 0 }

  /// The pause that follows `failures` others.
  package static func pause(after failures: Int, first: Duration, longest: Duration) -> Duration {
    // 2³⁰ times any first pause of ours is beyond every longest one.
    min(first * (1 << min(failures, 30)), longest)
  }
}
