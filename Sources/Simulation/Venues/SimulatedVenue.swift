import Daemon
import Domain
import MEXC
import Transport

/// At which venue a run trades. One more is a folder beside this file and a line in each function here.
/// The raw values are how `--venue` calls them.
package enum SimulatedVenue: String, CaseIterable, Hashable, Sendable {
  case mexc = "mexc-spot"
  case toy

  func traits(in mode: TradingMode) -> VenueTraits {
    switch self {
    case .mexc: VenueCatalog.traits(in: mode)
    case .toy: mode == .paper ? PaperVenue.traits(over: ToyVenue.traits) : ToyVenue.traits
    }
  }

  var hasStreams: Bool {
    switch self {
    case .mexc: true
    case .toy: false
    }
  }

  /// `state` is what an earlier run left.
  func venue(
    in mode: TradingMode, credentials: MEXC.Credentials, receiveWindow: Duration,
    restoring state: StoredState
  ) -> any Venue {
    switch self {
    case .mexc:
      return VenueCatalog.venue(
        in: mode, credentials: credentials, receiveWindow: receiveWindow, restoring: state)
    case .toy:
      let toy = ToyVenue(receiveWindow: receiveWindow)
      return mode == .paper ? PaperVenue(over: toy, restoring: state) : toy
    }
  }

  /// `nil` where the venue's words are those of the simulated exchange.
  func gateway(_ credentials: MEXC.Credentials) -> ToyGateway? {
    switch self {
    case .mexc: nil
    case .toy: ToyGateway(credentials)
    }
  }
}
