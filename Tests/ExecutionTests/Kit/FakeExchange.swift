import Domain
import Execution

/// What the exchange, or the way to it, does with one request.
enum Reply {
  case answer(ExchangeAnswer, after: Duration = .zero)
  /// The test answers by hand.
  case hold
}

/// A small honest exchange; a script may answer in its place.
final class FakeExchange {
  /// The exchange's own clock: independent of the machine's civil clock. It is ahead of a harness's by
  /// less than anybody need know.
  var clockBase: Int64 = 1_699_995_000_400
  var latency: Duration = .zero
  var prices: [Symbol: FixedDecimal] = [
    btc: decimal("100"), eth: decimal("100"), sol: decimal("100"),
  ]
  var instruments = [instrument(btc), instrument(eth), instrument(sol)]
  var tradable = [btc, eth, sol]
  /// What it tells of the API key.
  var key = KeyInformation()
  var ledger: [OrderReport] = []
  /// From when on look-ups show an order; others are shown at once.
  private var visibleFrom: [String: MonotonicTime] = [:]
  /// Whether a limit order is filled when it comes.
  var fillsLimits = false
  var script: (Dispatch, Moment) -> Reply? = { _, _ in nil }

  func time(at now: Moment) -> WallTime {
    WallTime(milliseconds: clockBase + now.monotonic.nanoseconds / 1_000_000)
  }

  func reply(to dispatch: Dispatch, at now: Moment) -> Reply {
    script(dispatch, now) ?? .answer(answer(to: dispatch.request, at: now), after: latency)
  }

  func answer(to request: ExchangeRequest, at now: Moment) -> ExchangeAnswer {
    switch request {
    case .serverTime: .serverTime(time(at: now))
    case .instruments(let symbols):
      .instruments(instruments.filter { symbols.contains($0.symbol) })
    case .prices(let symbols):
      .prices(
        symbols.sorted().compactMap { symbol in
          prices[symbol].map { SymbolPrice(symbol: symbol, price: $0) }
        })
    case .tradableSymbols: .tradableSymbols(tradable)
    case .keyInformation: .keyInformation(key)
    case .accountRights: .accountRights(AccountRights(canTrade: true))
    case .place(let requests): .placed(requests.map { .success(accept($0).orderID) })
    case .validate: .validated
    case .order(_, let reference): find(reference, at: now).map { .order($0) } ?? noSuchOrder
    case .openOrders(let symbol):
      .orders(visible(symbol, at: now).filter(Self.isOpen))
    case .recentOrders(let symbol, _, _): .orders(visible(symbol, at: now))
    case .trades(let symbol, let orderID, _, _):
      .trades(
        visible(symbol, at: now)
          .filter { $0.executedQuantity.isPositive && (orderID ?? $0.orderID) == $0.orderID }
          .map(Self.trade))
    case .cancel(_, let reference): cancel(reference, at: now)
    case .openAccountStream, .extendAccountStream: .accountStreamReady
    }
  }

  @discardableResult
  func accept(_ request: OrderRequest, visibleFrom time: MonotonicTime? = nil) -> OrderReport {
    var report = OrderReport(
      orderID: "E\(ledger.count + 1)", clientOrderID: request.clientOrderID.text,
      symbol: request.symbol, side: request.side, type: request.type, price: request.price,
      quantity: nil, executedQuantity: .zero, executedQuote: .zero, status: .open)
    if case .base(let quantity) = request.amount { report.quantity = quantity }
    if !request.type.canRest || fillsLimits { Self.fill(&report, request.amount) }
    ledger.append(report)
    visibleFrom[report.orderID] = time
    return report
  }

  private static func fill(_ report: inout OrderReport, _ amount: Signal.Amount) {
    report.status = .filled
    switch amount {
    case .base(let quantity): report.executedQuantity = quantity
    case .quote(let quote): report.executedQuantity = quote
    }
    report.executedQuote = worth(of: report)
  }

  /// A buy is cheap; a sell gets its price, if it has one.
  private static func worth(of report: OrderReport) -> FixedDecimal {
    guard report.side == .sell, let price = report.price else { return report.executedQuantity }
    return price.multiplied(by: report.executedQuantity, rounding: .down) ?? .zero
  }

  /// Fills a resting order up to `quantity`.
  func fill(_ index: Int, to quantity: String, _ status: OrderReport.Status) {
    ledger[index].executedQuantity = decimal(quantity)
    ledger[index].executedQuote = Self.worth(of: ledger[index])
    ledger[index].status = status
  }

  private func isVisible(_ report: OrderReport, at now: Moment) -> Bool {
    visibleFrom[report.orderID].map { $0 <= now.monotonic } ?? true
  }

  private func visible(_ symbol: Symbol, at now: Moment) -> [OrderReport] {
    ledger.filter { $0.symbol == symbol && isVisible($0, at: now) }
  }

  private func find(_ reference: OrderReference, at now: Moment) -> OrderReport? {
    let found =
      switch reference {
      case .orderID(let id): ledger.first { $0.orderID == id }
      case .clientOrderID(let id): ledger.first { $0.clientOrderID == id.text }
      }
    return found.flatMap { isVisible($0, at: now) ? $0 : nil }
  }

  private func cancel(_ reference: OrderReference, at now: Moment) -> ExchangeAnswer {
    guard let found = find(reference, at: now),
      let index = ledger.firstIndex(where: { $0.orderID == found.orderID }), Self.isOpen(found)
    else { return refusal(-2011, .query, refuses: false) }
    ledger[index].status = found.executedQuantity.isPositive ? .partiallyCanceled : .canceled
    return .cancelTaken
  }

  static func isOpen(_ report: OrderReport) -> Bool {
    report.status == .open || report.status == .partiallyFilled
  }

  private static func trade(_ report: OrderReport) -> TradeReport {
    TradeReport(
      tradeID: "T" + report.orderID, orderID: report.orderID,
      clientOrderID: report.clientOrderID, symbol: report.symbol, price: decimal("100"),
      quantity: report.executedQuantity)
  }
}
