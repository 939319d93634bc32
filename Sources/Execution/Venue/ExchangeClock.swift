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

  /// Why it is no reading, where its error is too large.
  var vagueness: Need.Failure {
    Need.Failure(
      reason: "its clock could not be read closely enough: ± \(error.wholeMilliseconds) ms",
      advice: "check the network's delay to the exchange; it is read again")
  }

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

  /// Servers of the exchange may differ by less.
  static let notableLead: Duration = .milliseconds(500)

  /// Whether it shows so much more, or less, that one of the two readings must be wrong or a clock has moved.
  func isApart(from former: ExchangeClock, at now: MonotonicTime) -> Bool {
    isAhead(of: former, at: now, by: Self.notableLead)
      || former.isAhead(of: self, at: now, by: Self.notableLead)
  }

  /// The exchange's clock minus ours, in milliseconds.
  package func offsetMilliseconds(at now: Moment) -> Int64 {
    time(at: now.monotonic).milliseconds - now.wall.milliseconds
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
