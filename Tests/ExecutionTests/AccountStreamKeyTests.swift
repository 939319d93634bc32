import Domain
import Execution
import Testing

/// The key of the account's stream, when the account's API key is another one, and when it is not
/// extended.
@Suite struct AccountStreamKeyTests {
  private let exchange = FakeExchange()

  private func asked(_ harness: EngineHarness) -> Int {
    harness.requests { $0 == .openAccountStream }.count
  }

  private func holdsKey(_ isHeld: Bool) {
    exchange.script = { dispatch, _ in
      dispatch.request == .openAccountStream && isHeld ? .hold : nil
    }
  }

  @Test func `what the former key was given is not taken for the new one's`() throws {
    holdsKey(true)
    let harness = EngineHarness.open(
      makeConfiguration { $0.venue = streamTraits }, exchange: exchange)
    let former = try #require(harness.held.first)
    harness.apply(.keyChanged)
    harness.advance(by: .seconds(1))
    #expect(asked(harness) == 1)
    harness.answer(former, .accountStreamReady)
    harness.advance(by: .seconds(1))
    #expect(harness.streamsConnected == 0)
    #expect(asked(harness) == 2)
    harness.answer(try #require(harness.held.first), .accountStreamReady)
    harness.advance(by: .seconds(60))
    #expect(harness.streamsConnected == 1)
    #expect(asked(harness) == 2)
  }

  @Test func `a failure of the former key does not hold up the new one`() throws {
    exchange.script = { dispatch, _ in
      dispatch.request == .openAccountStream ? .answer(refusal(700_007, .halt)) : nil
    }
    let harness = EngineHarness.open(
      makeConfiguration { $0.venue = streamTraits }, exchange: exchange)
    harness.advance(by: .seconds(300))
    holdsKey(true)
    harness.advance(by: .seconds(600))
    let former = try #require(harness.held.first)
    holdsKey(false)
    harness.apply(.keyChanged)
    harness.answer(former, refusal(700_007, .halt))
    harness.advance(by: .seconds(1))
    #expect(harness.streamsConnected == 1)
  }

  @Test func `an order is looked up at once, and the stream connected anew`() {
    let harness = EngineHarness.connected(exchange)
    harness.submit(limit("a"))
    harness.advance(by: .seconds(20))
    exchange.fill(0, to: "1", .filled)
    harness.apply(.keyChanged)
    // The former connection is refused now, which says nothing of the key that is asked for.
    harness.apply(.accountStream(.keyRefused))
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .filled)
    #expect(harness.streamsConnected == 2)
    #expect(asked(harness) == 2)
  }

  @Test func `that the former key lives on says nothing`() throws {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { dispatch, _ in
      dispatch.request == .extendAccountStream ? .hold : nil
    }
    harness.advance(by: .seconds(25 * 60 + 1))
    harness.apply(.keyChanged)
    harness.answer(try #require(harness.held.first), .accountStreamReady)
    harness.advance(by: .seconds(1))
    #expect(asked(harness) == 2)
    #expect(harness.streamsConnected == 2)
  }

  /// Nothing that they say is about the stream's key.
  @Test(arguments: [(700_003, ExchangeError.Action.clock), (11_444, .wait)])
  func `an extension that is refused for the moment leaves the stream as it is`(
    code: Int, action: ExchangeError.Action
  ) {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { dispatch, _ in
      dispatch.request == .extendAccountStream ? .answer(refusal(code, action)) : nil
    }
    harness.advance(by: .seconds(26 * 60))
    #expect(harness.requests { $0 == .extendAccountStream }.count > 1)
    #expect(asked(harness) == 1)
    #expect(harness.streamsConnected == 1)
    #expect(harness.hasLog(.notice, "the stream goes on meanwhile"))
    #expect(!harness.hasLog(.info, "the key of the account's stream has ended"))
  }
}
