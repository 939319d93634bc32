package import Domain
package import Execution
package import MEXC
package import Transport

/// An exchange as the daemon knows it: its traits, what a request of ours is there, and what its
/// answers mean. One more venue is one more conformance and one line in `VenueCatalog`.
package protocol Venue {
  var traits: VenueTraits { get }

  /// What opens the stream of the account's orders, behind the path of the streams; `nil` without a key
  /// for it. A secret.
  var accountStreamTarget: String? { get }

  /// What becomes of a request. `stampedAt` is the venue's time, `now` this machine's.
  mutating func begin(_ request: ExchangeRequest, stampedAt: WallTime, now: Moment) -> VenueStep

  /// What the venue's answer to `request`, or the lack of one, means. `earliest` is the earliest that
  /// the venue's time can be: a wait that ends at a date must not end early.
  mutating func answer(
    to request: ExchangeRequest, _ result: Result<HTTPResponse, TransportError>,
    earliest: WallTime, now: Moment
  ) -> ExchangeAnswer

  /// A price was pushed: a venue that fills orders by itself fills by it.
  mutating func learn(_ symbol: Symbol, _ price: MarketPrice, now: Moment)
}

extension Venue {
  package mutating func learn(_ symbol: Symbol, _ price: MarketPrice, now: Moment) {}
}

package enum VenueStep {
  /// Goes over the wire.
  case send(HTTPRequest)
  /// Is answered at once, by the venue's own means.
  case answered(ExchangeAnswer)
}

extension MEXCSpot: Venue {
  package var traits: VenueTraits { Self.spotTraits }

  package var accountStreamTarget: String? { listenKey?.target("") }

  package mutating func begin(
    _ request: ExchangeRequest, stampedAt: WallTime, now: Moment
  ) -> VenueStep {
    guard let http = httpRequest(for: request, stampedAt: stampedAt) else {
      return .answered(.failed(.notSent("there are no credentials to sign with")))
    }
    return .send(http)
  }

  package mutating func answer(
    to request: ExchangeRequest, _ result: Result<HTTPResponse, TransportError>,
    earliest: WallTime, now: Moment
  ) -> ExchangeAnswer {
    answer(to: request, result, now: earliest)
  }
}
