package import Configuration
package import Domain
package import MEXC

/// Which venue a mode trades at: the one place that names venues.
package enum VenueCatalog {
  package static func traits(in mode: TradingMode) -> VenueTraits {
    mode == .paper ? PaperVenue.traits(over: MEXCSpot.spotTraits) : MEXCSpot.spotTraits
  }

  /// `state` is what an earlier run left.
  package static func venue(
    in mode: TradingMode, credentials: MEXC.Credentials?, receiveWindow: Duration,
    restoring state: StoredState
  ) -> any Venue {
    let spot = MEXCSpot(credentials: credentials, receiveWindow: receiveWindow)
    return mode == .paper ? PaperVenue(over: spot, restoring: state) : spot
  }

  /// What the venue tells by itself; in every mode, since paper trading takes its prices from there.
  package static func streams(
    _ line: StreamLine, interval: Configuration.Price.StreamInterval,
    now: @escaping () -> Moment
  ) -> ExchangeStreams {
    let pushed: StreamChannel.Interval =
      switch interval {
      case .short: .tenMilliseconds
      case .long: .hundredMilliseconds
      }
    return ExchangeStreams(line: line, interval: pushed, now: now)
  }
}
