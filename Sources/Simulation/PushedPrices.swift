import Domain
import Execution

/// The books that came over the streams, as they were before any planted fault touched them.
struct PushedPrices {
  struct Push {
    let price: MarketPrice
    /// The latest true time that the program may take it to be from.
    let knownAt: Int64

    func has(_ price: FixedDecimal, _ side: Side) -> Bool {
      (side == .buy ? self.price.ask : self.price.bid) == price
    }
  }

  /// The young ones of each symbol: none older is of use to anybody. In a run without faults all, for its
  /// last look.
  private var pushes: [Symbol: [Push]] = [:]
  private static let kept = 128

  /// It left the exchange at the true time `sentAt`, and took `extra` nanoseconds longer than the
  /// fastest of its connection. Where it says when it left, the program can be wrong by no more than it
  /// may be about the exchange's clock, once for its reading and once for its error.
  mutating func arrived(
    _ symbol: Symbol, _ price: MarketPrice, sentAt: Int64, after extra: Int64, _ world: World
  ) {
    let tolerance = world.scenario.venue.traits(in: .live).tolerableClockError
    let told =
      price.sentAt == nil ? .max : sentAt + (tolerance * 2).wholeNanoseconds + 2 * millisecond
    let knownAt = min(world.time - extra, told)
    pushes[symbol, default: []].append(Push(price: price, knownAt: knownAt))
    let count = pushes[symbol]?.count ?? 0
    if count > 2 * Self.kept && !world.dials.isFaultless { pushes[symbol]?.removeFirst(Self.kept) }
  }

  /// Those that the program may take to be from this time.
  func told(of symbol: Symbol, for side: Side, in span: ClosedRange<Int64>) -> [FixedDecimal] {
    pushes[symbol, default: []].filter { span.contains($0.knownAt) }
      .compactMap { $0.price.price(for: side) }
  }

  func highest(of symbol: Symbol) -> FixedDecimal? {
    pushes[symbol, default: []].compactMap { $0.price.price(for: .buy) }.max()
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
