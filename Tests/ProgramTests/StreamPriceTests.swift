import Domain
import JSON
import Testing

/// Prices that the exchange pushes: what a signal is judged by, and what takes their place.
struct StreamPriceTests {
  private func trading(
    _ market: SimulatedMarket, _ adjust: (inout Settings) -> Void = { _ in }
  ) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest.trading(market) {
      $0["price.maximum_age_ms"] = 2_000
      adjust(&$0)
    }
    return daemon
  }

  @Test
  func `a buy is judged by the pushed ask and a sell by the bid, and nothing is asked`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.waitForPushedPrices()
    let before = try market.ledger().requests(Ledger.ticker)
    for number in 0..<5 {
      #expect(try daemon.submit(Wish("buy-\(number)").text)["code"] == "accepted")
      try daemon.waitForOrder("buy-\(number)", "filled")
    }
    #expect(try daemon.submit(Wish("sell", ["side": "sell"]).text)["code"] == "accepted")
    try daemon.waitForOrder("sell", "filled")
    #expect(try market.ledger().requests(Ledger.ticker) == before)
    #expect(try daemon.quote("buy-0") == "64000.01")
    #expect(try daemon.quote("sell") == "63999.99")
  }
}
