import Domain
import MEXC
import Testing
import Transport

@Suite struct RequestTests {
  private let stamp = WallTime(milliseconds: 1_644_489_390_087)

  private func request(_ request: ExchangeRequest) throws -> HTTPRequest {
    var exchange = MEXCSpot(
      credentials: try documentedCredentials(), receiveWindow: .milliseconds(4_000))
    let made = exchange.httpRequest(for: request, stampedAt: stamp)
    return try #require(made)
  }

  @Test func `public requests are not signed`() throws {
    let link = try symbol("LINKUSDT")
    let bitcoin = try symbol("BTCUSDT")
    let many = try (0..<51).map { try symbol("A\($0)USDT") }
    let chinese = try symbol("币安人生USDT")
    let long = try (10..<30).map { try symbol(String(repeating: "币", count: 30) + String($0)) }
    let expected: [(ExchangeRequest, String)] = [
      (.serverTime, "/api/v3/time"), (.instruments([]), "/api/v3/exchangeInfo"),
      (.instruments([link]), "/api/v3/exchangeInfo?symbol=LINKUSDT"),
      (.instruments([link, bitcoin]), "/api/v3/exchangeInfo?symbols=LINKUSDT%2CBTCUSDT"),
      (.instruments(many), "/api/v3/exchangeInfo"), (.instruments(long), "/api/v3/exchangeInfo"),
      (
        .instruments([chinese]),
        "/api/v3/exchangeInfo?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT"
      ),
      (
        .instruments([try symbol("GOLD(XAUT)USDT")]),
        "/api/v3/exchangeInfo?symbol=GOLD%28XAUT%29USDT"
      ),
      (.prices([link]), "/api/v3/ticker/price?symbol=LINKUSDT"),
      (.prices([link, bitcoin]), "/api/v3/ticker/price"),
    ]
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    for (asked, target) in expected {
      let made = exchange.httpRequest(for: asked, stampedAt: stamp)
      let request = try #require(made)
      #expect(request.method == .get)
      #expect(request.target == target)
      #expect(request.headers.isEmpty)
      #expect(request.body.isEmpty)
    }
  }

