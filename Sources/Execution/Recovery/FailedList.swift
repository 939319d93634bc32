import Domain

/// A list of a symbol's orders that was refused or could not be read: its orders are looked up one by
/// one for a while.
struct FailedList: Sendable {
  /// Long over before the first failure.
  private(set) var until = MonotonicTime(nanoseconds: 0)
  /// 1, 2, 4 … 64 minutes.
  private var backOff = BackOff(first: .seconds(60), longest: .seconds(64 * 60))

  /// Each list that the firewall refuses keeps every request back for a minute.
  private static let pauseWhenBlocked: Duration = .seconds(600)

  mutating func failed(isBlocked: Bool, at now: MonotonicTime) {
    let pause = backOff.next()
    until = now.advanced(by: isBlocked ? max(pause, Self.pauseWhenBlocked) : pause)
  }
}
