import Foundation
import JSON
import TestKit
import Testing

/// A start at an exchange that tells neither its rules nor its time.
@Suite struct VenueFactsTests {
  private static let routes = [
    "GET /api/v3/exchangeInfo", "GET /api/v3/selfSymbols", "GET /api/v3/time",
  ]

  private func origins(_ daemon: DaemonUnderTest) throws -> [JSONValue?] {
    let facts = try daemon.status()["venue_facts"]
    return ["rules", "symbols", "clock"].map { facts?[$0]?["origin"] }
  }

  private func fail(_ market: SimulatedMarket) throws {
    let rules = Self.routes.map { FaultRule.answer($0, 503, "<html>unavailable</html>") }
    try market.faults(rules[0], rules[1], rules[2])
  }

  @Test func `a signal is placed by the rules of an earlier run`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try origins(daemon) == ["exchange", "exchange", "exchange"])
    let path = daemon.scratch("state.db.venue")
    try daemon.until("the kept rules") {
      let text = try? String(contentsOfFile: path, encoding: .utf8)
      let isWhole = text?.contains("\"pairs\":{") == true && text?.contains("\"clock\":{") == true
      return isWhole ? true : nil
    }
    try daemon.stop()
    try fail(market)
    try daemon.start()
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    let kept = try origins(daemon)
    #expect(kept[0] == "disk" && kept[2] == "disk")
    try market.faults()
    try daemon.until("rules of the exchange") {
      try origins(daemon)[0] == "exchange" ? true : nil
    }
  }

  @Test func `on paper orders live on and are placed by the rules of an earlier run`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["mode"] = "paper" }
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish.resting("rests").text)["code"] == "accepted")
    try daemon.waitForOrder("rests", "open")
    let path = daemon.scratch("state.db.venue")
    try daemon.until("the kept facts") {
      let text = try? String(contentsOfFile: path, encoding: .utf8)
      return text?.contains("\"clock\":{") == true ? true : nil
    }
    try daemon.stop()
    try fail(market)
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    try daemon.waitForOrder("rests", "open")
    #expect(try daemon.operate("cancel", "rests").status == 0)
    try daemon.waitForOrder("rests", "canceled")
  }

  @Test func `kept rules that cannot be read are not used`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    try daemon.scratch.write("state.db.venue", "{\"version\":1")
    try daemon.start()
    try daemon.process.line(with: "kept of the exchange's rules is not used")
    try daemon.waitForTrading()
    #expect(try origins(daemon) == ["exchange", "exchange", "exchange"])
  }
}
