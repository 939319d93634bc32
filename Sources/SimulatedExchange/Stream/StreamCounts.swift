/// What the streams have come to since the exchange began.
struct StreamCounts: Hashable, Sendable {
  var opened: [StreamFaults.Stream: Int] = [:]
  /// Upgrades that were refused although they were well made.
  var refusedUpgrades = 0
  /// Channels that were subscribed to.
  var subscriptions = 0
  /// Channels whose subscription was refused.
  var refusedSubscriptions = 0
  /// Sent to a connection, by channel.
  var pushes: [String: Int] = [:]
  /// Faults by the name that a plan gives them.
  var faults: [String: Int] = [:]
}
