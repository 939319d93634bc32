package import Platform

/// Why a request has no answer, and how far it got. Holds nothing of the request: no target, no header.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Progress: Hashable, Sendable {
    /// Provably not one byte of the request was handed to the socket.
    case notSent
    /// The server may have it, whole or in part: only asking can tell what became of it.
    case perhapsSent
  }

  /// What was going on when it failed.
  package enum Phase: String, Hashable, Sendable {
    /// Waiting for a connection, or refused before that.
    case queue
    case resolve, connect, handshake, write
    /// The request is written, and the answer has not begun.
    case firstByte
    /// The answer has begun.
    case body
  }

  package enum Reason: Hashable, Sendable, CustomStringConvertible {
    case deadline
    /// The resolver's words.
    case resolution(String)
    case system(SystemError)
    case tls(TLSFailure)
    case violation(HTTPViolation)
    /// The peer closed the connection where an answer was due.
    case peerClosed
    /// An idle connection reached its age and was replaced.
    case idle
    case invalidRequest(HTTPRequest.Flaw)
    case tooManyWaiting
    /// `withdrawWaiting()` was called.
    case withdrawn
    /// `close()` was called.
    case clientClosed

    package var description: String {
      switch self {
      case .deadline: "the time is up"
      case .resolution(let text): "the host name cannot be resolved: \(text)"
      case .system(let error): error.description
      case .tls(let failure): failure.description
      case .violation(let violation): violation.description
      case .peerClosed: "the peer closed the connection"
      case .idle: "idle for too long"
      case .invalidRequest(let flaw): flaw.description
      case .tooManyWaiting: "too many requests are waiting"
      case .withdrawn: "withdrawn before it left"
      case .clientClosed: "the client was closed"
      }
    }
  }

  package let progress: Progress
  package let phase: Phase
  package let reason: Reason
  /// `https://host[:port][/prefix]`.
  package let endpoint: String

  package init(_ progress: Progress, _ phase: Phase, _ reason: Reason, endpoint: String) {
    self.progress = progress
    self.phase = phase
    self.reason = reason
    self.endpoint = endpoint
  }

  package var description: String {
    let sent =
      switch progress {
      case .notSent: "nothing was sent"
      case .perhapsSent: "the request may have arrived"
      }
    return "\(endpoint): \(phase.words): \(reason) (\(sent))"
  }
}

extension TransportError.Phase {
  fileprivate var words: String {
    switch self {
    case .queue: "waiting for a connection"
    case .resolve: "resolving"
    case .connect: "connecting"
    case .handshake: "TLS handshake"
    case .write: "writing"
    case .firstByte: "waiting for the answer"
    case .body: "reading the answer"
    }
  }
}

extension TransportError.Reason {
  init(_ failure: ByteStream.Failure) {
    switch failure {
    case .system(let error): self = .system(error)
    case .tls(let failure): self = .tls(failure)
    case .truncated: self = .violation(.truncated)
    }
  }
}
