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
  /// How many connections may be busy at most with a request of the kind among them. While the answers to
  /// ordinary requests are late, an urgent one must not wait for a place, and an order for neither.
  func places(for kind: HTTPClient.Kind) -> Int {
    switch kind {
    case .once: maximumConnections
    case .urgent: maximumConnections - 1
    case .ordinary, .proof: maximumConnections - 2
    }
  }
}
