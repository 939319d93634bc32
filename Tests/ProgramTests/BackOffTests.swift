import Domain
import JSON
import Platform
import Testing

/// While the exchange demands a back-off nothing is sent, whoever asks and whatever dies.
struct BackOffTests {
  struct Demand: Sendable, CustomTestStringConvertible {
    let status: Int
    let form: String
    /// How far the exchange's clock is ahead of ours.
    var offsetMilliseconds = 0

    var testDescription: String { "\(status), \(form), clock \(offsetMilliseconds) ms ahead" }
  }

  static let demands = [
    Demand(status: 429, form: "seconds"), Demand(status: 418, form: "seconds"),
    Demand(status: 429, form: "date"), Demand(status: 418, form: "date"),
    Demand(status: 429, form: "date", offsetMilliseconds: -3_500),
    Demand(status: 429, form: "date", offsetMilliseconds: 3_500),
  ]

  private static let seconds = 4

  @Test(arguments: demands)
  func `nothing is sent before it is over across a kill`(_ demand: Demand) throws {
    let market = try SimulatedMarket(
      SimulatedMarket.silent + ["--time-offset-ms", String(demand.offsetMilliseconds)])
    let daemon = try DaemonUnderTest.trading(market)
    try market.demandBackOff(status: demand.status, seconds: Self.seconds, form: demand.form)
    let before = Clock.wall()

    // The price look-ups of these two are what is told to wait.
    try daemon.drop("patient.json", Wish("patient").text)
    try daemon.drop("hasty.json", Wish("hasty", ["ttl_seconds": 2]).text)
    try daemon.process.line(with: "wait_ms=")
    let story = try daemon.explain("patient")
    #expect(story["waits_for"]?.stringValue?.contains("back-off") == true, "\(story)")
    let hasty = try daemon.waitForOutcome("hasty.json")
    #expect(hasty.code == "rate_limited", "\(hasty.report)")
    let answer = try daemon.submit(Wish("late", ["ttl_seconds": 1]).text)
    #expect(answer["code"] == "rate_limited", "\(answer)")
    #expect(try daemon.status()["rate"]?["banned_until"]?.isNull == false)

    try daemon.kill9()
    try daemon.start()
    let again = try daemon.submit(Wish("later", ["ttl_seconds": "0.5"]).text)
    #expect(["rate_limited", "expired", "accepted"].contains(again["code"]?.stringValue))
    let outcome = try daemon.waitForOutcome("patient.json")
    #expect(outcome.status == "filled")

    let ledger = try market.ledger()
    #expect(ledger.count("inside_pause") == 0)
    #expect(ledger.count("inside_ban") == 0)
    #expect(ledger.count("throttled_429") == (demand.status == 429 ? 1 : 0))
    #expect(ledger.count("banned_418") == (demand.status == 418 ? 1 : 0))
    let name = outcome.report["client_order_id"]?.stringValue ?? ""
    let order = try #require(ledger.orders(name).first)
    let accepted = try #require(order["accepted_at"]?.integerValue)
    let waited = accepted - Int64(demand.offsetMilliseconds) - before.milliseconds
    #expect(waited >= Self.seconds * 1_000)
    #expect(try daemon.status()["rate"]?["banned_until"]?.isNull == true)
  }

  /// The answer to a placement: nothing was placed, which is proved by a look at the exchange, and
  /// the order goes once more.
  @Test(arguments: [429, 418])
  func `a placement that is throttled is placed once after the back-off`(_ status: Int) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try market.demandBackOff(status: status, seconds: 2, route: "POST /api/v3/order")
    #expect(try daemon.submit(Wish("throttled").text)["code"] == "accepted")
    try daemon.process.line(with: "outcome is unknown", "throttled")
    try daemon.waitForOrder("throttled", "filled")
    let ledger = try market.ledger()
    #expect(ledger.orders.count == 1)
    #expect(ledger.placements == 2)
    #expect(ledger.count("inside_pause") == 0)
    #expect(ledger.count("inside_ban") == 0)
  }

  /// The very first request of a start.
  @Test
  func `a start into a back-off waits for its end`() throws {
    let market = try SimulatedMarket()
    try market.demandBackOff(status: 418, seconds: 2)
    let daemon = try DaemonUnderTest(market)
    try daemon.start()
    #expect(try daemon.submit(Wish("early").text)["code"] == "accepted")
    try daemon.waitForOrder("early", "filled")
    let ledger = try market.ledger()
    // The second request of a start leaves together with the first.
    #expect(ledger.count("inside_ban") <= 1)
    #expect(ledger.count("banned_418") <= 2)
  }

  /// An answer that names no time still means a back-off, and the status says for how long.
  @Test
  func `a demand without a time is obeyed too`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try market.demandBackOff(status: 429, seconds: 1, form: "absent")
    #expect(try daemon.submit(Wish("waits").text)["code"] == "accepted")
    try daemon.process.line(with: "the exchange demands a back-off", "wait_ms=10000")
    #expect(try daemon.status()["rate"]?["banned_until"]?.isNull == false)
  }
}
