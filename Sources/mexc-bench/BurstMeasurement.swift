import Domain
import Platform

/// Many signals at once.
struct BurstMeasurement {
  private static let deadline = Duration.seconds(120)

  let bench: Bench

  func run() throws -> BenchSection {
    var rows: [BenchRow] = []
    for scheme in Bench.Scheme.allCases {
      let daemon = try DaemonUnderTest(
        bench, .fast(scheme), in: bench.newDirectory("burst"), maximumAge: .seconds(60))
      rows.append(try measure(daemon, scheme))
      try daemon.stop()
    }
    try bench.checkAtMostOnce()
    return BenchSection(
      name: "burst", title: "Burst: files renamed in as fast as they can be, limits raised",
      unit: .milliseconds, rows: rows,
      notes: [
        "Whole, and per second: from the first rename to the last order on the wire.",
        "Processor time: the daemon's, until every order is settled.",
      ])
  }

  private func measure(_ daemon: DaemonUnderTest, _ scheme: Bench.Scheme) throws -> BenchRow {
    let before = try ProcessUsage(of: daemon.process.identifier)
    let signals = (1...bench.extent.burst).map { BenchSignal($0) }
    let starts = try Self.drop(signals, to: daemon, bench)
    let log = try bench.exchange().exchange.log
    var times = Samples()
    var first: MonotonicTime?
    var last: MonotonicTime?
    for (signal, start) in starts {
      let order = signal.clientOrderID(account: daemon.account)
      let arrival = try bench.time("an order of the burst", for: Self.deadline, of: daemon) {
        log.arrival(of: order)
      }
      times.add(arrival.since(start))
      first = min(first ?? start, start)
      last = max(last ?? arrival, arrival)
    }
    var whole: Int64 = 0
    if let first, let last { whole = last.since(first).wholeNanoseconds }
    try daemon.waitUntilSettled()
    let used = try ProcessUsage(of: daemon.process.identifier).processorTime(since: before)
    let rate = Int64(starts.count) * 1_000_000_000 / max(1, whole)
    return BenchRow(
      label: "\(scheme.rawValue), rename → wire",
      values: times.distribution + [
        ("whole", .time(nanoseconds: whole)), ("per second", .count(Int(rate))),
        ("processor time", .time(nanoseconds: used)),
      ])
  }

  /// Drops signals at once; each with the moment of its rename.
  static func drop(
    _ signals: [BenchSignal], to daemon: DaemonUnderTest, _ bench: Bench
  ) throws -> [(signal: BenchSignal, start: MonotonicTime)] {
    let dropper = try SpoolDropper(bench, in: daemon.directory)
    defer { dropper.close() }
    for signal in signals { try dropper.prepare(signal) }
    var starts: [(signal: BenchSignal, start: MonotonicTime)] = []
    starts.reserveCapacity(signals.count)
    for signal in signals { starts.append((signal, try dropper.drop(signal))) }
    return starts
  }
}
