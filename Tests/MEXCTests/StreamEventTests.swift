import Domain
import MEXC
import Testing
import Transport

private let bookChannel = "spot@public.aggre.bookTicker.v3.api.pb@100ms@LINKUSDT"
private let ordersChannel = "spot@private.orders.v3.api.pb"
private let dealsChannel = "spot@private.deals.v3.api.pb"
private let accountChannel = "spot@private.account.v3.api.pb"
private let orderID = "C02__612203344556677889912"

@Suite struct PushedPriceTests {
  private func event(
    _ bid: (String, String), _ ask: (String, String), symbol: String = "LINKUSDT",
    channel: String = bookChannel
  ) -> StreamEvent {
    StreamEvent(
      FrameWriter.push(channel, symbol: symbol, 315) {
        for (number, text) in [bid.0, bid.1, ask.0, ask.1].enumerated() {
          $0.text(number + 1, text)
        }
      })
  }

  @Test func `a book is its best bid and ask, as exact decimals`() throws {
    let top = TopOfBook(
      bid: try FixedDecimal("21.417"), bidQuantity: try FixedDecimal("38.2"),
      ask: try FixedDecimal("21.421"), askQuantity: try FixedDecimal("12.75"),
      sentAt: WallTime(milliseconds: 1_790_000_003_010))
    let link = try symbol("LINKUSDT")
    for symbol in ["LINKUSDT", ""] {
      #expect(
        event(("21.417", "38.20"), ("21.4210", "12.75"), symbol: symbol) == .topOfBook(link, top))
    }
  }

  @Test(arguments: [
    (("", ""), ("21.5", "1"), "the bid is missing"),
    (("21.4", "1"), ("", ""), "the ask is missing"),
    (("", ""), ("", ""), "the bid is missing"),
    (("21.4", ""), ("21.5", "1"), "the bid quantity is missing"),
    (("21.4", "1"), ("21.5", ""), "the ask quantity is missing"),
    (("0", "1"), ("21.5", "1"), "the bid 0 is not above 0"),
    (("0E-18", "1"), ("21.5", "1"), "the bid 0 is not above 0"),
    (("21.4", "1"), ("0.00", "1"), "the ask 0 is not above 0"),
    (("-1", "1"), ("21.5", "1"), "the bid -1 is not above 0"),
    (("21.4", "0"), ("21.5", "1"), "the bid quantity 0 is not above 0"),
    (("21.4", "1"), ("21.5", "0"), "the ask quantity 0 is not above 0"),
    (("21.5", "1"), ("21.4", "1"), "the bid 21.5 is not below the ask 21.4"),
    (("21.5", "1"), ("21.50", "1"), "the bid 21.5 is not below the ask 21.5"),
    (("x", "1"), ("21.5", "1"), "bid is x, which is no number that can be held"),
    (("21,4", "1"), ("21.5", "1"), "bid is 21,4, which is no number that can be held"),
    (("NaN", "1"), ("21.5", "1"), "bid is NaN, which is no number that can be held"),
    (
      ("0.0000000000000000001", "1"), ("1", "1"),
      "bid is 0.0000000000000000001, which is no number that can be held"
    ),
    (("1", "1"), ("1e30", "1"), "ask is 1e30, which is no number that can be held"),
  ])
  func `a book that gives no price says why`(
    bid: (String, String), ask: (String, String), reason: String
  ) throws {
    #expect(event(bid, ask) == .noPrice(try symbol("LINKUSDT"), reason: reason))
  }

  @Test func `a frame that contradicts itself is about nobody's price`() {
    for (event, text) in [
      (
        event(("1", "1"), ("2", "1"), symbol: "BTCUSDT"),
        "a push of \(bookChannel) that is about another symbol"
      ),
      (
        event(("1", "1"), ("2", "1"), channel: ordersChannel),
        "a push of \(ordersChannel) with the body 315"
      ),
      (
        event(("1", "1"), ("2", "1"), channel: ""),
        "a push of a channel that nobody asked for: (none)"
      ),
      (event(("1", "1"), ("2", "1"), channel: "x"), "a push of a channel that nobody asked for: x"),
      (StreamEvent([]), "a push of a channel that nobody asked for: (none)"),
      (StreamEvent([0x0A]), "a frame of 1 bytes that cannot be read: a field is cut off"),
      (
        StreamEvent([0x0A, 29] + Array(ordersChannel.utf8)),
        "a push of \(ordersChannel) without a body"
      ),
    ] {
      #expect(event == .unreadable(text))
    }
  }
}

