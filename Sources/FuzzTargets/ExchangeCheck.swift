import Domain
import JSON
import MEXC
import Transport

/// The first byte of an input names the request (`0`…`9`, `:` to `>`), the second the status (`0`…`7`); the
/// rest is the body.
enum ExchangeCheck {
  static let now = WallTime(milliseconds: 1_790_000_000_000)
  private static let statuses = [200, 400, 401, 403, 418, 429, 500, 503]

  /// One request of each kind, and what its answers are about.
  private struct Question {
    let symbol: Symbol
    let orders: [OrderRequest]
    let requests: [ExchangeRequest]

    init?() {
      guard let symbol = Symbol(exchangeText: "LINKUSDT"),
        let other = Symbol(exchangeText: "BTCUSDT"), let clientOrderID = ClientOrderID("sg-1"),
        let second = ClientOrderID("sg-2")
      else { return nil }
      self.symbol = symbol
      orders = [clientOrderID, second].map { id in
        OrderRequest(
          clientOrderID: id, symbol: symbol, side: .buy, type: .limit,
          amount: .base(FixedDecimal(1)), price: FixedDecimal(21))
      }
      requests = [
        .serverTime, .instruments([symbol, other]), .prices([symbol, other]), .tradableSymbols,
        .place([orders[0]]), .validate(orders[0]),
        .order(symbol, .clientOrderID(clientOrderID)),
        .order(symbol, .orderID("C02__1")), .openOrders(symbol), .trades(symbol, since: now),
        .cancel(symbol, .clientOrderID(clientOrderID)), .place(orders), .openAccountStream,
        .keyInformation, .accountRights,
      ]
    }
  }

  private static let question = Question()

  static func check(_ input: [UInt8]) throws(Broken) {
    guard let question else { throw Broken("there is no question") }
    guard input.count >= 2 else { return }
    // "0" is byte 48; 60 is a multiple of 15.
    let request = question.requests[(Int(input[0]) + 12) % question.requests.count]
    let status = statuses[Int(input[1]) % statuses.count]
    let body = Array(input[2...])
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let answer = exchange.answer(
      to: request, .success(HTTPResponse(status: status, body: body)), now: now)
    switch answer {
    case .failed(let failure): try check(failure, status: status)
    case .orderMissing(let error):
      guard case .order = request else { throw Broken("missing, and was not looked for") }
      try check(error)
    case .instruments([], unreadable: []), .prices([]): break
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .placed, .validated, .order, .orders, .trades, .cancelTaken, .accountStreamReady:
      try require(status == 200, "an answer out of status \(status)")
    }
    try checkMeaning(of: answer, to: request, body, question)
  }

  private static func check(_ failure: ExchangeFailure, status: Int) throws(Broken) {
    switch failure {
    case .notSent, .noAnswer: throw Broken("an answer came, and is said not to have come")
    case .unreadable(let text), .blocked(let text):
      try require(text.utf8.count <= 2_048, "a reason of \(text.utf8.count) bytes")
    case .throttled(let notice):
      // A ban of MEXC lasts three days at the most, and ten minutes are for clocks that differ.
      try require(
        notice.wait >= .seconds(1) && notice.wait <= .seconds(3 * 86_400 + 600),
        "a wait of \(notice.wait)")
      try require([200, 400, 401, 418, 429].contains(status), "throttled by \(status)")
    case .refused(let error): try check(error)
    }
    if status >= 500 {
      guard case .unreadable = failure else { throw Broken("\(status) proves something") }
    }
  }

  private static func check(_ error: ExchangeError) throws(Broken) {
    try require(error.text.unicodeScalars.count <= 501, "a long text of the exchange")
    try require(
      !error.refusesPlacement || ErrorTable.codes.contains(error.code),
      "an unknown code proves that there is no order")
  }

