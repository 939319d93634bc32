import Domain

/// What the daemon takes of the machine while nothing happens.
struct IdleMeasurement {
  private static let deadline = Duration.seconds(120)
  /// The start's work ends with the first look at the account.
  private static let settling = Duration.seconds(3)

  let bench: Bench

  func run() throws -> BenchSection {
    let daemons = try Bench.Scheme.allCases.map { scheme in
      let daemon = try DaemonUnderTest(
        bench, .fast(scheme), in: bench.newDirectory("idle"), maximumAge: .seconds(2))
      return (name: scheme.rawValue, daemon: daemon)
    }
    try bench.pass(Self.settling)
    var rows = try idle(daemons, "after the start") + idleWithStreams()
    let log = try bench.exchange().exchange.log
    for (_, daemon) in daemons {
      let signals = (1...bench.extent.load).map { BenchSignal($0) }
      for (signal, _) in try BurstMeasurement.drop(signals, to: daemon, bench) {
        let order = signal.clientOrderID(account: daemon.account)
        _ = try bench.time("an order of the load", for: Self.deadline, of: daemon) {
          log.arrival(of: order)
        }
      }
      try daemon.waitUntilSettled()
    }
    rows += try idle(daemons, "after \(bench.extent.load) signals at once")
    for (_, daemon) in daemons { try daemon.stop() }
    try bench.checkAtMostOnce()
    return BenchSection(
      name: "idle", title: "Idle: over \(bench.extent.idle)", unit: .milliseconds, rows: rows)
  }

  /// Two symbols, each pushed ten times a second, and an account in which nothing happens.
  private func idleWithStreams() throws -> [BenchRow] {
    let daemon = try DaemonUnderTest(
      bench, .pushing, in: bench.newDirectory("idle"), maximumAge: .seconds(2))
    try daemon.waitForStreams()
    try bench.pass(Self.settling)
    let rows = try idle([(name: "https", daemon: daemon)], "both streams connected")
    try daemon.checkStreams()
    try daemon.stop()
    return rows
  }

  private func idle(
    _ daemons: [(name: String, daemon: DaemonUnderTest)], _ when: String
  ) throws -> [BenchRow] {
    let before = try daemons.map { try ProcessUsage(of: $0.daemon.process.identifier) }
    try bench.pass(bench.extent.idle)
    return try zip(daemons, before).map { entry, before in
      let after = try ProcessUsage(of: entry.daemon.process.identifier)
      return BenchRow(
        label: "\(entry.name), \(when)",
        values: [
          ("resident", .bytes(after.residentBytes)), ("peak", .bytes(after.peakBytes)),
          ("own", .bytes(after.anonymousBytes)),
          ("processor time", .time(nanoseconds: after.processorTime(since: before))),
          ("wake-ups", .count(after.waits - before.waits)),
        ])
    }
  }
}
