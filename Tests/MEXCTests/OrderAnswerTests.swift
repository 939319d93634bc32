import Domain
import MEXC
import Testing
import Transport

private let row = #"""
  {"symbol":"LINKUSDT","orderId":"C02__6122","orderListId":-1,"clientOrderId":"sg-1","price":"21.400",
  "origQty":"1.25","executedQty":"0.50","cummulativeQuoteQty":"10.700","status":"PARTIALLY_FILLED",
  "timeInForce":null,"type":"LIMIT","side":"BUY","stopPrice":null,"icebergQty":null,
  "time":1790000001456,"updateTime":null,"isWorking":true,"stpMode":"","origQuoteOrderQty":"26.75"}
  """#

private func replaced(_ old: String, _ new: String) -> String {
  let pieces = row.split(separator: old, omittingEmptySubsequences: false)
  #expect(pieces.count == 2, "\(old)")
  return pieces.joined(separator: new)
}

private func isUnreadable(_ answer: ExchangeAnswer) -> Bool {
  if case .failed(.unreadable) = answer { true } else { false }
}

@Suite struct OrderAnswerTests {
  private func lookUp(_ body: String, status: Int = 200) throws -> ExchangeAnswer {
    let reference = OrderReference.clientOrderID(try clientOrderID("sg-1"))
    return answer(to: .order(try symbol("LINKUSDT"), reference), response(status, body))
  }

  private func report(_ body: String) throws -> OrderReport {
    let answer = try lookUp(body)
    guard case .order(let report) = answer else { throw Unexpected(answer: answer) }
    return report
  }

  private struct Unexpected: Error {
    let answer: ExchangeAnswer
  }

  /// The firewall answers with a page; a code in a JSON object is the exchange's own.
  @Test func `a look that is refused with 403 and a code is refused by the exchange`() throws {
    let answer = try lookUp(#"{"code":700007,"msg":"no"}"#, status: 403)
    guard case .failed(.refused(let error)) = answer else { throw Unexpected(answer: answer) }
    #expect(error.code == 700_007)
    for body in ["<html>Access Denied</html>", "", "{}", #"{"code":403,"msg":"no"}"#, row] {
      let answer = try lookUp(body, status: 403)
      guard case .failed(.blocked) = answer else { throw Unexpected(answer: answer) }
    }
  }

  /// Neither answer decides what became of an order.
  @Test func `so is a cancel, and what is asked for the account's stream`() throws {
    let reference = OrderReference.clientOrderID(try clientOrderID("sg-1"))
    let requests: [ExchangeRequest] = [
      .cancel(try symbol("LINKUSDT"), reference), .openAccountStream, .extendAccountStream,
    ]
    for request in requests {
      let refusal = response(403, #"{"code":700007,"msg":"no"}"#)
      let answer = answer(to: request, refusal)
      guard case .failed(.refused(let error)) = answer else { throw Unexpected(answer: answer) }
      #expect(error.code == 700_007)
    }
  }

  @Test func `reads an order`() throws {
    let expected = OrderReport(
      orderID: "C02__6122", clientOrderID: "sg-1", symbol: try symbol("LINKUSDT"), side: .buy,
      type: .limit, price: try FixedDecimal("21.4"), quantity: try FixedDecimal("1.25"),
      executedQuantity: try FixedDecimal("0.5"), executedQuote: try FixedDecimal("10.7"),
      status: .partiallyFilled)
    #expect(try lookUp(row) == .order(expected))
  }

  @Test(arguments: [
    ("NEW", OrderReport.Status.open), ("PARTIALLY_FILLED", .partiallyFilled), ("FILLED", .filled),
    ("CANCELED", .canceled), ("PARTIALLY_CANCELED", .partiallyCanceled),
    ("REJECTED", .undocumented("REJECTED")), ("EXPIRED", .undocumented("EXPIRED")),
    ("PENDING_CANCEL", .undocumented("PENDING_CANCEL")), ("filled", .undocumented("filled")),
  ])
  func `reads the status`(_ word: String, _ status: OrderReport.Status) throws {
    #expect(try report(replaced("PARTIALLY_FILLED", word)).status == status)
  }

  @Test func `tolerates what varies`() throws {
    let quantity = try FixedDecimal("1.25")
    #expect(try report(replaced("\"origQty\"", "\"Qty\"")).quantity == quantity)
    #expect(try report(replaced("\"1.25\"", "1.25")).quantity == quantity)
    let spelled = try report(replaced("\"cummulativeQuoteQty\"", "\"cumulativeQuoteQty\""))
    #expect(try spelled.executedQuote == FixedDecimal("10.7"))
    #expect(try report(replaced("\"1.25\"", "null")).quantity == nil)
    #expect(try report(replaced("\"21.400\"", "\"\"")).price == nil)
    #expect(try report(replaced("\"C02__6122\"", "1755840577")).orderID == "1755840577")
    #expect(try report(replaced("\"LIMIT\"", "\"STOP_MARKET_ORDER\"")).type == nil)
    #expect(try report(replaced("\"LIMIT\"", "null")).type == nil)
    #expect(
      try report(replaced("\"LIMIT\"", "\"IMMEDIATE_OR_CANCEL\"")).type == .immediateOrCancel)
    let fresh = #"""
      {"symbol":"LINKUSDT","orderId":"7","clientOrderId":"sg-1","side":"SELL","status":"NEW",
      "executedQty":null,"cummulativeQuoteQty":"0E-18"}
      """#
    let report = try report(fresh)
    #expect(report.status == .open)
    #expect(report.side == .sell)
    #expect(report.executedQuantity == .zero)
    #expect(report.executedQuote == .zero)
  }

  @Test(arguments: [
    ("\"LINKUSDT\"", "\"BTCUSDT\""), ("\"LINKUSDT\"", "null"), ("\"sg-1\"", "\"sg-2\""),
    ("\"sg-1\"", "null"), ("\"C02__6122\"", "null"), ("\"C02__6122\"", "\"\""),
    ("\"C02__6122\"", "1.5"), ("\"C02__6122\"", "0"), ("\"C02__6122\"", "\" \""),
    ("\"BUY\"", "\"LONG\""), ("\"BUY\"", "null"),
    ("\"PARTIALLY_FILLED\"", "null"), ("\"PARTIALLY_FILLED\"", "1"), ("\"0.50\"", "null"),
    ("\"0.50\"", "\"x\""), ("\"0.50\"", "\"-1\""), ("\"10.700\"", "null"),
    ("\"0.50\"", "\"0.1234567890123456789\""), ("\"21.400\"", "\"NaN\""),
    ("\"origQty\"", "\"price\""),
  ])
  func `refuses what proves nothing`(_ old: String, _ new: String) throws {
    #expect(isUnreadable(try lookUp(replaced(old, new))))
  }

  @Test(arguments: ["{}", "[]", "null", "", "<html>", "{\"code\":200}", "[\(row)]"])
  func `refuses other shapes`(_ body: String) throws {
    #expect(isUnreadable(try lookUp(body)))
  }

  @Test func `both codes mean that there is no such order`() throws {
    for (code, text) in [(-2013, "Order does not exist."), (-2011, "Unknown order sent")] {
      for status in [400, 404, 200] {
        let answer = try lookUp(
          #"{"code":\#(code),"msg":"\#(text)","_extend":null}"#, status: status)
        guard case .orderMissing(let error) = answer else {
          Issue.record("\(answer)")
          continue
        }
        #expect(error.code == code)
        #expect(error.text == text)
      }
      #expect(isUnreadable(try lookUp(#"{"code":\#(code),"msg":"x"}"#, status: 500)))
    }
    guard case .failed(.refused(let error)) = try lookUp(#"{"code":700003}"#, status: 400) else {
      Issue.record("700003 is a refusal")
      return
    }
    #expect(error.action == .clock)
  }

  @Test func `an order ID is compared as text`() throws {
    let request = ExchangeRequest.order(try symbol("LINKUSDT"), .orderID("C02__6122"))
    guard case .order(let report) = answer(to: request, response(200, row)) else {
      Issue.record("the order was asked for by its id")
      return
    }
    #expect(report.orderID == "C02__6122")
    let other = ExchangeRequest.order(try symbol("LINKUSDT"), .orderID("C02__6123"))
    #expect(isUnreadable(answer(to: other, response(200, row))))
  }

  @Test func `reads lists`() throws {
    let link = try symbol("LINKUSDT")
    let reports = [try report(row)]
    for request in [ExchangeRequest.openOrders(link), .recentOrders(link, since: noon)] {
      #expect(answer(to: request, response(200, "[]")) == .orders([]))
      #expect(answer(to: request, response(200, "[\(row)]")) == .orders(reports))
      // What cannot be read is told apart from the rest, by whose it may be.
      let wrong: [(String, UnreadableRow)] = [
        ("{}", .init(orderID: nil, name: .unknown, reason: "it is about another symbol")),
        ("null", .init(orderID: nil, name: .unknown, reason: "it is about another symbol")),
        (
          replaced("LINKUSDT", "BTCUSDT"),
          .init(orderID: "C02__6122", name: .text("sg-1"), reason: "it is about another symbol")
        ),
        (
          replaced("\"BUY\"", "null"),
          .init(orderID: "C02__6122", name: .text("sg-1"), reason: "side is missing")
        ),
        (
          replaced("\"C02__6122\"", "\"-1\""),
          .init(orderID: nil, name: .text("sg-1"), reason: "orderId is -1, which is no order's id")
        ),
        (foreign, .init(orderID: "C02__999", name: .none, reason: "executedQty is missing")),
      ]
      for (text, unreadable) in wrong {
        guard
          case .orders(let read, let rest, false) = answer(
            to: request, response(200, "[\(text),\(row)]"))
        else {
          Issue.record("a row spoils the list: \(text)")
          continue
        }
        #expect(read == reports)
        #expect(rest.count == 1)
        #expect(rest[0].orderID == unreadable.orderID && rest[0].name == unreadable.name)
        #expect(rest[0].reason.hasPrefix(unreadable.reason), "\(rest[0].reason)")
      }
      #expect(isUnreadable(answer(to: request, response(200, row))))
      #expect(isUnreadable(answer(to: request, response(200, "{}"))))
      #expect(isUnreadable(answer(to: request, response(200, ""))))
    }
  }

  /// The exchange gives at most 1,000 rows, and does not say that there are more.
  @Test func `a full list may be cut`() throws {
    let link = try symbol("LINKUSDT")
    for request in [ExchangeRequest.openOrders(link), .recentOrders(link, since: noon)] {
      for (rows, expected) in [(999, false), (1_000, true)] {
        let list = Array(repeating: row, count: rows - 1) + ["null"]
        guard
          case .orders(_, _, let isCut) = answer(
            to: request, response(200, "[\(list.joined(separator: ","))]"))
        else {
          Issue.record("a list that cannot be read")
          continue
        }
        #expect(isCut == expected)
      }
    }
  }

  /// Of the fills it gives at most 100.
  @Test(arguments: [(99, false), (100, true)])
  func `a full list of fills may be cut`(rows: Int, expected: Bool) throws {
    let trade = #"""
      {"symbol":"LINKUSDT","id":"61220X1","orderId":"C02__6122","price":"21.400","qty":"0.50"}
      """#
    let list = Array(repeating: trade, count: rows - 1) + ["null"]
    let answer = answer(
      to: .trades(try symbol("LINKUSDT"), since: noon),
      response(200, "[\(list.joined(separator: ","))]"))
    #expect(try answer.tradesReading.get().isCut == expected)
  }

  /// As an account shows a stop order that somebody made on the website.
  private let foreign = #"""
    {"symbol":"LINKUSDT","orderId":"C02__999","orderListId":-1,"clientOrderId":null,"price":"0",
    "origQty":"0.01","executedQty":null,"cummulativeQuoteQty":"0","status":"CANCELED",
    "timeInForce":null,"type":"STOP_MARKET_ORDER","side":"SELL","stopPrice":"60000",
    "icebergQty":null,"time":1,"updateTime":null,"isWorking":false,"origQuoteOrderQty":null}
    """#

  @Test func `whose a row may be`() throws {
    let ours = try clientOrderID("sg-1")
    func row(_ orderID: String?, _ name: UnreadableRow.Name) -> UnreadableRow {
      UnreadableRow(orderID: orderID, name: name, reason: "")
    }
    #expect(row("7", .text("sg-1")).mayBe(ours, nil))
    #expect(row("8", .text("sg-1")).mayBe(ours, "7"))
    #expect(row("7", .none).mayBe(ours, "7"))
    #expect(row("7", .text("sg-2")).mayBe(ours, "7"))
    #expect(!row("7", .text("sg-2")).mayBe(ours, nil))
    #expect(!row("7", .none).mayBe(ours, nil))
    #expect(row("7", .unknown).mayBe(ours, nil))
    #expect(!row("8", .unknown).mayBe(ours, "7"))
    #expect(row(nil, .unknown).mayBe(ours, "7"))
    #expect(!row(nil, .none).mayBe(ours, "7"))
  }

  @Test func `reads trades`() throws {
    let link = try symbol("LINKUSDT")
    let request = ExchangeRequest.trades(link, since: noon)
    let trade = #"""
      {"symbol":"LINKUSDT","id":"61220X1","orderId":"C02__6122","orderListId":-1,"price":"21.400",
      "qty":"0.50","quoteQty":"10.700","commission":"0.00535","commissionAsset":"USDT",
      "time":1790000002000,"isBuyer":true,"isMaker":false,"clientOrderId":"sg-1"}
      """#
    let expected = TradeReport(
      tradeID: "61220X1", orderID: "C02__6122", clientOrderID: "sg-1", symbol: link,
      price: try FixedDecimal("21.4"), quantity: try FixedDecimal("0.5"))
    #expect(answer(to: request, response(200, "[\(trade)]")) == .trades([expected]))
    #expect(answer(to: request, response(200, "[]")) == .trades([]))
    guard
      case .trades([expected], let rest, false) = answer(
        to: request, response(200, "[\(trade),{\"symbol\":\"X\",\"orderId\":\"7\"}]"))
    else {
      Issue.record("a row spoils the list")
      return
    }
    #expect(rest.map(\.orderID) == ["7"])
    #expect(rest.map(\.name) == [.unknown])
    #expect(isUnreadable(answer(to: request, response(200, "{\"code\":200,\"data\":[]}"))))
  }

  @Test func `a cancel proves only that it was taken`() throws {
    let request = ExchangeRequest.cancel(
      try symbol("LINKUSDT"), .clientOrderID(try clientOrderID("sg-1")))
    #expect(answer(to: request, response(200, row)) == .cancelTaken)
    #expect(answer(to: request, response(200, replaced("PARTIALLY_FILLED", "NEW"))) == .cancelTaken)
    #expect(answer(to: request, response(200, #"{"symbol":"LINKUSDT"}"#)) == .cancelTaken)
    #expect(isUnreadable(answer(to: request, response(200, #"{"symbol":"BTCUSDT"}"#))))
    #expect(isUnreadable(answer(to: request, response(200, ""))))
    #expect(isUnreadable(answer(to: request, response(503, row))))
    // The order may just have been filled: this is no "missing".
    let filled = answer(to: request, response(400, #"{"code":-2011,"msg":"Order filled."}"#))
    guard case .failed(.refused(let error)) = filled else {
      Issue.record("\(filled)")
      return
    }
    #expect(error.code == -2011)
    #expect(error.action == .query)
  }
}
