import Domain

/// How much longer than the fastest one a push was on its way: what was held up is older than its
/// arrival says.
struct PushDelay {
  /// The least of arrival by our clock minus sending by the exchange's, in this window and in the one
  /// before: the difference of the two clocks, and the shortest way.
  private var least: (now: Duration, before: Duration)?
  private var windowEnd = MonotonicTime(nanoseconds: 0)

  /// Clocks that run apart, or are set, are made up for within two of these; no delay lasts so long.
  private static let window: Duration = .seconds(30 * 60)

  mutating func delay(sentAt: WallTime, receivedAt now: MonotonicTime) -> Duration {
    let difference: Duration =
      .nanoseconds(now.nanoseconds) - .milliseconds(sentAt.milliseconds)
    var least = least ?? (difference, difference)
    if now >= windowEnd {
      least = (difference, least.now)
      windowEnd = now.advanced(by: Self.window)
    }
    least.now = min(least.now, difference)
    self.least = least
    return difference - min(least.now, least.before)
  }
}
