import Domain
import Execution
import Testing

/// The caps below everything.
@Suite struct RiskTests {
  @Test(arguments: [("10", DecisionCode.accepted), ("10.0001", .riskOrderQuote)])
  func `the quote of one order`(quantity: String, expected: DecisionCode) {
    let harness = EngineHarness.open()
    #expect(harness.submit(limit("a", quantity: quantity))?.code == expected)
    let quote = decimal(quantity).multiplied(by: decimal("100"), rounding: .up) ?? .zero
    #expect(harness.submit(market("b", amount: .quote(quote)))?.code == expected)
    // A market order by base quantity is judged when its price is known.
    #expect(harness.submit(market("c", amount: .base(decimal(quantity))))?.code == .accepted)
    harness.settle()
    #expect(harness.code("c") == expected)
    #expect(harness.placements(of: "c").count == (expected == .accepted ? 1 : 0))
  }

  /// A sell below the market's price gets the market's.
  @Test(arguments: [
    (OrderType.immediateOrCancel, "10", "99.5", DecisionCode.accepted),
    (.immediateOrCancel, "10.01", "99.5", .riskOrderQuote),
    (.limit, "10.01", "99.5", .riskOrderQuote), (.limit, "9.95", "100.5", .accepted),
    (.limit, "9.96", "100.5", .riskOrderQuote),
  ])
  func `a sell is worth its own price or the market's, whichever is higher`(
    type: OrderType, quantity: String, price: String, expected: DecisionCode
  ) {
    let harness = EngineHarness.open()
    harness.submit(limit("a", side: .sell, type: type, quantity: quantity, price: price))
    harness.settle()
    #expect(harness.code("a") == expected)
    #expect(harness.placements.count == (expected == .accepted ? 1 : 0))
  }

