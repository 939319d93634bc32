import JSON
import TestKit
import Testing

/// What a person asks for while the daemon still owes an answer.
@Suite struct ConsoleTurnTests {
  /// Each is given up after a while, and then the next one's turn comes: with so many, that takes longer
  /// than any test waits.
  private static let earlierCount = 32

  @Test(arguments: [
    ("/api/resolve", #"{"id":"ID","placed":"C02__1"}"#), ("/api/check", #"{"id":"ID"}"#),
  ])
  func `a halt reaches the daemon before other questions that came earlier`(
    _ path: String, _ body: String
  ) throws {
    let daemon = try DaemonUnderTest(nil) { $0["console.control"] = true }
    let socket = try SilentSocket(daemon.scratch("control.sock"))
    let console = try ConsoleUnderTest(daemon)
    try console.logIn()
    var connections: [PlainHTTP.Connection] = []
    func ask(_ path: String, _ body: String) throws {
      let connection = try PlainHTTP.Connection(port: console.port)
      try connection.send(console.request("POST", path, [:], body))
      connections.append(connection)
    }
    for _ in 1..<Self.earlierCount { try ask(path, body.replacing("ID", with: "earlier")) }
    try ask(path, body.replacing("ID", with: "the-last"))
    // Answered in its turn: by then the console has read them all.
    #expect(try console.send("GET", "/api/session").status == 200)
    try socket.waitForQuestion(with: "earlier")
    try ask("/api/halt", "{}")
    try socket.waitForQuestion(with: #""halt""#)
    #expect(!socket.hasHeard("the-last"))
    #expect(connections.count == Self.earlierCount + 1)
  }
}
