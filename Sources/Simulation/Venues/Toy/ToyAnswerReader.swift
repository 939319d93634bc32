import Domain

/// Reads what `ToyAnswerWriter` writes, and nothing else.
enum ToyAnswerReader {
  /// `nil` for what the toy venue never says in answer to this request.
  static func read(_ text: String, to request: ExchangeRequest) -> ExchangeAnswer? {
    let lines = text.split(separator: "\n").map { ToyWords($0) }
    if var words = lines.first, words.next() == "refused" {
      return error(&words).map { .failed(.refused($0)) }
    }
    return switch request {
    case .serverTime: one(lines, "now") { $0.time().map { .serverTime($0) } }
    case .instruments: instruments(lines)
    case .prices: prices(lines)
    case .place: one(lines, "placed") { $0.next().map { .placed(orderID: $0) } }
    case .validate: one(lines, "valid") { _ in .validated }
    case .order(let symbol, _): order(lines, symbol)
    case .openOrders(let symbol), .recentOrders(let symbol, _, _): orders(lines, symbol)
    case .trades(let symbol, _, _, _): trades(lines, symbol)
    case .cancel: one(lines, "taken") { _ in .cancelTaken }
    case .tradableSymbols, .keyInformation, .accountRights, .openAccountStream,
      .extendAccountStream:
      nil
    }
  }

  private static func one(
    _ lines: [ToyWords], _ kind: String, _ read: (inout ToyWords) -> ExchangeAnswer?
  ) -> ExchangeAnswer? {
    guard lines.count == 1, var words = lines.first, words.next() == kind else { return nil }
    return read(&words)
  }

  private static func error(_ words: inout ToyWords) -> ExchangeError? {
    guard let code = words.next().flatMap({ Int($0) }),
      let action = words.next().flatMap({ ExchangeError.Action(rawValue: $0) }),
      let finality = words.next()
    else { return nil }
    return ExchangeError(
      code: code, text: words.remainder(), action: action, refusesPlacement: finality == "final",
      advice: "see the toy venue's manual")
  }

  // MARK: Markets

  private static func instruments(_ lines: [ToyWords]) -> ExchangeAnswer? {
    guard let count = count(lines, "instruments") else { return nil }
    var listed: [Instrument] = []
    var unreadable: [UnreadableRules] = []
    for line in lines.dropFirst() {
      var words = line
      switch words.next() {
      case "rules":
        guard let rules = rules(&words) else { return nil }
        listed.append(rules)
      case "unclear":
        guard let symbol = words.symbol() else { return nil }
        unreadable.append(UnreadableRules(symbol: symbol, reason: words.remainder()))
      default: return nil
      }
    }
    return listed.count == count ? .instruments(listed, unreadable: unreadable) : nil
  }

  private static func rules(_ words: inout ToyWords) -> Instrument? {
    guard let symbol = words.symbol(), let base = words.next(), let quote = words.next(),
      let state = words.next(), let sides = words.next().flatMap(sides),
      let types = words.next(), let tick = words.decimal(), let step = words.decimal(),
      let quoteStep = words.decimal(), let minimum = words.decimal(),
      let notional = words.decimal(), let marketNotional = words.decimal(),
      let most = words.optionalDecimal(), let marketMost = words.optionalDecimal(),
      let up = words.optionalDecimal(), let down = words.optionalDecimal()
    else { return nil }
    var band: Instrument.PriceBand?
    if let up, let down { band = .init(buyUp: up, sellDown: down) }
    return Instrument(
      venue: ToyVenue.traits.name, symbol: symbol, baseAsset: base, quoteAsset: quote,
      isTradable: state == "open", sides: sides,
      types: Set(types.split(separator: "+").compactMap { OrderType(rawValue: String($0)) }),
      tickSize: tick, stepSize: step, quoteStep: quoteStep, minimumQuantity: minimum,
      minimumNotional: notional, minimumNotionalMarket: marketNotional, maximumNotional: most,
      maximumNotionalMarket: marketMost, priceBand: band)
  }

  private static func sides(_ word: String) -> Instrument.TradableSides? {
    switch word {
    case "both": .both
    case "buyOnly": .buyOnly
    case "sellOnly": .sellOnly
    case "none": Instrument.TradableSides.none
    default: nil
    }
  }

