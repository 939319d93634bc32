package import Domain

/// What is known of a symbol's price, and since when.
package struct MarketPrice: Hashable, Sendable {
  package enum Origin: Hashable, Sendable {
    /// The answer to a look-up.
    case asked
    /// The exchange sent it by itself.
    case pushed
  }

  package let venue: VenueName
  package var bid: FixedDecimal?
  package var ask: FixedDecimal?
  package var last: FixedDecimal?
  /// The earliest moment that it can be from: when it was asked for, or received.
  package var knownAt: Moment
  /// When it was sent, by the exchange's clock, where that is told.
  package var sentAt: WallTime?
  package var origin: Origin

  package init(
    at venue: VenueName, bid: FixedDecimal? = nil, ask: FixedDecimal? = nil,
    last: FixedDecimal? = nil, knownAt: Moment, sentAt: WallTime? = nil, origin: Origin
  ) {
    self.venue = venue
    self.bid = bid
    self.ask = ask
    self.last = last
    self.knownAt = knownAt
    self.sentAt = sentAt
    self.origin = origin
  }

  /// What an order of that side would trade at: a buy the ask, a sell the bid, where the book is
  /// known; else the last price. `nil` when nothing of it can be believed.
  package func price(for side: Side) -> FixedDecimal? {
    if let bid, let ask {
      guard bid.isPositive, bid < ask else { return nil }
      return side == .buy ? ask : bid
    }
    return last.flatMap { $0.isPositive ? $0 : nil }
  }

  /// Whether it is a price for either side; what is one for the one is one for the other.
  var isUsable: Bool { price(for: .buy) != nil }

  /// Whether orders can be judged by it.
  func isFresh(maximumAge: Duration, from origin: Origin?, at now: MonotonicTime) -> Bool {
    isUsable && (origin == nil || self.origin == origin)
      && now.since(knownAt.monotonic) < maximumAge
  }
}

/// The last prices of a venue, and the one look-up that serves every signal that waits for one.
struct PriceBook: Sendable {
  /// The price that an order is judged by.
  struct Quoted: Sendable {
    var price: FixedDecimal
    /// Of the last trade; a book does not tell it.
    var last: FixedDecimal?
    var knownAt: Moment

    var evidence: Quote { Quote(price: price, askedAt: knownAt.wall) }
  }

  let venue: VenueName
  private var prices: [Symbol: MarketPrice] = [:]
  /// Whether the exchange is asked for prices that it does not send by itself.
  var asksVenue = true {
    didSet { if !asksVenue { forgetLookUps() } }
  }
  /// Symbols that somebody waits for, in the order in which they were asked for.
  private(set) var wanted: [Symbol] = []
  private var wantedSet: Set<Symbol> = []
  /// The symbols of the look-up that is under way.
  private(set) var underWay: Set<Symbol>?
  private(set) var notBefore: MonotonicTime?
  private var backOff = BackOff(first: .milliseconds(100), longest: .milliseconds(3_200))
  /// The last look-up was answered, but with nothing usable.
  private(set) var toldFailure: String?
  /// Why the last look-up told no price, an exchange that is out of reach included.
  private(set) var failure: String?
  /// Look-ups of a symbol in a row whose price came too late, and when the last one did.
  private var late: [Symbol: (count: Int, at: MonotonicTime)] = [:]
  /// Look-ups in a row that told no price.
  var failures: Int { backOff.failures }

  init(of venue: VenueName) {
    self.venue = venue
  }

  func fresh(
    _ symbol: Symbol, for side: Side, maximumAge: Duration, at now: MonotonicTime
  ) -> Quoted? {
    guard let price = prices[symbol], now.since(price.knownAt.monotonic) < maximumAge,
      let value = price.price(for: side)
    else { return nil }
    let last = price.last.flatMap { $0.isPositive ? $0 : nil }
    return Quoted(price: value, last: last, knownAt: price.knownAt)
  }

