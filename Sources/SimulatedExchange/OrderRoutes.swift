import Domain
import JSON
import Matching

/// Placing, finding and cancelling orders, as one request asks for it.
struct OrderRoutes {
  let call: RouteCall

  /// `variety` draws the variants of answers.
  func answer(
    _ route: Route, at exchange: inout SpotExchange, by variety: inout SplitMix64,
    counting counts: inout RequestCounts
  ) throws(Refusal) -> JSONValue {
    let parameters = call.parameters
    switch route {
    case .placeOrder:
      let placement = try Placement(listedAt: exchange) { parameters[$0] }
      return Wire.acknowledgement(
        try exchange.place(placement, visibility: call.visibility, at: call.now))
    case .testOrder:
      try exchange.check(try Placement(listedAt: exchange) { parameters[$0] }, at: call.now)
      return [:]
    case .placeBatch: return try batch(at: &exchange, counting: &counts)
    case .queryOrder:
      let symbol = try parameters.symbol(listedAt: exchange)
      let reference = try parameters.orderReference()
      let order = exchange.order(symbol, reference, at: call.now)
      guard let order, order.acceptedAt >= call.now.wall.advanced(by: .zero - Parameters.reach)
      else { throw .unknownOrder }
      return Wire.order(order)
    case .cancelOrder:
      let symbol = try parameters.symbol(listedAt: exchange)
      let reference = try parameters.orderReference()
      return try cancel(symbol, reference, at: &exchange, by: &variety)
    case .openOrders: return try openOrders(at: &exchange)
    case .cancelOpenOrders:
      _ = try parameters.required("symbol")
      var canceled: [JSONValue] = []
      for symbol in try parameters.symbols(listedAt: exchange) ?? [] {
        for order in exchange.cancelAll(symbol, at: call.now) {
          canceled.append(Wire.cancel(order, .drawn(by: &variety)))
        }
      }
      return .array(canceled)
    case .cancelEverything:
      _ = exchange.cancelAll(nil, at: call.now)
      return Wire.wrapped(nil, at: call.now.wall, by: &variety)
    case .allOrders:
      let symbol = try parameters.symbol(listedAt: exchange)
      let limit = try parameters.limit(default: 500, maximum: 1_000)
      let times = try parameters.times(default: .seconds(86_400), at: call.now.wall)
      return .array(
        exchange.allOrders(symbol, in: times, limit: limit, at: call.now).map { Wire.order($0) })
    case .ping, .time, .defaultSymbols, .exchangeInfo, .depth, .recentTrades,
      .aggregateTrades, .klines, .averagePrice, .dayTicker, .priceTicker, .bookTicker, .contracts,
      .selfSymbols,
      .account, .uid,
      .kycStatus, .keyInfo, .coins, .tradeFee, .myTrades,
      .makeListenKey, .extendListenKey, .closeListenKey, .listListenKeys:
      return [:]
    }
  }

  // MARK: Cancels and lists

  private func cancel(
    _ symbol: Symbol, _ reference: OrderRecords.Reference, at exchange: inout SpotExchange,
    by variety: inout SplitMix64
  ) throws(Refusal) -> JSONValue {
    do throws(Refusal) {
      let order = try exchange.cancel(symbol, reference, at: call.now)
      return Wire.cancel(order, .drawn(by: &variety))
    } catch {
      // For an order that it does not see, the exchange uses either code.
      let isMissing = exchange.order(symbol, reference, at: call.now) == nil
      throw isMissing && variety.chance(1, in: 2) ? .unknownOrder : error
    }
  }

  /// The most rows that the exchange returns here.
  private static let openOrdersMaximum = 1_000

  private func openOrders(at exchange: inout SpotExchange) throws(Refusal) -> JSONValue {
    var found: [SimulatedOrder] = []
    if let symbols = try call.parameters.symbols(listedAt: exchange) {
      for symbol in symbols { found += exchange.openOrders(symbol, at: call.now) }
    } else {
      found = exchange.openOrders(nil, at: call.now)
    }
    return .array(found.prefix(Self.openOrdersMaximum).map { Wire.order($0) })
  }

  // MARK: Batch

  private static let batchMaximum = 20

  private func batch(
    at exchange: inout SpotExchange, counting counts: inout RequestCounts
  ) throws(Refusal) -> JSONValue {
    let text = try call.parameters.required("batchOrders")
    guard let elements = (try? JSONReader.read(text))?.arrayValue, !elements.isEmpty,
      elements.count <= Self.batchMaximum
    else { throw Refusal(33333, "Parameter error: batchOrders") }
    let symbols = Set(elements.map { $0["symbol"]?.stringValue })
    guard symbols.count == 1 else { throw Refusal(33333, "Parameter error: batchOrders") }
    counts.batchedOrders += elements.count
    var answers: [JSONValue] = []
    for element in elements {
      // Numbers are taken as well as texts: the documentation's own example has one.
      let value: (String) -> String? = { name in
        let field = element[name]
        let text = field?.stringValue ?? field?.numberValue ?? ""
        return text.isEmpty ? nil : text
      }
      answers.append(placeElement(value, at: &exchange))
    }
    return .array(answers)
  }

  private func placeElement(
    _ value: (String) -> String?, at exchange: inout SpotExchange
  ) -> JSONValue {
    let client = value("newClientOrderId").map { JSONValue.string($0) } ?? .null
    do throws(Refusal) {
      let order = try exchange.place(
        try Placement(listedAt: exchange, value), visibility: call.visibility, at: call.now)
      return [
        "symbol": .string(order.symbol.text), "orderId": .string(order.orderID),
        "newClientOrderId": client, "orderListId": -1,
      ]
    } catch {
      return [
        "newClientOrderId": client, "msg": .string(error.text), "code": .integer(error.code),
      ]
    }
  }
}
