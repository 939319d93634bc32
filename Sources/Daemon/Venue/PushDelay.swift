import Domain

/// How much longer than the fastest one a push was on its way: what was held up is older than its
/// arrival says.
struct PushDelay {
  /// The least of arrival by our clock minus sending by the exchange's. One that no other comes near,
  /// as that of a stamp from the future, counts for nothing once two others agree.
  private struct Least {
    private static let kept = 4
    private static let agreement: Duration = .milliseconds(500)

    /// The smallest first.
    private var differences: [Duration]

    init(_ difference: Duration) {
      differences = [difference]
    }

    mutating func take(_ difference: Duration) {
      let place = differences.firstIndex { $0 > difference } ?? differences.count
      guard place < Self.kept else { return }
      differences.insert(difference, at: place)
      if differences.count > Self.kept { differences.removeLast() }
    }

    var value: Duration {
      let agreed = zip(differences, differences.dropFirst()).first { $1 - $0 <= Self.agreement }
      return agreed?.0 ?? differences[0]
    }
  }

  /// In this window and in the one before: the difference of the two clocks, and the shortest way.
  private var least: (now: Least, before: Duration?)?
  private var windowEnd = MonotonicTime(nanoseconds: 0)

  /// Clocks that run apart, or are set, are made up for within two of these; no delay lasts so long.
  private static let window: Duration = .seconds(30 * 60)

  mutating func delay(sentAt: WallTime, receivedAt now: MonotonicTime) -> Duration {
    let difference: Duration =
      .nanoseconds(now.nanoseconds) - .milliseconds(sentAt.milliseconds)
    if var least, now < windowEnd {
      least.now.take(difference)
      self.least = least
    } else {
      least = (Least(difference), least?.now.value)
      windowEnd = now.advanced(by: Self.window)
    }
    guard let least else { return .zero }
    let value = least.now.value
    return max(.zero, difference - min(value, least.before ?? value))
  }
}
