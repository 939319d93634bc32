import Domain
import Store
import TestKit
import Testing

struct OwnerTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func put(
    _ mode: TradingMode, _ account: String, venue: VenueName = "mexc-spot", key: KeyDigest? = nil,
    in store: OrderStore
  ) throws {
    try store.write(
      .setOwner(
        DatabaseOwner(
          account: TradingAccount(venue: venue, name: account), mode: mode, since: noon, key: key)))
    try store.commit()
  }

  private let key = KeyDigest(
    salt: [UInt8](repeating: 1, count: 32), digest: [UInt8](repeating: 2, count: 32))

  @Test func `the owner is read back, its key included`() throws {
    let store = try OrderStore(path: scratch.database)
    #expect(try store.reader.owner() == nil)
    try put(.live, "main", key: key, in: store)
    let owner = DatabaseOwner(account: StoreTests.main, mode: .live, since: noon, key: key)
    #expect(try store.reader.owner() == owner)
    #expect(try StoreReader(path: scratch.database).owner() == owner)
    try put(.live, "main", in: store)
    #expect(try store.reader.owner()?.key == nil)
  }

  @Test func `an order is at the venue of its database`() throws {
    let store = try OrderStore(path: scratch.database)
    try put(.live, "main", venue: "elsewhere", in: store)
    var recorded = try Recorded("a", in: store)
    try recorded.arm(in: store)
    let stranger = try Stranger(scratch.database)
    #expect(try stranger.rows("SELECT DISTINCT venue FROM orders") == [["elsewhere"]])
    #expect(try store.reader.audit().isClean)
  }

  @Test func `an order of another account is not taken`() throws {
    let store = try OrderStore(path: scratch.database)
    try put(.live, "main", in: store)
    try store.write(.insertSignal(makeSignal("a")))
    let key = OrderKey(signal: try signalID("a"))
    for account in [
      TradingAccount(venue: "mexc-spot", name: "other"),
      TradingAccount(venue: "elsewhere", name: "main"),
    ] {
      let order = Order(
        key: key, account: account, request: try makeRequest("a"), reservedQuote: nil, at: noon)
      #expect(throws: StoreError.misuse("order a leg 0 of another account")) {
        try store.write(.putOrder(order))
      }
    }
  }

  @Test func `a database that was used keeps its venue, mode and account`() throws {
    let store = try OrderStore(path: scratch.database)
    try put(.paper, "main", in: store)
    try put(.live, "other", in: store)
    var recorded = try Recorded("a", in: store)
    for owner in [(TradingMode.paper, "other"), (.live, "main")] {
      #expect(throws: StoreError.self) { try put(owner.0, owner.1, in: store) }
      store.rollback()
    }
    try recorded.arm(in: store)
    #expect(throws: StoreError.self) { try put(.validate, "other", in: store) }
    store.rollback()
    #expect(throws: StoreError.self) { try put(.live, "other", venue: "elsewhere", in: store) }
    store.rollback()
    try put(.live, "other", key: key, in: store)
    let stranger = try Stranger(scratch.database)
    #expect(
      stranger.refusal(of: "UPDATE owner SET mode = 'paper'")
        == "a database that was used keeps its venue, mode and account")
    #expect(stranger.refusal(of: "DELETE FROM owner") == "a database never loses its owner")
    #expect(
      stranger.refusal(
        of: "INSERT INTO owner (id, mode, account, since_ms) VALUES (2, 'live', 'a', 1)") != nil)
    #expect(try store.reader.owner()?.mode == .live)
  }

  @Test func `an order that ended before it left binds nobody`() throws {
    let store = try OrderStore(path: scratch.database)
    try put(.paper, "main", in: store)
    var recorded = try Recorded("a", in: store)
    try recorded.take(.denied(.expired, "too late"), in: store)
    #expect(try store.reader.modeTraces().isEmpty)
    try put(.live, "main", in: store)
    #expect(try store.reader.owner()?.mode == .live)
  }

  @Test func `orders tell their modes as far as they can`() throws {
    let store = try OrderStore(path: scratch.database)
    _ = try Recorded("waiting", in: store)
    for (name, event) in [
      ("paper", OrderEvent.acknowledged(orderID: "PAPER-sg-paper")),
      ("lower", .acknowledged(orderID: "paper-1")),
      ("live", .acknowledged(orderID: "C02__1")), ("tested", .validated),
      ("refused", .refused(.exchangeRejected, "code 30004")),
    ] {
      var recorded = try Recorded(name, in: store)
      try recorded.arm(in: store)
      try recorded.take(event, in: store)
    }
    #expect(
      try Set(store.reader.modeTraces()) == [
        ModeTrace(mode: nil, orders: 2, underWay: 1, sent: 0),
        ModeTrace(mode: .paper, orders: 1, underWay: 1, sent: 1),
        ModeTrace(mode: .live, orders: 2, underWay: 2, sent: 2),
        ModeTrace(mode: .validate, orders: 1, underWay: 0, sent: 0),
      ])
    #expect(try store.reader.lastSignal()?.id == signalID("refused"))
  }

  @Test func `a database of the second version has no owner yet`() throws {
    _ = try Recorded("a", in: OrderStore(path: scratch.database))
    let schema = "SELECT type || ' ' || name FROM sqlite_schema ORDER BY 1"
    let before = try Stranger(scratch.database).rows(schema)
    try Stranger(scratch.database).execute(
      FormerSchema.withoutCompaction
        + "DROP TABLE owner; ALTER TABLE signal DROP COLUMN boot; PRAGMA user_version = 2;")
    let store = try OrderStore(path: scratch.database)
    #expect(try store.reader.owner() == nil)
    #expect(try Stranger(scratch.database).rows(schema) == before)
    #expect(try store.reader.audit().isClean)
  }

  @Test func `a database of the third version is of the one venue that there was`() throws {
    try put(.live, "main", key: key, in: OrderStore(path: scratch.database))
    let schema = "SELECT sql FROM sqlite_schema WHERE tbl_name = 'owner' ORDER BY name"
    let before = try Stranger(scratch.database).rows(schema)
    try Stranger(scratch.database).execute(
      """
      \(FormerSchema.withoutCompaction)
      DROP TRIGGER owner_stays;
      ALTER TABLE owner DROP COLUMN venue;
      CREATE TRIGGER owner_stays BEFORE UPDATE ON owner
      BEGIN SELECT RAISE(ABORT, 'of the third version'); END;
      ALTER TABLE signal DROP COLUMN boot;
      PRAGMA user_version = 3;
      """)
    let store = try OrderStore(path: scratch.database)
    #expect(try store.reader.owner()?.account.venue == "mexc-spot")
    #expect(try store.reader.owner()?.key == key)
    #expect(try Stranger(scratch.database).rows(schema) == before)
  }
}
