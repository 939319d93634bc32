import Domain
import JSON
import Matching

/// Public market data, as one request asks for it.
struct MarketRoutes {
  let exchange: SpotExchange
  let call: RouteCall

  /// `variety` draws the variants of answers.
  func answer(_ route: Route, by variety: inout SplitMix64) throws(Refusal) -> JSONValue {
    switch route {
    case .time: return ["serverTime": .integer(call.now.wall.milliseconds)]
    case .defaultSymbols:
      let tradable = exchange.listings.filter { $0.isAPITradable && $0.status == .online }
      return Wire.wrapped(
        .array(tradable.map { .string($0.symbol.text) }), at: call.now.wall, by: &variety)
    case .exchangeInfo: return try exchangeInfo()
    case .depth: return try depth()
    case .recentTrades: return try publicTrades(aggregated: false)
    case .aggregateTrades: return try publicTrades(aggregated: true)
    case .klines: return try klines()
    case .averagePrice:
      let (_, price) = try publicMarket()
      return ["mins": 5, "price": Wire.number(price)]
    case .dayTicker: return try oneOrAll(dayTicker)
    case .priceTicker:
      return try oneOrAll { symbol in
        guard let price = exchange.price(of: symbol) else { return nil }
        return ["symbol": .string(symbol.text), "price": Wire.number(price)]
      }
    case .bookTicker: return try oneOrAll(bookTicker)
    case .contracts: return ["success": true, "code": 0, "data": []]
    case .ping, .selfSymbols, .account, .uid, .kycStatus, .keyInfo, .coins, .tradeFee,
      .placeOrder, .testOrder, .placeBatch, .queryOrder, .cancelOrder, .openOrders,
      .cancelOpenOrders,
      .cancelEverything, .allOrders, .myTrades,
      .makeListenKey, .extendListenKey, .closeListenKey, .listListenKeys:
      return [:]
    }
  }

  // MARK: Symbols

  private func publicListing(_ name: String) throws(Refusal) -> Listing {
    guard let symbol = Symbol(exchangeText: name), let listing = exchange.listing(symbol) else {
      throw .publicSymbolInvalid
    }
    return listing
  }

  /// The symbol that a request must name, and its last price.
  private func publicMarket() throws(Refusal) -> (Listing, FixedDecimal) {
    let listing = try publicListing(try call.parameters.required("symbol"))
    guard let price = exchange.price(of: listing.symbol) else { throw .publicSymbolInvalid }
    return (listing, price)
  }

  private func exchangeInfo() throws(Refusal) -> JSONValue {
    var listings = exchange.listings
    if let name = call.parameters["symbol"] {
      listings = [try publicListing(name)]
    } else if let names = call.parameters["symbols"] {
      // One unknown name among several is left out, as it is from the full list.
      let wanted = names.split(separator: ",").map(String.init)
      listings = listings.filter { wanted.contains($0.symbol.text) }
    }
    return [
      "timezone": "CST", "serverTime": .integer(call.now.wall.milliseconds), "rateLimits": [],
      "exchangeFilters": [], "symbols": .array(listings.map { Wire.symbol($0) }),
    ]
  }

  private func oneOrAll(_ row: (Symbol) -> JSONValue?) throws(Refusal) -> JSONValue {
    if let name = call.parameters["symbol"] {
      let listing = try publicListing(name)
      guard let value = row(listing.symbol) else { throw .publicSymbolInvalid }
      return value
    }
    return .array(exchange.listings.compactMap { row($0.symbol) })
  }

  // MARK: Prices

  private func bookTicker(_ symbol: Symbol) -> JSONValue? {
    guard let book = exchange.book(symbol) else { return nil }
    let quantity = Wire.number(book.quantity)
    return [
      "symbol": .string(symbol.text), "bidPrice": Wire.number(book.bid), "bidQty": quantity,
      "askPrice": Wire.number(book.ask), "askQty": quantity,
    ]
  }

  private func dayTicker(_ symbol: Symbol) -> JSONValue? {
    let now = call.now.wall.milliseconds
    guard let book = exchange.book(symbol), let day = exchange.day(symbol) else { return nil }
    let change = day.last.subtracting(day.open) ?? .zero
    let share = change.divided(by: day.open, rounding: .down) ?? .zero
    let volume = book.quantity.multiplied(by: FixedDecimal(1_000), rounding: .down) ?? .zero
    let quoteVolume = volume.multiplied(by: day.last, rounding: .down) ?? .zero
    return [
      "symbol": .string(symbol.text), "priceChange": Wire.number(change),
      "priceChangePercent": Wire.number(
        share.rounded(toMultipleOf: .scaled(1, digits: 4), .down) ?? share),
      "prevClosePrice": Wire.number(day.open), "lastPrice": Wire.number(day.last),
      "bidPrice": Wire.number(book.bid), "bidQty": Wire.number(book.quantity),
      "askPrice": Wire.number(book.ask), "askQty": Wire.number(book.quantity),
      "openPrice": Wire.number(day.open), "highPrice": Wire.number(day.high),
      "lowPrice": Wire.number(day.low), "volume": Wire.number(volume),
      "quoteVolume": Wire.number(quoteVolume),
      "openTime": .integer(now - 86_400_000), "closeTime": .integer(now), "count": nil,
    ]
  }

