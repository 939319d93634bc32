import Domain
import Execution
import Matching
import SimulatedExchange

extension EngineConfiguration {
  /// As a run's dials say; what they do not say is the same in every run.
  init(_ dials: Dials, _ mode: TradingMode, at venue: SimulatedVenue) {
    self.init(
      mode: mode, account: SimulatedProcess.account,
      price: .init(
        source: dials.hasStreams && mode == .live ? .auto : .rest,
        maximumAge: Oracle.maximumPriceAge, maximumDeviation: FixedDecimal(100)),
      risk: .init(
        symbols: SimulatedNetwork.listings.map(\.symbol),
        maximumOrderQuote: Oracle.maximumOrderQuote, maximumOpenOrders: dials.openOrders,
        maximumOrdersPerMinute: dials.ordersPerMinute,
        maximumDailyQuote: FixedDecimal(dials.dailyQuote),
        pauseOnNotFound: PauseScope.allCases[dials.pausesOn]),
      rateLimits: .init(
        ipWeight: dials.ipWeight, uidWeight: dials.uidWeight, window: .seconds(10),
        ordersPerSecond: dials.ordersPerSecond, utilisation: .scaled(95, digits: 2)),
      receiveWindow: dials.receiveWindow, settleTime: dials.settleTime,
      defaultTimeToLive: .seconds(30), venue: venue.traits(in: mode))
  }
}
