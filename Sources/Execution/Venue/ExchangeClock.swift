package import Domain

/// The exchange's clock, seen through its time endpoint: our monotonic clock plus an offset, so that
/// a step of the machine's civil clock never reaches a signed request.
package struct ExchangeClock: Sendable {
  private var exchangeTime: WallTime
  private var readAt: MonotonicTime
  /// Half the round trip: the reading may be wrong by so much either way.
  package private(set) var error: Duration

  package init(reading time: WallTime, sentAt: MonotonicTime, receivedAt: MonotonicTime) {
    let roundTrip = receivedAt.since(sentAt)
    error = roundTrip / 2
    exchangeTime = time
    readAt = sentAt.advanced(by: error)
  }

  init(_ kept: VenueFacts.Clock) {
    exchangeTime = kept.time
    readAt = kept.readAt
    error = kept.error
  }

  /// For the next start.
  var kept: VenueFacts.Clock {
    VenueFacts.Clock(time: exchangeTime, readAt: readAt, error: error)
  }

  package func time(at now: MonotonicTime) -> WallTime {
    exchangeTime.advanced(by: now.since(readAt))
  }

  /// The exchange's clock minus ours, in milliseconds.
  package func offsetMilliseconds(at now: Moment) -> Int64 {
    time(at: now.monotonic).milliseconds - now.wall.milliseconds
  }
}
