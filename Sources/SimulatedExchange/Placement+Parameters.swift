import Domain
import Matching

/// An order as a request writes it.
extension Placement {
  /// `value` gives the parameters by name. Throws the exchange's refusal of what cannot be read.
  init(listedAt exchange: SpotExchange, _ value: (String) -> String?) throws(Refusal) {
    func required(_ name: String) throws(Refusal) -> String {
      guard let text = value(name) else { throw .missing(name) }
      return text
    }
    let name = try required("symbol")
    let side: Side
    switch try required("side") {
    case "BUY": side = .buy
    case "SELL": side = .sell
    default: throw .missing("side")
    }
    let typeName = try required("type")
    let type = Wire.orderType(typeName)
    let client = value("newClientOrderId")
    if let client, ClientOrderID(client) == nil { throw .illegalCharacters("newClientOrderId") }
    if let mode = value("stpMode"), !Self.preventionModes.contains(mode) {
      throw Refusal(33333, "Parameter error: stpMode")
    }
    let price = try Self.decimal("price", value("price"), scale: .priceScale)
    // A type that cannot be placed is judged only after its price.
    if type != .market && price == nil { throw .missing("price") }
    let amount = try Self.amount(value, isMarket: type == .market)
    guard let symbol = Symbol(exchangeText: name), exchange.listing(symbol) != nil else {
      throw .symbolNotSupported
    }
    guard let type else { throw .typeNotAllowed }
    self.init(
      symbol: symbol, side: side, type: type, amount: amount, price: price, clientOrderID: client)
  }

  private static let preventionModes = ["cancel_maker", "cancel_taker", "cancel_both"]

  private static func amount(
    _ value: (String) -> String?, isMarket: Bool
  ) throws(Refusal) -> Signal.Amount {
    let quantity = try decimal("quantity", value("quantity"), scale: .quantityScale)
    guard isMarket else {
      guard let quantity else { throw .missing("quantity") }
      return .base(quantity)
    }
    let quote = try decimal("quoteOrderQty", value("quoteOrderQty"), scale: .amountScale)
    switch (quantity, quote) {
    case (let quantity?, nil): return .base(quantity)
    case (nil, let quote?): return .quote(quote)
    case (nil, nil): throw .missing("quantity")
    case (.some, .some):
      throw Refusal(-1128, "Combination of optional parameters invalid.")
    }
  }

  private static func decimal(
    _ name: String, _ text: String?, scale: Refusal
  ) throws(Refusal) -> FixedDecimal? {
    guard let text else { return nil }
    do throws(FixedDecimal.ParseError) {
      return try FixedDecimal(text)
    } catch {
      switch error {
      case .tooPrecise: throw scale
      case .malformed, .exponent, .tooLarge: throw .missing(name)
      }
    }
  }
}
