extension HTTPClient {
  /// What a request may leave on, and what it goes ahead of.
  package enum Kind: Hashable, Sendable {
    /// Leaves on any connection that looks alive.
    case ordinary
    /// The same, on another than the one that proved itself last, which stays free for an order.
    case proof
    /// Goes ahead of ordinary requests, on any connection that looks alive.
    case urgent
    /// Must not be sent twice, and its loss costs a search: goes ahead of all others, and only on a
    /// connection that was made or has answered within `Configuration.freshness`.
    case once
  }
}

extension HTTPClient.Configuration {
  /// How many connections may be open and busy for a request of the kind to take one more. Reads leave
  /// one place: while the answers to them are late, an order or a cancel must not wait for one.
  func places(for kind: HTTPClient.Kind) -> Int {
    switch kind {
    case .once, .urgent: maximumConnections
    case .ordinary, .proof: maximumConnections - 1
    }
  }
}
