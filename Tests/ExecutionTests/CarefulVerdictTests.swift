import Domain
import Execution
import Testing

/// What a careful start owes to the signals that it took: it holds over a restart.
@Suite struct CarefulVerdictTests {
  private func patient(_ id: String, source: String? = nil) -> Signal {
    limit(id) {
      $0.expiry = .timeToLive(.seconds(600))
      $0.source = source
    }
  }

  private func doubtful(
    _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) -> EngineHarness {
    let harness = EngineHarness.open(makeConfiguration(change: change))
    harness.setBack(to: harness.store)
    return harness
  }

  @Test func `what was to be looked for when it was ended is looked for after a restart`() {
    let harness = EngineHarness.open()
    let copy = harness.store
    harness.submit(patient("a"))
    harness.settle()
    harness.setBack(to: copy, after: .seconds(10))
    harness.exchange.script = { dispatch, _ in dispatch.request.isLook ? .hold : nil }
    harness.submit(patient("a"))
    harness.command(.resume)
    // Later signals need no look.
    harness.submit(patient("b"))
    harness.settle()
    #expect(harness.status("b") == .open)
    harness.exchange.script = { _, _ in nil }
    harness.restart()
    harness.advance(by: .seconds(200))
    #expect(harness.status("a") == .open)
    #expect(harness.placements(of: "a").count == 1)
    #expect(harness.exchange.ledger.count == 2)
    // With the last one the careful start is over for good.
    harness.command(.resume)
    harness.restart()
    #expect(harness.engine.careful == nil)
    harness.checkStore()
  }

  @Test func `it is over for good when the last one has been looked for`() {
    let harness = doubtful()
    harness.submit(patient("a"))
    harness.command(.resume)
    #expect(harness.engine.careful == nil)
    #expect(harness.store.careful != nil)
    harness.advance(by: .seconds(67))
    #expect(harness.status("a") == .open)
    #expect(harness.store.careful == nil)
    harness.checkStore()
  }

  @Test(arguments: [false, true])
  func `a refusal of the moment holds over a restart`(isEnded: Bool) {
    let harness = doubtful { $0.risk.maximumOrdersPerMinute = 1 }
    harness.submit(patient("a"))
    #expect(harness.submit(patient("b"))?.status == .accepted)
    if isEnded { harness.command(.resume) }
    harness.restart()
    harness.advance(by: .seconds(140))
    #expect(harness.placements.count == 1)
    #expect(harness.status("b") == .denied)
    #expect(harness.code("b") == .riskOrderRate)
    harness.checkStore()
  }

