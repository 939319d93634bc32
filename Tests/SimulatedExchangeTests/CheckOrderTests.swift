import Domain
import JSON
import Matching
import TestKit
import Testing

@testable import SimulatedExchange

/// A request that is wrong in several ways is refused for the first of them, in the stated order.
struct CheckOrderTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let request: WireRequest
    let status: Int
    let code: Int
    var limits = RateLimits.Settings()
  }

  private static var broke: RateLimits.Settings {
    var settings = RateLimits.Settings()
    settings.ipWeight = 0
    return settings
  }

  private static func client(_ change: (inout TestClient) -> Void) -> TestClient {
    var client = TestClient()
    change(&client)
    return client
  }

  static let cases: [Case] = [
    Case(
      testDescription: "an unknown route comes before everything",
      request: WireRequest(method: "POST", path: "/api/v3/strategy/group"), status: 404, code: 404),
    Case(
      testDescription: "a known path with another method",
      request: WireRequest(method: "PUT", path: "/api/v3/order"), status: 405, code: 405),
    Case(
      testDescription: "the content type before the key",
      request: client {
        $0.contentType = nil; $0.key = ""
      }.signed(.placeOrder), status: 400,
      code: 700013),
    Case(
      testDescription: "a wrong content type",
      request: client { $0.contentType = "application/x-www-form-urlencoded" }
        .signed(.cancelOrder), status: 400, code: 700013),
    Case(
      testDescription: "the key's presence before the key",
      request: client {
        $0.key = ""; $0.stamp = -60_000
      }.signed(.account), status: 400, code: 400),
    Case(
      testDescription: "the key before the time",
      request: client {
        $0.key = "mx0other"; $0.stamp = -60_000
      }.signed(.account), status: 400,
      code: 10072),
    Case(
      testDescription: "the time's presence before the signature",
      request: TestClient().plain(.account, "recvWindow=5000&signature=00"), status: 400,
      code: 700004),
    Case(
      testDescription: "the window before its size",
      request: client {
        $0.stamp = -90_000; $0.receiveWindow = 70_000
      }.signed(.account),
      status: 400, code: 700003),
    Case(
      testDescription: "the window's size before the signature",
      request: client {
        $0.receiveWindow = 60_001; $0.secret = "wrong"
      }.signed(.account),
      status: 400, code: 700005),
    Case(
      testDescription: "the time before the signature",
      request: client {
        $0.stamp = 1_000; $0.secret = "wrong"
      }.signed(.account), status: 400,
      code: 700003),
    Case(
      testDescription: "the signature before the limits",
      request: client { $0.secret = "wrong" }.signed(.placeOrder), status: 400, code: 700002,
      limits: broke),
    Case(
      testDescription: "the limits before the parameters",
      request: TestClient().signed(.placeOrder), status: 429, code: 429, limits: broke),
    Case(
      testDescription: "the limits on public requests too",
      request: TestClient().plain(.priceTicker), status: 429, code: 429, limits: broke),
    Case(
      testDescription: "the parameters before the symbol",
      request: TestClient().signed(.placeOrder, "symbol=NOSUCH&side=BUY&type=LIMIT&quantity=1"),
      status: 400, code: 700004),
    Case(
      testDescription: "the client order id before the symbol",
      request: TestClient().signed(
        .placeOrder, limitBuy + "x&newClientOrderId=a.b&symbol=NOSUCH"), status: 400, code: 700008),
    Case(
      testDescription: "a client order id of 33 characters",
      request: TestClient().signed(
        .placeOrder, limitBuy + "&newClientOrderId=" + String(repeating: "a", count: 33)),
      status: 400, code: 700008),
    Case(
      testDescription: "the price of an unknown type before the type",
      request: TestClient().signed(
        .placeOrder, "symbol=LINKUSDT&side=BUY&type=STOP_MARKET_ORDER&quantity=1"), status: 400,
      code: 700004),
    Case(
      testDescription: "the symbol before the type",
      request: TestClient().signed(
        .placeOrder, "symbol=NOSUCH&side=BUY&type=STOP_MARKET_ORDER&quantity=1&price=1"),
      status: 400, code: 10007),
    Case(
      testDescription: "the scale before the symbol's state",
      request: TestClient().signed(
        .placeOrder, "symbol=PAUSEUSDT&side=BUY&type=LIMIT&quantity=1.001&price=1"), status: 400,
      code: 400),
    Case(
      testDescription: "the symbol's state before the side",
      request: TestClient().signed(
        .placeOrder, "symbol=PAUSEUSDT&side=SELL&type=LIMIT&quantity=0.01&price=1"), status: 400,
      code: 30000),
    Case(
      testDescription: "the side before the size",
      request: TestClient().signed(
        .placeOrder, "symbol=BUYONLYUSDT&side=SELL&type=LIMIT&quantity=0.01&price=1"), status: 400,
      code: 30001),
    Case(
      testDescription: "the size before the band",
      request: TestClient().signed(
        .placeOrder, "symbol=LINKUSDT&side=BUY&type=LIMIT&quantity=0.01&price=90"), status: 400,
      code: 30002),
    Case(
      testDescription: "the band before the balance",
      request: TestClient().signed(
        .placeOrder, "symbol=LINKUSDT&side=SELL&type=LIMIT&quantity=5000&price=1"), status: 400,
      code: 30087),
    Case(
      testDescription: "the balance at last",
      request: TestClient().signed(
        .placeOrder, "symbol=LINKUSDT&side=SELL&type=LIMIT&quantity=5000&price=22"), status: 400,
      code: 30005),
    Case(
      testDescription: "an unknown symbol on a public request",
      request: TestClient().plain(.bookTicker, "symbol=NOSUCH"), status: 400, code: -1121),
    Case(
      testDescription: "an unknown candle interval",
      request: TestClient().plain(.klines, "symbol=BTCUSDT&interval=1h"), status: 400, code: -1121),
  ]

  @Test(arguments: cases)
  func `the first wrong thing decides`(_ wrong: Case) {
    var face = SpotFace.certain { $0.limits = wrong.limits }
    let answer = face.answer(wrong.request)
    #expect(answer.status == wrong.status)
    #expect(answer.code == wrong.code)
    #expect(face.exchange.orders.isEmpty)
  }

  /// Every request for new orders, each good but for who sends it.
  private static let placements: [(Route, String)] = [
    (.placeOrder, limitBuy), (.testOrder, limitBuy),
    (
      .placeBatch,
      "batchOrders=%5B%7B%22symbol%22%3A%22LINKUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A"
        + "%22LIMIT%22%2C%22quantity%22%3A%222%22%2C%22price%22%3A%2220%22%7D%5D"
    ),
  ]

  @Test(arguments: placements)
  func `an account that may not trade places nothing`(_ route: Route, _ query: String) {
    var open = SpotFace.certain()
    #expect(open.answer(TestClient().signed(route, query)).status == 200)
    var closed = SpotFace.certain { $0.isAccountOpen = false }
    let answer = closed.answer(TestClient().signed(route, query))
    #expect(answer.status == 400 && answer.code == 60005)
    #expect(closed.count("accepted_orders") == 0)
    #expect(closed.answer(TestClient().signed(.account)).json?["canTrade"] == false)
    #expect(closed.answer(TestClient().signed(.openOrders, "symbol=LINKUSDT")).status == 200)
  }

  @Test(arguments: ["FROZEN", "DELETE"])
  func `a key that is not valid places nothing`(_ standing: String) {
    var face = SpotFace.certain { $0.keyStatus = standing }
    for (route, query) in Self.placements {
      let answer = face.answer(TestClient().signed(route, query))
      #expect(answer.status == 400 && answer.code == 10072, "\(route)")
    }
    #expect(face.count("accepted_orders") == 0)
    #expect(face.answer(TestClient().signed(.keyInfo))["status"] == standing)
  }

  @Test func `address and permission have their places`() {
    var client = TestClient()
    client.stamp = -60_000
    var foreign = SpotFace.certain { $0.isAddressAllowed = false }
    #expect(foreign.answer(client.signed(.account)).code == 700006)
    var reading = SpotFace.certain { $0.permissions = ["SPOT_DEAL_READ"] }
    #expect(reading.answer(TestClient().signed(.placeOrder)).code == 700007)
    #expect(reading.answer(TestClient().signed(.openOrders)).status == 200)
  }

  @Test(arguments: [
    (stamp: Int64(999), accepted: true), (stamp: 1_000, accepted: false),
    (stamp: -5_000, accepted: true), (stamp: -5_001, accepted: false),
  ])
  func `the window ends where it should`(_ edge: (stamp: Int64, accepted: Bool)) {
    var face = SpotFace.certain()
    var client = TestClient()
    client.stamp = edge.stamp
    #expect((face.answer(client.signed(.uid)).status == 200) == edge.accepted)
    #expect(face.count("bad_timestamps") == (edge.accepted ? 0 : 1))
  }

  @Test func `the exchange's clock can be off`() {
    var face = SpotFace.certain { $0.timeOffset = .seconds(90) }
    let time = face.answer(TestClient().plain(.time)).json?["serverTime"]?.numberValue
    #expect(time == String(moment(90_000).wall.milliseconds))
    #expect(face.answer(TestClient().signed(.uid)).code == 700003)
    var client = TestClient()
    client.stamp = 90_000
    #expect(face.answer(client.signed(.uid)).status == 200)
  }
}
