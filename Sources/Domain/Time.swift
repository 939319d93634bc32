/// A point on the machine's monotonic clock, in nanoseconds since boot, suspend included.
///
/// Deadlines and ages are measured with it: it never steps when somebody sets the clock.
package struct MonotonicTime: Comparable, Hashable, Sendable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  package func advanced(by duration: Duration) -> MonotonicTime {
    MonotonicTime(nanoseconds: nanoseconds.addingClamped(duration.wholeNanoseconds))
  }

  /// How much later this point is than `earlier`; negative when it is not.
  package func since(_ earlier: MonotonicTime) -> Duration {
    .nanoseconds(nanoseconds.subtractingClamped(earlier.nanoseconds))
  }

  /// The earlier of two points that there may be.
  package static func earlier(
    _ first: MonotonicTime?, _ second: MonotonicTime?
  ) -> MonotonicTime? {
    guard let first, let second else { return first ?? second }
    return min(first, second)
  }
}

/// A point of civil time: milliseconds since 1970-01-01T00:00:00Z, as the exchange counts it.
package struct WallTime: Comparable, Hashable, Sendable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  package static func < (left: WallTime, right: WallTime) -> Bool {
    left.milliseconds < right.milliseconds
  }

  package func advanced(by duration: Duration) -> WallTime {
    WallTime(milliseconds: milliseconds.addingClamped(duration.wholeMilliseconds))
  }

  package func since(_ earlier: WallTime) -> Duration {
    .milliseconds(milliseconds.subtractingClamped(earlier.milliseconds))
  }
}

/// Both clocks, read together. Every input of the engine carries one.
package struct Moment: Hashable, Sendable {
  package let wall: WallTime
  package let monotonic: MonotonicTime

  package init(wall: WallTime, monotonic: MonotonicTime) {
    self.wall = wall
    self.monotonic = monotonic
  }

  package func advanced(by duration: Duration) -> Moment {
    Moment(wall: wall.advanced(by: duration), monotonic: monotonic.advanced(by: duration))
  }

  /// Where a moment of the past lies on the monotonic clock. One of the future means that the civil
  /// clock was set back: it counts as now.
  package func monotonic(of past: WallTime) -> MonotonicTime {
    monotonic.advanced(by: .zero - max(.zero, wall.since(past)))
  }

  /// How much further the civil clock has gone since then than the other; negative when it was set back.
  package func clockStep(since earlier: Moment) -> Duration {
    wall.since(earlier.wall) - monotonic.since(earlier.monotonic)
  }
}

extension Duration {
  package var magnitude: Duration { max(self, .zero - self) }

  /// Rounded toward zero; clamped to what 64 bits hold.
  package var wholeNanoseconds: Int64 {
    Int64(clamping: attoseconds / 1_000_000_000)
  }

  /// Rounded toward zero; clamped to what 64 bits hold.
  package var wholeMilliseconds: Int64 {
    Int64(clamping: attoseconds / 1_000_000_000_000_000)
  }
}

extension Int64 {
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }
}

extension Duration {
  /// For people: one number and one unit, rounded down. `850 ms`, `12 s`, `3 min`, `5 h`, `2516 days`.
  package var inWords: String {
    let milliseconds = max(0, wholeMilliseconds)
    let units: [(size: Int64, name: String)] = [
      (86_400_000, "days"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"),
    ]
    // Two of a larger unit say more than a hundred of a smaller one, and one says too little.
    for unit in units where milliseconds >= 2 * unit.size {
      return "\(milliseconds / unit.size) \(unit.name)"
    }
    return "\(milliseconds) ms"
  }
}
