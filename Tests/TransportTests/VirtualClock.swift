import Domain
import Platform

/// A clock that stands until a test moves it: a loop on it waits for readiness, and its timers run
/// when the test says so.
final class VirtualClock {
  private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)

  func loop() throws -> EventLoop { try EventLoop(clock: { [self] in now }) }

  func advance(by duration: Duration) { now = now.advanced(by: duration) }
}

extension EventLoop {
  /// What is ready and what is due, without waiting for more.
  func turnAtOnce() throws { try turn(until: now) }
}