  /// Whether there is a price that orders can be judged by.
  func isFresh(
    _ symbol: Symbol, maximumAge: Duration, from origin: MarketPrice.Origin? = nil,
    at now: MonotonicTime
  ) -> Bool {
    prices[symbol]?.isFresh(maximumAge: maximumAge, from: origin, at: now) ?? false
  }

  /// The same of any symbol.
  func hasFresh(
    maximumAge: Duration, from origin: MarketPrice.Origin? = nil, at now: MonotonicTime
  ) -> Bool {
    prices.values.contains { $0.isFresh(maximumAge: maximumAge, from: origin, at: now) }
  }

  func isWanted(_ symbol: Symbol) -> Bool { wantedSet.contains(symbol) }

  mutating func want(_ symbol: Symbol) {
    guard asksVenue else { return }
    if underWay?.contains(symbol) == true { return }
    if wantedSet.insert(symbol).inserted { wanted.append(symbol) }
  }

  /// The symbols of the look-up that leaves.
  mutating func begin() -> [Symbol] {
    defer {
      underWay = wantedSet
      wanted = []
      wantedSet = []
    }
    return wanted
  }

  /// Takes the answer to the look-up; returns the symbols that the exchange gave no price for.
  mutating func take(
    _ answer: [SymbolPrice], of asked: [Symbol], askedAt: Moment
  ) -> [Symbol] {
    underWay = nil
    backOff.reset()
    notBefore = nil
    toldFailure = nil
    failure = nil
    let found = Dictionary(answer.map { ($0.symbol, $0.price) }) { first, _ in first }
    var missing: [Symbol] = []
    for symbol in asked {
      if let price = found[symbol], price.isPositive {
        take(symbol, MarketPrice(at: venue, last: price, knownAt: askedAt, origin: .asked))
      } else {
        missing.append(symbol)
      }
    }
    return missing
  }

  /// A price of either origin. An older one never takes the place of a younger one, and another venue's
  /// is none.
  mutating func take(_ symbol: Symbol, _ price: MarketPrice) {
    guard price.venue == venue else { return }
    if let known = prices[symbol], known.knownAt.monotonic > price.knownAt.monotonic { return }
    prices[symbol] = price
    guard price.origin == .pushed, price.isUsable else { return }
    if let last = late[symbol]?.at, price.knownAt.monotonic > last { late[symbol] = nil }
    guard wantedSet.remove(symbol) != nil else { return }
    wanted.removeAll { $0 == symbol }
  }

  /// The look-up's price was too old when it came. How many did so in a row.
  mutating func cameLate(_ symbol: Symbol, at now: MonotonicTime) -> Int {
    let count = (late[symbol]?.count ?? 0) + 1
    late[symbol] = (count, now)
    return count
  }

  mutating func cameInTime(_ symbols: [Symbol]) {
    if late.isEmpty { return }
    for symbol in symbols { late[symbol] = nil }
  }

  /// `isAnswered`: the exchange said something, of which the signals that wait are told.
  mutating func failed(_ reason: String, isAnswered: Bool = true, at now: MonotonicTime) {
    underWay = nil
    guard asksVenue else { return }
    failure = reason
    toldFailure = isAnswered ? reason : nil
    notBefore = now.advanced(by: backOff.next())
  }

  /// What look-ups came to explains nothing where none is made any more.
  private mutating func forgetLookUps() {
    wanted = []
    wantedSet = []
    backOff.reset()
    notBefore = nil
    toldFailure = nil
    failure = nil
  }

  /// What the exchange sent of the symbol does not count any more; what it was asked for does.
  mutating func forgetPushed(_ symbol: Symbol) {
    if prices[symbol]?.origin == .pushed { prices[symbol] = nil }
  }

  /// The same of every symbol.
  mutating func forgetAllPushed() {
    prices = prices.filter { $0.value.origin != .pushed }
  }

  /// A way to the exchange that just failed makes every price suspect.
  mutating func forgetAll() {
    prices = [:]
  }
}
