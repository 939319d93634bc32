import Domain
import Glibc
import JSON
import Platform
import SimulatedExchange

/// A running mexc-signald, from its start to its end.
final class DaemonUnderTest: ProgramUnderTest {
  /// Between a process that starts and the exchange that answers it; far more than it takes.
  private static let startDeadline = Duration.seconds(20)
  /// The daemon itself gives orders in flight 10 seconds.
  private static let stopDeadline = Duration.seconds(15)
  private static let answerDeadline = Duration.seconds(10)
  /// Between two questions whether everything has settled.
  private static let quietInterval = Duration.milliseconds(5)
  private static let quietDeadline = Duration.seconds(60)

  let name = "mexc-signald"
  let directory: String
  let account: String
  let process: ChildProcess
  /// From the start of the process to READY=1.
  let readyTime: Duration
  /// From the start of the process to open trading; zero where the exchange is out of reach.
  let tradingTime: Duration
  private let bench: Bench
  private let notify: NotifySocket
  private var control: UnixClient?

  /// Starts it in `directory`, over what an earlier one has left there, and waits until it trades; or
  /// until it is ready, where nobody listens at the exchange's address.
  init(
    _ bench: Bench, _ venue: BenchVenue, in directory: String, maximumAge: Duration
  ) throws {
    self.bench = bench
    self.directory = directory
    // Each is an account of its own, so that the same signal is another order.
    account = String(directory.split(separator: "/").last ?? "bench")
    let configuration = try venue.configuration(
      in: directory, account: account, maximumAge: maximumAge, bench)
    try Directory(path: directory).writeWhole(
      Array("config.json5".utf8), Array(configuration.prettyText().utf8), mode: 0o600)
    let notify = try NotifySocket(path: directory + "/notify.sock", loop: bench.loop)
    self.notify = notify
    let log = directory + "/log"
    let process = try ChildProcess(
      path: bench.daemonPath, arguments: ["--config", directory + "/config.json5"],
      environment: [
        "NOTIFY_SOCKET=\(notify.path)", "MEXC_API_KEY=\(SimulatorConfiguration.demoKey)",
        "MEXC_SECRET_KEY=\(SimulatorConfiguration.demoSecret)",
      ], log: log)
    self.process = process
    var trading: MonotonicTime?
    try bench.wait("the daemon to trade" + ProgramLog.ending(log), for: Self.startDeadline) {
      guard !process.hasEnded else {
        throw BenchError.failed("mexc-signald did not start" + ProgramLog.ending(log))
      }
      trading = notify.time(of: venue.isReachable ? "STATUS=trading" : "READY=1")
      return trading != nil
    }
    guard let trading, let ready = notify.time(of: "READY=1") else {
      throw BenchError.failed("mexc-signald trades without being ready" + ProgramLog.ending(log))
    }
    readyTime = ready.since(process.startedAt)
    tradingTime = venue.isReachable ? trading.since(process.startedAt) : .zero
  }

  /// Asks it to stop, and waits until it has.
  func stop() throws {
    control = nil
    process.terminate()
    try bench.wait("the daemon to stop", for: Self.stopDeadline) { process.hasEnded }
    guard process.hasSucceeded else { throw failure("mexc-signald did not end well") }
  }

  // MARK: State

  func connectSignals() throws -> UnixClient { try UnixClient(path: directory + "/signal.sock") }

  private func status() throws -> JSONValue {
    let client = try control ?? UnixClient(path: directory + "/control.sock")
    control = client
    let line = try client.request(
      Array("{\"command\":\"status\"}".utf8),
      until: Clock.monotonic().advanced(by: Self.answerDeadline))
    let answer = try JSONReader.read(line)
    guard let result = answer["result"] else { throw failure("no status: \(answer)") }
    return result
  }

  private static func isZero(_ status: JSONValue, _ name: String) -> Bool {
    status[name]?.numberValue == "0"
  }

  /// Waits until everything named is at zero, the commits that belong to it included.
  private func wait(untilZero names: [String]) throws {
    try wait("its orders to settle") { status in names.allSatisfy { Self.isZero(status, $0) } }
  }

  private func wait(_ what: String, _ isSo: (JSONValue) -> Bool) throws {
    let deadline = Clock.monotonic().advanced(by: Self.quietDeadline)
    while !isSo(try status()) {
      guard Clock.monotonic() < deadline else { throw failure("waited in vain for \(what)") }
      try bench.pass(Self.quietInterval)
    }
    // A status may be told in the turn whose commit is still to come; the next is told after it.
    _ = try status()
  }

  /// Waits until no placement is on its way any more.
  func waitUntilPlaced() throws { try wait(untilZero: ["waiting", "in_flight"]) }

  /// Waits until the exchange has an order that is not at its end.
  func waitUntilOpen() throws {
    try wait("an open order") { status in
      !Self.isZero(status, "open_orders") && Self.isZero(status, "in_flight")
    }
  }

  /// Throws unless a signal was answered as accepted.
  func checkAccepted(_ answer: [UInt8]) throws {
    guard try JSONReader.read(answer)["status"] == "accepted" else {
      throw failure("a signal was answered \(String(decoding: answer, as: UTF8.self))")
    }
  }

  // MARK: Streams

  /// Waits until both streams are open and the prices come from there.
  func waitForStreams() throws { try wait("its streams", Self.livesOnStreams) }

  /// Throws unless the same holds now, and no connection was made anew.
  func checkStreams() throws {
    let status = try status()
    guard Self.livesOnStreams(status) else {
      throw failure(
        "its prices do not come from a stream that was never lost; the source: "
          + "\(text(of: "price_source", in: status)), the streams: \(text(of: "streams", in: status))"
      )
    }
  }

  private func text(of name: String, in status: JSONValue) -> String {
    status[name]?.compactText() ?? "unknown"
  }

  private static func livesOnStreams(_ status: JSONValue) -> Bool {
    let streams = status["streams"]?.arrayValue ?? []
    return status["price_source"]?.stringValue == "stream"
      && Set(streams.compactMap { $0["name"]?.stringValue }) == ["market", "account"]
      && streams.allSatisfy { stream in
        stream["state"]?.stringValue == "open" && !isZero(stream, "subscriptions")
          && isZero(stream, "reconnects")
      }
  }

  // MARK: The end of orders

  /// Waits until every order is at its end.
  func waitUntilSettled() throws {
    try wait(untilZero: ["waiting", "in_flight", "open_orders"])
  }
}
