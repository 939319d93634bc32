/// A venue's rules for one symbol.
package struct Instrument: Hashable, Sendable {
  package enum TradableSides: String, Hashable, Sendable {
    case both, buyOnly, sellOnly, none
  }

  /// The largest relative distance between a limit price and the last price, as fractions.
  package struct PriceBand: Hashable, Sendable {
    /// Buy: price ≤ last × (1 + this).
    package var buyUp: FixedDecimal
    /// Sell: price ≥ last × (1 − this).
    package var sellDown: FixedDecimal

    package init(buyUp: FixedDecimal, sellDown: FixedDecimal) {
      self.buyUp = buyUp
      self.sellDown = sellDown
    }
  }

  package var venue: VenueName
  package var symbol: Symbol
  package var baseAsset: String
  package var quoteAsset: String
  /// Online, and open to trading over the API.
  package var isTradable: Bool
  package var sides: TradableSides
  /// The types that the symbol takes.
  package var types: Set<OrderType>
  /// A price is a multiple of it.
  package var tickSize: FixedDecimal
  /// A base quantity is a multiple of it.
  package var stepSize: FixedDecimal
  /// A quote amount is a multiple of it.
  package var quoteStep: FixedDecimal
  package var minimumQuantity: FixedDecimal
  package var minimumNotional: FixedDecimal
  package var minimumNotionalMarket: FixedDecimal
  package var maximumNotional: FixedDecimal?
  package var maximumNotionalMarket: FixedDecimal?
  package var priceBand: PriceBand?

  package init(
    venue: VenueName, symbol: Symbol, baseAsset: String, quoteAsset: String, isTradable: Bool,
    sides: TradableSides, types: Set<OrderType>, tickSize: FixedDecimal, stepSize: FixedDecimal,
    quoteStep: FixedDecimal, minimumQuantity: FixedDecimal, minimumNotional: FixedDecimal,
    minimumNotionalMarket: FixedDecimal, maximumNotional: FixedDecimal?,
    maximumNotionalMarket: FixedDecimal?, priceBand: PriceBand?
  ) {
    self.venue = venue
    self.symbol = symbol
    self.baseAsset = baseAsset
    self.quoteAsset = quoteAsset
    self.isTradable = isTradable
    self.sides = sides
    self.types = types
    self.tickSize = tickSize
    self.stepSize = stepSize
    self.quoteStep = quoteStep
    self.minimumQuantity = minimumQuantity
    self.minimumNotional = minimumNotional
    self.minimumNotionalMarket = minimumNotionalMarket
    self.maximumNotional = maximumNotional
    self.maximumNotionalMarket = maximumNotionalMarket
    self.priceBand = priceBand
  }
}

/// Rules of a symbol that the exchange lists and that cannot be held: no order can be judged by them.
package struct UnreadableRules: Hashable, Sendable {
  package var symbol: Symbol
  /// Names the rule as the exchange spells it, and its value.
  package var reason: String

  package init(symbol: Symbol, reason: String) {
    self.symbol = symbol
    self.reason = reason
  }
}
