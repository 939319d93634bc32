import Domain
import Execution
import Matching

/// Where nothing goes wrong, a signal is traded, unless the record of what the exchange was asked and told
/// shows why it cannot be: it is too much for a limit, came when the pools were in use, was made for another
/// price, finds no funds, or would not rest as it has to.
struct GoodSignals {
  private let oracle: Oracle
  private let risk: EngineConfiguration.Risk
  private let wishes: [Signal]

  /// So long the pools can have room before the order of a signal that waits leaves: a start asks for
  /// what an order needs, a price is looked up, and the daemon counts a request for longer than it takes.
  private static let longestIdling = second

  init(_ oracle: Oracle) {
    self.oracle = oracle
    risk = oracle.configuration.risk
    wishes = oracle.wishes.all
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
    let time = order?.code == nil ? record.decidedAt : order?.updatedAt ?? record.decidedAt
    if isReason(code, against: wish, at: time) { return nil }
    return "it never came to the exchange, though nothing speaks against it: \(code.rawValue), "
      + (order?.reason ?? record.message)
  }

  private func isReason(
    _ code: DecisionCode, against wish: Signal, at time: WallTime
  ) -> Bool {
    switch code {
    case .expired, .rateLimited: !hadRoom(for: wish)
    case .exchangeRejected: oracle.refusals.isExplained(oracle.name(of: wish.id))
    case .priceDeviation: isFarFromMarket(wish, at: time)
    case .riskOrderQuote: worth(of: wish) > risk.maximumOrderQuote ?? .zero
    case .riskDailyQuote: spent(with: wish, at: time) > risk.maximumDailyQuote ?? .zero
    case .riskOpenOrders:
      others(than: wish, at: time).count { $0.mayBeOpen(at: time) } >= risk.maximumOpenOrders
    case .riskOrderRate:
      others(than: wish, at: time).count { time.since($0.createdAt) <= Self.minute }
        >= risk.maximumOrdersPerMinute
    case .accepted, .duplicate, .heartbeat, .invalidJSON, .invalidField, .unknownField,
      .conflictingDuplicate, .tooLarge, .unreadableFile, .unauthenticated, .symbolNotAllowed,
      .symbolUnknown, .symbolNotTradable, .sideNotTradable, .typeNotSupported, .pricePrecision,
      .belowMinimum, .aboveMaximum, .priceUnavailable, .priceBand, .sourceLimit, .halted, .canceled,
      .storageUnavailable, .shuttingDown, .notFound:
      false
    }
  }

  private static let minute = Duration.seconds(60)

  // MARK: Time

  /// Whether its order could have left while it lived, whatever waited before it.
  private func hadRoom(for wish: Signal) -> Bool {
    let name = oracle.name(of: wish.id)
    guard let beginning = oracle.wishes.beginning(of: name), let end = oracle.wishes.end(of: name)
    else { return true }
    let world = oracle.world
    let room = oracle.poolUse.longestRoom(
      from: world.trueTime(of: beginning), to: world.trueTime(of: end), in: world.dials)
    return room > Self.longestIdling
  }

  // MARK: Prices

  /// Whether one of the prices that it may have been judged by is too far from what it was made for.
  private func isFarFromMarket(_ wish: Signal, at time: WallTime) -> Bool {
    let end = oracle.world.trueTime(of: time) + 2 * millisecond
    let span = (end - Oracle.maximumPriceAge.wholeNanoseconds - 4 * millisecond)...end
    let told =
      oracle.prices.told(of: wish.symbol, in: span)
      + oracle.pushedPrices.told(of: wish.symbol, for: wish.side, in: span)
    let most = oracle.configuration.price.maximumDeviation
    return told.contains { !wish.isMade(for: $0, within: most) }
  }

  // MARK: Limits

  /// The orders that were there when the signal was decided on.
  private func others(than wish: Signal, at time: WallTime) -> [Order] {
    oracle.shadow.orders.values.filter { $0.key.signal != wish.id && $0.createdAt <= time }
  }

  /// What it and the orders before it are worth at most; one that was over by then and had not come to
  /// the exchange counts nothing.
  private func spent(with wish: Signal, at time: WallTime) -> FixedDecimal {
    var sum = worth(of: wish)
    for order in others(than: wish, at: time)
    where order.status.countsAsExposure || order.updatedAt >= time {
      for other in wishes where other.id == order.key.signal {
        sum = sum.adding(max(worth(of: other), order.executedQuote)) ?? sum
      }
    }
    return sum
  }

  /// In quote, by the highest price that was told where its own is not the highest that can be paid.
  private func worth(of wish: Signal) -> FixedDecimal {
    switch wish.amount {
    case .quote(let quote): return quote
    case .base(let quantity):
      let prices =
        if wish.side == .buy, let own = wish.price { [own] } else {
          [
            wish.price, oracle.prices.highest(of: wish.symbol),
            oracle.pushedPrices.highest(of: wish.symbol),
          ].compactMap(\.self)
        }
      return prices.max().flatMap { quantity.multiplied(by: $0, rounding: .up) } ?? .zero
    }
  }
}

extension Order {
  fileprivate func mayBeOpen(at time: WallTime) -> Bool {
    !status.isTerminal || updatedAt >= time
  }
}
