import Domain
import Testing

/// One signal's order and the things that can happen to it.
enum Sample {
  static let start = WallTime(milliseconds: 1_700_000_000_000)

  static func time(_ milliseconds: Int64) -> WallTime {
    start.advanced(by: .milliseconds(milliseconds))
  }

  static func key() throws -> OrderKey { OrderKey(signal: try #require(SignalID("tv-42"))) }

  static let account = TradingAccount(venue: "a venue", name: "main")

  static func request() throws -> OrderRequest {
    OrderRequest(
      clientOrderID: try #require(ClientOrderID("sgabc")), symbol: try Symbol(spelling: "BTCUSDT"),
      side: .buy, type: .limit, amount: .base(FixedDecimal(10)), price: FixedDecimal(100))
  }

  static func order() throws -> Order {
    Order(
      key: try key(), account: account, request: try request(), reservedQuote: FixedDecimal(1000),
      at: start)
  }

  static func order(after events: [OrderEvent]) throws -> Order {
    var order = try order()
    for (place, event) in events.enumerated() {
      try order.apply(event, at: time(Int64(place) + 1))
    }
    return order
  }

  static func report(
    _ status: OrderReport.Status, executed: FixedDecimal = .zero, quote: FixedDecimal = .zero
  ) throws -> OrderReport {
    OrderReport(
      orderID: "C02__1", clientOrderID: "sgabc", symbol: try Symbol(spelling: "BTCUSDT"),
      side: .buy, type: .limit, price: FixedDecimal(100), quantity: FixedDecimal(10),
      executedQuantity: executed, executedQuote: quote, status: status)
  }

  static func observed(_ status: OrderReport.Status, executed: Int = 0) throws -> OrderEvent {
    .observed(
      try report(
        status, executed: FixedDecimal(executed), quote: FixedDecimal(100 * executed)))
  }

  static let quote = Quote(price: FixedDecimal(101), askedAt: start)

  static func armed(_ attempt: Int = 1) -> OrderEvent {
    .armed(
      OrderEvent.Armament(
        attempt: attempt, stampedAt: time(50), receiveWindow: .seconds(5), quote: quote))
  }

  static func approved() throws -> OrderEvent {
    var request = try request()
    request.amount = .base(FixedDecimal(9))
    return .approved(
      OrderEvent.Approval(
        request: request, quote: quote, reservedQuote: FixedDecimal(900),
        checks: PassedChecks("price_band=ok")))
  }

  static let lost = OrderEvent.outcomeLost("no answer in 10 s", .answerLost)
  static let refused = OrderEvent.refused(.exchangeRejected, "30004: insufficient position")

  /// What leads a new order into the status.
  static func events(to status: OrderStatus) throws -> [OrderEvent] {
    switch status {
    case .new: []
    case .submitted: [armed()]
    case .open: [armed(), .acknowledged(orderID: "C02__1")]
    case .partiallyFilled: [armed(), try observed(.partiallyFilled, executed: 4)]
    case .filled: [armed(), try observed(.filled, executed: 10)]
    case .canceled: [armed(), try observed(.canceled)]
    case .partiallyCanceled: [armed(), try observed(.partiallyCanceled, executed: 4)]
    case .rejected: [armed(), refused]
    case .expired: [.denied(.expired, "too old")]
    case .unknown: [armed(), lost]
    case .notFound: [armed(), lost, .notFound("every view said no")]
    case .denied: [.denied(.halted, "halted by the operator")]
    case .validated: [armed(), .validated]
    }
  }
}
