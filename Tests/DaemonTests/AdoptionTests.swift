import Domain
import Store
import Testing

@Suite struct `The operator's word on a database` {
  private let database: OwnedDatabase

  init() throws {
    database = try OwnedDatabase()
  }

  private func adopt(_ mode: TradingMode, account: String = "main") throws -> String {
    switch try database.ownership(mode, account: account).adopt(database.store, at: database.time) {
    case .success(let text): text
    case .failure(let objection): "refused: \(objection.text)"
    }
  }

  @Test func `what is not certain is settled`() throws {
    let kept = try database.add("live", .open(orderID: "C02__1"))
    let paper = try database.add("paper", .open(orderID: "PAPER-sg1"))
    let waiting = try database.add("waiting", .waiting)
    #expect(
      try adopt(.live)
        == """
        it belongs to mode live and account "main" from now on; 1 order on paper canceled; \
        1 order that had not left canceled; 1 order under way, looked up at the exchange by the \
        next start
        """)
    #expect(try database.store.order(kept)?.status == .open)
    #expect(try database.store.order(paper)?.status == .canceled)
    #expect(try database.store.order(waiting)?.status == .denied)
    #expect(try database.store.signal(waiting.signal)?.decision == .canceled)
    #expect(try database.store.reader.audit().isClean)
    #expect(try database.start(.live) == nil)
    #expect(try database.start(.paper) != nil)
    #expect(try adopt(.live) == "nothing to say: it belongs to mode live and account \"main\"")
    #expect(try adopt(.paper).hasPrefix("refused: \(database.path) belongs to mode live"))
  }

  @Test func `orders that may be at the exchange do not become paper`() throws {
    try database.add("paper", .filled(orderID: "PAPER-sg1"))
    try database.add("live", .filled(orderID: "C02__1"))
    try database.add("lost", .unknown)
    for mode in [TradingMode.paper, .validate] {
      #expect(
        try adopt(mode).hasPrefix("refused: orders in it may be open at the exchange"),
        "\(mode)")
    }
    #expect(try database.store.reader.owner() == nil)
    #expect(try adopt(.live).hasPrefix("it belongs to mode live"))
  }

  @Test func `a mode of which there is nothing is refused`() throws {
    try database.add("paper", .filled(orderID: "PAPER-sg1"))
    #expect(
      try adopt(.live).hasPrefix("refused: none of its orders is of mode live: it holds 1 order of")
    )
  }

  @Test func `orders that tell nothing are of the mode that is said`() throws {
    try database.add("rejected", .rejected)
    let waiting = try database.add("waiting", .waiting)
    #expect(try adopt(.paper).hasPrefix("it belongs to mode paper"))
    #expect(try database.store.order(waiting)?.status == .denied)
  }

  @Test(arguments: [OwnedDatabase.Fate.submitted, .unknown])
  func `an order without an answer may be at the exchange`(fate: OwnedDatabase.Fate) throws {
    let lost = try database.add("lost", fate)
    try database.add("paper", .filled(orderID: "PAPER-sg1"))
    for mode in [TradingMode.paper, .validate] {
      #expect(
        try adopt(mode).hasPrefix("refused: orders in it may be open at the exchange"),
        "\(mode)")
    }
    #expect(try database.store.reader.owner() == nil)
    #expect(
      try adopt(.live)
        == """
        it belongs to mode live and account "main" from now on; 1 order under way, looked up at \
        the exchange by the next start
        """)
    #expect(try database.store.order(lost)?.status.isTerminal == false)
  }

  @Test func `a renamed account is taken over by the word alone`() throws {
    try database.add("a", .filled(orderID: "C02__1"), account: "before")
    #expect(try database.start(.live) != nil)
    #expect(try adopt(.live) == "it belongs to mode live and account \"main\" from now on")
    #expect(try database.start(.live) == nil)
  }

  @Test func `where nothing is at stake there is nothing to say`() throws {
    #expect(try adopt(.live).hasPrefix("nothing to say: no order of it has left"))
    #expect(try database.store.reader.owner() == nil)
  }
}
