import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit

/// A `mexc-console` process beside a daemon, and a browser that says exactly what a test wants.
final class ConsoleUnderTest {
  let daemon: DaemonUnderTest
  private(set) var process: ChildProcess
  private let reserved: ReservedPort
  private(set) var port: UInt16
  /// What the browser sends as its cookie; nil before it is logged in.
  var session: String?
  private(set) var token = ""

  /// With the daemon's configuration, on a port that is kept while the process is away.
  init(_ daemon: DaemonUnderTest) throws {
    self.daemon = daemon
    reserved = try ReservedPort()
    (process, port) = try Self.start(daemon, port: reserved.number)
  }

  private static func start(
    _ daemon: DaemonUnderTest, port: UInt16
  ) throws -> (ChildProcess, UInt16) {
    let process = try ChildProcess(
      BuiltProgram.console.path,
      ["--config", daemon.writeConfiguration(), "--listen", "127.0.0.1:\(port)"])
    let line = try process.firstOutputLine()
    guard let number = line.split(separator: ":").last.flatMap({ UInt16($0) })
    else { throw Unusable("not a console's line: \(line)") }
    return (process, number)
  }

  func kill9() throws {
    process.signal(SIGKILL)
    try process.waitForEnd()
  }

  /// Again on the same port.
  func restart() throws { (process, port) = try Self.start(daemon, port: port) }

  // MARK: Requests

  struct Answer {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue { get throws { try JSONReader.read(body, limits: .exchange) } }

    var errorCode: String? { try? json["error"]?["code"]?.stringValue }

    func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    init(_ bytes: [UInt8]) throws {
      guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
        throw Unusable("no HTTP: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
      }
      let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        .components(separatedBy: "\r\n")
      guard let status = lines.first.flatMap({ Int($0.dropFirst(9).prefix(3)) })
      else { throw Unusable("no status: \(lines)") }
      self.status = status
      headers = lines.dropFirst().compactMap { line in
        line.firstIndex(of: ":").map { colon in
          (String(line[..<colon]), String(line[line.index(after: colon)...].dropFirst()))
        }
      }
      body = Array(bytes[end.upperBound...])
    }
  }

  /// One request over a connection of its own; `headers` stand in for those of the same name.
  func send(
    _ method: String, _ target: String, headers: [String: String] = [:], body: String = ""
  ) throws -> Answer {
    try Answer(PlainHTTP.bytes(request(method, target, headers, body), port: port))
  }

  func request(
    _ method: String, _ target: String, _ headers: [String: String] = [:], _ body: String = ""
  ) -> String {
    var fields = ["Host": "127.0.0.1:\(port)", "Connection": "close"]
    if let session { fields["Cookie"] = session }
    if method == "POST" {
      fields["Content-Type"] = "application/json"
      fields["Content-Length"] = String(body.utf8.count)
      fields["X-CSRF-Token"] = token
      fields["Origin"] = "http://127.0.0.1:\(port)"
    }
    fields.merge(headers) { $1 }
    let lines = fields.filter { !$0.value.isEmpty }.map { "\($0.key): \($0.value)\r\n" }
    return "\(method) \(target) HTTP/1.1\r\n\(lines.joined())\r\n\(body)"
  }

  func get(_ target: String) throws -> JSONValue { try send("GET", target).json }

  func post(_ target: String, _ body: JSONValue) throws -> Answer {
    try send("POST", target, body: body.compactText())
  }

  // MARK: Who is there

  /// The path of a link that the operator's tool prints.
  func link() throws -> String {
    let printed = try daemon.operate("console").output
    guard let path = printed.firstRange(of: "/login?") else {
      throw Unusable("no link: \(printed)")
    }
    return String(printed[path.lowerBound...].prefix { $0 != "\n" })
  }

  /// Opens the link, and keeps the cookie and the token as a browser and its page do.
  func logIn() throws {
    let answer = try send("GET", link())
    guard answer.status == 303, let cookie = answer.header("Set-Cookie") else {
      throw Unusable("not let in: \(answer.status) \(answer.text)")
    }
    session = String(cookie.prefix { $0 != ";" })
    token = try get("/api/session")["token"]?.stringValue ?? ""
  }

  /// The stream of events, from after this one on.
  func events(after id: Int64? = nil) throws -> EventReader {
    let fields = id.map { ["Last-Event-ID": String($0)] } ?? [:]
    return try EventReader(request("GET", "/api/events", fields), port: port)
  }
}

/// Server-sent events as they come.
final class EventReader {
  struct Event {
    let name: String
    let id: Int64?
    let data: JSONValue
  }

  private let connection: PlainHTTP.Connection
  private var text: [UInt8] = []
  private var isHeadRead = false

  init(_ request: String, port: UInt16) throws {
    connection = try PlainHTTP.Connection(port: port)
    try connection.send(request)
  }

  /// A stream keeps itself alive with comments, so that no read of it ever takes too long.
  private func next(until end: MonotonicTime) throws -> Event? {
    while Clock.monotonic() < end {
      if let mark = text.firstRange(of: Array((isHeadRead ? "\n\n" : "\r\n\r\n").utf8)) {
        let block = String(decoding: text[..<mark.lowerBound], as: UTF8.self)
        text.removeSubrange(..<mark.upperBound)
        if !isHeadRead {
          isHeadRead = true
        } else if let event = try Self.event(block) {
          return event
        }
        continue
      }
      let bytes = try connection.read()
      if bytes.isEmpty { return nil }
      text += bytes
    }
    throw TimeUp("an event of the stream")
  }

  /// The next one; nil at the end of the stream.
  func next() throws -> Event? { try next(until: deadline(after: patience)) }

  /// The next one of this name that the condition holds of.
  func next(_ name: String, where holds: (JSONValue) -> Bool = { _ in true }) throws -> Event {
    let end = deadline(after: patience)
    while let event = try next(until: end) {
      if event.name == name, holds(event.data) { return event }
    }
    throw Unusable("the stream ended before '\(name)'")
  }

  private static func event(_ block: String) throws -> Event? {
    var fields: [String: String] = [:]
    for line in block.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1].dropFirst()) }
    }
    guard let name = fields["event"], let data = fields["data"] else { return nil }
    return Event(
      name: name, id: fields["id"].flatMap { Int64($0) },
      data: try JSONReader.read(Array(data.utf8), limits: .exchange))
  }
}
