package import Domain
import JSON
import Matching
package import Transport

/// The WebSocket side, as whoever owns the sockets drives it: after every call, and when `streamsDue`
/// says so, it takes the deliveries.
extension SpotFace {
  static let streamPath = "/ws"

  /// Whether a request asks for a stream, and not for an answer.
  package func isAboutStreams(_ request: WireRequest) -> Bool {
    configuration.hasStreams && request.method == "GET" && request.path == Self.streamPath
  }

  /// Why the request may not be upgraded; `nil` when it may.
  package mutating func streamRefusal(_ request: WireRequest) -> HTTPResponse? {
    switch streams.upgradeRefusal(listenKey: Self.listenKey(request)) {
    case nil: nil
    case .unavailable: .serverError(503)
    // What the exchange answers then is not documented.
    case .tooManyConnections: .json(400, ["code": 400, "msg": "too many connections"])
    }
  }

  /// The number of the connection that the request was upgraded to.
  package mutating func openStream(_ request: WireRequest, at now: Moment) -> Int {
    streams.open(
      listenKey: Self.listenKey(request), keys: listenKeys, exchange: &exchange, at: now.monotonic)
  }

  /// A text frame of the client.
  package mutating func receive(_ text: String, onStream number: Int, at now: Moment) {
    streams.receive(text, from: number, exchange: exchange, at: now.monotonic)
  }

  /// The client has gone, or never came.
  package mutating func streamEnded(_ number: Int) {
    streams.ended(number)
  }

  /// Everything that the connections are to get by now.
  package mutating func streamDeliveries(at now: Moment) -> [StreamDelivery] {
    let now = Self.shifted(now, by: configuration)
    if streams.isInUse { exchange.advance(to: now) }
    return streams.turn(exchange: &exchange, keys: &listenKeys, at: now)
  }

  /// When deliveries are to be taken again at the latest; `nil` while nobody is connected.
  package func streamsDue(at now: Moment) -> MonotonicTime? {
    streams.due(keys: listenKeys, at: now.monotonic)
  }

  /// `nil` for a stream of public data; an empty key is one, and dead.
  private static func listenKey(_ request: WireRequest) -> String? {
    let parameters = Parameters(query: request.query, body: [])
    return parameters.contains("listenKey") ? parameters["listenKey"] ?? "" : nil
  }
}
