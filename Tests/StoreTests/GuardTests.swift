import Domain
import Store
import TestKit
import Testing

/// What the schema itself refuses, to this program and to a hand at a shell.
struct GuardTests {
  let scratch: Scratch
  let store: OrderStore
  let stranger: Stranger

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
    _ = try Recorded("a", in: store)
    stranger = try Stranger(scratch.database)
  }

  @Test(arguments: [
    ("UPDATE event SET at_ms = 1", "the history is append-only"),
    ("DELETE FROM event", "the history is append-only"),
    ("DELETE FROM signal", "a signal is remembered for ever"),
    ("UPDATE signal SET raw = x'00'", "a signal never changes; only its decision does"),
    ("UPDATE signal SET id = 'b'", "a signal never changes; only its decision does"),
    ("UPDATE signal SET counted_source = 'b'", "a signal never changes; only its decision does"),
    ("UPDATE signal SET is_numbered = 1", "a signal never changes; only its decision does"),
    ("DELETE FROM orders", "an order is remembered for ever"),
    ("UPDATE orders SET client_order_id = 'b'", "an order never becomes another order"),
    ("UPDATE orders SET leg = 1", "an order never becomes another order"),
    (
      "UPDATE orders SET quote_quantity = '1'",
      "CHECK constraint failed: (quantity IS NULL) <> (quote_quantity IS NULL)"
    ),
    (
      "UPDATE orders SET created_at_ms = 5",
      "an order never becomes another order"
    ),
    (
      "UPDATE orders SET attempt = 'two'",
      "cannot store TEXT value in INTEGER column orders.attempt"
    ),
  ])
  func `the record is not rewritten`(sql: String, refusal: String) throws {
    #expect(stranger.refusal(of: sql) == refusal)
  }

  @Test func `the engine's own changes pass`() throws {
    #expect(stranger.refusal(of: "UPDATE signal SET decision = 'expired', message = 'x'") == nil)
    #expect(stranger.refusal(of: "UPDATE orders SET quantity = '0.4', price = '1'") == nil)
  }

  @Test func `two orders never share a client order id`() throws {
    try store.write(.insertSignal(makeSignal("b")))
    let order = Order(
      key: OrderKey(signal: try signalID("b")), account: .unstated, request: try makeRequest("a"),
      reservedQuote: nil,
      at: noon)
    #expect(
      throws: StoreError.misuse(
        "put order: UNIQUE constraint failed: orders.client_order_id (SQLite error 2067)")
    ) { try store.write(.putOrder(order)) }
  }

  @Test func `an order needs its signal`() throws {
    let order = Order(
      key: OrderKey(signal: try signalID("b")), account: .unstated, request: try makeRequest("b"),
      reservedQuote: nil,
      at: noon)
    #expect(
      throws: StoreError.misuse(
        "put order: FOREIGN KEY constraint failed (SQLite error 787)")
    ) { try store.write(.putOrder(order)) }
  }

  @Test func `an order needs its signal also when that was undone`() throws {
    let order = Order(
      key: OrderKey(signal: try signalID("b")), account: .unstated, request: try makeRequest("b"),
      reservedQuote: nil,
      at: noon)
    try store.write(.insertSignal(makeSignal("b")))
    store.rollback()
    #expect(
      throws: StoreError.misuse(
        "put order: FOREIGN KEY constraint failed (SQLite error 787)")
    ) { try store.write(.putOrder(order)) }
  }

  @Test func `a row never becomes another order, not even in its first turn`() throws {
    let order = Order(
      key: OrderKey(signal: try signalID("b")), account: .unstated, request: try makeRequest("b"),
      reservedQuote: nil, at: noon)
    let other = Order(
      key: order.key, account: .unstated, request: try makeRequest("b", symbol: "ETHUSDT"),
      reservedQuote: nil, at: noon)
    try store.write(.insertSignal(makeSignal("b")))
    try store.write(.putOrder(order))
    #expect(throws: StoreError.misuse("order b leg 0 with another identity")) {
      try store.write(.putOrder(other))
    }
  }

  @Test func `a row never becomes another order`() throws {
    let other = Order(
      key: OrderKey(signal: try signalID("a")), account: .unstated,
      request: try makeRequest("a", symbol: "ETHUSDT"),
      reservedQuote: nil, at: noon)
    #expect(throws: StoreError.misuse("order a leg 0 with another identity")) {
      try store.write(.putOrder(other))
    }
  }

  /// Every step between two statuses. A row may jump over the steps of one turn, so the guard is
  /// wider than the engine's table until the exchange has spoken.
  @Test func `an order at its end stays there, and a late find wins`() throws {
    let confirmed: Set<OrderStatus> = [
      .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled,
    ]
    try stranger.execute("CREATE TEMP TABLE copy AS SELECT * FROM orders")
    var leg = 0
    for from in OrderStatus.allCases {
      for to in OrderStatus.allCases where to != from {
        leg += 1
        try stranger.execute(
          """
          UPDATE copy SET leg = \(leg), client_order_id = '\(leg)', status = '\(from.rawValue)';
          INSERT INTO orders SELECT * FROM copy;
          """)
        let expected: String? =
          switch from {
          case .filled, .canceled, .partiallyCanceled, .expired, .denied, .validated:
            "the order is at its end"
          case .rejected, .notFound, .open, .partiallyFilled:
            confirmed.contains(to) ? nil : "the order can only move on to what the exchange says"
          case .new, .submitted, .unknown: nil
          }
        let update = "UPDATE orders SET status = '\(to.rawValue)' WHERE leg = \(leg)"
        #expect(stranger.refusal(of: update) == expected, "\(from) → \(to)")
      }
    }
  }

  /// EXPLAIN tells the guards' instructions behind those of the statement.
  @Test func `no table is made in memory to guard a row`() throws {
    let program = try stranger.rows(
      """
      EXPLAIN UPDATE orders SET status = 'open', type = 'limit', quantity = '1', price = '1'
      WHERE signal_id = 'a' AND leg = 0
      """)
    let instructions = program.map { $0[1] }
    #expect(instructions.count { $0 == "Program" } == 3)
    #expect(!instructions.contains("OpenEphemeral"), "\(instructions)")
  }

  @Test func `a database of the seventh version gets the guards of the present one`() throws {
    let path = scratch("older.db")
    let order = try Recorded("a", in: OrderStore(path: path)).order
    let present = try Stranger(path).schema()
    try Stranger(path).execute(FormerSchema.withGuardsByLists + "PRAGMA user_version = 7;")
    #expect(try Stranger(path).schema() != present)
    let next = try OrderStore(path: path)
    #expect(try Stranger(path).schema() == present)
    #expect(try next.order(order.key) == order)
    #expect(try next.reader.audit().isClean)
  }

  @Test func `what was sent keeps its amounts and price`() throws {
    for status in ["new", "submitted", "unknown"] {
      try stranger.execute("UPDATE orders SET status = '\(status)', price = '2'")
    }
    try stranger.execute("UPDATE orders SET status = 'open'")
    for change in ["price = '3'", "quantity = '9'", "type = 'fok'", "price = NULL"] {
      #expect(stranger.refusal(of: "UPDATE orders SET \(change)") == "what was sent never changes")
    }
    #expect(stranger.refusal(of: "UPDATE orders SET price = '2', executed_quantity = '1'") == nil)
  }
}