@Suite struct PushedOrderTests {
  /// A fill of half of an order, with changes.
  private func event(symbol: String = "LINKUSDT", _ changes: [Int: String] = [:]) -> StreamEvent {
    var texts = [
      1: orderID, 2: "e-0001", 3: "21.400", 4: "1.25", 5: "26.75", 6: "21.400", 10: "10.7",
      11: "0.5", 12: "0.75", 13: "0.75", 14: "16.05", 7: "1", 8: "1", 15: "3",
      16: "1790000001456",
    ]
    texts.merge(changes) { $1 }
    return StreamEvent(
      FrameWriter.push(ordersChannel, symbol: symbol, 304) { body in
        for (number, text) in texts.sorted(by: { $0.key < $1.key }) {
          if [7, 8, 15, 16].contains(number) {
            body.number(number, Int64(text) ?? 0)
          } else {
            body.text(number, text)
          }
        }
      })
  }

  private func report(_ changes: [Int: String] = [:]) throws -> OrderReport {
    let event = event(changes)
    guard case .order(let report) = event else { throw Unexpected(event: event) }
    return report
  }

  private struct Unexpected: Error {
    let event: StreamEvent
  }

  @Test func `a push is the same report as a look at the order`() throws {
    let expected = OrderReport(
      orderID: orderID, clientOrderID: "e-0001", symbol: try symbol("LINKUSDT"), side: .buy,
      type: .limit, price: try FixedDecimal("21.4"), quantity: try FixedDecimal("1.25"),
      executedQuantity: try FixedDecimal("0.75"), executedQuote: try FixedDecimal("16.05"),
      status: .partiallyFilled)
    #expect(event() == .order(expected))
    let row = #"""
      {"symbol":"LINKUSDT","orderId":"\#(orderID)","clientOrderId":"e-0001","price":"21.4",
      "origQty":"1.250","executedQty":"0.750","cummulativeQuoteQty":"16.0500",
      "status":"PARTIALLY_FILLED","type":"LIMIT","side":"BUY"}
      """#
    let reference = OrderReference.clientOrderID(try clientOrderID("e-0001"))
    #expect(
      answer(to: .order(try symbol("LINKUSDT"), reference), response(200, row)) == .order(expected))
  }

  @Test(arguments: [
    ("1", OrderReport.Status.open), ("2", .filled), ("3", .partiallyFilled), ("4", .canceled),
    ("5", .partiallyCanceled),
  ])
  func `the status is the number's`(number: String, status: OrderReport.Status) throws {
    #expect(try report([15: number]).status == status)
  }

  /// An absent number reads as 0; the exchange has no rejected order, and no state is guessed.
  @Test(arguments: ["0", "6", "-1", "100", "2147483647"])
  func `a status that is not documented concludes nothing`(number: String) throws {
    let row = UnreadableRow(
      orderID: orderID, name: .text("e-0001"), reason: "the status \(number) is not documented")
    #expect(event([15: number]) == .unreadableOrder(try symbol("LINKUSDT"), row))
  }

  @Test func `the side and the type are the number's`() throws {
    #expect(try report([8: "2"]).side == .sell)
    let types: [(String, OrderType?)] = [
      ("1", .limit), ("2", .limitMaker), ("3", .immediateOrCancel), ("4", .fillOrKill),
      ("5", .market), ("0", nil), ("6", nil), ("100", nil), ("102", nil),
    ]
    for (number, type) in types { #expect(try report([7: number]).type == type, "\(number)") }
  }

  /// As captured of an order that was made without a client order id, and cancelled without a fill.
  @Test func `an order without a client order id or a fill is read`() throws {
    for (number, status) in [("1", OrderReport.Status.open), ("4", .canceled)] {
      let report = try report([
        2: "", 6: "0", 10: "26.75", 11: "1.25", 12: "", 13: "0", 14: "0", 15: number,
      ])
      #expect(report.clientOrderID == nil)
      #expect(report.status == status)
      #expect(report.executedQuantity == .zero)
      #expect(report.executedQuote == .zero)
    }
  }

  @Test func `only an order that has just been made may leave its fills out`() throws {
    let report = try report([13: "", 14: "", 15: "1"])
    #expect(report.executedQuantity == .zero)
    #expect(report.executedQuote == .zero)
    #expect(try self.report([13: "0", 14: "", 15: "4"]).executedQuote == .zero)
  }

  @Test(
    arguments: [
      ([13: ""], "the cumulativeQuantity is missing"),
      ([14: ""], "the cumulativeAmount is missing"),
      ([13: "", 15: "4"], "the cumulativeQuantity is missing"),
      ([13: "", 15: "2"], "the cumulativeQuantity is missing"),
      ([13: "-1"], "a fill below zero"), ([14: "-1"], "a fill below zero"),
      ([13: "x"], "cumulativeQuantity is x, which is no number that can be held"),
      ([3: "x"], "price is x, which is no number that can be held"),
      ([4: "1e"], "quantity is 1e, which is no number that can be held"),
      ([8: "0"], "the side 0 is not documented"), ([8: "3"], "the side 3 is not documented"),
    ] as [([Int: String], String)])
  func `a push that cannot be read calls for a look at its order`(
    changes: [Int: String], reason: String
  ) throws {
    let row = UnreadableRow(orderID: orderID, name: .text("e-0001"), reason: reason)
    #expect(event(changes) == .unreadableOrder(try symbol("LINKUSDT"), row))
  }

  @Test(arguments: [
    "C02__612203344556677889912", "C01__360912809799798787", "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "12345678901234567890123456789012",
  ])
  func `an order id that REST prints is the same here`(id: String) throws {
    #expect(try report([1: id]).orderID == id)
  }

  @Test(arguments: [
    "612203344556677889912", "C02_612203344556677889912", "C02__", "C02__61x", "X02__612",
    "0a1b2c3d4e5f60718293a4b5c6d7e8f", "order 7", "Ｃ02__612",
  ])
  func `another order id leaves the name to the client order id`(id: String) throws {
    let row = UnreadableRow(
      orderID: nil, name: .text("e-0001"),
      reason: "the order id \(id) is none that REST would print")
    #expect(event([1: id]) == .unreadableOrder(try symbol("LINKUSDT"), row))
    let nameless = UnreadableRow(orderID: nil, name: .none, reason: row.reason)
    #expect(event([1: id, 2: ""]) == .unreadableOrder(try symbol("LINKUSDT"), nameless))
  }

  /// No name has U+0000, and nothing that reads JSON here takes one: whose order it is, is not known.
  @Test func `a client order id with a NUL character leaves open whose order it is`() throws {
    let row = UnreadableRow(
      orderID: orderID, name: .unknown, reason: "the client order id holds a NUL character")
    #expect(event([2: "e-0001\0"]) == .unreadableOrder(try symbol("LINKUSDT"), row))
  }

  @Test func `an order without an id or a symbol is no report`() throws {
    let row = UnreadableRow(
      orderID: nil, name: .text("e-0001"), reason: "the order id is missing")
    #expect(event([1: ""]) == .unreadableOrder(try symbol("LINKUSDT"), row))
    #expect(event(symbol: "") == .unreadable("an order without a symbol"))
    #expect(event(symbol: "link/usdt") == .unreadable("an order without a symbol"))
  }
}

@Suite struct PushedTradeTests {
  private func event(symbol: String = "LINKUSDT", _ changes: [Int: String] = [:]) -> StreamEvent {
    var texts = [
      1: "3.6962", 2: "1.0", 3: "3.6962", 7: "505979017439002624X1", 8: "e-0001", 9: orderID,
      10: "0.0003998377369698171", 11: "MX",
    ]
    texts.merge(changes) { $1 }
    return StreamEvent(
      FrameWriter.push(dealsChannel, symbol: symbol, 306) { body in
        for (number, text) in texts.sorted(by: { $0.key < $1.key }) { body.text(number, text) }
      })
  }

  @Test func `a deal is a trade of its order`() throws {
    var trade = TradeReport(
      tradeID: "505979017439002624X1", orderID: orderID, clientOrderID: "e-0001",
      symbol: try symbol("LINKUSDT"), price: try FixedDecimal("3.6962"),
      quantity: FixedDecimal(1))
    #expect(event() == .trade(trade))
    trade.clientOrderID = nil
    #expect(event([8: ""]) == .trade(trade))
  }

  @Test(
    arguments: [
      ([7: ""], "tradeId is missing"), ([1: ""], "the price is missing"),
      ([1: "0"], "the price 0 is not above 0"), ([2: "0"], "the quantity 0 is not above 0"),
      ([2: "x"], "quantity is x, which is no number that can be held"),
    ] as [([Int: String], String)])
  func `a deal that cannot be read calls for a look at its order`(
    changes: [Int: String], reason: String
  ) throws {
    let row = UnreadableRow(orderID: orderID, name: .text("e-0001"), reason: reason)
    #expect(event(changes) == .unreadableOrder(try symbol("LINKUSDT"), row))
  }

  @Test func `a deal with a NUL character in a name calls for a look at its order`() throws {
    var row = UnreadableRow(
      orderID: orderID, name: .text("e-0001"), reason: "tradeId holds a NUL character")
    #expect(event([7: "5\0X1"]) == .unreadableOrder(try symbol("LINKUSDT"), row))
    row.name = .unknown
    row.reason = "the client order id holds a NUL character"
    #expect(event([8: "\0"]) == .unreadableOrder(try symbol("LINKUSDT"), row))
  }

  @Test func `a deal without a symbol is of no order`() {
    #expect(event(symbol: "") == .unreadable("a trade without a symbol"))
  }
}

@Suite struct PushedBalanceTests {
  private func event(_ texts: [Int: String]) -> StreamEvent {
    StreamEvent(
      FrameWriter.push(accountChannel, symbol: "", 307) { body in
        for (number, text) in texts.sorted(by: { $0.key < $1.key }) { body.text(number, text) }
      })
  }

  @Test func `an account push is what the account holds of an asset`() throws {
    let texts = [
      1: "USDT", 2: "128f589271cb4951b03e71e6323eb7be", 3: "21.94210356004384", 4: "0E-18",
      5: "0E-18", 6: "-0.000000000000000001", 7: "CONTRACT_TRANSFER",
    ]
    let change = BalanceChange(
      asset: "USDT", available: try FixedDecimal("21.94210356004384"), frozen: .zero,
      reason: "CONTRACT_TRANSFER")
    #expect(event(texts) == .balance(change))
  }

  /// It is of no order: no order need be looked up because of it.
  @Test(
    arguments: [
      ([3: "1", 5: "0"], "vcoinName is missing"),
      ([1: "US\0DT", 3: "1", 5: "0"], "vcoinName holds a NUL character"),
      ([1: "USDT", 5: "0"], "the balanceAmount is missing"),
      ([1: "USDT", 3: "1"], "the frozenAmount is missing"),
      ([1: "USDT", 3: "?", 5: "0"], "balanceAmount is ?, which is no number that can be held"),
    ] as [([Int: String], String)])
  func `an account push that cannot be read says why`(texts: [Int: String], reason: String) {
    #expect(event(texts) == .unreadableBalance(asset: texts[1] ?? "", reason: reason))
  }

  @Test func `the name of an asset is bounded`() {
    let longest = String(repeating: "币", count: 64)
    guard case .balance = event([1: longest, 3: "1", 5: "0"]) else {
      Issue.record("the longest name is not read")
      return
    }
    #expect(
      event([1: longest + "安", 3: "1", 5: "0"])
        == .unreadableBalance(asset: longest, reason: "vcoinName has more than 64 characters"))
  }
}

/// What opens the stream of the account.
let hiddenTarget = "/ws?listenKey=pqia91ma19a5%2Bs61cv6a8%2F1va65sd099v8"

/// What an exchange may repeat of it.
let hiddenKeys = [
  "pqia91ma19a5+s61cv6a8/1va65sd099v8", "pqia91ma19a5%2Bs61cv6a8%2F1va65sd099v8",
  "PQIA91MA19A5+S61CV6A8", "a5%2bs61cv6a8%2f1v",
]

@Suite struct RepeatedKeyTests {
  private func event(_ channel: String, _ number: Int, _ texts: [Int: String]) -> StreamEvent {
    let frame = FrameWriter.push(channel, symbol: "LINKUSDT", number) { body in
      for (number, text) in texts.sorted(by: { $0.key < $1.key }) { body.text(number, text) }
    }
    return StreamEvent(frame, hiding: QueryEcho(target: hiddenTarget))
  }

  @Test(arguments: hiddenKeys)
  func `a listen key that the exchange repeats is in no push`(key: String) {
    let events = [
      event("chan-\(key)", 304, [:]),
      event(String(repeating: "x", count: 88) + key, 304, [:]),
      event("spot@public.aggre.bookTicker.v3.api.pb@100ms@\(key)", 304, [:]),
      event(ordersChannel, 304, [1: key, 15: "1"]), event(ordersChannel, 304, [13: key, 15: "2"]),
      event(accountChannel, 307, [1: key, 3: "1", 5: "0"]),
      event(accountChannel, 307, [1: key, 5: "0"]),
      event(accountChannel, 307, [1: "USDT", 3: key, 5: "0"]),
    ]
    for event in events {
      #expect(!"\(event)".lowercased().contains("pqia91ma"), "\(event)")
      #expect(!"\(event)".lowercased().contains("s61cv6a8"), "\(event)")
    }
  }

  @Test func `a balance beside a listen key is told`() {
    let event = event(accountChannel, 307, [1: "USDT", 3: "1", 5: "0"])
    #expect(
      event
        == .balance(
          BalanceChange(asset: "USDT", available: FixedDecimal(1), frozen: .zero, reason: "")))
  }
}
