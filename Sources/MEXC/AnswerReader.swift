import Domain
import JSON

/// Reads what an answer means for the request that it belongs to.
package struct AnswerReader {
  let request: ExchangeRequest
  /// Kept out of every text.
  let secrets: KnownSecrets

  /// Codes that mean "no such order" in answer to a look-up: the table has -2011, practice -2013.
  private static let missingOrderCodes: Set<Int> = [-2011, -2013]
  package static let invalidSymbolCode = -1121
  private static let noPermissionCode = 700_007
  /// An internal failure, whatever the status that carries the code: nobody says what became of an
  /// order. 510 ("too frequent") is a limit.
  private static let internalFailureCodes = Set(500...599).subtracting([510])

  static func isInternalFailure(_ code: Int) -> Bool { internalFailureCodes.contains(code) }

  /// What a good answer says.
  func answer(from body: JSONValue) -> ExchangeAnswer {
    do throws(Undecodable) {
      return try decode(body)
    } catch {
      return .failed(.unreadable("an answer that cannot be read: \(error.reason)"))
    }
  }

  /// An error that is an answer to what was asked, or a failure.
  func answer(from error: ExchangeError) -> ExchangeAnswer {
    switch request {
    case .order where Self.missingOrderCodes.contains(error.code):
      return .orderMissing(error)
    case .place where Self.isInternalFailure(error.code),
      .validate where Self.isInternalFailure(error.code),
      .extendAccountStream where Self.isInternalFailure(error.code):
      return .failed(.unreadable(error.words))
    // What was wrong with one of several orders proves nothing of the others: each is looked for first.
    case .place(let requests)
    where requests.count > 1 && !ErrorTable.isAboutWholeRequest(error.code):
      var error = error
      error.refusesPlacement = false
      return .failed(.refused(error))
    // The key is accepted, and orders need another of its permissions.
    case .tradableSymbols where error.code == Self.noPermissionCode:
      var error = error
      error.action = .wait
      return .failed(.refused(error))
    // The one symbol that was asked for is not listed.
    case .instruments(let symbols) where error.code == Self.invalidSymbolCode && symbols.count == 1:
      return .instruments([])
    case .prices(let symbols) where error.code == Self.invalidSymbolCode && symbols.count == 1:
      return .prices([])
    // After a cancel the same codes also mean "already filled": the order must be read.
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .place, .validate, .order,
      .openOrders, .recentOrders, .trades, .cancel, .openAccountStream, .extendAccountStream:
      return .failed(.refused(error))
    }
  }

  private func decode(_ body: JSONValue) throws(Undecodable) -> ExchangeAnswer {
    switch request {
    case .serverTime: return .serverTime(try serverTime(body))
    case .instruments(let symbols):
      return try InstrumentReader.answer(in: body, wanted: symbols)
    case .prices(let symbols): return .prices(try prices(body, of: symbols))
    case .tradableSymbols: return .tradableSymbols(try symbols(body))
    case .keyInformation: return .keyInformation(try KeyInformation(object(body)))
    case .accountRights:
      return .accountRights(AccountRights(canTrade: try object(body)["canTrade"]?.boolValue))
    case .place(let requests) where requests.count == 1:
      return .placed(orderID: try placedOrderID(body, for: requests[0]))
    case .place(let requests):
      return .placed(try BatchAnswer(body, to: requests, hiding: secrets).outcomes)
    case .validate:
      _ = try object(body)
      return .validated
    case .order(let symbol, let reference):
      return .order(try order(body, of: symbol, reference))
    case .openOrders(let symbol), .recentOrders(let symbol, _, _):
      let (reports, unreadable) = try rows(body) { row throws(Undecodable) in
        try OrderReport(row, of: symbol)
      }
      return .orders(
        reports, unreadable: unreadable,
        isCut: reports.count + unreadable.count >= Call.ordersMaximum)
    case .trades(let symbol, _, _, _):
      let (trades, unreadable) = try rows(body) { row throws(Undecodable) in
        try TradeReport(row, of: symbol)
      }
      return .trades(
        trades, unreadable: unreadable,
        isCut: trades.count + unreadable.count >= Call.tradesMaximum)
    case .cancel(let symbol, _):
      let cancelled = try object(body)
      if cancelled.text("symbol") != nil { try cancelled.requiredSymbol(symbol) }
      return .cancelTaken
    // Read where the key is kept.
    case .openAccountStream, .extendAccountStream: throw Undecodable("it holds a listen key")
    }
  }

  private func object(_ body: JSONValue) throws(Undecodable) -> JSONValue {
    guard case .object = body else { throw Undecodable("it is \(body.kindWithArticle)") }
    return body
  }

  /// A row that cannot be read spoils nothing but what it is about: the lists hold everybody's orders
  /// of the account.
  private func rows<Row>(
    _ body: JSONValue, _ decode: (JSONValue) throws(Undecodable) -> Row
  ) throws(Undecodable) -> ([Row], unreadable: [UnreadableRow]) {
    guard case .array(let elements) = body else {
      throw Undecodable("it is \(body.kindWithArticle), not an array")
    }
    var rows: [Row] = []
    var unreadable: [UnreadableRow] = []
    rows.reserveCapacity(elements.count)
    for element in elements {
      do throws(Undecodable) {
        rows.append(try decode(element))
      } catch {
        unreadable.append(UnreadableRow(element, error))
      }
    }
    return (rows, unreadable)
  }

  private func serverTime(_ body: JSONValue) throws(Undecodable) -> WallTime {
    guard let text = body.scalarText("serverTime"), let milliseconds = Int64(text),
      milliseconds > 0
    else { throw Undecodable("serverTime is missing") }
    return WallTime(milliseconds: milliseconds)
  }

  private func prices(
    _ body: JSONValue, of symbols: [Symbol]
  ) throws(Undecodable) -> [SymbolPrice] {
    let rows: [JSONValue]
    switch body {
    case .array(let elements): rows = elements
    case .object: rows = [body]
    case .null, .bool, .number, .string: throw Undecodable("it is \(body.kindWithArticle)")
    }
    let wanted = Set(symbols)
    var found: [Symbol: FixedDecimal] = [:]
    var flaws: [Symbol: Undecodable] = [:]
    for row in rows {
      // Names of other markets need not be spelled as a symbol can be here.
      guard let symbol = row.text("symbol").flatMap(Symbol.init(exchangeText:)),
        wanted.contains(symbol)
      else { continue }
      do throws(Undecodable) {
        guard let price = try row.decimal("price"), price.isPositive else { continue }
        if let other = found.updateValue(price, forKey: symbol), other != price {
          flaws[symbol] = Undecodable("it has two prices of \(symbol)")
        }
      } catch {
        flaws[symbol] = error
      }
    }
    // One price that cannot be told is no reason to go without the others.
    for symbol in flaws.keys { found[symbol] = nil }
    if found.isEmpty, let flaw = flaws.min(by: { $0.key < $1.key }) { throw flaw.value }
    return found.map { SymbolPrice(symbol: $0.key, price: $0.value) }
      .sorted { $0.symbol < $1.symbol }
  }

  private func symbols(_ body: JSONValue) throws(Undecodable) -> [Symbol] {
    guard let names = body["data"]?.arrayValue else { throw Undecodable("data is no array") }
    var symbols: [Symbol] = []
    for name in names {
      if let symbol = name.stringValue.flatMap(Symbol.init(exchangeText:)) {
        symbols.append(symbol)
      }
    }
    if !names.isEmpty, names.allSatisfy({ $0.stringValue == nil }) {
      throw Undecodable("data holds no symbols")
    }
    return symbols.sorted()
  }

  /// Only an answer that names an order and repeats what was asked for proves a placement. The type
  /// is not compared: a market order has been answered as IMMEDIATE_OR_CANCEL.
  private func placedOrderID(
    _ body: JSONValue, for request: OrderRequest
  ) throws(Undecodable) -> String {
    try body.requiredSymbol(request.symbol)
    guard body.text("side") == request.side.exchangeWord else {
      throw Undecodable("it is about another side")
    }
    if let id = body.text("clientOrderId"), id != request.clientOrderID.text {
      throw Undecodable("it is about another client order id")
    }
    return try body.requiredOrderID()
  }

  private func order(
    _ body: JSONValue, of symbol: Symbol, _ reference: OrderReference
  ) throws(Undecodable) -> OrderReport {
    let report = try OrderReport(object(body), of: symbol)
    let isTheOne =
      switch reference {
      case .orderID(let text): report.orderID == text
      case .clientOrderID(let id): report.clientOrderID == id.text
      }
    guard isTheOne else { throw Undecodable("it is about another order") }
    return report
  }
}

