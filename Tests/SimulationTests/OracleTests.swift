import Domain
import Execution
import Testing

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
    if mayHaveLeft { oracle.mayHaveLeft = [order.request.clientOrderID.text] }
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
    wishes.delivered(try signal(for: order, amount), as: order.clientOrderID.text)
    return wishes.contain(order)
  }

  @Test
  func `an order is as one of its signals asked`() throws {
    let asked = try order(of: Oracle(world)).request
    let signal = try signal(for: asked, asked.amount)
    var wishes = Wishes()
    wishes.delivered(signal, as: asked.clientOrderID.text)
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
    unnamed.delivered(signal, as: "sgother")
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
}
