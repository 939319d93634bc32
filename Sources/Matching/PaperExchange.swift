package import Domain

/// The exchange of paper mode: orders are judged and filled by the simulated exchange's rules, at the
/// real prices that it is told. It needs no keys and sends nothing.
///
/// Its balances have no bound: a paper trader is never stopped for want of money, so a strategy that
/// the real account could not pay for looks as good here as any other.
///
/// A market order fills whole at the price known last: the ask or the bid of a book, or a last price. A
/// limit order fills whole when such a price reaches it, at once or later. Order identifiers are `PAPER-` and the client order ID, the same
/// after every restart.
package final class PaperExchange {
  private var exchange: SpotExchange?
  private let seed: UInt64
  /// What was learned before the first moment was known.
  private var instruments: [Instrument] = []
  /// The last price of each symbol whose rules were not learned yet: an exchange that tells a symbol's
  /// rules late tells, or pushes, its price meanwhile.
  private var earlyPrices: [Symbol: EarlyPrice] = [:]

  private enum EarlyPrice {
    case last(FixedDecimal)
    case book(bid: FixedDecimal, ask: FixedDecimal)
  }

  /// Ended orders that a look has shown, in the present period and in the one before: nobody asks for them
  /// again. The latter are forgotten when the period ends.
  private var shown: (now: Set<String>, before: Set<String>) = ([], [])
  private var periodEnd: MonotonicTime?

  /// An order is found in the list that is asked for another one's sake, and its own look comes later: not
  /// before the end of a back-off.
  private static let period: Duration = .seconds(6 * 60 * 60)

  package init(seed: UInt64 = 0) {
    self.seed = seed
  }

  private static var rules: ExchangeRules {
    var rules = ExchangeRules()
    rules.hasUnlimitedFunds = true
    rules.walks = false
    rules.acknowledgementLag = .zero
    rules.partialPercent = 0
    rules.crossingMaker = .canceled
    rules.identifiers = .paper
    return rules
  }

  /// The machine begins with the first moment that it is told.
  private func withExchange<Result>(
    at now: Moment, _ body: (inout SpotExchange) -> Result
  ) -> Result {
    var machine =
      exchange
      ?? SpotExchange(listings: [], balances: [], rules: Self.rules, seed: seed, at: now)
    // Left in place, the array of orders would be copied by the first change.
    exchange = nil
    for instrument in instruments {
      machine.add(Listing(instrument))
      switch earlyPrices.removeValue(forKey: instrument.symbol) {
      case nil: break
      case .last(let price): _ = machine.setPrice(instrument.symbol, to: price, at: now)
      case .book(let bid, let ask):
        _ = machine.setQuote(instrument.symbol, bid: bid, ask: ask, at: now)
      }
    }
    instruments = []
    defer { exchange = machine }
    return body(&machine)
  }

  /// Adds symbols, or changes the rules of those that it has.
  package func learn(_ instruments: [Instrument]) {
    self.instruments += instruments
  }

  /// Takes real prices over; open orders that they reach are filled.
  package func learn(_ prices: [SymbolPrice], at now: Moment) {
    withExchange(at: now) { exchange in
      for price in prices {
        if exchange.listing(price.symbol) == nil {
          earlyPrices[price.symbol] = .last(price.price)
        } else {
          _ = exchange.setPrice(price.symbol, to: price.price, at: now)
        }
      }
    }
  }

  /// Takes over the best prices of a real book; open orders that they reach are filled. False for a book
  /// that is crossed.
  @discardableResult
  package func learn(
    _ symbol: Symbol, bid: FixedDecimal, ask: FixedDecimal, at now: Moment
  ) -> Bool {
    withExchange(at: now) { exchange in
      if exchange.listing(symbol) != nil {
        return exchange.setQuote(symbol, bid: bid, ask: ask, at: now)
      }
      guard bid.isPositive, bid < ask, ask <= SpotExchange.priceMaximum else { return false }
      earlyPrices[symbol] = .book(bid: bid, ask: ask)
      return true
    }
  }

  /// Puts back an open order that an earlier run was told of. Its instrument must have been learned.
  package func restore(
    _ request: OrderRequest, orderID: String, executedQuantity: FixedDecimal,
    executedQuote: FixedDecimal, acceptedAt: WallTime, at now: Moment
  ) {
    withExchange(at: now) { exchange in
      exchange.restore(
        Placement(request), orderID: orderID, executedQuantity: executedQuantity,
        executedQuote: executedQuote, acceptedAt: acceptedAt, at: now)
    }
  }

  /// Answers as the real exchange would. Public requests are answered with what was learned.
  package func answer(_ request: ExchangeRequest, at now: Moment) -> ExchangeAnswer {
    forgetShown(at: now)
    let answer = withExchange(at: now) { exchange in
      do throws(Refusal) {
        return try Self.answer(request, from: &exchange, at: now)
      } catch {
        return Self.isMissing(error)
          ? .orderMissing(ExchangeError(error)) : .failed(.refused(ExchangeError(error)))
      }
    }
    remember(answer)
    return answer
  }

  /// How many orders it keeps.
  package var orderCount: Int { exchange?.orders.count ?? 0 }

  private func remember(_ answer: ExchangeAnswer) {
    if case .success(.found(let report)) = answer.orderReading { remember(report) }
    if case .success(let list) = answer.ordersReading { list.reports.forEach(remember) }
  }

  private func remember(_ report: OrderReport) {
    switch report.status {
    case .open, .partiallyFilled, .undocumented: break
    case .filled, .canceled, .partiallyCanceled: shown.now.insert(report.orderID)
    }
  }

  private func forgetShown(at now: Moment) {
    if let periodEnd, now.monotonic < periodEnd { return }
    periodEnd = now.monotonic.advanced(by: Self.period)
    let old = shown.before
    shown = ([], shown.now)
    if !old.isEmpty { withExchange(at: now) { $0.records.forget(old) } }
  }

  private static func place(
    _ request: OrderRequest, in exchange: inout SpotExchange, at now: Moment
  ) -> Result<String, ExchangeFailure> {
    do throws(Refusal) {
      return .success(try exchange.place(Placement(request), at: now).orderID)
    } catch {
      return .failure(.refused(ExchangeError(error)))
    }
  }

  private static func isMissing(_ refusal: Refusal) -> Bool { refusal.code == -2013 }

  private static func answer(
    _ request: ExchangeRequest, from exchange: inout SpotExchange, at now: Moment
  ) throws(Refusal) -> ExchangeAnswer {
    switch request {
    case .serverTime: return .serverTime(now.wall)
    case .instruments(let symbols):
      return .instruments(symbols.compactMap { exchange.listing($0)?.rules })
    case .prices(let symbols):
      return .prices(
        symbols.sorted().compactMap { symbol in
          exchange.price(of: symbol).map { SymbolPrice(symbol: symbol, price: $0) }
        })
    case .tradableSymbols:
      return .tradableSymbols(exchange.listings.filter(\.isAPITradable).map(\.symbol).sorted())
    case .place(let requests):
      return .placed(requests.map { place($0, in: &exchange, at: now) })
    case .validate(let request):
      try exchange.check(Placement(request), at: now)
      return .validated
    case .order(let symbol, let reference):
      guard let order = exchange.order(symbol, .init(reference), at: now) else {
        throw .unknownOrder
      }
      return .order(OrderReport(order))
    case .openOrders(let symbol):
      return .orders(exchange.openOrders(symbol, at: now).map(OrderReport.init))
    case .recentOrders(let symbol, let start, let end):
      let orders = exchange.allOrders(symbol, in: start.through(end), limit: .max, at: now)
      return .orders(orders.map(OrderReport.init))
    case .trades(let symbol, let orderID, let start, let end):
      let trades = exchange.trades(
        symbol, orderID: orderID, in: start.through(end), limit: .max, at: now)
      return .trades(trades.map { TradeReport($0, of: exchange.orders[$0.order]) })
    case .cancel(let symbol, let reference):
      _ = try exchange.cancel(symbol, .init(reference), at: now)
      return .cancelTaken
    // There is no key on paper.
    case .keyInformation: return .keyInformation(KeyInformation())
    case .accountRights: return .accountRights(AccountRights(canTrade: true))
    // What happens on paper, this process knows.
    case .openAccountStream, .extendAccountStream: return .accountStreamReady
    }
  }
}

