package import Domain

/// The exchange's clock, seen through its time endpoint: our monotonic clock plus an offset, so that
/// a step of the machine's civil clock never reaches a signed request.
package struct ExchangeClock: Sendable {
  /// What a next start can go by.
  let reading: VenueFacts.Clock

  package init(_ reading: VenueFacts.Clock) {
    self.reading = reading
  }

  package init(reading time: WallTime, sentAt: MonotonicTime, receivedAt: MonotonicTime) {
    let error = receivedAt.since(sentAt) / 2
    reading = VenueFacts.Clock(time: time, readAt: sentAt.advanced(by: error), error: error)
  }

  /// Half the round trip: the reading may be wrong by so much either way.
  package var error: Duration { reading.error }

  package func time(at now: MonotonicTime) -> WallTime {
    reading.time.advanced(by: now.since(reading.readAt))
  }

  /// The latest moment at which the exchange's clock can have shown `time`.
  package func latest(of time: WallTime) -> MonotonicTime {
    reading.readAt.advanced(by: time.since(reading.time) + error)
  }

  /// Whether it shows so much more than a former reading foretold that the machine's clocks must have stood
  /// still meanwhile, as they do while a hypervisor pauses the machine.
  func isAhead(of former: ExchangeClock, at now: MonotonicTime, by lead: Duration) -> Bool {
    time(at: now).since(former.time(at: now)) > error + former.error + lead
  }

  /// The exchange's clock minus ours, in milliseconds.
  package func offsetMilliseconds(at now: Moment) -> Int64 {
    time(at: now.monotonic).milliseconds - now.wall.milliseconds
  }

  /// Every kept clock is closer.
  private static let notableOffset: Int64 = 1_000

  func tellOffset(_ reaction: inout Reaction) {
    let offset = offsetMilliseconds(at: reaction.now)
    guard abs(offset) > Self.notableOffset else { return }
    reaction.log(
      .warning,
      "this machine's clock is \(abs(offset)) ms \(offset > 0 ? "behind" : "ahead of") the "
        + "exchange's; orders carry the exchange's time, and signals expire by this one",
      [
        ("offset_ms", String(offset)),
        (
          "advice",
          "let chrony or systemd-timesyncd keep the clock ('timedatectl set-ntp true'), and look "
            + "with 'timedatectl'"
        ),
      ])
  }
}

extension MarketPrice {
  /// A pushed price is at least as old as its sending by the exchange's clock says. `nil` before that clock
  /// is known: nothing tells how old it is.
  package func dated(by clock: ExchangeClock?) -> MarketPrice? {
    guard let sentAt else { return self }
    guard let clock else { return nil }
    let late = knownAt.monotonic.since(clock.latest(of: sentAt))
    guard late > .zero else { return self }
    var price = self
    price.knownAt = knownAt.advanced(by: .zero - late)
    return price
  }
}
