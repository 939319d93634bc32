import Domain
import JSON
import Platform
import TestKit
import Testing

/// The way to the exchange does not come about: its name is not found, or somebody answers who does
/// not prove to be it.
@Suite(.serialized)
struct MachineFaultNetworkTests {
  @Test func `a name that is not found`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market, url: "https://absent.invalid")
    // Where nobody answers for names, asking ends soon (resolv.conf(5)).
    daemon.environment["RES_OPTIONS"] = "timeout:1 attempts:1"
    try daemon.start()
    let line = try daemon.process.line(with: "level=warning", "exchange connection")
    #expect(line.contains("https://absent.invalid: resolving: "), "\(line)")
    #expect(line.contains("nothing was sent"), "\(line)")
    try daemon.process.line(
      with: "level=warning", "no order leaves before it is read", "absent.invalid")

    let began = Clock.monotonic()
    let turns = try daemon.loopTurns
    #expect(try daemon.submit(Wish("patient").text)["code"] == "accepted")
    try daemon.drop("file.json", Wish("file", ["ttl_seconds": 2]).text)
    #expect(try daemon.submit(Wish("hasty", ["ttl_seconds": 4]).text)["code"] == "accepted")
    let denied = try daemon.process.line(with: "denied: it expired", "signal_id=hasty")
    #expect(denied.contains("the exchange could not be asked"), "\(denied)")
    let turned = try daemon.loopTurns - turns
    #expect(turned < DaemonUnderTest.turnsAtRest)
    let outcome = try daemon.waitForOutcome("file.json")
    #expect(outcome.code == "expired")
    #expect(outcome.folder == "rejected")
    #expect(try daemon.orderStatus("patient") == "new")
    let status = try daemon.status()
    #expect(status["trading_open"] == false)
    let reason = try #require(status["reason"]?.stringValue)
    #expect(reason.hasPrefix("there is no connection to the exchange"), "\(reason)")
    #expect(reason.contains("absent.invalid: resolving"), "\(reason)")
    #expect(reason.hasSuffix("this machine's name service ('resolvectl status')"), "\(reason)")
    let cause = try #require(status["connections"]?["last_error"]?.stringValue)
    #expect(cause.contains("absent.invalid"), "\(cause)")

    // Each thing that is told is told once a minute, however often it is tried: the connection, the
    // clock and the rules; and a look-up that fails or takes too long is two causes.
    let tries = daemon.journal.count { $0.contains("absent.invalid: resolving") }
    let told = daemon.journal.count {
      $0.contains("level=warning") && $0.contains("absent.invalid")
    }
    let minutes = Int(Clock.monotonic().since(began) / .seconds(60)) + 1
    #expect(told <= 6 * minutes, "\(told) of \(tries)")
    #expect(told < tries)
    #expect(try daemon.stop() == .exited(0))
    #expect(try market.ledger().count("requests") == 0)

    // The name is there again, as far as the daemon can see.
    daemon.settings["exchange.rest_url"] = .string(market.url)
    try daemon.start()
    try daemon.waitForOrder("patient", "filled")
    #expect(try daemon.orderStatus("hasty") == "expired")
    #expect(try market.ledger().placements == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  /// Who is not proved to be the exchange is sent nothing; with another certificate the same daemon
  /// goes on.
  @Test(
    arguments: [
      ("expired", "the certificate has expired"),
      ("wrong host", "the certificate is for another host"),
      ("unknown authority", "the certificate comes from no trusted authority"),
    ])
  func `a certificate that proves nothing`(_ flaw: String, _ words: String) throws {
    let files = try Scratch()
    let authority = try Authority(files)
    switch flaw {
    case "expired": try authority.issue(days: -1)
    case "wrong host": try authority.issue(for: "DNS:exchange.example")
    default: break
    }
    let options = SimulatedMarket.calm + ["--tls", authority.certificate, authority.key]
    let market = try SimulatedMarket(options)
    let daemon = try DaemonUnderTest(market) {
      $0["exchange.rest_url"] = .string("https://localhost:\(market.port)")
      $0["exchange.ca_file"] = .string(
        flaw == "unknown authority" ? authority.other : authority.file)
    }
    try daemon.start()
    #expect(try daemon.submit(Wish("patient").text)["code"] == "accepted")
    #expect(try daemon.submit(Wish("hasty", ["ttl_seconds": 2]).text)["code"] == "accepted")
    let line = try daemon.process.line(with: "level=warning", "exchange connection")
    #expect(line.contains("https://localhost:\(market.port): TLS handshake: \(words)"), "\(line)")
    #expect(line.contains("nothing was sent"), "\(line)")
    try daemon.waitForOrder("hasty", "expired")
    let status = try daemon.status()
    #expect(status["trading_open"] == false)
    let cause = try #require(status["connections"]?["last_error"]?.stringValue)
    #expect(cause.contains(words), "\(cause)")

    if flaw == "unknown authority" {
      // What is trusted is read at the start.
      #expect(try daemon.stop() == .exited(0))
      daemon.settings["exchange.ca_file"] = .string(authority.file)
      try daemon.start()
    } else {
      try market.stop()
      try authority.issue()
      try market.start()
    }
    try daemon.waitForOrder("patient", "filled")
    #expect(try daemon.explain("patient")["order"]?["attempt"] == 1)
    #expect(try daemon.orderStatus("hasty") == "expired")
    #expect(try daemon.stop() == .exited(0))
  }
}
