import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// `mexc-signalctl status` and the service manager say the same, and the truth.
struct StatusTests {
  /// A daemon that tells a service manager how it is.
  private struct Service {
    let daemon: DaemonUnderTest
    let notify: NotifySocket

    init(
      _ market: SimulatedMarket?, url: String? = nil, _ adjust: (inout Settings) -> Void = { _ in }
    ) throws {
      daemon = try DaemonUnderTest(market, url: url, adjust)
      notify = try NotifySocket(daemon.scratch("notify.sock"))
      daemon.environment["NOTIFY_SOCKET"] = daemon.scratch("notify.sock")
    }

    /// Waits for a problem that holds the texts, and sees it in the document, in the text with exit
    /// status 1, and at the service manager.
    @discardableResult
    func showsProblem(_ texts: String..., advice: String) throws -> JSONValue {
      let problem = try daemon.until("a problem with \(texts)") { () throws -> JSONValue? in
        (try daemon.status()["problems"]?.arrayValue ?? []).first { problem in
          let message = problem["message"]?.stringValue ?? ""
          return texts.allSatisfy { message.contains($0) }
        }
      }
      #expect(problem["advice"]?.stringValue?.contains(advice) == true, "\(problem)")
      let shown = try daemon.operate("status")
      #expect(shown.status == 1)
      let line = shown.output.split(separator: "\n").first { line in
        line.hasPrefix("problem: ") && texts.allSatisfy { line.contains($0) }
      }
      #expect(line?.contains(advice) == true, "\(shown.output)")
      #expect(try daemon.operate("--json", "status").status == 1)
      let quiet = try daemon.operate("status", "--quiet")
      #expect(quiet.status == 1 && quiet.output.isEmpty && quiet.errors.isEmpty)
      return problem
    }

    func showsNothingWrong() throws {
      try daemon.until("nothing to be wrong", holds: { try daemon.status()["problems"] == [] })
      let status = try daemon.status()
      #expect(status["state"] == "active" && status["halt_scope"] == .null)
      #expect(status["reason"] == .null)
      let shown = try daemon.operate("status")
      #expect(shown.status == 0, "\(shown.output)")
      #expect(!shown.output.contains("problem: "))
      let quiet = try daemon.operate("status", "--quiet")
      #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty)
      try notify.wait(for: "STATUS=trading (live)")
    }
  }

