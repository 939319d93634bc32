package import Domain
package import Transport

/// A request to the toy venue. Everything stands in the path, and its last two words are the stamp and
/// the receive window, in milliseconds.
package struct ToyCall {
  package var request: ExchangeRequest
  package var stampedAt: WallTime
  package var receiveWindow: Duration

  package init(request: ExchangeRequest, stampedAt: WallTime, receiveWindow: Duration) {
    self.request = request
    self.stampedAt = stampedAt
    self.receiveWindow = receiveWindow
  }

  /// `nil` for what the toy venue does not have.
  package var httpRequest: HTTPRequest? {
    guard let (method, words) = Self.words(of: request) else { return nil }
    let stamp = [String(stampedAt.milliseconds), String(receiveWindow.wholeMilliseconds)]
    return HTTPRequest(method, "/" + (words + stamp).joined(separator: "/"))
  }

  /// Reads what `httpRequest` wrote.
  package init?(_ request: HTTPRequest) {
    var words = ToyWords(request.target, separator: "/")
    guard let subject = words.next(), let asked = Self.read(request.method, subject, &words),
      let stamp = words.next().flatMap({ Int64($0) }),
      let window = words.next().flatMap({ Int64($0) })
    else { return nil }
    self.init(
      request: asked, stampedAt: WallTime(milliseconds: stamp),
      receiveWindow: .milliseconds(window))
  }

  // MARK: Writing

  private static func words(
    of request: ExchangeRequest
  ) -> (method: HTTPRequest.Method, words: [String])? {
    switch request {
    case .serverTime: (.get, ["now"])
    case .instruments(let symbols): (.get, ["rules", list(symbols)])
    case .prices(let symbols): (.get, ["prices", list(symbols)])
    case .place(let orders): orders.count == 1 ? (.post, ["orders"] + words(of: orders[0])) : nil
    case .validate(let order): (.post, ["checks"] + words(of: order))
    case .order(let symbol, let reference):
      (.get, ["orders", symbol.text] + words(of: reference))
    case .cancel(let symbol, let reference):
      (.delete, ["orders", symbol.text] + words(of: reference))
    case .openOrders(let symbol): (.get, ["open", symbol.text])
    case .recentOrders(let symbol, let since, _):
      (.get, ["recent", symbol.text, String(since.milliseconds)])
    case .trades(let symbol, _, let since, _):
      (.get, ["fills", symbol.text, String(since.milliseconds)])
    case .tradableSymbols, .keyInformation, .accountRights, .openAccountStream,
      .extendAccountStream:
      nil
    }
  }

  private static func list(_ symbols: [Symbol]) -> String {
    symbols.map(\.text).joined(separator: "+")
  }

  private static func words(of order: OrderRequest) -> [String] {
    let amount =
      switch order.amount {
      case .base(let quantity): ["base", quantity.description]
      case .quote(let quantity): ["quote", quantity.description]
      }
    return [
      order.symbol.text, order.clientOrderID.text, order.side.rawValue, order.type.rawValue,
    ] + amount + [order.price?.description ?? ToyWords.none]
  }

  private static func words(of reference: OrderReference) -> [String] {
    switch reference {
    case .orderID(let text): ["number", text]
    case .clientOrderID(let id): ["name", id.text]
    }
  }

  // MARK: Reading

  private static func read(
    _ method: HTTPRequest.Method, _ subject: String, _ words: inout ToyWords
  ) -> ExchangeRequest? {
    switch (method, subject) {
    case (.get, "now"): return .serverTime
    case (.get, "rules"): return words.symbols().map { .instruments($0) }
    case (.get, "prices"): return words.symbols().map { .prices($0) }
    case (.post, "orders"): return order(&words).map { .place([$0]) }
    case (.post, "checks"): return order(&words).map { .validate($0) }
    case (.get, "orders"):
      guard let symbol = words.symbol(), let found = reference(&words) else { return nil }
      return .order(symbol, found)
    case (.delete, "orders"):
      guard let symbol = words.symbol(), let found = reference(&words) else { return nil }
      return .cancel(symbol, found)
    case (.get, "open"): return words.symbol().map { .openOrders($0) }
    case (.get, "recent"):
      guard let symbol = words.symbol(), let since = words.time() else { return nil }
      return .recentOrders(symbol, since: since)
    case (.get, "fills"):
      guard let symbol = words.symbol(), let since = words.time() else { return nil }
      return .trades(symbol, since: since)
    default: return nil
    }
  }

  private static func reference(_ words: inout ToyWords) -> OrderReference? {
    guard let kind = words.next(), let text = words.next() else { return nil }
    if kind == "number" { return .orderID(text) }
    return ClientOrderID(text).map { .clientOrderID($0) }
  }

  private static func order(_ words: inout ToyWords) -> OrderRequest? {
    guard let symbol = words.symbol(), let name = words.next().flatMap({ ClientOrderID($0) }),
      let side = words.next().flatMap({ Side(rawValue: $0) }),
      let type = words.next().flatMap({ OrderType(rawValue: $0) }), let unit = words.next(),
      let amount = words.decimal(), let price = words.optionalDecimal()
    else { return nil }
    return OrderRequest(
      clientOrderID: name, symbol: symbol, side: side, type: type,
      amount: unit == "base" ? .base(amount) : .quote(amount), price: price)
  }
}
