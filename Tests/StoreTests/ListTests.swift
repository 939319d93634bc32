import Domain
import Store
import TestKit
import Testing

struct ListTests {
  let scratch: Scratch
  let store: OrderStore

  /// Four signals with orders (new, filled, unknown, denied) and two refused at the door.
  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
    _ = try Recorded("fresh", in: store, at: time(1_000))
    var filled = try Recorded("filled", in: store, symbol: "ETHUSDT", at: time(2_000))
    try filled.arm(in: store)
    try filled.take(.acknowledged(orderID: "X1"), in: store)
    try filled.take(
      .observed(try makeReport("filled", .filled, executed: "0.5", quote: "10000")), in: store)
    var unknown = try Recorded("unknown", in: store, at: time(3_000))
    try unknown.arm(in: store)
    try unknown.take(.outcomeLost("timed out", .answerLost), in: store)
    try unknown.take(.cancelRequested(by: "operator"), in: store)
    var denied = try Recorded("denied", in: store, at: time(4_000))
    try denied.take(.denied(.priceDeviation, "12 bps"), in: store)
    try store.write(
      .insertSignal(makeSignal("late", decision: .expired, receivedAt: time(5_000))))
    try store.write(
      .insertSignal(
        makeSignal("odd", symbol: "ETHUSDT", decision: .symbolUnknown, receivedAt: time(5_000))))
    try store.commit()
  }

  private func signals(_ filter: ListFilter) throws -> [String] {
    try store.reader.signals(filter: filter).map(\.signalID.text)
  }

  private func orders(_ filter: ListFilter) throws -> [String] {
    try store.reader.orders(filter: filter).map(\.key.signal.text)
  }

  @Test func `signals are listed newest first, by every filter`() throws {
    #expect(
      try signals(ListFilter()) == ["odd", "late", "denied", "unknown", "filled", "fresh"])
    #expect(try signals(ListFilter(limit: 2)) == ["odd", "late"])
    #expect(try signals(ListFilter(openOnly: true)) == ["unknown", "fresh"])
    #expect(try signals(ListFilter(state: "expired")) == ["late"])
    #expect(try signals(ListFilter(state: "filled")) == ["filled"])
    #expect(try signals(ListFilter(state: "nonsense")) == [])
    #expect(try signals(ListFilter(symbol: symbol("ETHUSDT"))) == ["odd", "filled"])
    #expect(
      try signals(ListFilter(openOnly: true, state: "new", symbol: symbol("BTCUSDT")))
        == ["fresh"])
    #expect(try signals(ListFilter(openOnly: true, symbol: symbol("ETHUSDT"))) == [])
    #expect(try signals(ListFilter(limit: -1)) == ["odd"])
  }

  @Test func `orders are listed newest first, by every filter`() throws {
    #expect(try orders(ListFilter()) == ["denied", "unknown", "filled", "fresh"])
    #expect(try orders(ListFilter(openOnly: true)) == ["unknown", "fresh"])
    #expect(try orders(ListFilter(openOnly: true, limit: 1)) == ["unknown"])
    #expect(try orders(ListFilter(state: "denied")) == ["denied"])
    #expect(try orders(ListFilter(symbol: symbol("ETHUSDT"))) == ["filled"])
  }

  @Test func `a page goes on where the one before ended`() throws {
    func pages(_ size: Int, _ page: (ListFilter) throws -> [String]) throws -> [[String]] {
      var pages: [[String]] = []
      var filter = ListFilter(limit: size)
      while true {
        let ids = try page(filter)
        guard let last = ids.last else { return pages }
        pages.append(ids)
        filter.before = SignalID(last)
      }
    }
    #expect(
      try pages(4, signals) == [["odd", "late", "denied", "unknown"], ["filled", "fresh"]])
    #expect(try pages(1, signals).map(\.[0]) == signals(ListFilter()))
    #expect(try pages(3, orders) == [["denied", "unknown", "filled"], ["fresh"]])
    let live = ListFilter(openOnly: true, before: SignalID("unknown"))
    #expect(try signals(live) == ["fresh"])
    #expect(try orders(live) == ["fresh"])
    #expect(try signals(ListFilter(before: SignalID("nobody"))) == [])
    #expect(try orders(ListFilter(before: SignalID("nobody"))) == [])
  }

  @Test func `a signal's row tells what became of it`() throws {
    let rows = try store.reader.signals(filter: ListFilter(symbol: symbol("ETHUSDT")))
    #expect(rows[0].decision == .symbolUnknown)
    #expect(rows[0].status == nil)
    #expect(rows[0].executedQuantity == nil)
    #expect(rows[1].status == .filled)
    #expect(rows[1].orderID == "C02__filled")
    #expect(rows[1].executedQuantity == (try money("0.5")))
    #expect(rows[1].averagePrice == (try money("20000")))
    #expect(rows[1].clientOrderID.text == "sg-filled")
    #expect(rows[1].receivedAt == time(2_000))
    #expect(rows[1].expiresAt == time(62_000))
    #expect(rows[1].message == "ok")
  }

  @Test func `an order's row holds what the order holds`() throws {
    for row in try store.reader.orders(filter: ListFilter()) {
      let order = try #require(try store.order(row.key))
      #expect(row.request == order.request)
      #expect(row.status == order.status)
      #expect(row.code == order.code)
      #expect(row.reason == order.reason)
      #expect(row.orderID == order.orderID)
      #expect(row.executedQuantity == order.executedQuantity)
      #expect(row.executedQuote == order.executedQuote)
      #expect(row.averagePrice == order.averagePrice)
      #expect(row.reservedQuote == order.reservedQuote)
      #expect(row.attempt == order.attempt)
      #expect(row.cancelRequested == order.cancelRequested)
      #expect(row.createdAt == order.createdAt)
      #expect(row.updatedAt == order.updatedAt)
    }
  }

  @Test func `orders are counted by status`() throws {
    #expect(try store.reader.orderCounts() == [.new: 1, .filled: 1, .unknown: 1, .denied: 1])
  }

  @Test func `a person reads the signals with any SQLite program`() throws {
    let stranger = try Stranger(scratch.database)
    let rows = try stranger.rows(
      """
      SELECT id, symbol, decision, order_status, order_id, executed_quantity, average_price,
        received_at, expires_at, origin FROM signal_overview
      """)
    #expect(rows.map { $0[0] } == ["odd", "late", "denied", "unknown", "filled", "fresh"])
    #expect(
      rows[4] == [
        "filled", "ETHUSDT", "accepted", "filled", "C02__filled", "0.5", "20000",
        "1970-01-01T00:00:02.000Z", "1970-01-01T00:01:02.000Z", "a.json",
      ])
    #expect(rows[1][3] == nil)
  }

  @Test func `a person reads the orders with any SQLite program`() throws {
    let stranger = try Stranger(scratch.database)
    let rows = try stranger.rows(
      """
      SELECT signal_id, leg, client_order_id, venue, status, code, reason, quantity,
        quote_quantity, price, attempt, cancel_requested, created_at, armed_at, updated_at
      FROM order_overview
      """)
    #expect(
      rows[0] == [
        "denied", "0", "sg-denied", "mexc-spot", "denied", "price_deviation", "12 bps", "0.5", nil,
        "20000.01", "0", "0", "1970-01-01T00:00:04.000Z", nil, "1970-01-01T00:00:04.001Z",
      ])
    #expect(
      rows[1] == [
        "unknown", "0", "sg-unknown", "mexc-spot", "unknown", nil, "timed out", "0.5", nil,
        "20000.01", "1", "1", "1970-01-01T00:00:03.000Z", "1970-01-01T00:00:03.001Z",
        "1970-01-01T00:00:03.003Z",
      ])
    #expect(rows.map { $0[0] } == ["denied", "unknown", "filled", "fresh"])
  }

  @Test func `lists find their rows without reading the whole past`() throws {
    let stranger = try Stranger(scratch.database)
    // Signals of one millisecond are sorted among themselves.
    let within = ["USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"]
    for (query, index, sorted) in [
      ("SELECT * FROM event WHERE signal_id = 'a' ORDER BY id", "event_by_signal", []),
      (
        "SELECT * FROM orders ORDER BY created_at_ms DESC, signal_id DESC, leg DESC LIMIT 5",
        "orders_by_time", []
      ),
      ("SELECT * FROM orders WHERE status IN ('new', 'open')", "orders_by_status", []),
      (
        "SELECT * FROM signal ORDER BY received_at_ms DESC, rowid DESC LIMIT 5",
        "signal_by_time", within
      ),
    ] {
      let plan = try stranger.rows("EXPLAIN QUERY PLAN " + query).compactMap { $0[3] }
      #expect(plan.first?.contains(index) == true, "\(plan)")
      #expect(Array(plan.dropFirst()) == sorted)
    }
  }
}
