import Domain
import Testing

@testable import Execution

/// What a copy of the engine says of a signal, while the engine itself does nothing.
@Suite struct DryRunTests {
  private let harness = EngineHarness.open(makeConfiguration { $0.price.source = .auto })

  private func run(_ signal: Signal) throws -> DryRun {
    let (arrival, known) = harness.arrival(signal)
    return try #require(DryRun(of: arrival, known, on: harness.engine, at: harness.now))
  }

  /// The rules of a symbol are read for its first signal.
  private func readRules() {
    harness.submit(limit("first"))
    harness.advance(by: .seconds(3))
  }

  private func push(_ price: String) {
    harness.apply(
      .price(
        btc,
        MarketPrice(
          at: traits.name, bid: decimal("99"), ask: decimal(price), knownAt: harness.now,
          origin: .pushed)))
    harness.settle()
  }

  @Test func `it says what comes next, and nothing comes`() throws {
    readRules()
    let waiting = try run(limit("a"))
    #expect(waiting.answer.status == .accepted && waiting.next == .asksPrice)
    #expect(waiting.checks == nil)
    let count = harness.sent.count
    push("100")
    let leaving = try run(limit("a"))
    #expect(leaving.next == .leaves && leaving.order?.reservedQuote == decimal("100"))
    #expect(leaving.checks?.contains("the price is 0 ms old") == true)
    harness.settle()
    #expect(harness.sent.count == count && harness.store.signals[signalID("a")] == nil)
    #expect(harness.engine.liveOrder(key("a")) == nil)
    #expect(harness.submit(limit("a"))?.code == .accepted)
    harness.settle()
    #expect(harness.placements(of: "a").count == 1)
    #expect(try run(limit("a")).answer.code == .duplicate)
    #expect(try run(limit("a", quantity: "2")).answer.code == .conflictingDuplicate)
  }

  @Test func `what would be refused is told with its code`() throws {
    readRules()
    push("100")
    #expect(try run(limit("a", symbol("DOGEUSDT"))).answer.code == .symbolNotAllowed)
    let far = try run(limit("a", price: "120"))
    #expect(far.answer.status == .rejected && far.answer.code == .priceDeviation)
    #expect(far.next == .nothing && far.order == nil)
    #expect(try run(limit("a", quantity: "11")).answer.code == .riskOrderQuote)
    harness.command(.halt(reason: "lunch", cancel: false, scope: .all))
    #expect(try run(limit("a")).answer.code == .halted)
    harness.command(.resume)
    #expect(try run(limit("a")).next == .leaves)
    #expect(harness.store.signals[signalID("a")] == nil)
  }
}
