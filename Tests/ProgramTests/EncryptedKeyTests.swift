import Domain
import Foundation
import Glibc
import JSON
import SimulatedExchange
import TestKit
import Testing

/// The daemon with an encrypted credentials file, from its start to a key that is exchanged.
@Suite struct EncryptedKeyTests {
  private static let renewed = (
    key: "mx0vglRenewedKey01", secret: "0123456789abcdef0123456789abcdef"
  )
  private static let demo = (
    key: SimulatorConfiguration.demoKey, secret: SimulatorConfiguration.demoSecret
  )

  private func market(_ keys: (key: String, secret: String)? = nil, port: UInt16 = 0) throws
    -> SimulatedMarket
  {
    let pair = keys.map { ["--key", $0.key, "--secret", $0.secret] } ?? []
    return try SimulatedMarket(SimulatedMarket.silent + pair, port: port)
  }

  /// A daemon whose pair is in the file, and whose passphrase is in a file beside it.
  private func daemon(_ market: SimulatedMarket?, source: String = "file") throws -> DaemonUnderTest
  {
    let daemon = try DaemonUnderTest(market)
    daemon.environment = [:]
    daemon.settings["credentials.source"] = .string(source)
    daemon.settings["credentials.file"] = .string(daemon.scratch("credentials"))
    daemon.settings["credentials.passphrase_file"] = .string(daemon.scratch("passphrase"))
    try daemon.scratch.write("passphrase", "open sesame\n")
    try set(Self.demo, daemon)
    return daemon
  }

  /// What the tool says.
  @discardableResult
  private func set(
    _ pair: (key: String, secret: String), _ daemon: DaemonUnderTest
  ) throws -> String {
    let lines = try daemon.scratch.write("lines", "\(pair.key)\n\(pair.secret)\n")
    let process = try ChildProcess(
      "/bin/sh",
      [
        "-c", "exec \"$0\" --config \"$1\" keys set < \"$2\"", BuiltProgram.control.path,
        daemon.writeConfiguration(), lines,
      ])
    #expect(try process.waitForEnd() == .exited(0), "\(process.tail)")
    try daemon.scratch.remove("lines")
    return process.output
  }

  private func refusal(of daemon: DaemonUnderTest) throws -> String {
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    return try #require(try daemon.process.lines.first { $0.contains("not started: ") })
  }

  private func trade(_ id: String, _ daemon: DaemonUnderTest) throws {
    #expect(try daemon.submit(Wish(id).text)["code"] == "accepted")
    try daemon.waitForOrder(id, "filled")
  }

  private func reload(_ daemon: DaemonUnderTest, until texts: String...) throws {
    let said = try daemon.process.lines.count
    try daemon.process.signal(SIGHUP)
    for text in texts { try daemon.process.line(with: text, from: said) }
  }

  // MARK: The start

  @Test(arguments: ["file", "auto"])
  func `a daemon trades with the pair in the encrypted file`(source: String) throws {
    let market = try market()
    let daemon = try daemon(market, source: source)
    try daemon.start()
    try daemon.process.line(
      with: "API credentials read", daemon.scratch("credentials"), daemon.scratch("passphrase"))
    try daemon.waitForTrading()
    try trade("a", daemon)
    #expect(try market.ledger().count("bad_signatures") == 0)
    try secretsAreNowhere(daemon)
    #expect(try daemon.stop() == .exited(0))
  }

  private func secretsAreNowhere(_ daemon: DaemonUnderTest) throws {
    let pid = try daemon.process.pid
    var places = try daemon.scratch.files().filter { !$0.path.hasSuffix("/passphrase") }
      .map { (name: $0.path, content: $0.content) }
    for name in ["cmdline", "environ"] {
      let content = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/\(name)"))
      places.append((name, content))
    }
    places.append(("the journal", Data(daemon.journal.joined(separator: "\n").utf8)))
    for place in places {
      for secret in [Self.demo.key, Self.demo.secret, "open sesame"] {
        #expect(place.content.range(of: Data(secret.utf8)) == nil, "\(secret) in \(place.name)")
      }
    }
  }

