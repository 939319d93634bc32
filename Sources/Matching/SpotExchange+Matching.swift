package import Domain

/// Fills, and the ends of orders.
extension SpotExchange {
  mutating func matchResting(in index: Int, at time: WallTime) {
    for number in records.open(markets[index].listing.symbol) {
      let order = records.orders[number]
      if !order.type.canRest {
        takeLiquidity(number, at: time)
      } else if markets[index].isCrossed(by: order) {
        let quantity = fate.partOrWhole(of: order.remaining, in: markets[index])
        fill(number, quantity, at: order.price, maker: true, time)
      }
    }
  }

  /// What a new order does in its first moment.
  mutating func takeLiquidity(_ number: Int, at time: WallTime) {
    let order = records.orders[number]
    guard let index = marketIndex[order.symbol] else { return }
    let market = markets[index]
    guard let offered = market.price(to: order.side) else { return }
    let crosses = order.type == .market || market.isCrossed(by: order)
    switch order.type {
    case .limit:
      guard crosses else { return }
      let quantity = fate.partOrWhole(of: order.quantity, in: market)
      fill(number, quantity, at: offered, maker: false, time)
    case .limitMaker:
      if crosses { close(number, at: time) }
    case .market:
      let target = market.target(of: order, at: offered)
      let available = fate.withinBook(target, in: market)
      // An order by quote amount is complete when the amount is used up, whatever base that was.
      fill(number, available, at: offered, maker: false, time, isWhole: available == target)
      close(number, at: time)
    case .immediateOrCancel:
      if crosses {
        let available = fate.withinBook(order.quantity, in: market)
        fill(number, available, at: offered, maker: false, time)
      }
      close(number, at: time)
    case .fillOrKill:
      if crosses && fate.withinBook(order.quantity, in: market) == order.quantity {
        fill(number, order.quantity, at: offered, maker: false, time)
      }
      close(number, at: time)
    }
  }

  /// Books one fill, when there is anything to fill and it is worth something: nobody would believe a
  /// fill for nothing. After a whole one the order is complete, as it is when nothing remains.
  mutating func fill(
    _ number: Int, _ quantity: FixedDecimal, at price: FixedDecimal, maker: Bool, _ time: WallTime,
    isWhole: Bool = false
  ) {
    var order = records.orders[number]
    guard let index = marketIndex[order.symbol], quantity.isPositive else { return }
    let listing = markets[index].listing
    let rate = maker ? listing.makerFee : listing.takerFee
    guard let quote = price.multiplied(by: quantity, rounding: .down), quote.isPositive,
      let fee = quote.multiplied(by: rate, rounding: .down),
      order.execute(quantity, for: quote, at: time),
      rules.hasUnlimitedFunds
        || wallet.settle(&order, listing.rules, quantity: quantity, quote: quote, fee: fee)
    else { return }
    let isComplete = isWhole || order.remaining.isZero
    if isComplete { order.status = .filled }
    let trade = SimulatedTrade(
      tradeID: fate.tradeID(for: order, in: records), order: number, price: price,
      quantity: quantity, quote: quote, fee: fee, isMaker: maker, time: time)
    records.enter(trade, of: order)
    if isComplete { close(number, at: time) }
    record(.filled(trade: records.trades.count - 1), of: number, at: time)
  }

  /// Takes an order out of the book: what did not fill is cancelled, what it locked is released.
  mutating func close(_ number: Int, at time: WallTime) {
    guard let locked = records.close(number, at: time) else { return }
    let order = records.orders[number]
    if locked.isPositive, let rules = listing(order.symbol)?.rules {
      wallet.release(rules.assetGiven(by: order.side), locked)
    }
    if order.status != .filled { record(.canceled, of: number, at: time) }
  }

  // MARK: The operator's hand

  /// Fills an open order at its own price, hidden or not; all that remains without a quantity.
  /// Throws when no such order is open, and for a quantity that is not above zero or not a multiple of
  /// the symbol's step.
  package mutating func fillOpenOrder(
    _ reference: OrderRecords.Reference, quantity: FixedDecimal?, at now: Moment
  ) throws(Refusal) -> SimulatedOrder {
    advance(to: now)
    guard let order = records.openOrder(reference) else { throw .unknownOrder }
    if let quantity, let step = listing(order.symbol)?.rules.stepSize {
      guard quantity.isPositive, quantity.isMultiple(of: step) else { throw .quantityScale }
    }
    let amount = min(quantity ?? order.remaining, order.remaining)
    fill(order.number, amount, at: order.price, maker: true, now.wall)
    return records.orders[order.number]
  }
}
