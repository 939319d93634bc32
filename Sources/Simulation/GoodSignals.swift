import Domain
import Matching

/// Where nothing goes wrong, a signal is traded, unless it is too much for a limit, comes too late or finds
/// no funds.
struct GoodSignals {
  private let oracle: Oracle
  private let wishes: [Signal]
  private let price: (Symbol) -> FixedDecimal?

  /// `price` is the market's.
  init(_ oracle: Oracle, price: @escaping (Symbol) -> FixedDecimal?) {
    self.oracle = oracle
    wishes = oracle.wishes.all
    self.price = price
  }

  func check() {
    guard oracle.world.dials.isFaultless else { return }
    for wish in wishes {
      if let loss = loss(of: wish) { oracle.world.fail(.goodSignalsTrade, wish.id.text, loss) }
    }
  }

  private func loss(of wish: Signal) -> String? {
    guard let record = oracle.shadow.signals[wish.id] else { return "nothing is on record of it" }
    let order = oracle.shadow.orders[OrderKey(signal: wish.id)]
    if let order, oracle.truth(of: order) != nil { return nil }
    let code = order?.code ?? record.decision
    if isReason(code, against: wish) { return nil }
    return "it never came to the exchange, though nothing speaks against it: \(code.rawValue), "
      + (order?.reason ?? record.message)
  }

  private func isReason(_ code: DecisionCode, against wish: Signal) -> Bool {
    switch code {
    case .expired, .rateLimited, .priceUnavailable, .exchangeRejected: true
    case .priceDeviation: wish.referencePrice != nil || wish.price != nil
    case .riskOrderQuote: worth(of: [wish]) > Oracle.maximumOrderQuote
    case .riskDailyQuote: worth(of: wishes) > FixedDecimal(oracle.world.dials.dailyQuote)
    case .riskOpenOrders: wishes.count > oracle.world.dials.openOrders
    case .riskOrderRate: wishes.count > oracle.world.dials.ordersPerMinute
    case .accepted, .duplicate, .heartbeat, .invalidJSON, .invalidField, .unknownField,
      .conflictingDuplicate, .tooLarge, .unreadableFile, .unauthenticated, .symbolNotAllowed,
      .symbolUnknown, .symbolNotTradable, .sideNotTradable, .typeNotSupported, .pricePrecision,
      .belowMinimum, .aboveMaximum, .priceBand, .sourceLimit, .halted, .canceled,
      .storageUnavailable, .shuttingDown, .notFound:
      false
    }
  }

  /// In quote, as far as the market can have moved.
  private func worth(of wishes: [Signal]) -> FixedDecimal {
    var sum = FixedDecimal.zero
    for wish in wishes {
      let worth: FixedDecimal? =
        switch wish.amount {
        case .quote(let quote): quote
        case .base(let quantity):
          (wish.price ?? price(wish.symbol)).flatMap { quantity.multiplied(by: $0, rounding: .up) }
        }
      sum = worth.flatMap { sum.adding($0) } ?? sum
    }
    return sum.multiplied(by: .scaled(11, digits: 1), rounding: .up) ?? sum
  }
}
