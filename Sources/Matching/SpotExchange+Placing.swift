package import Domain

/// The judgement of a new order, in the exchange's order of checks, and its acceptance.
extension SpotExchange {
  /// What an order comes to once it has passed.
  private struct Admission {
    let market: Int
    let price: FixedDecimal
    let quantity: FixedDecimal
    let lockedAsset: String
    let locked: FixedDecimal
  }

  /// How far a market order's protective price lies from the last price, in percent.
  private static let protection = 5

  /// Accepts an order or says why not. `visibility` overrides the seeded lag. Throws the exchange's
  /// refusal.
  package mutating func place(
    _ placement: Placement, visibility: SimulatedOrder.Visibility? = nil, at now: Moment
  ) throws(Refusal) -> SimulatedOrder {
    advance(to: now)
    let admission = try admit(placement)
    let number = orders.count
    if !rules.hasUnlimitedFunds {
      // The balance has been checked; what can still fail is a sum of locks too large to hold.
      guard wallet.lock(admission.lockedAsset, admission.locked) else { throw .oversold }
    }
    var order = SimulatedOrder(
      number: number, orderID: orderID(for: placement), clientOrderID: placement.clientOrderID,
      symbol: placement.symbol, side: placement.side, type: placement.type,
      price: admission.price, quantity: admission.quantity,
      quoteAmount: placement.quoteAmount, acceptedAt: now.wall,
      visibility: visibility ?? laggingVisibility(at: now.monotonic), updatedAt: now.wall)
    order.locked = rules.hasUnlimitedFunds ? .zero : admission.locked
    enter(order, in: admission.market)
    takeLiquidity(number, in: admission.market, at: now.wall)
    return orders[number]
  }

  /// What placing would say, without placing. Throws the exchange's refusal.
  package mutating func check(_ placement: Placement, at now: Moment) throws(Refusal) {
    advance(to: now)
    _ = try admit(placement)
  }

  mutating func enter(_ order: SimulatedOrder, in market: Int) {
    orders.append(order)
    numberByOrderID[order.orderID] = order.number
    if let client = order.clientOrderID {
      let earlier = numbersByClientOrderID[client, default: []]
      if !earlier.isEmpty { duplicateClientOrderIDs += 1 }
      numbersByClientOrderID[client] = earlier + [order.number]
    }
    markets[market].orders.append(order.number)
    markets[market].open.append(order.number)
    openCount += 1
    record(.accepted, of: order.number, at: order.updatedAt)
  }

  // MARK: Identifiers and lag

  private mutating func orderID(for placement: Placement) -> String {
    switch rules.identifiers {
    case .paper:
      let name =
        TradingMode.paperOrderIDPrefix + (placement.clientOrderID ?? String(orders.count + 1))
      return numberByOrderID[name] == nil ? name : "\(name)-\(orders.count + 1)"
    case .exchange:
      if fate.chance(1, in: 2) { return "C02__6\(fate.digits(11))\(orders.count + 100_000_000)" }
      let random = String(fate.next() | 1 << 63, radix: 16)
      let count = String(UInt64(orders.count) | 1 << 60, radix: 16)
      return random + count
    }
  }

  private mutating func laggingVisibility(at now: MonotonicTime) -> SimulatedOrder.Visibility {
    let most = rules.acknowledgementLag.wholeMilliseconds
    guard most > 0, fate.chance(rules.laggingPercent, in: 100) else { return .from(now) }
    return .from(now.advanced(by: .milliseconds(fate.below(Int(most) + 1))))
  }

  // MARK: Checks

  private mutating func admit(_ placement: Placement) throws(Refusal) -> Admission {
    guard let index = marketIndex[placement.symbol] else { throw .symbolNotSupported }
    let listing = markets[index].listing
    try Self.checkScales(placement, listing.rules)
    try Self.checkTradable(listing)
    try Self.checkSideAndType(placement, listing.rules)
    guard let last = markets[index].price else { throw .noValidPrice }
    let admission = try size(placement, last: last, market: index)
    try checkPrice(placement, last: last, listing.rules)
    if !rules.hasUnlimitedFunds && admission.locked > wallet[admission.lockedAsset].free {
      // Which of the two codes a buyer sees is not documented.
      if placement.side == .sell { throw .oversold }
      throw fate.chance(1, in: 2) ? Refusal.insufficientPosition : .insufficientBalance
    }
    guard openCount < rules.maximumOpenOrders else { throw .tooManyOpenOrders }
    if rules.rejectsDuplicateClientOrderIDs, let client = placement.clientOrderID,
      numbersByClientOrderID[client] != nil
    {
      throw .duplicateClientOrderID
    }
    return admission
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
    guard price.isPositive, price <= priceMaximum else { throw .outsideBand }
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
  private func size(
    _ placement: Placement, last: FixedDecimal, market: Int
  ) throws(Refusal) -> Admission {
    let listing = markets[market].listing
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
    else { throw .aboveMaximum(most ?? Self.priceMaximum, rules.quoteAsset) }
    let least = isMarket ? rules.minimumNotionalMarket : rules.minimumNotional
    guard notional >= least else { throw .belowMinimum(least, rules.quoteAsset) }
    guard quantity >= rules.minimumQuantity, quantity.isPositive else {
      throw .belowMinimum(rules.minimumQuantity, rules.baseAsset)
    }
    let isBuy = placement.side == .buy
    return Admission(
      market: market, price: price, quantity: quantity,
      lockedAsset: isBuy ? rules.quoteAsset : rules.baseAsset, locked: isBuy ? cost : quantity)
  }

  private static func protectivePrice(
    _ side: Side, _ last: FixedDecimal, _ tick: FixedDecimal
  ) throws(Refusal) -> FixedDecimal {
    let percent = side == .buy ? 100 + protection : 100 - protection
    // Up: rounded down, a coarse tick would put the protection on the wrong side of the price.
    guard
      let price = last.multiplied(by: .scaled(percent, digits: 2), rounding: .up)?
        .rounded(toMultipleOf: tick, side == .buy ? .up : .down), price.isPositive
    else { throw .noValidPrice }
    return price
  }

  /// The price band, and the post-only promise.
  private mutating func checkPrice(
    _ placement: Placement, last: FixedDecimal, _ rules: Instrument
  ) throws(Refusal) {
    guard let price = placement.limit else { return }
    let one = FixedDecimal(1)
    if let band = rules.priceBand {
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
    guard placement.type == .limitMaker else { return }
    guard placement.side == .buy ? last <= price : last >= price else { return }
    switch self.rules.crossingMaker {
    case .refused: throw .typeNotAllowed
    case .canceled: break
    case .either: if fate.chance(1, in: 2) { throw .typeNotAllowed }
    }
  }
}

extension Placement {
  /// The price that counts: a market order's is ignored.
  fileprivate var limit: FixedDecimal? { type.hasPrice ? price : nil }

  fileprivate var quoteAmount: FixedDecimal? {
    switch amount {
    case .base: nil
    case .quote(let quote): quote
    }
  }
}
