package import Domain
package import MEXC

/// Which venue a mode trades at: the one place that names venues.
package enum VenueCatalog {
  package static func traits(in mode: TradingMode) -> VenueTraits {
    mode == .paper ? PaperVenue.traits(over: MEXCSpot.spotTraits) : MEXCSpot.spotTraits
  }

  /// `openOrders` are those that an earlier run left at the venue.
  package static func venue(
    in mode: TradingMode, credentials: MEXC.Credentials?, receiveWindow: Duration,
    openOrders: [Order]
  ) -> any Venue {
    let spot = MEXCSpot(credentials: credentials, receiveWindow: receiveWindow)
    return mode == .paper ? PaperVenue(over: spot, openOrders: openOrders) : spot
  }
}
