import Daemon
import Domain
import Transport

/// A second venue, as different from the first as the seam allows: it answers in words divided by
/// spaces, limits no pairs, weighs every request alike, and knows an order by its client order id.
struct ToyVenue: Venue {
  let traits = VenueTraits(
    name: "toy", cost: { _ in RequestCost(ipWeight: 1, uidWeight: 0) }, limitsPairs: false,
    accountReadsPerSecond: 100, stampLead: .seconds(2), listReach: .seconds(3_600),
    worthAList: .max)

  var accountStreamTarget: String? { nil }

  mutating func begin(
    _ request: ExchangeRequest, stampedAt: WallTime, now: Moment
  ) -> VenueStep {
    switch request {
    case .serverTime: .send(HTTPRequest(.get, "/now"))
    case .instruments(let symbols): .send(HTTPRequest(.get, "/rules/\(symbols[0])"))
    case .prices(let symbols): .send(HTTPRequest(.get, "/price/\(symbols[0])"))
    case .place(let orders):
      .send(
        HTTPRequest(.post, "/orders/\(orders[0].clientOrderID)/\(orders[0].side.rawValue)"))
    case .order(_, .clientOrderID(let id)): .send(HTTPRequest(.get, "/orders/\(id)"))
    case .order(_, .orderID(let id)): .send(HTTPRequest(.get, "/orders/\(id)"))
    case .tradableSymbols, .validate, .openOrders, .recentOrders, .trades, .cancel,
      .openAccountStream, .extendAccountStream:
      .answered(.failed(.unreadable("the toy venue does not know it")))
    }
  }

  mutating func answer(
    to request: ExchangeRequest, _ result: Result<HTTPResponse, TransportError>,
    earliest: WallTime, now: Moment
  ) -> ExchangeAnswer {
    guard case .success(let response) = result else { return .failed(.noAnswer("no response")) }
    let text = String(decoding: response.body, as: UTF8.self)
    return answer(to: request, text) ?? .failed(.unreadable(text))
  }

  private func answer(to request: ExchangeRequest, _ text: String) -> ExchangeAnswer? {
    switch request {
    case .serverTime: Int64(text).map { .serverTime(WallTime(milliseconds: $0)) }
    case .instruments(let symbols): rules(of: symbols[0], text).map { .instruments([$0]) }
    case .prices(let symbols):
      Self.decimal(text).map { .prices([SymbolPrice(symbol: symbols[0], price: $0)]) }
    case .place: .placed(orderID: text)
    case .order(let symbol, _): report(symbol, text).map { .order($0) }
    case .tradableSymbols, .validate, .openOrders, .recentOrders, .trades, .cancel,
      .openAccountStream, .extendAccountStream:
      nil
    }
  }

  private static func decimal(_ text: String) -> FixedDecimal? { try? FixedDecimal(text) }

  /// `TICK STEP`
  private func rules(of symbol: Symbol, _ text: String) -> Instrument? {
    let words = text.split(separator: " ").compactMap { Self.decimal(String($0)) }
    guard words.count == 2 else { return nil }
    return Instrument(
      symbol: symbol, baseAsset: "TOY", quoteAsset: "USDT", isTradable: true, sides: .both,
      types: [.limit], tickSize: words[0], stepSize: words[1], quoteStep: words[0],
      minimumQuantity: words[1], minimumNotional: words[0], minimumNotionalMarket: words[0],
      maximumNotional: nil, maximumNotionalMarket: nil, priceBand: nil)
  }

  /// `ID SIDE QUANTITY COST`, of an order that is filled.
  private func report(_ symbol: Symbol, _ text: String) -> OrderReport? {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 4, let side = Side(rawValue: words[1]),
      let quantity = Self.decimal(words[2]), let cost = Self.decimal(words[3])
    else { return nil }
    return OrderReport(
      orderID: words[0], clientOrderID: nil, symbol: symbol, side: side, type: .limit, price: nil,
      quantity: quantity, executedQuantity: quantity, executedQuote: cost, status: .filled)
  }
}
