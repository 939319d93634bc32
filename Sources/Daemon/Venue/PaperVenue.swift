package import Domain
package import Execution
import Matching
package import Transport

/// Paper trading: another venue's public data, and orders in the matching engine of this process.
package struct PaperVenue: Venue {
  private var market: any Venue
  private let exchange = PaperExchange()
  /// What an earlier run placed on paper; the matching engine gets each back once its symbol's rules
  /// are known.
  private var unrestored: [Order]
  /// Rules that an earlier run read. Orders leave by them before the exchange has told them again, so
  /// the matching engine goes by them, too.
  private var keptRules: [Instrument]
  /// When the price look-up that is out was asked for.
  private var pricesAskedAt: MonotonicTime?
  /// The earliest moment that the price of a symbol can be from by which its orders fill.
  private var pricedAt: [Symbol: MonotonicTime] = [:]

  /// The market's clock: pushed prices are dated by it here as where orders are judged.
  private var clock: ExchangeClock?
  /// What an earlier run read of it.
  private var keptClock: VenueFacts.Clock?
  /// When the reading of the clock that is out was asked for.
  private var timeAskedAt: MonotonicTime?

  /// `state` is what an earlier run left.
  package init(over market: any Venue, restoring state: StoredState) {
    self.market = market
    unrestored = state.live.map(\.order).filter { $0.status.isWorking }
    keptRules = state.venue?.rules.map(\.instrument) ?? []
    keptClock = state.venue?.clock
  }

  package var traits: VenueTraits { Self.traits(over: market.traits) }

  package var accountStreamTarget: String? { nil }

  /// No key limits anything, no order leaves, and fills follow the prices that are read here.
  package static func traits(over market: VenueTraits) -> VenueTraits {
    var traits = market
    traits.limitsPairs = false
    traits.fillPriceAge = .seconds(1)
    traits.accountStreamRefresh = nil
    traits.keyInformationRefresh = nil
    traits.keepAlive = nil
    return traits
  }

  package mutating func begin(
    _ request: ExchangeRequest, stampedAt: WallTime, now: Moment
  ) -> VenueStep {
    if !keptRules.isEmpty {
      learn(keptRules, at: now)
      keptRules = []
    }
    if case .prices = request { pricesAskedAt = now.monotonic }
    if case .serverTime = request { timeAskedAt = now.monotonic }
    // What is signed concerns an account.
    return request.isSigned
      ? .answered(exchange.answer(request, at: now))
      : market.begin(request, stampedAt: stampedAt, now: now)
  }

  package mutating func answer(
    to request: ExchangeRequest, _ result: Result<HTTPResponse, TransportError>,
    earliest: WallTime, now: Moment
  ) -> ExchangeAnswer {
    let answer = market.answer(to: request, result, earliest: earliest, now: now)
    if case .success(let list) = answer.instrumentsReading { learn(list.listed, at: now) }
    if case .success(let prices) = answer.pricesReading { learn(prices, at: now) }
    if case .success(let time) = answer.serverTimeReading { learn(time, at: now.monotonic) }
    return answer
  }

  private mutating func learn(_ time: WallTime, at now: MonotonicTime) {
    guard let timeAskedAt else { return }
    let reading = ExchangeClock(reading: time, sentAt: timeAskedAt, receivedAt: now)
    if reading.error <= traits.tolerableClockError { clock = reading }
  }

  /// As where orders are judged.
  private func usableKeptClock(at now: Moment) -> ExchangeClock? {
    let kept = VenueFacts(rules: [], pairs: nil, clock: keptClock).usable(at: now).clock
    return kept.flatMap { $0.error <= traits.tolerableClockError ? ExchangeClock($0) : nil }
  }

  /// Fills go by the price that orders are judged by: an older one never takes the place of a younger.
  private mutating func learn(_ prices: [SymbolPrice], at now: Moment) {
    let askedAt = pricesAskedAt ?? now.monotonic
    let young = prices.filter { !isOutdated($0.symbol, askedAt) }
    for price in young { pricedAt[price.symbol] = askedAt }
    exchange.learn(young, at: now)
  }

  private func isOutdated(_ symbol: Symbol, _ time: MonotonicTime) -> Bool {
    pricedAt[symbol].map { time < $0 } ?? false
  }

  package mutating func learn(_ symbol: Symbol, _ price: MarketPrice, now: Moment) {
    guard let price = price.dated(by: clock ?? usableKeptClock(at: now)),
      let bid = price.bid, let ask = price.ask,
      !isOutdated(symbol, price.knownAt.monotonic),
      exchange.learn(symbol, bid: bid, ask: ask, at: now)
    else { return }
    pricedAt[symbol] = price.knownAt.monotonic
  }

  private mutating func learn(_ rules: [Instrument], at now: Moment) {
    exchange.learn(rules)
    let symbols = rules.map(\.symbol)
    for order in unrestored where symbols.contains(order.request.symbol) {
      guard let orderID = order.orderID else { continue }
      exchange.restore(
        order.request, orderID: orderID, executedQuantity: order.executedQuantity,
        executedQuote: order.executedQuote, acceptedAt: order.stampedAt ?? order.createdAt, at: now)
    }
    unrestored.removeAll { symbols.contains($0.request.symbol) }
  }
}
