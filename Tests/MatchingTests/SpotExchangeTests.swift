import Domain
import Matching
import TestKit
import Testing

struct SpotExchangeTests {
  private func exchange(_ rules: ExchangeRules = .certain, seed: UInt64 = 1) -> SpotExchange {
    SpotExchange(rules: rules, seed: seed, at: moment())
  }

  @Test func `a limit order rests until the price reaches it`() throws {
    var exchange = exchange()
    let placed = try exchange.place(.limit(.buy, "2", at: "20", id: "a"), at: moment(10))
    #expect(placed.status == .new)
    #expect(exchange.wallet["USDT"].locked == decimal("40.02"))
    _ = exchange.setPrice(pair("LINKUSDT"), to: decimal("20.001"), at: moment(20))
    #expect(exchange.orders[0].status == .new)
    _ = exchange.setPrice(pair("LINKUSDT"), to: decimal("19.5"), at: moment(30))
    let found = exchange.order(pair("LINKUSDT"), .clientOrderID("a"), at: moment(40))
    let order = try #require(found)
    #expect(order.status == .filled)
    #expect(order.executedQuantity == decimal("2"))
    #expect(order.executedQuote == decimal("40"))
    #expect(order.updatedAt == moment(30).wall)
    // A resting order makes, and makers pay nothing.
    #expect(exchange.wallet["USDT"].free == decimal("99960"))
    #expect(exchange.wallet["USDT"].locked == .zero)
    #expect(exchange.wallet["LINK"].free == decimal("1002"))
    #expect(exchange.trades.map(\.isMaker) == [true])
  }

  @Test func `a limit order that crosses takes the better price and pays the fee in quote`() throws
  {
    var exchange = exchange()
    let order = try exchange.place(.limit(.buy, "10", at: "22"), at: moment())
    #expect(order.status == .filled)
    #expect(order.executedQuote == decimal("214.2"))
    #expect(exchange.trades[0].fee == decimal("0.1071"))
    #expect(exchange.wallet["USDT"].free == decimal("99785.6929"))
    #expect(exchange.wallet["USDT"].locked == .zero)
  }

  @Test func `a market order by quote amount spends it within the protective price`() throws {
    var exchange = exchange()
    let order = try exchange.place(.market(.buy, .quote(decimal("100"))), at: moment())
    #expect(order.status == .filled)
    #expect(order.price == decimal("22.491"))
    #expect(order.quantity == decimal("4.44"))
    #expect(order.executedQuantity == decimal("4.66"))
    #expect(order.executedQuote == decimal("99.8172"))
    let sold = try exchange.place(.market(.sell, .base(decimal("3"))), at: moment())
    #expect(sold.status == .filled)
    #expect(sold.price == decimal("20.349"))
    #expect(sold.executedQuote == decimal("64.26"))
    #expect(exchange.wallet["LINK"].locked == .zero)
  }

  @Test func `a thin book leaves a market order partially cancelled`() throws {
    var rules = ExchangeRules.certain
    rules.thinPercent = 100
    var exchange = exchange(rules)
    var seen: Set<SimulatedOrder.Status> = []
    for _ in 0..<40 {
      let order = try exchange.place(.market(.sell, .base(decimal("1"))), at: moment())
      #expect(order.executedQuantity < order.quantity)
      #expect(order.status == (order.executedQuantity.isZero ? .canceled : .partiallyCanceled))
      seen.insert(order.status)
    }
    #expect(seen == [.canceled, .partiallyCanceled])
    #expect(exchange.wallet["LINK"].locked == .zero)
  }

  @Test func `a symbol that is worth one tick is sold at the market`() throws {
    var exchange = exchange()
    _ = exchange.setPrice(pair("LINKUSDT"), to: decimal("0.001"), at: moment())
    let order = try exchange.place(.market(.sell, .base(decimal("1000"))), at: moment(10))
    #expect(order.status == .filled)
    #expect(order.executedQuote == decimal("1"))
    #expect(order.price == decimal("0.001"))
  }

  @Test func `nothing is filled for nothing`() throws {
    let least = decimal("0.000000000000000001")
    var listing = try #require(Listing.standard.first { $0.symbol == pair("LINKUSDT") })
    listing.startPrice = decimal("0.000000000001000001")
    listing.rules.tickSize = least
    listing.rules.stepSize = least
    listing.rules.quoteStep = least
    listing.rules.minimumQuantity = least
    listing.rules.minimumNotional = least
    listing.rules.minimumNotionalMarket = least
    listing.rules.priceBand = nil
    var exchange = SpotExchange(listings: [listing], rules: .certain, seed: 1, at: moment())
    let amount = "0.000000000000000001"
    let placements: [(Placement, SimulatedOrder.Status)] = [
      (.market(.buy, .quote(least)), .canceled),
      (.limit(.buy, amount, at: "1", type: .immediateOrCancel), .canceled),
      (.limit(.buy, amount, at: "1", type: .fillOrKill), .canceled),
      (.limit(.buy, amount, at: "1"), .new),
    ]
    for (placement, status) in placements {
      let order = try exchange.place(placement, at: moment())
      #expect(order.status == status, "\(placement)")
      #expect(order.executedQuantity == .zero, "\(placement)")
    }
    #expect(exchange.trades.isEmpty)
    let order = try exchange.place(.market(.buy, .quote(decimal("1"))), at: moment(1))
    #expect(order.status == .filled)
  }

