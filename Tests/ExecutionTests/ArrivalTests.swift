import Domain
import Execution
import Testing

/// What becomes of a signal when it arrives, by table: each limit at its edge and one step beyond.
@Suite struct ArrivalTests {
  /// One signal into a fresh, open engine.
  private func decision(
    _ signal: Signal, _ configuration: EngineConfiguration = makeConfiguration(),
    rules: (inout Instrument) -> Void = { _ in }
  ) -> DecisionCode? {
    let exchange = FakeExchange()
    exchange.instruments[0] = instrument(btc, change: rules)
    let harness = EngineHarness.open(configuration, exchange: exchange)
    let answer = harness.submit(signal)
    #expect(harness.code(signal.id.text) == answer?.code)
    #expect((answer?.status == .accepted) == (answer?.code == .accepted))
    harness.checkStore()
    return answer?.code
  }

  @Test(arguments: [
    ("1", "100", DecisionCode.accepted), ("1", "100.01", .accepted),
    ("1", "100.011", .pricePrecision), ("1", "100.0000000001", .pricePrecision),
    // Rounded down to the step of 0.0001, then compared with the minimum of 0.001.
    ("0.001", "5000", .accepted), ("0.00109999", "5000", .accepted),
    ("0.0009", "6000", .belowMinimum), ("0.00099999", "6000", .belowMinimum),
    ("0.00000001", "6000", .belowMinimum),
    // The notional, at least 5.
    ("0.05", "100", .accepted), ("0.0499", "100", .belowMinimum),
    ("0.05009", "99.99", .belowMinimum), ("0.0501", "99.99", .accepted),
    // The notional, at most 5,000.
    ("50", "100", .accepted), ("50.0001", "100", .aboveMaximum), ("50", "100.01", .aboveMaximum),
  ])
  func `limit sizes`(quantity: String, price: String, expected: DecisionCode) {
    let roomy = makeConfiguration { $0.risk.maximumOrderQuote = nil }
    #expect(decision(limit("a", quantity: quantity, price: price), roomy) == expected)
  }

  @Test(arguments: [
    ("6", DecisionCode.accepted), ("5.99", .belowMinimum), ("6.009", .accepted),
    ("0.009", .belowMinimum), ("4000", .accepted), ("4000.009", .accepted),
    ("4000.01", .aboveMaximum),
  ])
  func `market sizes by quote`(quote: String, expected: DecisionCode) {
    let roomy = makeConfiguration { $0.risk.maximumOrderQuote = nil }
    #expect(decision(market("a", amount: .quote(decimal(quote))), roomy) == expected)
  }

  @Test(arguments: [
    // 10.00 at 3.33 is 3.003003…, rounded down to 3.0030, worth 9.99999.
    ("10", "3.33", "3.003"), ("100", "100", "1"), ("99.99", "100", "0.9999"),
  ])
  func `a quote amount with a price becomes a base quantity`(
    quote: String, price: String, base: String
  ) {
    let exchange = FakeExchange()
    exchange.prices[btc] = decimal(price)
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a", price: price) { $0.amount = .quote(decimal(quote)) })
    harness.settle()
    #expect(harness.placements.first?.request.orderRequest?.amount == .base(decimal(base)))
  }

