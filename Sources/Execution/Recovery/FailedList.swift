import Domain

/// A list of a symbol's orders that was refused or could not be read: its orders are looked up one by
/// one for a while.
struct FailedList: Sendable {
  private(set) var until: MonotonicTime
  /// 1, 2, 4 … 64 minutes.
  private var backOff = BackOff(first: .seconds(60), longest: .seconds(64 * 60))

  init(at now: MonotonicTime) {
    until = now.advanced(by: backOff.next())
  }

  mutating func failedAgain(at now: MonotonicTime) {
    until = now.advanced(by: backOff.next())
  }
}