  @Test
  func `a healthy daemon shows its limits beside their uses`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market) {
      $0["risk.maximum_open_orders"] = 50
      $0["risk.maximum_orders_per_minute"] = 60
      $0["risk.maximum_daily_quote"] = "1000"
    }
    let daemon = service.daemon
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish.resting("rests").text)["code"] == "accepted")
    try daemon.waitForOrder("rests", "open")
    try service.showsNothingWrong()
    let status = try daemon.status()
    #expect(
      status["risk"] == [
        "open_orders": 1, "open_orders_limit": 50, "minute_orders": 1, "minute_orders_limit": 60,
        "daily_quote": "63.9", "daily_quote_limit": "1000",
      ])
    let rate = try #require(status["rate"])
    // 300, 500 and 12 at a utilisation of 0.95.
    #expect(rate["ip_limit"] == 285 && rate["uid_limit"] == 475 && rate["order_limit"] == 12)
    let text = try daemon.operate("status").output
    #expect(
      text.contains("open orders 1 of 50, orders 1 of 60 in 60 s, quote 63.9 of 1000 in 24 h"))
    #expect(text.contains(/weight by address [0-9]+ of 285 in 10 s/), "\(text)")
    #expect(text.contains(/orders [0-9]+ of 12 in 1 s/), "\(text)")
  }

  @Test
  func `a halt is shown with the way out`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market)
    try service.daemon.start()
    try service.daemon.waitForTrading()
    #expect(try service.daemon.operate("halt", "the screens are red").status == 0)
    let problem = try service.showsProblem("halted", "the screens are red", advice: "resume")
    #expect(problem["subject"] == "daemon")
    #expect(problem["symbol"] == .null && problem["signal_id"] == .null)
    #expect(problem["client_order_id"] == .null)
    let status = try service.daemon.status()
    #expect(status["state"] == "halted" && status["halt_scope"] == "all")
    let reason = try #require(status["reason"]?.stringValue)
    try service.notify.wait(for: "STATUS=\(reason)")
    service.notify.forget()
    #expect(try service.daemon.operate("resume").status == 0)
    try service.showsNothingWrong()
  }

  @Test
  func `an exchange that is not there is shown`() throws {
    let market = try SimulatedMarket()
    try market.stop()
    let service = try Service(market)
    try service.daemon.start()
    try service.showsProblem(
      "there is no connection to the exchange", "127.0.0.1:\(market.port)", "Connection refused",
      advice: "check exchange.rest_url, the network and the firewall")
    try service.notify.wait(for: "STATUS=there is no connection to the exchange")
    service.notify.forget()
    try market.start()
    try service.showsNothingWrong()
  }

  @Test
  func `a server that speaks no TLS is shown`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market, url: "https://localhost:\(market.port)")
    try service.daemon.start()
    try service.showsProblem(
      "there is no connection", "TLS handshake",
      advice: "check the scheme and the port in exchange.rest_url")
  }

  @Test
  func `a back-off is shown with its end`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market)
    let daemon = service.daemon
    try daemon.start()
    try daemon.waitForTrading()
    try market.demandBackOff(status: 429, seconds: 600)
    #expect(try daemon.submit(Wish("waits").text)["code"] == "accepted")
    let until = try daemon.until("the end of the back-off") {
      try daemon.status()["rate"]?["banned_until"]?.stringValue
    }
    try service.showsProblem(
      "nothing is sent before ", advice: "from this address")
    #expect(try daemon.operate("status").output.contains("back-off until \(until)"))
  }

  @Test func `orders that fail one after the other open a breaker, which is shown`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market) { $0["risk.pause_on_not_found"] = "none" }
    let daemon = service.daemon
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.status()["breakers"] == [])
    try market.faults(FaultRule.answer(FaultRule.placements, 503, "<html>unavailable</html>"))
    for number in 0..<5 {
      #expect(try daemon.submit(Wish("lost-\(number)").text)["code"] == "accepted")
      try daemon.waitForOrder("lost-\(number)", "unknown")
    }
    try daemon.process.line(with: "level=warning", "5 orders in a row failed")
    let breaker = try #require(try daemon.status()["breakers"]?.arrayValue?.first)
    #expect(breaker["kind"] == "placements" && breaker["symbol"] == .null)
    #expect(breaker["reason"]?.stringValue?.isEmpty == false)
    try market.faults()
    #expect(try daemon.submit(Wish("tries").text)["code"] == "accepted")
    try daemon.waitForOrder("tries", "filled")
    try daemon.process.line(with: "the exchange answers orders again")
    #expect(try daemon.status()["breakers"] == [])
  }

  /// Sent once, and neither answered nor seen.
  @Test
  func `an order in doubt is shown until the operator has spoken`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market) {
      $0["exchange.recv_window_ms"] = 1_000
      $0["exchange.settle_seconds"] = 3
    }
    let daemon = service.daemon
    try daemon.start()
    try daemon.waitForTrading()
    try market.faults(#"{"route": "POST /api/v3/order", "fault": "lost_before"}"#)
    #expect(try daemon.submit(Wish("lost").text)["code"] == "accepted")
    try daemon.waitForOrder("lost", "not_found")
    let missing = try service.showsProblem("signal lost", advice: "resolve lost")
    #expect(missing["subject"] == "order")
    #expect(missing["symbol"] == "BTCUSDT" && missing["signal_id"] == "lost")
    let id = try daemon.explain("lost")["order"]?["client_order_id"]
    #expect(id != nil && missing["client_order_id"] == id)
    try service.notify.wait(for: "STATUS=", containing: "signal lost")
    #expect(try daemon.status()["state"] == "active")
    service.notify.forget()
    #expect(try daemon.operate("resolve", "lost", "--not-placed").status == 0)
    try service.showsNothingWrong()
  }

  /// Closed while the daemon runs: a start would refuse it.
  @Test(arguments: [
    ("active", "1 file with a signal that was taken cannot be moved to active"),
    ("done", "1 file that the daemon is done with cannot be moved"),
    ("rejected", "1 file that the daemon is done with cannot be moved"),
  ])
  func `a folder of the spool that cannot be written is shown until it can`(
    _ folder: String, _ message: String
  ) throws {
    let market = try SimulatedMarket()
    let service = try Service(market)
    let daemon = service.daemon
    daemon.giveUpRights()
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.setMode(daemon.spool(folder), 0o500)
    let texts = [
      "active": Wish.resting("rests").text, "done": Wish("filled").text, "rejected": "{}",
    ]
    try daemon.drop("a.json", try #require(texts[folder]))
    try service.showsProblem(
      message, "tried again every second", "Permission denied", advice: "daemon's user write to")
    try daemon.setMode(daemon.spool(folder), 0o750)
    try daemon.until("the file to move", holds: { try daemon.names(in: folder).contains("a.json") })
    try service.showsNothingWrong()
  }

  @Test
  func `a report of doubt that cannot be removed is shown`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market) {
      $0["exchange.recv_window_ms"] = 1_000
      $0["exchange.settle_seconds"] = 3
    }
    let daemon = service.daemon
    daemon.giveUpRights()
    try daemon.start()
    try daemon.waitForTrading()
    try market.faults(#"{"route": "POST /api/v3/order", "fault": "lost_before"}"#)
    try daemon.drop("lost.json", Wish("lost").text)
    try daemon.waitForOrder("lost", "not_found")
    try daemon.until(
      "the report", holds: { try daemon.names(in: "active").contains("lost.json.status.json") })
    try daemon.setMode(daemon.spool("active"), 0o500)
    #expect(try daemon.operate("resolve", "lost", "--not-placed").status == 0)
    try service.showsProblem("beside 1 file in active", advice: "write to active of")
    try service.showsProblem("1 file that the daemon is done with", advice: "do not drop")
    try daemon.setMode(daemon.spool("active"), 0o750)
    try service.showsNothingWrong()
    #expect(try daemon.names(in: "active").isEmpty)
  }

  @Test
  func `a spool that cannot be opened is shown until it can`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market)
    let daemon = service.daemon
    try daemon.start()
    try daemon.waitForTrading()
    try FileManager.default.removeItem(atPath: daemon.spool("done"))
    try FileManager.default.createSymbolicLink(
      atPath: daemon.spool("done"), withDestinationPath: daemon.scratch.path)
    try service.showsProblem(
      "no file is taken, because the spool cannot be read", "symbolic link", advice: "one mount")
    try FileManager.default.removeItem(atPath: daemon.spool("done"))
    try service.showsNothingWrong()
  }

  @Test(arguments: [["--ip-not-allowed"], ["--permissions", "SPOT_ACCOUNT_READ"], []])
  func `a key that is refused is shown`(_ options: [String]) throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + options)
    let service = try Service(market)
    let daemon = service.daemon
    if options.isEmpty {
      daemon.environment["MEXC_SECRET_KEY"] = "0123456789abcdef0123456789abcdef"
    }
    try daemon.start()
    // A key that may not trade is refused with its first order.
    #expect(try daemon.submit(Wish("first").text)["status"] == "accepted")
    // While it starts there is a problem that passes.
    let message = try daemon.process.wait(for: "the key's problem") {
      try daemon.status()["problems"]?.arrayValue?.compactMap { $0["message"]?.stringValue }
        .first { !$0.hasSuffix("the exchange is being asked") }
    }
    try daemon.until(
      "nothing but it",
      holds: {
        try daemon.status()["problems"]?.arrayValue?.count == 1
      })
    let shown = try daemon.operate("status")
    #expect(shown.status == 1)
    #expect(shown.output.hasPrefix("problem: \(message)"), "\(shown.output)")
    try service.notify.wait(for: "STATUS=" + message.prefix(40))
  }

  @Test
  func `a daemon that is not there is a failure without a word`() throws {
    let daemon = try DaemonUnderTest(nil)
    let quiet = try daemon.operate("status", "--quiet")
    #expect(quiet.status == 1)
    #expect(quiet.output.isEmpty && quiet.errors.isEmpty)
    let wrong = try daemon.operate("status", "--quit")
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("did you mean --quiet?"), "\(wrong.errors)")
  }

  @Test
  func `a daemon that stops says so`() throws {
    let market = try SimulatedMarket()
    let service = try Service(market)
    let daemon = service.daemon
    try daemon.start()
    try daemon.waitForTrading()
    // A placement in flight holds up the end.
    try market.faults(
      #"{"route": "POST /api/v3/order", "fault": "late", "delay_ms": 4000, "process": "after"}"#)
    #expect(try daemon.submit(Wish("slow").text)["code"] == "accepted")
    try daemon.until("the placement to arrive", holds: { try market.ledger().placements == 1 })
    try daemon.process.signal(SIGTERM)
    try service.notify.wait(for: "STATUS=the daemon is stopping")
    #expect(try daemon.process.waitForEnd() == .exited(0))
  }
}
