import Domain
import Execution

/// The books that came over the streams, as they were before any planted fault touched them.
struct PushedPrices {
  struct Push {
    let price: MarketPrice
    /// The earliest true time that the program can know it to be from: its receipt, less by how much
    /// it was slower than the fastest.
    let knownAt: Int64

    func has(_ price: FixedDecimal, _ side: Side) -> Bool {
      (side == .buy ? self.price.ask : self.price.bid) == price
    }
  }

  /// The young ones of each symbol: none older is of use to anybody.
  private var pushes: [Symbol: [Push]] = [:]
  private static let kept = 128

  mutating func arrived(_ symbol: Symbol, _ price: MarketPrice, knownAt: Int64) {
    pushes[symbol, default: []].append(Push(price: price, knownAt: knownAt))
    if pushes[symbol]?.count ?? 0 > 2 * Self.kept { pushes[symbol]?.removeFirst(Self.kept) }
  }

  /// The youngest push that may be the one that the quote names; a clock that was set back tells the
  /// same time twice.
  func push(of quote: Quote, for symbol: Symbol, _ side: Side) -> Push? {
    pushes[symbol]?.last { $0.has(quote.price, side) && $0.price.knownAt.wall == quote.askedAt }
  }

  /// The same, where the quote takes it for older than its receipt and its delay say.
  func push(agedTo quote: Quote, for symbol: Symbol, _ side: Side) -> Push? {
    pushes[symbol]?.last { $0.has(quote.price, side) && $0.price.knownAt.wall > quote.askedAt }
  }
}
