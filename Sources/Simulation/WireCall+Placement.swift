import Domain
import JSON
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
    let text = self["batchOrders"].flatMap(Self.decoded) ?? ""
    return (try? JSONReader.read(text))?.arrayValue ?? []
  }

  private static func decoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
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
