import Domain
import Matching
import TestKit
import Testing

struct PaperExchangeTests {
  private func paper(price: String? = "21.42") throws -> PaperExchange {
    let exchange = PaperExchange(seed: 1)
    exchange.learn(Listing.standard.map(\.rules))
    if let price {
      exchange.learn([SymbolPrice(symbol: pair("LINKUSDT"), price: decimal(price))], at: moment())
    }
    return exchange
  }

  private func request(
    _ id: String, _ type: OrderType, _ amount: Signal.Amount, price: String? = nil,
    symbol: String = "LINKUSDT"
  ) throws -> OrderRequest {
    OrderRequest(
      clientOrderID: try #require(ClientOrderID(id)), symbol: pair(symbol), side: .buy,
      type: type, amount: amount, price: price.map { decimal($0) })
  }

  private func report(_ answer: ExchangeAnswer) throws -> OrderReport {
    guard case .order(let report) = answer else { throw Unexpected(answer: answer) }
    return report
  }

  private struct Unexpected: Error {
    let answer: ExchangeAnswer
  }

  @Test func `a market order fills at the last known price, whatever it costs`() throws {
    let exchange = try paper()
    let order = try request("big", .market, .quote(decimal("99999")))
    #expect(exchange.answer(.place([order]), at: moment(5)) == .placed(orderID: "PAPER-big"))
    let found = try report(
      exchange.answer(.order(pair("LINKUSDT"), .orderID("PAPER-big")), at: moment(6)))
    #expect(found.status == .filled)
    #expect(found.executedQuantity == decimal("4668.48"))
    #expect(found.executedQuote == decimal("99998.8416"))
    let again = exchange.answer(
      .place([try request("b2", .market, .quote(decimal("99999")))]), at: moment(7))
    #expect(again == .placed(orderID: "PAPER-b2"))
    guard
      case .trades(let trades, _, _) = exchange.answer(
        .trades(pair("LINKUSDT"), since: moment(6).wall), at: moment(8))
    else {
      Issue.record("trades")
      return
    }
    #expect(trades.map(\.orderID) == ["PAPER-b2"])
    #expect(trades.map(\.price) == [decimal("21.42")])
    for request in [
      ExchangeRequest.trades(pair("LINKUSDT"), since: moment().wall, until: moment(6).wall),
      .trades(pair("LINKUSDT"), of: "PAPER-big", since: moment().wall),
    ] {
      let list = try exchange.answer(request, at: moment(8)).tradesReading.get()
      #expect(Set(list.reports.map(\.orderID)) == ["PAPER-big"])
    }
  }

  @Test func `a price that comes before the symbol's rules counts once they are there`() throws {
    let exchange = PaperExchange(seed: 1)
    let symbol = pair("LINKUSDT")
    exchange.learn([SymbolPrice(symbol: symbol, price: decimal("21"))], at: moment())
    exchange.learn([SymbolPrice(symbol: symbol, price: decimal("21.42"))], at: moment(1))
    exchange.learn(Listing.standard.map(\.rules))
    let order = try request("now", .limit, .base(decimal("3")), price: "21.42")
    #expect(exchange.answer(.place([order]), at: moment(2)) == .placed(orderID: "PAPER-now"))
    let found = try report(exchange.answer(.order(symbol, .orderID("PAPER-now")), at: moment(3)))
    #expect(found.status == .filled)
  }

  @Test(arguments: [(Side.buy, "21.45"), (.sell, "21.40")])
  func `by a book a buy fills at the ask and a sell at the bid`(
    _ side: Side, _ price: String
  ) throws {
    let exchange = try paper()
    exchange.learn(
      pair("LINKUSDT"), bid: decimal("21.40"), ask: decimal("21.45"), at: moment(1))
    var order = try request("m", .market, .base(decimal("3")))
    order.side = side
    _ = exchange.answer(.place([order]), at: moment(2))
    let found = try report(
      exchange.answer(.order(pair("LINKUSDT"), .orderID("PAPER-m")), at: moment(3)))
    #expect(found.status == .filled)
    #expect(found.executedQuote == decimal(price).multiplied(by: decimal("3"), rounding: .down))
  }

