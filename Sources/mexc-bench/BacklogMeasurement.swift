import Domain
import Platform

/// Signals down the socket while the exchange is out of reach: each waits, and must cost what the
/// first one did.
struct BacklogMeasurement {
  /// Lines that are on their way at a time.
  private static let window = 100
  private static let parts = 5
  private static let deadline = Duration.seconds(120)

  let bench: Bench

  func run() throws -> BenchSection {
    let daemon = try DaemonUnderTest(
      bench, .outOfReach, in: bench.newDirectory("backlog"), maximumAge: .seconds(60))
    let socket = try daemon.connectSignals()
    let size = max(1, bench.extent.backlog / Self.parts)
    var rows: [BenchRow] = []
    for part in 0..<Self.parts {
      let before = try ProcessUsage(of: daemon.process.identifier)
      let start = Clock.monotonic()
      try send(part * size + 1...(part + 1) * size, socket, daemon)
      let time = Clock.monotonic().since(start).wholeNanoseconds
      let after = try ProcessUsage(of: daemon.process.identifier)
      rows.append(
        BenchRow(
          label: "signals \(part * size + 1) to \((part + 1) * size)",
          values: [
            ("whole", .time(nanoseconds: time)),
            ("each", .time(nanoseconds: time / Int64(size))),
            ("processor time", .time(nanoseconds: after.processorTime(since: before))),
          ]))
    }
    try daemon.stop()
    return BenchSection(
      name: "backlog", title: "Backlog: signals by socket while the exchange is out of reach",
      unit: .milliseconds, rows: rows,
      notes: ["Whole: until the last answer. All of them are accepted, and wait."])
  }

  private func send(
    _ numbers: ClosedRange<Int>, _ socket: UnixClient, _ daemon: DaemonUnderTest
  ) throws {
    let deadline = Clock.monotonic().advanced(by: Self.deadline)
    var unanswered = 0
    for number in numbers {
      if unanswered == Self.window {
        try daemon.checkAccepted(socket.readLine(until: deadline))
        unanswered -= 1
      }
      try socket.send(BenchSignal(number).bytes, until: deadline)
      unanswered += 1
    }
    for _ in 0..<unanswered { try daemon.checkAccepted(socket.readLine(until: deadline)) }
  }
}
