import Domain
import Execution
import Testing

/// What the sender of a signal hears of doubt, and of the operator's word.
@Suite struct DoubtTests {
  /// One order whose answer was lost.
  private func lost(
    accepts: Bool = false, _ configuration: EngineConfiguration = makeConfiguration()
  ) -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(configuration, exchange: exchange)
    exchange.script = { [unowned exchange] dispatch, _ in
      guard let request = dispatch.request.orderRequest else { return nil }
      if accepts { exchange.accept(request) }
      return .answer(.failed(.noAnswer("time out")))
    }
    harness.submit(limit("a"))
    harness.settle()
    return harness
  }

  private func statuses(_ harness: EngineHarness) -> [OrderStatus?] {
    harness.doubts.map { $0.doubt?.status }
  }

  @Test func `an unknown outcome is told after three seconds`() {
    let harness = lost()
    let sent = harness.order("a")?.armedAt
    harness.advance(by: .milliseconds(2_999))
    #expect(harness.doubts.isEmpty)
    harness.advance(by: .milliseconds(1))
    let told = harness.doubts.last
    #expect(told?.signal == signalID("a"))
    #expect(told?.doubt?.status == .unknown)
    #expect(told?.doubt?.code == .accepted)
    #expect(told?.doubt?.since == sent)
    #expect(told?.doubt?.clientOrderID == harness.request("a").clientOrderID)
    #expect(told?.doubt?.message.contains("time out") == true)
    // Told once, until something changes.
    harness.advance(by: .seconds(60))
    #expect(statuses(harness) == [.unknown])
    harness.advance(by: .seconds(10))
    #expect(statuses(harness) == [.unknown, .notFound])
    #expect(harness.doubts.last?.doubt?.code == .notFound)
    #expect(harness.doubts.last?.doubt?.advice.contains("resolve a") == true)
    harness.advance(by: .seconds(3_600))
    #expect(harness.doubts.count == 2)
  }

  @Test func `an answer that does not come is a doubt`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(4))
    #expect(statuses(harness) == [.submitted])
    harness.answer(harness.held[0], .placed(orderID: "E1"))
    #expect(statuses(harness) == [.submitted, nil])
  }

  @Test func `a quick find is not told and a late one takes the doubt back`() {
    let quick = lost(accepts: true)
    quick.exchange.script = { _, _ in nil }
    quick.advance(by: .seconds(10))
    #expect(quick.status("a") == .open)
    #expect(quick.doubts.isEmpty)

    let late = lost()
    late.advance(by: .seconds(70))
    late.exchange.accept(late.request("a"))
    late.advance(by: .seconds(61))
    #expect(late.status("a") == .open)
    #expect(statuses(late) == [.unknown, .notFound, nil])
  }

  @Test func `a test order is no doubt`() {
    let harness = EngineHarness.open(makeConfiguration { $0.mode = .validate })
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(30))
    #expect(harness.doubts.isEmpty)
  }

  /// What an earlier run said may still stand: a new one speaks of every order that it finds.
  @Test func `a restart says it again or takes it back`() {
    let harness = lost()
    harness.advance(by: .seconds(4))
    harness.restart(after: .seconds(5))
    #expect(statuses(harness) == [.unknown])
    harness.advance(by: .seconds(3))
    #expect(statuses(harness) == [.unknown, .unknown])
    // Until the windows of the rate limits are empty again.
    harness.advance(by: .seconds(20))
    harness.exchange.accept(harness.request("a"))
    harness.restart()
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .open)
    #expect(statuses(harness) == [.unknown, .unknown, nil])
    harness.restart()
    harness.advance(by: .seconds(10))
    #expect(statuses(harness) == [.unknown, .unknown, nil, nil])
    harness.advance(by: .seconds(600))
    #expect(harness.doubts.count == 4)
  }

  /// Where a working order stands is not known after a start before the exchange has said it.
  @Test func `an order that cannot be read after a start is a doubt`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.restart()
    harness.advance(by: .seconds(4))
    #expect(statuses(harness) == [.open])
    #expect(harness.doubts.last?.doubt?.message.contains("time out") == true)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(15))
    #expect(statuses(harness) == [.open, nil])
  }

  /// The pair is delisted, say: the reason and the way out stand beside the file.
  @Test(arguments: [false, true])
  func `an order whose looks are refused is a doubt`(isRestarted: Bool) {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook ? .answer(refusal(10007, .skip, refuses: false)) : nil
    }
    if isRestarted { harness.restart() }
    harness.advance(by: .seconds(20))
    #expect(statuses(harness) == [.open])
    let doubt = harness.doubts.last?.doubt
    #expect(doubt?.message.contains("10007") == true)
    #expect(doubt?.advice.contains("resolve a") == true)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(30))
    #expect(statuses(harness) == [.open, nil])
  }

  /// The operator's word is not taken then, and nothing is to ask for it.
  @Test(arguments: [false, true])
  func `an exchange that is out of reach is waited for`(isRestarted: Bool) {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook || dispatch.request.isCancel
        ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    if isRestarted { harness.restart() }
    harness.advance(by: .seconds(60))
    let told = harness.engine.troubles(at: harness.now).filter { $0.message.contains("signal a") }
    #expect(told.count == 1)
    var advice = told.map(\.advice)
    advice += [harness.doubts.last?.doubt?.advice ?? ""]
    advice += harness.logs.flatMap(\.fields).filter { $0.key == "advice" }.map(\.value)
    if isRestarted { advice.append(harness.submit(limit("b"))?.message ?? "") }
    for text in advice { #expect(!text.contains("resolve"), "\(text)") }
    #expect(advice[1].contains("out of reach"))

    harness.command(.resolveNotPlaced(signalID("a")))
    let reply = harness.replies.last
    #expect(reply?.ok == false)
    #expect(
      reply?.message
        == "the exchange is out of reach (no answer: time out); ask again when it answers")
    #expect(harness.command(.cancel(signalID("a")))?.message.contains("resolve") == false)
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.advance(by: .seconds(30))
    #expect(harness.replies.count == 3)
    #expect(harness.replies.last?.message.contains("out of reach") == true)
  }

  /// Without the exchange's clock, nothing is asked about an order either.
  @Test func `an order that nothing was asked about since the start is no order to be closed`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.script = { _, _ in .answer(.failed(.noAnswer("time out"))) }
    harness.restart()
    harness.advance(by: .seconds(60))
    harness.command(.resolveNotPlaced(signalID("a")))
    #expect(harness.replies.last?.ok == false)
    #expect(
      harness.replies.last?.message
        == "the order of signal a is still looked up; ask again when that is done")
  }

  // MARK: The operator's word

  @Test func `the operators word ends the story and the watch goes on`() {
    let harness = lost()
    harness.advance(by: .seconds(70))
    #expect(harness.outcomes.isEmpty)
    harness.command(.resolveNotPlaced(signalID("a")))
    let outcome = harness.outcome("a")
    #expect(outcome?.code == .notFound)
    #expect(outcome?.order.status == .notFound)
    #expect(outcome?.replacesEarlier == false)
    #expect(statuses(harness) == [.unknown, .notFound, nil])
    #expect(harness.submit(limit("a"))?.status == .duplicate)

    harness.restart()
    harness.advance(by: .seconds(10))
    #expect(harness.outcomes.count == 1)
    #expect(harness.doubts.last?.doubt == nil)
    harness.exchange.accept(harness.request("a"))
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(61))
    #expect(harness.status("a") == .open)
    #expect(harness.outcomes.count == 2)
    #expect(harness.outcomes[1].replacesEarlier)
    #expect(harness.outcomes[1].order.status == .open)
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(30))
    #expect(harness.outcomes.count == 3)
    #expect(harness.outcomes[2].replacesEarlier)
    #expect(harness.outcomes[2].order.status == .filled)
    #expect(harness.hasLog(.error, "counted as not placed"))
    harness.checkStore()
  }

  @Test(arguments: [
    (PauseScope.symbol, btc, true), (.symbol, eth, false),
    (.all, eth, true), (.none, btc, false),
  ])
  func `closing one order tells which other one still pauses`(
    scope: PauseScope, other: Symbol, stillPauses: Bool
  ) {
    let harness = lost(makeConfiguration { $0.risk.pauseOnNotFound = scope })
    harness.submit(limit("b", other))
    harness.advance(by: .seconds(80))
    #expect(harness.status("a") == .notFound && harness.status("b") == .notFound)
    let what = scope == .all ? ("all trading", "All trading") : (other.text, other.text)
    let paused =
      " is paused: the order of signal b\(scope == .all ? " in \(other)" : "") "
      + "was sent, or may have been, and is not to be found "
      + "at the exchange. Look at the order on the exchange's website, then 'mexc-signalctl resolve "
      + "b --placed ORDER_ID' if it is there, or '--not-placed' if it is not."
    let closed = "closed; should the order appear after all, it counts and an alarm is raised. "
    let free = "Nothing is paused by it."
    harness.command(.resolveNotPlaced(signalID("a")))
    #expect(harness.replies.last?.message == closed + (stillPauses ? what.1 + paused : free))
    let third = harness.submit(limit("c"))
    #expect(third?.code == (stillPauses ? .halted : .accepted))
    if stillPauses { #expect(third?.message == what.0 + paused) }
    harness.command(.resolveNotPlaced(signalID("b")))
    #expect(harness.replies.last?.message == closed + free)
    #expect(harness.submit(limit("d"))?.code == .accepted)
    harness.checkStore()
  }

  @Test func `seven days later the story is what it was`() {
    let harness = lost()
    harness.advance(by: .seconds(70))
    harness.command(.resolveNotPlaced(signalID("a")))
    harness.advance(by: .seconds(8 * 86_400))
    #expect(harness.engine.liveOrders.isEmpty)
    #expect(harness.outcomes.allSatisfy { $0.code == .notFound && $0.order.status == .notFound })
    #expect(harness.code("a") == .notFound)
    #expect(harness.status("a") == .canceled)
    let told = { harness.logs.count { $0.message.hasPrefix("not seen for seven days") } }
    #expect(told() == 1)
    harness.restart()
    #expect(told() == 1)
    // The operator's word was told when he closed it.
    #expect(harness.outcomes.count { $0.signalID == signalID("a") } == 1)
    harness.checkStore()
  }
}
