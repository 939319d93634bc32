import Domain

/// From the start of the process to open trading.
struct StartMeasurement {
  private struct Start {
    var ready = Samples()
    var trading = Samples()
  }

  let bench: Bench

  func run() throws -> BenchSection {
    var rows: [BenchRow] = []
    for scheme in Bench.Scheme.allCases {
      var first = Start()
      var again = Start()
      for _ in 0..<bench.extent.starts {
        let directory = try bench.newDirectory("start")
        try start(scheme, in: directory, &first)
        try start(scheme, in: directory, &again)
      }
      rows.append(row("\(scheme.rawValue), new database", first))
      rows.append(row("\(scheme.rawValue), restart", again))
    }
    return BenchSection(
      name: "start", title: "Start: from the start of the process to open trading",
      unit: .milliseconds, rows: rows,
      notes: [
        "Ready: READY=1 is said, so signals are taken. Open trading takes the exchange's clock, rules",
        "and pairs besides, which are answered at once here.",
      ])
  }

  private func start(
    _ scheme: Bench.Scheme, in directory: String, _ start: inout Start
  ) throws {
    let daemon = try DaemonUnderTest(
      bench, .fast(scheme), in: directory, maximumAge: .seconds(2))
    start.ready.add(daemon.readyTime)
    start.trading.add(daemon.tradingTime)
    try daemon.stop()
  }

  private func row(_ label: String, _ start: Start) -> BenchRow {
    BenchRow(
      label: label,
      values: [
        ("n", .count(start.trading.count)), ("min", start.trading.percentile(0)),
        ("median", start.trading.percentile(50)), ("max", start.trading.percentile(100)),
        ("median to ready", start.ready.percentile(50)),
      ])
  }
}
