package import Domain

/// Turns a signal into an order that the symbol's rules admit, or says which rule it breaks.
/// Sizes are rounded down to the symbol's steps; a price is never moved.
package enum InstrumentRules {
  /// Throws: a denial that names the broken rule.
  package static func request(
    for signal: Signal, as clientOrderID: ClientOrderID, under rules: Instrument
  ) throws(Denial) -> OrderRequest {
    try checkTradable(signal, rules)
    if let price = signal.price, !price.isMultiple(of: rules.tickSize) {
      throw Denial(
        .pricePrecision,
        "the price \(price) is not a multiple of \(rules.symbol)'s tick size \(rules.tickSize)")
    }
    var request = OrderRequest(signal, as: clientOrderID)
    request.amount = try amount(of: signal, rules)
    try checkQuantity(request, rules)
    if let notional = notional(of: request, at: nil, rounding: .down) {
      try checkNotional(notional, request, rules)
    }
    return request
  }

  /// The notional limits of a market order by base quantity, once the price is known. Throws: a
  /// denial when it is outside them.
  package static func checkMarketNotional(
    _ request: OrderRequest, at price: FixedDecimal, under rules: Instrument
  ) throws(Denial) {
    guard request.type == .market, case .base = request.amount else { return }
    guard let notional = notional(of: request, at: price, rounding: .down) else {
      throw Denial(.aboveMaximum, "quantity times price is beyond what can be counted")
    }
    try checkNotional(notional, request, rules)
  }

  /// Quote currency: what the order is worth at its own price, or at `price` for a market order by
  /// base quantity; `nil` when neither is known, or the product does not fit.
  package static func notional(
    of request: OrderRequest, at price: FixedDecimal?, rounding: FixedDecimal.Rounding
  ) -> FixedDecimal? {
    switch request.amount {
    case .quote(let amount): amount
    case .base(let quantity):
      (request.price ?? price).flatMap { quantity.multiplied(by: $0, rounding: rounding) }
    }
  }

  private static func checkTradable(_ signal: Signal, _ rules: Instrument) throws(Denial) {
    guard rules.isTradable else {
      throw Denial(
        .symbolNotTradable, "\(rules.symbol) is not open to trading over the API now")
    }
    let sideAllowed =
      switch rules.sides {
      case .both: true
      case .buyOnly: signal.side == .buy
      case .sellOnly: signal.side == .sell
      case .none: false
      }
    guard sideAllowed else {
      throw Denial(
        .sideNotTradable, "\(rules.symbol) does not take \(signal.side.rawValue) orders now")
    }
    // The exchange takes ioc and fok wherever it takes limit, and lists them nowhere.
    let listed: OrderType =
      switch signal.type {
      case .immediateOrCancel, .fillOrKill: .limit
      case .limit, .market, .limitMaker: signal.type
      }
    guard rules.types.contains(listed) else {
      throw Denial(
        .typeNotSupported, "\(rules.symbol) does not take \(signal.type.rawValue) orders")
    }
  }

  private static func amount(
    of signal: Signal, _ rules: Instrument
  ) throws(Denial) -> Signal.Amount {
    switch (signal.amount, signal.price) {
    case (.base(let quantity), _):
      return .base(try stepped(quantity, rules.stepSize, rules))
    case (.quote(let quote), nil):
      return .quote(try stepped(quote, rules.quoteStep, rules))
    case (.quote(let quote), .some(let price)):
      guard let quantity = quote.divided(by: price, rounding: .down) else {
        throw Denial(.aboveMaximum, "quote_quantity \(quote) at \(price) cannot be counted")
      }
      return .base(try stepped(quantity, rules.stepSize, rules))
    }
  }

  private static func stepped(
    _ amount: FixedDecimal, _ step: FixedDecimal, _ rules: Instrument
  ) throws(Denial) -> FixedDecimal {
    guard let rounded = amount.rounded(toMultipleOf: step, .down), rounded.isPositive else {
      throw Denial(
        .belowMinimum, "\(amount) is less than one step of \(rules.symbol), which is \(step)")
    }
    return rounded
  }

  private static func checkQuantity(_ request: OrderRequest, _ rules: Instrument) throws(Denial) {
    guard case .base(let quantity) = request.amount, quantity < rules.minimumQuantity else {
      return
    }
    throw Denial(
      .belowMinimum,
      "the quantity \(quantity) is below \(rules.symbol)'s minimum \(rules.minimumQuantity)")
  }

  private static func checkNotional(
    _ notional: FixedDecimal, _ request: OrderRequest, _ rules: Instrument
  ) throws(Denial) {
    let isMarket = request.type == .market
    let minimum = isMarket ? rules.minimumNotionalMarket : rules.minimumNotional
    if notional < minimum {
      throw Denial(
        .belowMinimum,
        "the order is worth \(notional) \(rules.quoteAsset); \(rules.symbol)'s minimum is \(minimum)"
      )
    }
    let maximum = isMarket ? rules.maximumNotionalMarket : rules.maximumNotional
    if let maximum, notional > maximum {
      throw Denial(
        .aboveMaximum,
        "the order is worth \(notional) \(rules.quoteAsset); \(rules.symbol)'s maximum is \(maximum)"
      )
    }
  }
}

extension OrderRequest {
  /// As the signal states it, whatever the symbol's rules say.
  init(_ signal: Signal, as clientOrderID: ClientOrderID) {
    self.init(
      clientOrderID: clientOrderID, symbol: signal.symbol, side: signal.side, type: signal.type,
      amount: signal.amount, price: signal.price)
  }
}
