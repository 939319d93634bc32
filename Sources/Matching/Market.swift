import Domain

/// One listing, the prices at which takers meet there, and what its order book shows of them.
struct Market: Sendable {
  var listing: Listing
  /// The last price; `nil` before there is one.
  private(set) var price: FixedDecimal?
  /// The best prices, where they are known beside the last one.
  private var quote: (bid: FixedDecimal, ask: FixedDecimal)?
  private var high: FixedDecimal?
  private var low: FixedDecimal?
  var isFrozen = false
  private var walk: SplitMix64

  init(_ listing: Listing, seed: UInt64) {
    self.listing = listing
    price = listing.startPrice
    high = listing.startPrice
    low = listing.startPrice
    walk = SplitMix64(seed: seed, stream: listing.symbol.text)
  }

  // MARK: Moves

  /// A small random move, with a pull toward the starting price that keeps the walk around it.
  mutating func takeStep(_ rules: ExchangeRules) {
    let hundredths = 100 * rules.volatility
    guard rules.walks, !isFrozen, let price, let start = listing.startPrice, hundredths > 0
    else { return }
    let draw = walk.below(2 * hundredths + 1) - hundredths
    let tick = listing.rules.tickSize
    let moved =
      price.units + price.units / 1_000_000 * Int128(draw) + (start.units - price.units) / 1_000
    let nearest = FixedDecimal(units: moved + tick.units / 2).rounded(toMultipleOf: tick, .down)
    note(max(nearest ?? price, tick))
  }

  mutating func setPrice(to price: FixedDecimal) {
    quote = nil
    note(price)
  }

  /// Takes over the best prices, until a last price is set; the last price is moved in between.
  mutating func setQuote(bid: FixedDecimal, ask: FixedDecimal) {
    quote = (bid, ask)
    note(min(max(price ?? bid, bid), ask))
  }

  private mutating func note(_ price: FixedDecimal) {
    self.price = price
    high = max(high ?? price, price)
    low = min(low ?? price, price)
  }

  // MARK: What takers meet

  /// What an order of that side trades at when it takes.
  func price(to side: Side) -> FixedDecimal? {
    guard let quote else { return price }
    return side == .buy ? quote.ask : quote.bid
  }

  /// Whether the order's price takes what the market offers to its side; not without a price.
  func isCrossed(by order: SimulatedOrder) -> Bool {
    guard let offered = price(to: order.side) else { return false }
    switch order.side {
    case .buy: return offered <= order.price
    case .sell: return offered >= order.price
    }
  }

  /// What a market order is to fill.
  func target(of order: SimulatedOrder, at price: FixedDecimal) -> FixedDecimal {
    guard let quote = order.quoteAmount else { return order.quantity }
    return quote.divided(by: price, rounding: .down)?
      .rounded(toMultipleOf: listing.rules.stepSize, .down) ?? .zero
  }

  func tenths(_ count: Int, of quantity: FixedDecimal) -> FixedDecimal {
    quantity.multiplied(by: .scaled(count, digits: 1), rounding: .down)?
      .rounded(toMultipleOf: listing.rules.stepSize, .down) ?? .zero
  }

  // MARK: What the exchange shows

  /// The nearest ticks below and above the last price, and about 1,000 units of quote on every level.
  /// `nil` without a price.
  var book: (bid: FixedDecimal, ask: FixedDecimal, quantity: FixedDecimal)? {
    guard let price else { return nil }
    let rules = listing.rules
    let tick = rules.tickSize.units
    let ticks = price.units / tick
    // A price below two ticks leaves no tick below it.
    let bid = FixedDecimal(units: max(price.units % tick == 0 ? ticks - 1 : ticks, 1) * tick)
    let ask = FixedDecimal(units: max(ticks + 1, 2) * tick)
    let quantity =
      FixedDecimal(1_000).divided(by: price, rounding: .down)?
      .rounded(toMultipleOf: rules.stepSize, .up) ?? rules.stepSize
    return (bid, ask, quantity)
  }

  /// Open, last, highest and lowest price since the exchange began.
  var day: (open: FixedDecimal, last: FixedDecimal, high: FixedDecimal, low: FixedDecimal)? {
    price.map { (listing.startPrice ?? $0, $0, high ?? $0, low ?? $0) }
  }
}
