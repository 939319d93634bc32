import Foundation
import JSON
import Platform
import TestKit

/// Reads the metrics of a daemon, as Prometheus does.
struct Scraper {
  let port: UInt16

  /// Takes the port from the line in which the daemon tells it.
  init(_ daemon: DaemonUnderTest) throws {
    let line = try daemon.process.line(with: "metrics are served")
    guard let number = line.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw Unusable("no port: \(line)")
    }
    port = number
  }

  func request(_ line: String) throws -> (status: Int, body: String) {
    let answer = try PlainHTTP.exchange(
      "\(line) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: port)
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }

  func text() throws -> String {
    let answer = try request("GET /metrics")
    guard answer.status == 200 else { throw Unusable("\(answer)") }
    return answer.body
  }
}

/// A text in Prometheus' format: its families, and its samples by their names and labels as they stand.
struct ScrapedMetrics {
  private(set) var kinds: [String: String] = [:]
  private(set) var samples: [String: Double] = [:]

  /// Throws for a line that is neither, and for a sample that has no family or is there twice.
  init(_ text: String) throws {
    for line in text.split(separator: "\n") where !line.hasPrefix("# HELP ") {
      if line.hasPrefix("# TYPE ") {
        let words = line.split(separator: " ")
        kinds[String(words[2])] = String(words[3])
        continue
      }
      guard let space = line.lastIndex(of: " "),
        let value = Double(line[line.index(after: space)...])
      else { throw Unusable("no sample: \(line)") }
      let name = String(line[..<space])
      guard names.contains(String(name.prefix { $0 != "{" })), samples[name] == nil else {
        throw Unusable("a stray sample: \(line)")
      }
      samples[name] = value
    }
  }

  /// What a query may name.
  var names: Set<String> {
    Set(
      kinds.flatMap { name, kind in
        kind == "histogram" ? ["_bucket", "_sum", "_count"].map { name + $0 } : [name]
      })
  }

  subscript(name: String) -> Double? { samples["mexc_signald_" + name] }
}

/// Prometheus' own tool, which scripts/test puts beside the build where the machine has none.
enum Promtool {
  static func run(_ arguments: String..., input: String = "") throws -> (
    status: Int32, text: String
  ) {
    let process = Process()
    process.executableURL = try path
    process.arguments = arguments
    let (stdin, output) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  private static var path: URL {
    get throws {
      let folders =
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        + [Repository.path(".build/promtool/usr/bin")]
      let found = folders.map { "\($0)/promtool" }.first {
        FileManager.default.isExecutableFile(atPath: $0)
      }
      guard let found else {
        throw Unusable("promtool is missing: run scripts/test, or install Debian's prometheus")
      }
      return URL(filePath: found)
    }
  }
}

/// Files of the repository.
enum Repository {
  static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: name).path
  }

  static func text(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }
}
