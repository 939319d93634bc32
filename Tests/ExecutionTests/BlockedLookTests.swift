import Domain
import Execution
import Testing

/// Looks at one order that the firewall refuses, while it lets every other request pass.
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
