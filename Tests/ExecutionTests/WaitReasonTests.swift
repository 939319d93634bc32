import Domain
import Execution
import Testing

/// What a person is told of an order that is accepted and has not left.
@Suite struct WaitReasonTests {
  private func reason(_ id: String, _ harness: EngineHarness) -> String? {
    harness.engine.waitReason(of: signalID(id), at: harness.now.monotonic)
  }

  private func failing(
    _ isMeant: @escaping @Sendable (ExchangeRequest) -> Bool
  ) -> FakeExchange {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      isMeant(dispatch.request) ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    return exchange
  }

  @Test func `an order waits for an exchange that was not asked yet, and then no more`() {
    let exchange = failing(\.isClock)
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.submit(limit("a"))
    harness.settle()
    #expect(reason("a", harness) == "the exchange, which could not be asked yet since the start")
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(8))
    #expect(harness.status("a") == .open)
    #expect(reason("a", harness) == nil)
    #expect(reason("nobody", harness) == nil)
  }

  private func denial(_ id: String, _ harness: EngineHarness) -> String? {
    harness.outcome(id)?.message
  }

  private static let late = "it expired before its order could leave; trading was not open: "

  /// The exchange answers, and this is about one question to it.
  @Test func `an order waits for what is told of another key`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(
      makeConfiguration { $0.venue.keyInformationRefresh = .seconds(3_600) }, exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request == .keyInformation ? .hold : nil }
    harness.apply(.keyChanged)
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(2)) })
    harness.settle()
    #expect(reason("a", harness) == "what the exchange tells of the API key")
    harness.advance(by: .seconds(3))
    #expect(
      denial("a", harness) == Self.late + "what the API key may do was not known yet")
  }

  /// Of the 55 that may be used at most, a start takes a third for used and uses 28.
  @Test func `an order waits for what is used of the rate limits`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.venue.keyInformationRefresh = .seconds(3_600)
        $0.rateLimits.ipWeight = 60
      }, exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request == .keyInformation ? .hold : nil }
    harness.apply(.keyChanged)
    harness.push()
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(5)) })
    harness.settle()
    #expect(reason("a", harness) == "what the exchange tells of the API key")
    // The answer that is out is about a former key each time, and the question is asked again.
    for _ in 0..<20 {
      guard let question = harness.held.first else { break }
      harness.apply(.keyChanged)
      harness.answer(question, .failed(.unreadable("HTML")))
      harness.settle()
    }
    #expect(harness.held.isEmpty)
    #expect(
      reason("a", harness)
        == "the rate limits: what this or an earlier run has used of them still counts")
    let until = harness.now.wall.advanced(by: .seconds(10)).text
    #expect(
      harness.engine.troubles(at: harness.now).map(\.message) == [
        "no order leaves yet: what the API key may do is not known, and what this or an earlier "
          + "run has used of the rate limits counts until \(until)"
      ])
    harness.advance(by: .seconds(6))
    #expect(
      denial("a", harness)
        == Self.late + "what this or an earlier run had used of the rate limits still counted")
  }

  @Test func `an order waits for a clock that is read anew`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      if dispatch.request.isClock { return .hold }
      return dispatch.isPlacement ? .answer(refusal(700003, .clock)) : nil
    }
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(2)) })
    harness.settle()
    #expect(!harness.engine.isTradingOpen)
    #expect(reason("a", harness) == "the exchange's clock, which is read anew")
    harness.advance(by: .seconds(3))
    #expect(
      denial("a", harness) == Self.late + "the exchange's clock was still read anew")
  }

  /// A refused signal has the rules of its symbol read again, and orders go on with those that are known.
  @Test func `a request that keeps nothing back is not what an order waits for`() {
    let exchange = FakeExchange()
    exchange.instruments[1] = instrument(eth) { $0.isTradable = false }
    let harness = EngineHarness.open(
      makeConfiguration { $0.rateLimits.ipWeight = 60 }, exchange: exchange)
    harness.advance(by: .seconds(6))
    let readings = { harness.requests(\.isInstruments).count }
    let count = readings()
    harness.submit(limit("closed", eth))
    harness.settle()
    exchange.script = { dispatch, _ in
      if dispatch.request.isClock { return .hold }
      return dispatch.isPlacement ? .answer(refusal(700003, .clock)) : nil
    }
    harness.push()
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(2)) })
    harness.settle()
    #expect(harness.placements.count == 1)
    #expect(!harness.engine.isTradingOpen)
    #expect(reason("a", harness) == "the exchange's clock, which is read anew")
    harness.advance(by: .seconds(3))
    #expect(
      denial("a", harness) == Self.late + "the exchange's clock was still read anew")
    #expect(readings() == count)
    harness.advance(by: .seconds(2))
    #expect(readings() == count + 1)
  }

  @Test func `an order waits for those of an earlier run`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    harness.submit(limit("old"))
    harness.settle()
    exchange.script = { dispatch, _ in dispatch.request.isLook ? .hold : nil }
    harness.restart()
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(2)) })
    harness.settle()
    #expect(reason("a", harness) == "orders of an earlier run, which are still looked up")
    harness.advance(by: .seconds(3))
    #expect(
      denial("a", harness) == Self.late + "orders of an earlier run were still looked up")
  }

  @Test func `an order of a careful start waits for a look`() {
    let harness = EngineHarness.open()
    harness.setBack(to: harness.store)
    harness.exchange.script = { dispatch, _ in dispatch.request.isLook ? .hold : nil }
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(600)) })
    harness.settle()
    let look = "a look for it at the exchange, which may have an order of its name already"
    #expect(reason("a", harness) == look)
    harness.advance(by: .seconds(1))
    for question in harness.held where question.request.isLook {
      harness.answer(question, .failed(.unreadable("HTML")))
    }
    let failed = reason("a", harness) ?? ""
    #expect(failed.hasPrefix(look + "; the last one told nothing: "), "\(failed)")
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(140))
    #expect(harness.status("a") == .open)
    #expect(reason("a", harness) == nil)
  }

  @Test func `what the exchange answered instead is named`() {
    let words = "code 10072: text 10072"
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in
      dispatch.request == .tradableSymbols ? .answer(refusal(10_072, .halt)) : nil
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(2)) })
    harness.settle()
    #expect(
      reason("a", harness) == "the exchange, which does not tell what an order needs (\(words))")
    harness.advance(by: .seconds(3))
    #expect(harness.code("a") == .expired)
    #expect(
      denial("a", harness) == Self.late + "the exchange did not tell what an order needs (\(words))"
    )
  }

  @Test func `an order waits for its price`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    #expect(reason("a", harness) == "a current price")
  }

  @Test func `the denial of an order names what it waited for`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    var answer = ExchangeAnswer.failed(.noAnswer("time out"))
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .answer(answer) : nil }
    harness.submit(limit("a"))
    for next in [answer, .failed(.unreadable("HTML"))] {
      answer = next
      harness.advance(by: .seconds(5))
      let told = reason("a", harness) ?? ""
      #expect(told.hasPrefix("a current price; the last look-up failed: "), "\(told)")
    }
    harness.advance(by: .seconds(120))
    #expect(harness.outcome("a")?.code == .priceUnavailable)
    let message = harness.outcome("a")?.message ?? ""
    #expect(message.hasPrefix("no current price before it expired: "), "\(message)")
    #expect(reason("a", harness) == nil)
  }

  @Test(arguments: [false, true])
  func `a look-up that failed is no reason where prices come by the stream alone`(isLate: Bool) {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    let failure = ExchangeAnswer.failed(.unreadable("HTML"))
    exchange.script = { dispatch, _ in
      guard dispatch.request.isPrices else { return nil }
      return isLate ? .hold : .answer(failure)
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(5))
    harness.reconfigure(makeConfiguration { $0.price.source = .stream })
    if isLate { harness.answer(harness.held[0], failure) }
    harness.submit(limit("b") { $0.expiry = .timeToLive(.seconds(5)) })
    harness.settle()
    #expect(
      reason("b", harness)
        == "a price young enough by the stream: none is pushed, and price.source is \"stream\"")
    harness.advance(by: .seconds(6))
    #expect(
      denial("b", harness)
        == "no price young enough was pushed before it expired, and price.source is \"stream\"")
    var engine = harness.engine
    #expect(engine.status(at: harness.now).breakers.isEmpty)
  }

  @Test func `an order waits for the end of a back-off`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { dispatch, _ in
      dispatch.request.isPrices ? .answer(throttled(.seconds(5), isBan: false)) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    exchange.script = { _, _ in nil }
    #expect(
      reason("a", harness)?.hasPrefix("the end of the back-off that the exchange demands (")
        == true,
      "\(reason("a", harness) ?? "nil")")
    harness.advance(by: .seconds(6))
    #expect(harness.status("a") == .open)
  }

  @Test func `an order waits for its turn among others`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    for index in 0..<400 { harness.submit(limit("o\(index)")) }
    harness.settle()
    let told = (0..<400).compactMap { reason("o\($0)", harness) }
    #expect(!told.isEmpty)
    #expect(told.allSatisfy { $0 == "its turn within the rate limits" }, "\(told)")
    // Their price grows old meanwhile, and another one is not told.
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.advance(by: .seconds(30))
    let waiting = (0..<400).compactMap { reason("o\($0)", harness) }
    #expect(!waiting.isEmpty)
    #expect(waiting.allSatisfy { $0 == "a current price" }, "\(waiting)")
  }

  /// It is looked for all the same.
  @Test func `what was refused when it came waits for nothing`() {
    let harness = EngineHarness.open()
    harness.setBack(to: harness.store)
    harness.exchange.script = { dispatch, _ in dispatch.request.isLook ? .hold : nil }
    harness.command(.halt(reason: "lunch", cancel: false))
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(600)) })
    harness.settle()
    #expect(harness.status("a") == .new)
    #expect(!harness.held.isEmpty)
    #expect(reason("a", harness) == nil)
  }
}
