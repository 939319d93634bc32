import Domain
import Foundation
import JSON
import Platform
import SimulatedExchange
import Store
import TestKit
import Testing

/// The operator's tool says what is wrong and what to do, with no daemon running.
struct DoctorTests {
  private static let order = [
    "configuration", "spool", "database", "credentials", "connectivity", "clock",
    "authentication", "permissions", "symbols",
  ]
  private static let readings = "SPOT_ACCOUNT_READ,SPOT_DEAL_READ"

  @Test func `where all is well it says so`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let run = try DoctorRun(daemon)
    #expect(run.status == 0 && run.document["ok"] == true, "\(run.text)")
    #expect(run.names == Self.order)
    #expect(run.document["daemon"] == .null)
    #expect(try run.stage("permissions").detail.contains("80 days left"))
    let ledger = try market.ledger()
    #expect(ledger.orders.isEmpty)
    #expect(ledger.count("bad_signatures") == 0)
    // Nothing is left behind: no database, no folder.
    #expect(!FileManager.default.fileExists(atPath: daemon.scratch("state.db")))
    #expect(!FileManager.default.fileExists(atPath: daemon.scratch("spool")))
  }

  @Test func `a person reads what to do`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--ip-not-allowed"])
    let daemon = try DaemonUnderTest(market)
    let process = try ChildProcess(
      BuiltProgram.control.path, ["--config", daemon.writeConfiguration(), "doctor"],
      environment: daemon.environment)
    #expect(try process.waitForEnd() == .exited(1))
    #expect(process.output.contains("authentication  FAILED   this machine's address"))
    #expect(process.output.contains("do: add 127.0.0.1 to the key's list"))
    #expect(process.output.contains("permissions     -        not checked"))
  }

  private static let cases: [DoctorCase] = [
    // The key's form.
    DoctorCase(
      name: "a stray newline", variables: ["MEXC_API_KEY": "mx0aBYs33eIilxBWC5\n"],
      stage: "credentials", detail: "holds a space or a line end", advice: "copy it again"),
    DoctorCase(
      name: "a stray space", variables: ["MEXC_SECRET_KEY": " 45d0b3c26f2644f19bfb98b07741b2f5"],
      stage: "credentials", detail: "MEXC_SECRET_KEY holds a space", advice: "copy it again"),
    DoctorCase(
      name: "quotes", variables: ["MEXC_API_KEY": "\"mx0aBYs33eIilxBWC5\""],
      stage: "credentials", detail: "quotation mark", advice: "without quotes"),
    DoctorCase(
      name: "a placeholder", variables: ["MEXC_API_KEY": "your_api_key"],
      stage: "credentials", detail: "still the text of an example", advice: "put your own in"),
    DoctorCase(
      name: "a wrong length", variables: ["MEXC_SECRET_KEY": "45d0"], stage: "credentials",
      detail: "has 4 characters", advice: "8 to 128"),
    DoctorCase(
      name: "swapped",
      variables: [
        "MEXC_API_KEY": SimulatorConfiguration.demoSecret,
        "MEXC_SECRET_KEY": SimulatorConfiguration.demoKey,
      ], stage: "credentials", detail: "holds an API key", advice: "swapped"),
    .refused(
      "the exchange calls it malformed", 700001, detail: "the API key is malformed",
      advice: "each alone and whole"),
    // The key itself.
    DoctorCase(
      name: "an unknown key", variables: ["MEXC_API_KEY": "mx0aBYs33eIilxBWC6"],
      stage: "authentication", code: 10072, detail: "does not know the API key",
      advice: "make a new one"),
    DoctorCase(
      name: "an expired key", options: ["--key-days", "0"], stage: "authentication", code: 10072,
      detail: "the API key has expired", advice: "lives 90 days"),
    .refused("expired, by code", 402, detail: "has expired", advice: "lives 90 days"),
    DoctorCase(
      name: "a wrong secret",
      variables: ["MEXC_SECRET_KEY": "45d0b3c26f2644f19bfb98b07741b2f6"],
      stage: "authentication", code: 700002, detail: "does not accept the signature",
      advice: "put the secret of this key in again"),
    .refused(
      "the request's form", 700013, detail: "the form of the request", advice: "report it"),
    .refused("the receive window", 700005, detail: "receive window", advice: "recv_window_ms"),
    // The clock.
    DoctorCase(
      name: "a clock that is behind", options: ["--time-offset-ms", "60000"], stage: "clock",
      detail: "ms behind the exchange's", advice: "chrony"),
    DoctorCase(
      name: "a clock that is ahead", options: ["--time-offset-ms", "-9000"], stage: "clock",
      detail: "ms ahead of the exchange's", advice: "timedatectl"),
    .refused(
      "a refused stamp", 700003, stage: "clock", detail: "refuses the time of a request",
      advice: "chrony"),
    // The address.
    DoctorCase(
      name: "an address that is not listed", options: ["--ip-not-allowed"],
      stage: "authentication", code: 700006, detail: "sees as 127.0.0.1",
      advice: "add 127.0.0.1 to the key's list"),
    .refused(
      "an address, without it", 406, "Access IP is not allowed",
      detail: "this machine's address is not in the key's list",
      advice: "add this machine's public address"),
    .refused(
      "an address, by the other numbers", -2015, "Invalid API-key, IP [203.0.113.7]",
      detail: "sees as 203.0.113.7", advice: "add 203.0.113.7"),
    // Permissions.
    DoctorCase(
      name: "may not trade", options: ["--permissions", readings], stage: "permissions",
      code: 700007, detail: "may not place orders", advice: "'trade'"),
    DoctorCase(
      name: "may not read the account",
      options: ["--permissions", "SPOT_DEAL_READ,SPOT_DEAL_WRITE"], stage: "permissions",
      code: 700007, detail: "may not read the account", advice: "'view account details'"),
    .refused("no authority", 401, stage: "permissions", detail: "may not", advice: "'trade'"),
    .refused(
      "403 as JSON", 403, status: 403, stage: "permissions", detail: "may not",
      advice: "'trade'"),
    DoctorCase(
      name: "may withdraw",
      options: ["--permissions", readings + ",SPOT_DEAL_WRITE,SPOT_WITHDRAW_WRITE"],
      stage: "permissions", detail: "the API key may withdraw",
      advice: "credentials.allow_withdraw_keys"),
    DoctorCase(
      name: "frozen", options: ["--key-status", "FROZEN"], stage: "permissions",
      detail: "calls the API key FROZEN", advice: "make a new one"),
    DoctorCase(
      name: "an account that may not trade", options: ["--account-closed"],
      stage: "permissions", detail: "canTrade is false", advice: "KYC"),
    .refused(
      "a restricted account", 730100, stage: "permissions", detail: "restricts the account",
      advice: "KYC"),
    // Symbols.
    DoctorCase(
      name: "a pair that the key does not have",
      admin: ["POST instrument?symbol=ETHUSDT&key_allowed=false"], stage: "symbols",
      detail: "the API key may not trade ETHUSDT", advice: "add the pair"),
    DoctorCase(
      name: "a pair that is closed to the API",
      admin: ["POST instrument?symbol=BTCUSDT&api_tradable=false"], stage: "symbols",
      code: 10007, detail: "BTCUSDT is not open to trading over the API", advice: "risk.symbols"),
    // Limits and the exchange's state.
    DoctorCase(
      name: "a limit", admin: ["POST rate?status=429&seconds=30"], stage: "connectivity",
      code: 429, detail: "limits this address's requests until 20", advice: "other programs"),
    DoctorCase(
      name: "a ban", admin: ["POST rate?status=418&seconds=300"], stage: "connectivity",
      code: 418, detail: "banned this address until 20", advice: "other programs"),
    DoctorCase(
      name: "a limit in a good answer",
      faults: [FaultRule.answer(DoctorCase.account, 200, #"{"code":429,"msg":"slow down"}"#)],
      stage: "authentication", code: 429, detail: "limits this address's requests",
      advice: "other programs"),
    DoctorCase(
      name: "the firewall", faults: [#"{"route": "*", "fault": "forbidden"}"#],
      stage: "connectivity", code: 403, detail: "the firewall before the exchange",
      advice: "another address"),
    DoctorCase(
      name: "maintenance",
      faults: [#"{"route": "*", "fault": "error_before", "status": 503}"#],
      stage: "connectivity", code: 503, detail: "maintenance", advice: "status page"),
    DoctorCase(
      name: "another server",
      faults: [FaultRule.answer(DoctorCase.time, 200, "<html>Sign in</html>")],
      stage: "connectivity", detail: "is not the exchange's API", advice: "log-in pages"),
    DoctorCase(
      name: "no answer", faults: [#"{"route": "*", "fault": "lost_before"}"#],
      stage: "connectivity", detail: "connected, but no answer comes", advice: "try again"),
  ]

  @Test(arguments: cases)
  func `each case is told apart`(_ trouble: DoctorCase) throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + trouble.options)
    if !trouble.faults.isEmpty { try market.faults(trouble.faults) }
    for request in trouble.admin { try market.admin(request) }
    let daemon = try DaemonUnderTest(market)
    daemon.environment.merge(trouble.variables) { $1 }
    let run = try DoctorRun(daemon)
    #expect(run.status == 1 && run.document["ok"] == false)
    #expect(run.names == Self.order)
    #expect(run.failed.first == trouble.stage, "\(run.text)")
    let stage = try run.stage(trouble.stage)
    #expect(stage.code == trouble.code, "\(run.text)")
    #expect(stage.detail.contains(trouble.detail), "\(run.text)")
    #expect(stage.advice.contains(trouble.advice), "\(run.text)")
    // No piece of a secret, and no order.
    let values = Array(trouble.variables.values) + Array(daemon.environment.values)
    for value in values where value != "your_api_key" {
      #expect(!run.text.contains(value), "\(run.text)")
    }
    #expect(try market.ledger().orders.isEmpty)
  }

  @Test func `a key that ends soon is a warning`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--key-days", "4"])
    let run = try DoctorRun(try DaemonUnderTest(market))
    #expect(run.status == 0)
    let stage = try run.stage("permissions")
    #expect(stage.ok && stage.detail.contains("expires in 4 days"))
    #expect(stage.advice.contains("renew it"))
  }

  @Test func `a withdraw key that is allowed is a warning`() throws {
    let market = try SimulatedMarket(
      SimulatedMarket.calm + [
        "--permissions", Self.readings + ",SPOT_DEAL_W,SPOT_WITHDRAW_W,SPOT_DEAL_WRITE",
      ])
    let daemon = try DaemonUnderTest(market) { $0["credentials.allow_withdraw_keys"] = true }
    let run = try DoctorRun(daemon)
    #expect(run.status == 0, "\(run.text)")
    #expect(try run.stage("permissions").advice.contains("without that right"))
  }

  @Test func `paper mode needs no key`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["mode"] = "paper" }
    daemon.environment = [:]
    let run = try DoctorRun(daemon)
    #expect(run.status == 0, "\(run.text)")
    for name in ["credentials", "authentication", "permissions"] {
      #expect(try run.stage(name).detail == "not needed in paper mode")
    }
    #expect(try market.ledger().requests(DoctorCase.account) == 0)
  }

  // MARK: This machine

  @Test func `a configuration that is not valid keeps the rest from being checked`() throws {
    let daemon = try DaemonUnderTest(nil) { $0["risk.maximum_order_quote"] = .null }
    let run = try DoctorRun(daemon)
    #expect(run.status == 1 && run.failed == Self.order)
    #expect(try run.stage("configuration").detail.contains("risk.maximum_order_quote"))
    #expect(try run.stage("symbols").detail == "not checked: the configuration is not valid")
  }

  @Test func `a spool and a database that cannot be used are told`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["intake.directory"] = "/proc/version/spool" }
    try daemon.scratch.write("state.db", String(repeating: "no database", count: 1_000))
    let run = try DoctorRun(daemon)
    #expect(run.failed == ["spool", "database"])
    #expect(try run.stage("spool").detail.contains("intake.directory"))
    #expect(try run.stage("database").detail.contains("damaged"))
  }

  @Test func `no key at all is told with every place for one`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) {
      $0["credentials.source"] = "auto"
      $0["credentials.file"] = "/nonexistent/credentials"
    }
    daemon.environment = [:]
    let run = try DoctorRun(daemon)
    #expect(run.failed == ["credentials", "authentication", "permissions", "symbols"])
    let stage = try run.stage("credentials")
    #expect(stage.detail.contains("no API key found"))
    #expect(stage.advice.contains("keys set") && stage.advice.contains("MEXC_API_KEY"))
  }

  // MARK: The way

  @Test func `DNS and TCP are told apart`() throws {
    // RFC 6761: this name exists nowhere.
    let unnamed = try DoctorRun(try DaemonUnderTest(nil, url: "https://exchange.invalid"))
    let dns = try unnamed.stage("connectivity")
    #expect(dns.detail.hasPrefix("DNS: ") && dns.detail.contains("https://exchange.invalid"))
    #expect(dns.advice.contains("name service"))
    let market = try SimulatedMarket()
    try market.stop()
    let closed = try DoctorRun(try DaemonUnderTest(nil, url: market.url))
    let tcp = try closed.stage("connectivity")
    #expect(tcp.detail.hasPrefix("TCP: ") && tcp.detail.contains("127.0.0.1"))
    #expect(tcp.advice.contains("the port in exchange.rest_url"))
    for run in [unnamed, closed] {
      #expect(run.failed == ["connectivity", "clock", "authentication", "permissions", "symbols"])
    }
  }

  @Test func `what is wrong with TLS is told`() throws {
    let files = try Scratch()
    let authority = try Authority(files)
    let options = SimulatedMarket.calm + ["--tls", authority.certificate, authority.key]
    func detail(_ market: SimulatedMarket, _ url: String, _ trusted: String) throws -> (
      detail: String, advice: String
    ) {
      let daemon = try DaemonUnderTest(market) {
        $0["exchange.rest_url"] = .string(url)
        $0["exchange.ca_file"] = .string(trusted)
      }
      let stage = try DoctorRun(daemon).stage("connectivity")
      return (stage.detail, stage.advice)
    }
    let market = try SimulatedMarket(options)
    let untrusted = try detail(market, "https://localhost:\(market.port)", authority.other)
    #expect(untrusted.detail.hasPrefix("TLS: the certificate comes from no trusted authority"))
    #expect(untrusted.advice.contains("exchange.ca_file"))
    let trusted = try detail(market, "https://localhost:\(market.port)", authority.file)
    #expect(trusted.detail.contains("answers in"), "\(trusted)")
    try authority.issue(for: "DNS:elsewhere.test")
    let elsewhere = try SimulatedMarket(options)
    let wrong = try detail(elsewhere, "https://localhost:\(elsewhere.port)", authority.file)
    #expect(wrong.detail.hasPrefix("TLS: the certificate is for another host"))
    try authority.issue(days: -1)
    let expired = try SimulatedMarket(options)
    let old = try detail(expired, "https://localhost:\(expired.port)", authority.file)
    #expect(old.detail.hasPrefix("TLS: the certificate has expired"))
    #expect(old.advice.contains("timedatectl"))
    let plain = try SimulatedMarket()
    let unencrypted = try detail(plain, "https://localhost:\(plain.port)", authority.file)
    #expect(unencrypted.detail.hasPrefix("TLS: "))
    #expect(unencrypted.advice.contains("the scheme and the port"))
  }

  // MARK: Beside a daemon, and after one

  @Test func `a running daemon is asked, and not disturbed`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let rules = try market.ledger().requests("GET /api/v3/exchangeInfo")
    let run = try DoctorRun(daemon)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.document["daemon"]?["state"] == "active")
    #expect(run.document["daemon"]?["mode"] == "live")
    // The heaviest request is the daemon's to make.
    #expect(try market.ledger().requests("GET /api/v3/exchangeInfo") == rules)
    // The service may have a key that this command was not given.
    daemon.environment = [:]
    let keyless = try DoctorRun(daemon)
    #expect(keyless.status == 0, "\(keyless.text)")
    #expect(try keyless.stage("credentials").detail.contains("the running daemon has its own"))
    #expect(try keyless.stage("permissions").detail.contains("80 days left"))
    #expect(try daemon.submit(Wish("after").text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
  }

  @Test func `a daemon in another mode than the file's is told, and its ban is kept`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try market.demandBackOff(status: 418, seconds: 3_600)
    #expect(try daemon.submit(Wish("banned").text)["code"] == "accepted")
    try daemon.until("the ban", holds: { try daemon.status()["rate"]?["banned_until"] != .null })
    daemon.settings["mode"] = "paper"
    daemon.settings["store.path"] = .string(daemon.scratch("paper.db"))
    let requests = try market.ledger().document["counts"]?["by_route"]
    let run = try DoctorRun(daemon)
    let told = try run.stage("configuration").detail
    #expect(told.contains("daemon is in mode live, the file says paper"), "\(run.text)")
    #expect(try market.ledger().document["counts"]?["by_route"] == requests)
  }

  @Test func `a ban that the database knows is kept`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try market.demandBackOff(status: 418, seconds: 3_600)
    #expect(try daemon.submit(Wish("banned").text)["code"] == "accepted")
    try daemon.until(
      "the ban being known",
      holds: { try daemon.status()["rate"]?["banned_until"]?.stringValue != nil })
    let beside = try DoctorRun(daemon)
    let told = try beside.stage("connectivity")
    #expect(told.code == 418 && told.detail.contains("banned this address"), "\(beside.text)")
    try daemon.kill9()
    let requests = try market.ledger().document["counts"]?["by_route"]
    let run = try DoctorRun(daemon)
    let stage = try run.stage("connectivity")
    #expect(stage.code == 418 && stage.detail.contains("banned this address until"), "\(run.text)")
    #expect(run.failed.first == "connectivity")
    #expect(try market.ledger().document["counts"]?["by_route"] == requests)
  }

  /// Until then by the civil clock, which was set back or ahead since.
  @Test(arguments: [720, -60])
  func `a ban that the database knows is kept when the clock was set`(seconds: Int64) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.stop()
    do {
      let now = Clock.now()
      let store = try OrderStore(path: daemon.scratch("state.db"))
      try store.write(
        .setBan(
          BanRecord(
            until: now.wall.advanced(by: .seconds(seconds)), wait: .seconds(600), isBan: true,
            reason: "418", monotonicUntil: now.monotonic.advanced(by: .seconds(420)))))
      try store.commit()
    }
    let requests = try market.ledger().document["counts"]?["by_route"]
    let run = try DoctorRun(daemon)
    #expect(run.failed.first == "connectivity")
    let stage = try run.stage("connectivity")
    #expect(stage.code == 418 && stage.detail.contains("banned this address"), "\(run.text)")
    #expect(try market.ledger().document["counts"]?["by_route"] == requests)
  }
}
