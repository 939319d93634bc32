import Domain
import JSON
import MEXC
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// What is pushed when nothing goes wrong.
@Suite struct StreamPushTests {
  // MARK: Market

  @Test func `the book is pushed every interval, also unchanged, and not at once`() throws {
    var rig = StreamRig()
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    let pushes = rig.pushes(from: 0, until: 1_000)
    #expect(pushes.map(\.at) == (1...10).map { Int64($0) * 100 })
    #expect(pushes.allSatisfy { $0.1.bid == decimal("21.419") })
    let fast = rig.open(at: 1_000)
    rig.subscribe(fast, to: StreamRig.fastTickers, at: 1_000)
    let times = rig.live(from: 1_001, until: 1_100).filter { $0.1.connection == fast }.map(\.at)
    #expect(times == (1...10).map { 1_000 + Int64($0) * 10 })
  }

  @Test func `intervals that were missed are left out`() {
    var rig = StreamRig()
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    #expect(rig.take(at: 1_050).count == 1)
    #expect(rig.face.streamsDue(at: moment(1_050)) == moment(1_100).monotonic)
    #expect(rig.take(at: 1_099).isEmpty)
    #expect(rig.take(at: 1_100).count == 1)
  }

  @Test func `a price that is moved is in the next push, around the last price`() throws {
    var rig = StreamRig()
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    _ = rig.live(from: 0, until: 250)
    _ = rig.face.admin("POST", "price?symbol=LINKUSDT&price=25.5")
    let pushed = try #require(rig.take(at: 300).first?.event)
    guard case .topOfBook(let symbol, let top) = pushed else {
      Issue.record("no book: \(pushed)")
      return
    }
    #expect(symbol == pair("LINKUSDT"))
    #expect(top.bid == decimal("25.499"))
    #expect(top.ask == decimal("25.501"))
    #expect(top.sentAt == moment(300).wall)
  }

  @Test func `a walking price is pushed as it walks`() {
    var rig = StreamRig { $0.rules.walks = true }
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    let bids = rig.pushes(from: 0, until: 10_000).map(\.1.bid)
    #expect(bids.count == 100)
    #expect(Set(bids).count > 10)
    let last = rig.face.exchange.book(pair("LINKUSDT"))?.bid
    #expect(bids.last == last)
  }

  @Test func `a version rises with a change and with nothing else`() throws {
    var feed = BookFeed()
    var face = SpotFace.certain()
    func look(_ time: Int64) -> BookFeed.Book? {
      feed.book(pair("LINKUSDT"), of: face.exchange, isStale: false, at: moment(time).wall)
    }
    let first = try #require(look(0))
    #expect(look(100) == first)
    _ = face.admin("POST", "price?symbol=LINKUSDT&price=25")
    let second = try #require(look(200))
    #expect(second.version == first.version + 1)
    #expect(second.changedAt == moment(200).wall)
    #expect(look(300) == second)
  }

  @Test func `a symbol without a price pushes nothing until it has one`() {
    var rig = StreamRig { configuration in
      for index in configuration.listings.indices { configuration.listings[index].startPrice = nil }
    }
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    #expect(rig.live(from: 0, until: 500).isEmpty)
    _ = rig.face.admin("POST", "price?symbol=LINKUSDT&price=25")
    #expect(rig.live(from: 600, until: 1_000).count == 5)
  }

  // MARK: Account

  private func events(_ rig: inout StreamRig, at time: Int64) -> [StreamEvent] {
    rig.take(at: time).compactMap(\.event)
  }

  @Test func `no state is pushed at first, and every change of an order is`() throws {
    var rig = StreamRig()
    rig.place(limitBuy + "&newClientOrderId=before")
    _ = try rig.openAccount()
    #expect(events(&rig, at: 10).isEmpty)
    rig.place(limitBuy + "&newClientOrderId=a", at: 20)
    var pushed = events(&rig, at: 20)
    #expect(pushed.compactMap(\.order).map(\.status) == [.open])
    #expect(pushed.compactMap(\.order).map(\.clientOrderID) == ["a"])
    #expect(pushed.compactMap(\.trade).isEmpty)
    #expect(pushed.compactMap(\.balance).map(\.reason) == ["ENTRUST_PLACE"])
    _ = rig.face.admin("POST", "fill?client_order_id=a&quantity=0.5")
    pushed = events(&rig, at: 30)
    #expect(pushed.compactMap(\.order).map(\.status) == [.partiallyFilled])
    #expect(pushed.compactMap(\.order).map(\.executedQuantity) == [decimal("0.5")])
    #expect(pushed.compactMap(\.trade).map(\.quantity) == [decimal("0.5")])
    #expect(pushed.compactMap(\.trade).map(\.clientOrderID) == ["a"])
    #expect(Set(pushed.compactMap(\.balance).map(\.asset)) == ["USDT", "LINK"])
    _ = rig.face.answer(
      TestClient().signed(.cancelOrder, "symbol=LINKUSDT&origClientOrderId=a"), at: 40)
    pushed = events(&rig, at: 40)
    #expect(pushed.compactMap(\.order).map(\.status) == [.partiallyCanceled])
    #expect(pushed.compactMap(\.balance).map(\.reason) == ["ENTRUST_CANCEL"])
    #expect(events(&rig, at: 50).isEmpty)
  }

