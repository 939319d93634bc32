package import Domain

/// The caps of an account below everything: per order, open at once, per minute, per day.
///
/// The minute and the day roll: they are measured on the monotonic clock, so that setting the
/// machine's clock frees nothing.
package struct RiskLimits: Sendable {
  /// One order of the last day. In this order of its parts it takes 32 bytes.
  private struct Entry: Sendable {
    var quote: FixedDecimal?
    /// Whether its quote was given back. It was accepted all the same, and has its place in the minute.
    var isReleased = false
    var at: MonotonicTime
  }

  package var limits: EngineConfiguration.Risk
  /// Whose orders count.
  private let account: TradingAccount
  /// Oldest first. An order that is over needs no name here, only its time and its quote.
  private var timeline: ArraySlice<Entry> = []
  /// The place of the timeline's first entry, counted from the first one ever.
  private var firstPlace = 0
  /// Where the orders that are not over stand in the timeline, or stood, where they are older.
  private var places: [OrderKey: Int] = [:]
  /// Of all entries; `nil` when the sum does not fit any number we hold.
  private var total: FixedDecimal? = .zero
  /// From this place on the entries are younger than a minute, and so many of them there are.
  private var minutePlace = 0
  private var minuteCount = 0

  private static let minute: Duration = .seconds(60)
  private static let day: Duration = .seconds(24 * 60 * 60)

  package init(
    _ limits: EngineConfiguration.Risk, of account: TradingAccount, restoring state: StoredState,
    at now: Moment
  ) {
    self.limits = limits
    self.account = account
    timeline.reserveCapacity(state.live.count + state.reservations.count)
    // Both are oldest first. An order is looked at where it lies, and not copied.
    var next = 0
    for held in state.reservations {
      while next < state.live.count, state.live[next].order.createdAt <= held.at {
        hold(state.live[next], at: now)
        next += 1
      }
      add(held.quote, at: now.monotonic(of: held.at))
    }
    for stored in state.live[next...] { hold(stored, at: now) }
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
    if let index = index(of: key) {
      let former = timeline[index].quote
      timeline[index].quote = quote
      count(out: former, in: quote)
    } else {
      places[key] = firstPlace + timeline.count
      add(quote, at: now)
    }
  }

  /// What was spent counts from the fill on, where it is more than was reserved.
  package mutating func spend(_ quote: FixedDecimal, on key: OrderKey) {
    guard let index = index(of: key) else { return }
    let former = timeline[index].quote
    guard quote > former ?? .zero else { return }
    timeline[index].quote = quote
    count(out: former, in: quote)
  }

  /// Gives back the quote that an order held that never came to the exchange.
  package mutating func release(_ key: OrderKey) {
    let found = index(of: key)
    places[key] = nil
    guard let index = found else { return }
    let former = timeline[index].quote
    timeline[index].quote = nil
    timeline[index].isReleased = true
    count(out: former, in: nil)
  }

  /// What an order holds that is over stays counted until it is a day old.
  package mutating func keep(_ key: OrderKey) { places[key] = nil }

  package mutating func dailyQuote(at now: MonotonicTime) -> FixedDecimal? {
    expire(at: now)
    return total
  }

  /// How many orders were accepted in the last minute, whatever became of them.
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
    let own = key.flatMap(index).flatMap { timeline[$0].quote } ?? .zero
    let used = total?.subtracting(own)
    guard let used, let sum = used.adding(quote), sum <= maximum else {
      throw Denial(
        .riskDailyQuote,
        "\(used?.description ?? "more than can be counted") of the last 24 hours and \(quote) of "
          + "this order exceed risk.maximum_daily_quote, which is \(maximum)")
    }
  }

  /// `nil` for an order that holds nothing any more.
  private func index(of key: OrderKey) -> Int? {
    guard let place = places[key], place >= firstPlace else { return nil }
    return timeline.startIndex + place - firstPlace
  }

  private mutating func hold(_ stored: StoredOrder, at now: Moment) {
    // One that is watched for although it was rejected holds nothing until it is found.
    if stored.isRefused || !stored.order.status.countsAsExposure { return }
    let order = stored.order
    places[order.key] = firstPlace + timeline.count
    add(order.countedQuote, at: now.monotonic(of: order.createdAt))
  }

  private mutating func add(_ quote: FixedDecimal?, at time: MonotonicTime) {
    timeline.append(Entry(quote: quote, at: time))
    minuteCount += 1
    count(out: nil, in: quote)
  }

  /// After the timeline has changed.
  private mutating func count(out former: FixedDecimal?, in next: FixedDecimal?) {
    guard let sum = total?.subtracting(former ?? .zero)?.adding(next ?? .zero) else {
      return recount()
    }
    total = sum
  }

  private mutating func recount() {
    total = timeline.reduce(.zero) { sum, entry in sum?.adding(entry.quote ?? .zero) }
  }

  private mutating func expire(at now: MonotonicTime) {
    while let first = timeline.first,
      now.since(first.at) >= (first.isReleased ? Self.minute : Self.day)
    {
      timeline.removeFirst()
      firstPlace += 1
      if firstPlace > minutePlace { minuteCount -= 1 }
      count(out: first.quote, in: nil)
    }
    leaveMinute(at: now)
  }

  private mutating func leaveMinute(at now: MonotonicTime) {
    minutePlace = max(minutePlace, firstPlace)
    while minutePlace < firstPlace + timeline.count {
      let entry = timeline[timeline.startIndex + minutePlace - firstPlace]
      if now.since(entry.at) < Self.minute { break }
      minuteCount -= 1
      minutePlace += 1
    }
  }
}
