package import Domain
import JSON
import Transport

/// One endpoint with its parameters, before signing (MEXC spot v3).
struct Call {
  let method: HTTPRequest.Method
  /// Under `/api/v3`.
  let path: String
  let isSigned: Bool
  private(set) var query = QueryString()

  private init(_ method: HTTPRequest.Method, _ path: String, isSigned: Bool) {
    self.method = method
    self.path = path
    self.isSigned = isSigned
  }

  /// Symbols named in one query, and the bytes of their names. More are had by asking for all: a
  /// longer list would outgrow what servers take as a target.
  private static let listedSymbolsMaximum = 50
  private static let listedBytesMaximum = 2_048
  /// The most rows that the exchange gives.
  private static let ordersMaximum = 1_000
  private static let tradesMaximum = 100

  /// `apiKey` is the one that signs; `listenKey` is the one of the account's stream.
  init(_ request: ExchangeRequest, apiKey: String? = nil, listenKey: ListenKey? = nil) {
    switch request {
    case .serverTime:
      self.init(.get, "/time", isSigned: false)
    case .instruments(let symbols):
      self.init(.get, "/exchangeInfo", isSigned: false)
      if symbols.count == 1 {
        query.add("symbol", symbols[0].text)
      } else if symbols.count <= Self.listedSymbolsMaximum && !symbols.isEmpty {
        var list = QueryString()
        list.add("symbols", symbols.map(\.text).joined(separator: ","))
        if list.text.utf8.count <= Self.listedBytesMaximum { query = list }
      }
    case .prices(let symbols):
      self.init(.get, "/ticker/price", isSigned: false)
      if symbols.count == 1 { query.add("symbol", symbols[0].text) }
    case .tradableSymbols:
      self.init(.get, "/selfSymbols", isSigned: true)
    case .keyInformation:
      self.init(.get, "/apiKeyInfo", isSigned: true)
      if let apiKey { query.add("accessKey", apiKey) }
    case .accountRights: self.init(.get, "/account", isSigned: true)
    case .place(let requests) where requests.count == 1:
      self.init(.post, "/order", isSigned: true)
      add(requests[0])
    case .place(let requests):
      self.init(.post, "/batchOrders", isSigned: true)
      query.add("batchOrders", JSONValue.array(requests.map(Self.element)).compactText())
    case .validate(let request):
      self.init(.post, "/order/test", isSigned: true)
      add(request)
    case .order(let symbol, let reference):
      self.init(.get, "/order", isSigned: true)
      add(symbol, reference)
    case .openOrders(let symbol):
      self.init(.get, "/openOrders", isSigned: true)
      query.add("symbol", symbol.text)
    case .recentOrders(let symbol, let since):
      self.init(.get, "/allOrders", isSigned: true)
      add(symbol, since: since, limit: Self.ordersMaximum)
    case .trades(let symbol, let since):
      self.init(.get, "/myTrades", isSigned: true)
      add(symbol, since: since, limit: Self.tradesMaximum)
    case .cancel(let symbol, let reference):
      self.init(.delete, "/order", isSigned: true)
      add(symbol, reference)
    case .openAccountStream: self.init(.post, "/userDataStream", isSigned: true)
    case .extendAccountStream:
      self.init(.put, "/userDataStream", isSigned: true)
      if let listenKey { query.add("listenKey", listenKey.text) }
    }
  }

  private mutating func add(_ request: OrderRequest) {
    for (name, value) in Self.parameters(of: request) { query.add(name, value) }
  }

  /// One order among several: the same parameters, all as text.
  private static func element(_ request: OrderRequest) -> JSONValue {
    .object(pairs: parameters(of: request).map { ($0, .string($1)) })
  }

  private static func parameters(of request: OrderRequest) -> [(String, String)] {
    var parameters = [
      ("symbol", request.symbol.text), ("side", request.side.exchangeWord),
      ("type", request.type.exchangeWord),
    ]
    switch request.amount {
    case .base(let quantity): parameters.append(("quantity", quantity.description))
    case .quote(let quantity): parameters.append(("quoteOrderQty", quantity.description))
    }
    if let price = request.price { parameters.append(("price", price.description)) }
    parameters.append(("newClientOrderId", request.clientOrderID.text))
    return parameters
  }

  private mutating func add(_ symbol: Symbol, _ reference: OrderReference) {
    query.add("symbol", symbol.text)
    switch reference {
    case .orderID(let text): query.add("orderId", text)
    case .clientOrderID(let id): query.add("origClientOrderId", id.text)
    }
  }

  private mutating func add(_ symbol: Symbol, since: WallTime, limit: Int) {
    query.add("symbol", symbol.text)
    query.add("startTime", String(since.milliseconds))
    query.add("limit", String(limit))
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
