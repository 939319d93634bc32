import Domain
import JSON
import Store
import TestKit
import Testing

struct FoldTests {
  let scratch: Scratch
  let store: OrderStore

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
  }

  @Test(arguments: 0..<24)
  func `what was held is what is loaded, after any valid events`(seed: Int) throws {
    let held = try recordAnything(in: store, seed: seed, orders: 8, events: 30)
    let reopened = try StoreReader(path: scratch.database)
    for order in held { #expect(try reopened.order(order.key) == order) }
    let live = held.filter { !$0.status.isTerminal }.sorted { $0.key < $1.key }
    let state = try reopened.loadState(now: noon)
    #expect(state.live.map(\.order) == live)
    #expect(state.live.map(\.signal.signalID) == live.map(\.key.signal))
    let over = held.filter(\.status.isTerminal)
    #expect(
      Set(state.reservations)
        == Set(
          over.map {
            Reservation(
              at: $0.createdAt, quote: $0.status.countsAsExposure ? $0.countedQuote : nil)
          }))
    #expect(state.reservations.count == over.count)
  }

  @Test func `an order that does not exist is nil`() throws {
    #expect(try store.order(OrderKey(signal: signalID("a"))) == nil)
    _ = try Recorded("a", in: store)
    #expect(try store.order(OrderKey(signal: signalID("a"), leg: 1)) == nil)
  }

  @Test func `a market order by quote amount without a price keeps its gaps`() throws {
    let id = "m"
    let key = OrderKey(signal: try signalID(id), leg: 2)
    let request = OrderRequest(
      clientOrderID: try #require(ClientOrderID("sg-m")), symbol: try symbol("ETHUSDT"),
      side: .sell, type: .market, amount: .quote(try money("25.5")), price: nil)
    let order = Order(
      key: key, account: .unstated, request: request, reservedQuote: nil, at: noon)
    let created = OrderEvent.created(request, reservedQuote: nil)
    try store.write(.insertSignal(makeSignal(id)))
    try store.write(
      .appendEvent(
        HistoryEvent(at: noon, subject: .order(key), kind: created.kind, detail: created.detail)))
    try store.write(.putOrder(order))
    try store.commit()
    #expect(try store.order(key) == order)
    #expect(try store.loadState(now: noon).live.map(\.order.reservedQuote) == [nil])
  }

  @Test func `reservations reach back 24 hours, of what never was a minute; live orders are none`()
    throws
  {
    let day: Int64 = 24 * 60 * 60 * 1_000
    let report = OrderEvent.observed(try makeReport("x", .filled, executed: "0.5", quote: "1"))
    for (id, age) in [("old", day + 1), ("edge", day), ("young", day - 1), ("now", 0)] {
      var recorded = try Recorded(id, in: store, at: time(noon.milliseconds - age))
      try recorded.arm(in: store)
      try recorded.take(report, in: store)
    }
    _ = try Recorded("alive", in: store, at: time(noon.milliseconds - 5 * day))
    for (id, age) in [("refused-long-ago", Int64(60_000)), ("refused", 59_999)] {
      var refused = try Recorded(id, in: store, at: time(noon.milliseconds - age))
      try refused.arm(in: store)
      try refused.take(.refused(.exchangeRejected, "30004"), in: store)
    }
    let state = try store.loadState(now: noon)
    #expect(
      state.reservations.map { $0.at.since(noon) }
        == [.milliseconds(1 - day), .milliseconds(-59_999), .zero])
    #expect(state.reservations.map { $0.quote == nil } == [false, true, false])
    #expect(state.live.map(\.order.key.signal.text) == ["alive"])
  }

  @Test(arguments: [
    ("10.5", "10.5"), ("9.5", "10"), ("10.000000000000000001", "10.000000000000000001"),
  ])
  func `what was spent is counted where it is more than was reserved`(
    spent: String, counted: String
  ) throws {
    var recorded = try Recorded("a", in: store, reserved: "10")
    try recorded.arm(in: store)
    let report = try makeReport("a", .filled, executed: "0.5", quote: spent)
    try recorded.take(.observed(report), in: store)
    #expect(try store.loadState(now: noon).reservations.map(\.quote) == [money(counted)])
  }

  @Test func `the signals of sources are those that were accepted in the last hour`() throws {
    let hour: Int64 = 60 * 60 * 1_000
    let rows: [(id: String, age: Int64, raw: String)] = [
      ("old", hour, #"{"source":"bot"}"#), ("young", hour - 1, #"{"\u0073ource":"bot"}"#),
      ("other", 5, #"{"source":"b"}"#), ("nobody", 4, "{}"), ("late", -1, #"{"source":"bot"}"#),
    ]
    for row in rows {
      _ = try Recorded(
        row.id, in: store, at: time(noon.milliseconds - row.age), raw: Array(row.raw.utf8))
    }
    try store.write(
      .insertSignal(
        makeSignal("denied", decision: .sourceLimit, raw: Array(#"{"source":"bot"}"#.utf8))))
    try store.commit()
    let found = try store.loadState(now: noon).sourceSignals
    #expect(found.map(\.source) == ["bot", "b", "bot"])
    #expect(
      found.map { $0.at.since(noon) } == [
        .milliseconds(1 - hour), .milliseconds(-5), .milliseconds(1),
      ])
  }

  @Test func `the numbers of sources are the highest of the last day`() throws {
    let day: Int64 = 24 * 60 * 60 * 1_000
    let rows: [(id: String, age: Int64, raw: String)] = [
      ("old", day, #"{"source":"old","sequence":5}"#),
      ("first", 9, #"{"source":"bot","sequence":8}"#),
      ("second", 8, #"{"source":"bot","sequence":"7"}"#),
      ("other", 5, #"{"source":"b","sequence":1}"#), ("note", 4, #"{"note":"\"sequence\""}"#),
    ]
    for row in rows {
      try store.write(
        .insertSignal(
          makeSignal(
            row.id, decision: .halted, receivedAt: time(noon.milliseconds - row.age),
            raw: Array(row.raw.utf8))))
    }
    try store.commit()
    #expect(try store.loadState(now: noon).sequences == ["bot": 8, "b": 1])
  }

  @Test func `remarks in an order's history change nothing`() throws {
    let recorded = try Recorded("a", in: store)
    let remark = HistoryEvent(
      at: noon, subject: .order(recorded.order.key), kind: "request_sent", detail: ["n": 1])
    try store.write(.appendEvent(remark))
    try store.commit()
    #expect(try store.order(recorded.order.key) == recorded.order)
    #expect(
      try store.reader.history(of: signalID("a")).map(\.kind) == ["order_created", "request_sent"])
  }

  @Test func `an event that cannot be read makes the start fail, naming the order`() throws {
    let recorded = try Recorded("a", in: store)
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: noon, subject: .order(recorded.order.key), kind: "order_armed", detail: [:])))
    try store.commit()
    #expect(
      throws: StoreError.corrupt("an event 'order_armed' of order a leg 0 cannot be read")
    ) { try store.loadState(now: noon) }
  }

  @Test func `an event that cannot follow makes the start fail`() throws {
    let recorded = try Recorded("a", in: store)
    let event = OrderEvent.validated
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: noon, subject: .order(recorded.order.key), kind: event.kind, detail: event.detail)))
    try store.commit()
    #expect(
      throws: StoreError.corrupt(
        "the history of order a leg 0 contradicts itself: "
          + "an order that is new cannot take 'order_validated'")
    ) { try store.loadState(now: noon) }
  }

  @Test(arguments: [
    ("status = 'open'", "status"), ("executed_quantity = '0.1'", "executed_quantity"),
    ("attempt = 1", "attempt"), ("price = '1'", "price"), ("reason = 'why'", "reason"),
    ("closed_by_operator = 1", "closed_by_operator"), ("venue = 'elsewhere'", "venue"),
  ])
  func `a row that differs from its history makes the start fail`(
    change: String, column: String
  ) throws {
    _ = try Recorded("a", in: store)
    try Stranger(scratch.database).execute(
      "DROP TRIGGER order_keeps_its_identity; UPDATE orders SET \(change)")
    #expect(
      throws: StoreError.corrupt("order a leg 0 and its history differ in \(column)")
    ) { try store.loadState(now: noon) }
  }

  @Test(arguments: ["status = 'gone'", "symbol = 'b'"])
  func `a list says which row holds a word that is not ours`(change: String) throws {
    _ = try Recorded("a", in: store)
    let stranger = try Stranger(scratch.database)
    try stranger.execute("DROP TRIGGER order_keeps_its_identity; UPDATE orders SET \(change)")
    let word = try #require(change.split(separator: "'").last)
    #expect(
      throws: StoreError.corrupt("order a leg 0 holds '\(word)', which the program never writes")
    ) { try store.reader.orders(filter: ListFilter()) }
  }
}
