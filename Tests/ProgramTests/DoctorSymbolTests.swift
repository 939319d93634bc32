import JSON
import TestKit
import Testing

/// What the doctor says of the symbols that are to be traded.
struct DoctorSymbolTests {
  private static let rules = "GET /api/v3/exchangeInfo"

  /// The exchange refuses the list for one name in it, and does not say which.
  @Test func `a name that is not listed is named, and the key is not blamed`() throws {
    let market = try SimulatedMarket()
    try market.faults([
      FaultRule.answer(Self.rules, 400, #"{"code":-1121,"msg":"Invalid symbol."}"#, next: 1)
    ])
    let daemon = try DaemonUnderTest(market) {
      $0["risk.symbols"] = ["NOSUCHUSDT", "BTCUSDT", "ETHUSDT"]
    }
    let run = try DoctorRun(daemon)
    #expect(run.failed == ["symbols"], "\(run.text)")
    let stage = try run.stage("symbols")
    #expect(
      stage.detail == "the exchange does not list NOSUCHUSDT; 3 in risk.symbols", "\(run.text)")
    #expect(stage.advice == "check its spelling, or take it off risk.symbols")
    #expect(try market.ledger().requests(Self.rules) == 2)
  }

  /// The rules are the daemon's to ask for, but nothing else tells why the key has no such pair.
  @Test func `beside a daemon the key is not blamed either`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["risk.symbols"] = ["NOSUCHUSDT", "BTCUSDT"] }
    try daemon.start()
    let run = try DoctorRun(daemon)
    #expect(run.document["daemon"]?["mode"] == "live", "\(run.text)")
    #expect(run.failed == ["symbols"], "\(run.text)")
    let stage = try run.stage("symbols")
    #expect(
      stage.detail == "the exchange does not list NOSUCHUSDT; 2 in risk.symbols", "\(run.text)")
    #expect(stage.advice == "check its spelling, or take it off risk.symbols")
  }
}
