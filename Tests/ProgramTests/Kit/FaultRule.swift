import Domain
import JSON

/// One rule of a fault plan of the simulated exchange, in the making.
enum FaultRule {
  static let looks = "GET /api/v3/order"
  static let recentOrders = "GET /api/v3/allOrders"
  static let openOrders = "GET /api/v3/openOrders"
  static let trades = "GET /api/v3/myTrades"
  static let placements = "POST /api/v3/order"

  private static func rule(
    _ route: String, _ symbol: String?, _ members: [(String, JSONValue)]
  ) -> String {
    let about = symbol.map { [("symbol", JSONValue.string($0))] } ?? []
    return JSONValue.object(pairs: [("route", .string(route))] + about + members).compactText()
  }

  /// Not processed; this answer.
  static func answer(
    _ route: String, of symbol: String? = nil, _ status: Int, _ body: String,
    next: Int? = nil
  ) -> String {
    let trigger = next.map { [("next", JSONValue.integer($0))] } ?? []
    return rule(
      route, symbol,
      [("fault", "answer"), ("status", .integer(status)), ("body", .string(body))] + trigger)
  }

  /// Every way of asking for an order of the symbol is answered so.
  static func everyView(of symbol: String, _ status: Int, _ body: String) -> [String] {
    [looks, recentOrders, openOrders, trades].map { answer($0, of: symbol, status, body) }
  }

  /// Processed; the list has this row more.
  static func row(_ route: String, _ row: JSONValue) -> String {
    rule(route, nil, [("fault", "append_row"), ("row", row)])
  }

  /// Processed; members of the answer, or of its rows, read otherwise.
  static func patch(
    _ route: String, of symbol: String? = nil, set: JSONValue = [:], remove: JSONValue = []
  ) -> String {
    rule(route, symbol, [("fault", "patch"), ("set", set), ("remove", remove)])
  }
}

extension SimulatedMarket {
  func faults(_ rules: [String]) throws {
    try admin("POST faults", body: "{\"rules\": [\(rules.joined(separator: ","))]}")
  }
}