  @Test func `systemd may give the passphrase`() throws {
    let daemon = try daemon(market())
    daemon.settings["credentials.passphrase_file"] = nil
    let line = try refusal(of: daemon)
    #expect(line.contains("no passphrase is given"), "\(line)")
    try daemon.scratch.folder("systemd")
    try daemon.scratch.write("systemd/passphrase", "open sesame")
    daemon.environment = ["CREDENTIALS_DIRECTORY": daemon.scratch("systemd")]
    try daemon.start()
    try daemon.process.line(with: "API credentials read", daemon.scratch("systemd/passphrase"))
  }

  @Test func `a file that does not open is a configuration error of its own`() throws {
    let market = try market()
    let daemon = try daemon(market)
    let good = try Data(contentsOf: URL(fileURLWithPath: daemon.scratch("credentials")))
    try daemon.scratch.write("passphrase", "open barley")
    #expect(try refusal(of: daemon).contains("the passphrase is wrong"))
    try daemon.scratch.write("passphrase", "open sesame", mode: 0o640)
    #expect(try refusal(of: daemon).contains("run: chmod 0600 \(daemon.scratch("passphrase"))"))
    try daemon.scratch.write("passphrase", "open sesame", mode: 0o600)
    for (place, byte, says) in [
      (good.count - 40, 0, "was changed or damaged"), (8, 3, "has version 3, newer"),
      (8, 0, "has version 0, older"), (0, 0, "is no credentials file"),
    ] as [(Int, UInt8, String)] {
      var other = good
      other[place] = place == 8 || place == 0 ? byte : ~other[place]
      try other.write(to: URL(fileURLWithPath: daemon.scratch("credentials")))
      #expect(unsafe chmod(daemon.scratch("credentials"), 0o600) == 0)
      let line = try refusal(of: daemon)
      #expect(line.contains(says), "\(line)")
    }
    try daemon.scratch.remove("credentials")
    #expect(try refusal(of: daemon).contains("'mexc-signalctl keys set'"))
    #expect(try market.ledger().count("requests") == 0)
  }

  // MARK: Another key

  @Test func `a renewed key is taken by a reload once the operator says that it is one`() throws {
    let first = try market()
    let daemon = try daemon(first)
    try daemon.start()
    try daemon.waitForTrading()
    try trade("old", daemon)
    try reload(daemon, until: "the API key is unchanged")
    try set(Self.renewed, daemon)
    try reload(daemon, until: "the API key stays as it was", "adopt --renewed-key")
    try trade("still-old", daemon)

    let word = try daemon.operate("adopt", "--renewed-key")
    #expect(word.status == 0, "\(word.errors)")
    // Answers under the old key do not take the word back.
    try trade("old-again", daemon)
    try first.stop()
    let second = try market(Self.renewed, port: first.port)
    try reload(daemon, until: "requests are signed with another API key from now on")
    try trade("new", daemon)
    try daemon.until("the new key being noted") {
      try self.keyEvents(daemon) == ["api_key_noted", "api_key_forgotten", "api_key_noted"]
        ? true : nil
    }
    #expect(try second.ledger().placements == 1)
    #expect(daemon.lives.count == 1)
    #expect(try daemon.stop() == .exited(0))

    // The database is the new key's now.
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.stop()
    try set(Self.demo, daemon)
    #expect(try refusal(of: daemon).contains("was used with another API key"))
    #expect(!daemon.journal.contains { $0.contains(Self.renewed.key) })
  }

  /// Gives the operator's word by the command that `keys set` has printed for it.
  private func adopt(_ said: String, whileRunning isRunning: Bool) throws {
    let commands = said.split(separator: "'").filter { $0.hasPrefix("mexc-signalctl ") }
    #expect(commands.count == 2, "\(said)")
    let command = try #require(isRunning ? commands.first : commands.last)
    let words = command.split(separator: " ").dropFirst().map(String.init)
    let process = try ChildProcess(BuiltProgram.control.path, words)
    #expect(try process.waitForEnd() == .exited(0), "\(process.tail)")
  }

  @Test func `what keys set says to do next makes orders leave with the new key`() throws {
    let first = try market()
    let daemon = try daemon(first)
    try daemon.start()
    try daemon.waitForTrading()
    try trade("old", daemon)
    try adopt(try set(Self.renewed, daemon), whileRunning: true)
    try first.stop()
    let second = try market(Self.renewed, port: first.port)
    try reload(daemon, until: "requests are signed with another API key from now on")
    try trade("new", daemon)
    #expect(try second.ledger().placements == 1)
    #expect(try daemon.stop() == .exited(0))

    try adopt(try set(Self.demo, daemon), whileRunning: false)
    try second.stop()
    let third = try market(port: first.port)
    try daemon.start()
    try daemon.waitForTrading()
    try trade("back", daemon)
    #expect(try third.ledger().placements == 1)
  }

