package import Domain

/// Whether the other end can be reached, and whether it answers.
struct ConnectionHealth {
  /// The last failure, while no connection has been made since.
  private(set) var lastError: TransportError?
  private(set) var unanswered: UnansweredRequests?

  mutating func connected() { lastError = nil }

  mutating func failed(_ error: TransportError) { lastError = error }

  mutating func asked(at now: MonotonicTime) {
    if unanswered == nil { unanswered = UnansweredRequests(since: now, error: nil) }
  }

  mutating func answered() { unanswered = nil }

  /// A request on the wire came to nothing.
  mutating func broken(_ error: TransportError) {
    lastError = error
    unanswered?.error = error
  }
}

/// A request is on the wire, or was, and nothing was answered since.
package struct UnansweredRequests: Hashable, Sendable {
  package let since: MonotonicTime
  /// Of the last request that came to nothing.
  package var error: TransportError?
}