  @Test func `the day counts what a sell below the market's price is worth`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a", side: .sell, type: .immediateOrCancel, quantity: "2", price: "99.5"))
    harness.settle()
    #expect(harness.order("a")?.reservedQuote == decimal("200"))
  }

  @Test func `open orders`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.maximumOpenOrders = 3 })
    for id in ["a", "b", "c"] { #expect(harness.submit(limit(id))?.code == .accepted) }
    #expect(harness.submit(limit("d"))?.code == .riskOpenOrders)
    harness.settle()
    #expect(harness.submit(limit("e"))?.code == .riskOpenOrders)
    harness.restart()
    #expect(harness.submit(limit("f"))?.code == .riskOpenOrders)
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(30))
    #expect(harness.submit(limit("g"))?.code == .accepted)
    #expect(harness.submit(limit("h"))?.code == .riskOpenOrders)
  }

  @Test func `orders per minute roll and survive a restart`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.maximumOrdersPerMinute = 2 })
    harness.exchange.fillsLimits = true
    harness.submit(limit("a"))
    harness.advance(by: .seconds(30))
    harness.submit(limit("b"))
    #expect(harness.submit(limit("c"))?.code == .riskOrderRate)
    harness.restart()
    #expect(harness.submit(limit("d"))?.code == .riskOrderRate)
    harness.advance(by: .milliseconds(29_999))
    #expect(harness.submit(limit("e"))?.code == .riskOrderRate)
    harness.advance(by: .milliseconds(1))
    #expect(harness.submit(limit("f"))?.code == .accepted)
    #expect(harness.submit(limit("g"))?.code == .riskOrderRate)
  }

  /// A producer that has its orders refused one after the other is held back as well.
  @Test func `an order that came to nothing was accepted in its minute all the same`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.maximumOrdersPerMinute = 2 })
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(refusal(30004, .size)) : nil
    }
    for id in ["a", "b"] {
      harness.submit(limit(id))
      harness.settle()
      #expect(harness.code(id) == .exchangeRejected)
    }
    #expect(harness.submit(limit("c"))?.code == .riskOrderRate)
    harness.restart()
    #expect(harness.submit(limit("d"))?.code == .riskOrderRate)
    harness.advance(by: .seconds(60))
    #expect(harness.submit(limit("e"))?.code == .accepted)
  }

  @Test func `an order that was closed as never placed is not open`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.maximumOpenOrders = 1 })
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(120))
    harness.exchange.script = { _, _ in nil }
    #expect(harness.status("a") == .notFound)
    #expect(harness.submit(limit("b", eth))?.code == .riskOpenOrders)
    harness.command(.resolveNotPlaced(signalID("a")))
    var engine = harness.engine
    #expect(engine.status(at: harness.now).liveOrders == 0)
    harness.restart()
    harness.settle()
    #expect(harness.submit(limit("c", eth))?.code == .accepted)
    #expect(harness.submit(limit("d", eth))?.code == .riskOpenOrders)
  }

  @Test func `a stepped clock frees nothing`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.maximumOrdersPerMinute = 1 })
    harness.submit(limit("a"))
    harness.settle()
    harness.stepWallClock(by: .seconds(3600))
    #expect(harness.submit(limit("b"))?.code == .riskOrderRate)
    harness.stepWallClock(by: .seconds(-7200))
    #expect(harness.submit(limit("c"))?.code == .riskOrderRate)
    harness.restart()
    #expect(harness.submit(limit("d"))?.code == .riskOrderRate)
  }

  @Test func `the daily quote counts to the unit`() {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.maximumDailyQuote = decimal("250") })
    harness.exchange.fillsLimits = true
    harness.submit(limit("a"))
    harness.submit(limit("b"))
    #expect(harness.submit(limit("c", quantity: "0.5001"))?.code == .riskDailyQuote)
    #expect(harness.submit(limit("d", quantity: "0.5"))?.code == .accepted)
    #expect(harness.submit(limit("e", quantity: "0.1"))?.code == .riskDailyQuote)
    harness.advance(by: .seconds(12 * 3600))
    harness.restart()
    #expect(harness.submit(limit("f", quantity: "0.1"))?.code == .riskDailyQuote)
    harness.advance(by: .seconds(12 * 3600))
    #expect(harness.submit(limit("g"))?.code == .accepted)
  }

  /// The price moved between the check and the fill, of all of the order or of a part.
  @Test(arguments: [OrderReport.Status.filled, .partiallyFilled])
  func `what was spent counts where it is more than was reserved`(status: OrderReport.Status) {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.maximumDailyQuote = decimal("250") })
    harness.submit(limit("a", side: .sell))
    harness.settle()
    #expect(harness.order("a")?.reservedQuote == decimal("100"))
    harness.exchange.fill(0, to: status == .filled ? "1" : "0.9", status)
    harness.exchange.ledger[0].executedQuote = decimal("160")
    harness.advance(by: .seconds(30))
    #expect(harness.order("a")?.executedQuote == decimal("160"))
    #expect(harness.submit(limit("b", quantity: "0.9001"))?.code == .riskDailyQuote)
    harness.restart()
    #expect(harness.submit(limit("c", quantity: "0.9001"))?.code == .riskDailyQuote)
    #expect(harness.submit(limit("d", quantity: "0.9"))?.code == .accepted)
  }

  @Test func `a fill that cost less gives nothing back`() {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.maximumDailyQuote = decimal("150") })
    harness.exchange.fillsLimits = true
    harness.submit(limit("a"))
    harness.advance(by: .seconds(30))
    #expect(harness.order("a")?.executedQuote == decimal("1"))
    #expect(harness.submit(limit("b", quantity: "0.5001"))?.code == .riskDailyQuote)
    harness.restart()
    #expect(harness.submit(limit("c", quantity: "0.5001"))?.code == .riskDailyQuote)
  }

  @Test func `what never came to the exchange gives its quote back`() {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.maximumDailyQuote = decimal("150") })
    harness.exchange.prices[btc] = decimal("102")
    harness.submit(limit("a"))
    #expect(harness.submit(limit("b"))?.code == .riskDailyQuote)
    harness.settle()
    #expect(harness.code("a") == .priceDeviation)
    harness.exchange.prices[btc] = decimal("100")
    harness.advance(by: .seconds(2))
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(refusal(30004, .size)) : nil
    }
    harness.submit(limit("c"))
    harness.settle()
    #expect(harness.code("c") == .exchangeRejected)
    harness.exchange.script = { _, _ in nil }
    #expect(harness.submit(limit("d"))?.code == .accepted)
    harness.settle()
    #expect(harness.status("d") == .open)
    // Cancelled, it still counts: it was exposure.
    harness.command(.cancel(signalID("d")))
    harness.advance(by: .seconds(5))
    #expect(harness.status("d") == .canceled)
    #expect(harness.submit(limit("e"))?.code == .riskDailyQuote)
  }

  /// Two market orders by base quantity: their worth is known only with the price.
  @Test func `market orders count with their price`() {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.maximumDailyQuote = decimal("150") })
    harness.submit(market("a", amount: .base(decimal("1"))))
    harness.submit(market("b", amount: .base(decimal("1"))))
    harness.submit(market("c", amount: .base(decimal("0.5"))))
    harness.settle()
    #expect(harness.code("a") == .accepted)
    #expect(harness.code("b") == .riskDailyQuote)
    #expect(harness.code("c") == .accepted)
    #expect(harness.order("c")?.reservedQuote == decimal("50"))
  }

  /// The price rises while an approved market order waits: its worth is judged again before it goes.
  @Test func `the quote is judged again before the order leaves`() {
    let harness = EngineHarness.open()
    harness.exchange.prices[btc] = decimal("99.5")
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.notSent("refused"))) : nil
    }
    harness.submit(market("a", amount: .base(decimal("10")), reference: "100"))
    harness.settle()
    #expect(harness.order("a")?.reservedQuote == decimal("995"))
    harness.exchange.prices[btc] = decimal("100.1")
    harness.advance(by: .seconds(3))
    #expect(harness.code("a") == .riskOrderQuote)
    // Once at once, and once more while the price was still the old one.
    #expect(harness.placements.count == 2)
  }

  @Test func `a reloaded limit holds for what still waits`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a"))
    harness.submit(limit("b", eth))
    harness.reconfigure(
      makeConfiguration {
        $0.risk.maximumOrderQuote = decimal("99")
        $0.risk.symbols = [btc, sol]
      })
    for dispatch in harness.held {
      harness.answer(dispatch, harness.exchange.answer(to: dispatch.request, at: harness.now))
    }
    harness.advance(by: .seconds(1))
    #expect(harness.code("a") == .riskOrderQuote)
    #expect(harness.code("b") == .symbolNotAllowed)
    #expect(harness.placements.isEmpty)
  }
}
