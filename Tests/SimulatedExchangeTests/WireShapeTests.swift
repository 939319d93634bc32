import Domain
import JSON
import Matching
import TestKit
import Testing

@testable import SimulatedExchange

/// The fields of answers and their JSON kinds, where clients are known to stumble.
struct WireShapeTests {
  private let client = TestClient()

  /// The names of an object's members with their kinds, in order.
  private func shape(_ value: JSONValue?) -> [String] {
    (value?.objectValue ?? []).map { "\($0.name): \($0.value.kindWithArticle)" }
  }

  @Test func `a placement is acknowledged without status or fills`() {
    var face = SpotFace.certain()
    let answer = face.answer(client.signed(.placeOrder, limitBuy + "&newClientOrderId=e-1"))
    #expect(answer.status == 200)
    #expect(
      shape(answer.json) == [
        "symbol: a string", "orderId: a string", "orderListId: a number", "price: a string",
        "origQty: a string", "type: a string", "side: a string", "stpMode: a string",
        "transactTime: a number",
      ])
  }

  @Test func `an order is shown with its nulls`() {
    var face = SpotFace.certain()
    _ = face.answer(client.signed(.placeOrder, limitBuy + "&timeInForce=IOC"))
    let id = face.exchange.orders[0].orderID
    let answer = face.answer(client.signed(.queryOrder, "symbol=LINKUSDT&orderId=\(id)"))
    #expect(answer["status"] == "NEW")
    #expect(answer["cummulativeQuoteQty"] == "0")
    #expect(answer.json?["timeInForce"] == .null)
    #expect(answer.json?["clientOrderId"] == .null)
    #expect(answer.json?["isWorking"] == true)
    #expect(answer.json?["updateTime"]?.numberValue == String(moment().wall.milliseconds))
  }

  @Test func `a test order places nothing`() {
    var face = SpotFace.certain()
    #expect(face.answer(client.signed(.testOrder, limitBuy)).json == [:])
    #expect(face.answer(client.signed(.testOrder, limitBuy + "5.0001")).code == 400)
    #expect(face.exchange.orders.isEmpty)
  }

  @Test func `cancels are answered in three shapes, and only one tells the truth`() {
    var face = SpotFace.certain()
    var statuses: Set<String> = []
    for number in 0..<30 {
      let time = Int64(number) * 1_000
      var client = TestClient()
      client.stamp = time
      _ = face.answer(
        client.signed(.placeOrder, limitBuy + "&newClientOrderId=c\(number)"), at: time)
      let answer = face.answer(
        client.signed(.cancelOrder, "symbol=LINKUSDT&origClientOrderId=c\(number)"), at: time)
      #expect(answer["origClientOrderId"] == "c\(number)")
      statuses.insert(answer["status"] ?? "none")
    }
    #expect(statuses == ["CANCELED", "NEW", "none"])
    #expect(face.exchange.orders.allSatisfy { $0.status == .canceled })
  }

  @Test func `a missing order is told in two ways`() {
    var face = SpotFace.certain()
    var extended: Set<Bool> = []
    var codes: Set<Int> = []
    for number in 0..<20 {
      let query = "symbol=LINKUSDT&origClientOrderId=none\(number)"
      let answer = face.answer(client.signed(.queryOrder, query))
      #expect(answer.status == 400 && answer.code == -2013)
      extended.insert(answer.json?["_extend"] == .null)
      var later = client
      later.stamp = Int64(number) * 1_000
      codes.insert(face.answer(later.signed(.cancelOrder, query), at: later.stamp).code ?? 0)
    }
    #expect(extended == [true, false])
    #expect(codes == [-2011, -2013])
  }

  @Test func `wrappers succeed with 0 or 200`() {
    var face = SpotFace.certain()
    var codes: Set<Int> = []
    for _ in 0..<20 { codes.insert(face.answer(client.signed(.selfSymbols)).code ?? -1) }
    #expect(codes == [0, 200])
    let fee = face.answer(client.signed(.tradeFee, "symbol=LINKUSDT")).json?["data"]
    #expect(fee?["makerCommission"]?.numberValue == "0E-18")
    #expect(fee?["takerCommission"]?.numberValue == "0.0005")
  }

  private func batch(_ face: inout SpotFace, _ elements: [String]) -> TestAnswer {
    let encoded = "[\(elements.joined(separator: ","))]".utf8.map { byte in
      "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
    return face.answer(client.signed(.placeBatch, "batchOrders=" + encoded))
  }

  private func element(_ id: String, _ quantity: String, symbol: String = "LINKUSDT") -> String {
    #"{"symbol":"\#(symbol)","side":"BUY","type":"LIMIT_ORDER","quantity":"\#(quantity)","#
      + #""price":20,"newClientOrderId":"\#(id)"}"#
  }

  @Test func `a batch answers for each of its orders`() {
    var face = SpotFace.certain()
    let answer = batch(&face, [element("b1", "2"), element("b2", "0.01"), element("b3", "3")])
    let rows = answer.json?.arrayValue
    #expect(rows?.map { $0["newClientOrderId"]?.stringValue } == ["b1", "b2", "b3"])
    #expect(rows?.map { $0["code"]?.numberValue } == [nil, "30002", nil])
    #expect(face.exchange.orders.map(\.clientOrderID) == ["b1", "b3"])
  }

  @Test func `a batch of which every order fails is still answered with 200`() {
    var face = SpotFace.certain()
    let answer = batch(&face, [element("b1", "0.01"), element("b2", "0.02")])
    #expect(answer.status == 200)
    #expect(answer.json?.arrayValue?.map { $0["code"]?.numberValue } == ["30002", "30002"])
    #expect(face.exchange.orders.isEmpty)
  }

  @Test func `a batch has twenty orders of one symbol at the most`() {
    var face = SpotFace.certain()
    let elements = (0...20).map { element("b\($0)", "1") }
    #expect(batch(&face, elements).code == 33333)
    let mixed = [element("b1", "1"), element("b2", "1", symbol: "BTCUSDT")]
    #expect(batch(&face, mixed).code == 33333)
    #expect(face.exchange.orders.isEmpty)
    // Two calls a second, whatever they hold.
    #expect(batch(&face, elements.dropLast()).status == 429)
    var other = SpotFace.certain()
    #expect(batch(&other, elements.dropLast()).json?.arrayValue?.count == 20)
    #expect(batch(&other, []).code == 33333)
  }

  @Test func `lists show what they should`() {
    var face = SpotFace.certain()
    _ = face.answer(client.signed(.placeOrder, limitBuy))
    _ = face.answer(
      client.signed(.placeOrder, "symbol=LINKUSDT&side=BUY&type=MARKET&quoteOrderQty=30"))
    _ = face.answer(
      client.signed(.placeOrder, "symbol=MXUSDT&side=SELL&type=LIMIT&quantity=5&price=3"))
    func rows(_ route: Route, _ query: String = "") -> [JSONValue] {
      face.answer(client.signed(route, query)).json?.arrayValue ?? []
    }
    #expect(rows(.openOrders).map { $0["symbol"]?.stringValue } == ["LINKUSDT", "MXUSDT"])
    #expect(rows(.openOrders, "symbol=MXUSDT%2CBTCUSDT").count == 1)
    #expect(
      rows(.allOrders, "symbol=LINKUSDT").map { $0["status"]?.stringValue } == ["FILLED", "NEW"])
    let trade = rows(.myTrades, "symbol=LINKUSDT").first
    #expect(trade?["commissionAsset"]?.stringValue == "USDT")
    #expect(trade?["commission"]?.stringValue == "0.014994")
    #expect(trade?["isBuyer"] == true)
    let balances = face.answer(client.signed(.account), at: 3_000).json?["balances"]?.arrayValue
    let mx = balances?.first { $0["asset"]?.stringValue == "MX" }
    #expect(mx?["free"]?.stringValue == "9995" && mx?["locked"]?.stringValue == "5")
    #expect(rows(.cancelOpenOrders, "symbol=LINKUSDT").count == 1)
    #expect(rows(.openOrders).count == 1)
    #expect(face.answer(client.signed(.cancelEverything)).status == 200)
    #expect(rows(.openOrders).isEmpty)
  }

  @Test func `the rules of a symbol are told in the exchange's fields`() {
    var face = SpotFace.certain()
    let answer = face.answer(client.plain(.exchangeInfo, "symbols=LINKUSDT,NOSUCH,BUYONLYUSDT"))
    let symbols = answer.json?["symbols"]?.arrayValue
    #expect(symbols?.map { $0["symbol"]?.stringValue } == ["LINKUSDT", "BUYONLYUSDT"])
    #expect(symbols?[0]["quotePrecision"]?.numberValue == "3")
    #expect(symbols?[0]["baseAssetPrecision"]?.numberValue == "2")
    #expect(symbols?[0]["baseSizePrecision"]?.stringValue == "0.01")
    #expect(symbols?[0]["orderTypes"] == ["LIMIT", "MARKET", "LIMIT_MAKER"])
    #expect(symbols?[1]["tradeSideType"]?.numberValue == "2")
  }

  @Test func `a client that loads everything finds what it asks for`() {
    var face = SpotFace.certain()
    #expect(face.answer(client.plain(.contracts)).json?["data"] == [])
    let coins = face.answer(client.signed(.coins)).json?.arrayValue ?? []
    #expect(coins.prefix(3).map { $0["coin"]?.stringValue } == ["BTC", "USDT", "ETH"])
    #expect(coins.count == 10)
    let tape = face.answer(client.plain(.aggregateTrades, "symbol=LINKUSDT&limit=2"))
    #expect(tape.json?.arrayValue?.map { $0["p"]?.stringValue } == ["21.42", "21.42"])
    #expect(tape.json?.arrayValue?.first?["a"] == .null)
    let trades = face.answer(client.plain(.recentTrades, "symbol=LINKUSDT&limit=1")).json
    #expect(trades?.arrayValue?.first?["tradeType"] == "BID")
    let book = face.answer(client.plain(.bookTicker, "symbol=LINKUSDT"))
    #expect(book["bidPrice"] == "21.419" && book["askPrice"] == "21.421")
    #expect(face.answer(client.plain(.averagePrice, "symbol=MXUSDT"))["price"] == "2.85")
  }

  @Test func `candles end at the present, and the past does not change`() {
    var face = SpotFace.certain()
    func candles(_ query: String, at time: Int64) -> [JSONValue] {
      face.answer(client.plain(.klines, "symbol=BTCUSDT&interval=1m&" + query), at: time).json?
        .arrayValue ?? []
    }
    let first = candles("limit=3", at: 0)
    #expect(first.count == 3)
    #expect(first.last?.arrayValue?[4] == "64000")
    let open = (moment().wall.milliseconds / 60_000 - 2) * 60_000
    #expect(first.first?.arrayValue?[0] == .integer(open))
    let later = candles("startTime=\(open)&limit=2", at: 300_000)
    #expect(later == Array(first.prefix(2)))
    #expect(candles("limit=100000", at: 300_000).count == 500)
  }

  @Test func `a look-up reaches back seven days`() {
    var face = SpotFace.certain()
    _ = face.answer(client.signed(.placeOrder, limitBuy + "&newClientOrderId=old"))
    let week: Int64 = 7 * 86_400_000
    func code(at time: Int64) -> Int? {
      var late = TestClient()
      late.stamp = time
      let request = late.signed(.queryOrder, "symbol=LINKUSDT&origClientOrderId=old")
      return face.answer(request, at: time).code
    }
    #expect(code(at: week) == nil)
    #expect(code(at: week + 1) == -2013)
  }

  @Test func `the same seed and requests give the same ledger bytes`() {
    func ledger(seed: UInt64) -> String {
      var configuration = SimulatorConfiguration()
      configuration.seed = seed
      configuration.faults = FaultPlan([
        .init(
          route: .placeOrder, fault: .lostAfter(reset: false),
          trigger: .probability(millionths: 300_000))
      ])
      var face = SpotFace(configuration, at: moment())
      for number in 0..<60 {
        var client = TestClient()
        client.stamp = Int64(number) * 400
        _ = face.receive(
          client.signed(.placeOrder, limitBuy + "&newClientOrderId=n\(number)"),
          at: moment(client.stamp))
        _ = face.receive(
          client.signed(.cancelOrder, "symbol=LINKUSDT&origClientOrderId=n\(number / 2)"),
          at: moment(client.stamp))
      }
      return face.ledger().compactText()
    }
    #expect(ledger(seed: 5) == ledger(seed: 5))
    #expect(ledger(seed: 5) != ledger(seed: 6))
  }
}
