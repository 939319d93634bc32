import Domain
import Execution
import Testing

/// What the exchange tells of the API key, and which orders leave with it.
@Suite struct KeyStateTests {
  private static let rights: Set<KeyInformation.Right> = [.readAccount, .readOrders, .placeOrders]
  private static let withdrawing = KeyInformation(
    rights: rights.union([.withdraw]), standing: .valid, validity: .permanent)
  private static let refresh: Duration = .seconds(6 * 60 * 60)

  private func harness(
    _ key: KeyInformation, mode: TradingMode = .live, allows: Bool = false,
    _ exchange: FakeExchange = FakeExchange()
  ) -> EngineHarness {
    exchange.key = key
    let harness = EngineHarness(
      makeConfiguration {
        $0.mode = mode
        $0.venue.keyInformationRefresh = Self.refresh
        $0.allowsWithdrawKeys = allows
      }, exchange: exchange)
    harness.tick()
    harness.settle()
    return harness
  }

  private func told(_ harness: EngineHarness, _ level: LogEntry.Level) -> [String] {
    harness.logs.filter { $0.level == level }.map(\.message)
  }

  @Test func `a key that may do what is needed trades`() {
    let harness = harness(KeyInformation(rights: Self.rights, validity: .days(80)))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.submit(limit("a"))?.code == .accepted)
    harness.settle()
    #expect(harness.placements.count == 1)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    #expect(harness.requests { $0 == .keyInformation }.count == 1)
  }

  @Test func `live mode trades with no key that may withdraw`() {
    let harness = harness(Self.withdrawing)
    let answer = harness.submit(limit("a"))
    #expect(answer?.code == .halted)
    #expect(answer?.message.contains("the API key may withdraw") == true)
    harness.advance(by: .seconds(5))
    #expect(harness.placements.isEmpty)
    #expect(told(harness, .error).contains { $0.contains("the API key may withdraw") })
    let trouble = harness.engine.troubles(at: harness.now).first
    #expect(trouble?.message.contains("no order leaves: the API key may withdraw") == true)
    #expect(trouble?.advice.contains("credentials.allow_withdraw_keys: true") == true)
    #expect(
      harness.logs.filter { $0.kind == .tradingOpen }.map(\.message) == [
        "trading is open, but no order leaves: the API key may withdraw, and live mode trades with no "
          + "such key"
      ])
  }

  @Test func `a signal that came before the key was judged is denied, not sent`() {
    let exchange = FakeExchange()
    var answers = false
    exchange.script = { dispatch, _ in
      dispatch.request == .keyInformation && !answers
        ? .answer(.failed(.noAnswer("late")), after: .seconds(3)) : nil
    }
    let harness = harness(Self.withdrawing, exchange)
    #expect(!harness.engine.isTradingOpen)
    #expect(harness.submit(limit("a"))?.code == .accepted)
    harness.settle()
    #expect(harness.placements.isEmpty)
    answers = true
    harness.apply(.keyChanged)
    harness.advance(by: .seconds(10))
    #expect(harness.placements.isEmpty)
    #expect(harness.outcomes.map(\.code) == [.halted])
  }

  @Test(arguments: [(TradingMode.live, true), (.validate, false)])
  func `where it is allowed, or nothing is placed, it is a warning`(
    _ mode: TradingMode, _ allows: Bool
  ) {
    let harness = harness(Self.withdrawing, mode: mode, allows: allows)
    #expect(harness.engine.isTradingOpen)
    #expect(harness.submit(limit("a"))?.code == .accepted)
    #expect(told(harness, .warning).contains("the API key may withdraw"))
    #expect(told(harness, .error).isEmpty)
  }

  @Test func `allowing it later opens trading`() {
    let harness = harness(Self.withdrawing)
    #expect(harness.submit(limit("a"))?.code == .halted)
    var configuration = harness.configuration
    configuration.allowsWithdrawKeys = true
    harness.apply(.reconfigure(configuration))
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.settle()
    #expect(harness.placements.count == 1)
  }

  /// An unknown refuses nothing, and is said.
  @Test func `a key that the exchange does not describe trades`() {
    let failures: [ExchangeFailure] = [
      .unreadable("HTTP 404"), .noAnswer("time out"),
      .refused(
        ExchangeError(
          code: 700007, text: "No permission", action: .halt, refusesPlacement: true,
          advice: "x")),
    ]
    for failure in failures {
      let exchange = FakeExchange()
      exchange.script = { dispatch, _ in
        dispatch.request == .keyInformation ? .answer(.failed(failure)) : nil
      }
      let harness = harness(KeyInformation(), exchange)
      #expect(harness.engine.isTradingOpen, "\(failure)")
      #expect(harness.submit(limit("a"))?.code == .accepted)
      harness.settle()
      #expect(harness.placements.count == 1)
      let unknown = told(harness, .warning).filter { $0.contains("is not known; going on without") }
      #expect(unknown.count == 1)
    }
  }

  @Test func `another key is judged before an order leaves with it`() {
    let exchange = FakeExchange()
    let harness = harness(KeyInformation(rights: Self.rights, validity: .permanent), exchange)
    #expect(harness.engine.isTradingOpen)
    exchange.key = Self.withdrawing
    harness.apply(.keyChanged)
    #expect(!harness.engine.isTradingOpen)
    #expect(harness.submit(limit("a"))?.code == .accepted)
    harness.settle()
    #expect(harness.placements.isEmpty)
    #expect(harness.submit(limit("b"))?.code == .halted)
    exchange.key = KeyInformation(rights: Self.rights, validity: .permanent)
    harness.apply(.keyChanged)
    harness.settle()
    #expect(harness.submit(limit("c"))?.code == .accepted)
    harness.settle()
    #expect(harness.placements.count == 1)
  }

  /// The answer that is out when the key changes is about the former one.
  @Test func `a late answer about the former key counts for nothing`() {
    let exchange = FakeExchange()
    let harness = harness(KeyInformation(rights: Self.rights, validity: .permanent), exchange)
    harness.apply(.keyChanged)
    exchange.key = Self.withdrawing
    harness.apply(.keyChanged)
    harness.settle()
    harness.advance(by: .seconds(1))
    #expect(harness.submit(limit("a"))?.code == .halted)
    #expect(harness.requests { $0 == .keyInformation }.count == 3)
  }

  @Test func `the pairs of a former key refuse nothing, and are read again`() {
    let exchange = FakeExchange()
    exchange.tradable = [btc]
    let harness = harness(KeyInformation(rights: Self.rights, validity: .permanent), exchange)
    #expect(harness.submit(limit("a", eth))?.code == .symbolNotTradable)
    var isLate = true
    exchange.script = { dispatch, _ in
      guard dispatch.request == .tradableSymbols, isLate else { return nil }
      isLate = false
      return .answer(.tradableSymbols([btc]), after: .seconds(1))
    }
    harness.apply(.keyChanged)
    // The answer that is out when the key changes is about the former one.
    harness.apply(.keyChanged)
    exchange.tradable = [btc, eth]
    #expect(harness.submit(limit("b", eth))?.code == .accepted)
    harness.settle()
    #expect(harness.placements.isEmpty)
    harness.advance(by: .seconds(2))
    #expect(harness.placements.count == 1)
    #expect(harness.requests { $0 == .tradableSymbols }.count == 3)
    exchange.tradable = [btc]
    harness.apply(.keyChanged)
    harness.advance(by: .seconds(2))
    #expect(harness.submit(limit("c", eth))?.code == .symbolNotTradable)
  }

  @Test(arguments: [(10, false), (9, true), (1, true), (0, true)])
  func `a key that is about to expire is told`(_ days: Int, _ isTold: Bool) {
    let harness = harness(KeyInformation(rights: Self.rights, validity: .days(days)))
    #expect(harness.engine.isTradingOpen)
    let troubles = harness.engine.troubles(at: harness.now)
    #expect(troubles.contains { $0.message.contains("expire") } == isTold)
    let warnings = told(harness, .warning).filter { $0.hasPrefix("the API key") }
    #expect(warnings.contains { $0.contains("expire") } == isTold)
  }

  @Test func `it is asked about again, and told again when a day is gone`() {
    let exchange = FakeExchange()
    let harness = harness(KeyInformation(rights: Self.rights, validity: .days(5)), exchange)
    exchange.key = KeyInformation(rights: Self.rights, validity: .days(4))
    harness.advance(by: Self.refresh + .seconds(1))
    let warnings = told(harness, .warning).filter { $0.contains("expires") }
    #expect(warnings == ["the API key expires in 5 days", "the API key expires in 4 days"])
  }

  private func daysLeft(_ harness: EngineHarness) -> Int? {
    var engine = harness.engine
    return engine.status(at: harness.now).key?.daysLeft
  }

  @Test func `a key that is taken no more is a trouble until it is taken again`() {
    let exchange = FakeExchange()
    let harness = harness(KeyInformation(rights: Self.rights, validity: .days(60)), exchange)
    harness.advance(by: Self.refresh - .seconds(60))
    #expect(daysLeft(harness) == 60)
    exchange.script = { dispatch, _ in
      dispatch.request == .keyInformation || dispatch.request == .tradableSymbols
        ? .answer(refusal(10072, .halt)) : nil
    }
    harness.advance(by: .seconds(30 * 60))
    #expect(harness.engine.isTradingOpen)
    let troubles = harness.engine.troubles(at: harness.now)
    #expect(
      troubles.map(\.message) == [
        "the exchange answers for the API key no more (code 10072: text 10072)",
        "the pairs that the API key may trade cannot be read again (code 10072: text 10072)",
      ])
    #expect(troubles.map(\.advice) == ["advice 10072", "advice 10072"])
    let lines = told(harness, .error)
    #expect(lines.filter { $0.contains("answers for the API key no more") }.count == 1)
    #expect(daysLeft(harness) == nil)
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(11 * 60))
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    #expect(daysLeft(harness) == 60)
  }

  @Test func `how long the key lasts is not known for ever from one answer`() {
    let exchange = FakeExchange()
    let harness = harness(KeyInformation(rights: Self.rights, validity: .days(60)), exchange)
    exchange.script = { dispatch, _ in
      dispatch.request == .keyInformation ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.advance(by: Self.refresh * 2)
    #expect(daysLeft(harness) == 60)
    harness.advance(by: .seconds(1))
    #expect(daysLeft(harness) == nil)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
  }

  @Test func `paper asks nothing`() {
    let harness = harness(Self.withdrawing, mode: .paper)
    #expect(harness.engine.isTradingOpen)
    #expect(harness.requests { $0 == .keyInformation }.isEmpty)
  }
}
