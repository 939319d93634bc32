import Domain
import Execution
import Testing

extension EngineConfiguration {
  /// Of a venue that names no other symbol.
  static func forOneSymbol() throws -> EngineConfiguration {
    let symbol = try #require(Symbol(exchangeText: "BTCUSDT"))
    return EngineConfiguration(
      mode: .live, account: "main",
      price: .init(maximumAge: .seconds(2), maximumDeviation: FixedDecimal(1)),
      risk: .init(
        symbols: [symbol], maximumOrderQuote: FixedDecimal(100), maximumOpenOrders: 5,
        maximumOrdersPerMinute: 5, maximumDailyQuote: nil, pauseOnNotFound: .symbol),
      rateLimits: .init(
        ipWeight: 100, uidWeight: 100, window: .seconds(10), ordersPerSecond: 12,
        utilisation: FixedDecimal(1)),
      receiveWindow: .seconds(5), settleTime: .seconds(60), defaultTimeToLive: .seconds(30),
      venue: VenueTraits(
        name: "test", cost: { RequestCost(ipWeight: $0 == .serverTime ? 1 : 10, uidWeight: 0) },
        limitsPairs: true, accountReadsPerSecond: 2, stampLead: .seconds(1),
        listReach: .seconds(500_000), worthAList: 6))
  }
}