  @Test func `a resting buy waits for the ask, and a last price that comes later counts`() throws {
    let exchange = try paper()
    let symbol = pair("LINKUSDT")
    func status(_ id: String) throws -> OrderReport.Status {
      try report(exchange.answer(.order(symbol, .orderID("PAPER-" + id)), at: moment(9))).status
    }
    exchange.learn(symbol, bid: decimal("21.40"), ask: decimal("21.45"), at: moment(1))
    let orders = [
      try request("ask", .limit, .base(decimal("3")), price: "21.42"),
      try request("last", .limit, .base(decimal("3")), price: "21.30"),
    ]
    for order in orders { _ = exchange.answer(.place([order]), at: moment(2)) }
    #expect(try status("ask") == .open)
    // No book.
    exchange.learn(symbol, bid: decimal("21.42"), ask: decimal("21.20"), at: moment(3))
    #expect(try status("ask") == .open)
    exchange.learn(symbol, bid: decimal("21.38"), ask: decimal("21.42"), at: moment(4))
    #expect(try status("ask") == .filled)
    exchange.learn([SymbolPrice(symbol: symbol, price: decimal("21.30"))], at: moment(5))
    #expect(try status("last") == .filled)
  }

  @Test func `a limit order waits for a real price to reach it`() throws {
    let exchange = try paper()
    let order = try request("wait", .limit, .base(decimal("3")), price: "21")
    #expect(exchange.answer(.place([order]), at: moment(5)) == .placed(orderID: "PAPER-wait"))
    let reference = OrderReference.clientOrderID(order.clientOrderID)
    #expect(
      try report(exchange.answer(.order(order.symbol, reference), at: moment(6))).status == .open)
    guard
      case .orders(let open, _, false) = exchange.answer(.openOrders(order.symbol), at: moment(6))
    else {
      Issue.record("open orders")
      return
    }
    #expect(open.map(\.orderID) == ["PAPER-wait"])
    exchange.learn([SymbolPrice(symbol: order.symbol, price: decimal("20.9"))], at: moment(900_000))
    let filled = try report(exchange.answer(.order(order.symbol, reference), at: moment(900_001)))
    #expect(filled.status == .filled)
    #expect(filled.executedQuote == decimal("63"))
    let late = exchange.answer(.cancel(order.symbol, reference), at: moment(900_002))
    guard case .failed(.refused(let error)) = late else {
      Issue.record("a filled order cannot be cancelled")
      return
    }
    #expect(error.code == -2011)
    #expect(error.text == "Order filled.")
  }

  @Test func `an order of an earlier run goes on where it stood`() throws {
    let exchange = try paper(price: nil)
    let order = try request("old", .limit, .base(decimal("3")), price: "21")
    exchange.restore(
      order, orderID: "PAPER-old", executedQuantity: decimal("1"), executedQuote: decimal("21"),
      acceptedAt: moment(-5_000).wall, at: moment())
    let reference = OrderReference.orderID("PAPER-old")
    let before = try report(exchange.answer(.order(order.symbol, reference), at: moment(1)))
    #expect(before.status == .partiallyFilled)
    exchange.learn([SymbolPrice(symbol: order.symbol, price: decimal("20"))], at: moment(2))
    let after = try report(exchange.answer(.order(order.symbol, reference), at: moment(3)))
    #expect(after.status == .filled)
    #expect(after.executedQuantity == decimal("3"))
    #expect(after.executedQuote == decimal("63"))
  }

  /// A run ended between the acceptance and what came of it.
  @Test(arguments: [
    (OrderType.market, Signal.Amount.quote(FixedDecimal(63))),
    (.market, .base(FixedDecimal(3))), (.immediateOrCancel, .base(FixedDecimal(3))),
    (.fillOrKill, .base(FixedDecimal(3))),
  ])
  func `an order that cannot rest meets the first price of the next run`(
    type: OrderType, amount: Signal.Amount
  ) throws {
    for isPriceKnown in [false, true] {
      let exchange = try paper(price: isPriceKnown ? "21" : nil)
      let order = try request("old", type, amount, price: type == .market ? nil : "22")
      exchange.restore(
        order, orderID: "PAPER-old", executedQuantity: .zero, executedQuote: .zero,
        acceptedAt: moment(-5_000).wall, at: moment())
      let reference = OrderReference.orderID("PAPER-old")
      if !isPriceKnown {
        let before = try report(exchange.answer(.order(order.symbol, reference), at: moment(1)))
        #expect(before.status == .open)
        exchange.learn([SymbolPrice(symbol: order.symbol, price: decimal("21"))], at: moment(2))
      }
      let after = try report(exchange.answer(.order(order.symbol, reference), at: moment(3)))
      #expect(after.status == .filled)
      #expect(after.executedQuote == decimal("63"))
    }
  }

  @Test func `a cancel is taken, and an unknown order is missing`() throws {
    let exchange = try paper()
    let order = try request("gone", .limitMaker, .base(decimal("3")), price: "20")
    #expect(exchange.answer(.place([order]), at: moment()) == .placed(orderID: "PAPER-gone"))
    #expect(
      exchange.answer(.cancel(order.symbol, .orderID("PAPER-gone")), at: moment()) == .cancelTaken)
    let other = OrderReference.clientOrderID(try #require(ClientOrderID("other")))
    guard
      case .orderMissing(let error) = exchange.answer(
        .order(order.symbol, other), at: moment())
    else {
      Issue.record("an unknown order is missing")
      return
    }
    #expect(error.code == -2013)
  }

  /// A hundred orders every two hours, for eight days.
  @Test func `ended orders that were shown are forgotten after a while, and no others`() throws {
    let exchange = PaperExchange(seed: 1)
    let symbol = pair("LINKUSDT")
    exchange.learn(Listing.standard.map(\.rules).filter { $0.symbol == symbol })
    exchange.learn([SymbolPrice(symbol: symbol, price: decimal("21.42"))], at: moment())
    let pause: Int64 = 2 * 3_600_000
    func look(_ id: String, _ time: Int64) throws -> OrderReport {
      try report(exchange.answer(.order(symbol, .orderID("PAPER-" + id)), at: moment(time)))
    }
    let resting = try request("rests", .limit, .base(decimal("3")), price: "20")
    let unseen = try request("unseen", .market, .base(decimal("3")))
    _ = exchange.answer(.place([resting, unseen]), at: moment())
    for batch in 1...100 {
      let time = Int64(batch) * pause
      let names = (1...100).map { "m\(100 * (batch - 1) + $0)" }
      let orders = try names.map { try request($0, .market, .base(decimal("3"))) }
      _ = exchange.answer(.place(orders), at: moment(time))
      for name in names { #expect(try look(name, time + 1).status == .filled) }
      #expect(exchange.orderCount <= 700)
    }
    let end = 100 * pause + 2
    #expect(try look("m9700", end).status == .filled)
    #expect(try look("unseen", end).status == .filled)
    #expect(try look("rests", end).status == .open)
    exchange.learn([SymbolPrice(symbol: symbol, price: decimal("20"))], at: moment(end + 1))
    #expect(try look("rests", end + 2).executedQuote == decimal("60"))
    guard
      case .trades(let trades, _, _) = exchange.answer(
        .trades(symbol, since: moment().wall), at: moment(end + 3))
    else {
      Issue.record("trades")
      return
    }
    #expect(trades.count == exchange.orderCount)
    #expect(trades.map(\.orderID).prefix(2) == ["PAPER-rests", "PAPER-m10000"])
    #expect(trades.last?.orderID == "PAPER-unseen")
    let list = exchange.answer(
      .recentOrders(symbol, since: moment(end - pause).wall), at: moment(end + 3))
    let recent = try list.ordersReading.get().reports.map(\.orderID)
    #expect(recent.count == 100)
    #expect(recent.first == "PAPER-m10000")
  }

  @Test func `the rules of the real exchange hold on paper`() throws {
    let exchange = try paper()
    func code(_ request: OrderRequest) -> Int {
      let answer = exchange.answer(.place([request]), at: moment())
      guard case .failure(.refused(let error)) = answer.placementReadings(of: 1)[0]
      else { return 0 }
      #expect(error.refusesPlacement)
      return error.code
    }
    #expect(code(try request("a", .limit, .base(decimal("1")), price: "40")) == 30087)
    #expect(code(try request("b", .limit, .base(decimal("0.001")), price: "20")) == 400)
    #expect(
      code(try request("c", .limit, .base(decimal("2")), price: "1", symbol: "NOAPIUSDT")) == 10007)
    // No price of this symbol has been learned.
    #expect(code(try request("d", .market, .quote(decimal("20")), symbol: "MXUSDT")) == 30010)
  }
}
