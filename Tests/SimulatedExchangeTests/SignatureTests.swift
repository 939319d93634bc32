import Domain
import JSON
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// The vectors of MEXC's documentation (examples 2 and 3; example 1 does not reproduce), and further
/// ones computed with the same key.
struct SignatureTests {
  private static let stamp: Int64 = 1_644_489_390_087

  private func answer(
    _ route: Route, query: String, body: String = ""
  ) -> (TestAnswer, SpotFace) {
    let now = Moment(
      wall: WallTime(milliseconds: Self.stamp), monotonic: MonotonicTime(nanoseconds: 0))
    var configuration = SimulatorConfiguration()
    configuration.rules = .certain
    var face = SpotFace(configuration, at: now)
    let request = TestClient().plain(route, query, body: body)
    guard case .respond(let response) = face.receive(request, at: now) else {
      return (TestAnswer(status: 0, json: nil, headers: []), face)
    }
    return (TestAnswer(response), face)
  }

  private static let order = "symbol=BTCUSDT&side=BUY&type=LIMIT"
  private static let rest = "quantity=1&price=11&recvWindow=5000&timestamp=1644489390087"
  private static let whole = "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a"
  private static let mixed = "d1a676610ceb39174c8039b3f548357994b2a34139a8addd33baadba65684592"

  @Test func `everything in the query`() {
    let query = Self.order + "&" + Self.rest + "&signature=" + Self.whole
    #expect(answer(.placeOrder, query: query).0["symbol"] == "BTCUSDT")
  }

  @Test func `everything in the body`() {
    let body = Self.order + "&" + Self.rest + "&signature=" + Self.whole
    #expect(answer(.placeOrder, query: "", body: body).0["symbol"] == "BTCUSDT")
  }

  @Test func `query and body, one right after the other`() {
    let body = Self.rest + "&signature=" + Self.mixed
    #expect(answer(.placeOrder, query: Self.order, body: body).0["origQty"] == "1")
  }

  @Test func `a look-up by client order id`() {
    let query =
      "symbol=BTCUSDT&origClientOrderId=cli-1&recvWindow=5000&timestamp=1644489390087"
      + "&signature=572ed47317db792f36769f2432b1f4b9cd15ada2475185f14f08ec43887c4e01"
    #expect(answer(.queryOrder, query: query).0.code == -2013)
  }

  @Test func `nothing but the time`() {
    let query =
      "recvWindow=5000&timestamp=1644489390087"
      + "&signature=1103ce19f47c037fc03b8b9d674e10ee76e53272851eb2a3b10321cd353fb9bf"
    #expect(answer(.account, query: query).0["accountType"] == "SPOT")
  }

  @Test func `a batch, percent-encoded before it is signed`() {
    let query =
      "batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A"
      + "%22LIMIT%22%2C%22quantity%22%3A%220.0002%22%2C%22price%22%3A%2240000%22%2C"
      + "%22newClientOrderId%22%3A%22cli-1%22%7D%5D&recvWindow=5000&timestamp=1644489390087"
      + "&signature=50a9ffefff524f9b76837330cae847b85feb80443f0d17b8ae0f04f0a9b1bae7"
    let (answer, face) = answer(.placeBatch, query: query)
    #expect(answer.json?.arrayValue?.first?["newClientOrderId"]?.stringValue == "cli-1")
    #expect(face.exchange.orders.map(\.clientOrderID) == ["cli-1"])
  }

  @Test(arguments: [
    // As it is meant, half encoded, with small digits, and with a form's blank.
    #"batchOrders=[{"symbol":"BTCUSDT"}]"#, "batchOrders=%5B{%22symbol%22:%22BTCUSDT%22}%5D",
    "batchOrders=%5b%7b%22symbol%22%3a%22BTCUSDT%22%7d%5d",
    "batchOrders=%5B%7B%22symbol%22%3A+%22BTCUSDT%22%7D%5D", "batchOrders=%5B%7B%2",
  ])
  func `a signature of what is not encoded as the exchange does it is refused`(_ text: String) {
    let query = text + "&recvWindow=5000&timestamp=1644489390087"
    let (answer, face) = answer(
      .placeBatch, query: query + "&signature=" + TestClient().signature(query))
    #expect(answer.code == 700002)
    #expect(face.count("bad_signatures") == 1)
  }

  @Test(arguments: [
    whole.uppercased(), String(whole.dropLast()), "", String(repeating: "0", count: 64),
    "323c96ab85a7",
  ])
  func `any other signature is refused and counted`(_ signature: String) {
    let (answer, face) = answer(
      .placeOrder, query: Self.order + "&" + Self.rest + "&signature=" + signature)
    #expect(answer.code == 700002)
    #expect(face.count("bad_signatures") == 1)
    #expect(face.exchange.orders.isEmpty)
  }

  @Test func `of a name in query and body the query counts`() {
    let text = "symbol=BTCUSDT&side=BUY&type=LIMIT&price=12"
    let signature = TestClient().signature(text + Self.rest)
    let (answer, _) = answer(
      .placeOrder, query: text, body: Self.rest + "&signature=" + signature)
    #expect(answer["price"] == "12")
  }
}