  @Test func `sizes are rounded down never up`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a", quantity: "1.00019999"))
    harness.submit(market("b", amount: .quote(decimal("20.019"))))
    harness.submit(market("c", side: .sell, amount: .base(decimal("1.00009"))))
    harness.settle()
    let amounts = harness.placements.map { $0.request.orderRequest?.amount }
    #expect(
      amounts == [.base(decimal("1.0001")), .quote(decimal("20.01")), .base(decimal("1"))])
  }

  @Test(arguments: [
    (Instrument.TradableSides.both, Side.buy, DecisionCode.accepted), (.both, .sell, .accepted),
    (.buyOnly, .buy, .accepted), (.buyOnly, .sell, .sideNotTradable),
    (.sellOnly, .sell, .accepted), (.sellOnly, .buy, .sideNotTradable),
    (.none, .buy, .sideNotTradable), (.none, .sell, .sideNotTradable),
  ])
  func `sides`(sides: Instrument.TradableSides, side: Side, expected: DecisionCode) {
    #expect(decision(limit("a", side: side)) { $0.sides = sides } == expected)
  }

  @Test func `types`() {
    for type in [OrderType.limit, .limitMaker, .immediateOrCancel, .fillOrKill] {
      #expect(decision(limit("a", type: type)) == .accepted)
    }
    #expect(decision(limit("a", type: .limitMaker)) { $0.types = [.limit] } == .typeNotSupported)
    #expect(decision(limit("a", type: .fillOrKill)) { $0.types = [.limit] } == .accepted)
    #expect(
      decision(limit("a", type: .immediateOrCancel)) { $0.types = [.market] } == .typeNotSupported)
    let byMarket = market("a", amount: .base(decimal("1")))
    #expect(decision(byMarket) { $0.types = [.limit] } == .typeNotSupported)
    #expect(decision(byMarket) { $0.types = [.market] } == .accepted)
  }

  @Test func `symbols`() {
    #expect(decision(limit("a", symbol("DOGEUSDT"))) == .symbolNotAllowed)
    #expect(decision(limit("a")) { $0.isTradable = false } == .symbolNotTradable)
    let unlisted = makeConfiguration { $0.risk.symbols = [btc, symbol("NOPEUSDT")] }
    #expect(decision(limit("a", symbol("NOPEUSDT")), unlisted) == .symbolUnknown)
    let exchange = FakeExchange()
    exchange.tradable = [eth, sol]
    let harness = EngineHarness.open(exchange: exchange)
    #expect(harness.submit(limit("a"))?.code == .symbolNotTradable)
    #expect(harness.submit(limit("b", eth))?.code == .accepted)
  }

  @Test(arguments: [
    (-1, DecisionCode.expired), (0, .expired), (1, .accepted), (60_000, .accepted),
  ])
  func `expiry`(millisecondsLeft: Int, expected: DecisionCode) {
    let harness = EngineHarness.open()
    let at = harness.now.wall.advanced(by: .milliseconds(millisecondsLeft))
    #expect(harness.submit(limit("at") { $0.expiry = .at(at) })?.code == expected)
    let aged = limit("ttl") {
      $0.createdAt = at.advanced(by: .seconds(-30))
      $0.expiry = .timeToLive(.seconds(30))
    }
    #expect(harness.submit(aged)?.code == expected)
    let byDefault = limit("default") { $0.createdAt = at.advanced(by: .seconds(-60)) }
    #expect(harness.submit(byDefault)?.code == expected)
    #expect(harness.store.signals[signalID("ttl")]?.expiresAt == at)
  }

  @Test func `a stamp from the future is no signal and its id stays free`() {
    let harness = EngineHarness.open()
    let edge = harness.now.wall.advanced(by: .seconds(60))
    let beyond = limit("a") { $0.createdAt = edge.advanced(by: .milliseconds(1)) }
    #expect(harness.submit(beyond)?.code == .invalidField)
    #expect(harness.store.signals.isEmpty)
    #expect(harness.store.events.isEmpty)
    #expect(harness.submit(limit("a") { $0.createdAt = edge })?.code == .accepted)
  }

  /// An order's status has the same word, and is no refusal.
  @Test func `a signal that was cancelled before its order left was refused when it comes again`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.command(.cancel(signalID("a")))
    #expect(harness.code("a") == .canceled)
    let again = harness.submit(limit("a"))
    #expect(again?.code == .duplicate)
    #expect(again?.state == "denied")
    #expect(again?.state.map(OrderStatus.isRefusal(state:)) == true)
    #expect(again?.message.hasPrefix("it came before and was refused (denied): ") == true)
  }

  @Test func `the same signal again is a duplicate and another one a conflict`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    let again = harness.submit(limit("a"))
    #expect(again?.status == .duplicate)
    #expect(again?.code == .duplicate)
    #expect(again?.clientOrderID?.text == "sga")
    #expect(again?.message == "taken before; it is new")
    let other = harness.submit(limit("a", quantity: "2"))
    #expect(other?.status == .rejected)
    #expect(other?.code == .conflictingDuplicate)
    #expect(harness.hasLog(.error, "taken by another content"))
    harness.settle()
    #expect(harness.placements.count == 1)
    #expect(harness.order("a")?.request.amount == .base(decimal("1")))
    #expect(again?.state == "new")
    // A denied one is remembered too, and why.
    let denied = harness.submit(limit("b", symbol("DOGEUSDT")))
    let deniedAgain = harness.submit(limit("b", symbol("DOGEUSDT")))
    #expect(deniedAgain?.code == .duplicate)
    #expect(deniedAgain?.state == denied?.code.rawValue)
    #expect(
      deniedAgain?.message
        == "it came before and was refused (symbol_not_allowed): \(denied?.message ?? "")")
    harness.restart()
    #expect(harness.submit(limit("a"))?.message == "taken before; it is open")
    #expect(harness.submit(limit("b"))?.code == .conflictingDuplicate)
    harness.checkStore()
  }

  /// Two copies in one turn: the store does not know the first one yet.
  @Test func `a copy that the store does not know yet makes no second order`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    let (arrival, _) = harness.arrival(limit("a"))
    let (other, _) = harness.arrival(limit("a", quantity: "2"))
    harness.apply(.signal(arrival, known: nil))
    harness.settle()
    #expect(harness.status("a") == .submitted)
    harness.apply(.signal(arrival, known: nil))
    harness.apply(.signal(other, known: nil))
    harness.settle()
    #expect(harness.answers.map(\.code) == [.accepted, .duplicate, .conflictingDuplicate])
    #expect(harness.placements.count == 1)
    #expect(harness.status("a") == .submitted)
    harness.checkStore()
  }

  @Test func `halted and paused`() {
    let harness = EngineHarness.open()
    harness.command(.halt(reason: "lunch", cancel: false))
    let answer = harness.submit(limit("a"))
    #expect(answer?.code == .halted)
    #expect(answer?.message.contains("lunch") == true)
    harness.restart()
    #expect(harness.submit(limit("b"))?.code == .halted)
    harness.command(.resume)
    #expect(harness.submit(limit("c"))?.code == .accepted)
    #expect(harness.submit(limit("b"))?.code == .duplicate)
    harness.restart()
    #expect(harness.submit(limit("d"))?.code == .accepted)
  }

  /// All connections are busy: what was handed over has not left.
  @Test(arguments: [OperatorCommand.halt(reason: "lunch", cancel: false), .cancelAll, nil])
  func `an order that waits for a connection does not leave after the operator's word`(
    command: OperatorCommand?
  ) throws {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("a"))
    harness.settle()
    let placement = try #require(harness.placements.first)
    #expect(harness.command(command ?? .cancel(signalID("a")))?.ok == true)
    let withdrawal = try #require(harness.withdrawals.first)
    #expect(withdrawal.isOfOrders)
    harness.answer(placement, .failed(.notSent(withdrawal.reason)))
    harness.advance(by: .seconds(5))
    #expect(harness.code("a") == (harness.engine.halt == nil ? .canceled : .halted))
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  @Test func `reducing, sells leave and waiting buys do not`() {
    let harness = EngineHarness.open()
    #expect(harness.command(.halt(reason: "dusk", cancel: false, scope: .buys))?.ok == true)
    var engine = harness.engine
    #expect(engine.status(at: harness.now).state == .reducing)
    #expect(harness.submit(limit("a"))?.code == .halted)
    #expect(harness.submit(limit("b", side: .sell))?.code == .accepted)
    harness.settle()
    #expect(harness.placements.count == 1)
    harness.restart()
    #expect(harness.submit(limit("c"))?.message.contains("halted but for sells: dusk") == true)
    #expect(harness.command(.halt(reason: "storm", cancel: false))?.ok == true)
    #expect(harness.submit(limit("d", side: .sell))?.code == .halted)
    #expect(harness.command(.halt(reason: "dusk", cancel: false, scope: .buys))?.ok == false)
    #expect(harness.submit(limit("e", side: .sell))?.code == .halted)
    harness.command(.resume)
    #expect(harness.submit(limit("f"))?.code == .accepted)
  }

  /// The last line after a reboot must not say that orders leave.
  @Test func `open trading that is halted is said to be halted`() {
    let harness = EngineHarness.open()
    let opened = { harness.logs.filter { $0.kind == .tradingOpen }.map(\.message) }
    #expect(opened() == ["trading is open"])
    harness.command(.halt(reason: "dusk", cancel: false, scope: .buys))
    harness.restart(after: .seconds(20))
    harness.command(.halt(reason: "storm", cancel: false))
    harness.restart(after: .seconds(20))
    harness.command(.resume)
    harness.restart(after: .seconds(20))
    #expect(
      opened() == [
        "trading is open", "trading is open, but halted for buys: dusk",
        "trading is open, but halted: storm", "trading is open",
      ])
  }

  @Test func `many reasons give the first of the order`() {
    let harness = EngineHarness.open()
    harness.command(.halt(reason: "lunch", cancel: false))
    let past = harness.now.wall.advanced(by: .milliseconds(-1))
    #expect(
      harness.submit(limit("a", symbol("DOGEUSDT")) { $0.expiry = .at(past) })?.code == .expired)
    #expect(harness.submit(limit("b", symbol("DOGEUSDT")))?.code == .halted)
    harness.command(.resume)
    #expect(
      harness.submit(limit("c", symbol("DOGEUSDT"), price: "0.001"))?.code == .symbolNotAllowed)
    #expect(harness.submit(limit("d", quantity: "0.0001", price: "0.001"))?.code == .pricePrecision)
  }
}
