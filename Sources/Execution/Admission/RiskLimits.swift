package import Domain

/// The caps of an account below everything: per order, open at once, per minute, per day.
///
/// The minute and the day roll: they are measured on the monotonic clock, so that setting the
/// machine's clock frees nothing.
package struct RiskLimits: Sendable {
  private struct Entry: Sendable {
    var at: MonotonicTime
    var quote: FixedDecimal?
    /// Where it stands in the timeline, counted from the first entry ever.
    var place: Int
  }

  package var limits: EngineConfiguration.Risk
  /// Whose orders count.
  private let account: TradingAccount
  private var entries: [OrderKey: Entry] = [:]
  /// The keys of the entries, oldest first; `nil` where one was given back.
  private var timeline: ArraySlice<OrderKey?> = []
  /// The place of the timeline's first element.
  private var firstPlace = 0
  /// Of all entries; `nil` when the sum does not fit any number we hold.
  private var total: FixedDecimal? = .zero
  /// From this place on the entries are younger than a minute, and so many of them there are.
  private var minutePlace = 0
  private var minuteCount = 0

  private static let minute: Duration = .seconds(60)
  private static let day: Duration = .seconds(24 * 60 * 60)

  package init(
    _ limits: EngineConfiguration.Risk, of account: TradingAccount, reservations: [Reservation],
    at now: Moment
  ) {
    self.limits = limits
    self.account = account
    let ages = reservations.map { reservation in
      // A reservation from the future means that the clock was set back: it counts as new.
      (reservation, age: max(.zero, now.wall.since(reservation.at)))
    }
    for (reservation, age) in ages.sorted(by: { $0.age > $1.age }) {
      let at = MonotonicTime(nanoseconds: now.monotonic.nanoseconds - age.wholeNanoseconds)
      reserve(reservation.quote, for: reservation.key, of: account, at: at)
    }
  }

  /// Whether one more order may be taken. `quote` is its notional, rounded up; `nil` while the price
  /// of a market order is not known, and then the limits on money are judged by `checkQuote`.
  /// Throws: a denial that names the limit.
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
    if minuteCount >= limits.maximumOrdersPerMinute {
      throw Denial(
        .riskOrderRate,
        "the last 60 s saw as many orders as risk.maximum_orders_per_minute allows, which is "
          + "\(limits.maximumOrdersPerMinute)")
    }
    if let quote { try checkDailyQuote(quote, besides: nil) }
  }

  /// The limits on money, for an order that is already counted and whose notional is now known.
  /// Throws: a denial that names the limit.
  package mutating func checkQuote(
    _ quote: FixedDecimal, of key: OrderKey, at now: MonotonicTime
  ) throws(Denial) {
    expire(at: now)
    try checkOrderQuote(quote)
    try checkDailyQuote(quote, besides: key)
  }

  package mutating func reserve(
    _ quote: FixedDecimal?, for key: OrderKey, of account: TradingAccount, at now: MonotonicTime
  ) {
    invariant(account == self.account, "the limits of an account count the orders of that account")
    if let former = entries[key] {
      entries[key]?.quote = quote
      count(out: former.quote, in: quote)
    } else {
      entries[key] = Entry(at: now, quote: quote, place: firstPlace + timeline.count)
      timeline.append(key)
      minuteCount += 1
      count(out: nil, in: quote)
    }
  }

  /// Gives back what an order held that never came to the exchange.
  package mutating func release(_ key: OrderKey) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    timeline[timeline.startIndex + entry.place - firstPlace] = nil
    if entry.place >= minutePlace { minuteCount -= 1 }
    count(out: entry.quote, in: nil)
  }

  package mutating func dailyQuote(at now: MonotonicTime) -> FixedDecimal? {
    expire(at: now)
    return total
  }

  /// How many orders count against the limit of a minute.
  package mutating func ordersOfMinute(at now: MonotonicTime) -> Int {
    expire(at: now)
    return minuteCount
  }

  private func checkOrderQuote(_ quote: FixedDecimal) throws(Denial) {
    guard let maximum = limits.maximumOrderQuote, quote > maximum else { return }
    throw Denial(
      .riskOrderQuote, "the order is worth \(quote); risk.maximum_order_quote is \(maximum)")
  }

  private func checkDailyQuote(_ quote: FixedDecimal, besides key: OrderKey?) throws(Denial) {
    guard let maximum = limits.maximumDailyQuote else { return }
    let own = key.flatMap { entries[$0]?.quote } ?? .zero
    let used = total?.subtracting(own)
    guard let used, let sum = used.adding(quote), sum <= maximum else {
      throw Denial(
        .riskDailyQuote,
        "\(used?.description ?? "more than can be counted") of the last 24 hours and \(quote) of "
          + "this order exceed risk.maximum_daily_quote, which is \(maximum)")
    }
  }

  private mutating func count(out former: FixedDecimal?, in next: FixedDecimal?) {
    guard let sum = total?.subtracting(former ?? .zero)?.adding(next ?? .zero) else {
      return recount()
    }
    total = sum
  }

  private mutating func recount() {
    total = entries.values.reduce(.zero) { sum, entry in sum?.adding(entry.quote ?? .zero) }
  }

  private mutating func expire(at now: MonotonicTime) {
    while let first = timeline.first {
      if let key = first, let entry = entries[key] {
        if now.since(entry.at) < Self.day { break }
        entries[key] = nil
        if entry.place >= minutePlace { minuteCount -= 1 }
        count(out: entry.quote, in: nil)
      }
      timeline.removeFirst()
      firstPlace += 1
    }
    leaveMinute(at: now)
  }

  private mutating func leaveMinute(at now: MonotonicTime) {
    minutePlace = max(minutePlace, firstPlace)
    while minutePlace < firstPlace + timeline.count {
      if let key = timeline[timeline.startIndex + minutePlace - firstPlace],
        let entry = entries[key]
      {
        if now.since(entry.at) < Self.minute { break }
        minuteCount -= 1
      }
      minutePlace += 1
    }
  }
}