  private func keyEvents(_ daemon: DaemonUnderTest) throws -> [String] {
    try RawDatabase(daemon.scratch("state.db")).column(
      "SELECT kind FROM event WHERE signal_id IS NULL AND kind LIKE '%key%' ORDER BY id")
  }

  @Test func `a reload that does not get a key keeps the one in use`() throws {
    let market = try market()
    let daemon = try daemon(market)
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.scratch.write("passphrase", "open barley")
    try reload(daemon, until: "the API key stays as it was", "the passphrase is wrong")
    try daemon.scratch.remove("credentials")
    try reload(daemon, until: "the API key stays as it was", "no API key found")
    try trade("a", daemon)
    #expect(try market.ledger().count("bad_signatures") == 0)
  }

  /// What systemd gives comes first, and is as old as the start.
  @Test func `a renewed key in a file that is not read is told of`() throws {
    let first = try market()
    let daemon = try daemon(first, source: "auto")
    try daemon.scratch.folder("systemd")
    try daemon.scratch.write("systemd/api_key", Self.demo.key)
    try daemon.scratch.write("systemd/api_secret", Self.demo.secret)
    daemon.environment = ["CREDENTIALS_DIRECTORY": daemon.scratch("systemd")]
    try daemon.start()
    try daemon.waitForTrading()
    try reload(daemon, until: "level=info msg=\"the API key is unchanged\"")
    try adopt(try set(Self.renewed, daemon), whileRunning: true)
    let said = try daemon.process.lines.count
    try daemon.process.signal(SIGHUP)
    let line = try daemon.process.line(
      with: "level=warning", "the API key is unchanged, and", "set credentials.source to",
      from: said)
    #expect(line.contains("the key in \(daemon.scratch("systemd")) comes before"), "\(line)")
    // What the line says to do ends it.
    daemon.settings["credentials.source"] = "file"
    try daemon.writeConfiguration()
    try reload(daemon, until: "requests are signed with another API key from now on")
  }

  /// Requests that are out are answered under the old key; those that follow are signed with the new.
  @Test func `a request in flight ends under the key that signed it`() throws {
    let market = try market()
    let daemon = try daemon(market)
    try daemon.start()
    try daemon.waitForTrading()
    try market.faults(
      #"{"route": "POST /api/v3/order", "fault": "late", "delay_ms": 3000, "nth": 1}"#)
    let client = try daemon.connect()
    try client.send(Wish("slow").text)
    #expect(try client.answer()["code"] == "accepted")
    try daemon.until("the placement being out") {
      try market.ledger().placements == 1 ? true : nil
    }
    // Its answer waits until the key has been exchanged.
    market.freeze()
    #expect(try daemon.operate("adopt", "--renewed-key").status == 0)
    try set(Self.renewed, daemon)
    try reload(daemon, until: "requests are signed with another API key from now on")
    #expect(try daemon.orderStatus("slow") == "submitted")
    market.thaw()
    // The exchange knows the old key only: the placement counts, and what follows is refused.
    try daemon.waitForOrder("slow", "open")
    try daemon.process.line(with: "10072")
    #expect(try market.ledger().placements == 1)
    #expect(try keyEvents(daemon) == ["api_key_noted", "api_key_forgotten"])
  }

  @Test func `the source may change with a reload, and the environment is read once`() throws {
    let market = try market()
    let daemon = try daemon(market)
    daemon.settings["credentials.source"] = "environment"
    daemon.environment = [
      "MEXC_API_KEY": Self.demo.key, "MEXC_SECRET_KEY": Self.demo.secret,
    ]
    try daemon.start()
    try daemon.waitForTrading()
    try reload(daemon, until: "the configuration is reloaded")
    daemon.settings["credentials.source"] = "file"
    try daemon.writeConfiguration()
    try reload(
      daemon, until: "changed=credentials.source", "the API key is unchanged")
    daemon.settings["credentials.source"] = "environment"
    try daemon.writeConfiguration()
    try reload(daemon, until: "the API key stays as it was")
    try trade("a", daemon)
  }
}
