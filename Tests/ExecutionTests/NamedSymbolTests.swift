import Domain
import Execution
import Testing

/// Every symbol is allowed: the rules are asked for as signals name symbols.
@Suite struct NamedSymbolTests {
  private let names = (0..<5).map { symbol("COIN\($0)USDT") }

  private func opened() -> EngineHarness {
    let exchange = FakeExchange()
    exchange.fillsLimits = true
    for name in names {
      exchange.instruments.append(instrument(name))
      exchange.prices[name] = decimal("100")
    }
    let configuration = makeConfiguration {
      $0.risk.symbols = nil
      // No request but those that are meant wakes the engine.
      $0.mode = .paper
      $0.venue.limitsPairs = false
    }
    let harness = EngineHarness.open(configuration, exchange: exchange)
    harness.advance(by: .seconds(1))
    return harness
  }

  private func asked(_ harness: EngineHarness) -> [ExchangeRequest] {
    harness.requests(\.isInstruments).map(\.dispatch.request)
  }

  @Test func `another symbol's rules do not end the wait for one's own`() {
    let harness = opened()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isInstruments
        ? .answer(.failed(.noAnswer("reset")), after: .milliseconds(20)) : nil
    }
    harness.submit(limit("lost", names[0]))
    harness.advance(by: .milliseconds(30))
    harness.exchange.script = { _, _ in nil }
    harness.submit(limit("other", names[1]))
    harness.advance(by: .milliseconds(30))
    #expect(harness.status("other") == .open)
    #expect(harness.status("lost") == .new)
    harness.advance(by: .seconds(1))
    #expect(harness.status("lost") == .filled)
  }

  @Test func `a list that is refused is asked for until each of its parts is answered`() {
    let harness = opened()
    harness.exchange.script = { dispatch, _ in
      guard case .instruments(let symbols) = dispatch.request else { return nil }
      if symbols.count > 1 { return .answer(refusal(-1121, .skip), after: .milliseconds(5)) }
      if symbols == [names[0]] {
        return .answer(.failed(.noAnswer("reset")), after: .milliseconds(5))
      }
      return .answer(.instruments([instrument(symbols[0])]), after: .milliseconds(50))
    }
    harness.submit(limit("first", names[2]))
    harness.submit(limit("lost", names[0]))
    harness.submit(limit("other", names[1]))
    harness.advance(by: .milliseconds(120))
    #expect(harness.status("other") == .open)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(1))
    #expect(harness.status("lost") == .filled)
  }

  @Test func `one more than may be asked for now is asked for in time`() {
    let harness = opened()
    for place in 0..<4 {
      harness.submit(limit("s\(place)", names[place]))
      harness.advance(by: .milliseconds(300))
    }
    // What these four left to be done is done.
    harness.advance(by: .seconds(5))
    #expect(asked(harness).count == 4)
    harness.submit(limit("s4", names[4]) { $0.expiry = .timeToLive(.seconds(30)) })
    harness.advance(by: .seconds(4))
    #expect(harness.status("s4") == .filled)
  }

  @Test func `a new symbol does not put off the reading of those that are known`() {
    let harness = opened()
    harness.submit(limit("first", names[0]))
    harness.advance(by: .seconds(10 * 60))
    harness.submit(limit("second", names[1]))
    harness.advance(by: .seconds(5 * 60) + .seconds(1))
    #expect(
      asked(harness)
        == [
          .instruments([names[0]]), .instruments([names[1]]), .instruments([names[0], names[1]]),
        ])
  }

  @Test(arguments: [false, true])
  func `a reading that is out when all have grown old does not put that off`(
    isHeldUp: Bool
  ) throws {
    let harness = opened()
    harness.submit(limit("first", names[0]))
    harness.advance(by: .seconds(15 * 60) - .milliseconds(20))
    harness.exchange.script = { dispatch, _ in dispatch.request.isInstruments ? .hold : nil }
    harness.submit(limit("second", names[1]))
    // The answer may come in the very turn in which all are due.
    if isHeldUp {
      harness.holdUp(for: .milliseconds(30))
    } else {
      harness.advance(by: .milliseconds(30))
    }
    let out = try #require(harness.held.first)
    harness.answer(out, harness.exchange.answer(to: out.request, at: harness.now))
    #expect(
      asked(harness)
        == [
          .instruments([names[0]]), .instruments([names[1]]), .instruments([names[0], names[1]]),
        ])
  }

  @Test func `a symbol that a reload allows leaves trading open for the others`() {
    let harness = EngineHarness.open(makeConfiguration { $0.risk.symbols = [btc] })
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isInstruments ? .answer(.failed(.noAnswer("reset"))) : nil
    }
    harness.reconfigure(makeConfiguration { $0.risk.symbols = [btc, eth] })
    #expect(harness.engine.isTradingOpen)
    harness.submit(limit("known", btc))
    harness.submit(limit("new", eth))
    harness.settle()
    #expect(harness.status("known") == .open)
    #expect(harness.status("new") == .new)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(2))
    #expect(harness.status("new") == .open)
    #expect(asked(harness).last == .instruments([btc, eth]))
  }

  @Test func `rules that were read for a list are read again when every symbol is allowed`() {
    let new = symbol("NEWUSDT")
    let exchange = FakeExchange()
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.symbols = [btc, new] }, exchange: exchange)
    #expect(harness.submit(limit("early", new))?.code == .symbolUnknown)
    exchange.instruments.append(instrument(new))
    exchange.prices[new] = decimal("100")
    exchange.tradable.append(new)
    harness.reconfigure(makeConfiguration { $0.risk.symbols = nil })
    exchange.instruments[0] = instrument(btc) { $0.isTradable = false }
    harness.advance(by: .seconds(16 * 60))
    #expect(harness.submit(limit("late", new))?.code == .accepted)
    #expect(harness.submit(limit("closed", btc))?.code == .symbolNotTradable)
  }

  /// An exchange on paper holds a resting order only by those, and they are kept for the next start.
  @Test func `after a start the rules of a resting order's symbol are asked for`() {
    let harness = opened()
    harness.exchange.fillsLimits = false
    harness.submit(limit("rests", names[0]))
    harness.advance(by: .seconds(1))
    #expect(harness.status("rests") == .open)
    harness.store.venue = harness.engine.venueFacts
    let before = asked(harness).count
    harness.restart(after: .seconds(2 * 60 * 60))
    #expect(asked(harness).dropFirst(before) == [.instruments([names[0]])])
    #expect(harness.engine.venueFacts.rules.map(\.instrument.symbol) == [names[0]])
  }

  /// What an earlier run read refuses nothing: an order that it would refuse waits for the answer.
  @Test func `a resting order's symbol does not put off the reading of kept rules`() {
    let harness = opened()
    harness.exchange.fillsLimits = false
    harness.submit(limit("rests", names[0]))
    harness.advance(by: .seconds(1))
    let kept = instrument(names[1]) { $0.sides = .buyOnly }
    harness.store.venue = VenueFacts(
      rules: [VenueFacts.Rules(instrument: kept, readAt: harness.now.wall)])
    harness.exchange.latency = .milliseconds(50)
    let before = asked(harness).count
    harness.restart()
    harness.submit(limit("waits", names[1], side: .sell))
    #expect(harness.status("waits") == .new)
    harness.advance(by: .seconds(5))
    #expect(harness.status("waits") == .open)
    #expect(asked(harness).dropFirst(before) == [.instruments([names[1], names[0]])])
  }
}
