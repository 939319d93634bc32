import Domain
import Platform
import Store

/// What a long past costs: the start, a signal, and memory, with many finished signals in the database
/// beside few of them.
final class HistoryMeasurement {
  private static let deadline = Duration.seconds(10)
  private static let few = 1_000
  private static let openOrders = 500
  private static let day = Duration.seconds(86_400)
  /// The limits of a day count no order that is older, and the retention rule leaves them.
  private static let youngest = 2
  private static let oldest = 300
  /// Lines that are on their way at a time.
  private static let window = 50

  /// A daemon over a past.
  private final class Lane {
    let past: Int
    let directory: String
    let account: String
    var times = Samples()
    var starts = Samples()
    /// With the signals of the last hour besides.
    var laterStarts = Samples()

    init(past: Int, directory: String) {
      self.past = past
      self.directory = directory
      account = String(directory.split(separator: "/").last ?? "bench")
    }
  }

  private let bench: Bench
  private var nextNumber = 1

  init(_ bench: Bench) {
    self.bench = bench
  }

  func run() throws -> BenchSection {
    let lanes = try [Self.few, max(Self.few, bench.extent.history)].map { past in
      let lane = Lane(past: past, directory: try bench.newDirectory("history"))
      try write(past, .filled, lane.account, in: lane.directory)
      return lane
    }
    for lane in lanes {
      let copy = try bench.copy(lane.directory)
      try measureStarts(in: copy, of: lane, &lane.starts)
      try bench.remove(copy)
    }
    let resident = try measureSignals(lanes)
    for lane in lanes { try measureStarts(in: lane.directory, of: lane, &lane.laterStarts) }
    try bench.checkAtMostOnce()
    return section(lanes, resident)
  }

  private func measureStarts(
    in directory: String, of lane: Lane, _ starts: inout Samples
  ) throws {
    try write(Self.openOrders, .open, lane.account, in: directory)
    for _ in 0..<bench.extent.starts {
      let daemon = try DaemonUnderTest(
        bench, .outOfReach, in: directory, maximumAge: .seconds(60))
      starts.add(daemon.readyTime)
      try daemon.stop()
    }
  }

  private func write(
    _ count: Int, _ end: PastSignals.End, _ account: String, in directory: String
  ) throws {
    let now = Clock.wall()
    let past = try PastSignals(in: directory, account: account, at: now)
    try past.write(
      count, end, from: now.advanced(by: .zero - Self.day * Self.oldest),
      to: now.advanced(by: .zero - Self.day * Self.youngest))
  }

  // MARK: Signals

  /// By turns, so that a disturbance of the machine meets both alike. What each daemon holds of memory:
  /// after its start, and after the load that follows.
  private func measureSignals(_ lanes: [Lane]) throws -> [(idle: Int, loaded: Int)] {
    let daemons = try lanes.map { lane in
      try DaemonUnderTest(bench, .fast(.http), in: lane.directory, maximumAge: .seconds(60))
    }
    let idle = try daemons.map { try ProcessUsage(of: $0.process.identifier).residentBytes }
    let droppers = try daemons.map { try SpoolDropper(bench, in: $0.directory) }
    for round in 0..<bench.extent.signals {
      for index in round % 2 == 0 ? [0, 1] : [1, 0] {
        try measure(lanes[index], daemons[index], droppers[index])
      }
    }
    for dropper in droppers { dropper.close() }
    for daemon in daemons.suffix(1) { try load(daemon) }
    let loaded = try daemons.map { try ProcessUsage(of: $0.process.identifier).residentBytes }
    for daemon in daemons { try daemon.stop() }
    return zip(idle, loaded).map { (idle: $0, loaded: $1) }
  }

  private func measure(
    _ lane: Lane, _ daemon: DaemonUnderTest, _ dropper: SpoolDropper
  ) throws {
    let signal = BenchSignal(nextNumber)
    nextNumber += 1
    try dropper.prepare(signal)
    lane.times.add(
      try dropper.timeToWire(
        of: signal, as: signal.clientOrderID(account: daemon.account), within: Self.deadline,
        by: daemon))
    try daemon.waitUntilSettled()
  }

  /// Signals by socket, each followed to its end.
  private func load(_ daemon: DaemonUnderTest) throws {
    let reader = try StoreReader(path: daemon.directory + "/state.db")
    let before = try reader.orderCounts()[.filled] ?? 0
    let socket = try daemon.connectSignals()
    var left = bench.extent.lasting
    while left > 0 {
      let count = min(left, Self.window)
      let deadline = Clock.monotonic().advanced(by: Self.deadline)
      for _ in 0..<count {
        try socket.send(BenchSignal(nextNumber).bytes, until: deadline)
        nextNumber += 1
      }
      for _ in 0..<count { try daemon.checkAccepted(socket.readLine(until: deadline)) }
      left -= count
      if left % (20 * Self.window) == 0 { try daemon.waitUntilSettled() }
    }
    try daemon.waitUntilSettled()
    let filled = try (reader.orderCounts()[.filled] ?? 0) - before
    guard filled == bench.extent.lasting else {
      throw BenchError.failed("of \(bench.extent.lasting) signals of the load \(filled) are filled")
    }
  }

  // MARK: Report

  private func section(
    _ lanes: [Lane], _ resident: [(idle: Int, loaded: Int)]
  ) -> BenchSection {
    let few = lanes.first?.times.median ?? 0
    let rows = zip(lanes, resident).map { lane, resident in
      BenchRow(
        label: "\(lane.past) finished signals",
        values: [
          ("start p50", lane.starts.percentile(50)), ("start max", lane.starts.percentile(100)),
          ("later p50", lane.laterStarts.percentile(50)),
          ("later max", lane.laterStarts.percentile(100)),
          ("wire p50", lane.times.percentile(50)), ("wire p99", lane.times.percentile(99)),
          ("ratio", .ratio(lane.times.median.ratio(to: few))),
          ("resident", .bytes(resident.idle)), ("at the end", .bytes(resident.loaded)),
        ])
    }
    return BenchSection(
      name: "history", title: "History: what a long past costs", unit: .microseconds, rows: rows,
      notes: [
        "Start: to READY=1, with \(Self.openOrders) open orders besides. Later: after all that this "
          + "measurement sends, so that the limits of a day count \(bench.extent.lasting) orders of the "
          + "long past, and of the other few.",
        "Wire: from the rename of a signal to its order, the price known, by turns. Ratio: of the "
          + "medians.",
        "Resident memory: after the start, and at the end, which for the long past is after "
          + "\(bench.extent.lasting) more signals.",
      ])
  }
}