  @Test func `immediate orders never rest`() throws {
    var exchange = exchange()
    let away = try exchange.place(
      .limit(.buy, "1", at: "21", type: .immediateOrCancel), at: moment())
    #expect(away.status == .canceled)
    let crossing = try exchange.place(
      .limit(.buy, "1", at: "22", type: .immediateOrCancel), at: moment())
    #expect(crossing.status == .filled)
    let killed = try exchange.place(.limit(.sell, "1", at: "22", type: .fillOrKill), at: moment())
    #expect(killed.status == .canceled)
    let filled = try exchange.place(.limit(.sell, "1", at: "21", type: .fillOrKill), at: moment())
    #expect(filled.status == .filled)
    let open = exchange.openOrders(nil, at: moment())
    #expect(open.isEmpty)
  }

  @Test func `a post-only order that would trade is refused or cancelled as the rules say`() throws
  {
    var exchange = exchange()
    let canceled = try exchange.place(.limit(.buy, "1", at: "22", type: .limitMaker), at: moment())
    #expect(canceled.status == .canceled)
    #expect(canceled.executedQuantity == .zero)
    let resting = try exchange.place(.limit(.buy, "1", at: "21", type: .limitMaker), at: moment())
    #expect(resting.status == .new)
    var rules = ExchangeRules.certain
    rules.crossingMaker = .refused
    var strict = self.exchange(rules)
    let code = refusalCode { () throws(Refusal) in
      _ = try strict.place(.limit(.buy, "1", at: "22", type: .limitMaker), at: moment())
    }
    #expect(code == 30041)
    #expect(strict.orders.isEmpty)
  }

  static let refusals: [(Placement, Int)] = [
    (.limit(.buy, "1", at: "1", "NOSUCHUSDT"), 10007),
    (.limit(.buy, "0", at: "21"), 10102),
    (.limit(.buy, "1.001", at: "21"), 400),
    (.limit(.buy, "1", at: "21.0001"), 400),
    (.market(.buy, .quote(decimal("10.0001"))), 400),
    (.limit(.buy, "1", at: "1", "NOAPIUSDT"), 10007),
    (.limit(.buy, "2", at: "1", "PAUSEUSDT"), 30000),
    (.limit(.sell, "2", at: "1", "BUYONLYUSDT"), 30001),
    (.limit(.buy, "2", at: "1", "SELLONLYUSDT"), 30001),
    (.market(.buy, .quote(decimal("10")), "NOMARKETUSDT"), 30019),
    (.limit(.buy, "0.04", at: "21"), 30002),
    (.market(.buy, .quote(decimal("0.5"))), 30002),
    (.limit(.buy, "100000", at: "21"), 30003),
    (.market(.sell, .base(decimal("100000"))), 30003),
    (.limit(.buy, "1", at: "25.705"), 30087),
    (.limit(.sell, "1", at: "17.135"), 30087),
    (.limit(.sell, "1000.01", at: "22"), 30005),
    // Checked earlier than the balance although both are wrong.
    (.limit(.sell, "5000", at: "1"), 30087),
  ]

  @Test(arguments: refusals)
  func `an order that breaks a rule is refused with its code`(_ refusal: (Placement, Int)) {
    var exchange = exchange()
    let code = refusalCode { () throws(Refusal) in
      _ = try exchange.place(refusal.0, at: moment())
    }
    #expect(code == refusal.1)
    #expect(exchange.orders.isEmpty)
    #expect(exchange.wallet["USDT"].free == decimal("100000"))
  }

  @Test func `a buy without the money is refused with one of the two codes`() {
    var codes: Set<Int> = []
    var exchange = exchange()
    for _ in 0..<30 {
      codes.insert(
        refusalCode { () throws(Refusal) in
          // 5000 × 20 is exactly the balance, which leaves nothing for the fee.
          _ = try exchange.place(.limit(.buy, "5000", at: "20"), at: moment())
        })
    }
    #expect(codes == [30004, 10101])
  }

  @Test func `the open order limit holds`() throws {
    var rules = ExchangeRules.certain
    rules.maximumOpenOrders = 2
    var exchange = exchange(rules)
    for _ in 0..<2 { _ = try exchange.place(.limit(.buy, "1", at: "20"), at: moment()) }
    let code = refusalCode { () throws(Refusal) in
      _ = try exchange.place(.limit(.buy, "1", at: "20"), at: moment())
    }
    #expect(code == 30029)
    _ = try exchange.cancel(pair("LINKUSDT"), .orderID(exchange.orders[0].orderID), at: moment())
    _ = try exchange.place(.limit(.buy, "1", at: "20"), at: moment())
    let open = exchange.openOrders(pair("LINKUSDT"), at: moment())
    #expect(open.map(\.number) == [1, 2])
  }

