package import Configuration
package import Domain
package import Execution

extension Configuration {
  /// The part that decisions depend on.
  package func engineConfiguration(venue: VenueTraits) -> EngineConfiguration {
    EngineConfiguration(
      mode: mode, account: exchange.account,
      price: EngineConfiguration.Price(
        source: price.source, maximumAge: price.maximumAge,
        maximumDeviation: price.maximumDeviation),
      risk: engineRisk, sources: engineSources,
      rateLimits: EngineConfiguration.RateLimits(
        ipWeight: rateLimits.ipWeight, uidWeight: rateLimits.uidWeight,
        window: rateLimits.window, ordersPerSecond: rateLimits.ordersPerSecond,
        utilisation: rateLimits.utilisation),
      receiveWindow: exchange.receiveWindow, settleTime: exchange.settleTime,
      defaultTimeToLive: intake.defaultTimeToLive,
      requiresCreatedAt: intake.requiresCreatedAt,
      allowsWithdrawKeys: credentials.allowsWithdrawKeys, venue: venue)
  }

  private static func halt(_ consequence: Source.OnSilence) -> HaltScope? {
    switch consequence {
    case .event: nil
    case .reducing: .buys
    case .halt: .all
    }
  }

  private var engineSources: [String: EngineConfiguration.Source] {
    var table: [String: EngineConfiguration.Source] = [:]
    for source in sources {
      table[source.name] = EngineConfiguration.Source(
        symbols: source.symbols.list, sides: source.sides,
        maximumOrderQuote: source.maximumOrderQuote, signalsPerHour: source.signalsPerHour,
        heartbeat: source.heartbeat, haltOnSilence: Self.halt(source.onSilence))
    }
    return table
  }

  private var engineRisk: EngineConfiguration.Risk {
    EngineConfiguration.Risk(
      symbols: risk.symbols.list, maximumOrderQuote: risk.maximumOrderQuote,
      maximumOpenOrders: risk.maximumOpenOrders,
      maximumOrdersPerMinute: risk.maximumOrdersPerMinute,
      maximumDailyQuote: risk.maximumDailyQuote, pauseOnNotFound: risk.pauseOnNotFound)
  }
}
