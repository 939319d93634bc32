import Domain

/// What an order comes to once the rules of its symbol have let it pass.
struct Admission {
  let price: FixedDecimal
  let quantity: FixedDecimal
  let lockedAsset: String
  let locked: FixedDecimal

  /// How far a market order's protective price lies from the last price, in percent.
  private static let protection = 5

  /// The judgement by the symbol alone, in the exchange's order of checks. Throws the exchange's
  /// refusal.
  init(
    _ placement: Placement, in market: Market, by fate: inout OrderFate
  ) throws(Refusal) {
    let listing = market.listing
    try Self.checkScales(placement, listing.rules)
    try Self.checkTradable(listing)
    try Self.checkSideAndType(placement, listing.rules)
    guard let last = market.price else { throw .noValidPrice }
    try self.init(placement, last: last, listing)
    try Self.checkBand(placement, last: last, listing.rules)
    try Self.checkPostOnly(placement, last: last, by: &fate)
  }

  private static func checkScales(_ placement: Placement, _ rules: Instrument) throws(Refusal) {
    switch placement.amount {
    case .base(let quantity):
      guard quantity.isPositive else { throw .amountNotPositive }
      guard quantity.isMultiple(of: rules.stepSize) else { throw .quantityScale }
    case .quote(let quantity):
      guard quantity.isPositive else { throw .amountNotPositive }
      guard quantity.isMultiple(of: rules.quoteStep) else { throw .amountScale }
      guard placement.type == .market else { throw .missing("quantity") }
    }
    guard placement.type.hasPrice else { return }
    guard let price = placement.price else { throw .missing("price") }
    guard price.isPositive, price <= SpotExchange.priceMaximum else { throw .outsideBand }
    guard price.isMultiple(of: rules.tickSize) else { throw .priceScale }
  }

  private static func checkTradable(_ listing: Listing) throws(Refusal) {
    guard listing.isAPITradable else { throw .symbolNotSupported }
    switch listing.status {
    case .online: break
    case .paused: throw .suspended
    case .offline: throw .tradingDisabled
    }
    guard listing.isKeyAllowed else { throw .symbolBannedForKey }
  }

  private static func checkSideAndType(_ placement: Placement, _ rules: Instrument) throws(Refusal)
  {
    switch rules.sides {
    case .both: break
    case .buyOnly: guard placement.side == .buy else { throw .sideNotAllowed }
    case .sellOnly: guard placement.side == .sell else { throw .sideNotAllowed }
    case .none: throw .sideNotAllowed
    }
    guard rules.types.contains(placement.type) else {
      throw placement.type == .market ? Refusal.marketDisabledForAPI : .typeNotAllowed
    }
  }

  /// Least and largest order, and what the order locks.
  private init(
    _ placement: Placement, last: FixedDecimal, _ listing: Listing
  ) throws(Refusal) {
    let rules = listing.rules
    let isMarket = placement.type == .market
    let price =
      if let limit = placement.limit { limit } else {
        try Self.protectivePrice(placement.side, last, rules.tickSize)
      }
    let quantity: FixedDecimal
    let notional: FixedDecimal?
    let reserve: FixedDecimal?
    switch placement.amount {
    case .base(let amount):
      quantity = amount
      notional = (isMarket ? last : price).multiplied(by: amount, rounding: .down)
      reserve = price.multiplied(by: amount, rounding: .up)
    case .quote(let amount):
      quantity =
        amount.divided(by: price, rounding: .down)?
        .rounded(toMultipleOf: rules.stepSize, .down) ?? .zero
      notional = amount
      reserve = amount
    }
    let most = isMarket ? rules.maximumNotionalMarket : rules.maximumNotional
    guard let notional, let reserve, notional <= most ?? notional,
      let fee = reserve.multiplied(by: max(listing.makerFee, listing.takerFee), rounding: .up),
      let cost = reserve.adding(fee)
    else { throw .aboveMaximum(most ?? SpotExchange.priceMaximum, rules.quoteAsset) }
    let least = isMarket ? rules.minimumNotionalMarket : rules.minimumNotional
    guard notional >= least else { throw .belowMinimum(least, rules.quoteAsset) }
    guard quantity >= rules.minimumQuantity, quantity.isPositive else {
      throw .belowMinimum(rules.minimumQuantity, rules.baseAsset)
    }
    self.price = price
    self.quantity = quantity
    lockedAsset = rules.assetGiven(by: placement.side)
    locked = placement.side == .buy ? cost : quantity
  }

  private static func protectivePrice(
    _ side: Side, _ last: FixedDecimal, _ tick: FixedDecimal
  ) throws(Refusal) -> FixedDecimal {
    let percent = side == .buy ? 100 + protection : 100 - protection
    // Up: rounded down, a coarse tick would put the protection on the wrong side of the price.
    guard
      let price = last.multiplied(by: .scaled(percent, digits: 2), rounding: .up)?
        .rounded(toMultipleOf: tick, side == .buy ? .up : .down)
    else { throw .noValidPrice }
    if price.isPositive { return price }
    // There is no price below one tick: a symbol that is worth no more than that is sold at it.
    guard last >= tick else { throw .noValidPrice }
    return tick
  }

  private static func checkBand(
    _ placement: Placement, last: FixedDecimal, _ rules: Instrument
  ) throws(Refusal) {
    guard let price = placement.limit, let band = rules.priceBand else { return }
    let one = FixedDecimal(1)
    switch placement.side {
    case .buy where placement.type != .limitMaker:
      let highest = one.adding(band.buyUp)?.multiplied(by: last, rounding: .down)
      if let highest, price > highest { throw .outsideBand }
    case .buy: break
    case .sell:
      let lowest = one.subtracting(band.sellDown)?.multiplied(by: last, rounding: .up)
      if let lowest, price < lowest { throw .outsideBand }
    }
  }

  /// The post-only promise.
  private static func checkPostOnly(
    _ placement: Placement, last: FixedDecimal, by fate: inout OrderFate
  ) throws(Refusal) {
    guard placement.type == .limitMaker, let price = placement.limit,
      placement.side == .buy ? last <= price : last >= price
    else { return }
    if fate.refusesCrossingMaker() { throw .typeNotAllowed }
  }
}

extension Placement {
  /// The price that counts: a market order's is ignored.
  fileprivate var limit: FixedDecimal? { type.hasPrice ? price : nil }

  var quoteAmount: FixedDecimal? {
    switch amount {
    case .base: nil
    case .quote(let quote): quote
    }
  }
}
