import Domain
import Testing

@testable import Transport

/// How long nobody knocks at a host that does not answer.
@Suite struct ConnectionPausesTests {
  /// The pauses after twelve failures in a row.
  private func pauses(share: Int) -> [Duration] {
    var limits = BackOffLimits()
    limits.share = share
    var pauses = ConnectionPauses(limits)
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    return (0..<12).map { _ in
      pauses.failed(now)
      let next = pauses.notBefore ?? now
      defer { now = next }
      return next.since(now)
    }
  }

  private static let whole: [Duration] =
    [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000].map { Duration.milliseconds($0) }
    + Array(repeating: Duration.seconds(30), count: 5)

  @Test func `the pauses double up to the longest`() {
    #expect(pauses(share: 1_000_000) == Self.whole)
  }

  @Test(arguments: [BackOffLimits.shares.lowerBound, 800_001, 999_999])
  func `clients that lost a host together come back apart`(_ share: Int) {
    let pauses = pauses(share: share)
    #expect(pauses == Self.whole.map { $0 * share / 1_000_000 })
    for (pause, whole) in zip(pauses, Self.whole) {
      // Never so short that a failing host is pressed, never above the limit.
      #expect(pause >= whole * 3 / 4 && pause < whole)
    }
  }
}
