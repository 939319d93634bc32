import Domain
import JSON
import Matching

/// Placing, finding and cancelling orders.
extension SpotFace {
  mutating func orders(_ route: Route, _ call: Call) throws(Refusal) -> JSONValue {
    let parameters = call.parameters
    switch route {
    case .placeOrder:
      let placement = try self.placement { parameters[$0] }
      return Wire.acknowledgement(
        try exchange.place(placement, visibility: call.visibility, at: call.now))
    case .testOrder:
      try exchange.check(try placement { parameters[$0] }, at: call.now)
      return [:]
    case .placeBatch: return try batch(call)
    case .queryOrder:
      let symbol = try tradingSymbol(parameters)
      let reference = try reference(parameters)
      let order = exchange.order(symbol, reference, at: call.now)
      guard let order, order.acceptedAt >= call.now.wall.advanced(by: .zero - Self.reach) else {
        throw .unknownOrder
      }
      return Wire.order(order)
    case .cancelOrder:
      let symbol = try tradingSymbol(parameters)
      let reference = try reference(parameters)
      return try cancel(symbol, reference, at: call.now)
    case .openOrders: return try openOrders(call)
    case .cancelOpenOrders:
      _ = try parameters.required("symbol")
      var canceled: [JSONValue] = []
      for symbol in try symbolList(parameters) ?? [] {
        for order in exchange.cancelAll(symbol, at: call.now) {
          canceled.append(Wire.cancel(order, cancelShape()))
        }
      }
      return .array(canceled)
    case .cancelEverything:
      _ = exchange.cancelAll(nil, at: call.now)
      return wrapped(nil, at: call.now.wall)
    case .allOrders:
      let symbol = try tradingSymbol(parameters)
      let limit = try parameters.limit(default: 500, maximum: 1_000)
      let times = try times(call, default: .seconds(86_400))
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

  /// How far back orders can be read.
  static let reach = Duration.seconds(7 * 86_400)

  // MARK: Parameters

  /// Reads an order; `value` gives its parameters by name.
  private func placement(
    _ value: (String) -> String?
  ) throws(Refusal) -> Placement {
    func required(_ name: String) throws(Refusal) -> String {
      guard let text = value(name) else { throw .missing(name) }
      return text
    }
    let name = try required("symbol")
    let side: Side
    switch try required("side") {
    case "BUY": side = .buy
    case "SELL": side = .sell
    default: throw .missing("side")
    }
    let typeName = try required("type")
    let type = Wire.orderType(typeName)
    let client = value("newClientOrderId")
    if let client, ClientOrderID(client) == nil { throw .illegalCharacters("newClientOrderId") }
    if let mode = value("stpMode"), !Self.preventionModes.contains(mode) {
      throw Refusal(33333, "Parameter error: stpMode")
    }
    let price = try Self.decimal("price", value("price"), scale: .priceScale)
    // A type that cannot be placed is judged only after its price.
    if type != .market && price == nil { throw .missing("price") }
    let amount = try Self.amount(value, isMarket: type == .market)
    guard let symbol = Symbol(exchangeText: name), exchange.listing(symbol) != nil else {
      throw .symbolNotSupported
    }
    guard let type else { throw .typeNotAllowed }
    return Placement(
      symbol: symbol, side: side, type: type, amount: amount, price: price, clientOrderID: client)
  }

  private static let preventionModes = ["cancel_maker", "cancel_taker", "cancel_both"]

  private static func amount(
    _ value: (String) -> String?, isMarket: Bool
  ) throws(Refusal) -> Signal.Amount {
    let quantity = try decimal("quantity", value("quantity"), scale: .quantityScale)
    guard isMarket else {
      guard let quantity else { throw .missing("quantity") }
      return .base(quantity)
    }
    let quote = try decimal("quoteOrderQty", value("quoteOrderQty"), scale: .amountScale)
    switch (quantity, quote) {
    case (let quantity?, nil): return .base(quantity)
    case (nil, let quote?): return .quote(quote)
    case (nil, nil): throw .missing("quantity")
    case (.some, .some):
      throw Refusal(-1128, "Combination of optional parameters invalid.")
    }
  }

  private static func decimal(
    _ name: String, _ text: String?, scale: Refusal
  ) throws(Refusal) -> FixedDecimal? {
    guard let text else { return nil }
    do throws(FixedDecimal.ParseError) {
      return try FixedDecimal(text)
    } catch {
      switch error {
      case .tooPrecise: throw scale
      case .malformed, .exponent, .tooLarge: throw .missing(name)
      }
    }
  }

  func tradingSymbol(_ parameters: Parameters) throws(Refusal) -> Symbol {
    try listed(try parameters.required("symbol"))
  }

  private func listed(_ name: String) throws(Refusal) -> Symbol {
    guard let symbol = Symbol(exchangeText: name), exchange.listing(symbol) != nil else {
      throw .symbolNotSupported
    }
    return symbol
  }

  /// Up to five, separated by commas; `nil` when none is named.
  private func symbolList(_ parameters: Parameters) throws(Refusal) -> [Symbol]? {
    guard let text = parameters["symbol"] else { return nil }
    let names = text.split(separator: ",").map(String.init)
    guard names.count <= 5 else { throw Refusal(33333, "Parameter error: symbol") }
    var symbols: [Symbol] = []
    for name in names { symbols.append(try listed(name)) }
    return symbols
  }

  private func reference(_ parameters: Parameters) throws(Refusal) -> OrderRecords.Reference {
    if let id = parameters["orderId"] { return .orderID(id) }
    if let id = parameters["origClientOrderId"] { return .clientOrderID(id) }
    throw .missing("orderId/origClientOrderId")
  }

  /// The time asked for, no further back than the exchange looks.
  func times(_ call: Call, default span: Duration) throws(Refusal) -> ClosedRange<WallTime> {
    let now = call.now.wall
    let end = try call.parameters.integer("endTime", default: now.milliseconds)
    let fallback = now.advanced(by: .zero - span).milliseconds
    let start = try call.parameters.integer("startTime", default: fallback)
    let earliest = max(start, now.advanced(by: .zero - Self.reach).milliseconds)
    guard earliest <= end else {
      return WallTime(milliseconds: .max)...WallTime(milliseconds: .max)
    }
    return WallTime(milliseconds: earliest)...WallTime(milliseconds: end)
  }

  // MARK: Cancels and lists

  private mutating func cancelShape() -> Wire.CancelShape {
    Wire.CancelShape.allCases[variety.below(Wire.CancelShape.allCases.count)]
  }

  private mutating func cancel(
    _ symbol: Symbol, _ reference: OrderRecords.Reference, at now: Moment
  ) throws(Refusal) -> JSONValue {
    do throws(Refusal) {
      return Wire.cancel(try exchange.cancel(symbol, reference, at: now), cancelShape())
    } catch {
      // For an order that it does not see, the exchange uses either code.
      let isMissing = exchange.order(symbol, reference, at: now) == nil
      throw isMissing && variety.chance(1, in: 2) ? .unknownOrder : error
    }
  }

  /// The most rows that the exchange returns here.
  private static let openOrdersMaximum = 1_000

  private mutating func openOrders(_ call: Call) throws(Refusal) -> JSONValue {
    var found: [SimulatedOrder] = []
    if let symbols = try symbolList(call.parameters) {
      for symbol in symbols { found += exchange.openOrders(symbol, at: call.now) }
    } else {
      found = exchange.openOrders(nil, at: call.now)
    }
    return .array(found.prefix(Self.openOrdersMaximum).map { Wire.order($0) })
  }

  // MARK: Batch

  private static let batchMaximum = 20

  private mutating func batch(_ call: Call) throws(Refusal) -> JSONValue {
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
      answers.append(placeElement(value, call))
    }
    return .array(answers)
  }

  private mutating func placeElement(_ value: (String) -> String?, _ call: Call) -> JSONValue {
    let client = value("newClientOrderId").map { JSONValue.string($0) } ?? .null
    do throws(Refusal) {
      let order = try exchange.place(
        try placement(value), visibility: call.visibility, at: call.now)
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
