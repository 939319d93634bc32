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
  private(set) var process: ChildProcess
  let port: UInt16
  let scheme: String

  var url: String { "\(scheme)://127.0.0.1:\(port)" }

  init(
    _ arguments: [String] = calm, port: UInt16 = 0, environment: [String: String] = [:]
  ) throws {
    self.arguments = arguments
    self.environment = environment
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

/// One HTTP request and its answer over a connection of its own.
enum PlainHTTP {
  static func exchange(_ request: String, port: UInt16) throws -> (status: Int, body: [UInt8]) {
    try parse(try readAll(FileDescriptor(owning: try ask(request, port: port))))
  }

  static func exchange(_ request: String, path: String) throws -> (status: Int, body: [UInt8]) {
    let descriptor = FileDescriptor(owning: socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
    let connected = unsafe UnixAddress.with(path) { unsafe connect(descriptor.number, $0, $1) }
    guard connected == 0 else { throw Unusable("connect to \(path): errno \(errno)") }
    try send(request, to: descriptor)
    return try parse(try readAll(descriptor))
  }

  /// Sends a request and leaves the answer, if any, unread. The caller closes the descriptor.
  static func ask(_ request: String, port: UInt16) throws -> CInt {
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = FileDescriptor(owning: socket(AF_INET, kind, 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe connect(descriptor.number, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Unusable("connect to \(port): errno \(errno)") }
    try send(request, to: descriptor)
    return descriptor.release()
  }

  private static func send(_ request: String, to descriptor: borrowing FileDescriptor) throws {
    // Well above the time in which a program that is at work answers.
    var limit = timeval(tv_sec: 100, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    let bytes = Array(request.utf8)
    let sent = unsafe Glibc.send(descriptor.number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    guard sent == bytes.count else { throw Unusable("send: errno \(errno)") }
  }

  private static func readAll(_ descriptor: borrowing FileDescriptor) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe read(descriptor.number, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Unusable("read: errno \(errno)") }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  static func parse(_ bytes: [UInt8]) throws -> (status: Int, body: [UInt8]) {
    let end = Array("\r\n\r\n".utf8)
    guard let head = bytes.firstRange(of: end),
      let status = Int(String(decoding: bytes.dropFirst(9).prefix(3), as: UTF8.self))
    else { throw Unusable("no HTTP: \(String(decoding: bytes.prefix(100), as: UTF8.self))") }
    return (status, Array(bytes[head.upperBound...]))
  }
}
