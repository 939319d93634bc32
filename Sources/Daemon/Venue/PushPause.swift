package import Domain

/// How long pushed prices lie unread while nobody waits for one. A wake-up for each costs more than all
/// else that an idle daemon does; what lies unread is read on the next signal's way, before it is judged.
package struct PushPause {
  private var busyUntil: MonotonicTime?

  /// Where signals come, the next one is to find nothing unread.
  private static let busyTime: Duration = .seconds(10)
  /// What a shorter pause gathers is not worth its timer.
  private static let shortest: Duration = .milliseconds(1)

  package init() {}

  package mutating func signalCame(at now: MonotonicTime) {
    busyUntil = now.advanced(by: Self.busyTime)
  }

  /// At most `gathering`, and a small part of the time that prices count for.
  package func length(
    gathering: Duration, maximumAge: Duration, at now: MonotonicTime
  ) -> Duration {
    if let busyUntil, now < busyUntil { return .zero }
    let pause = min(gathering, maximumAge / 5)
    return pause < Self.shortest ? .zero : pause
  }
}