  @Test func `signed requests carry everything in the query`() throws {
    let link = try symbol("LINKUSDT")
    let since = WallTime(milliseconds: 1_644_489_000_000)
    let ours = OrderReference.clientOrderID(try clientOrderID("cli_1"))
    let theirs = OrderReference.orderID("C02__505979017439002624115")
    let market = OrderRequest(
      clientOrderID: try clientOrderID("m-1"), symbol: link, side: .sell, type: .market,
      amount: .quote(try FixedDecimal("25.50")), price: nil)
    let gold = OrderRequest(
      clientOrderID: try clientOrderID("g-1"), symbol: try symbol("GOLD(XAUT)USDT"), side: .buy,
      type: .market, amount: .quote(try FixedDecimal("20")), price: nil)
    let order = "symbol=LINKUSDT&side=BUY&type=LIMIT&quantity=1.25&price=21.4&newClientOrderId=sg-1"
    let expected: [(ExchangeRequest, HTTPRequest.Method, String, String)] = [
      (.place([try orderRequest()]), .post, "order", order),
      (.validate(try orderRequest()), .post, "order/test", order),
      (
        .place([market]), .post, "order",
        "symbol=LINKUSDT&side=SELL&type=MARKET&quoteOrderQty=25.5&newClientOrderId=m-1"
      ),
      (
        .place([try orderRequest(), market]), .post, "batchOrders",
        "batchOrders=%5B%7B%22symbol%22%3A%22LINKUSDT%22%2C%22side%22%3A%22BUY%22%2C"
          + "%22type%22%3A%22LIMIT%22%2C%22quantity%22%3A%221.25%22%2C%22price%22%3A%2221.4%22%2C"
          + "%22newClientOrderId%22%3A%22sg-1%22%7D%2C"
          + "%7B%22symbol%22%3A%22LINKUSDT%22%2C%22side%22%3A%22SELL%22%2C"
          + "%22type%22%3A%22MARKET%22%2C%22quoteOrderQty%22%3A%2225.5%22%2C"
          + "%22newClientOrderId%22%3A%22m-1%22%7D%5D"
      ),
      (
        .place([gold]), .post, "order",
        "symbol=GOLD%28XAUT%29USDT&side=BUY&type=MARKET&quoteOrderQty=20&newClientOrderId=g-1"
      ),
      (.openOrders(gold.symbol), .get, "openOrders", "symbol=GOLD%28XAUT%29USDT"),
      (.order(link, ours), .get, "order", "symbol=LINKUSDT&origClientOrderId=cli_1"),
      (
        .order(link, theirs), .get, "order",
        "symbol=LINKUSDT&orderId=C02__505979017439002624115"
      ),
      (.cancel(link, ours), .delete, "order", "symbol=LINKUSDT&origClientOrderId=cli_1"),
      (.cancel(link, .orderID("7")), .delete, "order", "symbol=LINKUSDT&orderId=7"),
      (.openOrders(link), .get, "openOrders", "symbol=LINKUSDT"),
      (
        .recentOrders(link, since: since), .get, "allOrders",
        "symbol=LINKUSDT&startTime=1644489000000&limit=1000"
      ),
      (
        .recentOrders(link, since: since, until: since.advanced(by: .seconds(2))), .get,
        "allOrders",
        "symbol=LINKUSDT&startTime=1644489000000&endTime=1644489002000&limit=1000"
      ),
      (
        .trades(link, since: since), .get, "myTrades",
        "symbol=LINKUSDT&startTime=1644489000000&limit=100"
      ),
      (
        .trades(link, since: since, until: since.advanced(by: .seconds(2))), .get, "myTrades",
        "symbol=LINKUSDT&startTime=1644489000000&endTime=1644489002000&limit=100"
      ),
      (
        .trades(link, of: "C02__1", since: since), .get, "myTrades",
        "symbol=LINKUSDT&startTime=1644489000000&limit=100&orderId=C02__1"
      ),
      (.tradableSymbols, .get, "selfSymbols", ""),
      (.keyInformation, .get, "apiKeyInfo", "accessKey=mx0aBYs33eIilxBWC5"),
      (.accountRights, .get, "account", ""),
    ]
    let credentials = try documentedCredentials()
    for (asked, method, path, parameters) in expected {
      let request = try request(asked)
      let signed =
        parameters + (parameters.isEmpty ? "" : "&") + "recvWindow=4000&timestamp=1644489390087"
      #expect(request.method == method)
      #expect(
        request.target
          == "/api/v3/\(path)?\(signed)&signature=\(credentials.signature(of: signed))")
      #expect(request.headers.first("X-MEXC-APIKEY") == "mx0aBYs33eIilxBWC5")
      #expect(
        request.headers.first("Content-Type") == (method == .get ? nil : "application/json"))
      #expect(request.body.isEmpty)
    }
  }

  @Test func `a request stays as it was while others are made`() throws {
    var exchange = MEXCSpot(
      credentials: try documentedCredentials(), receiveWindow: .milliseconds(4_000))
    let asked = [
      ExchangeRequest.place([try orderRequest()]), .prices([try symbol("LINKUSDT")]),
      .place([try orderRequest(.sell)]),
    ]
    let made = asked.map { exchange.httpRequest(for: $0, stampedAt: stamp)?.target }
    let kept = asked.map { exchange.httpRequest(for: $0, stampedAt: stamp) }
    #expect(kept.map { $0?.target } == made)
    #expect(made == (try asked.map { try request($0).target }))
  }

  @Test(arguments: [
    (OrderType.limit, "LIMIT"), (.limitMaker, "LIMIT_MAKER"),
    (.immediateOrCancel, "IMMEDIATE_OR_CANCEL"), (.fillOrKill, "FILL_OR_KILL"),
  ])
  func `names the types`(_ type: OrderType, _ word: String) throws {
    #expect(try request(.place([orderRequest(.buy, type)])).target.contains("&type=\(word)&"))
  }

  @Test func `the documented look-up matches its vector`() throws {
    var exchange = MEXCSpot(
      credentials: try documentedCredentials(), receiveWindow: .seconds(5))
    let reference = OrderReference.clientOrderID(try clientOrderID("cli-1"))
    let request = exchange.httpRequest(
      for: .order(try symbol("BTCUSDT"), reference), stampedAt: stamp)
    let target = try #require(request).target
    #expect(
      target.hasSuffix("572ed47317db792f36769f2432b1f4b9cd15ada2475185f14f08ec43887c4e01"))
  }

  @Test func `nothing is signed without credentials`() throws {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    for asked in [ExchangeRequest.place([try orderRequest()]), .tradableSymbols] {
      let made = exchange.httpRequest(for: asked, stampedAt: stamp)
      #expect(made == nil)
    }
  }

  @Test func `costs are the published ones`() throws {
    let link = try symbol("LINKUSDT")
    let reference = OrderReference.orderID("1")
    let order = RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)
    let expected: [(ExchangeRequest, RequestCost)] = [
      (.serverTime, RequestCost(ipWeight: 1, uidWeight: 0)),
      (.instruments([link]), RequestCost(ipWeight: 25, uidWeight: 0)),
      (.prices([link]), RequestCost(ipWeight: 10, uidWeight: 0)),
      (.prices([link, try symbol("BTCUSDT")]), RequestCost(ipWeight: 10, uidWeight: 0)),
      (.tradableSymbols, RequestCost(ipWeight: 1, uidWeight: 1)),
      (.keyInformation, RequestCost(ipWeight: 1, uidWeight: 1)),
      (.accountRights, RequestCost(ipWeight: 10, uidWeight: 10, isAccountRead: true)),
      (.place([try orderRequest()]), order), (.validate(try orderRequest()), order),
      (.cancel(link, reference), order),
      (.order(link, reference), RequestCost(ipWeight: 2, uidWeight: 2)),
      (.openOrders(link), RequestCost(ipWeight: 3, uidWeight: 3)),
      (.recentOrders(link, since: stamp), RequestCost(ipWeight: 10, uidWeight: 10)),
      (.trades(link, since: stamp), RequestCost(ipWeight: 10, uidWeight: 10)),
    ]
    for (request, cost) in expected { #expect(MEXCSpot.cost(of: request) == cost) }
  }
}
