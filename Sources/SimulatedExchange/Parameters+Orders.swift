import Domain
import Matching

/// How a request names symbols, orders and times of the account.
extension Parameters {
  /// How far back orders can be read.
  static let reach = Duration.seconds(7 * 86_400)

  func symbol(listedAt exchange: SpotExchange) throws(Refusal) -> Symbol {
    try Self.listed(try required("symbol"), at: exchange)
  }

  private static func listed(
    _ name: String, at exchange: SpotExchange
  ) throws(Refusal) -> Symbol {
    guard let symbol = Symbol(exchangeText: name), exchange.listing(symbol) != nil else {
      throw .symbolNotSupported
    }
    return symbol
  }

  /// Up to five, separated by commas; `nil` when none is named.
  func symbols(listedAt exchange: SpotExchange) throws(Refusal) -> [Symbol]? {
    guard let text = self["symbol"] else { return nil }
    let names = text.split(separator: ",").map(String.init)
    guard names.count <= 5 else { throw Refusal(33333, "Parameter error: symbol") }
    var symbols: [Symbol] = []
    for name in names { symbols.append(try Self.listed(name, at: exchange)) }
    return symbols
  }

  func orderReference() throws(Refusal) -> OrderRecords.Reference {
    if let id = self["orderId"] { return .orderID(id) }
    if let id = self["origClientOrderId"] { return .clientOrderID(id) }
    throw .missing("orderId/origClientOrderId")
  }

  /// The time asked for, no further back than the exchange looks.
  func times(default span: Duration, at now: WallTime) throws(Refusal) -> ClosedRange<WallTime> {
    let end = try integer("endTime", default: now.milliseconds)
    let fallback = now.advanced(by: .zero - span).milliseconds
    let start = try integer("startTime", default: fallback)
    let earliest = max(start, now.advanced(by: .zero - Self.reach).milliseconds)
    guard earliest <= end else {
      return WallTime(milliseconds: .max)...WallTime(milliseconds: .max)
    }
    return WallTime(milliseconds: earliest)...WallTime(milliseconds: end)
  }
}