extension UnreadableRow {
  fileprivate init(_ row: JSONValue, _ error: Undecodable) {
    let name: Name =
      switch row["clientOrderId"] {
      case .null, .string(""): .none
      case .string(let text): .text(text)
      case .bool, .number, .array, .object, nil: .unknown
      }
    self.init(orderID: row.orderID, name: name, reason: error.reason)
  }
}

extension OrderReport {
  init(_ row: JSONValue, of symbol: Symbol) throws(Undecodable) {
    try row.requiredSymbol(symbol)
    let orderID = try row.requiredOrderID()
    guard let side = row.text("side").flatMap(Side.init(exchangeWord:)) else {
      throw Undecodable("side is missing")
    }
    guard let word = row.text("status") else { throw Undecodable("status is missing") }
    let status = Status(exchangeWord: word)
    // Fills are read, never inferred: only an order that has just been made may leave them out.
    let executed =
      status == .open
      ? try row.decimal("executedQty") ?? .zero : try row.requiredDecimal("executedQty")
    // The exchange's own spelling, or the right one.
    let quoteName =
      row.scalarText("cummulativeQuoteQty") == nil
        && row.scalarText("cumulativeQuoteQty") != nil
      ? "cumulativeQuoteQty" : "cummulativeQuoteQty"
    let executedQuote =
      executed.isZero
      ? try row.decimal(quoteName) ?? .zero : try row.requiredDecimal(quoteName)
    guard executed >= .zero && executedQuote >= .zero else {
      throw Undecodable("a fill below zero")
    }
    // One example of the documentation calls it Qty.
    let quantity = try row.decimal(row.scalarText("origQty") == nil ? "Qty" : "origQty")
    self.init(
      orderID: orderID, clientOrderID: row.text("clientOrderId"), symbol: symbol, side: side,
      type: row.text("type").flatMap(OrderType.init(exchangeWord:)),
      price: try row.decimal("price"), quantity: quantity,
      executedQuantity: executed, executedQuote: executedQuote, status: status)
  }
}

extension TradeReport {
  init(_ row: JSONValue, of symbol: Symbol) throws(Undecodable) {
    try row.requiredSymbol(symbol)
    guard let tradeID = row.identifier("id") else { throw Undecodable("id is missing") }
    let orderID = try row.requiredOrderID()
    self.init(
      tradeID: tradeID, orderID: orderID, clientOrderID: row.text("clientOrderId"), symbol: symbol,
      price: try row.requiredDecimal("price"), quantity: try row.requiredDecimal("qty"))
  }
}
