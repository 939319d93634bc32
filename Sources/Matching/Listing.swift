package import Domain

/// A symbol as the simulated exchange lists it: its trading rules, and the switches beside them.
package struct Listing: Hashable, Sendable {
  package enum Status: String, CaseIterable, Hashable, Sendable {
    case online = "1"
    case paused = "2"
    case offline = "3"
  }

  /// The matching engine's own, whichever venue it plays.
  package static let venue: VenueName = "matching"

  /// `isTradable` is not read here: `status` and `isAPITradable` say it in more detail.
  package var rules: Instrument
  package var status: Status
  /// `isSpotTradingAllowed` on the wire.
  package var isAPITradable: Bool
  /// Whether the key's list of pairs has it.
  package var isKeyAllowed: Bool
  /// Where the price walk begins; a symbol without it has no market until a price is set.
  package var startPrice: FixedDecimal?
  /// Fractions of the quote amount.
  package var makerFee: FixedDecimal
  package var takerFee: FixedDecimal
  package var fullName: String

  package init(
    rules: Instrument, status: Status = .online, isAPITradable: Bool = true,
    isKeyAllowed: Bool = true, startPrice: FixedDecimal? = nil, makerFee: FixedDecimal = .zero,
    takerFee: FixedDecimal = .scaled(5, digits: 4), fullName: String? = nil
  ) {
    self.rules = rules
    self.status = status
    self.isAPITradable = isAPITradable
    self.isKeyAllowed = isKeyAllowed
    self.startPrice = startPrice
    self.makerFee = makerFee
    self.takerFee = takerFee
    self.fullName = fullName ?? rules.baseAsset
  }

  package var symbol: Symbol { rules.symbol }
}

extension FixedDecimal {
  /// `value` × 10⁻ᵈⁱᵍⁱᵗˢ, for 0…18 digits.
  package static func scaled(_ value: Int, digits: Int) -> FixedDecimal {
    FixedDecimal(units: Int128(value) * (powerOfTen(negative: digits)?.units ?? 0))
  }

  /// How many digits after the point it takes to write it.
  package var fractionDigitsNeeded: Int {
    var digits = 0
    while digits < Self.fractionDigits, let unit = Self.powerOfTen(negative: digits),
      !isMultiple(of: unit)
    {
      digits += 1
    }
    return digits
  }
}

extension Listing {
  /// The listings without `--symbols`: four ordinary pairs, and one for each way in which the
  /// exchange can say no to a symbol, a side or a type.
  package static let standard: [Listing] = [
    .usdt("BTC", price: .scaled(64_000_00, digits: 2), digits: 2, step: 6, band: 5, "Bitcoin"),
    .usdt("ETH", price: .scaled(3_200_00, digits: 2), digits: 2, step: 5, band: 10, "Ethereum"),
    .usdt("LINK", price: .scaled(21_420, digits: 3), digits: 3, step: 2, band: 20, "ChainLink"),
    .usdt("MX", price: .scaled(28_500, digits: 4), digits: 4, step: 2, band: 20, "MX Token"),
    .usdt("PAUSE", status: .paused, "Trading paused"),
    .usdt("NOAPI", isAPITradable: false, "Not open to the API"),
    .usdt("BUYONLY", sides: .buyOnly, "Buy side only"),
    .usdt("SELLONLY", sides: .sellOnly, "Sell side only"),
    .usdt("NOMARKET", types: [.limit, .limitMaker, .immediateOrCancel, .fillOrKill], "No MARKET"),
  ].compactMap(\.self)

  /// A pair against USDT with a least order of 1 USDT, as nearly all pairs of the exchange have it.
  /// `digits` are those of the price, `step` those of the quantity; `band` is in percent.
  private static func usdt(
    _ base: String, price: FixedDecimal = FixedDecimal(1), digits: Int = 4, step: Int = 2,
    band: Int = 20, sides: Instrument.TradableSides = .both,
    types: Set<OrderType> = Set(OrderType.allCases), status: Status = .online,
    isAPITradable: Bool = true, _ fullName: String
  ) -> Listing? {
    guard let symbol = Symbol(exchangeText: base + "USDT") else { return nil }
    let band = FixedDecimal.scaled(band, digits: 2)
    let rules = Instrument(
      venue: venue, symbol: symbol, baseAsset: base, quoteAsset: "USDT",
      isTradable: status == .online && isAPITradable, sides: sides, types: types,
      tickSize: .scaled(1, digits: digits), stepSize: .scaled(1, digits: step),
      quoteStep: .scaled(1, digits: digits), minimumQuantity: .scaled(1, digits: step),
      minimumNotional: FixedDecimal(1), minimumNotionalMarket: FixedDecimal(1),
      maximumNotional: FixedDecimal(2_000_000), maximumNotionalMarket: FixedDecimal(100_000),
      priceBand: Instrument.PriceBand(buyUp: band, sellDown: band))
    return Listing(
      rules: rules, status: status, isAPITradable: isAPITradable, startPrice: price,
      fullName: fullName)
  }
}
