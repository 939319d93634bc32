import Domain

/// Measured times. Every one counts.
struct Samples {
  private(set) var nanoseconds: [Int64] = []

  var count: Int { nanoseconds.count }

  mutating func add(_ duration: Duration) {
    nanoseconds.append(duration.wholeNanoseconds)
  }

  /// By the nearest-rank method; 0 is the smallest. Zero without samples.
  func percentile(_ percent: Int) -> BenchValue {
    let sorted = nanoseconds.sorted()
    let rank = (percent * sorted.count + 99) / 100
    return .time(nanoseconds: sorted.isEmpty ? 0 : sorted[max(0, rank - 1)])
  }

  /// The columns that a table shows.
  var distribution: [(String, BenchValue)] {
    [
      ("n", .count(count)), ("min", percentile(0)), ("p50", percentile(50)),
      ("p90", percentile(90)), ("p99", percentile(99)), ("max", percentile(100)),
    ]
  }
}
