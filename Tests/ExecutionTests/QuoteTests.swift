import Domain
import Execution
import Testing

/// The current price: asked for once for everybody, used only while it is young.
@Suite struct QuoteTests {
  @Test func `a hundred signals wait for one look up`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.risk.maximumOpenOrders = 200
        $0.risk.maximumOrdersPerMinute = 200
      }, exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    for index in 0..<100 {
      harness.submit(limit("s\(index)", [btc, eth, sol][index % 3]))
    }
    // The first left alone; the others' symbols wait for its answer, together.
    #expect(harness.held.map(\.request) == [.prices([btc])])
    harness.answer(harness.held[0], .prices([SymbolPrice(symbol: btc, price: decimal("100"))]))
    #expect(harness.held.map(\.request) == [.prices([eth, sol])])
    harness.answer(
      harness.held[0],
      .prices([eth, sol].map { SymbolPrice(symbol: $0, price: decimal("100")) }))
    #expect(harness.requests(\.isPrices).count == 2)
    #expect((0..<100).allSatisfy { harness.order("s\($0)")?.quote?.price == decimal("100") })
  }

  /// Three symbols of one burst that came while another look-up was out leave as one.
  @Test func `a waiting burst is one look up`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    var isSilent = true
    exchange.script = { dispatch, _ in
      dispatch.request.isClock && isSilent ? .answer(throttled(.seconds(1))) : nil
    }
    harness.advance(by: .seconds(60))
    #expect(harness.engine.ban != nil)
    isSilent = false
    for index in 0..<30 { harness.submit(limit("s\(index)", [btc, eth, sol][index % 3])) }
    #expect(harness.requests(\.isPrices).isEmpty)
    harness.advance(by: .seconds(4))
    #expect(harness.requests(\.isPrices).first?.dispatch.request == .prices([btc, eth, sol]))
    #expect(harness.requests(\.isPrices).count <= 2)
    #expect(harness.placements.count == 30)
  }

  @Test func `the quote is stored with the approval and the arming`() throws {
    let exchange = FakeExchange()
    exchange.prices[btc] = decimal("100.5")
    exchange.script = { dispatch, _ in
      dispatch.request.isPrices
        ? .answer(
          .prices([SymbolPrice(symbol: btc, price: decimal("100.5"))]), after: .milliseconds(40))
        : nil
    }
    let harness = EngineHarness.open(exchange: exchange)
    let asked = harness.now.wall
    harness.submit(limit("a"))
    harness.advance(by: .milliseconds(40))
    let quote = Quote(price: decimal("100.5"), askedAt: asked)
    var approvals: [OrderEvent.Approval] = []
    var armaments: [OrderEvent.Armament] = []
    for event in harness.store.history(of: key("a")) {
      if case .approved(let approval) = event { approvals.append(approval) }
      if case .armed(let armament) = event { armaments.append(armament) }
    }
    #expect(approvals.map(\.quote) == [quote])
    #expect(approvals.first?.reservedQuote == decimal("100"))
    #expect(
      approvals.first?.checks.description
        == "price 100.5 is 50 bps from the reference 100, at most 100 allowed; the price is 40 ms old"
    )
    #expect(armaments.map(\.quote) == [quote])
    #expect(harness.order("a")?.quote == quote)
  }

  /// The age counts from the asking: an answer that was long under way is old when it comes.
  @Test(arguments: [(1_999, 1), (2_000, 0)])
  func `a price must be younger than its maximum age`(milliseconds: Int, placements: Int) {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      dispatch.request.isPrices
        ? .answer(
          .prices([SymbolPrice(symbol: btc, price: decimal("100"))]),
          after: .milliseconds(milliseconds)) : nil
    }
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a"))
    harness.advance(by: .milliseconds(milliseconds))
    #expect(harness.placements.count == placements)
    guard placements == 0 else { return }
    harness.advance(by: .milliseconds(2 * milliseconds))
    #expect(harness.code("a") == .priceUnavailable)
    #expect(harness.requests(\.isPrices).count == 3)
    #expect(harness.placements.isEmpty)
  }

  /// A commit that takes long, or a connection that has to be made first, outlasts a price.
  @Test(arguments: [(1, 0), (2, 1_000), (3, 1_000)])
  func `a price that grew too old while its order was armed is asked for again at once`(
    times: Int, pause: Int
  ) {
    let exchange = FakeExchange()
    var late = times
    exchange.script = { dispatch, _ in
      guard dispatch.isPlacement, late > 0 else { return nil }
      late -= 1
      return .answer(.failed(.notSent("held up")), after: .seconds(2))
    }
    let harness = EngineHarness.open(
      makeConfiguration { $0.defaultTimeToLive = .seconds(60) }, exchange: exchange)
    harness.submit(limit("a"))
    harness.advance(by: .seconds(2 * times) + .milliseconds(pause))
    #expect(harness.placements.count == times + 1)
    #expect(harness.status("a") == .open)
    // Each was judged by a price of its own.
    #expect(harness.requests(\.isPrices).count >= times + 1)
  }

  /// Orders leave one a second.
  private func slow(_ exchange: FakeExchange) -> EngineHarness {
    EngineHarness.open(
      makeConfiguration {
        $0.rateLimits.ordersPerSecond = 1
        $0.rateLimits.utilisation = decimal("1")
      }, exchange: exchange)
  }

  /// Twenty orders of which one leaves a second, and every other price comes too late.
  @Test func `a good price ends the row of those that came too late`() {
    let exchange = FakeExchange()
    let harness = slow(exchange)
    var count = 0
    exchange.script = { [unowned exchange] dispatch, now in
      guard dispatch.request.isPrices else { return nil }
      count += 1
      let isLate = count.isMultiple(of: 2)
      return .answer(
        exchange.answer(to: dispatch.request, at: now), after: .milliseconds(isLate ? 2_100 : 10))
    }
    for index in 0..<20 {
      harness.submit(limit("s\(index)") { $0.expiry = .timeToLive(.seconds(120)) })
    }
    harness.advance(by: .seconds(120))
    #expect(count > 6)
    #expect((0..<20).allSatisfy { harness.status("s\($0)") == .open })
  }

  /// One that was pushed counts as much as one that was asked for.
  @Test(arguments: [false, true])
  func `a pushed price ends the row too, unless it is older than the row`(isOld: Bool) {
    let exchange = FakeExchange()
    let harness = slow(exchange)
    exchange.script = { [unowned exchange] dispatch, now in
      dispatch.request.isPrices
        ? .answer(exchange.answer(to: dispatch.request, at: now), after: .milliseconds(2_100)) : nil
    }
    for index in 0..<10 { harness.submit(limit("s\(index)")) }
    harness.advance(by: .milliseconds(4_300))
    harness.apply(
      .price(
        btc,
        MarketPrice(
          at: account.venue, bid: decimal("99.99"), ask: decimal("100"),
          knownAt: harness.now.advanced(by: isOld ? .seconds(-3) : .zero), origin: .pushed)))
    harness.advance(by: .milliseconds(2_100))
    #expect(harness.status("s0") == (isOld ? .denied : .open))
    #expect(harness.status("s9") == (isOld ? .denied : .new))
  }

  @Test func `an order that never leaves expires with the reason of the last try`() {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.notSent("held up"))) : nil
    }
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(4)) })
    harness.advance(by: .seconds(5))
    #expect(harness.code("a") == .expired)
    #expect(harness.message("a").contains("the last try: not sent: held up"))
    #expect(exchange.ledger.isEmpty)
  }

  @Test func `a symbol without a price is refused at once`() {
    let exchange = FakeExchange()
    exchange.prices[eth] = nil
    exchange.prices[sol] = .zero
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a", eth))
    harness.submit(limit("b", sol))
    harness.submit(limit("c"))
    harness.settle()
    #expect(harness.code("a") == .priceUnavailable)
    #expect(harness.code("b") == .priceUnavailable)
    #expect(harness.status("c") == .open)
  }

  @Test(arguments: [
    (ExchangeAnswer.failed(.unreadable("HTML")), DecisionCode.priceUnavailable),
    (.failed(.noAnswer("time out")), .expired), (.failed(.notSent("refused")), .expired),
    (.validated, .priceUnavailable), (refusal(500, .wait), .priceUnavailable),
  ])
  func `without any price the signal expires`(answer: ExchangeAnswer, expected: DecisionCode) {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .answer(answer) : nil }
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(30)) })
    harness.advance(by: .milliseconds(29_999))
    #expect(harness.status("a") == .new)
    harness.advance(by: .milliseconds(1))
    #expect(harness.code("a") == expected)
    #expect(harness.placements.isEmpty)
    // It was asked for again, ever more rarely: 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, then each 3.2 s.
    #expect(harness.requests(\.isPrices).count == 14)
  }

  @Test func `a price that moved away while the order waited stops it`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.notSent("refused"))) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.order("a")?.quote?.price == decimal("100"))
    exchange.prices[btc] = decimal("101.01")
    harness.advance(by: .seconds(3))
    #expect(harness.code("a") == .priceDeviation)
    #expect(harness.status("a") == .denied)
  }

  /// Many orders wait for their turn: each leaves on a price that is young at that moment.
  @Test func `no order leaves on an old price`() throws {
    let exchange = FakeExchange()
    exchange.latency = .milliseconds(30)
    let harness = EngineHarness(
      makeConfiguration {
        $0.risk.maximumOpenOrders = 200
        $0.risk.maximumOrdersPerMinute = 200
      }, exchange: exchange)
    harness.tick()
    harness.advance(by: .seconds(5))
    for index in 0..<100 { harness.submit(limit("s\(index)", [btc, eth, sol][index % 3])) }
    harness.advance(by: .seconds(30))
    #expect(harness.placements.count == 100)
    for (at, dispatch, _) in harness.sent where dispatch.isPlacement {
      let request = try #require(dispatch.request.orderRequest)
      let order = try #require(
        harness.store.orders.values.first { $0.request.clientOrderID == request.clientOrderID })
      let quote = try #require(order.quote)
      #expect(at.wall.since(quote.askedAt) < .seconds(2))
      let deadline = try #require(dispatch.sendBefore)
      #expect(deadline > at.monotonic)
      #expect(deadline.since(at.monotonic) <= .seconds(2))
    }
    // Ten seconds of placements at ten a second need five or six look-ups, not a hundred.
    #expect((4...9).contains(harness.requests(\.isPrices).count))
  }

  @Test func `expiry is judged again before the order leaves`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    for (id, step) in [("forward", 10), ("backward", -10)] {
      harness.submit(limit(id) { $0.expiry = .timeToLive(.seconds(5)) })
      harness.advance(by: .seconds(2))
      // Either clock suffices to make it too old.
      harness.stepWallClock(by: .seconds(step))
      harness.advance(by: .milliseconds(step > 0 ? 0 : 3_000))
      harness.tick()
      #expect(harness.code(id) == .expired)
      #expect(harness.status(id) == .expired)
    }
    #expect(harness.placements.isEmpty)
  }

  /// What the sender of bytes is told: gone by then, or not at all.
  @Test func `the deadline to leave is the earliest of price age, stamp and both expiries`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(50)) })
    harness.settle()
    #expect(
      harness.placements(of: "a")[0].sendBefore == harness.now.advanced(by: .seconds(2)).monotonic)
    harness.submit(limit("b") { $0.expiry = .timeToLive(.milliseconds(700)) })
    #expect(
      harness.placements(of: "b")[0].sendBefore
        == harness.now.advanced(by: .milliseconds(700)).monotonic)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("c", eth) { $0.expiry = .timeToLive(.seconds(5)) })
    harness.stepWallClock(by: .milliseconds(4_400))
    harness.answer(
      harness.held[0], .prices([SymbolPrice(symbol: eth, price: decimal("100"))]))
    #expect(
      harness.placements(of: "c")[0].sendBefore
        == harness.now.advanced(by: .milliseconds(600)).monotonic)
  }

  @Test func `a placement that waits for half the receive window does not leave with its stamp`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.price.maximumAge = .seconds(60)
        $0.receiveWindow = .seconds(5)
      }, exchange: exchange)
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(50)) })
    harness.settle()
    #expect(
      harness.placements(of: "a")[0].sendBefore
        == harness.now.advanced(by: .milliseconds(2_500)).monotonic)
  }

  @Test func `the band and the market minimum are judged with the current price`() {
    let exchange = FakeExchange()
    exchange.instruments = [
      instrument(btc) {
        $0.priceBand = Instrument.PriceBand(buyUp: decimal("0.005"), sellDown: decimal("0.005"))
      }, instrument(eth), instrument(sol),
    ]
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a", price: "100.5"))
    harness.submit(limit("b", price: "100.51"))
    harness.submit(limit("c", side: .sell, price: "99.5"))
    harness.submit(limit("d", side: .sell, price: "99.49"))
    harness.submit(market("e", eth, amount: .base(decimal("0.06"))))
    harness.submit(market("f", eth, amount: .base(decimal("0.0599"))))
    harness.settle()
    #expect(
      ["a", "b", "c", "d", "e", "f"].map(harness.code) == [
        .accepted, .priceBand, .accepted, .priceBand, .accepted, .belowMinimum,
      ])
  }
}
