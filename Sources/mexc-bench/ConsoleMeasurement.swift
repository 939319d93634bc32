import Domain
import Platform

/// From a file's rename to its order on the wire, a thousand signals a minute, beside a console that a
/// page is open on and without one: two daemons in turns.
final class ConsoleMeasurement {
  private struct Lane {
    let label: String
    let daemon: DaemonUnderTest
    let dropper: SpoolDropper
    var times = Samples()
  }

  /// A thousand a minute for each daemon.
  private static let interval = Duration.milliseconds(60)
  private static let deadline = Duration.seconds(10)
  private static let warmUps = 10
  /// The price stays known.
  private static let maximumAge = Duration.seconds(60)

  private let bench: Bench
  private var nextNumber = 1

  init(_ bench: Bench) {
    self.bench = bench
  }

  func run() throws -> BenchSection {
    var lanes = try ["without a console", "with its page open"].map(lane)
    let console = try OpenConsole(bench, beside: lanes[1].daemon)
    for _ in 0..<Self.warmUps { for lane in lanes { _ = try pass(lane) } }
    var ratios: [Double] = []
    for number in 0..<bench.extent.signals {
      let next = Clock.monotonic().advanced(by: Self.interval)
      var times: [Duration] = [.zero, .zero]
      for index in number % 2 == 0 ? [0, 1] : [1, 0] {
        times[index] = try pass(lanes[index])
        lanes[index].times.add(times[index])
      }
      ratios.append(times[1].wholeNanoseconds.ratio(to: times[0].wholeNanoseconds))
      try console.read()
      try bench.pass(next.since(Clock.monotonic()))
    }
    let usage = try ProcessUsage(of: console.process.identifier)
    try console.stop(bench)
    for lane in lanes {
      lane.dropper.close()
      try lane.daemon.waitUntilSettled()
      try lane.daemon.stop()
    }
    try bench.checkAtMostOnce()
    return section(lanes, ratios, usage, lines: console.lines)
  }

  private func lane(_ label: String) throws -> Lane {
    let daemon = try DaemonUnderTest(
      bench, .fast(.https), in: bench.newDirectory("watched"), maximumAge: Self.maximumAge)
    return Lane(
      label: label, daemon: daemon, dropper: try SpoolDropper(bench, in: daemon.directory))
  }

  private func pass(_ lane: Lane) throws -> Duration {
    let signal = BenchSignal(nextNumber)
    nextNumber += 1
    try lane.dropper.prepare(signal)
    return try lane.dropper.timeToWire(
      of: signal, as: signal.clientOrderID(account: lane.daemon.account), within: Self.deadline,
      by: lane.daemon)
  }

  private func section(
    _ lanes: [Lane], _ ratios: [Double], _ usage: ProcessUsage, lines: Int
  ) -> BenchSection {
    let medians = lanes.map(\.times.median)
    let rows = lanes.indices.map { index in
      BenchRow(
        label: lanes[index].label,
        values: lanes[index].times.distribution + [
          ("ratio", .ratio(medians[index].ratio(to: medians[0]))),
          ("of pairs", .ratio(index == 0 ? 1 : ratios.median)),
        ])
    }
    return BenchSection(
      name: "console", title: "Console: rename → wire at 1,000 signals a minute, price known",
      unit: .microseconds, rows: rows,
      notes: [
        "The page read \(lines) lines of events. mexc-console: resident "
          + "\(usage.residentBytes / 1_024) KiB, at most \(usage.peakBytes / 1_024) KiB."
      ])
  }
}
