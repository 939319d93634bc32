import Domain

/// The last prices, and the one look-up that serves every signal that waits for one.
struct QuoteBook: Sendable {
  struct LiveQuote: Sendable {
    var price: FixedDecimal
    /// When it was asked for: the earliest moment that it can be from.
    var askedAt: Moment

    var evidence: Quote { Quote(price: price, askedAt: askedAt.wall) }
  }

  private var quotes: [Symbol: LiveQuote] = [:]
  /// Symbols that somebody waits for, in the order in which they were asked for.
  private(set) var wanted: [Symbol] = []
  private(set) var outstanding: [Symbol]?
  private(set) var notBefore: MonotonicTime?
  private var failures = 0
  /// The last look-up was answered, but with nothing usable.
  private(set) var lastFailure: String?

  private static let firstPause: Duration = .milliseconds(100)
  private static let doublings = 5

  func fresh(_ symbol: Symbol, maximumAge: Duration, at now: MonotonicTime) -> LiveQuote? {
    guard let quote = quotes[symbol], now.since(quote.askedAt.monotonic) < maximumAge
    else { return nil }
    return quote
  }

  func latest(_ symbol: Symbol) -> LiveQuote? { quotes[symbol] }

  mutating func want(_ symbol: Symbol) {
    if outstanding?.contains(symbol) == true || wanted.contains(symbol) { return }
    wanted.append(symbol)
  }

  /// The symbols of the look-up that leaves now.
  mutating func begin() -> [Symbol] {
    let symbols = wanted
    wanted = []
    outstanding = symbols
    return symbols
  }

  /// Takes the answer; returns the symbols that the exchange gave no price for.
  mutating func take(_ prices: [SymbolPrice], askedAt: Moment) -> [Symbol] {
    let asked = outstanding ?? []
    outstanding = nil
    failures = 0
    notBefore = nil
    lastFailure = nil
    var missing: [Symbol] = []
    for symbol in asked {
      if let found = prices.first(where: { $0.symbol == symbol }), found.price.isPositive {
        quotes[symbol] = LiveQuote(price: found.price, askedAt: askedAt)
      } else {
        missing.append(symbol)
      }
    }
    return missing
  }

  mutating func failed(_ reason: String?, at now: MonotonicTime) {
    outstanding = nil
    lastFailure = reason
    notBefore = now.advanced(by: Self.firstPause * (1 << min(failures, Self.doublings)))
    failures += 1
  }

  /// A way to the exchange that just failed makes every price suspect.
  mutating func forgetAll() {
    quotes = [:]
  }
}
