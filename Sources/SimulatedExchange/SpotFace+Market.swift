import Domain
import JSON
import Matching

/// Public market data.
extension SpotFace {
  mutating func market(_ route: Route, _ call: Call) throws(Refusal) -> JSONValue {
    switch route {
    case .time: return ["serverTime": .integer(call.now.wall.milliseconds)]
    case .defaultSymbols:
      let tradable = exchange.listings.filter { $0.isAPITradable && $0.status == .online }
      return wrapped(.array(tradable.map { .string($0.symbol.text) }), at: call.now.wall)
    case .exchangeInfo: return try exchangeInfo(call)
    case .depth: return try depth(call)
    case .recentTrades: return try publicTrades(call, aggregated: false)
    case .aggregateTrades: return try publicTrades(call, aggregated: true)
    case .klines: return try klines(call)
    case .averagePrice:
      let (_, price) = try publicMarket(call)
      return ["mins": 5, "price": Wire.number(price)]
    case .dayTicker:
      return try oneOrAll(call) { exchange, symbol, now in Self.dayTicker(exchange, symbol, now) }
    case .priceTicker:
      return try oneOrAll(call) { exchange, symbol, _ in
        guard let price = exchange.price(of: symbol) else { return nil }
        return ["symbol": .string(symbol.text), "price": Wire.number(price)]
      }
    case .bookTicker:
      return try oneOrAll(call) { exchange, symbol, _ in Self.bookTicker(exchange, symbol) }
    case .contracts: return ["success": true, "code": 0, "data": []]
    case .ping, .selfSymbols, .account, .uid, .kycStatus, .keyInfo, .coins, .tradeFee,
      .placeOrder, .testOrder, .placeBatch, .queryOrder, .cancelOrder, .openOrders,
      .cancelOpenOrders,
      .cancelEverything, .allOrders, .myTrades,
      .makeListenKey, .extendListenKey, .closeListenKey, .listListenKeys:
      return [:]
    }
  }

  /// Success is 200 in the documentation and 0 on the wire; a client has to take both.
  mutating func wrapped(_ data: JSONValue?, at now: WallTime) -> JSONValue {
    var fields: [(String, JSONValue)] = []
    if let data { fields.append(("data", data)) }
    fields.append(("code", variety.chance(1, in: 2) ? 0 : 200))
    fields.append(("msg", "success"))
    fields.append(("timestamp", .integer(now.milliseconds)))
    return .object(pairs: fields)
  }

  // MARK: Symbols

  private func publicListing(_ name: String) throws(Refusal) -> Listing {
    guard let symbol = Symbol(exchangeText: name), let listing = exchange.listing(symbol) else {
      throw .publicSymbolInvalid
    }
    return listing
  }

  /// The symbol that a request must name, and its last price.
  private func publicMarket(_ call: Call) throws(Refusal) -> (Listing, FixedDecimal) {
    let listing = try publicListing(try call.parameters.required("symbol"))
    guard let price = exchange.price(of: listing.symbol) else { throw .publicSymbolInvalid }
    return (listing, price)
  }

  private func exchangeInfo(_ call: Call) throws(Refusal) -> JSONValue {
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

  private func oneOrAll(
    _ call: Call, _ row: (SpotExchange, Symbol, WallTime) -> JSONValue?
  ) throws(Refusal) -> JSONValue {
    if let name = call.parameters["symbol"] {
      let listing = try publicListing(name)
      guard let value = row(exchange, listing.symbol, call.now.wall) else {
        throw .publicSymbolInvalid
      }
      return value
    }
    return .array(exchange.listings.compactMap { row(exchange, $0.symbol, call.now.wall) })
  }

  // MARK: Prices

  private static func bookTicker(_ exchange: SpotExchange, _ symbol: Symbol) -> JSONValue? {
    guard let book = exchange.book(symbol) else { return nil }
    let quantity = Wire.number(book.quantity)
    return [
      "symbol": .string(symbol.text), "bidPrice": Wire.number(book.bid), "bidQty": quantity,
      "askPrice": Wire.number(book.ask), "askQty": quantity,
    ]
  }

  private static func dayTicker(
    _ exchange: SpotExchange, _ symbol: Symbol, _ now: WallTime
  ) -> JSONValue? {
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
      "openTime": .integer(now.milliseconds - 86_400_000),
      "closeTime": .integer(now.milliseconds), "count": nil,
    ]
  }

  private func depth(_ call: Call) throws(Refusal) -> JSONValue {
    let (listing, _) = try publicMarket(call)
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
  private func publicTrades(_ call: Call, aggregated: Bool) throws(Refusal) -> JSONValue {
    let (listing, last) = try publicMarket(call)
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

  private func klines(_ call: Call) throws(Refusal) -> JSONValue {
    let (listing, _) = try publicMarket(call)
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
