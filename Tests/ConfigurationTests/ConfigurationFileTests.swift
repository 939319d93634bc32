import Configuration
import Domain
import Foundation
import Glibc
import JSON
import Platform
import Testing

@Suite struct ConfigurationFileTests {
  private static let sample = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "etc")
    .appending(path: "mexc-signald.json5")

  @Test func `the sample says the defaults, and a limit for each order`() throws {
    let bytes = [UInt8](try Data(contentsOf: Self.sample))
    var expected = Configuration()
    expected.risk.maximumOrderQuote = FixedDecimal(100)
    #expect(try Configuration.read(bytes, file: "sample").get() == expected)
    let document = try JSONReader.read(bytes, dialect: .json5, limits: .configuration)
    #expect(ConfigurationFixture.keys(in: document) == ConfigurationFixture.keys)
  }

  @Test func `the sample explains every key`() throws {
    let lines = try String(contentsOf: Self.sample, encoding: .utf8).split(separator: "\n")
      .map { $0.trimmingPrefix(while: \.isWhitespace) }
    var explained = 0
    for (line, next) in zip(lines, lines.dropFirst())
    where next.contains(": ") && !next.hasPrefix("//") && !next.hasSuffix("{") {
      #expect(line.hasPrefix("//"), "\(next)")
      explained += 1
    }
    #expect(explained == ConfigurationFixture.keys.count)
  }

  @Test func `the effective text of the defaults names every key`() throws {
    let text = Configuration().effectiveText()
    let document = try JSONReader.read(text, limits: .configuration)
    #expect(ConfigurationFixture.keys(in: document) == ConfigurationFixture.keys)
    #expect(try Configuration.read(Array(text.utf8), file: "f").get() == Configuration())
    #expect(try Configuration.read(Array("{}".utf8), file: "f").get() == Configuration())
  }

  /// A REST service of this machine is a simulated exchange, or a way to another one: the streams of
  /// the real one would tell the prices of another market.
  @Test func `the streams are where the REST service is, unless they are given`() throws {
    let own = "wss://wbs-api.mexc.com/ws"
    let rows = [
      ("{}", own), ("{exchange: {rest_url: 'https://api.mexc.co'}}", own),
      ("{exchange: {rest_url: 'http://127.0.0.1:8080'}}", "ws://127.0.0.1:8080/ws"),
      ("{exchange: {rest_url: 'http://[::1]:9/'}}", "ws://[::1]:9/ws"),
      ("{exchange: {rest_url: 'http://localhost'}}", "ws://localhost/ws"),
      ("{exchange: {rest_url: 'https://localhost:8443'}}", "wss://localhost:8443/ws"),
      ("{exchange: {stream_url: null, rest_url: 'http://127.0.0.1:8'}}", "ws://127.0.0.1:8/ws"),
      ("{exchange: {stream_url: '\(own)', rest_url: 'http://127.0.0.1:8'}}", own),
    ]
    for (text, expected) in rows {
      let configuration = try Configuration.read(Array(text.utf8), file: "f").get()
      #expect(configuration.exchange.streamURL == expected, "\(text)")
      let effective = Array(configuration.effectiveText().utf8)
      #expect(try Configuration.read(effective, file: "f").get() == configuration)
    }
  }

  @Test func `unknown keys come with what was meant`() {
    let rows = [
      ("{mod: 'live'}", "mod", "unknown key; did you mean \"mode\"?"),
      ("{exchnage: {}}", "exchnage", "unknown key; did you mean \"exchange\"?"),
      ("{risk: {maximum_open_order: 1}}", "risk.maximum_open_order", "\"maximum_open_orders\"?"),
      ("{price: {maximum_order_quote: '1'}}", "price.maximum_order_quote", "section \"risk\""),
      ("{symbols: []}", "symbols", "belongs into the section \"risk\""),
      ("{risk: {mode: 'live'}}", "risk.mode", "\"mode\" stands outside the sections"),
      ("{log: {colour: 1}}", "log.colour", "\"log\" takes \"level\", \"format\""),
      ("{zzzzzzzz: 1}", "zzzzzzzz", "the file takes \"mode\", \"exchange\", \"credentials\""),
      ("{exchange: {api_key: 'x'}}", "exchange.api_key", "never stand in this file"),
      ("{credentials: {secretKey: 'x'}}", "credentials.secretKey", "never stand in this file"),
      ("{'a\\nb': 1}", "a\\nb", "unknown key"),
    ]
    for (text, key, says) in rows {
      let violations = violations(in: text)
      #expect(violations.count == 1)
      #expect(violations.first?.key == key)
      #expect(violations.first?.text.contains(says) == true, "\(violations)")
    }
  }

  @Test func `every violation is named at once, with its line`() {
    let text = """
      // A comment.
      {
        mode: "live",
        mode: "paper",
        exchange: { rest_url: "http://example.com",
          recv_window_ms: 70000 },
        risk: {
          symbols: ["BTC-PERP"],
          max_order_quote: "5",
        },
        log: null,
        exchange: { connections: 0 },
        stroe: { path: "/x" },
      }
      """
    let found = violations(in: text).map { "\($0.line ?? 0) \($0.key ?? "-")" }
    #expect(
      found == [
        "4 mode", "5 exchange.rest_url", "6 exchange.recv_window_ms", "8 risk.symbols",
        "9 risk.max_order_quote", "11 log", "12 exchange", "12 exchange.connections", "13 stroe",
      ])
    #expect(
      violations(in: text).first?.description
        == "c.json5:4: mode: written twice, first on line 3; keep one of them")
  }

  @Test func `a text that is no JSON5 is one violation`() {
    let rows = [
      ("{\n mode: 'paper'\n price: {} }", "c.json5:3: not readable as JSON5: found \"p\""),
      ("", "c.json5:1: not readable as JSON5: the text ends"),
      ("{\n\n", "c.json5:3: not readable as JSON5: the text ends"),
      ("[]", "c.json5:1: found an array; write one object, { … }"),
      ("{a: \u{FFFD}}", "c.json5:1: not readable"),
    ]
    for (text, beginning) in rows {
      let violations = violations(in: text)
      #expect(violations.count == 1)
      #expect(violations.first?.description.hasPrefix(beginning) == true, "\(violations)")
    }
  }

  private func symbols(_ count: Int) -> String {
    (1...count).map { "'A\($0)USDT'" }.joined(separator: ",")
  }

  @Test func `values that contradict each other are refused`() {
    let rows = [
      ("{\nmode: 'live'}", 2, "risk.maximum_order_quote", "missing"),
      ("{mode: 'live',\nrisk: {\nmaximum_order_quote: null}}", 3, "risk.maximum_order_quote", "mi"),
      ("{rate_limits: {\nip_weight: 10}}", 2, "rate_limits.ip_weight", "less than the 10"),
      (
        "{rate_limits: {\nuid_weight: 1}}", 2, "rate_limits.uid_weight",
        "less than the 1 that one order weighs"
      ),
      (
        "{intake: {socket: '/run/a'},\ncontrol: {socket: '/run/a'}}", 2, "control.socket",
        "the same path as intake.socket"
      ),
      (
        "{intake: {socket: '/run//a'},\ncontrol: {socket: '/run/./a'}}", 2, "control.socket",
        "the same path as intake.socket"
      ),
      (
        "{price: {source: 'stream'}, risk: {\nsymbols: [\(symbols(301))]}}", 2, "risk.symbols",
        "at most 300"
      ),
      (
        "{credentials: {file: '/a',\npassphrase_file: '/a'}}", 2, "credentials.passphrase_file",
        "the same path as credentials.file"
      ),
      (
        "{intake: {directory: '/s'}, store: {\npath: '/s/incoming/state.db'}}", 2, "store.path",
        "lies where intake.directory keeps signals"
      ),
    ]
    for (text, line, key, says) in rows {
      let violations = violations(in: text)
      #expect(violations.count == 1)
      #expect(violations.first?.line == line)
      #expect(violations.first?.key == key)
      #expect(violations.first?.text.contains(says) == true, "\(violations)")
    }
    let good = "{mode: 'live', risk: {maximum_order_quote: '100'}}"
    #expect(violations(in: good).isEmpty)
    let beside = "{intake: {directory: '/s', socket: '/s/signal.sock'}, store: {path: '/s/state'}}"
    #expect(violations(in: beside).isEmpty)
    #expect(violations(in: "{rate_limits: {orders_per_second: 1}}").isEmpty)
    let pushed = "{price: {source: 'stream'}, risk: {symbols: [\(symbols(300))]}}"
    #expect(violations(in: pushed).isEmpty)
  }

  @Test func `a reload takes over what it can and names the rest`() throws {
    let old = Configuration()
    var new = old
    new.mode = .validate
    new.exchange.connections = 4
    new.intake.socketMode = 0o600
    new.risk.maximumOpenOrders = 7
    new.price.maximumAge = .milliseconds(900)
    new.log.level = .debug
    new.log.format = .json
    new.intake.defaultTimeToLive = .seconds(5)
    #expect(
      Configuration.changesNeedingRestart(from: old, to: new)
        == ["mode", "exchange.connections", "intake.socket_mode", "log.format"])
    #expect(
      Configuration.changesTakenOver(from: old, to: new)
        == [
          "intake.default_ttl_seconds", "price.maximum_age_ms", "risk.maximum_open_orders",
          "log.level",
        ])
    var expected = old
    expected.risk = new.risk
    expected.price = new.price
    expected.log.level = .debug
    expected.intake.defaultTimeToLive = .seconds(5)
    #expect(try old.takingOver(from: new) == expected)
    #expect(Configuration.changesNeedingRestart(from: old, to: old).isEmpty)
  }

  @Test func `a reload cannot take the limit away from a live daemon`() {
    var live = Configuration()
    live.mode = .live
    live.risk.maximumOrderQuote = FixedDecimal(100)
    var paper = live
    paper.mode = .paper
    paper.risk.maximumOrderQuote = nil
    #expect(throws: ReloadRefusal.self) { try live.takingOver(from: paper) }
  }

  @Test func `distances count slips of the keyboard`() {
    #expect(violations(in: "{log: {levle: 'info'}}").first?.text.contains("\"level\"?") == true)
    #expect(violations(in: "{log: {lvl: 'info'}}").first?.text.contains("takes") == true)
  }

  /// It may be all right: no setting is at fault.
  @Test func `a file that the machine refuses for now`() async {
    // The limit is a whole process's.
    await #expect(processExitsWith: .success) {
      var usual = rlimit()
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
      var none = rlimit(rlim_cur: 0, rlim_max: usual.rlim_max)
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
      guard case .failure(let refused) = ConfigurationFile.load(Self.sample.path) else { exit(2) }
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
      guard case .failure(let missing) = ConfigurationFile.load("/nonexistent") else { exit(3) }
      exit((refused.violations + missing.violations).map(\.mayPass) == [true, false] ? 0 : 4)
    }
  }
}