  private func depth() throws(Refusal) -> JSONValue {
    let (listing, _) = try publicMarket()
    let limit = try call.parameters.limit(default: 100, maximum: 5_000)
    guard let book = exchange.book(listing.symbol) else { throw .publicSymbolInvalid }
    let tick = listing.rules.tickSize.units
    let levels = min(limit, Self.depthLevels)
    let quantity = Wire.number(book.quantity)
    let bids = (0..<levels).map { FixedDecimal(units: book.bid.units - Int128($0) * tick) }
      .filter(\.isPositive)
    let asks = (0..<levels).map { FixedDecimal(units: book.ask.units + Int128($0) * tick) }
    return [
      "lastUpdateId": .integer(call.now.wall.milliseconds),
      "bids": .array(bids.map { [Wire.number($0), quantity] }),
      "asks": .array(asks.map { [Wire.number($0), quantity] }),
      "timestamp": .integer(call.now.wall.milliseconds),
    ]
  }

  /// As many levels as the simulated book shows on each side.
  private static let depthLevels = 20

  /// The public tape: the simulated market trades at the last price four times a second.
  private func publicTrades(aggregated: Bool) throws(Refusal) -> JSONValue {
    let (listing, last) = try publicMarket()
    let limit = try call.parameters.limit(default: 500, maximum: 1_000)
    guard let book = exchange.book(listing.symbol) else { throw .publicSymbolInvalid }
    let quote = last.multiplied(by: book.quantity, rounding: .down) ?? .zero
    let (price, quantity) = (Wire.number(last), Wire.number(book.quantity))
    let interval = SpotExchange.step.wholeMilliseconds
    return .array(
      (0..<min(limit, Self.depthLevels)).map { index in
        let isBuy = index % 2 == 0
        let time = JSONValue.integer(call.now.wall.milliseconds - Int64(index) * interval)
        if aggregated {
          return [
            "a": nil, "f": nil, "l": nil, "p": price, "q": quantity, "T": time,
            "m": .bool(!isBuy), "M": true,
          ]
        }
        return [
          "id": nil, "price": price, "qty": quantity, "quoteQty": Wire.number(quote),
          "time": time, "isBuyerMaker": .bool(!isBuy), "isBestMatch": true,
          "tradeType": isBuy ? "BID" : "ASK",
        ]
      })
  }

  // MARK: Candles

  private static let intervals: [(name: String, milliseconds: Int64)] = [
    ("1m", 60_000), ("5m", 300_000), ("15m", 900_000), ("30m", 1_800_000), ("60m", 3_600_000),
    ("4h", 14_400_000), ("1d", 86_400_000), ("1W", 604_800_000), ("1M", 2_592_000_000),
  ]

  private static let candlesMaximum = 500

  private func klines() throws(Refusal) -> JSONValue {
    let (listing, _) = try publicMarket()
    let name = try call.parameters.required("interval")
    guard let length = Self.intervals.first(where: { $0.name == name })?.milliseconds else {
      throw .intervalInvalid
    }
    let limit = Int64(
      try call.parameters.limit(default: Self.candlesMaximum, maximum: Self.candlesMaximum))
    let now = call.now.wall.milliseconds
    let times = 0...(now + length)
    let last = min(try call.parameters.integer("endTime", default: now, in: times), now) / length
    let start = try call.parameters.integer("startTime", default: -1, in: -1...now)
    var first = start < 0 ? last - limit + 1 : (start + length - 1) / length
    first = max(first, 0)
    guard first <= last else { return [] }
    return .array(
      (first...min(last, first + limit - 1)).compactMap { number in
        candle(listing, open: number * length, length: length, now: now)
      })
  }

  /// A candle that is a pure function of the seed, the symbol and its time; only the present one ends
  /// at the last price.
  private func candle(
    _ listing: Listing, open: Int64, length: Int64, now: Int64
  ) -> JSONValue? {
    guard let day = exchange.day(listing.symbol), let book = exchange.book(listing.symbol)
    else { return nil }
    func price(at time: Int64) -> FixedDecimal {
      if time > now { return day.last }
      var draw = SplitMix64(seed: exchange.seed, stream: "\(listing.symbol) \(time)")
      let moved = day.open.units / 10_000 * Int128(9_950 + draw.below(101))
      return FixedDecimal(units: moved).rounded(toMultipleOf: listing.rules.tickSize, .up)
        ?? day.open
    }
    let (first, last) = (price(at: open), price(at: open + length))
    let quote = last.multiplied(by: book.quantity, rounding: .down) ?? .zero
    return [
      .integer(open), Wire.number(first), Wire.number(max(first, last)),
      Wire.number(min(first, last)), Wire.number(last), Wire.number(book.quantity),
      .integer(open + length), Wire.number(quote),
    ]
  }
}
