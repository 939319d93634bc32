import Domain
import Matching
import SimulatedExchange
import Transport

/// Looks at the orders of one symbol that do not tell where they stand.
struct BrokenLooks {
  enum Way: CaseIterable {
    case refused, busy, empty, oddStatus, noFills
  }

  var symbol: String
  var until: Int64
  var way: Way
}

/// Answers of the exchange itself that no rule of its own explains: refusals that it gives without a
/// reason, lists with rows of others, and orders that it does not tell about.
extension SimulatedNetwork {
  private static let lists = ["/api/v3/openOrders", "/api/v3/allOrders", "/api/v3/myTrades"]
  /// Checks that an order does not pass.
  private static let refusals = [
    #"{"msg":" amount scale is invalid","code":400}"#,
    #"{"msg":"api market order is disabled","code":30051}"#,
    #"{"code":30087,"msg":"Order price exceeds allowed range","_extend":null}"#,
    #"{"code":"30004","msg":null}"#,
  ]
  /// Codes that prove nothing.
  private static let doubts = [
    #"{"code":30099,"msg":"Something new is not allowed"}"#,
    #"{"code":10203,"msg":"order processing error"}"#,
  ]

  /// A placement that is not processed. It does not excuse a second one.
  func plainRefusal(of call: WireCall) -> HTTPResponse? {
    guard call.isPlacement, world.happens(.plainRefusal) else { return nil }
    return refused(Self.refusals[world.below(Self.refusals.count, for: .plainRefusal)], call)
  }

  private func refused(_ body: String, _ call: WireCall) -> HTTPResponse {
    world.note("at the exchange", call.subject, "\(call.name) refused: \(body)")
    return HTTPResponse(
      status: 400, headers: [("Content-Type", "application/json")], body: Array(body.utf8))
  }

  /// What becomes of the right answer to a request that was processed.
  func odd(_ response: HTTPResponse, to call: WireCall) -> HTTPResponse {
    if response.status == 429 || response.status == 418 { return response }
    if call.isPlacement {
      guard response.status == 200, isShownInTime, world.happens(.doubtfulCode)
      else { return response }
      return refused(Self.doubts[world.below(Self.doubts.count, for: .doubtfulCode)], call)
    }
    guard call.wire.method == "GET", let symbol = call["symbol"] else { return response }
    let isList = Self.lists.contains(call.wire.path)
    guard isList || call.wire.path == "/api/v3/order" else { return response }
    breakNow(symbol)
    if let broken, broken.symbol == symbol, world.time < broken.until {
      return unreadable(response, call, broken.way)
    }
    guard isList else { return response }
    if world.happens(.refusedList) {
      return refused(#"{"code":700007,"msg":"No permission to access the endpoint"}"#, call)
    }
    return world.happens(.foreignRow) ? withForeignRow(response, symbol) : response
  }

  /// Whether the order that was just made shows within the settle time: one that the exchange answers
  /// with a code and shows later than that counts as refused for ever.
  private var isShownInTime: Bool {
    guard let order = face.exchange.orders.last else { return false }
    return switch order.visibility {
    case .from(let time): time.since(world.exchangeNow.monotonic) < world.dials.settleTime
    case .never: false
    }
  }

  private func breakNow(_ symbol: String) {
    guard broken.map({ $0.until <= world.time }) ?? true, world.happens(.brokenLooks) else {
      return
    }
    let ways = BrokenLooks.Way.allCases
    broken = BrokenLooks(
      symbol: symbol,
      until: world.time + Int64(world.below(30_000, for: .brokenLooks)) * millisecond,
      way: ways[world.below(ways.count, for: .brokenLooks)])
  }

  private func unreadable(
    _ response: HTTPResponse, _ call: WireCall, _ way: BrokenLooks.Way
  ) -> HTTPResponse {
    var response = response
    switch way {
    case .refused: return refused(#"{"code":10007,"msg":"symbol not support api"}"#, call)
    case .busy:
      response.status = 503
      response.body = Array(#"{"code":503,"msg":"busy"}"#.utf8)
    case .empty:
      response.status = 200
      response.body = []
    case .oddStatus: response.body = response.body.replacing("\"status\":\"", "\"status\":\"X_")
    case .noFills: response.body = response.body.replacing("\"executedQty\"", "\"executed\"")
    }
    return response
  }

  /// An order that somebody made on the website, as no reader knows it.
  private func withForeignRow(_ response: HTTPResponse, _ symbol: String) -> HTTPResponse {
    guard response.status == 200, response.body.last == UInt8(ascii: "]") else { return response }
    let row = """
      {"symbol":"\(symbol)","id":null,"orderId":"C02__999","clientOrderId":null,"price":"0",\
      "executedQty":null,"status":"CANCELED","type":"STOP_MARKET_ORDER","side":"SELL"}]
      """
    var response = response
    response.body.removeLast()
    if response.body != [UInt8(ascii: "[")] { response.body.append(UInt8(ascii: ",")) }
    response.body += Array(row.utf8)
    return response
  }
}

extension [UInt8] {
  fileprivate func replacing(_ old: String, _ new: String) -> [UInt8] {
    Array(String(decoding: self, as: UTF8.self).replacing(old, with: new).utf8)
  }
}
