import Domain
import Platform

/// What the owner of a WebSocket hears.
package enum WebSocketEvent: Hashable, Sendable {
  /// The upgrade is done; only a client's owner hears it.
  case opened
  case text(String)
  case binary([UInt8])
  /// Comes once, and nothing after it.
  case closed(WebSocketEnd)
}

/// Why a WebSocket is closed, or never opened. Holds nothing of the request's target.
package enum WebSocketEnd: Error, Hashable, Sendable, CustomStringConvertible {
  /// It never opened: no connection, or no whole answer to the request.
  case notConnected(TransportError)
  /// It never opened: the answer was another one.
  case refused(WebSocketRefusal)
  /// The peer's close frame; no code when it had none.
  case closedByPeer(WebSocketCloseCode?, String)
  /// The owner called `close`, and the peer has answered it if there was one.
  case closedByOwner
  /// The owner called `close`, and the peer did not answer in time.
  case closingUnanswered
  /// The peer broke a rule, and was told so.
  case violation(WebSocketViolation)
  case lost(TransportError.Reason)
  /// Nothing at all was received for so long.
  case idle(Duration)
  /// The peer reads too slowly, or not at all.
  case outputFull

  package var description: String {
    switch self {
    case .notConnected(let error): "\(error)"
    case .refused(let refusal): "the upgrade to a WebSocket was refused: \(refusal)"
    case .closedByPeer(nil, _): "the peer closed it without a code"
    case .closedByPeer(let code?, ""): "the peer closed it with code \(code)"
    case .closedByPeer(let code?, let reason):
      "the peer closed it with code \(code): \(ByteText.printable(reason))"
    case .closedByOwner: "closed from this side"
    case .closingUnanswered: "closed from this side, which the peer did not answer"
    case .violation(let violation): "the peer broke the protocol: \(violation)"
    case .lost(let reason): "the connection was lost: \(reason)"
    case .idle(let limit): "nothing was received for \(limit.wholeNanoseconds / 1_000_000) ms"
    case .outputFull: "the peer does not read what is sent to it"
    }
  }
}

/// How a server answered an upgrade, other than by doing it.
package enum WebSocketRefusal: Hashable, Sendable, CustomStringConvertible {
  /// Another status than 101, the beginning of the answer's text, and its Retry-After and Date fields.
  case status(Int, String, retryAfter: [String] = [], date: [String] = [])
  /// The Upgrade field does not name a WebSocket.
  case upgradeInvalid
  case connectionInvalid
  /// Sec-WebSocket-Accept does not answer our key.
  case acceptInvalid
  /// An extension that was not asked for.
  case extensionUnasked
  /// A subprotocol that was not asked for.
  case subprotocolUnasked

  package var description: String {
    switch self {
    case .status(let status, "", _, _): "status \(status)"
    case .status(let status, let text, _, _): "status \(status): \(ByteText.printable(text))"
    case .upgradeInvalid: "status 101 without Upgrade: websocket"
    case .connectionInvalid: "status 101 without Connection: Upgrade"
    case .acceptInvalid: "status 101 with a wrong Sec-WebSocket-Accept"
    case .extensionUnasked: "status 101 with an extension that was not asked for"
    case .subprotocolUnasked: "status 101 with a subprotocol that was not asked for"
    }
  }
}
