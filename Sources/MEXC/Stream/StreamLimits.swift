/// What a connection of the streams may be used for, and how long (MEXC spot v3, "Websocket market
/// streams").
package enum StreamLimits {
  /// Subscriptions of one connection; further ones are refused.
  package static let subscriptionsMaximum = 30
  /// The exchange ends a connection after this time.
  package static let life: Duration = .seconds(24 * 60 * 60)
  /// A connection that nothing is pushed on ends after this time, unless a ping is said.
  package static let quietMaximum: Duration = .seconds(60)
}
