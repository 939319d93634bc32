package import Domain

extension SpotExchange {
  /// What the order book shows: the nearest ticks below and above the last price, and about 1,000
  /// units of quote on every level. `nil` without a price.
  package func book(_ symbol: Symbol) -> (
    bid: FixedDecimal, ask: FixedDecimal, quantity: FixedDecimal
  )? {
    guard let index = marketIndex[symbol], let price = markets[index].price else { return nil }
    let rules = markets[index].listing.rules
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
  package func day(
    _ symbol: Symbol
  ) -> (open: FixedDecimal, last: FixedDecimal, high: FixedDecimal, low: FixedDecimal)? {
    guard let index = marketIndex[symbol], let last = markets[index].price else { return nil }
    let market = markets[index]
    return (
      market.listing.startPrice ?? last, last, market.high ?? last, market.low ?? last
    )
  }
}
