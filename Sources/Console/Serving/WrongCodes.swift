import Domain
import Platform

/// Slows down who tries codes: the answer to a wrong one waits twice as long each time, and a few can
/// wait at once. A right code never waits.
struct WrongCodes {
  private static let firstDelay = Duration.milliseconds(250)
  private static let longestDelay = Duration.seconds(8)
  /// After so long without a wrong code it begins anew.
  private static let memory = Duration.seconds(60)
  private static let waitingMaximum = 8

  private var delay = firstDelay
  private var last: MonotonicTime?
  private var waiting = 0

  /// How long the answer to a wrong code waits; nil when too many wait already.
  mutating func delayOfAnswer(at now: MonotonicTime) -> Duration? {
    guard waiting < Self.waitingMaximum else { return nil }
    if let last, now.since(last) > Self.memory { delay = Self.firstDelay }
    last = now
    waiting += 1
    defer { delay = min(delay * 2, Self.longestDelay) }
    return delay
  }

  mutating func answered() { waiting -= 1 }
}