  /// An answer speaks of what was asked, and only then.
  private static func checkMeaning(
    of answer: ExchangeAnswer, to request: ExchangeRequest, _ body: [UInt8], _ question: Question
  ) throws(Broken) {
    switch (request, answer) {
    case (_, .failed), (.order, .orderMissing), (.validate, .validated), (.cancel, .cancelTaken),
      (.openAccountStream, .accountStreamReady), (.keyInformation, .keyInformation),
      (.accountRights, .accountRights):
      break
    case (.serverTime, .serverTime(let time)):
      try require(time.milliseconds > 0, "a time before 1970")
    case (.instruments(let wanted), .instruments(let found, let unreadable)):
      for rules in unreadable {
        try require(wanted.contains(rules.symbol), "rules of a symbol not asked for")
        try require(!found.contains { $0.symbol == rules.symbol }, "read, and not to be read")
        try require(rules.reason.utf8.count <= 512, "a reason of \(rules.reason.utf8.count) bytes")
      }
      for instrument in found {
        try require(wanted.contains(instrument.symbol), "rules of a symbol not asked for")
        try require(
          instrument.tickSize.isPositive && instrument.stepSize.isPositive, "a step of nothing")
      }
    case (.prices(let wanted), .prices(let found)):
      try require(Set(found.map(\.symbol)).count == found.count, "two prices of one symbol")
      for price in found {
        try require(wanted.contains(price.symbol), "a price not asked for")
        try require(price.price.isPositive, "a price that is not above zero")
      }
    case (.tradableSymbols, .tradableSymbols(let symbols)):
      try require(symbols == symbols.sorted(), "symbols out of order")
    case (.place(let orders), .placed(let outcomes)):
      try require(outcomes.count == orders.count, "not an outcome for each order")
      if orders.count == 1 {
        if case .success(let orderID)? = outcomes.first {
          try checkPlacement(orderID, body, question)
        }
      } else {
        for (order, outcome) in zip(orders, outcomes) { try check(outcome, of: order, body) }
      }
    case (.order(_, let reference), .order(let report)):
      switch reference {
      case .orderID(let text): try require(report.orderID == text, "another order")
      case .clientOrderID(let id): try require(report.clientOrderID == id.text, "another order")
      }
      try check(report, question)
    case (.openOrders, .orders(let reports, _, _)), (.recentOrders, .orders(let reports, _, _)):
      for report in reports { try check(report, question) }
    case (.trades, .trades(let trades, _, _)):
      for trade in trades {
        try require(trade.symbol == question.symbol, "a trade of another symbol")
        try require(!trade.tradeID.isEmpty && !trade.orderID.isEmpty, "a trade without a name")
      }
    default: throw Broken("an answer to another request")
    }
  }

  /// Read again from the text, by names alone: no order is believed in without its echo.
  private static func checkPlacement(
    _ orderID: String, _ body: [UInt8], _ question: Question
  ) throws(Broken) {
    guard let echo = try? JSONReader.read(body, limits: .exchange) else {
      throw Broken("placed, and the answer is not JSON")
    }
    try require(!orderID.isEmpty, "placed without a name")
    try require(
      echo["orderId"]?.stringValue == orderID || echo["orderId"]?.numberValue == orderID,
      "placed under another name")
    try require(echo["symbol"] == "LINKUSDT" && echo["side"] == "BUY", "placed as another order")
    let named = echo["clientOrderId"]
    try require(
      named == nil || named == "sg-1" || named == "" || named?.stringValue == nil,
      "placed for somebody else")
  }

  /// One order of several is placed only where an element of the answer names it.
  private static func check(
    _ outcome: Result<String, ExchangeFailure>, of order: OrderRequest, _ body: [UInt8]
  ) throws(Broken) {
    switch outcome {
    case .success(let orderID):
      let rows = (try? JSONReader.read(body, limits: .exchange))?.arrayValue ?? []
      let own = rows.filter { row in
        let name = row["newClientOrderId"]?.stringValue ?? ""
        return (name.isEmpty ? row["clientOrderId"]?.stringValue : name)
          == order.clientOrderID.text
      }
      try require(own.count == 1, "placed, and not named once")
      try require(
        own[0]["orderId"]?.stringValue == orderID || own[0]["orderId"]?.numberValue == orderID,
        "placed under another name")
      try require(own[0]["symbol"] == "LINKUSDT", "placed as another order")
    case .failure(let failure): try check(failure, status: 200)
    }
  }

  private static func check(_ report: OrderReport, _ question: Question) throws(Broken) {
    try require(report.symbol == question.symbol, "an order of another symbol")
    try check(report)
  }

  /// Also as the history keeps it.
  static func check(_ report: OrderReport) throws(Broken) {
    try require(!report.orderID.isEmpty, "an order without a name")
    try require(
      report.executedQuantity >= .zero && report.executedQuote >= .zero, "a fill below zero")
    let event = OrderEvent.observed(report)
    let kept = try? JSONReader.read(
      Array(event.detail.compactText().utf8), limits: .exchange)
    try require(
      kept.flatMap { OrderEvent(kind: event.kind, detail: $0) } == event,
      "an order that the history does not keep")
  }
}
