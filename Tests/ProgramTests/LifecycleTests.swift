import Domain
import Foundation
import Glibc
import JSON
import Platform
import SimulatedExchange
import TestKit
import Testing

/// Starts, stops, reloads, and what must never be seen.
struct LifecycleTests {
  @Test
  func `a stop waits for the answer on its way`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market)
    try market.faults(
      "{\"route\": \"POST /api/v3/order\", \"fault\": \"late\", \"delay_ms\": 1500, \"next\": 1}")
    #expect(try daemon.submit(Wish("slow").text)["code"] == "accepted")
    try daemon.until("the placement to arrive", holds: { try market.ledger().placements == 1 })
    #expect(try daemon.stop() == .exited(0))
    try daemon.process.line(with: "placed", "slow")
    let offline = try daemon.operate("--json", "orders")
    let order = try #require(
      try JSONReader.read(Array(offline.output.utf8))["items"]?.arrayValue?.first)
    #expect(order["status"] == "open")
    #expect(order["order_id"] == (try market.ledger().orders.first?["order_id"]))
    #expect(!FileManager.default.fileExists(atPath: daemon.scratch("signal.sock")))

    try daemon.start()
    try daemon.waitForOrder("slow", "filled")
    #expect(try market.ledger().placements == 1)
  }

  /// Files that come while nobody is there are taken at the next start, in the order of their names.
  @Test
  func `files wait for the start`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.stop() == .exited(0))
    for name in ["c", "a", "b"] { try daemon.drop("\(name).json", Wish(name).text) }
    try daemon.start()
    for name in ["a", "b", "c"] {
      #expect(try daemon.waitForOutcome("\(name).json").status == "filled")
    }
    let accepted = daemon.lives[1].lines.filter { $0.contains("msg=\"accepted\"") }
    #expect(
      accepted.compactMap { line in ["a", "b", "c"].first { line.contains("signal_id=\($0) ") } }
        == ["a", "b", "c"])
  }

  @Test func `a spool that was taken away under a daemon still has one`() throws {
    let market = try SimulatedMarket()
    let first = try DaemonUnderTest.trading(market)
    try first.scratch.move("spool", "away")
    try first.process.line(with: "level=error", "was taken away; it is made again")
    let second = try DaemonUnderTest(market) {
      $0["intake.directory"] = .string(first.scratch("spool"))
    }
    try first.until(
      "the lock", holds: { FileManager.default.fileExists(atPath: first.spool(".lock")) })
    try second.launch()
    #expect(try second.process.waitForEnd() == .exited(1))
    let process = try first.process.pid
    try second.process.line(with: "not started", "another daemon (process \(process)) works here")
    try first.drop("a.json", Wish("a").text)
    #expect(try first.waitForOutcome("a.json").status == "filled")
    #expect(try market.ledger().placements == 1)
  }

  /// Status 78 keeps the service down; any other is tried again every five seconds.
  @Test(arguments: [
    ("state.db", "store.path"), ("signal.sock", "intake.socket"),
    ("control.sock", "control.socket"),
  ])
  func `a folder in the place of a file or socket is a wrong configuration`(
    _ name: String, _ key: String
  ) throws {
    let daemon = try DaemonUnderTest(nil)
    try daemon.scratch.folder(name)
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    try daemon.process.line(with: "\(key): ", daemon.scratch(name), "directory")
    let check = try ChildProcess(
      BuiltProgram.daemon.path,
      ["--config", try daemon.writeConfiguration(), "--check-config", "--quiet"])
    #expect(try check.waitForEnd() == .exited(78))
    #expect(check.lines.count == 1 && check.output.isEmpty)
  }

  // MARK: Reload

  @Test
  func `a reload takes over what it can and says what it cannot`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("before.json", Wish("before").text)
    #expect(try daemon.waitForOutcome("before.json").status == "filled")

    daemon.settings["risk.maximum_order_quote"] = "10"
    daemon.settings["store.path"] = .string(daemon.scratch("other.db"))
    try reload(daemon)
    try daemon.process.line(with: "is reloaded", "changed=risk.maximum_order_quote")
    try daemon.process.line(with: "level=warning", "wait for a restart", "keys=store.path")
    #expect(try daemon.submit(Wish("large").text)["code"] == "risk_order_quote")

    // A file that does not read changes nothing.
    let said = try daemon.process.lines.count
    daemon.settings["risk.maximum_order_quote"] = "1000"
    daemon.settings["risk.maximum_open_orders"] = "many"
    try reload(daemon)
    try daemon.process.line(
      with: "level=error", "is not reloaded", "maximum_open_orders", from: said)
    #expect(try daemon.submit(Wish("larger").text)["code"] == "risk_order_quote")

    // Nobody writes to the pipe, and the daemon does not wait for it.
    let path = daemon.scratch("config.json5")
    try FileManager.default.removeItem(atPath: path)
    try RawFiles.makePipe(path)
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(with: "level=error", "is not reloaded", "no regular file")
    #expect(try daemon.submit(Wish("largest").text)["code"] == "risk_order_quote")
    #expect(daemon.lives.count == 1)
  }

  private func reload(_ daemon: DaemonUnderTest) throws {
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
  }

  // MARK: Exit statuses

  private struct Ended {
    let ending: ChildProcess.Ending
    let output: String
    let errors: [String]
  }

  private func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Ended {
    let process = try ChildProcess(
      BuiltProgram.daemon.path, arguments, environment: environment)
    return Ended(
      ending: try process.waitForEnd(), output: process.output, errors: process.lines)
  }

  @Test
  func `wrong usage is status two`() throws {
    for arguments in [["--confg", "x"], ["--config"], ["x"], ["--check-config=1"], []] {
      let run = try run(arguments)
      #expect(run.ending == .exited(2), "\(arguments)")
      #expect(run.errors.count == 1, "\(arguments)")
      #expect(
        run.errors.first?.hasSuffix("see 'mexc-signald --help'") == true, "\(run.errors)")
      #expect(run.output.isEmpty)
    }
    let version = try run(["--version"])
    #expect(version.ending == .exited(0))
    #expect(version.output == "mexc-signald \(Version.text)\n")
  }

  @Test
  func `every violation of a configuration is listed at once`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "bad.json5",
      """
      {
        mode: "live",
        exchange: { rest_url: "http://example.org", recv_window_ms: 0 },
        intake: { directroy: "/tmp", socket_mode: "999" },
        price: { source: "socket" },
        price: {},
        risk: { symbols: ["BTC-USDT-SWAP"], maximum_daily_quote: -5 },
      }
      """)
    for arguments in [["--config", path, "--check-config"], ["--config", path]] {
      let run = try run(arguments)
      #expect(run.ending == .exited(78))
      let expected = [
        ("3", "exchange.rest_url"), ("3", "exchange.recv_window_ms"), ("4", "intake.directroy"),
        ("4", "intake.socket_mode"), ("5", "price.source"), ("6", "price"),
        ("7", "risk.symbols"), ("7", "risk.maximum_daily_quote"),
      ]
      for (line, key) in expected {
        #expect(
          run.errors.contains { $0.hasPrefix("\(path):\(line): \(key)") },
          "\(key): \(run.errors)")
      }
      #expect(run.errors.contains { $0.contains("did you mean") })
    }
    #expect(try run(["--config", scratch("missing.json5")]).ending == .exited(78))
  }

  @Test
  func `--check-config prints the effective configuration`() throws {
    let scratch = try Scratch()
    let settings = Settings.live("http://127.0.0.1:9", in: scratch)
    let path = try scratch.write("config.json5", settings.text)
    let first = try run(["--config", path, "--check-config"])
    #expect(first.ending == .exited(0))
    let document = try JSONReader.read(Array(first.output.utf8))
    #expect(document["exchange"]?["recv_window_ms"] == 10_000)
    #expect(document["intake"]?["default_ttl_seconds"] == 60)
    #expect(document["risk"]?["maximum_daily_quote"] == .null)
    // What it prints is a configuration of the same meaning.
    let again = try scratch.write("again.json5", first.output)
    #expect(try run(["--config", again, "--check-config"]).output == first.output)
  }

  @Test
  func `live trading needs a limit and keys`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["risk.maximum_order_quote"] = nil }
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    try daemon.process.line(with: "risk.maximum_order_quote", "live mode")

    daemon.settings["risk.maximum_order_quote"] = "100"
    daemon.environment = [:]
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    #expect(try daemon.process.tail.contains("MEXC_API_KEY"))

    daemon.environment = ["MEXC_API_KEY": SimulatorConfiguration.demoKey]
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    #expect(try daemon.process.tail.contains("MEXC_SECRET_KEY is missing"))
    #expect(try market.ledger().count("requests") == 0)
  }

  /// systemd's credentials: the way of `LoadCredential=`, and files that others can read.
  @Test
  func `credential files are read and must be closed`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["credentials.source"] = "systemd" }
    let folder = daemon.scratch("credentials")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try daemon.scratch.write("credentials/api_key", SimulatorConfiguration.demoKey + "\n")
    try daemon.scratch.write(
      "credentials/api_secret", SimulatorConfiguration.demoSecret, mode: 0o644)
    daemon.environment = ["CREDENTIALS_DIRECTORY": folder]
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    #expect(try daemon.process.tail.contains("chmod 0600"))

    try daemon.scratch.write(
      "credentials/api_secret", SimulatorConfiguration.demoSecret, mode: 0o600)
    try daemon.start()
    #expect(try daemon.submit(Wish("signed").text)["code"] == "accepted")
    try daemon.waitForOrder("signed", "filled")
    #expect(try market.ledger().count("bad_signatures") == 0)
  }

  // MARK: Secrets

  /// After a life with everything in it: fills, refusals, lost answers, a halt, a wrong key.
  @Test
  func `no secret is left anywhere`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["exchange.recv_window_ms"] = 2_000 }
    try market.faults(
      """
      {"route": "POST /api/v3/order", "fault": "garbage", "nth": 2},
      {"route": "POST /api/v3/order", "fault": "redirect", "nth": 3},
      {"route": "GET /api/v3/order", "fault": "error_before", "nth": 2}
      """)
    for id in ["a", "b", "c"] {
      try daemon.drop("\(id).json", Wish(id).text)
      try daemon.until("\(id) to be over") { () throws -> Bool? in
        let order = try? daemon.orderStatus(id)
        return order.map { ["filled", "not_found", "denied"].contains($0) } == true ? true : nil
      }
    }
    try daemon.drop("bad.json", "{}")
    _ = try daemon.waitForOutcome("bad.json")
    let environment = try Data(
      contentsOf: URL(fileURLWithPath: "/proc/\(daemon.process.pid)/environ"))
    try daemon.kill9()
    try daemon.start()
    #expect(try daemon.operate("halt").status == 0)
    let shown = try daemon.operate("--json", "explain", "b").output
    #expect(try daemon.stop() == .exited(0))

    // A refused key, whose answer the daemon reports.
    daemon.environment["MEXC_SECRET_KEY"] = "0123456789abcdef0123456789abcdef"
    try daemon.start()
    try daemon.process.line(with: "700002")
    #expect(try daemon.stop() == .exited(0))

    let secrets = [
      SimulatorConfiguration.demoSecret, "0123456789abcdef0123456789abcdef",
      SimulatorConfiguration.demoKey, "signature=",
    ]
    var places = try daemon.scratch.files().map { (name: $0.path, content: $0.content) }
    places.append(("the journal", Data(daemon.journal.joined(separator: "\n").utf8)))
    places.append(("the environment", environment))
    places.append(("explain", Data(shown.utf8)))
    #expect(places.count > 8)
    for place in places {
      for secret in secrets {
        #expect(place.content.range(of: Data(secret.utf8)) == nil, "\(secret) in \(place.name)")
      }
    }
  }
}
