import JSON
import Testing

/// A start that a wrong configuration prevents says all of it, each with its place in the file.
struct RefusedStartTests {
  /// The number of the first line of the configuration that has the text.
  private func line(of text: String, _ daemon: DaemonUnderTest) throws -> Int {
    let lines = daemon.settings.text.split(separator: "\n", omittingEmptySubsequences: false)
    return try #require(lines.firstIndex { $0.contains(text) }) + 1
  }

  private func expectRefusal(_ daemon: DaemonUnderTest, _ keys: (shown: String, written: String)...)
    throws
  {
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    let said = try daemon.process.lines
    for key in keys {
      let start = try "config.json5:\(line(of: "\"\(key.written)\"", daemon)): \(key.shown): "
      #expect(said.count { $0.contains(start) } == 1, "\(start): \(said)")
    }
    #expect(said.count { $0.contains("config.json5:") } == keys.count, "\(said)")
  }

  @Test func `by missing credentials and a source's missing secret`() throws {
    let daemon = try DaemonUnderTest(nil)
    daemon.environment = [:]
    daemon.settings["sources"] = ["bot-1": ["secret": true]]
    try expectRefusal(daemon, ("credentials", "credentials"), ("sources", "sources"))
    #expect(try daemon.process.lines.count { $0.contains("not started: ") } == 2)
  }

  @Test func `by an unknown key and by places`() throws {
    let daemon = try DaemonUnderTest(nil)
    daemon.settings["exchange.ca_file"] = "/nonexistent.pem"
    daemon.settings["store.path"] = "/nowhere/x.db"
    daemon.settings["foo"] = 1
    try expectRefusal(
      daemon, ("exchange.ca_file", "ca_file"), ("store.path", "path"), ("foo", "foo"))
  }
}
