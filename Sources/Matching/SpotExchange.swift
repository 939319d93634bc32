package import Domain

/// A spot exchange as a pure machine: it has no clock, no input or output, and no randomness but its
/// seed. The same calls with the same moments give the same orders, fills and identifiers.
///
/// Takers meet at the last price, which lies between the displayed best bid and ask, or at the best
/// prices where these are told to it. A limit order that rests fills at its own price once the price
/// that takers meet at reaches it.
package struct SpotExchange: Sendable {
  /// How often the market moves.
  package static let step = Duration.milliseconds(250)
  /// After a longer pause the steps before the last ten minutes are left out: nobody saw them.
  private static let catchUpMaximum: Int64 = 2_400

  package let rules: ExchangeRules
  package let seed: UInt64
  package internal(set) var wallet = Wallet()
  package internal(set) var records = OrderRecords()
  var markets: [Market] = []
  var marketIndex: [Symbol: Int] = [:]
  /// `nil` while nobody wants them.
  var changes: [Change]?
  var fate: OrderFate
  private let epoch: MonotonicTime
  private var stepsDone: Int64 = 0

  package init(
    listings: [Listing] = Listing.standard,
    balances: [(asset: String, amount: FixedDecimal)] = standardBalances,
    rules: ExchangeRules = ExchangeRules(), seed: UInt64, at start: Moment
  ) {
    self.rules = rules
    self.seed = seed
    epoch = start.monotonic
    fate = OrderFate(rules, seed: seed)
    for listing in listings { add(listing) }
    for (asset, amount) in balances { _ = wallet.setFree(asset, to: amount) }
  }

  /// Enough of each default asset to trade both ways.
  package static let standardBalances: [(asset: String, amount: FixedDecimal)] = [
    ("USDT", FixedDecimal(100_000)), ("BTC", FixedDecimal(2)), ("ETH", FixedDecimal(20)),
    ("LINK", FixedDecimal(1_000)), ("MX", FixedDecimal(10_000)),
    ("BUYONLY", FixedDecimal(1_000)), ("SELLONLY", FixedDecimal(1_000)),
    ("NOMARKET", FixedDecimal(1_000)),
  ]

  // MARK: Listings

  package var listings: [Listing] { markets.map(\.listing) }

  package func listing(_ symbol: Symbol) -> Listing? {
    marketIndex[symbol].map { markets[$0].listing }
  }

  /// Adds a listing, or changes the one that is there; its price and orders stay.
  package mutating func add(_ listing: Listing) {
    if let index = marketIndex[listing.symbol] {
      markets[index].listing = listing
      return
    }
    marketIndex[listing.symbol] = markets.count
    markets.append(Market(listing, seed: seed))
  }

  // MARK: Time

  /// Lives through the steps up to `now`. Every request calls it first.
  package mutating func advance(to now: Moment) {
    let elapsed = now.monotonic.since(epoch).wholeNanoseconds
    let target = elapsed / Self.step.wholeNanoseconds
    stepsDone = max(stepsDone, target - Self.catchUpMaximum)
    while stepsDone < target {
      stepsDone += 1
      let instant = epoch.advanced(by: Self.step * Int(stepsDone))
      let age = now.monotonic.since(instant)
      takeStep(at: now.wall.advanced(by: .zero - age))
    }
  }

  private mutating func takeStep(at time: WallTime) {
    for index in markets.indices {
      markets[index].takeStep(rules)
      matchResting(in: index, at: time)
    }
  }

  // MARK: Orders

  /// In the order of acceptance.
  package var orders: [SimulatedOrder] { records.orders }

  package var trades: [SimulatedTrade] { records.trades }

  // MARK: Prices

  package func price(of symbol: Symbol) -> FixedDecimal? {
    marketIndex[symbol].flatMap { markets[$0].price }
  }

  /// What the order book shows: the nearest ticks below and above the last price, and about 1,000
  /// units of quote on every level. `nil` without a price.
  package func book(_ symbol: Symbol) -> (
    bid: FixedDecimal, ask: FixedDecimal, quantity: FixedDecimal
  )? {
    marketIndex[symbol].flatMap { markets[$0].book }
  }

  /// Open, last, highest and lowest price since the exchange began.
  package func day(
    _ symbol: Symbol
  ) -> (open: FixedDecimal, last: FixedDecimal, high: FixedDecimal, low: FixedDecimal)? {
    marketIndex[symbol].flatMap { markets[$0].day }
  }

  /// Moves the last price; orders that it reaches fill. False for a symbol that is not listed, and
  /// for a price that is not above zero or too large to reckon with.
  package mutating func setPrice(_ symbol: Symbol, to price: FixedDecimal, at now: Moment) -> Bool {
    advance(to: now)
    guard let index = marketIndex[symbol], price.isPositive, price <= Self.priceMaximum
    else { return false }
    markets[index].setPrice(to: price)
    matchResting(in: index, at: now.wall)
    return true
  }

  /// Takes over the best prices of a real book, until a last price is set; the last price is moved in
  /// between. Orders that they reach fill. False as for `setPrice`, and for a book that is crossed.
  package mutating func setQuote(
    _ symbol: Symbol, bid: FixedDecimal, ask: FixedDecimal, at now: Moment
  ) -> Bool {
    advance(to: now)
    guard let index = marketIndex[symbol], bid.isPositive, bid < ask, ask <= Self.priceMaximum
    else { return false }
    markets[index].setQuote(bid: bid, ask: ask)
    matchResting(in: index, at: now.wall)
    return true
  }

  /// Leaves room for a quantity of 10¹¹ in the product of the two.
  package static let priceMaximum = FixedDecimal(1_000_000_000)

  /// Stops the walk of one symbol, or of all, or lets it go on.
  package mutating func freeze(_ symbol: Symbol?, _ isFrozen: Bool, at now: Moment) {
    advance(to: now)
    for index in markets.indices where symbol == nil || markets[index].listing.symbol == symbol {
      markets[index].isFrozen = isFrozen
    }
  }

  package mutating func setBalance(_ asset: String, free: FixedDecimal) -> Bool {
    wallet.setFree(asset, to: free)
  }
}
