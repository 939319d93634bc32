import Domain
import Foundation
import JSON
import Platform
import TestKit
import Testing

/// What other programs say to the signal socket.
struct FieldSocketTests {
  private static let signal =
    #"{"id": "a", "symbol": "BTCUSDT", "side": "buy", "type": "market", "quote_quantity": "20"}"#

  private static func post(_ body: String) -> String {
    "POST / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
      + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
  }

  private static let body = signal + "\n"

  /// Each in the pieces in which it is written.
  private static let requests: [(name: String, pieces: [String])] = [
    ("at once", [post(body)]),
    ("head, then body", [post(body).replacing(body, with: ""), body]),
    ("line by line", post(body).components(separatedBy: "\n").map { $0 + "\n" }),
    ("no line end", [post(signal)]),
    ("half a head", ["GET /signal?id=a HTTP/1.1\r\nHost: loc"]),
    ("no head at all", ["PUT /"]),
    (
      "chunked",
      [
        "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n55\r\n", signal + "\r\n0\r\n\r\n",
      ]
    ),
    ("several", [String(repeating: post(body), count: 20)]),
    ("HTTP/2", ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{0}\u{0}\u{6}\n" + body]),
    ("OPTIONS", ["OPTIONS * HTTP/1.0\n\n" + body]),
    ("other", ["SEARCH /a HTTP/1.1\r\n\r\n" + body]),
    ("a long target", ["GET /" + String(repeating: "x", count: 70_000) + " HTTP/1.1\r\n" + body]),
  ]

  @Test func `an HTTP request gets one line and the end, and its body is no signal`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["log.level"] = "info"
      $0["price.source"] = "rest"
    }
    // The last line of the start.
    try daemon.waitForAccountStream()
    for (name, pieces) in Self.requests {
      let before = daemon.journal.count
      let client = try RawClient(daemon.scratch("signal.sock"))
      for piece in pieces { try client.send(piece) }
      let answers = try client.rest()
      #expect(answers.count == 1, "\(name): \(answers)")
      #expect(answers.first?["status"] == "rejected", "\(name)")
      #expect(answers.first?["code"] == "invalid_json", "\(name)")
      let message = answers.first?["message"]?.stringValue ?? ""
      #expect(message.contains("HTTP") && message.contains("one JSON signal a line"), "\(message)")
      let told = try daemon.until("a line about \(name)") {
        let lines = daemon.journal.dropFirst(before)
        return lines.isEmpty ? nil : lines
      }
      #expect(told.count == 1 && told.first?.contains("HTTP") == true, "\(name): \(told)")
      #expect(told.first?.contains("peer_uid=") == true, "\(name): \(told)")
    }
    let told = daemon.journal.count { $0.contains("this is HTTP") }
    #expect(told == Self.requests.count)
    // Nothing is remembered: the id is free. The descriptors are given back.
    #expect(try daemon.submit(Self.signal)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    #expect(try market.ledger().orders.count == 1)
    try daemon.until("no client of the signal socket") {
      try daemon.socketCount() <= 1 ? true : nil
    }
  }

  @Test func `TLS gets one line as well`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let client = try RawClient(daemon.scratch("signal.sock"))
    // The head of a ClientHello: no line end need ever come.
    try client.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03])
    let answers = try client.rest()
    #expect(answers.count == 1)
    #expect(answers.first?["message"]?.stringValue?.contains("TLS") == true)
  }

  private static let pretty = """
    {
      "id": "a",
      "symbol": "BTCUSDT",
      "side": "buy",
      "type": "market",
      "quote_quantity": "20"
    }

    """

  /// Each in the pieces in which it is written.
  private static let texts: [(name: String, pieces: [String])] = [
    ("at once", [pretty]),
    ("line by line", pretty.split(separator: "\n").map { $0 + "\n" }),
    ("byte by byte", pretty.map { String($0) }),
    ("carriage returns", [pretty.replacing("\n", with: "\r\n")]),
    ("tabs", [pretty.replacing("  ", with: "\t")]),
    ("no indent", [pretty.replacing("  ", with: "")]),
    ("a blank line in it", [pretty.replacing("\n  \"side\"", with: "\n\n  \"side\"")]),
    ("commas first", [pretty.replacing(",\n  ", with: "\n  , ")]),
    ("a list", ["[\n  " + pretty.replacing("\n", with: "\n  ") + "\n]\n"]),
    ("a list of lines", ["[\n\(signal),\n\(signal),\n1\n]\n"]),
    ("a note over two lines", [pretty.replacing("buy\",", with: "buy\",\n  \"note\": \"a\nb\",")]),
    ("no end", [String(pretty.dropLast(3))]),
  ]

  @Test func `a signal over several lines gets one answer, and is no signal`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["log.level"] = "info" }
    for (name, pieces) in Self.texts {
      let client = try RawClient(daemon.scratch("signal.sock"))
      for piece in pieces { try client.send(piece) }
      client.endSending()
      let answers = try client.rest()
      #expect(answers.count == 1, "\(name): \(answers)")
      #expect(answers.first?["code"] == "invalid_json", "\(name)")
      let message = answers.first?["message"]?.stringValue ?? ""
      #expect(message.contains("one signal a line"), "\(name): \(message)")
    }
    #expect(try market.ledger().orders.isEmpty)
    // The journal is written beside the answers.
    try daemon.until(
      "a line about each",
      holds: { daemon.journal.count { $0.contains("refused: ") } == Self.texts.count })

    // The connection goes on: a line is a signal again.
    let client = try RawClient(daemon.scratch("signal.sock"))
    try client.send(Self.pretty + Self.signal + "\n" + Self.pretty)
    let codes = try (0..<3).map { _ in try client.line()?["code"] }
    #expect(codes == ["invalid_json", "accepted", "invalid_json"])
    try daemon.waitForOrder("a", "filled")
    // What the answer advises.
    let file = try daemon.scratch.write("pretty.json", Self.pretty)
    let submitted = try daemon.operate("submit", file)
    #expect(submitted.output.contains("duplicate"), "\(submitted)")
  }

  @Test func `every other line has its own answer, as ever`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let client = try RawClient(daemon.scratch("signal.sock"))
    let lines: [(line: String, code: String)] = [
      ("\u{FEFF}" + Self.signal, "invalid_json"), (Self.signal + Self.signal, "invalid_json"),
      ("[" + Self.signal + "]", "invalid_json"), ("\u{0}", "invalid_json"), ("   ", "invalid_json"),
      (String(repeating: "x", count: 70_000), "too_large"), ("{}", "invalid_field"),
      ("hello", "invalid_json"), ("}", "invalid_json"), (#"{"id": "a"#, "invalid_json"),
      ("[", "invalid_json"),
    ]
    for (line, code) in lines {
      try client.send("\n\r\n" + line + "\n\n")
      #expect(try client.line()?["code"]?.stringValue == code, "\(line.prefix(40))")
    }
    try client.send(Self.signal)
    client.endSending()
    #expect(try client.rest().map { $0["code"] } == ["accepted"])
    try daemon.waitForOrder("a", "filled")
    #expect(try market.ledger().orders.count == 1)
  }
}

extension DaemonUnderTest {
  /// Clients of its own signal socket that the daemon still holds.
  fileprivate func socketCount() throws -> Int {
    let pid = try process.pid
    let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
    let inodes = Set(
      links.compactMap { name -> String? in
        guard
          let target = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/\(pid)/fd/\(name)"), target.hasPrefix("socket:[")
        else { return nil }
        return String(target.dropFirst(8).dropLast())
      })
    let table = try String(contentsOfFile: "/proc/net/unix", encoding: .utf8)
    return table.split(separator: "\n").count { line in
      line.hasSuffix(scratch("signal.sock"))
        && line.split(separator: " ").contains { inodes.contains(String($0)) }
    }
  }
}