  private static func prices(_ lines: [ToyWords]) -> ExchangeAnswer? {
    let rows = rows(lines, "prices", "price") { words -> SymbolPrice? in
      guard let symbol = words.symbol(), let price = words.decimal() else { return nil }
      return SymbolPrice(symbol: symbol, price: price)
    }
    return rows.map { .prices($0.read.sorted { $0.symbol < $1.symbol }) }
  }

  // MARK: Orders

  private static func order(_ lines: [ToyWords], _ symbol: Symbol) -> ExchangeAnswer? {
    guard lines.count == 1, var words = lines.first, let kind = words.next() else { return nil }
    switch kind {
    case "order": return report(&words, symbol).map { .order($0) }
    case "missing": return error(&words).map { .orderMissing($0) }
    default: return nil
    }
  }

  private static func orders(_ lines: [ToyWords], _ symbol: Symbol) -> ExchangeAnswer? {
    guard let rows = rows(lines, "orders", "order", { report(&$0, symbol) }) else { return nil }
    return .orders(rows.read, unreadable: rows.unreadable)
  }

  private static func trades(_ lines: [ToyWords], _ symbol: Symbol) -> ExchangeAnswer? {
    guard let rows = rows(lines, "fills", "fill", { trade(&$0, symbol) }) else { return nil }
    return .trades(rows.read, unreadable: rows.unreadable)
  }

  /// The first line says how many rows there are that can be read.
  private static func rows<Row>(
    _ lines: [ToyWords], _ list: String, _ kind: String, _ read: (inout ToyWords) -> Row?
  ) -> (read: [Row], unreadable: [UnreadableRow])? {
    guard let count = count(lines, list) else { return nil }
    var found: [Row] = []
    var unreadable: [UnreadableRow] = []
    for line in lines.dropFirst() {
      var words = line
      switch words.next() {
      case kind:
        guard let row = read(&words) else { return nil }
        found.append(row)
      case "unclear":
        guard let row = unclear(&words) else { return nil }
        unreadable.append(row)
      default: return nil
      }
    }
    return found.count == count ? (found, unreadable) : nil
  }

  private static func count(_ lines: [ToyWords], _ list: String) -> Int? {
    guard var head = lines.first, head.next() == list else { return nil }
    return head.next().flatMap { Int($0) }
  }

  private static func unclear(_ words: inout ToyWords) -> UnreadableRow? {
    guard let number = words.next(), let name = words.next() else { return nil }
    let known: UnreadableRow.Name =
      if name.hasPrefix("named:") { .text(String(name.dropFirst(6))) } else {
        name == "nameless" ? .none : .unknown
      }
    return UnreadableRow(
      orderID: number == ToyWords.none ? nil : number, name: known, reason: words.remainder())
  }

  private static func report(_ words: inout ToyWords, _ asked: Symbol) -> OrderReport? {
    guard let symbol = words.symbol(), symbol == asked, let number = words.next(),
      let name = words.next(), let side = words.next().flatMap({ Side(rawValue: $0) }),
      let type = words.next(), let price = words.optionalDecimal(),
      let quantity = words.optionalDecimal(), let executed = words.decimal(),
      let cost = words.decimal(), let status = words.next().flatMap(status)
    else { return nil }
    return OrderReport(
      orderID: number, clientOrderID: name == ToyWords.none ? nil : name, symbol: symbol,
      side: side, type: OrderType(rawValue: type), price: price, quantity: quantity,
      executedQuantity: executed, executedQuote: cost, status: status)
  }

  private static func status(_ word: String) -> OrderReport.Status? {
    switch word {
    case "open": .open
    case "partiallyFilled": .partiallyFilled
    case "filled": .filled
    case "canceled": .canceled
    case "partiallyCanceled": .partiallyCanceled
    default: word.hasPrefix("odd:") ? .undocumented(String(word.dropFirst(4))) : nil
    }
  }

  private static func trade(_ words: inout ToyWords, _ asked: Symbol) -> TradeReport? {
    guard let symbol = words.symbol(), symbol == asked, let id = words.next(),
      let number = words.next(), let name = words.next(), let price = words.decimal(),
      let quantity = words.decimal()
    else { return nil }
    return TradeReport(
      tradeID: id, orderID: number, clientOrderID: name == ToyWords.none ? nil : name,
      symbol: symbol, price: price, quantity: quantity)
  }
}
