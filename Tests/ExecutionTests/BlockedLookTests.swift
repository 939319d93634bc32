import Domain
import Execution
import Testing

/// Looks at one order, and other requests, that the firewall refuses while it lets all others pass.
@Suite struct BlockedLookTests {
  private static let blocked = ExchangeAnswer.failed(.blocked("HTTP 403"))

  /// A run that left an order of SOL in the book, and one after it in which the firewall refuses these.
  private func restarted(
    _ isRefused: @escaping (ExchangeRequest) -> Bool = { $0.isLook(at: sol) }
  ) -> EngineHarness {
    let harness = EngineHarness.open()
    harness.submit(limit("old", sol))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      isRefused(dispatch.request) ? .answer(Self.blocked) : nil
    }
    harness.restart()
    return harness
  }

  @Test(arguments: [true, false])
  func `they pause its symbol at most, and the operator's word is taken`(isPlaced: Bool) {
    let harness = restarted()
    harness.advance(by: .seconds(240))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.engine.troubles(at: harness.now).contains { $0.message.contains("HTTP 403") })
    #expect(harness.submit(limit("sol", sol))?.code == .halted)
    #expect(harness.submit(limit("btc"))?.code == .accepted)
    harness.advance(by: .seconds(1))
    #expect(harness.status("btc") == .open)

    let input: OperatorCommand =
      isPlaced ? .resolvePlaced(signalID("old"), orderID: "E1") : .resolveNotPlaced(signalID("old"))
    harness.command(input)
    harness.settle()
    #expect(harness.replies.last?.ok == true, "\(harness.replies)")
    // The look that verifies the word was refused as well.
    harness.advance(by: .seconds(61))
    #expect(harness.submit(limit("sol2", sol))?.code == .accepted)
    harness.checkStore()
  }

  /// Each of them silences the daemon for a minute.
  @Test func `they are made rarely, and end when one is answered`() {
    let harness = restarted()
    harness.advance(by: .seconds(240))
    let before = harness.requests { $0.isLook(at: sol) }.count
    harness.advance(by: .seconds(1_200))
    #expect(harness.requests { $0.isLook(at: sol) }.count <= before + 2)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(660))
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    #expect(harness.submit(limit("sol", sol))?.code == .accepted)
  }

  // MARK: What asks for a look all the same

  enum Cause: CaseIterable {
    case cancel, report, stream
  }

  @Test(arguments: Cause.allCases)
  func `nothing makes them frequent`(_ cause: Cause) {
    let harness = restarted()
    harness.exchange.script = { dispatch, _ in
      if dispatch.request.isCancel { return .answer(.cancelTaken) }
      return dispatch.request.isLook(at: sol) ? .answer(Self.blocked) : nil
    }
    harness.advance(by: .seconds(240))
    let before = harness.requests { $0.isLook(at: sol) }.count
    for tenths in 1...4 {
      switch cause {
      case .cancel: harness.command(.cancel(signalID("old")))
      case .report:
        harness.exchange.fill(0, to: "0.\(tenths)", .partiallyFilled)
        harness.apply(.execution(harness.exchange.ledger[0]))
        #expect(harness.status("old") == .partiallyFilled)
      case .stream: harness.apply(.accountStream(.opened))
      }
      harness.advance(by: .seconds(300))
    }
    #expect(harness.requests { $0.isLook(at: sol) }.count <= before + 3)
    #expect(harness.requests(\.isCancel).count <= 30)
    harness.checkStore()
  }

  @Test func `those at an old order among the open ones are made rarely as well`() {
    let harness = EngineHarness.open()
    harness.submit(limit("old", sol))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      if dispatch.request.isOpenOrders { return .answer(Self.blocked) }
      return dispatch.request.isOrder ? .answer(noSuchOrder) : nil
    }
    harness.restart(after: .seconds(8 * 24 * 60 * 60))
    harness.advance(by: .seconds(300))
    #expect(harness.engine.isTradingOpen)
    let before = harness.requests(\.isOpenOrders).count
    harness.advance(by: .seconds(1_200))
    #expect(harness.requests(\.isOpenOrders).count <= before + 3)
    #expect(harness.engine.troubles(at: harness.now).contains { $0.message.contains("HTTP 403") })
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(660))
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
  }

  /// One view of a search is refused, and the others say that it is not there.
  @Test func `those of a search are made rarely as well`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      if dispatch.isPlacement { return .answer(.failed(.noAnswer("timed out"))) }
      return dispatch.request.isOrder ? .answer(Self.blocked) : nil
    }
    harness.submit(limit("lost", sol))
    harness.advance(by: .seconds(300))
    #expect((3...8).contains(harness.requests(\.isOrder).count))
    let before = harness.requests(\.isOrder).count
    harness.advance(by: .seconds(1_800))
    #expect((before + 2...before + 4).contains(harness.requests(\.isOrder).count))
    #expect(harness.status("lost") == .unknown)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(660))
    #expect(harness.status("lost") == .notFound)
    harness.checkStore()
  }

  /// The firewall refuses a list, and lets looks at each order pass.
  @Test func `where a list is refused its orders are looked up one by one`() {
    let harness = EngineHarness.open()
    for number in 1...8 { harness.submit(limit("a\(number)", sol)) }
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isRecentOrders ? .answer(Self.blocked) : nil
    }
    harness.restart()
    // One minute is what the refusal of the list costs.
    harness.advance(by: .seconds(65))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.hasLog(.warning, "its 8 orders are looked up one by one"))
    harness.advance(by: .seconds(235))
    #expect(harness.requests(\.isRecentOrders).count == 1)
    #expect(harness.engine.isTradingOpen)
    #expect(!harness.engine.troubles(at: harness.now).contains { $0.message.contains("signal") })
  }

  static let optional: [ExchangeRequest] = [
    .openAccountStream, .extendAccountStream, .keyInformation, .tradableSymbols,
  ]

  /// What trading does without closes it for two minutes, and later for one in ten.
  @Test(arguments: optional)
  func `a request that orders do without closes nothing for long`(request: ExchangeRequest) {
    let harness = EngineHarness(
      makeConfiguration {
        $0.venue = streamTraits
        $0.venue.keyInformationRefresh = .seconds(1_500)
      })
    harness.exchange.script = { dispatch, _ in
      dispatch.request == request ? .answer(Self.blocked) : nil
    }
    harness.tick()
    if request == .extendAccountStream { harness.advance(by: .seconds(1_500)) }
    harness.advance(by: .seconds(125))
    #expect(harness.requests { $0 == request }.count == 2)
    harness.submit(limit("a"))
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .open)
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    harness.advance(by: .seconds(3_600))
    #expect((3...9).contains(harness.requests { $0 == request }.count))
    harness.checkStore()
  }

  @Test func `rules that were read before are read again rarely`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isInstruments ? .answer(Self.blocked) : nil
    }
    harness.advance(by: .seconds(900 + 3_600))
    #expect((4...9).contains(harness.requests(\.isInstruments).count))
    #expect(harness.engine.isTradingOpen)
  }

  /// There is nothing to go on with before.
  @Test func `rules that were never read are asked for every minute`() {
    let harness = EngineHarness()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isInstruments ? .answer(Self.blocked) : nil
    }
    harness.tick()
    harness.advance(by: .seconds(605))
    #expect((10...12).contains(harness.requests(\.isInstruments).count))
    #expect(!harness.engine.isTradingOpen)
  }

  @Test func `where no rules are known at all the first are asked for every minute, too`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.symbols = nil })
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isInstruments ? .answer(Self.blocked) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(605))
    #expect((10...12).contains(harness.requests(\.isInstruments).count))
  }

  @Test func `a reading in which no symbol is listed is nothing to go on with`() {
    let exchange = FakeExchange()
    exchange.instruments = []
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      dispatch.request.isInstruments ? .answer(Self.blocked) : nil
    }
    harness.advance(by: .seconds(901))
    #expect(harness.hasLog(.warning, "rules from the exchange; no order leaves before it is read"))
  }

  enum Wish: CaseIterable {
    case newSymbol, refusedSignal, unreadableRules
  }

  @Test(arguments: Wish.allCases)
  func `rules that are refused are read rarely, whatever wants them`(_ wish: Wish) {
    let exchange = FakeExchange()
    exchange.instruments[1] = instrument(eth) { $0.isTradable = false }
    if wish == .unreadableRules {
      exchange.script = { dispatch, _ in
        guard dispatch.request.isInstruments else { return nil }
        let unreadable = UnreadableRules(symbol: eth, reason: "tickSize 'x'")
        return .answer(.instruments([instrument(btc), instrument(sol)], unreadable: [unreadable]))
      }
    }
    let harness = EngineHarness.open(
      makeConfiguration { if wish == .newSymbol { $0.risk.symbols = nil } }, exchange: exchange)
    harness.submit(limit("known"))
    harness.settle()
    exchange.script = { dispatch, _ in
      dispatch.request.isInstruments ? .answer(Self.blocked) : nil
    }
    for number in 0..<20 {
      let name = wish == .newSymbol ? symbol("COIN\(number)USDT") : eth
      harness.submit(limit("n\(number)", name))
      harness.advance(by: .seconds(60))
    }
    #expect((3...6).contains(harness.requests(\.isInstruments).count))
    #expect(harness.engine.isTradingOpen)
  }

  @Test func `a new symbol is asked for alone where only the list of all is refused`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.symbols = nil })
    for (id, name) in [("a", btc), ("b", eth)] {
      harness.submit(limit(id, name))
      harness.settle()
    }
    harness.exchange.script = { dispatch, _ in
      guard case .instruments(let symbols) = dispatch.request, symbols.count > 1 else { return nil }
      return .answer(Self.blocked)
    }
    harness.advance(by: .seconds(900 + 125))
    #expect(harness.requests { $0 == .instruments([btc, eth]) }.count == 2)
    harness.submit(limit("c", sol) { $0.expiry = .timeToLive(.seconds(3_000)) })
    harness.advance(by: .seconds(600))
    #expect(harness.status("c") == .open)
  }

  /// It went with the list of all then, which is refused.
  @Test func `a new symbol whose own answer was lost is asked for alone again`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.symbols = nil })
    for (id, name) in [("a", btc), ("b", eth)] {
      harness.submit(limit(id, name))
      harness.settle()
    }
    var isLost = true
    harness.exchange.script = { dispatch, _ in
      guard case .instruments(let symbols) = dispatch.request else { return nil }
      if symbols.count > 1 { return .answer(Self.blocked) }
      defer { isLost = false }
      return isLost ? .answer(.failed(.noAnswer("reset"))) : nil
    }
    harness.advance(by: .seconds(900 + 125))
    harness.submit(limit("c", sol) { $0.expiry = .timeToLive(.seconds(3_000)) })
    harness.advance(by: .seconds(600))
    #expect(harness.status("c") == .new)
    #expect(harness.requests { $0 == .instruments([btc, eth, sol]) }.count == 1)
    harness.advance(by: .seconds(700))
    #expect(harness.status("c") == .open)
  }

  @Test func `where every request is refused the order is waited for`() {
    let harness = restarted { _ in true }
    harness.advance(by: .seconds(600))
    #expect(!harness.engine.isTradingOpen)
    #expect(harness.command(.resolveNotPlaced(signalID("old")))?.ok == false)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(62))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
  }
}
