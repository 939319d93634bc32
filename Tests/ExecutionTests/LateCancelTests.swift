import Domain
import Execution
import Testing

/// The cancel of an order that is not found: it holds until the order is found.
@Suite struct LateCancelTests {
  private func state(_ harness: EngineHarness) -> EngineStatus.State {
    var engine = harness.engine
    return engine.status(at: harness.now).state
  }

  /// It turns up: one cancel leaves, and ends it.
  private func expectCanceled(_ harness: EngineHarness) {
    #expect(harness.requests(\.isCancel).isEmpty)
    harness.exchange.accept(harness.request("a"))
    harness.advance(by: .seconds(70))
    #expect(harness.requests(\.isCancel).count == 1)
    #expect(harness.status("a") == .canceled)
    #expect(harness.exchange.ledger[0].status == .canceled)
    harness.checkStore()
  }

  @Test(arguments: [false, true], [false, true])
  func `a halt that cancels reaches it when it is found`(restarts: Bool, isClosed: Bool) {
    let harness = withMissingOrder()
    if isClosed { harness.command(.resolveNotPlaced(signalID("a"))) }
    let apart = isClosed ? "" : "; 1 that is not found is cancelled as soon as it is found"
    #expect(
      harness.command(.halt(reason: "storm", cancel: true))?.message
        == "halted: no new order until 'resume'; 0 orders are being cancelled" + apart)
    #expect(state(harness) == .halted)
    if restarts { harness.restart() }
    expectCanceled(harness)
  }

  @Test func `cancel all counts what is not found apart`() {
    let harness = withMissingOrder()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement && dispatch.request.orderRequests[0].symbol == eth
        ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("b", eth))
    harness.submit(limit("c", sol))
    harness.advance(by: .seconds(70))
    #expect(
      harness.command(.cancelAll)?.message
        == "1 order is being cancelled; 2 that are not found are cancelled as soon as they are found"
    )
    harness.settle()
    #expect(harness.status("c") == .canceled)
  }

  @Test(arguments: [false, true])
  func `the cancel of one reaches it when it is found`(isClosed: Bool) {
    let harness = withMissingOrder()
    if isClosed { harness.command(.resolveNotPlaced(signalID("a"))) }
    let answer = harness.command(.cancel(signalID("a")))
    #expect(answer?.ok == true)
    #expect(
      answer?.message
        == "the order of signal a is not found; it is cancelled as soon as it is found"
        + (isClosed ? "" : "; or 'resolve' it"))
    expectCanceled(harness)
  }

  @Test func `what is closed as never placed is not said to be cancelled`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    harness.command(.halt(reason: "storm", cancel: true))
    #expect(state(harness) == .reducing)
    harness.advance(by: .seconds(70))
    #expect(harness.status("a") == .notFound)
    #expect(state(harness) == .halted)
    harness.command(.resolveNotPlaced(signalID("a")))
    #expect(state(harness) == .halted)
    harness.restart()
    #expect(state(harness) == .halted)
  }

  @Test func `one that is not looked for any more is not promised to be cancelled`() {
    let harness = withMissingOrder()
    harness.advance(by: .seconds(8 * 24 * 3_600))
    #expect(harness.hasLog(.error, "waits for the operator"))
    let answer = harness.command(.cancel(signalID("a")))
    #expect(answer?.ok == false)
    #expect(answer?.message == "the order was never seen; 'resolve' it instead")
    #expect(harness.command(.cancelAll)?.message == "0 orders are being cancelled")
  }
}
