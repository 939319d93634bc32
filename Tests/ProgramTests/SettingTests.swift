import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// Each key of the configuration changes what the daemon does. Those that are not here are the
/// subject of other suites: modes, paths, TLS, credentials.
struct SettingTests {
  private static let ether: KeyValuePairs<String, JSONValue?> = [
    "symbol": "ETHUSDT", "price": "3200", "quantity": "0.01",
  ]

  private func code(_ daemon: DaemonUnderTest, _ wish: Wish) throws -> String? {
    try daemon.submit(wish.text)["code"]?.stringValue
  }

  /// The moment of the first event of a kind in a signal's story.
  private func time(_ daemon: DaemonUnderTest, _ id: String, _ kind: String) throws -> WallTime {
    let entries = try daemon.explain(id)["timeline"]?.arrayValue ?? []
    let entry = entries.first { $0["kind"]?.stringValue == kind }
    return try #require(entry?["at"]?.stringValue.flatMap { Timestamp.parse($0) })
  }

  // MARK: exchange

  /// A placement that the exchange reads only after the window is refused by it, and goes once more.
  @Test(arguments: [(3_000, 2, 1), (30_000, 1, 0)])
  func `receive window`(_ window: Int64, _ attempts: Int64, _ refused: Int) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["exchange.recv_window_ms"] = .integer(window)
    }
    try market.faults(
      """
      {"route": "POST /api/v3/order", "fault": "late", "delay_ms": 4500, "process": "after",
        "next": 1}
      """)
    #expect(try code(daemon, Wish("read-late")) == "accepted")
    try daemon.waitForOrder("read-late", "filled")
    #expect(try daemon.explain("read-late")["order"]?["attempt"] == .integer(attempts))
    let ledger = try market.ledger()
    #expect(ledger.count("bad_timestamps") == refused)
    #expect(ledger.orders.count == 1)
  }

  @Test
  func `settle time`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["exchange.recv_window_ms"] = 1_000
      $0["exchange.settle_seconds"] = 4
    }
    try market.faults("{\"route\": \"POST /api/v3/order\", \"fault\": \"lost_before\"}")
    #expect(try code(daemon, Wish("lost")) == "accepted")
    try daemon.waitForOrder("lost", "not_found")
    let armed = try time(daemon, "lost", "order_armed")
    let verdict = try time(daemon, "lost", "order_not_found")
    #expect(verdict.since(armed) >= .seconds(5))
  }

  @Test
  func `connections`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["exchange.connections"] = 5 }
    try daemon.until(
      "five warm connections",
      holds: {
        try daemon.status()["connections"]?["idle"] == 5
      })
  }

  @Test
  func `account`() throws {
    let market = try SimulatedMarket()
    let names = try ["main", "main", "second"].map { account in
      let daemon = try DaemonUnderTest.trading(market) {
        $0["exchange.account"] = .string(account)
        $0["risk.symbols"] = ["ETHUSDT"]
      }
      // Denied, so that the exchange never sees one name twice.
      _ = try daemon.submit(Wish("same").text)
      return try #require(
        try daemon.explain("same")["signal"]?["client_order_id"]?.stringValue)
    }
    #expect(names[0] == names[1])
    #expect(names[1] != names[2])
  }

  // MARK: credentials

  @Test func `systemd's credentials are asked for where they alone may be used`() throws {
    let daemon = try DaemonUnderTest(nil) { $0["credentials.source"] = "systemd" }
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    #expect(try daemon.process.tail.contains("CREDENTIALS_DIRECTORY"))
  }

  // MARK: intake

  @Test(arguments: ["0600", "0666"])
  func `socket mode`(_ mode: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["intake.socket_mode"] = .string(mode) }
    let attributes = try FileManager.default.attributesOfItem(atPath: daemon.scratch("signal.sock"))
    let bits = try #require(attributes[.posixPermissions] as? NSNumber)
    #expect(bits.intValue == Int(mode, radix: 8))
  }

  @Test
  func `maximum signal bytes`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["intake.maximum_signal_bytes"] = 300 }
    let padded = { (id: String, count: Int) -> String in
      let text = Wish(id).text
      return text + String(repeating: " ", count: count - text.utf8.count)
    }
    #expect(try daemon.submit(padded("fits", 300))["code"] == "accepted")
    #expect(try daemon.submit(padded("long", 301))["code"] == "too_large")
    try daemon.drop("fits.json", padded("fits-too", 300))
    try daemon.drop("long.json", padded("long-too", 301))
    #expect(try daemon.waitForOutcome("fits.json").status == "filled")
    #expect(try daemon.waitForOutcome("long.json").code == "too_large")
  }

  @Test
  func `default time to live`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["intake.default_ttl_seconds"] = 77 }
    let created = Clock.wall()
    let wish = Wish(
      "unstated", ["ttl_seconds": nil, "created_at": .integer(created.milliseconds)])
    #expect(try code(daemon, wish) == "accepted")
    let expires = try daemon.explain("unstated")["signal"]?["expires_at"]?.stringValue
    #expect(expires.flatMap { Timestamp.parse($0) }?.since(created) == .seconds(77))
  }

  // MARK: price

  @Test
  func `maximum age`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["price.source"] = "rest"
      $0["price.maximum_age_ms"] = 100
    }
    try market.faults(
      "{\"route\": \"GET /api/v3/ticker/price\", \"fault\": \"late\", \"delay_ms\": 400}")
    #expect(try code(daemon, Wish("stale")) == "accepted")
    try daemon.waitForOrder("stale", "denied")
    #expect(try daemon.explain("stale")["signal"]?["decision"] == "price_unavailable")
    #expect(try market.ledger().placements == 0)
  }

  @Test
  func `maximum deviation`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["price.maximum_deviation_bps"] = 10 }
    // 63900 is 15.65 basis points from 64000; 63950 is 7.8.
    #expect(try code(daemon, Wish.resting("far")) == "accepted")
    try daemon.waitForOrder("far", "denied")
    #expect(try daemon.explain("far")["signal"]?["decision"] == "price_deviation")
    #expect(try code(daemon, Wish("near", ["price": "63950"])) == "accepted")
    try daemon.waitForOrder("near", "open")
    // The signal's own limit may be tighter.
    let tight: KeyValuePairs<String, JSONValue?> = ["price": "63950", "maximum_deviation_bps": 5]
    #expect(try code(daemon, Wish("tight", tight)) == "accepted")
    try daemon.waitForOrder("tight", "denied")
  }

  // MARK: risk

  @Test
  func `symbols`() throws {
    let market = try SimulatedMarket()
    let every = try DaemonUnderTest.trading(market) { $0["risk.symbols"] = "*" }
    let mx: KeyValuePairs<String, JSONValue?> = [
      "symbol": "MXUSDT", "price": "2.85", "quantity": "10",
    ]
    #expect(try code(every, Wish("mx", mx)) == "accepted")
    try every.waitForOrder("mx", "filled")
    let unknown: KeyValuePairs<String, JSONValue?> = ["symbol": "NOSUCHUSDT"]
    #expect(try code(every, Wish("unknown", unknown)) == "accepted")
    try every.waitForOrder("unknown", "denied")
    #expect(try every.explain("unknown")["signal"]?["decision"] == "symbol_unknown")
    let one = try DaemonUnderTest.trading(market) { $0["risk.symbols"] = ["ETHUSDT"] }
    #expect(try code(one, Wish("mx", mx)) == "symbol_not_allowed")
  }

  /// The limits that count: the third order is one too many, after a kill as well.
  @Test(arguments: [
    ("risk.maximum_open_orders", JSONValue.integer(2), "risk_open_orders"),
    ("risk.maximum_orders_per_minute", .integer(2), "risk_order_rate"),
    ("risk.maximum_daily_quote", .string("130"), "risk_daily_quote"),
  ])
  func `limits that count`(_ key: String, _ value: JSONValue, _ refusal: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0[key] = value }
    for id in ["first", "second"] {
      #expect(try code(daemon, Wish.resting(id)) == "accepted")
      try daemon.waitForOrder(id, "open")
    }
    #expect(try code(daemon, Wish.resting("third")) == refusal)
    try daemon.kill9()
    try daemon.start()
    #expect(try code(daemon, Wish.resting("fourth")) == refusal)
    #expect(try market.ledger().orders.count == 2)
  }

  @Test(arguments: [
    ("symbol", "halted", "accepted"), ("all", "halted", "halted"),
    ("none", "accepted", "accepted"),
  ])
  func `pause on not found`(_ scope: String, _ same: String, _ other: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["risk.pause_on_not_found"] = .string(scope)
      $0["exchange.recv_window_ms"] = 1_000
    }
    try market.faults(
      "{\"route\": \"POST /api/v3/order\", \"fault\": \"lost_before\", \"next\": 1}")
    #expect(try code(daemon, Wish("lost")) == "accepted")
    try daemon.waitForOrder("lost", "not_found")
    #expect(try code(daemon, Wish("same")) == same)
    #expect(try code(daemon, Wish("other", Self.ether)) == other)
  }

  // MARK: rate_limits

  /// Two a second: seven orders take three seconds and more.
  @Test
  func `orders per second`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["rate_limits.orders_per_second"] = 4
      $0["rate_limits.utilisation"] = .number("0.5")
    }
    let client = try daemon.connect()
    for index in 0..<7 { try client.send(Wish("order-\(index)").text) }
    for index in 0..<7 { try daemon.waitForOrder("order-\(index)", "filled") }
    let times = try market.ledger().orders.compactMap { $0["accepted_at"]?.integerValue }
    let spread = try #require(times.max()) - #require(times.min())
    #expect(spread >= 3_000)
  }

  /// Pools so small that a dozen orders do not fit into one window.
  @Test
  func `pools`() throws {
    let market = try SimulatedMarket(
      SimulatedMarket.calm + [
        "--ip-weight", "50", "--uid-weight", "14", "--window-seconds", "2",
      ])
    let daemon = try DaemonUnderTest.trading(market) {
      $0["rate_limits.ip_weight"] = 50
      $0["rate_limits.uid_weight"] = 14
      $0["rate_limits.window_seconds"] = 2
    }
    let client = try daemon.connect()
    for index in 0..<12 { try client.send(Wish("order-\(index)").text) }
    for index in 0..<12 { try daemon.waitForOrder("order-\(index)", "filled") }
    let ledger = try market.ledger()
    #expect(ledger.orders.count == 12)
    #expect(ledger.count("throttled_429") == 0)
    #expect(ledger.count("banned_418") == 0)
  }

  // MARK: log

  @Test
  func `log level`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["log.level"] = "error" }
    try daemon.launch()
    try daemon.process.wait(for: "trading") { () throws -> Bool? in
      (try? daemon.status())?["trading_open"] == true ? true : nil
    }
    #expect(try code(daemon, Wish("quiet")) == "accepted")
    try daemon.waitForOrder("quiet", "filled")
    #expect(try code(daemon, Wish("quiet", ["quantity": "0.002"])) == "conflicting_duplicate")
    #expect(try daemon.stop() == .exited(0))
    #expect(daemon.journal.count == 1)
    #expect(daemon.journal.allSatisfy { $0.contains("level=error") })
  }

  @Test(arguments: ["json", "logfmt", "journal"])
  func `log format`(_ format: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["log.format"] = .string(format) }
    #expect(try code(daemon, Wish("logged", ["note": "two\nlines \"quoted\""])) == "accepted")
    try daemon.waitForOrder("logged", "filled")
    #expect(try daemon.stop() == .exited(0))
    #expect(daemon.journal.count > 5)
    for line in daemon.journal {
      switch format {
      case "json":
        let document = try JSONReader.read(Array(line.utf8))
        #expect(document["level"]?.stringValue != nil && document["msg"]?.stringValue != nil)
      case "journal": #expect(line.firstMatch(of: /^<[3467]>/) != nil, "\(line)")
      default: #expect(line.firstMatch(of: /^time=\S+Z level=[a-z]+ msg="/) != nil, "\(line)")
      }
    }
    // The ids stand on every line about an order.
    let about = daemon.journal.filter { $0.contains("logged") }
    #expect(about.count >= 4)
    #expect(about.allSatisfy { $0.contains("client_order_id") && $0.contains("signal_id") })
  }
}
