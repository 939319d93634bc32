import Domain
import Execution
import Testing

/// A second order of the same name that is told while the first one's end is: it halts trading.
@Suite struct SecondOrderTests {
  private let exchange = FakeExchange()

  /// A filled order whose answer was lost, at its first round of every view. The look by name shows it, and
  /// the other views wait for the test.
  private func round() -> EngineHarness {
    let harness = EngineHarness.connected(exchange)
    exchange.script = { [exchange] dispatch, now in
      guard let request = dispatch.request.orderRequest else {
        return dispatch.request.isOrder ? .answer(noSuchOrder) : nil
      }
      exchange.accept(request)
      return .answer(.failed(.noAnswer("time out")))
    }
    harness.submit(limit("a", type: .immediateOrCancel))
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == .unknown)
    exchange.script = { dispatch, _ in dispatch.request.isLook ? .hold : nil }
    harness.advance(by: .seconds(4))
    #expect(harness.held.count == 4)
    exchange.script = { _, _ in nil }
    return harness
  }

  private func answerOthers(_ harness: EngineHarness, _ second: OrderReport) {
    for dispatch in harness.held {
      let answer =
        dispatch.request.isRecentOrders
        ? .orders([second]) : exchange.answer(to: dispatch.request, at: harness.now)
      harness.answer(dispatch, answer)
    }
  }

  private func second() -> OrderReport {
    var report = exchange.ledger[0]
    report.orderID = "E2"
    return report
  }

  @Test(arguments: [false, true])
  func `it is noticed although the first view, or the stream, tells an end`(isPushed: Bool) {
    let harness = round()
    if isPushed {
      harness.apply(.execution(exchange.ledger[0]))
    } else if let look = harness.held.first(where: \.request.isOrder) {
      harness.answer(look, .order(exchange.ledger[0]))
    }
    answerOthers(harness, second())
    harness.advance(by: .seconds(1))
    #expect(harness.engine.halt?.reason.contains("2 orders for signal a: E1, E2") == true)
    #expect(harness.status("a") == .filled)
    harness.checkStore()
  }

  @Test func `without one the order ends with the next look`() {
    let harness = round()
    if let look = harness.held.first(where: \.request.isOrder) {
      harness.answer(look, .order(exchange.ledger[0]))
    }
    harness.settle()
    #expect(harness.status("a") == .filled)
    #expect(harness.outcomes.count == 1)
    answerOthers(harness, exchange.ledger[0])
    #expect(harness.engine.halt == nil)
    harness.checkStore()
  }
}
