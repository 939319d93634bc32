import Domain
import JSON
import Matching
import TestKit
import Testing

@testable import SimulatedExchange

struct FaultPlanTests {
  private func flaw(_ text: String) -> String? {
    do throws(FaultPlan.Flaw) {
      _ = try FaultPlan(json: Array(text.utf8))
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `a plan is read whole`() throws {
    let plan = try FaultPlan(
      json: Array(
        """
        // Comments are fine.
        {"rules": [
          {"route": "POST /api/v3/order", "fault": "late", "delay_ms": 900, "process": "after",
           "nth": 3},
          {"route": "*", "fault": "truncated", "at_byte": 40, "probability": 0.25},
          {"route": "GET /api/v3/order", "fault": "lost_before", "how": "reset", "next": 2},
          {"route": "POST /api/v3/order", "fault": "hidden", "for_ms": 1500},
        ]}
        """.utf8))
    #expect(
      plan
        == FaultPlan([
          .init(
            route: .placeOrder, fault: .late(.milliseconds(900), processedAfter: true),
            trigger: .nth(3)),
          .init(
            route: nil, fault: .truncated(atByte: 40), trigger: .probability(millionths: 250_000)),
          .init(route: .queryOrder, fault: .lostBefore(reset: true), trigger: .next(2)),
          .init(route: .placeOrder, fault: .hidden(.milliseconds(1_500))),
        ]))
  }

  @Test(arguments: [
    ("[]", "a fault plan is an object with the key \"rules\""),
    (#"{"rule": []}"#, "unknown key \"rule\"; the only key is \"rules\""),
    (#"{"rules": [{"fault": "empty"}]}"#, "rule 1: \"route\" is missing"),
    (
      #"{"rules": [{"route": "/api/v3/order", "fault": "empty"}]}"#,
      "rule 1: there is no route \"/api/v3/order\"; write \"METHOD /path\", or \"*\""
    ),
    (
      #"{"rules": [{"route": "*", "fault": "empty"}, {"route": "*", "fault": "empty", "x": 1}]}"#,
      "rule 2: the key \"x\" is unknown, or does not go with this fault"
    ),
    (
      #"{"rules": [{"route": "*", "fault": "late"}]}"#, "rule 1: \"delay_ms\" is missing"
    ),
    (
      #"{"rules": [{"route": "*", "fault": "empty", "nth": 1, "next": 2}]}"#,
      "rule 1: only one of nth, next"
    ),
    (
      #"{"rules": [{"route": "*", "fault": "empty", "probability": 1.5}]}"#,
      "rule 1: \"probability\" is a number from 0 to 1"
    ),
  ])
  func `a wrong plan is refused with a sentence`(_ wrong: (String, String)) {
    #expect(flaw(wrong.0) == wrong.1)
  }

  @Test func `rules count the requests of their route`() {
    var plan = FaultPlan([
      .init(route: .placeOrder, fault: .empty, trigger: .nth(2)),
      .init(route: nil, fault: .extra, trigger: .next(3)),
      .init(route: .placeOrder, fault: .hidden(nil), trigger: .nth(4)),
    ])
    var fate = SplitMix64(seed: 1)
    var drawn: [FaultPlan.Draw] = []
    for route in [Route.placeOrder, .placeOrder, .time, .placeOrder, .placeOrder] {
      drawn.append(plan.draw(for: route, by: &fate))
    }
    #expect(drawn.map(\.fault) == [.extra, .empty, .extra, nil, nil])
    #expect(drawn.map(\.hiding) == [nil, nil, nil, nil, .forEver])
  }

  @Test func `a hidden order exists and is not seen`() {
    var face = SpotFace.certain {
      $0.faults = FaultPlan([
        .init(route: .placeOrder, fault: .hidden(.seconds(3)), trigger: .nth(1)),
        .init(route: .placeOrder, fault: .hidden(nil), trigger: .nth(2)),
      ])
    }
    for name in ["a", "b"] {
      let request = TestClient().signed(.placeOrder, limitBuy + "&newClientOrderId=" + name)
      #expect(face.answer(request).status == 200)
    }
    func isSeen(_ name: String, at time: Int64) -> Bool {
      var client = TestClient()
      client.stamp = time
      let query = "symbol=LINKUSDT&origClientOrderId=" + name
      return face.answer(client.signed(.queryOrder, query), at: time).status == 200
    }
    #expect(!isSeen("a", at: 2_999))
    #expect(isSeen("a", at: 3_000))
    #expect(!isSeen("b", at: 600_000))
    #expect(face.exchange.orders.map(\.clientOrderID) == ["a", "b"])
  }

  @Test func `a wrong echo names another order`() {
    var face = SpotFace.certain {
      $0.faults = FaultPlan([.init(route: .placeOrder, fault: .wrongEcho)])
    }
    let answer = face.answer(TestClient().signed(.placeOrder, limitBuy))
    #expect(answer["symbol"] == "WRONGUSDT")
    #expect(answer["orderId"] != face.exchange.orders[0].orderID)
    #expect(face.exchange.orders[0].symbol == pair("LINKUSDT"))
  }

  @Test func `a rule for a symbol leaves the others alone`() throws {
    var face = SpotFace.certain()
    let plan = """
      {"rules": [{"route": "GET /api/v3/order", "symbol": "LINKUSDT", "fault": "answer",
        "status": 400, "body": "{\\"code\\":10007,\\"msg\\":\\"symbol not support api\\"}"}]}
      """
    #expect(face.admin("POST", "faults", body: plan).status == 200)
    func look(_ symbol: String) -> TestAnswer {
      face.answer(TestClient().signed(.queryOrder, "symbol=\(symbol)&origClientOrderId=a"))
    }
    #expect(look("LINKUSDT").code == 10007)
    #expect(look("BTCUSDT").code == -2013)
    #expect(face.counts.faults == ["answer": 1])
  }

  @Test func `a rule for a symbol meets the batches of its orders`() {
    var face = SpotFace.certain()
    let plan = """
      {"rules": [{"route": "POST /api/v3/batchOrders", "symbol": "BTCUSDT", "fault": "lost_after"}]}
      """
    #expect(face.admin("POST", "faults", body: plan).status == 200)
    func place(_ symbol: String, _ price: Int) -> TestAnswer {
      let orders =
        #"[{"symbol":"\#(symbol)","side":"BUY","type":"LIMIT","quantity":"2","price":\#(price)}]"#
      let encoded = orders.utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined()
      return face.answer(TestClient().signed(.placeBatch, "batchOrders=" + encoded))
    }
    #expect(place("LINKUSDT", 20).status == 200)
    #expect(face.counts.faults == [:])
    // Its connection is closed.
    #expect(place("BTCUSDT", 64_000).status == 0)
    #expect(face.counts.faults == ["lost_after": 1])
  }

  @Test func `a row is added to a list`() throws {
    var face = SpotFace.certain()
    let plan = #"{"rules": [{"route": "*", "fault": "append_row", "row": {"symbol": null}}]}"#
    #expect(face.admin("POST", "faults", body: plan).status == 200)
    _ = face.answer(TestClient().signed(.placeOrder, limitBuy))
    let list = face.answer(TestClient().signed(.allOrders, "symbol=LINKUSDT"))
    #expect(list.json?.arrayValue?.count == 2)
    #expect(list.json?.arrayValue?.last == ["symbol": nil])
  }

  @Test func `members are set and taken away`() throws {
    var face = SpotFace.certain()
    let plan = """
      {"rules": [
        {"route": "GET /api/v3/exchangeInfo", "fault": "patch", "row_symbol": "BTCUSDT",
         "set": {"maxQuoteAmount": "1E+30"}},
        {"route": "GET /api/v3/order", "fault": "patch", "set": {"status": "REJECTED"},
         "remove": ["executedQty"]}]}
      """
    #expect(face.admin("POST", "faults", body: plan).status == 200)
    let rows = face.answer(TestClient().plain(.exchangeInfo)).json?["symbols"]?.arrayValue ?? []
    for row in rows {
      #expect((row["maxQuoteAmount"] == "1E+30") == (row["symbol"] == "BTCUSDT"))
    }
    _ = face.answer(TestClient().signed(.placeOrder, limitBuy + "&newClientOrderId=a"))
    let order = face.answer(
      TestClient().signed(.queryOrder, "symbol=LINKUSDT&origClientOrderId=a"))
    #expect(order["status"] == "REJECTED")
    #expect(order.json?["executedQty"] == nil)
    #expect(order.json?["orderId"] != nil)
  }
}
