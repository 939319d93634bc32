import Domain
import Execution
import Testing

/// A signal that was read and comes soon has its price asked for, where it will want one.
@Suite struct ExpectedPriceTests {
  private func lookUps(_ harness: EngineHarness) -> Int { harness.requests(\.isPrices).count }

  @Test func `the look-up serves the signal that follows`() {
    let harness = EngineHarness.open()
    harness.apply(.expected(limit("a")))
    #expect(lookUps(harness) == 1)
    harness.submit(limit("a"))
    harness.settle()
    #expect(lookUps(harness) == 1)
    #expect(harness.placements(of: "a").count == 1)
  }

  @Test func `a fresh price is not asked for again`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    harness.apply(.expected(limit("b")))
    #expect(lookUps(harness) == 1)
  }

  @Test func `one that would be denied asks for nothing`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.symbols = [btc] })
    harness.apply(.expected(limit("a", eth)))
    #expect(lookUps(harness) == 0)
    harness.command(.halt(reason: "x", cancel: false))
    harness.apply(.expected(limit("b")))
    #expect(lookUps(harness) == 0)
  }

  @Test func `nothing is asked before trading is open, and when the daemon is about to end`() {
    let harness = EngineHarness()
    harness.apply(.expected(limit("a")))
    #expect(lookUps(harness) == 0)
    let stopping = EngineHarness.open()
    stopping.apply(.stop)
    stopping.apply(.expected(limit("a")))
    #expect(lookUps(stopping) == 0)
  }

  @Test func `a symbol whose rules are not known is asked for when it waits for its price`() {
    let harness = EngineHarness.open()
    let unknown = symbol("NEWUSDT")
    harness.apply(.expected(limit("a", unknown)))
    #expect(lookUps(harness) == 0)
  }
}
