import Domain
import Execution
import Testing

/// Prices that the exchange sends by itself.
@Suite struct PushedPriceTests {
  private func push(
    _ harness: EngineHarness, _ symbol: Symbol = btc, bid: String = "99", ask: String = "100",
    age: Duration = .zero, sentAt: WallTime? = nil
  ) {
    harness.apply(
      .price(
        symbol,
        MarketPrice(
          at: traits.name, bid: decimal(bid), ask: decimal(ask),
          knownAt: harness.now.advanced(by: .zero - age), sentAt: sentAt, origin: .pushed)))
  }

  private func holdPrices(_ harness: EngineHarness) {
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
  }

  @Test func `a pushed price lets a signal go without a look up`() {
    let harness = EngineHarness.open()
    push(harness)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.requests(\.isPrices).isEmpty)
    #expect(harness.order("a")?.quote?.price == decimal("100"))
    harness.checkStore()
  }

  @Test func `a pushed price lets an order go that waits for a look up`() {
    let harness = EngineHarness.open()
    holdPrices(harness)
    harness.submit(limit("a"))
    harness.submit(limit("b", eth))
    #expect(harness.requests(\.isPrices).count == 1)
    push(harness, eth)
    harness.settle()
    #expect(harness.status("b") == .open)
    #expect(harness.status("a") == .new)
    push(harness, btc)
    harness.settle()
    #expect(harness.status("a") == .open)
    // The look-up's answer finds nobody who waits.
    harness.answer(
      harness.held[0], .prices([SymbolPrice(symbol: btc, price: decimal("100"))]))
    harness.settle()
    #expect(harness.requests(\.isPrices).count == 1)
    #expect(harness.placements.count == 2)
    harness.checkStore()
  }

  @Test func `a sell is judged by the bid`() {
    let harness = EngineHarness.open()
    push(harness, bid: "100", ask: "120")
    harness.submit(limit("sell", side: .sell))
    harness.submit(limit("buy"))
    harness.settle()
    #expect(harness.order("sell")?.quote?.price == decimal("100"))
    #expect(harness.code("buy") == .priceDeviation)
  }

  /// The exchange measures the band from the last price, which a book does not tell.
  @Test func `by a pushed book an order near the end of the price band is not denied`() {
    let exchange = FakeExchange()
    exchange.instruments[0] = instrument(btc) {
      $0.priceBand = Instrument.PriceBand(buyUp: decimal("0.005"), sellDown: decimal("0.005"))
    }
    let harness = EngineHarness.open(exchange: exchange)
    push(harness, bid: "98.9", ask: "99.1")
    harness.submit(limit("buy", price: "99.8"))
    harness.submit(limit("sell", side: .sell, price: "98.2"))
    harness.settle()
    #expect(harness.status("buy") == .open)
    #expect(harness.status("sell") == .open)
    #expect(harness.requests(\.isPrices).isEmpty)
    harness.checkStore()
  }

  @Test(arguments: [("101", "99"), ("0", "100")])
  func `a book that cannot be believed lets nothing go and is asked about once`(
    bid: String, ask: String
  ) {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.risk.maximumOpenOrders = 400
        $0.risk.maximumOrdersPerMinute = 400
        $0.risk.maximumDailyQuote = nil
      })
    holdPrices(harness)
    for index in 0..<300 { harness.submit(limit("s\(index)")) }
    #expect(harness.engine.liveOrders.count == 300)
    push(harness, bid: bid, ask: ask)
    harness.settle()
    #expect(harness.placements.isEmpty)
    #expect(harness.requests(\.isPrices).count == 1)
    push(harness)
    harness.advance(by: .milliseconds(500))
    #expect(!harness.placements.isEmpty)
  }

  @Test func `a pushed price that is old lets nothing go`() {
    let harness = EngineHarness.open()
    push(harness, age: .seconds(2))
    holdPrices(harness)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.placements.isEmpty)
    #expect(harness.requests(\.isPrices).count == 1)
  }

  @Test func `a price that is pushed during a back off leaves no look up behind`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isClock ? .answer(throttled(.seconds(1))) : nil
    }
    harness.advance(by: .seconds(60))
    #expect(harness.engine.ban != nil)
    harness.submit(limit("a"))
    push(harness)
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .open)
    #expect(harness.requests(\.isPrices).allSatisfy { $0.dispatch.request != .prices([]) })
  }

  @Test func `where nothing is wanted of the stream no price is missing`() {
    func missing(_ source: PriceSource) -> [Symbol]? {
      let harness = EngineHarness.open(
        makeConfiguration {
          $0.price.source = source
          $0.risk.symbols = nil
        })
      return harness.engine.symbolsWithoutPush(at: harness.now.monotonic)
    }
    #expect(missing(.stream) == [])
    #expect(missing(.auto) == nil)
    #expect(missing(.rest) == nil)
  }

  @Test func `a push that comes all the same makes no source of prices that are looked up`() {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.price.source = .rest
        $0.risk.symbols = nil
      })
    push(harness)
    #expect(harness.engine.symbolsWithoutPush(at: harness.now.monotonic) == nil)
  }

  @Test func `no price is missing while one is still pushed that nobody wants any more`() {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.price.source = .auto
        $0.risk.symbols = nil
      })
    push(harness)
    #expect(harness.engine.symbolsWithoutPush(at: harness.now.monotonic) == [])
    harness.advance(by: .seconds(3))
    #expect(harness.engine.symbolsWithoutPush(at: harness.now.monotonic) == nil)
  }

  @Test func `of a symbol that the exchange does not trade no price is missing`() {
    let exchange = FakeExchange()
    exchange.instruments = [instrument(btc) { $0.isTradable = false }, instrument(eth)]
    let harness = EngineHarness.open(
      makeConfiguration { $0.price.source = .stream }, exchange: exchange)
    let now = harness.now.monotonic
    #expect(harness.engine.symbolsWithoutPush(at: now) == [btc, eth, sol])
    #expect(harness.engine.openSymbolsWithoutPush(at: now) == [eth])
  }

  /// On a stream that lags from its first push on, nothing but the exchange's clock tells it.
  @Test func `a pushed price is as old as its sending by the exchange's clock`() {
    let harness = EngineHarness.open(makeConfiguration { $0.price.source = .auto })
    holdPrices(harness)
    let time = harness.exchange.time(at: harness.now)
    push(harness, sentAt: time.advanced(by: .seconds(-2)))
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.placements.isEmpty)
    #expect(harness.requests(\.isPrices).count == 1)
    #expect(harness.engine.symbolsWithoutPush(at: harness.now.monotonic)?.contains(btc) == true)
    // One that seems to be from the future came now.
    push(harness, sentAt: time.advanced(by: .seconds(60)))
    harness.settle()
    #expect(harness.status("a") == .open)
    harness.advance(by: .seconds(2))
    harness.submit(limit("b"))
    harness.settle()
    #expect(harness.status("b") == .new)
  }

  /// It lags by seven seconds, and nothing says so.
  @Test func `a price that is pushed before the exchange's clock is known is none`() {
    let harness = EngineHarness()
    let time = harness.exchange.time(at: harness.now)
    push(harness, sentAt: time.advanced(by: .seconds(-7)))
    harness.tick()
    harness.settle()
    #expect(harness.engine.isTradingOpen)
    holdPrices(harness)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.placements.isEmpty)
    #expect(harness.requests(\.isPrices).count == 1)
  }

  @Test func `a book without a price ends the one that was pushed, and no other`() {
    let harness = EngineHarness.open()
    push(harness)
    push(harness, eth)
    harness.apply(.noPrice(btc))
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.requests(\.isPrices).count == 1)
    #expect(harness.status("a") == .open)
    // What was asked for stands.
    harness.apply(.noPrice(btc))
    harness.submit(limit("b"))
    harness.submit(limit("c", eth))
    harness.settle()
    #expect(harness.status("b") == .open)
    #expect(harness.status("c") == .open)
    #expect(harness.requests(\.isPrices).count == 1)
  }

  @Test func `a source that is to be asked uses nothing that was pushed before`() {
    let harness = EngineHarness.open(makeConfiguration { $0.price.source = .auto })
    push(harness)
    harness.reconfigure(makeConfiguration { $0.price.source = .rest })
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.requests(\.isPrices).count == 1)
    #expect(harness.status("a") == .open)
  }

  @Test func `where prices are only pushed, their absence is what a signal is told`() {
    let harness = EngineHarness.open(makeConfiguration { $0.price.source = .stream })
    harness.submit(limit("a"))
    harness.advance(by: .seconds(120))
    #expect(harness.code("a") == .priceUnavailable)
    #expect(harness.requests(\.isPrices).isEmpty)
    #expect(harness.placements.isEmpty)
  }

  /// Some orders have left by the pushed price, and the others wait for their turn.
  @Test(arguments: [ExchangeAnswer.prices([]), refusal(10_007, .skip)])
  func `a look up without a price refuses nobody while prices are pushed`(
    _ answer: ExchangeAnswer
  ) throws {
    let harness = EngineHarness.open(makeConfiguration { $0.price.source = .auto })
    holdPrices(harness)
    for number in 1...30 { harness.submit(limit("s\(number)")) }
    push(harness)
    harness.settle()
    #expect((1..<30).contains(harness.placements.count))
    harness.answer(try #require(harness.held.first), answer)
    for _ in 1...6 {
      harness.advance(by: .milliseconds(500))
      push(harness)
    }
    harness.settle()
    #expect(harness.placements.count == 30)
    harness.checkStore()
  }
}
