import Domain

/// Measured times. Every one counts.
struct Samples {
  private(set) var nanoseconds: [Int64] = []

  var count: Int { nanoseconds.count }

  mutating func add(_ duration: Duration) {
    nanoseconds.append(duration.wholeNanoseconds)
  }

  /// By the nearest-rank method; 0 is the smallest. Zero without samples.
  func nanoseconds(percent: Int) -> Int64 {
    let sorted = nanoseconds.sorted()
    let rank = (percent * sorted.count + 99) / 100
    return sorted.isEmpty ? 0 : sorted[max(0, rank - 1)]
  }

  var median: Int64 { nanoseconds(percent: 50) }

  func percentile(_ percent: Int) -> BenchValue {
    .time(nanoseconds: nanoseconds(percent: percent))
  }

  /// The columns that a table shows.
  var distribution: [(String, BenchValue)] {
    [
      ("n", .count(count)), ("min", percentile(0)), ("p50", percentile(50)),
      ("p90", percentile(90)), ("p99", percentile(99)), ("max", percentile(100)),
    ]
  }
}

extension Int64 {
  func ratio(to other: Int64) -> Double { Double(self) / Double(Swift.max(1, other)) }
}

extension [Double] {
  var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
