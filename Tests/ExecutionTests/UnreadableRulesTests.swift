import Domain
import Execution
import Testing

/// The exchange lists a symbol with a rule that cannot be held.
@Suite struct UnreadableRulesTests {
  private static let reason = "quotePrecision is 20, not a number of digits from 0 to 18"

  /// An exchange whose BTCUSDT cannot be read until the test says so.
  private func exchange() -> FakeExchange {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      guard case .instruments(let symbols) = dispatch.request, symbols.contains(btc)
      else { return nil }
      return .answer(
        .instruments(
          symbols.filter { $0 != btc }.map { instrument($0) },
          unreadable: [UnreadableRules(symbol: btc, reason: Self.reason)]))
    }
    return exchange
  }

  @Test func `the refusal names the rule, the id stays free, and the others trade`() {
    let exchange = exchange()
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.symbols = [btc, eth] }, exchange: exchange)
    let answer = harness.submit(limit("a"))
    #expect(answer?.status == .rejected)
    #expect(answer?.code == .symbolNotTradable)
    #expect(answer?.message.contains(Self.reason) == true)
    #expect(answer?.message.contains("BTCUSDT") == true)
    #expect(harness.code("a") == nil)
    #expect(harness.submit(limit("b", eth))?.code == .accepted)
    // The same id with other content is no conflict.
    #expect(harness.submit(limit("a", quantity: "2"))?.code == .symbolNotTradable)

    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(30))
    #expect(harness.submit(limit("a"))?.code == .accepted)
    harness.settle()
    #expect(harness.status("a") == .open)
    harness.checkStore()
  }

  @Test func `it is said once, and a refused signal has the rules read again`() {
    let exchange = exchange()
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.symbols = [btc] }, exchange: exchange)
    #expect(harness.requests(\.isInstruments).count == 1)
    for _ in 0..<3 { harness.submit(limit("a")) }
    harness.settle()
    #expect(harness.requests(\.isInstruments).count == 1)
    harness.advance(by: .seconds(5))
    for _ in 0..<3 { harness.submit(limit("a")) }
    harness.settle()
    #expect(harness.requests(\.isInstruments).count == 2)
    let told = harness.logs.filter { $0.message.contains("a rule of the symbol cannot be read") }
    #expect(told.count == 1)
    #expect(told.first?.level == .warning)
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(5))
    #expect(harness.submit(limit("a"))?.code == .symbolNotTradable)
    harness.settle()
    #expect(harness.submit(limit("a"))?.code == .accepted)
  }

  /// All of them together may be the exchange's whole list.
  @Test func `while it lasts it is read again alone`() {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.symbols = [btc, eth] }, exchange: exchange())
    harness.advance(by: .seconds(10 * 60))
    let asked = harness.requests(\.isInstruments).map(\.dispatch.request)
    #expect(asked.first == .instruments([btc, eth]))
    #expect(asked.dropFirst().allSatisfy { $0 == .instruments([btc]) })
    #expect(asked.count == 21)
    harness.advance(by: .seconds(5 * 60) + .seconds(1))
    #expect(harness.requests { $0 == .instruments([btc, eth]) }.count == 2)
  }

  @Test func `where the rules come after the acceptance, the order is denied with the reason`() {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.symbols = nil }, exchange: exchange())
    #expect(harness.submit(limit("a"))?.code == .accepted)
    harness.settle()
    #expect(harness.status("a") == .denied)
    #expect(harness.outcome("a")?.code == .symbolNotTradable)
    #expect(harness.outcome("a")?.message.contains(Self.reason) == true)
    #expect(harness.submit(limit("a"))?.code == .duplicate)
    // From now on it is known when a signal arrives.
    #expect(harness.submit(limit("b"))?.code == .symbolNotTradable)
    #expect(harness.code("b") == nil)
    #expect(harness.placements.isEmpty)
    harness.checkStore()
  }

  /// An earlier run may have placed it: a free id would be a second order.
  @Test func `after a careful start the signal is remembered and looked for first`() {
    let exchange = exchange()
    let readable = FakeExchange().script
    let unreadable = exchange.script
    exchange.script = readable
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.symbols = [btc] }, exchange: exchange)
    let copy = harness.store
    let signal = limit("a") { $0.expiry = .timeToLive(.seconds(300)) }
    harness.submit(signal)
    harness.settle()
    exchange.script = unreadable
    harness.setBack(to: copy, after: .seconds(10))
    #expect(harness.submit(signal)?.code == .accepted)
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 1)
  }

  @Test func `an end of the price band that cannot be counted bounds nothing`() {
    let exchange = FakeExchange()
    exchange.instruments[0] = instrument(btc) {
      $0.priceBand = Instrument.PriceBand(buyUp: .largest, sellDown: .largest)
    }
    let harness = EngineHarness.open(
      makeConfiguration { $0.price.maximumDeviation = decimal("10000") }, exchange: exchange)
    harness.submit(limit("a", price: "150"))
    harness.submit(limit("b", side: .sell, price: "50"))
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.status("b") == .open)
  }
}
