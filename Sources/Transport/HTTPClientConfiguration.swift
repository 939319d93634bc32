import Domain
package import Platform

extension HTTPClient {
  package struct Configuration: Sendable {
    /// Requests that may wait for a connection: more than any rate limit lets through in the time
    /// that one may wait.
    package static let waitingMaximum = 1_024
    /// Beyond the warm ones, for bursts. So many orders are on the wire when the exchange demands a
    /// back-off, and it bans who sends too many inside one.
    package static let extraConnections = 4
    /// A server that drops idle connections does so after 60 s or more, as a rule; a placement on a
    /// connection that is about to be dropped has an unknown outcome.
    package static let idleMaximum: Duration = .seconds(45)
    /// Within this time after an answer a healthy server does not drop the connection.
    package static let freshness: Duration = .seconds(5)

    package var warmConnections = 2
    package var resolveDeadline: Duration = .seconds(5)
    package var connectDeadline: Duration = .seconds(5)
    package var handshakeDeadline: Duration = .seconds(5)
    /// From the write to the first byte of the answer.
    package var firstByteDeadline: Duration = .seconds(10)
    /// From the write to the last byte of the answer.
    package var answerDeadline: Duration = .seconds(10)
    package var idleMaximum: Duration = idleMaximum
    package var freshness: Duration = freshness
    package var backOff = BackOffLimits()
    package var limits = HTTPLimits()
    /// The User-Agent field: `mexc-signald/<version>`.
    package var userAgent = "mexc-signald"

    package init() {}

    package var maximumConnections: Int { warmConnections + Self.extraConnections }

    /// How long a request may wait for a connection: as long as making one may take.
    package var waitingDeadline: Duration {
      resolveDeadline + connectDeadline + handshakeDeadline
    }

    var attemptDeadlines: ConnectionAttempt.Deadlines {
      ConnectionAttempt.Deadlines(
        resolve: resolveDeadline, connect: connectDeadline, handshake: handshakeDeadline)
    }

    var exchangeDeadlines: ClientConnection.Deadlines {
      ClientConnection.Deadlines(firstByte: firstByteDeadline, answer: answerDeadline)
    }
  }
}

/// How a client stands, for a status report.
package struct HTTPClientStatus: Hashable, Sendable {
  package let idle: Int
  package let busy: Int
  package let connecting: Int
  package let waiting: Int
  /// The last failure, while no connection has been made since.
  package let lastError: TransportError?
  /// `nil` while what is asked is answered.
  package let unanswered: UnansweredRequests?

  package var open: Int { idle + busy }
}

/// Something that happened to a client's connections.
package enum HTTPConnectionEvent: Sendable, CustomStringConvertible {
  case connected(IPAddress, after: Duration)
  /// A connection is gone; `.idle` when the client closed it itself.
  case lost(TransportError.Reason)
  case failed(TransportError)
  /// The name could not be resolved (the resolver's words); the addresses of before are tried.
  case usingOldAddresses(String)

  package var description: String {
    switch self {
    case .connected(let address, let elapsed):
      "connected to \(address) in \(elapsed.wholeNanoseconds / 1_000) µs"
    case .lost(let reason): "connection closed: \(reason)"
    case .failed(let error): "\(error)"
    case .usingOldAddresses(let text):
      "the host name is not resolved (\(text)): the addresses of before are tried"
    }
  }
}
