extension BanRecord {
  /// The same back-off as it stands at a later time, with what is left of it as its wait; `nil` when it is
  /// over.
  package func remaining(at now: Moment) -> BanRecord? {
    // The wait bounds it: a clock that was set back must not make it last for years.
    let left = min(max(until.since(now.wall), monotonicRest(at: now.monotonic)), wait)
    guard left > .zero else { return nil }
    return BanRecord(
      until: now.wall.advanced(by: left), wait: left, isBan: isBan, reason: reason,
      monotonicUntil: now.monotonic.advanced(by: left))
  }

  /// What is left by the monotonic clock, which is not to be set; zero when the machine was booted since,
  /// as far as one can tell.
  private func monotonicRest(at now: MonotonicTime) -> Duration {
    guard let end = monotonicUntil else { return .zero }
    let left = end.since(now)
    return left <= wait ? left : .zero
  }
}
