import Domain
import Platform

/// A console beside a daemon, with one page open that is told of everything as it happens.
final class OpenConsole: ProgramUnderTest {
  private static let startDeadline = Duration.seconds(20)
  private static let answerDeadline = Duration.seconds(10)

  let name = "mexc-console"
  let directory: String
  let process: ChildProcess
  private let page: UnixClient
  /// Lines of events that the page was sent.
  private(set) var lines = 0

  init(_ bench: Bench, beside daemon: DaemonUnderTest) throws {
    directory = try bench.newDirectory("console")
    let log = directory + "/log"
    let socket = directory + "/console.sock"
    let configuration = daemon.directory + "/config.json5"
    let process = try ChildProcess(
      path: Bench.neighbour(name),
      arguments: ["--config", configuration, "--listen", "unix:" + socket], environment: [],
      log: log)
    self.process = process
    try bench.wait("the console to listen", for: Self.startDeadline) {
      guard !process.hasEnded else {
        throw BenchError.failed("mexc-console did not start" + ProgramLog.ending(log))
      }
      return try TextFile.read(log).contains("listening on")
    }
    let code = try Self.code(bench, configuration, log: directory + "/link")
    page = try UnixClient(path: socket)
    try Self.ask("/api/events", cookie: try Self.logIn(code, socket), page)
  }

  /// The one-time code of a link.
  private static func code(_ bench: Bench, _ configuration: String, log: String) throws -> String {
    let tool = try ChildProcess(
      path: Bench.neighbour("mexc-signalctl"), arguments: ["--config", configuration, "console"],
      environment: [], log: log)
    try bench.wait("a link for the console", for: answerDeadline) { tool.hasEnded }
    let text = try TextFile.read(log)
    guard let mark = text.firstRange(of: "code=") else {
      throw BenchError.failed("no link for the console: \(text)")
    }
    return String(text[mark.upperBound...].prefix { !$0.isWhitespace })
  }

  private static func logIn(_ code: String, _ socket: String) throws -> String {
    let client = try UnixClient(path: socket)
    try ask("/login?code=" + code, cookie: nil, client)
    while true {
      let line = try text(of: client)
      if line.isEmpty { throw BenchError.failed("the console lets nobody in with its own link") }
      guard line.lowercased().hasPrefix("set-cookie: ") else { continue }
      return String(line.dropFirst("set-cookie: ".count).prefix { $0 != ";" })
    }
  }

  /// HTTP/1.1 (RFC 9112); a line of the client ends with the line feed that it adds.
  private static func ask(_ target: String, cookie: String?, _ client: UnixClient) throws {
    var lines = ["GET \(target) HTTP/1.1", "Host: localhost"]
    if let cookie { lines.append("Cookie: " + cookie) }
    for line in lines + [""] {
      try client.send(
        Array((line + "\r").utf8), until: Clock.monotonic().advanced(by: answerDeadline))
    }
  }

  private static func text(of client: UnixClient) throws -> String {
    var line = try client.readLine(until: Clock.monotonic().advanced(by: answerDeadline))
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }

  /// Reads what the page was sent meanwhile.
  func read() throws {
    while true {
      do throws(UnixClient.Failure) {
        _ = try page.readLine(until: Clock.monotonic())
        lines += 1
      } catch {
        guard case .timedOut = error else { throw failure("the page was cut off: \(error)") }
        return
      }
    }
  }

  func stop(_ bench: Bench) throws {
    process.terminate()
    try bench.wait("the console to end", for: Self.startDeadline) { process.hasEnded }
  }
}
