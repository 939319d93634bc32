import Domain

/// What the exchange leaves open about an order, decided by its rules and its seed.
struct OrderFate: Sendable {
  private let rules: ExchangeRules
  private var draw: SplitMix64

  init(_ rules: ExchangeRules, seed: UInt64) {
    self.rules = rules
    draw = SplitMix64(seed: seed, stream: "orders")
  }

  // MARK: Acceptance

  mutating func refusesCrossingMaker() -> Bool {
    switch rules.crossingMaker {
    case .refused: true
    case .canceled: false
    case .either: draw.chance(1, in: 2)
    }
  }

  mutating func shortOfFunds(_ side: Side) -> Refusal {
    switch side {
    case .sell: .oversold
    // Which of the two codes a buyer sees is not documented.
    case .buy: draw.chance(1, in: 2) ? .insufficientPosition : .insufficientBalance
    }
  }

  mutating func orderID(for placement: Placement, in records: OrderRecords) -> String {
    let count = records.orders.count
    switch rules.identifiers {
    case .paper:
      let name = TradingMode.paperOrderIDPrefix + (placement.clientOrderID ?? String(count + 1))
      return records.has(orderID: name) ? "\(name)-\(count + 1)" : name
    case .exchange:
      if draw.chance(1, in: 2) { return "C02__6\(draw.digits(11))\(count + 100_000_000)" }
      let random = String(draw.next() | 1 << 63, radix: 16)
      return random + String(UInt64(count) | 1 << 60, radix: 16)
    }
  }

  mutating func visibility(at now: MonotonicTime) -> SimulatedOrder.Visibility {
    let most = rules.acknowledgementLag.wholeMilliseconds
    guard most > 0, draw.chance(rules.laggingPercent, in: 100) else { return .from(now) }
    return .from(now.advanced(by: .milliseconds(draw.below(Int(most) + 1))))
  }

  // MARK: Fills

  /// The whole of `quantity` or some tenths of it.
  mutating func partOrWhole(of quantity: FixedDecimal, in market: Market) -> FixedDecimal {
    guard draw.chance(rules.partialPercent, in: 100) else { return quantity }
    let part = market.tenths(1 + draw.below(9), of: quantity)
    return part.isPositive ? part : quantity
  }

  /// `quantity`, or the less that a thin book holds.
  mutating func withinBook(_ quantity: FixedDecimal, in market: Market) -> FixedDecimal {
    guard draw.chance(rules.thinPercent, in: 100) else { return quantity }
    return market.tenths(draw.below(10), of: quantity)
  }

  mutating func tradeID(for order: SimulatedOrder, in records: OrderRecords) -> String {
    let count = records.trades.count
    return switch rules.identifiers {
    case .exchange: "\(draw.digits(10))\(count + 10_000_000)X1"
    case .paper: "\(order.orderID)-\(count + 1)"
    }
  }
}
