import Configuration
import Daemon
import Domain
import JSON
import MEXC
import Platform
import Store
import Testing

@Suite struct `A database belongs to one mode and one account` {
  private let database: OwnedDatabase

  init() throws {
    database = try OwnedDatabase()
  }

  @Test func `an order that left binds the database to the mode and the account`() throws {
    #expect(try database.start(.live) == nil)
    try database.add("a", .open(orderID: "C02__1"))
    #expect(try database.start(.live) == nil)
    #expect(try database.store.reader.owner()?.mode == .live)
    #expect(
      try database.start(.paper)
        == """
        \(database.path) belongs to mode live and account "main", and the configuration says mode \
        paper (1 order in it is under way); give mode paper a database of its own by another \
        store.path, or go back to mode live
        """)
    #expect(
      try database.start(.live, account: "other")
        == """
        \(database.path) belongs to mode live and account "main", and the configuration says \
        account "other" (1 order in it is under way); give account "other" a database of its own \
        by another store.path, or go back to account "main"
        """)
    let both = try #require(try database.start(.validate, account: "other"))
    #expect(both.contains("the configuration says mode validate and account \"other\""))
    #expect(try database.store.reader.owner()?.mode == .live)
  }

  @Test func `one of another venue is refused`() throws {
    try database.store.write(
      .setOwner(
        DatabaseOwner(
          account: TradingAccount(venue: "elsewhere-spot", name: "main"), mode: .live,
          since: WallTime(milliseconds: 1_790_000_000_000))))
    try database.store.commit()
    try database.add("a", .open(orderID: "E1"))
    #expect(
      try database.start(.live)
        == """
        \(database.path) belongs to venue elsewhere-spot, and the configuration says venue \
        mexc-spot (1 order in it is under way); give venue mexc-spot a database of its own by \
        another store.path, or go back to venue elsewhere-spot
        """)
  }

  @Test func `the venue is named once`() {
    #expect(VenueCatalog.traits(in: .live).name == Configuration.venue)
  }

  @Test(arguments: TradingMode.allCases)
  func `one from which nothing left is anybody's`(mode: TradingMode) throws {
    #expect(try database.start(.live, account: "first") == nil)
    try database.add("a", .denied)
    #expect(try database.start(mode) == nil)
    let owner = try #require(try database.store.reader.owner())
    #expect(owner.mode == mode && owner.account.name == "main")
  }

  @Test func `an order that waits to leave is of the mode that accepted it`() throws {
    #expect(try database.start(.paper) == nil)
    try database.add("a", .waiting)
    #expect(try database.start(.live) != nil)
  }

  // MARK: Databases that do not say whose they are

  @Test(arguments: [
    (OwnedDatabase.Fate.open(orderID: "PAPER-sg1"), TradingMode.paper),
    (.open(orderID: "C02__1"), .live), (.filled(orderID: "123456"), .live), (.validated, .validate),
  ])
  func `the orders say the mode`(fate: OwnedDatabase.Fate, mode: TradingMode) throws {
    try database.add("a", fate)
    try database.add("b", .rejected)
    for other in TradingMode.allCases where other != mode {
      let refusal = try #require(try database.start(other))
      #expect(refusal.contains("were made in mode \(mode.rawValue)"), "\(refusal)")
    }
    #expect(try database.store.reader.owner() == nil)
    #expect(try database.start(mode) == nil)
    #expect(try database.store.reader.owner()?.mode == mode)
    let history = try HistoryReader(database.store.reader).rows(after: 0, limit: 100)
    let taken = try #require(history.map(\.event).last { $0.subject == .daemon })
    #expect(taken.kind == "database_taken")
    #expect(taken.detail["because"]?.stringValue == "its orders were made in mode \(mode.rawValue)")
  }

  @Test func `the names of the orders say the account`() throws {
    try database.add("a", .filled(orderID: "C02__1"), account: "before")
    let refusal = try #require(try database.start(.live))
    #expect(refusal.contains("named for another exchange.account than \"main\""), "\(refusal)")
    #expect(try database.start(.live, account: "before") == nil)
  }

  private static let uncertain: [[OwnedDatabase.Fate]] = [
    [.rejected], [.unknown], [.waiting],
    [.filled(orderID: "PAPER-sg1"), .filled(orderID: "C02__1")],
    [.validated, .filled(orderID: "C02__1")],
    // It may be at the exchange, where a run on paper would not look.
    [.filled(orderID: "PAPER-sg1"), .submitted],
  ]

  @Test(arguments: uncertain.indices)
  func `what the orders leave open is asked`(index: Int) throws {
    for (number, fate) in Self.uncertain[index].enumerated() {
      try database.add("s\(number)", fate)
    }
    for mode in TradingMode.allCases {
      let refusal = try #require(try database.start(mode))
      #expect(refusal.contains("nothing says for certain"), "\(refusal)")
      #expect(refusal.contains("'mexc-signalctl --config c.json5 adopt'"), "\(refusal)")
    }
    #expect(try database.store.reader.owner() == nil)
  }

  // MARK: Keys

  private func note(_ answer: ExchangeAnswer, key: String) throws {
    let quiet = Logger(level: .error, format: .logfmt, descriptor: -1)
    let note = try database.ownership(.live, key: key)
      .noteKey(in: database.store, quiet) { [database] in database.time }
    note(answer)
    try database.store.commit()
  }

  @Test func `the key that the exchange accepts is the only one`() throws {
    #expect(try database.start(.live, key: "mistyped") == nil)
    try note(.serverTime(database.time), key: "mistyped")
    try note(.failed(.noAnswer("timed out")), key: "mistyped")
    #expect(try database.store.reader.owner()?.key == nil)
    try note(.tradableSymbols([]), key: "first")
    let noted = try #require(try database.store.reader.owner()?.key)
    #expect(noted.salt.count == 32 && noted.digest.count == 32)
    try note(.tradableSymbols([]), key: "first")
    #expect(try database.store.reader.owner()?.key == noted)
    try database.add("a", .filled(orderID: "C02__1"))
    #expect(try database.start(.live, key: "first") == nil)
    let refusal = try #require(try database.start(.live, key: "second"))
    #expect(refusal.contains("was used with another API key"), "\(refusal)")
    #expect(refusal.contains("'mexc-signalctl --config c.json5 adopt'"), "\(refusal)")
  }

  @Test func `the same key has another digest in another database`() throws {
    _ = try database.start(.live)
    try note(.tradableSymbols([]), key: "first")
    let other = try OwnedDatabase()
    _ = try other.start(.live)
    let quiet = Logger(level: .error, format: .logfmt, descriptor: -1)
    try other.ownership(.live, key: "first").noteKey(in: other.store, quiet) { other.time }(
      .tradableSymbols([]))
    try other.store.commit()
    #expect(
      try database.store.reader.owner()?.key?.digest != other.store.reader.owner()?.key?.digest)
  }
}
