import Domain
import JSON
import Matching
import TestKit
import Testing

@testable import SimulatedExchange

struct AdminTests {
  private let client = TestClient()

  @Test func `a moved price fills what it reaches`() {
    var face = SpotFace.certain()
    _ = face.answer(client.signed(.placeOrder, limitBuy + "&newClientOrderId=a"))
    #expect(face.admin("POST", "price?symbol=LINKUSDT&price=19.9")["price"] == "19.9")
    #expect(face.exchange.orders[0].status == .filled)
    #expect(face.answer(client.plain(.priceTicker, "symbol=LINKUSDT"))["price"] == "19.9")
    #expect(face.admin("POST", "price?symbol=LINKUSDT&price=0").status == 400)
    #expect(face.admin("POST", "price?symbol=NOSUCH&price=1").status == 400)
  }

  @Test func `orders, balances and instruments are changed by hand`() {
    var face = SpotFace.certain()
    _ = face.answer(client.signed(.placeOrder, limitBuy + "&newClientOrderId=a"))
    let filled = face.admin("POST", "fill?client_order_id=a&quantity=0.5")
    #expect(filled["status"] == "PARTIALLY_FILLED" && filled["executed_quantity"] == "0.5")
    #expect(face.admin("POST", "fill?client_order_id=zz").status == 404)
    for quantity in ["0", "-0.5", "0.001"] {
      let refused = face.admin("POST", "fill?client_order_id=a&quantity=\(quantity)")
      #expect(refused.status == 400, "\(quantity)")
      #expect(refused["error"] == "quantity is above 0 and a multiple of the symbol's step")
    }
    #expect(face.exchange.orders[0].executedQuantity == decimal("0.5"))
    #expect(face.admin("POST", "balance?asset=USDT&free=1").status == 200)
    #expect(face.exchange.wallet["USDT"].free == FixedDecimal(1))
    let code = face.answer(client.signed(.placeOrder, limitBuy)).code
    #expect(code == 30004 || code == 10101)
    _ = face.admin("POST", "instrument?symbol=LINKUSDT&key_allowed=false")
    #expect(face.answer(client.signed(.placeOrder, limitBuy)).code == 70011)
    _ = face.admin("POST", "instrument?symbol=LINKUSDT&status=3")
    #expect(face.answer(client.signed(.placeOrder, limitBuy)).code == 30016)
    _ = face.admin("POST", "instrument?symbol=LINKUSDT&api_tradable=false")
    #expect(face.answer(client.signed(.placeOrder, limitBuy)).code == 10007)
    #expect(face.admin("POST", "instrument?symbol=LINKUSDT&status=9").status == 400)
  }

  @Test func `freezing stops the walk`() {
    var face = SpotFace(SimulatorConfiguration(), at: moment())
    func price(at time: Int64) -> String? {
      face.answer(client.plain(.priceTicker, "symbol=BTCUSDT"), at: time)["price"]
    }
    let begin = price(at: 0)
    let later = price(at: 20_000)
    #expect(begin == "64000" && later != begin)
    let freeze = WireRequest(
      method: "POST", path: "/__admin/freeze", query: "symbol=BTCUSDT&frozen=true")
    #expect(face.answer(freeze, at: 20_000).status == 200)
    #expect(price(at: 60_000) == later)
  }

  @Test func `a market that begins frozen walks once it is let`() throws {
    let options = try #require(
      try SimulatorOptions.parse(["--port", "0", "--frozen"]) { _ in
        .failure(.init("no file is named"))
      })
    var face = SpotFace(options.configuration, at: moment())
    func price(at time: Int64) -> String? {
      face.answer(client.plain(.priceTicker, "symbol=BTCUSDT"), at: time)["price"]
    }
    #expect(price(at: 20_000) == "64000")
    let release = WireRequest(method: "POST", path: "/__admin/freeze", query: "frozen=false")
    #expect(face.answer(release, at: 20_000).json == ["frozen": false])
    #expect(price(at: 20_000) == "64000")
    #expect(price(at: 60_000) != "64000")
  }

  @Test func `faults are replaced, and a wrong plan changes nothing`() {
    var face = SpotFace.certain()
    let plan = #"{"rules": [{"route": "GET /api/v3/ping", "fault": "forbidden"}]}"#
    #expect(face.admin("POST", "faults", body: plan).status == 200)
    #expect(face.answer(client.plain(.ping)).status == 403)
    let wrong = face.admin("POST", "faults", body: #"{"rules": [{"route": "GET /nowhere"}]}"#)
    #expect(wrong.status == 400)
    #expect(wrong["error"]?.contains("there is no route") == true)
    #expect(face.answer(client.plain(.ping)).status == 403)
    #expect(face.count("faults") == nil)
    let faults = face.ledger()["counts"]?["faults"]
    #expect(faults?["forbidden"]?.numberValue == "2")
  }

  @Test func `a reset begins anew`() {
    var face = SpotFace.certain()
    _ = face.answer(client.signed(.placeOrder, limitBuy + "&newClientOrderId=a"))
    #expect(face.admin("GET", "ledger").json?["accepted_by_client_order_id"] == ["a": 1])
    #expect(face.admin("POST", "reset").status == 200)
    #expect(face.admin("GET", "ledger").json?["orders"] == [])
    #expect(face.exchange.wallet["USDT"].free == FixedDecimal(100_000))
    #expect(face.admin("GET", "reset").status == 404)
    #expect(face.admin("POST", "nothing").status == 404)
  }
}