  @Test func `a refused one that is at the exchange is followed`() {
    let harness = EngineHarness.open()
    let copy = harness.store
    harness.submit(patient("a"))
    harness.settle()
    harness.setBack(to: copy, after: .seconds(10))
    harness.command(.halt(reason: "lunch", cancel: false))
    harness.submit(patient("a"))
    harness.restart()
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .open)
    #expect(harness.code("a") == .accepted)
    var engine = harness.engine
    #expect(engine.status(at: harness.now).dailyQuote == decimal("100"))
    harness.checkStore()
  }

  @Test func `what is refused takes nothing of the limits that refuse it`() {
    let harness = doubtful {
      $0.sources = ["bot": .init(signalsPerHour: 2)]
      $0.risk.maximumDailyQuote = decimal("1000")
    }
    // Two are taken in the first hour, and nothing of what is refused keeps the third hour's away.
    for minute in stride(from: 0, to: 120, by: 20) {
      harness.submit(patient("m\(minute)", source: "bot"))
      harness.advance(by: .seconds(20 * 60))
    }
    let codes = stride(from: 0, to: 120, by: 20).map { harness.code("m\($0)") }
    #expect(
      codes == [.accepted, .accepted, .sourceLimit, .accepted, .accepted, .sourceLimit])
    harness.checkStore()
  }

  @Test func `what is refused is no open order, and has no turn`() {
    let harness = doubtful { $0.risk.maximumOpenOrders = 1 }
    let late = limit("late") {
      $0.createdAt = WallTime(milliseconds: 1_600_000_000_000)
      $0.expiry = .timeToLive(.seconds(5))
    }
    #expect(harness.submit(late)?.status == .accepted)
    harness.submit(patient("b"))
    harness.advance(by: .seconds(140))
    #expect(harness.status("b") == .open, "\(harness.message("b"))")
    #expect(harness.status("late") != .open)
    harness.checkStore()
  }

  /// It has never been armed, whatever the end of the run took.
  @Test func `a refused one is refused after a power cut, too`() {
    let harness = doubtful()
    harness.command(.halt(reason: "lunch", cancel: false))
    harness.submit(patient("a"))
    harness.store.bootIsNew = true
    harness.restart()
    harness.advance(by: .seconds(140))
    #expect(harness.status("a") == .denied)
    #expect(harness.code("a") == .halted)
    harness.command(.resume)
    harness.command(.resume)
    #expect(harness.submit(patient("b"))?.code == .accepted)
    harness.checkStore()
  }

  /// As of a pair that is closed to the API: no view ever gives the proof.
  @Test(arguments: [false, true])
  func `the operators word ends a look that the exchange refuses`(isRefused: Bool) {
    let harness = doubtful()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook(at: btc) ? .answer(refusal(10007, .skip)) : nil
    }
    if isRefused { harness.command(.halt(reason: "lunch", cancel: false)) }
    harness.submit(patient("a"))
    harness.advance(by: .seconds(700))
    #expect(harness.status("a") == .new)
    let advice = harness.engine.troubles(at: harness.now).map(\.advice).joined()
    #expect(advice.contains("resolve a --not-placed") && !advice.contains("--placed ORDER_ID"))
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    let story = harness.store.history(of: key("a")).compactMap { event -> String? in
      if case .lookedUp("the operator's word", let answer) = event { return answer }
      if case .closedByOperator(let message) = event { return message }
      return nil
    }
    #expect(story.count == 1)
    #expect(story.first?.contains("never placed") == true)
    #expect(story.first?.contains("code 10007") == true)
    #expect(harness.status("a") == (isRefused ? .denied : .notFound))
    #expect(harness.code("a") == (isRefused ? .halted : .notFound))
    #expect(harness.outcome("a")?.code == harness.code("a"))
    harness.command(.resume)
    harness.command(.resume)
    harness.restart()
    harness.advance(by: .seconds(3_600))
    #expect(harness.engine.careful == nil)
    #expect(harness.placements.isEmpty)
    #expect(
      !harness.engine.troubles(at: harness.now).contains {
        $0.subject == .order(key("a"), clientOrderID(of: signalID("a")), btc)
      })
    harness.checkStore()
  }

  @Test func `the operators word is not taken while the exchange is out of reach`() {
    let harness = doubtful()
    harness.exchange.script = { _, _ in .answer(.failed(.noAnswer("time out"))) }
    harness.submit(patient("a"))
    harness.advance(by: .seconds(100))
    #expect(harness.status("a") == .new)
    let reply = harness.command(.resolveNotPlaced(signalID("a")))
    #expect(reply?.ok == false)
    #expect(reply?.message.hasPrefix("the exchange is out of reach (") == true)
  }

  /// What it finds counts.
  @Test func `the operators word on a refused one is not taken while a look for it is out`() {
    let harness = doubtful()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook(at: btc) ? .answer(refusal(10007, .skip)) : nil
    }
    harness.command(.halt(reason: "lunch", cancel: false))
    harness.submit(patient("a"))
    harness.advance(by: .seconds(700))
    harness.exchange.accept(harness.request("a"))
    harness.exchange.script = { dispatch, _ in dispatch.request.isLook(at: btc) ? .hold : nil }
    harness.advance(by: .seconds(40))
    #expect(!harness.held.isEmpty)
    let reply = harness.command(.resolveNotPlaced(signalID("a")))
    #expect(reply?.ok == false)
    #expect(reply?.message.contains("is being looked up right now") == true)
    for look in harness.held {
      harness.answer(look, harness.exchange.answer(to: look.request, at: harness.now))
    }
    #expect(harness.status("a") == .open)
    #expect(harness.code("a") == .accepted)
    harness.checkStore()
  }

  @Test func `of an order that was never sent only its name proves that it is there`() {
    let harness = doubtful()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook(at: btc) ? .answer(refusal(10007, .skip)) : nil
    }
    harness.submit(patient("a"))
    harness.advance(by: .seconds(700))
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.status("a") == .notFound)
    harness.exchange.accept(harness.request("a"))
    harness.exchange.ledger[0].clientOrderID = nil
    harness.exchange.script = { _, _ in nil }
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == false)
    #expect(harness.replies.last?.message.contains("carries no client order id") == true)
    #expect(harness.status("a") == .notFound)
    harness.exchange.ledger[0].clientOrderID = clientOrderID(of: signalID("a")).text
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == true)
    #expect(harness.status("a") == .open)
    harness.checkStore()
  }

  @Test func `the operator's word waits for the end of the look`() {
    let harness = doubtful()
    harness.submit(patient("a"))
    harness.settle()
    let commands: [OperatorCommand] = [
      .resolveNotPlaced(signalID("a")), .resolvePlaced(signalID("a"), orderID: "E1"),
    ]
    for command in commands {
      #expect(
        harness.command(command)?.message
          == "the order of signal a is still looked up; ask again when that is done")
    }
  }
}
