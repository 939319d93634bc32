import Domain
import Execution
import Testing

/// Prices that the exchange sends by itself, and when it is asked instead.
@Suite struct WatchedPriceTests {
  private let exchange = FakeExchange()

  private func open(
    _ source: PriceSource, symbols: [Symbol]? = [btc, eth]
  ) -> EngineHarness {
    EngineHarness.open(
      makeConfiguration {
        $0.price.source = source
        $0.risk.symbols = symbols
      }, exchange: exchange)
  }

  private func push(_ harness: EngineHarness, bid: String = "99", ask: String = "100") {
    harness.push(bid: bid, ask: ask)
    harness.settle()
  }

  private func asked(_ harness: EngineHarness) -> Int { harness.requests(\.isPrices).count }

  @Test func `the allowed symbols are watched`() {
    let harness = open(.auto)
    #expect(harness.watched == [[btc, eth]])
    harness.reconfigure(
      makeConfiguration {
        $0.price.source = .auto
        $0.risk.symbols = [sol]
      })
    #expect(harness.watched == [[btc, eth], [sol]])
  }

  @Test(arguments: [false, true])
  func `what fills by the watched prices is watched after its symbol left the list`(fills: Bool) {
    func configuration(_ symbols: [Symbol]) -> EngineConfiguration {
      makeConfiguration {
        $0.price.source = .stream
        $0.risk.symbols = symbols
        $0.venue.fillPriceAge = fills ? .seconds(1) : nil
      }
    }
    let harness = EngineHarness.open(configuration([btc, eth]), exchange: exchange)
    push(harness)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    harness.reconfigure(configuration([eth]))
    #expect(harness.watched.last == (fills ? [btc, eth] : [eth]))
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(3))
    #expect(harness.watched.last == [eth])
  }

  /// While nothing does, pushes may lie unread for a while.
  @Test(arguments: [false, true])
  func `a pushed price decides something while an order may leave or fill by it`(fills: Bool) {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.price.source = .stream
        $0.venue.fillPriceAge = fills ? .seconds(1) : nil
      }, exchange: exchange)
    #expect(!harness.engine.awaitsPushedPrices)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.placements(of: "a").isEmpty)
    #expect(harness.engine.awaitsPushedPrices)
    push(harness)
    #expect(harness.status("a") == .open)
    #expect(harness.engine.awaitsPushedPrices == fills)
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(3))
    #expect(!harness.engine.awaitsPushedPrices)
  }

  @Test func `where every symbol is allowed those with orders are watched`() {
    let harness = open(.auto, symbols: nil)
    #expect(harness.watched == [])
    harness.submit(limit("a"))
    harness.submit(limit("b", eth))
    harness.settle()
    #expect(harness.watched == [[btc], [btc, eth]])
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(3))
    #expect(harness.watched.last == [eth])
  }

  /// The exchange refuses a subscription that has one such among others.
  @Test func `a symbol that does not exist is never watched`() {
    let harness = open(.auto, symbols: nil)
    harness.submit(limit("a", symbol("NOSUCHUSDT")))
    harness.submit(limit("b", eth))
    harness.settle()
    #expect(harness.code("a") == .symbolUnknown)
    #expect(harness.watched == [[eth]])
  }

  @Test func `with prices by look-ups alone nothing is watched`() {
    #expect(open(.rest).watched == [])
  }

  @Test(arguments: [PriceSource.auto, .stream])
  func `a fresh pushed price spares the look-up`(source: PriceSource) {
    let harness = open(source)
    push(harness)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.placements.count == 1)
    #expect(asked(harness) == 0)
    #expect(harness.order("a")?.quote?.price == decimal("100"))
  }

  @Test func `a stale one is made up for by a look-up, at once`() {
    let harness = open(.auto)
    push(harness)
    harness.advance(by: .seconds(2))
    harness.submit(limit("a"))
    harness.settle()
    #expect(asked(harness) == 1)
    #expect(harness.placements.count == 1)
  }

  @Test func `a crossed book is no price`() {
    let harness = open(.auto)
    push(harness, bid: "101", ask: "100")
    harness.submit(limit("a"))
    harness.settle()
    #expect(asked(harness) == 1)
  }

  @Test func `with pushed prices alone the exchange is never asked`() {
    let harness = open(.stream)
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    #expect(asked(harness) == 0)
    #expect(harness.placements.isEmpty)
    push(harness)
    #expect(harness.placements.count == 1)
    harness.submit(limit("b") { $0.expiry = .timeToLive(.seconds(5)) })
    harness.advance(by: .seconds(2))
    harness.submit(limit("c") { $0.expiry = .timeToLive(.seconds(5)) })
    harness.advance(by: .seconds(10))
    #expect(harness.code("c") == .priceUnavailable)
    #expect(harness.message("c").contains("no price young enough was pushed"))
  }

  @Test func `prices for which nobody waits change nothing else`() {
    let harness = open(.auto)
    let sent = harness.sent.count
    let deadline = harness.engine.nextDeadline
    for _ in 0..<100 { push(harness) }
    #expect(harness.sent.count == sent)
    #expect(harness.engine.nextDeadline == deadline)
  }
}
