import Domain
import Simulation
import Testing

/// The whole program at the second venue: the same promises, and nothing of the first venue is needed
/// for them.
@Suite struct ToyVenueRunTests {
  @Test func `no seed breaks a promise at another venue`() throws {
    let simulator = try Simulator()
    var orders = 0
    var placements = 0
    var lives = 0
    for seed in UInt64(1)...25 {
      let outcome = simulator.run(Scenario(seed: seed, at: .toy))
      #expect(outcome.violation == nil, "seed \(seed)")
      orders += outcome.orders
      placements += outcome.placements
      lives += outcome.lives
    }
    #expect(orders > 100)
    #expect(placements >= orders)
    #expect(lives > 50)
  }

  @Test(arguments: [
    Plant.hiddenResend, .sendBeforeCommit, .timeoutIsRefusal, .resendAfterNotFound, .fillsDoubled,
  ])
  func `a planted fault is caught at another venue`(plant: Plant) throws {
    let simulator = try Simulator()
    let caught = (UInt64(1)...200).contains { seed in
      simulator.run(Scenario(seed: seed, plant: plant, at: .toy)).violation != nil
    }
    #expect(caught)
  }

  @Test func `what is written to the toy venue can be read there`() throws {
    let symbol = try #require(Symbol(exchangeText: "TOYUSDT"))
    let other = try #require(Symbol(exchangeText: "BTCUSDT"))
    let name = try #require(ClientOrderID("toy-first"))
    let since = WallTime(milliseconds: 1_700_000_000_123)
    let order = OrderRequest(
      clientOrderID: name, symbol: symbol, side: .buy, type: .immediateOrCancel,
      amount: .quote(FixedDecimal(25)), price: FixedDecimal(99))
    var market = order
    market.type = .market
    market.price = nil
    market.amount = .base(FixedDecimal(3))
    let requests: [ExchangeRequest] = [
      .serverTime, .instruments([symbol]), .instruments([symbol, other]), .prices([symbol, other]),
      .place([order]), .place([market]), .validate(order), .order(symbol, .clientOrderID(name)),
      .order(symbol, .orderID("C02__1")), .openOrders(symbol), .recentOrders(symbol, since: since),
      .trades(symbol, since: since), .cancel(symbol, .orderID("C02__1")),
      .cancel(symbol, .clientOrderID(name)),
    ]
    for request in requests {
      let call = ToyCall(request: request, stampedAt: since, receiveWindow: .seconds(5))
      let http = try #require(call.httpRequest)
      let read = ToyCall(http)
      #expect(read?.request == request)
      #expect(read?.stampedAt == since)
      #expect(read?.receiveWindow == .seconds(5))
    }
  }

  @Test func `the toy venue has no batches and no streams`() throws {
    let symbol = try #require(Symbol(exchangeText: "TOYUSDT"))
    let name = try #require(ClientOrderID("toy-first"))
    let order = OrderRequest(
      clientOrderID: name, symbol: symbol, side: .buy, type: .limit,
      amount: .base(FixedDecimal(1)), price: FixedDecimal(99))
    let requests: [ExchangeRequest] = [
      .place([order, order]), .tradableSymbols, .openAccountStream, .extendAccountStream,
    ]
    for request in requests {
      let call = ToyCall(
        request: request, stampedAt: WallTime(milliseconds: 1), receiveWindow: .seconds(5))
      #expect(call.httpRequest == nil)
    }
  }
}
