import Domain
import Execution
import Testing

/// What alone gets no answer, from an exchange that answers everything else.
@Suite struct UnansweredTests {
  private func noAnswer(after time: Duration) -> Reply {
    .answer(.failed(.noAnswer("time out")), after: time)
  }

  @Test func `the list of the key's pairs is done without`() {
    let exchange = FakeExchange()
    exchange.latency = .milliseconds(5)
    exchange.script = { dispatch, _ in
      dispatch.request == .tradableSymbols ? noAnswer(after: .seconds(9)) : nil
    }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(40))
    #expect(harness.status("a") == .open)
    #expect(harness.hasLog(.warning, "which pairs the key may trade; going on without"))
    // The clock was read each time: it is not the exchange that is silent.
    #expect((3...6).contains(harness.requests(\.isClock).count))
  }

  /// One order of SOL that an earlier run left, resting or in doubt. Its looks hang, or end at once.
  @Test(arguments: [Duration.seconds(9), .milliseconds(1)], [true, false])
  func `looks at one order keep others back for some seconds`(after time: Duration, rests: Bool) {
    let harness = EngineHarness.open()
    harness.exchange.latency = .milliseconds(5)
    if !rests { harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil } }
    harness.submit(limit("old", sol))
    harness.advance(by: .milliseconds(50))
    #expect(harness.status("old") == (rests ? .open : .submitted))
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook(at: sol) ? noAnswer(after: time) : nil
    }
    harness.restart()
    harness.submit(limit("btc"))
    harness.advance(by: .seconds(10))
    #expect(harness.status("btc") == .open)
    let paused = harness.submit(limit("sol", sol))
    #expect(paused?.code == .halted)
    #expect(paused?.message.contains("resolve old --placed") == true)
    #expect(paused?.message.contains("out of reach") == false)

    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(20))
    #expect(harness.submit(limit("sol2", sol))?.code == .accepted)
    harness.checkStore()
  }

  /// The look that is to verify it is not answered either.
  @Test(arguments: [true, false])
  func `the operator's word is taken on an order whose looks alone hang`(isPlaced: Bool) {
    let harness = EngineHarness.open()
    harness.exchange.latency = .milliseconds(5)
    harness.submit(limit("old", sol))
    harness.advance(by: .milliseconds(50))
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook(at: sol) ? noAnswer(after: .seconds(9)) : nil
    }
    harness.restart()
    harness.advance(by: .seconds(10))
    let id = signalID("old")
    harness.command(isPlaced ? .resolvePlaced(id, orderID: "E1") : .resolveNotPlaced(id))
    harness.advance(by: .seconds(10))
    #expect(harness.replies.last?.ok == true, "\(harness.replies)")
    #expect(harness.status("old") == (isPlaced ? .open : .canceled))
    #expect(harness.submit(limit("sol", sol))?.code == .accepted)
    harness.checkStore()
  }

  /// What was answered while the first look was out says nothing of the time after it.
  @Test func `the operator's word is not taken once nothing is answered any more`() {
    let harness = EngineHarness.open()
    harness.exchange.latency = .milliseconds(5)
    harness.submit(limit("old", sol))
    harness.advance(by: .milliseconds(50))
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook(at: sol) ? noAnswer(after: .seconds(9)) : nil
    }
    harness.restart()
    harness.advance(by: .seconds(1))
    harness.exchange.script = { _, _ in noAnswer(after: .seconds(9)) }
    harness.advance(by: .seconds(40))
    harness.command(.resolveNotPlaced(signalID("old")))
    #expect(harness.replies.last?.ok == false)
    #expect(harness.status("old") == .open)
    harness.checkStore()
  }

  static let silences: [(ExchangeFailure, ExchangeFailure?)] = [
    (.notSent("no route"), nil), (.noAnswer("time out"), .unreadable("HTTP 502")),
  ]

  /// What never left says nothing of the exchange, and what stands before it may have said the rest.
  @Test(arguments: silences)
  func `the operator's word is not taken where the exchange itself does not answer`(
    look: ExchangeFailure, other: ExchangeFailure?
  ) {
    let harness = EngineHarness.open()
    harness.exchange.latency = .milliseconds(5)
    harness.submit(limit("old", sol))
    harness.advance(by: .milliseconds(50))
    harness.exchange.script = { dispatch, _ in
      let failure = dispatch.request.isLook(at: sol) ? look : other
      return failure.map { .answer(.failed($0), after: .milliseconds(1)) }
    }
    harness.advance(by: .seconds(100))
    for _ in 0..<30 {
      harness.advance(by: .seconds(1))
      #expect(harness.command(.resolveNotPlaced(signalID("old")))?.ok == false)
    }
    #expect(harness.status("old") == .open)
    harness.checkStore()
  }
}
