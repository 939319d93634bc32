import Domain
import Execution
import Testing

/// What is said to be not as it should be, and the way out of it.
@Suite struct TroubleTests {
  private func messages(_ harness: EngineHarness) -> [String] {
    let troubles = harness.engine.troubles(at: harness.now)
    #expect(troubles.allSatisfy { !$0.advice.isEmpty && !$0.message.contains("\n") })
    return troubles.map(\.message)
  }

  @Test func `nothing is wrong where nothing is`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(60))
    #expect(messages(harness).isEmpty)
  }

  @Test func `what could not be read is said to be readable again, once`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isClock ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.advance(by: .seconds(120))
    #expect(harness.hasLog(.warning, "could not read the exchange's clock"))
    #expect(!harness.hasLog(.info, "can be read again"))
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(600))
    #expect(harness.logs.count { $0.message == "the exchange's clock can be read again" } == 1)
  }

  /// Its round trip takes too long, by another time in each attempt.
  @Test func `a clock that cannot be read closely enough is told once a minute`() {
    let harness = EngineHarness.open()
    var attempts = 0
    harness.exchange.script = { [unowned exchange = harness.exchange] dispatch, now in
      guard dispatch.request.isClock else { return nil }
      attempts += 1
      return .answer(
        .serverTime(exchange.time(at: now)), after: .milliseconds(1_100 + 2 * attempts))
    }
    let told = { harness.logs.count { $0.level == .warning && $0.message.contains("closely") } }
    harness.advance(by: .seconds(119))
    #expect(attempts > 5)
    #expect(told() == 1)
    let trouble = "the exchange's clock cannot be read again (its clock could not be read closely"
    #expect(messages(harness).count == 1)
    #expect(messages(harness).first?.hasPrefix(trouble) == true)
    #expect(harness.engine.isTradingOpen)
    harness.advance(by: .seconds(480))
    #expect((8...10).contains(told()))
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(20))
    #expect(messages(harness).isEmpty)
    #expect(harness.logs.count { $0.message == "the exchange's clock can be read again" } == 1)
  }

  @Test func `a clock that cannot be read for some seconds is no trouble`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isClock ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.advance(by: .seconds(69))
    #expect(messages(harness).isEmpty)
    harness.advance(by: .seconds(1))
    #expect(messages(harness).count == 1)
    #expect(messages(harness).first?.contains("read again (no answer: time out)") == true)
  }

  @Test func `a halt is the first`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("lost"))
    harness.settle()
    harness.command(.halt(reason: "storm", cancel: false))
    let troubles = harness.engine.troubles(at: harness.now)
    #expect(troubles.map(\.subject).first == .daemon)
    #expect(troubles.first?.message == "trading is halted since 2023-11-14T22:13:20.000Z: storm")
    #expect(troubles.first?.advice.contains("resume") == true)
    #expect(
      troubles.last?.subject == .order(key("lost"), clientOrderID(of: signalID("lost")), btc))
    #expect(troubles.last?.message.contains("not known yet") == true)
  }

  @Test(arguments: [
    (PauseScope.symbol, "BTCUSDT is paused"), (.all, "all trading"),
    (.none, "not to be found"),
  ])
  func `an order that is not found`(scope: PauseScope, word: String) {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.pauseOnNotFound = scope })
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("lost"))
    harness.advance(by: .seconds(70))
    #expect(messages(harness).count == 1)
    #expect(messages(harness).first?.contains(word) == true)
    harness.command(.resolveNotPlaced(signalID("lost")))
    #expect(messages(harness).isEmpty)
  }

  @Test(arguments: [
    (throttled(.seconds(30)), "back-off; nothing is sent before 2023-11-14T22:13:50.000Z (429)"),
    (throttled(.seconds(300), isBan: true), "banned this address"),
    (.failed(.blocked("403")), "nothing is sent before 2023-11-14T22:14:20.000Z (firewall: 403)"),
  ])
  func `a back off says until when`(answer: ExchangeAnswer, words: String) {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .answer(answer) : nil }
    harness.submit(limit("a"))
    harness.settle()
    #expect(messages(harness).first?.contains(words) == true, "\(messages(harness))")
    harness.restart()
    #expect(messages(harness).contains { $0.contains(words) })
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(301))
    #expect(!messages(harness).contains { $0.contains("nothing is sent") })
  }

  @Test func `a firewall's refusal asks for another address, after a restart too`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.blocked("403"))) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    for _ in 0..<2 {
      let advice = harness.engine.troubles(at: harness.now).map(\.advice)
      #expect(advice.contains { $0.contains("use another address") }, "\(advice)")
      harness.restart()
    }
  }

  static let needs: [(String, @Sendable (ExchangeRequest) -> Bool)] = [
    ("the exchange's clock", \.isClock), ("the symbols' rules", \.isInstruments),
    ("the pairs that the API key may trade", { $0 == .tradableSymbols }),
  ]

  @Test(arguments: needs)
  func `a start that waits says for what`(
    what: String, concerns: @escaping @Sendable (ExchangeRequest) -> Bool
  ) {
    let answers: [(ExchangeAnswer, String)] = [
      (.failed(.notSent("connection refused")), "not sent: connection refused"),
      (refusal(10072, .halt), "code 10072: text 10072"),
      (.failed(.unreadable("HTTP 404")), "HTTP 404"),
    ]
    for (answer, words) in answers {
      let exchange = FakeExchange()
      exchange.script = { dispatch, _ in concerns(dispatch.request) ? .answer(answer) : nil }
      let harness = EngineHarness(exchange: exchange)
      harness.tick()
      #expect(!messages(harness).isEmpty)
      harness.settle()
      let found = messages(harness).filter { $0.contains(what) }
      #expect(found.count == 1)
      #expect(found.first?.contains(words) == true, "\(found)")
      exchange.script = { _, _ in nil }
      harness.advance(by: .seconds(10))
      #expect(messages(harness).isEmpty)
    }
  }

  /// A start right after a run that used much of the pools.
  @Test func `a start that waits for the rate limit says until when`() {
    let harness = EngineHarness.open()
    harness.restart(makeConfiguration { $0.rateLimits.ipWeight = 30 })
    let found = messages(harness).filter { $0.contains("rate limits counts until") }
    #expect(found.count >= 1, "\(messages(harness))")
    harness.advance(by: .seconds(60))
    #expect(messages(harness).isEmpty, "\(messages(harness))")
  }

  @Test func `earlier orders that are still looked up are named`() {
    let harness = EngineHarness.open()
    harness.submit(limit("old"))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.restart()
    harness.advance(by: .seconds(10))
    #expect(messages(harness).count == 1)
    #expect(messages(harness).first?.contains("that of signal old (no answer: time out)") == true)
  }

  @Test func `symbols that cannot be traded are named`() {
    let exchange = FakeExchange()
    exchange.tradable = [btc, sol]
    exchange.instruments = [instrument(btc) { $0.isTradable = false }, instrument(eth)]
    let harness = EngineHarness.open(exchange: exchange)
    let troubles = harness.engine.troubles(at: harness.now)
    #expect(troubles.map(\.subject) == [.symbol(btc), .symbol(eth), .symbol(sol)])
    #expect(
      troubles.map(\.message) == [
        "BTCUSDT is not open to trading over the API now; signals for it are refused",
        "the API key may not trade ETHUSDT; signals for it are refused",
        "the exchange does not list SOLUSDT; signals for it are refused",
      ])
  }

  @Test func `a symbol that takes no side is named, and one that takes a side is not`() {
    let exchange = FakeExchange()
    exchange.instruments = [
      instrument(btc) { $0.sides = .none }, instrument(eth) { $0.sides = .buyOnly },
      instrument(sol) { $0.sides = .sellOnly },
    ]
    let harness = EngineHarness.open(exchange: exchange)
    #expect(
      messages(harness) == [
        "the exchange takes neither buys nor sells of BTCUSDT now; signals for it are refused"
      ])
  }

  @Test func `a careful start is named`() {
    let harness = EngineHarness.open()
    harness.setBack(to: harness.store)
    harness.advance(by: .seconds(10))
    #expect(messages(harness).count == 1)
    #expect(messages(harness).first?.contains("careful start since") == true)
    harness.command(.resume)
    #expect(messages(harness).isEmpty)
  }

  @Test func `a clock that a back-off keeps from being read is told with that alone`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isClock ? .answer(throttled(.seconds(100))) : nil
    }
    harness.advance(by: .seconds(90))
    #expect(messages(harness).count == 1)
    #expect(messages(harness).first?.contains("demands a back-off") == true)
  }

  @Test func `what is done without is not said to go on with a reading`() {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      dispatch.request == .tradableSymbols ? .answer(.failed(.unreadable("HTML"))) : nil
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.advance(by: .seconds(1_000))
    #expect(harness.engine.isTradingOpen)
    let told = harness.logs.map(\.message).filter { $0.contains("could not read the pairs") }
    #expect(told.contains { $0.hasSuffix("; going on without") })
    #expect(!told.contains { $0.contains("last reading") })
  }
}
