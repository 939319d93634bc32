import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit

/// A `mexc-sim` process and its truth.
final class SimulatedMarket {
  /// Prices stand still, orders are seen at once and fill whole: a test says what moves.
  static let calm = [
    "--frozen", "--partial-percent", "0", "--ack-lag-percent", "0", "--crossing-maker", "refused",
    "--exit-with-parent",
  ]
  /// For what is about look-ups: nothing is told without being asked.
  static let silent = calm + ["--no-streams"]
  /// Limits that no test reaches by accident.
  static let roomy = [
    "--ip-weight", "1000000", "--uid-weight", "1000000", "--orders-per-second", "5000",
    "--open-orders", "100000",
  ]

  private let arguments: [String]
  private let environment: [String: String]
  /// A port that the kernel chose, kept while the process is away. Other addresses have none.
  private let reserved: ReservedPort?
  private(set) var process: ChildProcess
  let port: UInt16
  let scheme: String

  var url: String { "\(scheme)://127.0.0.1:\(port)" }

  init(
    _ arguments: [String] = calm, port: UInt16 = 0, environment: [String: String] = [:]
  ) throws {
    self.arguments = arguments
    self.environment = environment
    reserved = port == 0 && !arguments.contains("--address") ? try ReservedPort() : nil
    let port = reserved?.number ?? port
    (process, self.port, scheme) = try Self.start(arguments, port, environment)
  }

  private static func start(
    _ arguments: [String], _ port: UInt16, _ environment: [String: String]
  ) throws -> (ChildProcess, UInt16, String) {
    let process = try ChildProcess(
      BuiltProgram.simulator.path, ["--port", String(port)] + arguments, environment: environment)
    let line = try process.firstOutputLine()
    // mexc-sim listening on http://127.0.0.1:PORT seed N
    let words = line.split(separator: " ")
    guard words.count > 3, let url = URL(string: String(words[3])), let number = url.port,
      let scheme = url.scheme
    else { throw Unusable("not a simulator's line: \(line)") }
    return (process, UInt16(number), scheme)
  }

  /// Ends it: from now on nobody listens on its port.
  func stop() throws {
    process.signal(SIGTERM)
    try process.waitForEnd()
  }

  /// Begins again on the same port, with nothing of before.
  func start() throws {
    process = try Self.start(arguments, port, environment).0
  }

  /// Connections are taken by the kernel, and nothing is answered.
  func freeze() { process.signal(SIGSTOP) }
  func thaw() { process.signal(SIGCONT) }

  // MARK: Its own control

  @discardableResult
  func admin(_ request: String, body: String = "") throws -> JSONValue {
    let parts = request.split(separator: " ").map(String.init)
    let text =
      "\(parts[0]) /__admin/\(parts[1]) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
      + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
    let answer = try PlainHTTP.exchange(text, port: port)
    guard answer.status == 200 else {
      throw Unusable("\(request): \(String(decoding: answer.body, as: UTF8.self))")
    }
    return try JSONReader.read(answer.body, limits: .exchange)
  }

  func ledger() throws -> Ledger { Ledger(document: try admin("GET ledger")) }

  /// Replaces the faults in force, as the objects of a fault plan.
  func faults(_ rules: String...) throws {
    try admin("POST faults", body: "{\"rules\": [\(rules.joined(separator: ","))]}")
  }

  func price(_ symbol: String, _ price: String) throws {
    try admin("POST price?symbol=\(symbol)&price=\(price)")
  }

  /// The next request of the route, or of any, is told to wait.
  func demandBackOff(
    status: Int, seconds: Int, form: String = "seconds", route: String? = nil
  ) throws {
    let which = route.map { "&route=" + $0.replacing(" ", with: "%20") } ?? ""
    try admin("POST rate?status=\(status)&seconds=\(seconds)&retry_after=\(form)\(which)")
  }
}

/// What the simulated exchange accepted and counted.
struct Ledger {
  let document: JSONValue

  var orders: [JSONValue] { document["orders"]?.arrayValue ?? [] }

  func orders(_ clientOrderID: String) -> [JSONValue] {
    orders.filter { $0["client_order_id"]?.stringValue == clientOrderID }
  }

  func count(_ name: String) -> Int {
    document["counts"]?[name]?.numberValue.flatMap { Int($0) } ?? 0
  }

  func requests(_ route: String) -> Int {
    document["counts"]?["by_route"]?[route]?.numberValue.flatMap { Int($0) } ?? 0
  }

  func faults(_ name: String) -> Int {
    document["counts"]?["faults"]?[name]?.numberValue.flatMap { Int($0) } ?? 0
  }

  /// Orders that were asked for, alone or with others.
  var placements: Int { requests("POST /api/v3/order") + count("batched_orders") }
}
