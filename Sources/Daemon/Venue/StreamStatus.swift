import Control
package import Domain
package import JSON
import Platform

/// A connection of a stream, as the operator sees it.
package struct StreamStatus: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    case connecting, open
    /// Until the next attempt.
    case waiting
    /// Nobody wants it, or it has no key.
    case off
  }

  /// `market` or `account`.
  package var name: String
  package var state: State
  /// Since when it is in this state.
  package var since: WallTime?
  /// Channels that are pushed.
  package var subscriptions = 0
  /// Channels that the exchange does not push.
  package var refused = 0
  package var reconnects = 0
  package var lastMessageAge: Duration?
  /// Why it is not open.
  package var lastError: String?

  package var document: JSONValue {
    .object(
      pairs: [
        ("name", .string(name)), ("state", .string(state.rawValue)),
        ("since", since.map { .string($0.text) } ?? .null),
        ("subscriptions", .integer(subscriptions)), ("refused", .integer(refused)),
        ("reconnects", .integer(reconnects)),
        ("last_message_ms", lastMessageAge.map { .integer($0.wholeMilliseconds) } ?? .null),
        ("last_error", .text(lastError)),
      ])
  }
}
