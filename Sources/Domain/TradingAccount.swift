/// A venue, by the stable name that its traits give it.
package struct VenueName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }

  package init(stringLiteral text: String) { self.text = text }

  package var description: String { text }
}

/// Where orders are and whose money they move: an account at a venue.
package struct TradingAccount: Hashable, Sendable {
  package let venue: VenueName
  /// The value of `exchange.account`.
  package let name: String

  package init(venue: VenueName, name: String) {
    self.venue = venue
    self.name = name
  }
}
