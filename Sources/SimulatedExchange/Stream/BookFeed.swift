import Domain
import Matching

/// The best prices of the symbols that somebody has subscribed to.
struct BookFeed: Sendable {
  struct Book: Hashable, Sendable {
    var bid: FixedDecimal
    var ask: FixedDecimal
    var quantity: FixedDecimal
    /// Rises with every change.
    var version: Int
    var changedAt: WallTime
  }

  private var current: [Symbol: Book] = [:]
  private var shown: [Symbol: Book] = [:]

  /// What to push; `nil` for a symbol without a price. When stale, the book that was pushed before,
  /// where one was.
  mutating func book(
    _ symbol: Symbol, of exchange: SpotExchange, isStale: Bool, at now: WallTime
  ) -> Book? {
    guard let book = look(at: symbol, of: exchange, at: now) else { return nil }
    if isStale, let shown = shown[symbol] { return shown }
    shown[symbol] = book
    return book
  }

  private mutating func look(
    at symbol: Symbol, of exchange: SpotExchange, at now: WallTime
  ) -> Book? {
    guard let (bid, ask, quantity) = exchange.book(symbol) else { return nil }
    let known = current[symbol]
    if let known, known.bid == bid, known.ask == ask, known.quantity == quantity { return known }
    let version = (known?.version ?? 0) + 1
    let book = Book(bid: bid, ask: ask, quantity: quantity, version: version, changedAt: now)
    current[symbol] = book
    return book
  }
}
