import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// Sources of signals: what they may do, and how they prove that a signal is theirs.
@Suite struct SourceTests {
  private static let secret = "correct horse battery staple"

  /// A daemon with a source `bot-1`, whose secret lies in a directory beside it.
  private func daemon(
    _ market: SimulatedMarket, _ source: KeyValuePairs<String, JSONValue>
  ) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market)
    try daemon.scratch.folder("sources")
    try daemon.scratch.write("sources/bot-1", Self.secret + "\n")
    daemon.settings["credentials.sources_directory"] = .string(daemon.scratch("sources"))
    limit(daemon, source)
    return daemon
  }

  private func limit(_ daemon: DaemonUnderTest, _ source: KeyValuePairs<String, JSONValue>) {
    let pairs = source.map { ($0.key, $0.value) }
    daemon.settings["sources"] = .object(pairs: [("bot-1", .object(pairs: pairs))])
  }

  private func trading(
    _ market: SimulatedMarket, _ source: KeyValuePairs<String, JSONValue>
  ) throws -> DaemonUnderTest {
    let daemon = try daemon(market, source)
    try daemon.start()
    try daemon.waitForTrading()
    return daemon
  }

  private func wish(
    _ id: String, _ changes: KeyValuePairs<String, JSONValue?> = [:]
  ) -> Wish {
    Wish(id, changes).with("source", "bot-1")
  }

  private func code(_ daemon: DaemonUnderTest, _ signal: String) throws -> String? {
    try daemon.submit(signal)["code"]?.stringValue
  }

  private func signed(_ daemon: DaemonUnderTest, _ wish: Wish) throws -> String {
    let path = try daemon.scratch.write("unsigned.json", wish.text)
    let run = try daemon.operate("sign", path)
    try #require(run.status == 0, "\(run.errors)")
    return run.output.trimmingCharacters(in: .newlines)
  }

  private func reload(_ daemon: DaemonUnderTest, until line: String) throws {
    try daemon.writeConfiguration()
    let seen = try daemon.process.lines.count
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(with: line, from: seen)
  }

  // MARK: Limits

  @Test func `a source may do what its limits allow, and others what all may`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(
      market,
      ["symbols": ["BTCUSDT"], "sides": ["buy"], "maximum_order_quote": "65"])
    let ether: KeyValuePairs<String, JSONValue?> = [
      "symbol": "ETHUSDT", "price": "3200", "quantity": "0.01",
    ]
    #expect(try code(daemon, wish("fits").text) == "accepted")
    #expect(try code(daemon, wish("symbol", ether).text) == "source_limit")
    #expect(try code(daemon, wish("side", ["side": "sell"]).text) == "source_limit")
    #expect(try code(daemon, wish("large", ["quantity": "0.002"]).text) == "source_limit")
    let byBase: KeyValuePairs<String, JSONValue?> = ["price": nil, "quantity": "0.002"]
    #expect(try code(daemon, wish("market", byBase).text) == "accepted")
    try daemon.waitForOrder("market", "denied")
    #expect(try daemon.explain("market")["signal"]?["decision"] == "source_limit")
    #expect(try code(daemon, Wish("other", ether).with("source", "bot-2").text) == "accepted")
    #expect(try code(daemon, Wish("nobody", ether).text) == "accepted")
    for id in ["fits", "other", "nobody"] { try daemon.waitForOrder(id, "filled") }
    try daemon.drop("symbol.json", wish("symbol-file", ether).text)
    let outcome = try daemon.waitForOutcome("symbol.json")
    #expect(outcome.folder == "rejected" && outcome.code == "source_limit")
    #expect(try market.ledger().orders.count == 3)
  }

  @Test func `signals per hour outlive a kill, and a reload changes them`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, ["signals_per_hour": 2])
    for id in ["a", "b"] { #expect(try code(daemon, wish(id).text) == "accepted") }
    #expect(try code(daemon, wish("c").text) == "source_limit")
    #expect(try code(daemon, wish("a").text) == "duplicate")
    try daemon.kill9()
    try daemon.start()
    #expect(try code(daemon, wish("d").text) == "source_limit")
    limit(daemon, ["signals_per_hour": 3])
    try reload(daemon, until: "the configuration is reloaded")
    #expect(try code(daemon, wish("e").text) == "accepted")
    #expect(try code(daemon, wish("f").text) == "source_limit")
  }

  // MARK: Signatures

  @Test func `only who has the secret speaks for a source`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, ["secret": true])
    let good = try signed(daemon, wish("good", ["note": "line\nbreak \u{2028} é \"q\" \\"]))
    let forged = good.replacing("0.001", with: "0.01")
    #expect(try code(daemon, wish("good").text) == "unauthenticated")
    #expect(try code(daemon, forged) == "unauthenticated")
    for signature in ["", "xyz", "00", String(repeating: "0", count: 64)] {
      let text = wish("good").with("signature", .string(signature)).text
      #expect(try code(daemon, text) == "unauthenticated")
    }
    #expect(try code(daemon, wish("good").with("signature", 5).text) == "invalid_field")
    try daemon.drop("forged.json", forged)
    let outcome = try daemon.waitForOutcome("forged.json")
    #expect(outcome.folder == "rejected" && outcome.code == "unauthenticated")
    try daemon.process.line(with: "level=warning", "code=unauthenticated", "signal_id=good")
    // Who has no secret can use up no id.
    try daemon.drop("good.json", good)
    #expect(try daemon.waitForOutcome("good.json").status == "filled")
    #expect(try code(daemon, good) == "duplicate")
    #expect(try code(daemon, wish("good").text) == "unauthenticated")
    #expect(try code(daemon, Wish("nobody").text) == "accepted")
    try daemon.waitForOrder("nobody", "filled")
    #expect(try market.ledger().orders.count == 2)
    #expect(!daemon.journal.contains { $0.contains(Self.secret) })
  }

  /// Order, white space and escapes of a signal are not its meaning.
  @Test func `a signature covers what is said and not how it is written`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, ["secret": true])
    let signal = try signed(daemon, wish("a", ["note": "é/"]))
    let members = try #require(try JSONReader.read(signal).objectValue)
    let rewritten = JSONValue.object(members.reversed()).prettyText()
      .replacing("é/", with: "\\u00e9\\/")
    #expect(try code(daemon, rewritten.replacing("\n", with: " ")) == "accepted")
  }

  @Test(arguments: ["", "\n", "\r\n", "\n\n", "\r\n\r\n", "\nof two lines\n", "\r\nof two\r\n"])
  func `the README's programs sign as the daemon reads it`(rest: String) throws {
    let daemon = try daemon(SimulatedMarket(), ["secret": true])
    let secret = try daemon.scratch.write("sources/bot-1", Self.secret + rest)
    try daemon.start()
    try daemon.waitForTrading()
    let unsigned = try daemon.scratch.write(
      "unsigned.json", wish("python", ["note": "tab\t, é, \u{7F}, \u{2028} and 😀"]).text)
    let python = try ChildProcess(
      "/bin/sh",
      [
        "-c", "exec python3 -c \"$0\" \"$1\" < \"$2\"", Self.block("python"), secret, unsigned,
      ])
    #expect(try python.waitForEnd() == .exited(0), "\(python.tail)")
    #expect(try code(daemon, python.output.trimmingCharacters(in: .newlines)) == "accepted")
    let shell = try ChildProcess("/bin/sh", ["-c", Self.block("shell"), "sign", secret])
    #expect(try shell.waitForEnd() == .exited(0), "\(shell.tail)")
    #expect(try code(daemon, shell.output.trimmingCharacters(in: .newlines)) == "accepted")
  }

  /// The code block of the README behind this mark.
  private static func block(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let mark = try #require(text.range(of: "<!-- sign: \(name) -->\n```"))
    let rest = text[mark.upperBound...]
    let first = try #require(rest.firstIndex(of: "\n"))
    let end = try #require(rest.range(of: "\n```"))
    return String(rest[rest.index(after: first)..<end.lowerBound])
  }

  // MARK: Secrets

  @Test func `a reload takes another secret, and keeps the old one where it cannot`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, ["secret": true])
    let old = try signed(daemon, wish("old"))
    try daemon.scratch.remove("sources/bot-1")
    try reload(daemon, until: "the configuration is not reloaded: sources: there is no secret")
    #expect(try code(daemon, old) == "accepted")
    try daemon.scratch.write("sources/bot-1", "another secret of ours")
    let new = try signed(daemon, wish("new"))
    #expect(try code(daemon, new) == "unauthenticated")
    let said = try daemon.process.lines.count
    try reload(daemon, until: "the configuration is reloaded")
    try daemon.process.line(
      with: "is reloaded", "changed=source_secrets sources=bot-1", from: said)
    #expect(try daemon.process.lines.allSatisfy { !$0.contains("another secret of ours") })
    #expect(try code(daemon, new) == "accepted")
    // What was taken under the old one is a repetition, and nothing else is.
    #expect(try code(daemon, old) == "duplicate")
    limit(daemon, [:])
    try reload(daemon, until: "the configuration is reloaded")
    #expect(try code(daemon, wish("free").text) == "accepted")
  }

  @Test func `systemd's credential comes first`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, ["secret": true])
    let signal = try signed(daemon, wish("a"))
    try daemon.scratch.folder("systemd")
    try daemon.scratch.write("systemd/source_bot-1", Self.secret, mode: 0o400)
    try daemon.scratch.write("sources/bot-1", "another secret of ours")
    daemon.environment["CREDENTIALS_DIRECTORY"] = daemon.scratch("systemd")
    try daemon.start()
    #expect(try code(daemon, signal) == "accepted")
  }

  @Test func `the credentials file keeps a secret, which a reload reads again`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, ["secret": true])
    try daemon.scratch.remove("sources/bot-1")
    daemon.settings["credentials.source"] = "environment"
    daemon.settings["credentials.file"] = .string(daemon.scratch("credentials"))
    daemon.settings["credentials.passphrase_file"] = .string(daemon.scratch("passphrase"))
    try daemon.scratch.write("passphrase", "open sesame")
    let without = try DoctorRun(daemon).stage("credentials")
    #expect(!without.ok && without.advice.contains("'mexc-signalctl keys set --source bot-1'"))
    try keep(Self.secret, daemon)
    let with = try DoctorRun(daemon).stage("credentials")
    #expect(with.ok && with.detail.contains("each source that signs has its secret (1)"))
    try daemon.start()
    try daemon.waitForTrading()
    let good = try signed(daemon, wish("good"))
    #expect(try code(daemon, wish("good").text) == "unauthenticated")
    #expect(try code(daemon, good) == "accepted")
    try keep("another secret of ours", daemon)
    let other = try signed(daemon, wish("other"))
    #expect(try code(daemon, other) == "unauthenticated")
    try reload(daemon, until: "the configuration is reloaded")
    #expect(try code(daemon, other) == "accepted")
    // What does not open leaves the secret in use.
    try daemon.scratch.write("passphrase", "open barley")
    try reload(daemon, until: "the configuration is not reloaded: sources: ")
    try daemon.scratch.write("passphrase", "open sesame")
    let last = try signed(daemon, wish("last"))
    #expect(try code(daemon, last) == "accepted")
    // Where no passphrase is found, it is asked for.
    daemon.settings["credentials.passphrase_file"] = nil
    let asked = try give(
      "open sesame", "sign", daemon.scratch.write("unsigned.json", wish("last").text), to: daemon)
    #expect(asked == last)
    #expect(!daemon.journal.contains { $0.contains(Self.secret) })
  }

  private func keep(_ secret: String, _ daemon: DaemonUnderTest) throws {
    _ = try give(secret, "keys", "set", "--source", "bot-1", to: daemon)
  }

  /// Runs a command of the tool with this line on its standard input.
  private func give(
    _ line: String, _ command: String..., to daemon: DaemonUnderTest
  ) throws -> String {
    let input = try daemon.scratch.write("line", line + "\n")
    defer { try? daemon.scratch.remove("line") }
    let process = try ChildProcess(
      "/bin/sh",
      ["-c", "exec 3< \"$1\"; shift; exec \"$0\" \"$@\" <&3", BuiltProgram.control.path, input]
        + ["--config", daemon.writeConfiguration()] + command)
    #expect(try process.waitForEnd() == .exited(0), "\(process.tail)")
    return process.output.trimmingCharacters(in: .newlines)
  }

  @Test func `signals may have to name a source of the table`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, [:])
    daemon.settings["intake.require_source"] = true
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try code(daemon, Wish("a").text) == "unauthenticated")
    #expect(try code(daemon, Wish("a").with("source", "bot-2").text) == "unauthenticated")
    try daemon.drop("a.json", Wish("a").text)
    #expect(try daemon.waitForOutcome("a.json").code == "unauthenticated")
    #expect(try code(daemon, wish("a").text) == "accepted")
    daemon.settings["intake.require_source"] = false
    try reload(daemon, until: "the configuration is reloaded")
    #expect(try code(daemon, Wish("b").text) == "accepted")
  }

  @Test(arguments: [
    ("missing", "there is no secret for the source"), ("short", "has 15 bytes"),
    ("open", "can be read by others (mode 0644)"),
  ])
  func `a secret that cannot be used ends the start`(_ flaw: String, _ says: String) throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, ["secret": true])
    switch flaw {
    case "missing": try daemon.scratch.remove("sources/bot-1")
    case "short": try daemon.scratch.write("sources/bot-1", "123456789012345\n")
    default: try daemon.scratch.write("sources/bot-1", Self.secret, mode: 0o644)
    }
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    #expect(daemon.journal.contains { $0.contains("config.json5:") && $0.contains(": sources: ") })
    #expect(try daemon.process.tail.contains(says))
  }

  // MARK: Numbers

  @Test func `a gap in a source's numbers is told, over a restart`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, [:])
    func send(_ id: String, _ number: JSONValue) throws {
      let wish = Wish(id, ["source": "bot-1", "sequence": number])
      #expect(try code(daemon, wish.text) == "accepted")
    }
    try send("first", 41)
    try daemon.stop()
    try daemon.start()
    try daemon.waitForTrading()
    try send("second", "43")
    let line = try daemon.process.line(with: "level=warning", "42 was expected, and 43 came")
    #expect(line.contains("bot-1") && line.contains("second"))
  }

  // MARK: Heartbeats

  @Test func `a source that falls silent is told, and halts trading where it is to`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, ["heartbeat_seconds": 2, "on_silence": "halt"])
    let line = try daemon.process.line(with: "level=warning", "a source has fallen silent")
    #expect(line.contains("bot-1"))
    try daemon.until("the halt", holds: { try daemon.status()["state"] == "halted" })
    #expect(try code(daemon, Wish("late").text) == "halted")
    let problems = try daemon.status()["problems"]?.arrayValue ?? []
    #expect(problems.contains { "\($0)".contains("nothing was heard of the source") })
    limit(daemon, ["heartbeat_seconds": 86_400])
    try reload(daemon, until: "the configuration is reloaded")
    let answer = try daemon.submit("{\"heartbeat\":\"bot-1\"}")
    #expect(answer["status"] == "accepted" && answer["code"] == "heartbeat")
    try daemon.process.line(with: "the source is heard again")
    #expect(try daemon.operate("resume").status == 0)
    #expect(try daemon.status()["problems"] == [])
    for line in ["{\"heartbeat\":\"bot-2\"}", "{\"heartbeat\":5}"] {
      #expect(try code(daemon, line) == "invalid_field")
    }
    #expect(try code(daemon, "{\"heartbeat\":\"bot-1\",\"side\":\"buy\"}") == "unknown_field")
  }

  @Test func `a heartbeat of a source that signs counts once`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, ["heartbeat_seconds": 86_400, "secret": true])
    let beat = { (created: WallTime) throws -> String in
      let text = JSONValue.object(pairs: [
        ("heartbeat", "bot-1"), ("created_at", .integer(created.milliseconds)),
      ])
      let path = try daemon.scratch.write("beat.json", text.compactText())
      return try daemon.operate("sign", path).output.trimmingCharacters(in: .newlines)
    }
    let now = Clock.wall()
    let first = try beat(now)
    #expect(try code(daemon, "{\"heartbeat\":\"bot-1\"}") == "unauthenticated")
    #expect(
      try code(daemon, first.replacing("\"created_at\":1", with: "\"created_at\":2"))
        == "unauthenticated")
    #expect(try code(daemon, first) == "heartbeat")
    #expect(try code(daemon, first) == "unauthenticated")
    try reload(daemon, until: "the configuration is reloaded")
    #expect(try code(daemon, first) == "unauthenticated")
    #expect(try code(daemon, beat(now.advanced(by: .milliseconds(1)))) == "heartbeat")
    #expect(try code(daemon, beat(now.advanced(by: .seconds(-90_000)))) == "unauthenticated")
  }

  // MARK: mexc-signalctl sign

  @Test func `sign says what is in its way`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, ["secret": true])
    let sign = { (text: String, more: [String]) throws -> (status: Int32, says: String) in
      let path = try daemon.scratch.write("unsigned.json", text)
      let process = try ChildProcess(
        BuiltProgram.control.path, ["--config", daemon.writeConfiguration(), "sign", path] + more)
      guard case .exited(let status) = try process.waitForEnd() else {
        throw Unusable("mexc-signalctl was killed")
      }
      return (status, process.output + process.tail)
    }
    let unnamed = try sign(Wish("a").text, ["--source", "bot-1"])
    #expect(unnamed.status == 0 && unnamed.says.contains("\"source\":\"bot-1\""))
    let again = try sign(unnamed.says, [])
    #expect(again.says == unnamed.says)
    let rows: [(String, [String], String)] = [
      (Wish("a").text, [], "names no source"),
      (wish("a").text, ["--source", "bot-2"], "names another source: \"bot-1\""),
      (Wish("a").text, ["--source", "bot-2"], "no source \"bot-2\" with secret: true"),
      ("[]", [], "is no signal: found an array"), ("{", [], "not strict JSON"),
    ]
    for (text, more, says) in rows {
      let run = try sign(text, more)
      #expect(run.status == 1)
      #expect(run.says.contains(says), "\(run.says)")
    }
  }
}
