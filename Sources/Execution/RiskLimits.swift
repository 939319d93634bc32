package import Domain

/// The caps below everything: per order, open at once, per minute, per day.
///
/// The minute and the day roll: they are measured on the monotonic clock, so that setting the
/// machine's clock frees nothing.
package struct RiskLimits: Sendable {
  private struct Entry: Sendable {
    var key: OrderKey
    var at: MonotonicTime
    var quote: FixedDecimal?
  }

  package var limits: EngineConfiguration.Risk
  private var entries: [Entry] = []

  private static let minute: Duration = .seconds(60)
  private static let day: Duration = .seconds(24 * 60 * 60)

  package init(
    _ limits: EngineConfiguration.Risk, reservations: [Reservation], at now: Moment
  ) {
    self.limits = limits
    entries = reservations.map { reservation in
      // A reservation from the future means that the clock was set back: it counts as new.
      let age = max(.zero, now.wall.since(reservation.at))
      let at = MonotonicTime(nanoseconds: now.monotonic.nanoseconds - age.wholeNanoseconds)
      return Entry(key: reservation.key, at: at, quote: reservation.quote)
    }
  }

  /// Whether one more order may be taken. `quote` is its notional, rounded up; `nil` while the price
  /// of a market order is not known, and then the limits on money are judged by `checkQuote`.
  package mutating func check(
    quote: FixedDecimal?, openOrders: Int, at now: MonotonicTime
  ) throws(Denial) {
    expire(at: now)
    if let quote { try checkOrderQuote(quote) }
    if openOrders >= limits.maximumOpenOrders {
      throw Denial(
        .riskOpenOrders,
        "\(openOrders) orders are open; risk.maximum_open_orders is \(limits.maximumOpenOrders)")
    }
    let recent = entries.reduce(0) { $0 + (now.since($1.at) < Self.minute ? 1 : 0) }
    if recent >= limits.maximumOrdersPerMinute {
      throw Denial(
        .riskOrderRate,
        "\(recent) orders in the last 60 s; risk.maximum_orders_per_minute is "
          + "\(limits.maximumOrdersPerMinute)")
    }
    if let quote { try checkDailyQuote(quote, besides: nil) }
  }

  /// The limits on money, for an order that is already counted and whose notional is now known.
  package mutating func checkQuote(
    _ quote: FixedDecimal, of key: OrderKey, at now: MonotonicTime
  ) throws(Denial) {
    expire(at: now)
    try checkOrderQuote(quote)
    try checkDailyQuote(quote, besides: key)
  }

  package mutating func reserve(_ quote: FixedDecimal?, for key: OrderKey, at now: MonotonicTime) {
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index].quote = quote
    } else {
      entries.append(Entry(key: key, at: now, quote: quote))
    }
  }

  /// Gives back what an order held that never came to the exchange.
  package mutating func release(_ key: OrderKey) {
    entries.removeAll { $0.key == key }
  }

  package mutating func dailyQuote(at now: MonotonicTime) -> FixedDecimal? {
    expire(at: now)
    return total(besides: nil)
  }

  private func checkOrderQuote(_ quote: FixedDecimal) throws(Denial) {
    guard let maximum = limits.maximumOrderQuote, quote > maximum else { return }
    throw Denial(
      .riskOrderQuote, "the order is worth \(quote); risk.maximum_order_quote is \(maximum)")
  }

  private func checkDailyQuote(_ quote: FixedDecimal, besides key: OrderKey?) throws(Denial) {
    guard let maximum = limits.maximumDailyQuote else { return }
    let used = total(besides: key)
    guard let used, let sum = used.adding(quote), sum <= maximum else {
      throw Denial(
        .riskDailyQuote,
        "\(used?.description ?? "more than can be counted") of the last 24 hours and \(quote) of "
          + "this order exceed risk.maximum_daily_quote, which is \(maximum)")
    }
  }

  /// `nil` when the sum does not fit any number we hold.
  private func total(besides key: OrderKey?) -> FixedDecimal? {
    var sum = FixedDecimal.zero
    for entry in entries where entry.key != key {
      guard let quote = entry.quote else { continue }
      guard let next = sum.adding(quote) else { return nil }
      sum = next
    }
    return sum
  }

  private mutating func expire(at now: MonotonicTime) {
    entries.removeAll { now.since($0.at) >= Self.day }
  }
}
