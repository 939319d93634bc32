import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// What the daemon tells Prometheus, and that telling it costs no trading.
struct MetricsTests {
  private func daemon(
    _ market: SimulatedMarket, _ adjust: (inout Settings) -> Void = { _ in }
  ) throws -> (DaemonUnderTest, Scraper) {
    let daemon = try DaemonUnderTest.trading(market) {
      $0["metrics.listen"] = "127.0.0.1:0"
      adjust(&$0)
    }
    return (daemon, try Scraper(daemon))
  }

  /// A page is up to a second old.
  private func metrics(
    _ daemon: DaemonUnderTest, _ scraper: Scraper, when holds: (ScrapedMetrics) -> Bool
  ) throws -> ScrapedMetrics {
    try daemon.until("the metrics") {
      let metrics = try ScrapedMetrics(scraper.text())
      return holds(metrics) ? metrics : nil
    }
  }

  @Test func `signals, orders and latencies are counted`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market)
    #expect(try daemon.submit(Wish("filled").text)["code"] == "accepted")
    #expect(try daemon.submit(Wish("filled").text)["code"] == "duplicate")
    #expect(try daemon.submit(Wish("rests", ["price": "63900"]).text)["code"] == "accepted")
    #expect(try daemon.submit("{}")["code"] == "invalid_field")
    try daemon.waitForOrder("filled", "filled")
    try daemon.waitForOrder("rests", "open")
    let metrics = try metrics(daemon, scraper) {
      $0["settled_orders_total{status=\"filled\"}"] == 1 && $0["orders{status=\"open\"}"] == 1
    }
    #expect(metrics["signals_total{code=\"accepted\"}"] == 2)
    #expect(metrics["signals_total{code=\"duplicate\"}"] == 1)
    #expect(metrics["signals_total{code=\"invalid_field\"}"] == 1)
    #expect(metrics["signals_total{code=\"expired\"}"] == 0)
    #expect(metrics["settled_signals_total{code=\"accepted\"}"] == 1)
    #expect(metrics["intake_to_wire_seconds_count"] == 2)
    #expect(metrics["intake_to_wire_seconds_bucket{le=\"+Inf\"}"] == 2)
    #expect(metrics["wire_to_answer_seconds_count"] == 2)
    #expect(try #require(metrics["wire_to_answer_seconds_sum"]) > 0)
    #expect(try #require(metrics["commit_seconds_count"]) >= 2)
    #expect(metrics["trading_open"] == 1)
    #expect(metrics["halted"] == 0)
    #expect(metrics["mode_info{mode=\"live\"}"] == 1)
    #expect(metrics["risk_used{limit=\"open_orders\"}"] == 1)
    #expect(metrics["risk_limit{limit=\"open_orders\"}"] == 100_000)
    #expect(metrics["back_off_until_timestamp_seconds"] == 0)
    #expect(try #require(metrics["rate_limit{pool=\"ip\"}"]) > 0)
    #expect(try #require(metrics["database_size_bytes{file=\"database\"}"]) > 0)
    #expect(metrics["clock_offset_seconds"] != nil)
    #expect(metrics["stream_wanted{stream=\"account\",connection=\"0\"}"] == 1)
  }

  @Test func `a repetition does not end the measurement of the first`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market) { $0["price.source"] = "rest" }
    try market.faults([FaultRule.answer("GET /api/v3/ticker/price", 500, "")])
    #expect(try daemon.submit(Wish("waits").text)["code"] == "accepted")
    let other = try daemon.submit(Wish("waits", ["side": "sell"]).text)
    #expect(other["code"] == "conflicting_duplicate")
    try market.faults()
    try daemon.waitForOrder("waits", "filled")
    #expect(try daemon.submit(Wish("waits").text)["code"] == "duplicate")
    let metrics = try metrics(daemon, scraper) {
      $0["signals_total{code=\"duplicate\"}"] == 1
    }
    #expect(metrics["intake_to_wire_seconds_count"] == 1)
  }

  @Test func `a halt and a back-off are seen`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market)
    #expect(try daemon.operate("halt", "for the night").status == 0)
    _ = try metrics(daemon, scraper) {
      $0["halted"] == 1 && $0["problems{subject=\"daemon\"}"] == 1
    }
    #expect(try daemon.operate("resume").status == 0)
    try market.demandBackOff(status: 429, seconds: 3_600)
    _ = try daemon.submit(Wish("waits").text)
    let now = Double(Clock.wall().milliseconds) / 1_000
    let metrics = try metrics(daemon, scraper) {
      $0["back_off_until_timestamp_seconds"].map { $0 > now } ?? false
    }
    #expect(metrics["banned"] == 0)
    #expect(metrics["halted"] == 0)
  }

  @Test func `the tool of Prometheus finds nothing wrong with the page`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market)
    _ = try daemon.submit(Wish("one").text)
    let result = try Promtool.run("check", "metrics", input: scraper.text())
    #expect(result.status == 0, "\(result.text)")
    #expect(result.text.isEmpty, "\(result.text)")
  }

  @Test func `the example alerts are sound, and name metrics that exist`() throws {
    let rules = "etc/prometheus/mexc-signald.rules.yml"
    let result = try Promtool.run("check", "rules", Repository.path(rules))
    #expect(result.status == 0, "\(result.text)")
    let dashboard = "etc/grafana/mexc-signald.json"
    _ = try JSONReader.read(Array(Repository.text(dashboard).utf8), limits: .exchange)
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market)
    let known = try ScrapedMetrics(scraper.text()).names
    for file in [rules, dashboard] {
      let named = Set(
        try Repository.text(file).matches(of: #/mexc_signald_\w+/#).map { String($0.output) })
      #expect(named.count > 10)
      #expect(named.subtracting(known) == [], "\(file)")
    }
    withExtendedLifetime(daemon) {}
  }

  @Test func `what the notify command was not told is counted`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market) { $0["notify.command"] = "/bin/false" }
    #expect(try daemon.operate("halt").status == 0)
    let metrics = try metrics(daemon, scraper) {
      $0["notify_runs_total{result=\"failed\"}"].map { $0 > 0 } ?? false
    }
    #expect(metrics["notifications_waiting"] == 1)
    #expect(metrics["notify_runs_total{result=\"told\"}"] == 0)
  }

  @Test func `nothing but GET of the page is answered`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market)
    #expect(try scraper.request("GET /").status == 404)
    #expect(try scraper.request("GET /metrics/x").status == 404)
    #expect(try scraper.request("POST /metrics").status == 405)
    #expect(try scraper.request("GET /metrics?all").status == 200)
    withExtendedLifetime(daemon) {}
  }

  @Test func `a Unix socket serves them as well`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    daemon.settings["metrics.listen"] = .string("unix:" + daemon.scratch("metrics.sock"))
    try daemon.start()
    try daemon.process.line(with: "metrics are served")
    let answer = try PlainHTTP.exchange(
      "GET /metrics HTTP/1.0\r\n\r\n", path: daemon.scratch("metrics.sock"))
    #expect(answer.status == 200)
    let metrics = try ScrapedMetrics(String(decoding: answer.body, as: UTF8.self))
    #expect(metrics["mode_info{mode=\"live\"}"] == 1)
    #expect(try daemon.stop() == .exited(0))
    #expect(!FileManager.default.fileExists(atPath: daemon.scratch("metrics.sock")))
  }

  @Test func `scrapers that ask and never read keep no order from leaving`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market)
    let hostile = try (0..<40).map { _ in
      try PlainHTTP.ask(
        String(repeating: "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", count: 1_000),
        port: scraper.port)
    }
    for number in 0..<5 {
      #expect(try daemon.submit(Wish("order-\(number)").text)["code"] == "accepted")
      try daemon.waitForOrder("order-\(number)", "filled")
    }
    // They are dropped in the end, and whoever waited behind them is served.
    #expect(try ScrapedMetrics(scraper.text())["signals_total{code=\"accepted\"}"] == 5)
    for descriptor in hostile { close(descriptor) }
  }

  @Test func `an address that is taken keeps no order from leaving`() throws {
    let market = try SimulatedMarket()
    let (first, scraper) = try daemon(market)
    let second = try DaemonUnderTest.trading(market) {
      $0["metrics.listen"] = .string("127.0.0.1:\(scraper.port)")
      $0["exchange.account"] = "second"
    }
    try second.process.line(with: "metrics are not served", "Address already in use", "advice=")
    #expect(try second.submit(Wish("all-the-same").text)["code"] == "accepted")
    withExtendedLifetime(first) {}
  }

  @Test func `a reload with another address says that it waits for a restart`() throws {
    let market = try SimulatedMarket()
    let (daemon, scraper) = try daemon(market)
    daemon.settings["metrics.listen"] = .null
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(with: "some changes wait for a restart", "metrics.listen")
    #expect(try ScrapedMetrics(scraper.text())["trading_open"] == 1)
  }

  // MARK: A socket

  @Test func `a socket whose folder cannot be made keeps no order from leaving`() throws {
    let scratch = try Scratch()
    let obstacle = try scratch.write("file", "")
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) {
      $0["metrics.listen"] = .string("unix:\(obstacle)/metrics.sock")
    }
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    #expect(
      daemon.journal.count { $0.contains("level=warning") && $0.contains("metrics.listen") } == 1)
    #expect(daemon.journal.contains { $0.contains("metrics are not served, and trading goes on") })
  }

  @Test func `a socket whose file is removed is made again`() throws {
    let market = try SimulatedMarket()
    let scratch = try Scratch()
    let path = scratch("metrics.sock")
    let daemon = try DaemonUnderTest.trading(market) {
      $0["metrics.listen"] = .string("unix:" + path)
    }
    try scratch.remove("metrics.sock")
    try daemon.process.line(
      with: "level=warning", "metrics socket: \(path) was removed or replaced")
    let answer = try PlainHTTP.exchange(
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path: path)
    #expect(answer.status == 200)
    #expect(daemon.journal.count { $0.contains("metrics socket") } == 1)
  }
}
