import Control
import Daemon
import Domain
import Foundation
import Glibc
import JSON
import Platform
import SimulatedExchange
import TestKit

/// A `mexc-signald` process in a folder of its own, over as many lives as a test gives it.
final class DaemonUnderTest {
  let scratch: Scratch
  let market: SimulatedMarket?
  var settings: Settings
  var environment = [
    "MEXC_API_KEY": SimulatorConfiguration.demoKey,
    "MEXC_SECRET_KEY": SimulatorConfiguration.demoSecret,
  ]
  private(set) var lives: [ChildProcess] = []
  /// Where its spool is, when it is not in the scratch folder.
  var spoolPath: String?
  /// Where its control socket is, below the scratch folder.
  var controlSocket = "control.sock"
  /// What a shell does before it becomes the daemon, for limits that a process inherits.
  var preparation: String?
  /// A program, with its arguments, that becomes the shell or the daemon.
  var launcher: [String] = []

  init(
    _ market: SimulatedMarket?, url: String? = nil, _ adjust: (inout Settings) -> Void = { _ in }
  ) throws {
    self.market = market
    scratch = try Scratch()
    settings = Settings.live(url ?? market?.url ?? "http://127.0.0.1:9", in: scratch)
    adjust(&settings)
  }

  /// Its folder goes away next, and a daemon that lives would make it again.
  deinit {
    for life in lives where !life.hasEnded {
      life.signal(SIGKILL)
      _ = try? life.waitForEnd()
    }
  }

  /// A daemon that trades.
  static func trading(
    _ market: SimulatedMarket, _ adjust: (inout Settings) -> Void = { _ in }
  ) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market, adjust)
    try daemon.start()
    try daemon.waitForTrading()
    return daemon
  }

  // MARK: Life and death

  /// The life under way, or the last one.
  var process: ChildProcess {
    get throws {
      guard let last = lives.last else { throw Unusable("the daemon was not started") }
      return last
    }
  }

  @discardableResult
  func writeConfiguration() throws -> String {
    try scratch.write("config.json5", settings.text)
  }

  /// Starts it and waits until it takes signals.
  func start() throws {
    try launch()
    try process.line(with: "ready to take signals")
  }

  func launch() throws {
    let path = try writeConfiguration()
    var command = [try BuiltProgram.daemon.path, "--config", path]
    if let preparation {
      command = ["/bin/sh", "-c", preparation + " && exec \"$0\" \"$@\""] + command
    }
    command = launcher + command
    lives.append(
      try ChildProcess(command[0], Array(command.dropFirst()), environment: environment))
  }

  /// As systemd starts it when it has made the sockets: `LISTEN_PID` names the process itself.
  func launch(withSockets descriptors: [CInt], named names: String) throws {
    let path = try writeConfiguration()
    var variables = environment
    variables["LISTEN_FDS"] = String(descriptors.count)
    variables["LISTEN_FDNAMES"] = names
    lives.append(
      try ChildProcess(
        "/bin/sh",
        [
          "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\"", BuiltProgram.daemon.path, "--config", path,
        ],
        environment: variables, passing: descriptors))
  }

  func waitForTrading() throws {
    try process.line(with: "trading is open")
  }

  func kill9() throws {
    try process.signal(SIGKILL)
    try process.waitForEnd()
  }

  /// Asks it to stop and waits for it.
  @discardableResult
  func stop() throws -> ChildProcess.Ending {
    try process.signal(SIGTERM)
    return try process.waitForEnd()
  }

  /// Everything that all lives said.
  var journal: [String] { lives.flatMap(\.lines) }

  /// Waits for something that the daemon brings about.
  @discardableResult
  func until<Value>(_ what: String, _ question: () throws -> Value?) throws -> Value {
    try process.wait(for: what) {
      if let value = try question() { return value }
      if let ending = try process.ending {
        throw TimeUp("\(what); the daemon \(ending)", try process.tail)
      }
      return nil
    }
  }

  func until(_ what: String, holds condition: () throws -> Bool) throws {
    try until(what) { () throws -> Bool? in try condition() ? true : nil }
  }

  // MARK: Its sockets

  func connect() throws -> SignalClient { try SignalClient(scratch("signal.sock")) }

  /// One signal through a connection of its own, and the answer.
  func submit(_ signal: String) throws -> JSONValue { try connect().ask(signal) }

  func control(_ request: ControlRequest) throws -> ControlAnswer {
    let client = try UnixClient(path: scratch(controlSocket))
    let line = try client.request(request.line, until: deadline(after: patience))
    guard let answer = ControlAnswer(line) else {
      throw Unusable("no answer: \(String(decoding: line, as: UTF8.self))")
    }
    return answer
  }

  func result(_ request: ControlRequest) throws -> JSONValue {
    switch try control(request) {
    case .result(let result): return result
    case .failure(let failure): throw Unusable("\(request): \(failure.message)")
    }
  }

  func status() throws -> JSONValue { try result(.status) }

  func explain(_ id: String) throws -> JSONValue {
    guard let id = SignalID(id) else { throw Unusable("no signal id: \(id)") }
    return try result(.report(.explain(id)))
  }

  func orderStatus(_ id: String) throws -> String? {
    try explain(id)["order"]?["status"]?.stringValue
  }

  func waitForOrder(_ id: String, _ status: String) throws {
    try until("order \(id) being \(status)", holds: { try orderStatus(id) == status })
  }

  /// The operator's program: its exit status and what it printed.
  func operate(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let process = try ChildProcess(
      BuiltProgram.control.path, ["--config", writeConfiguration()] + arguments)
    guard case .exited(let status) = try process.waitForEnd() else {
      throw Unusable("mexc-signalctl was killed")
    }
    return (status, process.output, process.lines.joined(separator: "\n"))
  }
}

/// A client of the signal socket.
struct SignalClient {
  private let client: UnixClient

  init(_ path: String) throws {
    client = try UnixClient(path: path)
  }

  func send(_ line: String) throws { try send(Array(line.utf8)) }

  func send(_ line: [UInt8]) throws {
    try client.send(line, until: deadline(after: patience))
  }

  func answer() throws -> JSONValue {
    try JSONReader.read(try client.readLine(until: deadline(after: patience)))
  }

  func ask(_ line: String) throws -> JSONValue {
    try send(line)
    return try answer()
  }
}