  @Test func `an order without client id or fill has the fields that the exchange sends`() throws {
    var rig = StreamRig()
    _ = try rig.openAccount()
    rig.place(limitBuy)
    func fields(_ text: String) throws -> [Int] {
      let bytes: [UInt8]? = rig.take(at: 0).lazy.compactMap { delivery in
        guard case .binary(let bytes) = delivery.action, StreamEvent(bytes).order != nil else {
          return nil
        }
        return bytes
      }.first
      let push = try PushMessage(try #require(bytes))
      var reader = ProtobufReader(try #require(push.body).bytes)
      var numbers: [Int] = []
      while let field = try reader.next() { numbers.append(Int(field.number)) }
      return numbers
    }
    let bare = [1, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16]
    #expect(try fields("new") == bare)
    let id = try #require(rig.face.exchange.orders.first?.orderID)
    _ = rig.face.answer(TestClient().signed(.cancelOrder, "symbol=LINKUSDT&orderId=" + id))
    #expect(try fields("canceled") == bare)
  }

  @Test func `an order that the market fills is pushed without any request`() throws {
    var rig = StreamRig { $0.rules.walks = true }
    let number = try rig.openAccount()
    rig.place("symbol=LINKUSDT&side=BUY&type=LIMIT&quantity=2&price=21.4&newClientOrderId=b")
    var statuses: [OrderReport.Status] = []
    var time: Int64 = 0
    while !statuses.contains(.filled) && time < 3_600_000 {
      statuses += rig.pushes(from: time, until: time + 1_000).compactMap(\.1.order)
        .map(\.status)
      time += 1_001
      rig.send(#"{"method":"PING"}"#, to: number, at: time)
    }
    #expect(statuses == [.open, .filled])
  }

  @Test func `balances that somebody sets are pushed`() throws {
    var rig = StreamRig()
    _ = try rig.openAccount()
    _ = rig.face.admin("POST", "balance?asset=USDT&free=100001")
    _ = rig.face.admin("POST", "balance?asset=MX&free=1")
    let balances = events(&rig, at: 1).compactMap(\.balance)
    #expect(balances.map(\.asset) == ["MX", "USDT"])
    #expect(balances.map(\.available) == [decimal("1"), decimal("100001")])
    #expect(balances.map(\.reason) == ["WITHDRAW", "DEPOSIT"])
  }

  @Test func `each connection gets what it subscribed to`() throws {
    var rig = StreamRig()
    let key = try rig.listenKey()
    let (orders, deals) = (rig.open(key), rig.open(key))
    rig.subscribe(orders, to: StreamRig.orders)
    rig.subscribe(deals, to: StreamRig.deals)
    let market = rig.open()
    rig.subscribe(market, to: StreamRig.tickers)
    rig.place("symbol=LINKUSDT&side=SELL&type=MARKET&quantity=1")
    let seen = rig.take(at: 0)
    let statuses = seen.filter { $0.connection == orders }.map { $0.event?.order?.status }
    #expect(statuses == [.open, .filled])
    #expect(
      seen.filter { $0.connection == deals }.map { $0.event?.trade?.quantity } == [decimal("1")])
    #expect(seen.count == 3)
  }

  @Test func `balances add up to what the account holds`() throws {
    var rig = StreamRig {
      $0.rules.partialPercent = 50
      $0.rules.walks = true
    }
    let number = try rig.openAccount()
    var held: [String: BalanceChange] = [:]
    for turn in 0..<200 {
      let time = Int64(turn) * 100
      let side = turn % 2 == 0 ? "BUY" : "SELL"
      rig.place("symbol=LINKUSDT&side=\(side)&type=LIMIT&quantity=2&price=21.42", at: time)
      for (_, event) in rig.pushes(from: time, until: time + 99) {
        if let balance = event.balance { held[balance.asset] = balance }
      }
    }
    #expect(rig.face.streams.connections.map(\.number) == [number])
    for asset in ["USDT", "LINK"] {
      #expect(held[asset]?.available == rig.face.exchange.wallet[asset].free)
      #expect(held[asset]?.frozen == rig.face.exchange.wallet[asset].locked)
    }
  }

  /// The order of `O`rder, `D`eal and `B`alance frames after a sale.
  private func order(seed: UInt64) throws -> String {
    var rig = StreamRig { $0.seed = seed }
    _ = try rig.openAccount()
    rig.place("symbol=LINKUSDT&side=SELL&type=MARKET&quantity=1")
    return events(&rig, at: 0).map { event in
      event.order != nil ? "O" : event.trade != nil ? "D" : "B"
    }.joined()
  }

  @Test func `orders and deals come in any order, by the seed`() throws {
    let seen = try (1...40).map { try order(seed: $0) }
    #expect(Set(seen).count > 5)
    // A deal before the order that it fills is known, and long after.
    #expect(seen.contains { $0.hasPrefix("D") })
    #expect(seen.contains { $0.hasSuffix("D") })
    #expect(try order(seed: 3) == seen[2])
  }
}
