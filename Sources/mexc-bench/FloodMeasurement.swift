import Domain
import Platform
import Store

/// Ten thousand files at once, against an exchange with its limits: until each of them is judged.
struct FloodMeasurement {
  private static let deadline = Duration.seconds(120)

  let bench: Bench

  func run() throws -> BenchSection {
    let simulator = try SimulatorUnderTest(bench)
    let daemon = try DaemonUnderTest(
      bench, .simulator(simulator), in: bench.newDirectory("flood"), maximumAge: .seconds(2))
    let count = Int64(bench.extent.flood)
    let incoming = try Directory(path: daemon.directory + "/spool/incoming")
    let reader = try StoreReader(path: daemon.directory + "/state.db")
    let before = try ProcessUsage(of: daemon.process.identifier)
    let signals = BenchSignal.overEveryMarket(bench.extent.flood)
    let start = try BurstMeasurement.drop(signals, to: daemon, bench).first?.start
    let dropped = Clock.monotonic()
    var judged: MonotonicTime?
    var taken: MonotonicTime?
    try bench.wait("every signal to be judged and every file taken", for: Self.deadline) {
      let now = Clock.monotonic()
      // Listing a full folder holds up the daemon, which renames files out of it.
      guard judged != nil else {
        if try reader.judgedSignals() == count { judged = now }
        return false
      }
      guard try incoming.names().isEmpty else { return false }
      taken = now
      return true
    }
    let used = try ProcessUsage(of: daemon.process.identifier).processorTime(since: before)
    // What waits for its turn is not waited for.
    try daemon.stop()
    try simulator.checkAtMostOnce()
    try simulator.stop()
    guard let start, let judged, let taken else { throw BenchError.failed("a flood of nothing") }
    return BenchSection(
      name: "flood",
      title: "Flood: files renamed in as fast as they can be, mexc-sim with its limits",
      unit: .milliseconds,
      rows: [
        BenchRow(
          label: "\(count) signals, http",
          values: [
            ("dropped", .time(nanoseconds: dropped.since(start).wholeNanoseconds)),
            ("judged", .time(nanoseconds: judged.since(start).wholeNanoseconds)),
            ("taken", .time(nanoseconds: taken.since(start).wholeNanoseconds)),
            ("processor time", .time(nanoseconds: used)),
          ])
      ],
      notes: [
        "From the first rename until the last one, until each signal is on record as approved by its price "
          + "or as denied, and until incoming/ is empty: each that is denied has its report then.",
        "Processor time: the daemon's until then.",
      ])
  }
}
