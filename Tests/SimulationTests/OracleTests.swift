import Domain
import Execution
import Testing
import Transport

@testable import Simulation

/// What the program's own tables make impossible, so that no planted fault gets so far.
@Suite("The oracle")
struct OracleTests {
  private let world = World(Scenario(seed: 1), keepsWords: false)
  private let at = WallTime(milliseconds: 1_767_225_600_000)

  private func event(_ order: Order, _ change: OrderEvent) -> StoreWrite {
    .appendEvent(
      HistoryEvent(at: at, subject: .order(order.key), kind: change.kind, detail: change.detail))
  }

  private func order(of oracle: Oracle) throws -> Order {
    let request = OrderRequest(
      clientOrderID: try #require(ClientOrderID("sgone")),
      symbol: try #require(Symbol(exchangeText: "BTCUSDT")), side: .buy, type: .limit,
      amount: .base(FixedDecimal(1)), price: FixedDecimal(2))
    return Order(
      key: OrderKey(signal: try #require(SignalID("s1"))), account: oracle.configuration.account,
      request: request, reservedQuote: nil, at: at)
  }

  @Test
  func `an event after an order's end breaks a promise of its own`() throws {
    let oracle = Oracle(world)
    let order = try order(of: oracle)
    oracle.take([
      event(order, .created(order.request, reservedQuote: nil)),
      event(order, .denied(.expired, "late")),
    ])
    #expect(world.violation == nil)
    oracle.take([event(order, .acknowledged(orderID: "C02__1"))])
    #expect(world.violation?.invariant == .terminalNeverChanges)
  }

  @Test(arguments: [false, true])
  func `an order that is to be sent once more is not found only where it may have left`(
    mayHaveLeft: Bool
  ) throws {
    let oracle = Oracle(world)
    let order = try order(of: oracle)
    let armament = OrderEvent.Armament(
      attempt: 1, stampedAt: at, receiveWindow: .seconds(5),
      quote: Quote(price: FixedDecimal(2), askedAt: at))
    oracle.take([
      event(order, .created(order.request, reservedQuote: nil)),
      event(order, .armed(armament)),
      event(order, .mayRetry("refused")),
    ])
    #expect(world.violation == nil)
    if mayHaveLeft { oracle.departures.runEnded(noted: order.request.clientOrderID.text) }
    oracle.take([event(order, .notFound("nowhere"))])
    #expect((world.violation?.invariant == .unsentIsNotGivenUp) == !mayHaveLeft)
  }

  private func signal(for request: OrderRequest, _ amount: Signal.Amount) throws -> Signal {
    Signal(
      id: try #require(SignalID("s1")), symbol: request.symbol, side: request.side,
      type: request.type, amount: amount, price: request.price)
  }

  /// Whether the order serves a signal of its name that is like it, and of this amount.
  private func isAsAsked(_ order: OrderRequest, _ amount: Signal.Amount) throws -> Bool {
    var wishes = Wishes()
    wishes.delivered(try signal(for: order, amount), as: order.clientOrderID.text, at: at)
    return wishes.contain(order)
  }

  @Test
  func `an order is as one of its signals asked`() throws {
    let asked = try order(of: Oracle(world)).request
    let signal = try signal(for: asked, asked.amount)
    var wishes = Wishes()
    wishes.delivered(signal, as: asked.clientOrderID.text, at: at)
    #expect(wishes.contain(asked))
    let ether = try #require(Symbol(exchangeText: "ETHUSDT"))
    let changes: [(inout OrderRequest) -> Void] = [
      { $0.symbol = ether }, { $0.side = .sell }, { $0.type = .limitMaker },
      { $0.price = FixedDecimal(3) }, { $0.amount = .quote(FixedDecimal(1)) },
    ]
    for change in changes {
      var other = asked
      change(&other)
      #expect(!wishes.contain(other), "\(other)")
    }
    var unnamed = Wishes()
    unnamed.delivered(signal, as: "sgother", at: at)
    #expect(!unnamed.contain(asked))
  }

  /// A step is 0.000001 BTC.
  @Test(arguments: [
    ("1", true), ("1.0000009", true), ("1.000001", false), ("0.9999999", false),
  ])
  func `an amount is rounded down by less than a step`(asked: String, serves: Bool) throws {
    let order = try order(of: Oracle(world)).request
    let amount = Signal.Amount.base(try FixedDecimal(exchangeText: asked))
    #expect(try isAsAsked(order, amount) == serves)
  }

  /// A step is 0.01 USDT.
  @Test(arguments: [
    ("10", true), ("10.009", true), ("10.01", false), ("9.999", false),
  ])
  func `a worth is rounded down by less than a step`(asked: String, serves: Bool) throws {
    var order = try order(of: Oracle(world)).request
    (order.type, order.price, order.amount) = (.market, nil, .quote(FixedDecimal(10)))
    let amount = Signal.Amount.quote(try FixedDecimal(exchangeText: asked))
    #expect(try isAsAsked(order, amount) == serves)
  }

  /// At a price of 2 USDT.
  @Test(arguments: [
    ("2", true), ("2.0000019", true), ("2.000002", false), ("1.999999", false),
  ])
  func `a worth at a price is rounded down to a quantity`(asked: String, serves: Bool) throws {
    let order = try order(of: Oracle(world)).request
    let amount = Signal.Amount.quote(try FixedDecimal(exchangeText: asked))
    #expect(try isAsAsked(order, amount) == serves)
  }

  // MARK: Signals

  @Test
  func `a signal lives from its creation on, or else from when it was handed over`() throws {
    var signal = try signal(for: order(of: Oracle(world)).request, .base(FixedDecimal(1)))
    signal.expiry = .timeToLive(.seconds(5))
    var wishes = Wishes()
    wishes.delivered(signal, as: "sgone", at: at)
    #expect(wishes.end(of: "sgone") == at.advanced(by: .seconds(5)))
    signal.createdAt = at.advanced(by: .seconds(-600))
    wishes.delivered(signal, as: "sgone", at: at)
    wishes.delivered(signal, as: "sgother", at: at)
    #expect(wishes.end(of: "sgone") == at.advanced(by: .seconds(5)))
    #expect(wishes.end(of: "sgother") == at.advanced(by: .seconds(-595)))
  }

  /// The order's own price is 2 USDT.
  @Test(
    arguments: [
      (nil, "2.02", true), (nil, "1.98", true), (nil, "2.0201", false), ("2.04", "2.02", true),
      ("2.05", "2.02", false),
    ] as [(String?, String, Bool)])
  func `an order leaves near the price that its signal was made for`(
    reference: String?, current: String, isAllowed: Bool
  ) throws {
    let order = try order(of: Oracle(world)).request
    var signal = try signal(for: order, order.amount)
    signal.referencePrice = try reference.map { try FixedDecimal(exchangeText: $0) }
    var wishes = Wishes()
    wishes.delivered(signal, as: order.clientOrderID.text, at: at)
    let price = try FixedDecimal(exchangeText: current)
    #expect(wishes.allow(order, at: price, within: FixedDecimal(100)) == isAllowed)
  }

  @Test
  func `a price is the one that was told of the symbol`() throws {
    let call = WireCall(HTTPRequest(.get, "/api/v3/ticker/price?symbol=BTCUSDT"))
    var prices = AskedPrices()
    prices.sent(call, world)
    let quote = Quote(price: FixedDecimal(2), askedAt: world.machineNow.wall)
    let bitcoin = try #require(Symbol(exchangeText: "BTCUSDT"))
    #expect(prices.sentAt(of: quote, for: bitcoin, world) == nil)
    let body = Array(#"{"symbol":"BTCUSDT","price":"2"}"#.utf8)
    prices.answered(call, HTTPResponse(status: 200, body: body))
    #expect(prices.sentAt(of: quote, for: bitcoin, world) == world.time)
    let ether = try #require(Symbol(exchangeText: "ETHUSDT"))
    #expect(prices.sentAt(of: quote, for: ether, world) == nil)
    let other = Quote(price: FixedDecimal(3), askedAt: world.machineNow.wall)
    #expect(prices.sentAt(of: other, for: bitcoin, world) == nil)
  }

  // MARK: Limits

  /// Has so many orders taken and sent, of which the daemon says that it holds nothing for them.
  private func trade(
    _ count: Int, worth: Int, isFilled: Bool = false, _ oracle: Oracle
  ) throws {
    let symbol = try #require(Symbol(exchangeText: "BTCUSDT"))
    for number in 1...count {
      let id = try #require(SignalID("n\(number)"))
      let name = try #require(ClientOrderID("sgn\(number)"))
      let quantity = FixedDecimal(worth / 2)
      let request = OrderRequest(
        clientOrderID: name, symbol: symbol, side: .buy, type: .limit, amount: .base(quantity),
        price: FixedDecimal(2))
      let order = Order(
        key: OrderKey(signal: id), account: oracle.configuration.account, request: request,
        reservedQuote: nil, at: at)
      let record = SignalRecord(
        signalID: id, symbol: symbol, side: .buy, type: .limit, contentDigest: [], raw: [],
        origin: .socket("uid=1"), receivedAt: at, expiresAt: at, clientOrderID: name,
        decision: .accepted, message: "", decidedAt: at)
      let armament = OrderEvent.Armament(
        attempt: 1, stampedAt: at, receiveWindow: .seconds(5),
        quote: Quote(price: FixedDecimal(2), askedAt: at))
      oracle.take([
        .insertSignal(record), event(order, .created(request, reservedQuote: nil)),
        event(order, .armed(armament)),
      ])
      guard isFilled else { continue }
      let report = OrderReport(
        orderID: "C02__\(number)", clientOrderID: name.text, symbol: symbol, side: .buy,
        type: .limit, price: FixedDecimal(2), quantity: quantity, executedQuantity: quantity,
        executedQuote: FixedDecimal(worth), status: .filled)
      oracle.take([event(order, .observed(report))])
    }
  }

  private func isCapHeld(
    _ count: Int, worth: Int, isFilled: Bool = false
  ) throws -> Bool {
    let world = World(Scenario(seed: 1), keepsWords: false)
    try trade(count, worth: worth, isFilled: isFilled, Oracle(world))
    #expect(world.violation == nil || world.violation?.invariant == .capsHold)
    return world.violation == nil
  }

  @Test
  func `limits hold for what the orders ask for`() throws {
    #expect(try isCapHeld(1, worth: 5_000))
    #expect(try !isCapHeld(1, worth: 5_002))
    let ofADay = world.dials.dailyQuote / 5_000
    #expect(try isCapHeld(ofADay, worth: 5_000))
    #expect(try !isCapHeld(ofADay + 1, worth: 5_000))
  }

  @Test
  func `limits hold for how many orders there are`() throws {
    #expect(try isCapHeld(world.dials.openOrders, worth: 2))
    #expect(try !isCapHeld(world.dials.openOrders + 1, worth: 2))
    let ofAMinute = world.dials.ordersPerMinute
    #expect(try isCapHeld(ofAMinute, worth: 2, isFilled: true))
    #expect(try !isCapHeld(ofAMinute + 1, worth: 2, isFilled: true))
  }

  // MARK: Commands

  /// What an answer to a command breaks, after these writes.
  private func broken(
    by command: OperatorCommand, isDone: Bool = true, after writes: [StoreWrite]
  ) -> Invariant? {
    let world = World(Scenario(seed: 1), keepsWords: false)
    let oracle = Oracle(world)
    oracle.take(writes)
    CommandsCheck(oracle).answered(command, CommandAnswer(ok: isDone, message: ""))
    return world.violation?.invariant
  }

  @Test
  func `a halt that is said to be done is on record`() {
    let all = OperatorCommand.halt(reason: "", cancel: false)
    let buys = OperatorCommand.halt(reason: "", cancel: false, scope: .buys)
    let ofAll = StoreWrite.setHalt(HaltRecord(reason: "", since: at))
    let ofBuys = StoreWrite.setHalt(HaltRecord(reason: "", since: at, scope: .buys))
    #expect(broken(by: all, after: []) == .commandsAreDone)
    #expect(broken(by: all, after: [ofBuys]) == .commandsAreDone)
    #expect(broken(by: buys, after: []) == .commandsAreDone)
    #expect(broken(by: all, isDone: false, after: []) == nil)
    #expect(broken(by: all, after: [ofAll]) == nil)
    #expect(broken(by: buys, after: [ofBuys]) == nil)
  }

  @Test
  func `a cancel that is said to be done is on record`() throws {
    let order = try order(of: Oracle(world))
    let armament = OrderEvent.Armament(
      attempt: 1, stampedAt: at, receiveWindow: .seconds(5),
      quote: Quote(price: FixedDecimal(2), askedAt: at))
    let open = [
      event(order, .created(order.request, reservedQuote: nil)), event(order, .armed(armament)),
      event(order, .acknowledged(orderID: "C02__1")),
    ]
    let asked = open + [event(order, .cancelRequested(by: "operator"))]
    let refused = asked + [event(order, .cancelAnswered("no", isDefinite: true))]
    for command in [OperatorCommand.cancel(order.key.signal), .cancelAll] {
      #expect(broken(by: command, after: open) == .commandsAreDone)
      #expect(broken(by: command, isDone: false, after: open) == nil)
      #expect(broken(by: command, after: asked) == nil)
      #expect(broken(by: command, after: refused) == nil)
    }
  }

  // MARK: Departures

  @Test
  func `an order may have left unseen when a restart of the machine or a kill has its record`() {
    var departures = UnseenDepartures()
    departures.runBegins()
    departures.taken("sgone")
    #expect(!departures.mayInclude("sgone"))
    departures.runEndsInOrder()
    departures.machineRestarts()
    #expect(!departures.mayInclude("sgone"))
    departures.runBegins()
    departures.runEnded(noted: "sgnoted")
    #expect(departures.mayInclude("sgnoted") && !departures.mayInclude("sgone"))
    departures.machineRestarts()
    departures.taken("sglater")
    #expect(departures.mayInclude("sgone") && !departures.mayInclude("sglater"))
  }
}