extension WallTime {
  /// From this time on, for ever.
  fileprivate func through(_ end: WallTime?) -> ClosedRange<WallTime> {
    self...max(self, end ?? WallTime(milliseconds: .max))
  }
}

extension Listing {
  /// Fees are those of the exchange's price list; the account's own are not asked for.
  fileprivate init(_ instrument: Instrument) {
    self.init(rules: instrument, isAPITradable: instrument.isTradable)
  }
}

extension OrderReport {
  package init(_ order: SimulatedOrder) {
    self.init(
      orderID: order.orderID, clientOrderID: order.clientOrderID, symbol: order.symbol,
      side: order.side, type: order.type, price: order.price, quantity: order.quantity,
      executedQuantity: order.executedQuantity, executedQuote: order.executedQuote,
      status: Status(order.status))
  }
}

extension OrderReport.Status {
  fileprivate init(_ status: SimulatedOrder.Status) {
    switch status {
    case .new: self = .open
    case .partiallyFilled: self = .partiallyFilled
    case .filled: self = .filled
    case .canceled: self = .canceled
    case .partiallyCanceled: self = .partiallyCanceled
    }
  }
}

extension TradeReport {
  fileprivate init(_ trade: SimulatedTrade, of order: SimulatedOrder) {
    self.init(
      tradeID: trade.tradeID, orderID: order.orderID, clientOrderID: order.clientOrderID,
      symbol: order.symbol, price: trade.price, quantity: trade.quantity)
  }
}

extension ExchangeError {
  /// What a paper refusal asks of the daemon; it always proves that there is no order.
  fileprivate init(_ refusal: Refusal) {
    let action: Action =
      switch refusal.code {
      case -2011, -2013: .query
      case 10007, 30001, 30019, 30041: .skip
      case 30000, 30016: .suspended
      case 10102, 30002, 30003: .size
      case 30010, 30029: .wait
      default: .fix
      }
    self.init(
      code: refusal.code, text: refusal.text, action: action, refusesPlacement: true,
      advice: "the paper exchange refused it by the rules of the real one")
  }
}
