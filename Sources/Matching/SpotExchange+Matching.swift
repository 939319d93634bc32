import Domain

/// Fills, and the ends of orders.
extension SpotExchange {
  mutating func matchResting(in index: Int, at time: WallTime) {
    for number in markets[index].open where crosses(orders[number], in: index) {
      let remaining = orders[number].remaining
      fill(
        number, partOrWhole(of: remaining, in: index), at: orders[number].price, maker: true, time)
    }
  }

  /// Whether the order's price takes what the market offers to its side; not without a price.
  func crosses(_ order: SimulatedOrder, in index: Int) -> Bool {
    guard let offered = markets[index].price(to: order.side) else { return false }
    switch order.side {
    case .buy: return offered <= order.price
    case .sell: return offered >= order.price
    }
  }

  /// By the seed the whole of `quantity` or some tenths of it.
  private mutating func partOrWhole(of quantity: FixedDecimal, in index: Int) -> FixedDecimal {
    guard fate.chance(rules.partialPercent, in: 100) else { return quantity }
    let part = tenths(1 + fate.below(9), of: quantity, in: index)
    return part.isPositive ? part : quantity
  }

  private func tenths(_ count: Int, of quantity: FixedDecimal, in index: Int) -> FixedDecimal {
    quantity.multiplied(by: .scaled(count, digits: 1), rounding: .down)?
      .rounded(toMultipleOf: markets[index].listing.rules.stepSize, .down) ?? .zero
  }

  /// What a new order does in its first moment.
  mutating func takeLiquidity(_ number: Int, in index: Int, at time: WallTime) {
    let order = orders[number]
    guard let offered = markets[index].price(to: order.side) else { return }
    let crosses = order.type == .market || crosses(order, in: index)
    switch order.type {
    case .limit:
      guard crosses else { return }
      fill(number, partOrWhole(of: order.quantity, in: index), at: offered, maker: false, time)
    case .limitMaker:
      if crosses { close(number, at: time) }
    case .market:
      let target = marketTarget(of: order, at: offered, in: index)
      let available = withinBook(target, in: index)
      // An order by quote amount is complete when the amount is used up, whatever base that was.
      fill(number, available, at: offered, maker: false, time, isWhole: available == target)
      close(number, at: time)
    case .immediateOrCancel:
      if crosses {
        fill(number, withinBook(order.quantity, in: index), at: offered, maker: false, time)
      }
      close(number, at: time)
    case .fillOrKill:
      if crosses && withinBook(order.quantity, in: index) == order.quantity {
        fill(number, order.quantity, at: offered, maker: false, time)
      }
      close(number, at: time)
    }
  }

  private func marketTarget(
    of order: SimulatedOrder, at last: FixedDecimal, in index: Int
  ) -> FixedDecimal {
    guard let quote = order.quoteAmount else { return order.quantity }
    return quote.divided(by: last, rounding: .down)?
      .rounded(toMultipleOf: markets[index].listing.rules.stepSize, .down) ?? .zero
  }

  /// `quantity`, or by the seed the less that a thin book holds.
  private mutating func withinBook(_ quantity: FixedDecimal, in index: Int) -> FixedDecimal {
    guard fate.chance(rules.thinPercent, in: 100) else { return quantity }
    return tenths(fate.below(10), of: quantity, in: index)
  }

  /// Books one fill, when there is anything to fill. After a whole one the order is complete, as it is
  /// when nothing remains.
  mutating func fill(
    _ number: Int, _ quantity: FixedDecimal, at price: FixedDecimal, maker: Bool, _ time: WallTime,
    isWhole: Bool = false
  ) {
    guard let index = marketIndex[orders[number].symbol], quantity.isPositive else { return }
    let listing = markets[index].listing
    let rate = maker ? listing.makerFee : listing.takerFee
    guard let quote = price.multiplied(by: quantity, rounding: .down),
      let fee = quote.multiplied(by: rate, rounding: .down),
      let executed = orders[number].executedQuantity.adding(quantity),
      let executedQuote = orders[number].executedQuote.adding(quote),
      settle(number, listing.rules, quantity: quantity, quote: quote, fee: fee)
    else { return }
    orders[number].executedQuantity = executed
    orders[number].executedQuote = executedQuote
    orders[number].updatedAt = time
    orders[number].status = .partiallyFilled
    markets[index].trades.append(trades.count)
    trades.append(
      SimulatedTrade(
        tradeID: tradeID(for: orders[number]), order: number, price: price, quantity: quantity,
        quote: quote, fee: fee, isMaker: maker, time: time))
    if isWhole || orders[number].remaining.isZero {
      orders[number].status = .filled
      close(number, at: time)
    }
    record(.filled(trade: trades.count - 1), of: number, at: time)
  }

  /// Moves the money of one fill; false, and nothing moved, when a sum would not fit.
  private mutating func settle(
    _ number: Int, _ rules: Instrument, quantity: FixedDecimal, quote: FixedDecimal,
    fee: FixedDecimal
  ) -> Bool {
    if self.rules.hasUnlimitedFunds { return true }
    switch orders[number].side {
    case .buy:
      guard let cost = quote.adding(fee), cost <= orders[number].locked,
        wallet.receive(rules.baseAsset, quantity)
      else { return false }
      wallet.pay(rules.quoteAsset, cost)
      orders[number].locked = orders[number].locked.subtracting(cost) ?? .zero
    case .sell:
      guard let proceeds = quote.subtracting(fee), quantity <= orders[number].locked,
        wallet.receive(rules.quoteAsset, proceeds)
      else { return false }
      wallet.pay(rules.baseAsset, quantity)
      orders[number].locked = orders[number].locked.subtracting(quantity) ?? .zero
    }
    return true
  }

  /// Takes an order out of the book: what did not fill is cancelled, what it locked is released.
  mutating func close(_ number: Int, at time: WallTime) {
    guard let index = marketIndex[orders[number].symbol],
      let place = markets[index].open.firstIndex(of: number)
    else { return }
    markets[index].open.remove(at: place)
    openCount -= 1
    let isFilled = orders[number].status == .filled
    switch orders[number].status {
    case .new: orders[number].status = .canceled
    case .partiallyFilled: orders[number].status = .partiallyCanceled
    case .filled, .canceled, .partiallyCanceled: break
    }
    orders[number].updatedAt = time
    if orders[number].locked.isPositive {
      let listing = markets[index].listing.rules
      let asset = orders[number].side == .buy ? listing.quoteAsset : listing.baseAsset
      wallet.release(asset, orders[number].locked)
      orders[number].locked = .zero
    }
    if !isFilled { record(.canceled, of: number, at: time) }
  }

  private mutating func tradeID(for order: SimulatedOrder) -> String {
    switch rules.identifiers {
    case .exchange: "\(fate.digits(10))\(trades.count + 10_000_000)X1"
    case .paper: "\(order.orderID)-\(trades.count + 1)"
    }
  }
}
