import Domain
import Matching
import TestKit
import Testing

/// A seeded client that does anything it likes, and what must hold whatever it does.
struct ExchangePropertyTests {
  private struct Driver {
    var exchange: SpotExchange
    var choice: SplitMix64
    var time: Int64 = 0
    let symbols = ["BTCUSDT", "LINKUSDT", "MXUSDT", "NOMARKETUSDT", "BUYONLYUSDT"].map(pair)

    init(seed: UInt64) {
      var rules = ExchangeRules()
      rules.partialPercent = 40
      rules.thinPercent = 30
      rules.volatility = 40
      exchange = SpotExchange(rules: rules, seed: seed, at: moment())
      choice = SplitMix64(seed: seed, stream: "driver")
    }

    mutating func act() {
      time += Int64(choice.below(900))
      let name = symbols[choice.below(symbols.count)]
      switch choice.below(10) {
      case 0:
        let open = exchange.openOrders(nil, at: moment(time))
        guard !open.isEmpty else { return }
        let order = open[choice.below(open.count)]
        _ = try? exchange.cancel(order.symbol, .orderID(order.orderID), at: moment(time))
      case 1: _ = exchange.cancelAll(name, at: moment(time))
      case 2: exchange.advance(to: moment(time))
      default: _ = try? exchange.place(placement(name), at: moment(time))
      }
    }

    private mutating func placement(_ name: Symbol) -> Placement {
      let rules = exchange.listing(name)?.rules
      let price = exchange.price(of: name) ?? FixedDecimal(1)
      let tick = rules?.tickSize ?? .zero
      let step = rules?.stepSize ?? .zero
      let type = OrderType.allCases[choice.below(OrderType.allCases.count)]
      let offset = FixedDecimal(units: tick.units * Int128(choice.below(2_001) - 1_000))
      let near = price.adding(offset) ?? price
      let quote = FixedDecimal(1 + choice.below(9_000))
      let base =
        quote.divided(by: price, rounding: .down)?.rounded(toMultipleOf: step, .up) ?? step
      let byQuote = type == .market && choice.chance(1, in: 2)
      return Placement(
        symbol: name, side: choice.chance(1, in: 2) ? .buy : .sell, type: type,
        amount: byQuote ? .quote(quote) : .base(base), price: near,
        clientOrderID: "c\(choice.below(500))")
    }
  }

  @Test(arguments: 0..<12)
  func `money is neither made nor lost, and no balance is negative`(_ seed: Int) {
    var driver = Driver(seed: UInt64(seed))
    for _ in 0..<400 {
      driver.act()
      for (asset, holding) in driver.exchange.wallet.assets {
        #expect(holding.free >= .zero && holding.locked >= .zero, "\(asset) after \(driver.time)")
        #expect(
          holding.free.adding(holding.locked) == holding.deposited.adding(holding.received),
          "\(asset) after \(driver.time)")
      }
    }
    let exchange = driver.exchange
    #expect(exchange.orders.count > 50)
    #expect(exchange.trades.count > 30)
    checkLocks(exchange)
    checkTrades(exchange)
  }

  /// What the wallet has locked is what the open orders say that they hold.
  private func checkLocks(_ exchange: SpotExchange) {
    var locked: [String: FixedDecimal] = [:]
    for order in exchange.orders {
      #expect(order.status.isOpen || order.locked == .zero)
      guard let rules = exchange.listing(order.symbol)?.rules else { continue }
      let asset = order.side == .buy ? rules.quoteAsset : rules.baseAsset
      locked[asset] = locked[asset, default: .zero].adding(order.locked)
    }
    for (asset, holding) in exchange.wallet.assets {
      #expect(holding.locked == locked[asset, default: .zero], "\(asset)")
    }
  }

  /// The fills of an order add up to what it says, and their money to what the wallet received.
  private func checkTrades(_ exchange: SpotExchange) {
    var received: [String: Int128] = [:]
    var executed = [Int128](repeating: 0, count: exchange.orders.count)
    for trade in exchange.trades {
      let order = exchange.orders[trade.order]
      executed[trade.order] += trade.quantity.units
      guard let rules = exchange.listing(order.symbol)?.rules else { continue }
      let sign: Int128 = order.side == .buy ? 1 : -1
      received[rules.baseAsset, default: 0] += sign * trade.quantity.units
      received[rules.quoteAsset, default: 0] -= sign * trade.quote.units + trade.fee.units
    }
    for order in exchange.orders {
      #expect(order.executedQuantity.units == executed[order.number])
      if order.quoteAmount == nil { #expect(order.executedQuantity <= order.quantity) }
      if let amount = order.quoteAmount { #expect(order.executedQuote <= amount) }
    }
    for (asset, holding) in exchange.wallet.assets {
      #expect(holding.received.units == received[asset, default: 0], "\(asset)")
    }
  }

  @Test func `the same seed and the same calls give the same history`() {
    func history(seed: UInt64) -> ([SimulatedOrder], [SimulatedTrade]) {
      var driver = Driver(seed: seed)
      for _ in 0..<300 { driver.act() }
      return (driver.exchange.orders, driver.exchange.trades)
    }
    let first = history(seed: 77)
    let second = history(seed: 77)
    #expect(first.0 == second.0)
    #expect(first.1 == second.1)
    #expect(history(seed: 78).0 != first.0)
  }

  @Test func `the walk does not depend on how often it is looked at`() {
    var often = SpotExchange(seed: 9, at: moment())
    var once = SpotExchange(seed: 9, at: moment())
    for time in stride(from: Int64(0), through: 60_000, by: 130) {
      often.advance(to: moment(time))
    }
    often.advance(to: moment(60_000))
    once.advance(to: moment(60_000))
    for listing in once.listings {
      #expect(once.price(of: listing.symbol) == often.price(of: listing.symbol))
    }
    #expect(once.price(of: pair("BTCUSDT")) != decimal("64000"))
  }
}
