package import Domain
import JSON
import Transport

/// One endpoint, whose path and parameters are written where they are to be signed (MEXC spot v3).
struct Call {
  let method: HTTPRequest.Method
  let isSigned: Bool

  private init(
    _ method: HTTPRequest.Method, _ path: String, isSigned: Bool = true,
    _ target: inout RequestTarget
  ) {
    self.method = method
    self.isSigned = isSigned
    target.begin(path)
  }

  /// Symbols named in one query, and the bytes of their names. More are had by asking for all: a
  /// longer list would outgrow what servers take as a target.
  private static let listedSymbolsMaximum = 50
  private static let listedBytesMaximum = 2_048
  /// The most rows that the exchange gives; of the open orders, too.
  static let ordersMaximum = 1_000
  static let tradesMaximum = 100

  /// `apiKey` is the one that signs; `listenKey` is the one of the account's stream.
  init(
    _ request: ExchangeRequest, apiKey: String?, listenKey: ListenKey?,
    into target: inout RequestTarget
  ) {
    switch request {
    case .serverTime:
      self.init(.get, "/api/v3/time", isSigned: false, &target)
    case .instruments(let symbols):
      self.init(.get, "/api/v3/exchangeInfo", isSigned: false, &target)
      if symbols.count == 1 {
        target.add("symbol", symbols[0].text)
      } else if symbols.count <= Self.listedSymbolsMaximum && !symbols.isEmpty {
        let path = target
        target.add("symbols", symbols.map(\.text).joined(separator: ","))
        if target.bytes.count - path.bytes.count > Self.listedBytesMaximum { target = path }
      }
    case .prices(let symbols):
      self.init(.get, "/api/v3/ticker/price", isSigned: false, &target)
      if symbols.count == 1 { target.add("symbol", symbols[0].text) }
    case .tradableSymbols:
      self.init(.get, "/api/v3/selfSymbols", &target)
    case .keyInformation:
      self.init(.get, "/api/v3/apiKeyInfo", &target)
      if let apiKey { target.add("accessKey", apiKey) }
    case .accountRights: self.init(.get, "/api/v3/account", &target)
    case .place(let requests) where requests.count == 1:
      self.init(.post, "/api/v3/order", &target)
      Self.forEachParameter(of: requests[0]) { target.add($0, $1) }
    case .place(let requests):
      self.init(.post, "/api/v3/batchOrders", &target)
      target.add("batchOrders", JSONValue.array(requests.map(Self.element)).compactText())
    case .validate(let request):
      self.init(.post, "/api/v3/order/test", &target)
      Self.forEachParameter(of: request) { target.add($0, $1) }
    case .order(let symbol, let reference):
      self.init(.get, "/api/v3/order", &target)
      Self.add(symbol, reference, to: &target)
    case .openOrders(let symbol):
      self.init(.get, "/api/v3/openOrders", &target)
      target.add("symbol", symbol.text)
    case .recentOrders(let symbol, let since, let until):
      self.init(.get, "/api/v3/allOrders", &target)
      Self.add(symbol, since: since, until: until, limit: Self.ordersMaximum, to: &target)
    case .trades(let symbol, let orderID, let since, let until):
      self.init(.get, "/api/v3/myTrades", &target)
      Self.add(symbol, since: since, until: until, limit: Self.tradesMaximum, to: &target)
      if let orderID { target.add("orderId", orderID) }
    case .cancel(let symbol, let reference):
      self.init(.delete, "/api/v3/order", &target)
      Self.add(symbol, reference, to: &target)
    case .openAccountStream: self.init(.post, "/api/v3/userDataStream", &target)
    case .extendAccountStream:
      self.init(.put, "/api/v3/userDataStream", &target)
      if let listenKey { target.add("listenKey", listenKey.text) }
    }
  }

  /// One order among several: the same parameters, all as text.
  private static func element(_ request: OrderRequest) -> JSONValue {
    var pairs: [(String, JSONValue)] = []
    forEachParameter(of: request) { pairs.append(($0, .string($1))) }
    return .object(pairs: pairs)
  }

  private static func forEachParameter(
    of request: OrderRequest, _ take: (_ name: String, _ value: String) -> Void
  ) {
    take("symbol", request.symbol.text)
    take("side", request.side.exchangeWord)
    take("type", request.type.exchangeWord)
    switch request.amount {
    case .base(let quantity): take("quantity", quantity.description)
    case .quote(let quantity): take("quoteOrderQty", quantity.description)
    }
    if let price = request.price { take("price", price.description) }
    take("newClientOrderId", request.clientOrderID.text)
  }

  private static func add(
    _ symbol: Symbol, _ reference: OrderReference, to target: inout RequestTarget
  ) {
    target.add("symbol", symbol.text)
    switch reference {
    case .orderID(let text): target.add("orderId", text)
    case .clientOrderID(let id): target.add("origClientOrderId", id.text)
    }
  }

  private static func add(
    _ symbol: Symbol, since: WallTime, until: WallTime?, limit: Int,
    to target: inout RequestTarget
  ) {
    target.add("symbol", symbol.text)
    target.add("startTime", since.milliseconds)
    if let until { target.add("endTime", until.milliseconds) }
    target.add("limit", Int64(limit))
  }
}

extension MEXCSpot {
  /// Weights as the exchange publishes them since 2026-04. Signed reads are printed with an IP weight
  /// while the introduction says that keyed calls are counted per account: they are charged to both.
  package static func cost(of request: ExchangeRequest) -> RequestCost {
    switch request {
    case .serverTime: RequestCost(ipWeight: 1, uidWeight: 0)
    case .instruments: RequestCost(ipWeight: 25, uidWeight: 0)
    case .prices: RequestCost(ipWeight: 10, uidWeight: 0)
    case .tradableSymbols, .keyInformation: RequestCost(ipWeight: 1, uidWeight: 1)
    case .accountRights: RequestCost(ipWeight: 10, uidWeight: 10, isAccountRead: true)
    // Whether a test order counts as an order is not published, so it does.
    // Several orders count as one request, in a limit of their own too.
    case .place(let requests):
      RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true, isBatch: requests.count > 1)
    case .validate, .cancel: RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)
    case .order: RequestCost(ipWeight: 2, uidWeight: 2)
    case .openOrders: RequestCost(ipWeight: 3, uidWeight: 3)
    case .recentOrders, .trades: RequestCost(ipWeight: 10, uidWeight: 10)
    // Not published; clients that are maintained count 1.
    case .openAccountStream, .extendAccountStream: RequestCost(ipWeight: 1, uidWeight: 1)
    }
  }
}
