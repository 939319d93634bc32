import Domain
import Glibc
import JSON
import Platform
import SimulatedExchange

/// A running mexc-signald with raised limits, from its start to its end.
final class DaemonUnderTest: ProgramUnderTest {
  /// Between a process that starts and the exchange that answers it; far more than it takes.
  private static let startDeadline = Duration.seconds(20)
  /// The daemon itself gives orders in flight 10 seconds.
  private static let stopDeadline = Duration.seconds(15)
  private static let answerDeadline = Duration.seconds(10)
  /// Between two questions whether everything has settled.
  private static let quietInterval = Duration.milliseconds(5)
  private static let quietDeadline = Duration.seconds(60)
  /// tcpmux: nobody serves it, and no program is given it by chance.
  private static let unusedPort = 1

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
  /// until it is ready, where nobody listens at the exchange's address. `hasStreams`, over TLS, leads it
  /// to the exchange that pushes.
  init(
    _ bench: Bench, _ scheme: Bench.Scheme, in directory: String, maximumAge: Duration,
    isReachable: Bool = true, hasStreams: Bool = false
  ) throws {
    self.bench = bench
    self.directory = directory
    // Each is an account of its own, so that the same signal is another order.
    account = String(directory.split(separator: "/").last ?? "bench")
    let (exchange, certificate) = try bench.exchange()
    let port =
      isReachable
      ? Int(
        hasStreams
          ? exchange.streamPort : scheme == .http ? exchange.plainPort : exchange.tlsPort)
      : Self.unusedPort
    let configuration = Self.configuration(
      directory, account: account, url: "\(scheme.rawValue)://127.0.0.1:\(port)",
      authority: scheme == .http ? nil : certificate.path, maximumAge: maximumAge)
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
      trading = notify.time(of: isReachable ? "STATUS=trading" : "READY=1")
      return trading != nil
    }
    guard let trading, let ready = notify.time(of: "READY=1") else {
      throw BenchError.failed("mexc-signald trades without being ready" + ProgramLog.ending(log))
    }
    readyTime = ready.since(process.startedAt)
    tradingTime = isReachable ? trading.since(process.startedAt) : .zero
  }

  private static func configuration(
    _ directory: String, account: String, url: String, authority: String?, maximumAge: Duration
  ) -> JSONValue {
    let most = 100_000
    return [
      "mode": "live",
      "exchange": [
        "rest_url": .string(url), "ca_file": authority.map { .string($0) } ?? .null,
        "account": .string(account),
      ],
      "credentials": ["source": "environment"],
      "intake": [
        "directory": .string(directory + "/spool"), "socket": .string(directory + "/signal.sock"),
      ],
      "store": ["path": .string(directory + "/state.db")],
      "price": ["maximum_age_ms": .integer(maximumAge.wholeMilliseconds)],
      "risk": [
        "symbols": ["BTCUSDT", "ETHUSDT"], "maximum_order_quote": "1000",
        "maximum_open_orders": .integer(most), "maximum_orders_per_minute": .integer(most),
        "maximum_daily_quote": nil,
      ],
      "rate_limits": [
        "ip_weight": .integer(most), "uid_weight": .integer(most),
        "orders_per_second": .integer(most), "utilisation": 1,
      ],
      "control": ["socket": .string(directory + "/control.sock")],
    ]
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

  /// Waits until everything named is at zero, the commits that belong to it included.
  private func wait(untilZero names: [String]) throws {
    let deadline = Clock.monotonic().advanced(by: Self.quietDeadline)
    while true {
      let status = try status()
      if names.allSatisfy({ status[$0]?.numberValue == "0" }) { break }
      guard Clock.monotonic() < deadline else { throw failure("its orders do not settle") }
      try bench.pass(Self.quietInterval)
    }
    // A status may be told in the turn whose commit is still to come; the next is told after it.
    _ = try status()
  }

  /// Waits until no placement is on its way any more.
  func waitUntilPlaced() throws { try wait(untilZero: ["waiting", "in_flight"]) }

  /// Waits until every order is at its end.
  func waitUntilSettled() throws {
    try wait(untilZero: ["waiting", "in_flight", "open_orders"])
  }
}
