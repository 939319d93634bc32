import Domain
import JSON
import SimulatedExchange
import Transport

extension WireCall {
  /// One order as it leaves, alone or among others.
  struct PlacedOrder {
    let name: String
    let symbol: String?
    let price: String?
    let amount: String?
  }

  /// None for a request that places nothing.
  var placedOrders: [PlacedOrder] {
    if isBatch { return elements.map { element in Self.order { element[$0]?.stringValue } } }
    return isSinglePlacement ? [Self.order { self[$0] }] : []
  }

  private static func order(_ value: (String) -> String?) -> PlacedOrder {
    PlacedOrder(
      name: value("newClientOrderId") ?? "", symbol: value("symbol"), price: value("price"),
      amount: value("quantity") ?? value("quoteOrderQty"))
  }

  private var elements: [JSONValue] {
    let text = self["batchOrders"].map { PercentEncoding.decoded(Array($0.utf8)[...]) } ?? ""
    return (try? JSONReader.read(text))?.arrayValue ?? []
  }

  /// Those that the exchange's answer turns away: all of them, or elements of the answer.
  func refusedOrders(by response: HTTPResponse) -> [String] {
    let names = placedOrders.map(\.name)
    if response.status >= 400 && response.status < 500 { return names }
    guard isBatch, response.status == 200 else { return [] }
    let rows = (try? JSONReader.read(response.body))?.arrayValue ?? []
    return zip(names, rows).filter { $1["code"] != nil }.map(\.0)
  }
}
