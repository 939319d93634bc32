import Domain
import Platform
import SimulatedExchange

/// A running mexc-bench-reference, the plain C program that the daemon is held against.
final class ReferenceProgram: ProgramUnderTest {
  /// What its database has been through when it is ready.
  enum Database: String {
    /// It is new: each commit makes its WAL longer.
    case fresh
    /// SQLite has checkpointed by itself once: commits write over its WAL.
    case runIn = "run-in"
  }

  /// A thousand commits may lie before it.
  private static let startDeadline = Duration.seconds(60)

  let name = "mexc-bench-reference"
  let directory: String
  let process: ChildProcess

  /// Starts it in `directory`, and waits until its connection stands. It asks for the price of every
  /// signal, or takes it for known.
  init(
    _ bench: Bench, _ venue: BenchVenue, in directory: String, asksPrice: Bool, _ database: Database
  ) throws {
    self.directory = directory
    let address = try venue.address(bench)
    guard let authority = address.authority else {
      throw BenchError.failed("\(name) speaks TLS, and \(address.url) does not")
    }
    let incoming = directory + "/spool/incoming"
    for folder in ["/spool", "/spool/incoming", "/spool/done"] {
      try Directory.make(directory + folder, mode: 0o700)
    }
    let log = directory + "/log"
    let process = try ChildProcess(
      path: Bench.neighbour(name),
      arguments: [
        incoming, directory + "/state.db", String(try Endpoint(address.url).port), authority,
        asksPrice ? "ask" : "known", database.rawValue,
      ],
      environment: [
        "MEXC_API_KEY=\(SimulatorConfiguration.demoKey)",
        "MEXC_SECRET_KEY=\(SimulatorConfiguration.demoSecret)",
      ], log: log)
    self.process = process
    try bench.wait("the C program to be ready", for: Self.startDeadline) {
      guard !process.hasEnded else {
        throw BenchError.failed("\(name) did not start" + ProgramLog.ending(log))
      }
      return try TextFile.read(log) == "ready\n"
    }
  }

  func stop(_ bench: Bench) throws {
    process.terminate()
    try bench.wait("the C program to end", for: Self.startDeadline) { process.hasEnded }
  }
}