  @Test func `duplicate client order IDs are accepted and counted, or refused`() throws {
    var exchange = exchange()
    _ = try exchange.place(.limit(.buy, "1", at: "20", id: "twin"), at: moment())
    _ = try exchange.place(.limit(.buy, "1", at: "20", id: "twin"), at: moment())
    #expect(exchange.records.duplicateClientOrderIDs == 1)
    var rules = ExchangeRules.certain
    rules.rejectsDuplicateClientOrderIDs = true
    var strict = self.exchange(rules)
    _ = try strict.place(.limit(.buy, "1", at: "20", id: "twin"), at: moment())
    let code = refusalCode { () throws(Refusal) in
      _ = try strict.place(.limit(.buy, "1", at: "20", id: "twin"), at: moment())
    }
    #expect(code == 30026)
    #expect(strict.orders.count == 1)
  }

  @Test func `a cancel releases what is locked, and a second one is refused`() throws {
    var exchange = exchange()
    let order = try exchange.place(.limit(.sell, "3", at: "22"), at: moment())
    #expect(exchange.wallet["LINK"].locked == decimal("3"))
    let canceled = try exchange.cancel(pair("LINKUSDT"), .orderID(order.orderID), at: moment(5))
    #expect(canceled.status == .canceled)
    #expect(exchange.wallet["LINK"].free == decimal("1000"))
    let again = refusalCode { () throws(Refusal) in
      _ = try exchange.cancel(pair("LINKUSDT"), .orderID(order.orderID), at: moment(6))
    }
    #expect(again == -2011)
    let elsewhere = exchange.order(pair("BTCUSDT"), .orderID(order.orderID), at: moment(6))
    #expect(elsewhere == nil)
  }

  @Test func `cancel-all takes one symbol's orders`() throws {
    var exchange = exchange()
    _ = try exchange.place(.limit(.buy, "1", at: "20"), at: moment())
    _ = try exchange.place(.limit(.buy, "1", at: "2.5", "MXUSDT"), at: moment())
    let canceled = exchange.cancelAll(pair("LINKUSDT"), at: moment())
    #expect(canceled.map(\.number) == [0])
    let open = exchange.openOrders(nil, at: moment())
    #expect(open.map(\.number) == [1])
  }

  @Test func `an order that lags is seen by nobody until its time, and then by all`() throws {
    var rules = ExchangeRules.certain
    rules.acknowledgementLag = .seconds(2)
    rules.laggingPercent = 100
    var exchange = exchange(rules, seed: 4)
    let order = try exchange.place(.limit(.buy, "1", at: "20", id: "late"), at: moment())
    guard case .from(let start) = order.visibility else {
      Issue.record("the lag has an end")
      return
    }
    let lag = start.since(moment().monotonic).wholeMilliseconds
    #expect(lag > 0 && lag <= 2_000)
    let before = moment(lag - 1)
    let early = exchange.order(pair("LINKUSDT"), .clientOrderID("late"), at: before)
    #expect(early == nil)
    let open = exchange.openOrders(nil, at: before)
    #expect(open.isEmpty)
    let code = refusalCode { () throws(Refusal) in
      _ = try exchange.cancel(pair("LINKUSDT"), .orderID(order.orderID), at: before)
    }
    #expect(code == -2011)
    let found = exchange.order(pair("LINKUSDT"), .clientOrderID("late"), at: moment(lag))
    #expect(found?.orderID == order.orderID)
  }

  @Test func `identifiers come in both forms and never twice`() throws {
    var exchange = exchange()
    var identifiers: Set<String> = []
    var forms: Set<Int> = []
    for _ in 0..<60 {
      let order = try exchange.place(.limit(.buy, "1", at: "20"), at: moment())
      identifiers.insert(order.orderID)
      forms.insert(order.orderID.utf8.count)
      #expect(order.orderID.hasPrefix("C02__6") == (order.orderID.utf8.count == 26))
    }
    #expect(identifiers.count == 60)
    #expect(forms == [26, 32])
  }

  @Test func `the operator fills a hidden order by hand`() throws {
    var exchange = exchange()
    _ = try exchange.place(
      .limit(.buy, "4", at: "20", id: "ghost"), visibility: .never, at: moment())
    let part = try exchange.fillOpenOrder(
      .clientOrderID("ghost"), quantity: decimal("1"), at: moment(1))
    #expect(part.status == .partiallyFilled)
    let trades = exchange.trades(pair("LINKUSDT"), in: everTime, limit: 10, at: moment(2))
    #expect(trades.isEmpty)
    let whole = try exchange.fillOpenOrder(.clientOrderID("ghost"), quantity: nil, at: moment(2))
    #expect(whole.status == .filled)
    #expect(whole.executedQuote == decimal("80"))
  }
}
