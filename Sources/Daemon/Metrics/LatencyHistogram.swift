import Domain

/// How often something took how long. Counting asks for no memory.
package struct LatencyHistogram: Sendable {
  /// The upper bounds, in nanoseconds: a commit takes tenths of a millisecond, an answer of the
  /// exchange tens of them, and an order that waits for its turn up to a minute.
  static let bounds: [Int64] = [
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
    100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000,
    10_000_000_000, 30_000_000_000, 60_000_000_000,
  ]

  /// One for each bound, and one for what is above the last.
  private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
  private(set) var nanoseconds: Int64 = 0
  var count: Int { counts.reduce(0, +) }

  package mutating func add(_ duration: Duration) {
    let time = max(0, duration.wholeNanoseconds)
    let place = Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count
    counts[place] += 1
    nanoseconds += time
  }
}
