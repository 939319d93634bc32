import Domain
import JSON
import TestKit
import Testing

/// What the daemon makes of what the exchange tells of its API key.
struct KeyRightsTests {
  private static let withdrawing = [
    "--permissions", "SPOT_ACCOUNT_READ,SPOT_DEAL_READ,SPOT_DEAL_WRITE,SPOT_WITHDRAW_WRITE",
  ]

  /// `credentials.allow_withdraw_keys` changes what happens, at a reload too.
  @Test func `a key that may withdraw trades only where that is allowed`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + Self.withdrawing)
    let daemon = try DaemonUnderTest(market)
    try daemon.start()
    try daemon.process.line(
      with: "level=error", "no order leaves: the API key may withdraw", "allow_withdraw_keys: true")
    let status = try daemon.status()
    #expect(status["state"] == "halted")
    #expect(
      status["problems"]?.arrayValue?.first?["message"]?.stringValue?
        .contains("the API key may withdraw") == true)
    let refused = try daemon.submit(Wish("refused").text)
    #expect(refused["code"] == "halted")
    #expect(refused["message"]?.stringValue?.contains("may withdraw") == true)
    #expect(try daemon.operate("status").status == 1)
    #expect(try market.ledger().placements == 0)

    daemon.settings["credentials.allow_withdraw_keys"] = true
    try daemon.writeConfiguration()
    try daemon.process.signal(1)
    try daemon.process.line(with: "the configuration is reloaded", "allow_withdraw_keys")
    #expect(try daemon.submit(Wish("allowed").text)["code"] == "accepted")
    try daemon.waitForOrder("allowed", "filled")
    #expect(try daemon.status()["state"] == "active")
  }

  @Test func `a key that ends soon is a problem, and trades`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--key-days", "3"])
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.process.line(with: "level=warning", "the API key expires in 3 days", "renew")
    let status = try daemon.status()
    #expect(status["api_key"]?["days_left"] == 3)
    #expect(
      status["problems"]?.arrayValue?.first?["message"] == "the API key expires in 3 days")
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
  }

  @Test func `a key of which nothing is told trades, and that is said`() throws {
    let market = try SimulatedMarket()
    try market.faults(FaultRule.answer("GET /api/v3/apiKeyInfo", 404, "{}"))
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.process.line(with: "level=warning", "is not known; going on without")
    #expect(try daemon.status()["api_key"] == .null)
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
  }
}
