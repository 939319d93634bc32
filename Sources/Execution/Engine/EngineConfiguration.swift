package import Domain

/// Everything of the configuration that decisions depend on.
package struct EngineConfiguration: Sendable {
  package struct Price: Hashable, Sendable {
    package var source: PriceSource
    package var maximumAge: Duration
    /// Basis points.
    package var maximumDeviation: FixedDecimal

    package init(
      source: PriceSource = .rest, maximumAge: Duration, maximumDeviation: FixedDecimal
    ) {
      self.source = source
      self.maximumAge = maximumAge
      self.maximumDeviation = maximumDeviation
    }
  }

  package struct Risk: Hashable, Sendable {
    /// `nil` allows every symbol.
    package var symbols: [Symbol]?
    package var maximumOrderQuote: FixedDecimal?
    package var maximumOpenOrders: Int
    package var maximumOrdersPerMinute: Int
    package var maximumDailyQuote: FixedDecimal?
    package var pauseOnNotFound: PauseScope

    package init(
      symbols: [Symbol]?, maximumOrderQuote: FixedDecimal?, maximumOpenOrders: Int,
      maximumOrdersPerMinute: Int, maximumDailyQuote: FixedDecimal?, pauseOnNotFound: PauseScope
    ) {
      self.symbols = symbols
      self.maximumOrderQuote = maximumOrderQuote
      self.maximumOpenOrders = maximumOpenOrders
      self.maximumOrdersPerMinute = maximumOrdersPerMinute
      self.maximumDailyQuote = maximumDailyQuote
      self.pauseOnNotFound = pauseOnNotFound
    }
  }

  /// What one source of signals may do.
  package struct Source: Hashable, Sendable {
    /// `nil` allows every symbol.
    package var symbols: [Symbol]?
    package var sides: [Side]
    package var maximumOrderQuote: FixedDecimal?
    /// Accepted in any 60 minutes.
    package var signalsPerHour: Int?
    /// It is to be heard at least so often.
    package var heartbeat: Duration?
    /// What is halted when it is not; `nil` halts nothing.
    package var haltOnSilence: HaltScope?

    package init(
      symbols: [Symbol]? = nil, sides: [Side] = Side.allCases,
      maximumOrderQuote: FixedDecimal? = nil, signalsPerHour: Int? = nil,
      heartbeat: Duration? = nil, haltOnSilence: HaltScope? = nil
    ) {
      self.heartbeat = heartbeat
      self.haltOnSilence = haltOnSilence
      self.symbols = symbols
      self.sides = sides
      self.maximumOrderQuote = maximumOrderQuote
      self.signalsPerHour = signalsPerHour
    }
  }

  package struct RateLimits: Hashable, Sendable {
    package var ipWeight: Int
    package var uidWeight: Int
    package var window: Duration
    package var ordersPerSecond: Int
    /// The share of each limit that is used, above 0 and at most 1.
    package var utilisation: FixedDecimal

    package init(
      ipWeight: Int, uidWeight: Int, window: Duration, ordersPerSecond: Int,
      utilisation: FixedDecimal
    ) {
      self.ipWeight = ipWeight
      self.uidWeight = uidWeight
      self.window = window
      self.ordersPerSecond = ordersPerSecond
      self.utilisation = utilisation
    }
  }

  package var mode: TradingMode
  /// Of the name that the configuration gives it, at `venue`.
  package var account: TradingAccount
  package var price: Price
  package var risk: Risk
  /// By their names; a signal of another source, or of none, is held to none of these.
  package var sources: [String: Source]
  package var rateLimits: RateLimits
  package var receiveWindow: Duration
  /// After the receive window has passed: how long an accepted order may stay invisible.
  package var settleTime: Duration
  /// The time to live of a signal that states none.
  package var defaultTimeToLive: Duration
  /// A signal must say when it was made.
  package var requiresCreatedAt: Bool
  /// Live orders leave also with an API key that may withdraw.
  package var allowsWithdrawKeys: Bool
  package var venue: VenueTraits

  /// How orders of a symbol go to the venue: to be placed, or only to be checked, which is done one by
  /// one.
  package func placement(of requests: [OrderRequest]) -> ExchangeRequest {
    mode == .validate ? .validate(requests[0]) : .place(requests)
  }

  package init(
    mode: TradingMode, account: String, price: Price, risk: Risk, sources: [String: Source] = [:],
    rateLimits: RateLimits, receiveWindow: Duration, settleTime: Duration,
    defaultTimeToLive: Duration, requiresCreatedAt: Bool = false,
    allowsWithdrawKeys: Bool = false, venue: VenueTraits
  ) {
    self.mode = mode
    self.account = TradingAccount(venue: venue.name, name: account)
    self.price = price
    self.risk = risk
    self.sources = sources
    self.rateLimits = rateLimits
    self.receiveWindow = receiveWindow
    self.settleTime = settleTime
    self.defaultTimeToLive = defaultTimeToLive
    self.requiresCreatedAt = requiresCreatedAt
    self.allowsWithdrawKeys = allowsWithdrawKeys
    self.venue = venue
  }
}
