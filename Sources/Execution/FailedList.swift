import Domain

/// A list of a symbol's orders that was refused or could not be read: its orders are looked up one by
/// one for a while.
struct FailedList: Sendable {
  private(set) var until: MonotonicTime
  private var failures = 1

  private static let firstPause: Duration = .seconds(60)
  /// 1, 2, 4 … 64 minutes.
  private static let doublings = 6

  init(at now: MonotonicTime) {
    until = now.advanced(by: Self.firstPause)
  }

  mutating func failedAgain(at now: MonotonicTime) {
    until = now.advanced(by: Self.firstPause * (1 << min(failures, Self.doublings)))
    failures += 1
  }
}
