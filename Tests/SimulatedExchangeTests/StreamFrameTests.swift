import Domain
import Foundation
import JSON
import MEXC
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// Against frames of the exchange, and against the reader that the product reads them with.
@Suite struct StreamFrameTests {
  private let client = TestClient()

  // MARK: The exchange's frames

  private func vector(_ name: String) throws -> [UInt8] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/mexc/protobuf.json")
    let document = try JSONReader.read([UInt8](try Data(contentsOf: file)), limits: .exchange)
    let row = document["vectors"]?.arrayValue?.first { $0["name"]?.stringValue == name }
    let digits = try #require(row?["hex"]?.stringValue).map { try #require($0.hexDigitValue) }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 + digits[$0 + 1]) }
  }

  @Test func `a book ticker is written as the exchange writes it`() throws {
    let frame = StreamFrame(
      channel: "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT", symbol: "BTCUSDT",
      sendTime: 1_790_281_243_450,
      body: .bookTicker(
        BookTickerBody(
          bidPrice: "84270", bidQuantity: "0.006387", askPrice: "84270.01",
          askQuantity: "5.42169969", version: "82164153436",
          lastOrderCreateTime: 1_790_281_240_471)))
    #expect(try frame.bytes == vector("captured: aggre bookTicker 100ms BTCUSDT"))
  }

  @Test func `an order is written as the exchange writes it`() throws {
    var body = OrderBody(
      id: "C02__627797420385812480060", clientID: "", price: "0.323", quantity: "28.98",
      amount: "9.36054", averagePrice: "0", orderType: 1, tradeType: 1, isMaker: false,
      remainAmount: "9.36054", remainQuantity: "28.98", cumulativeQuantity: "0",
      cumulativeAmount: "0", status: 1, createTime: 1_790_000_001_456)
    var frame = StreamFrame(
      channel: PushChannel.orders.text, symbol: "INDYUSDT", sendTime: 1_790_000_002_015,
      body: .order(body))
    #expect(try frame.bytes == vector("private order NEW, no client id (reconstructed)"))
    body = OrderBody(
      id: "C02__612203344556677889912", clientID: "e-0001", price: "21.400", quantity: "1.25",
      amount: "26.75", averagePrice: "21.400", orderType: 1, tradeType: 1, isMaker: true,
      remainAmount: "0", remainQuantity: "0", lastDealQuantity: "0.75",
      cumulativeQuantity: "1.25", cumulativeAmount: "26.75", status: 2,
      createTime: 1_790_000_001_456)
    frame = StreamFrame(
      channel: PushChannel.orders.text, symbol: "LINKUSDT", sendTime: 1_790_000_003_010,
      body: .order(body))
    #expect(try frame.bytes == vector("private order FILLED"))
  }

  @Test func `a deal is written as the exchange writes it`() throws {
    let frame = StreamFrame(
      channel: PushChannel.deals.text, symbol: "LINKUSDT", sendTime: 1_790_000_002_011,
      body: .deal(
        DealBody(
          price: "3.6962", quantity: "1", amount: "3.6962", tradeType: 2, isMaker: false,
          isSelfTrade: true, tradeID: "t", clientOrderID: "", orderID: "o", feeAmount: "0",
          feeCurrency: "MX", time: 1_790_000_002_000)))
    #expect(
      try frame.bytes == vector("private deal taker sell, self trade, no client id, fee in MX"))
  }

  @Test func `an account is written as the exchange writes it`() throws {
    let frame = StreamFrame(
      channel: PushChannel.account.text, createTime: 1_790_000_002_012,
      sendTime: 1_790_000_002_012,
      body: .account(
        AccountBody(
          asset: "USDT", coinID: "", balanceAmount: "0", balanceAmountChange: "0E-18",
          frozenAmount: "0", frozenAmountChange: "-0.000000000000000001",
          changeType: "CONTRACT_TRANSFER", time: 1)))
    #expect(try frame.bytes == vector("private account zero and exponent text"))
  }

  // MARK: The product's reader

  private let now = WallTime(milliseconds: 1_790_000_000_000)

  /// What the product makes of REST's row about the order.
  private func report(_ order: SimulatedOrder) throws -> OrderReport {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let response = HTTPResponse(status: 200, body: Array(Wire.order(order).compactText().utf8))
    let answer = exchange.answer(
      to: .order(order.symbol, .orderID(order.orderID)), .success(response), now: now)
    guard case .order(let report) = answer else { throw Unexpected(answer: answer) }
    return report
  }

  private struct Unexpected: Error {
    let answer: ExchangeAnswer
  }

  @Test func `an order's push says what a look at it says, in every state`() throws {
    var face = SpotFace.certain()
    func order() throws -> SimulatedOrder { try #require(face.exchange.orders.last) }
    func check(_ status: SimulatedOrder.Status, _ fill: SimulatedTrade?) throws {
      #expect(try order().status == status)
      let frame = StreamFrame.order(try order(), after: fill, at: now)
      #expect(StreamEvent(frame.bytes) == .order(try report(order())))
    }
    _ = face.answer(client.signed(.placeOrder, limitBuy + "&newClientOrderId=a"))
    try check(.new, nil)
    _ = face.admin("POST", "fill?client_order_id=a&quantity=0.5")
    try check(.partiallyFilled, face.exchange.trades.last)
    _ = face.answer(client.signed(.cancelOrder, "symbol=LINKUSDT&origClientOrderId=a"))
    try check(.partiallyCanceled, face.exchange.trades.last)
    _ = face.answer(client.signed(.placeOrder, limitBuy))
    try check(.new, nil)
    _ = face.answer(
      client.signed(.cancelOrder, "symbol=LINKUSDT&orderId=" + (try order().orderID)))
    try check(.canceled, nil)
    _ = face.answer(
      client.signed(.placeOrder, "symbol=LINKUSDT&side=SELL&type=MARKET&quantity=1"))
    try check(.filled, face.exchange.trades.last)
  }

  @Test func `a deal's push is a trade of its order under another id than REST's`() throws {
    var face = SpotFace.certain()
    _ = face.answer(client.signed(.placeOrder, limitBuy + "&newClientOrderId=a"))
    _ = face.admin("POST", "fill?client_order_id=a")
    let order = try #require(face.exchange.orders.last)
    let fill = try #require(face.exchange.trades.last)
    let frame = StreamFrame.deal(fill, number: 7, of: order, fee: "USDT", at: now)
    let trade = TradeReport(
      tradeID: "505979017439000007X1", orderID: order.orderID, clientOrderID: "a",
      symbol: order.symbol, price: fill.price, quantity: fill.quantity)
    #expect(StreamEvent(frame.bytes) == .trade(trade))
    #expect(trade.tradeID != fill.tradeID)
  }

  @Test func `a book's push is the book that REST shows`() throws {
    let face = SpotFace.certain()
    let shown = try #require(face.exchange.book(pair("LINKUSDT")))
    var feed = BookFeed()
    let found = feed.book(pair("LINKUSDT"), of: face.exchange, isStale: false, at: now)
    let book = try #require(found)
    let frame = StreamFrame.bookTicker(pair("LINKUSDT"), book, milliseconds: 10, at: now)
    let top = TopOfBook(
      bid: shown.bid, bidQuantity: shown.quantity, ask: shown.ask, askQuantity: shown.quantity,
      sentAt: now)
    #expect(StreamEvent(frame.bytes) == .topOfBook(pair("LINKUSDT"), top))
    #expect(feed.book(pair("NOSUCHUSDT"), of: face.exchange, isStale: false, at: now) == nil)
  }

  @Test func `an account's push is what is held afterwards`() throws {
    var face = SpotFace.certain()
    let former = face.exchange.wallet["USDT"]
    _ = face.answer(client.signed(.placeOrder, limitBuy))
    let held = face.exchange.wallet["USDT"]
    // With a reserve for the fee.
    #expect(try held.locked == FixedDecimal("40.02"))
    let frame = StreamFrame.account(
      "USDT", from: former, to: held, reason: "ENTRUST_PLACE", at: now)
    let change = BalanceChange(
      asset: "USDT", available: held.free, frozen: held.locked, reason: "ENTRUST_PLACE")
    #expect(StreamEvent(frame.bytes) == .balance(change))
    guard case .account(let body) = frame.body else { return }
    #expect(body.balanceAmountChange == "-40.02")
    #expect(body.frozenAmountChange == "40.02")
  }

  @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, Int64.max, -1, Int64.min])
  func `a number is read as it was written`(number: Int64) throws {
    var writer = ProtobufWriter()
    writer.optionalNumber(536_870_911, number)
    writer.number(1, number)
    var reader = ProtobufReader(writer.bytes)
    let field = try #require(try reader.next())
    #expect(field.number == 536_870_911)
    #expect(field.int64 == number)
    #expect(try reader.next()?.int64 == (number == 0 ? nil : number))
  }
}
