import Domain
import Platform
import Store

/// A thousand signals a second down the socket, each followed to its end: what one costs, and what the
/// daemon holds, must stay what they were.
final class SustainedMeasurement {
  private static let parts = 5
  private static let perTick = 10
  private static let tick = Duration.milliseconds(10)
  /// Lines that are on their way at a time; a daemon that is slower holds the sender up.
  private static let window = 1_000
  private static let deadline = Duration.seconds(10)

  private let bench: Bench
  private let daemon: DaemonUnderTest
  private let socket: UnixClient
  /// When the lines were sent that are not answered.
  private var unanswered: [MonotonicTime] = []
  private var times = Samples()
  private var nextNumber = 1

  init(_ bench: Bench) throws {
    self.bench = bench
    daemon = try DaemonUnderTest(
      bench, .pushing, in: bench.newDirectory("sustained"), maximumAge: .seconds(60))
    socket = try daemon.connectSignals()
  }

  func run() throws -> BenchSection {
    try daemon.waitForStreams()
    let count = max(Self.perTick, bench.extent.sustained / Self.parts)
    var rows: [BenchRow] = []
    for part in 0..<Self.parts {
      rows.append(try measure(count, label: "signals \(part * count + 1) to \((part + 1) * count)"))
    }
    try daemon.waitUntilSettled()
    try daemon.checkStreams()
    try daemon.stop()
    try checkEnds(Self.parts * count)
    return BenchSection(
      name: "sustained", title: "Sustained: 1,000 signals a second by socket, streams connected",
      unit: .microseconds, rows: rows,
      notes: [
        "Answer: from the line to its answer, whose commit is synced. All of them are filled."
      ])
  }

  private func measure(_ count: Int, label: String) throws -> BenchRow {
    let before = try ProcessUsage(of: daemon.process.identifier)
    let start = Clock.monotonic()
    var next = start
    times = Samples()
    var left = count
    while left > 0 {
      for _ in 0..<min(Self.perTick, left) { try send() }
      left -= min(Self.perTick, left)
      next = next.advanced(by: Self.tick)
      try takeAnswers(until: next)
    }
    while !unanswered.isEmpty {
      try takeAnswer(until: Clock.monotonic().advanced(by: Self.deadline))
    }
    let whole = Clock.monotonic().since(start).wholeNanoseconds
    let after = try ProcessUsage(of: daemon.process.identifier)
    return BenchRow(
      label: label,
      values: [
        ("per second", .count(Int(Int64(count) * 1_000_000_000 / max(1, whole)))),
        ("answer p50", times.percentile(50)), ("answer p99", times.percentile(99)),
        ("processor each", .time(nanoseconds: after.processorTime(since: before) / Int64(count))),
        ("resident", .bytes(after.residentBytes)),
      ])
  }

  private func send() throws {
    let deadline = Clock.monotonic().advanced(by: Self.deadline)
    if unanswered.count == Self.window { try takeAnswer(until: deadline) }
    unanswered.append(Clock.monotonic())
    try socket.send(BenchSignal(nextNumber).bytes, until: deadline)
    nextNumber += 1
  }

  private func takeAnswers(until time: MonotonicTime) throws {
    if bench.isStopping { throw BenchError.interrupted }
    try bench.loop.turn(until: Clock.monotonic())
    while Clock.monotonic() < time {
      let answer: [UInt8]
      do throws(UnixClient.Failure) {
        answer = try socket.readLine(until: time)
      } catch {
        guard case .timedOut = error else { throw error }
        return
      }
      try take(answer)
    }
  }

  private func takeAnswer(until time: MonotonicTime) throws {
    try take(socket.readLine(until: time))
  }

  private func take(_ answer: [UInt8]) throws {
    times.add(Clock.monotonic().since(unanswered.removeFirst()))
    try daemon.checkAccepted(answer)
  }

  private func checkEnds(_ count: Int) throws {
    let counts = try StoreReader(path: daemon.directory + "/state.db").orderCounts()
    guard counts == [.filled: count] else {
      throw BenchError.failed("of \(count) signals: \(counts)")
    }
    try bench.checkAtMostOnce()
  }
}
