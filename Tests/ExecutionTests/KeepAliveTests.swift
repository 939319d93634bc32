import Domain
import Execution
import Testing

/// A connection that stays good for an order while nothing else is asked.
@Suite struct KeepAliveTests {
  private let exchange = FakeExchange()

  private func open(
    _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) -> EngineHarness {
    EngineHarness.open(
      makeConfiguration {
        $0.price.source = .auto
        $0.venue.keepAlive = .seconds(4)
        change(&$0)
      }, exchange: exchange)
  }

  /// Prices come all the time, or none do.
  private func pass(_ seconds: Int, _ harness: EngineHarness, pushing: Bool = true) {
    for _ in 0..<seconds {
      if pushing { harness.push() }
      harness.advance(by: .seconds(1))
    }
  }

  /// The longest time without a request in the ten minutes that follow.
  private func longestPause(_ harness: EngineHarness, pushing: Bool = true) -> Duration {
    pass(60, harness, pushing: pushing)
    let start = harness.requests { _ in true }.count
    pass(600, harness, pushing: pushing)
    let times = harness.requests { _ in true }.dropFirst(start).map(\.at.monotonic)
    return zip(times, times.dropFirst()).map { $1.since($0) }.max() ?? .seconds(600)
  }

  private func proofs(_ harness: EngineHarness) -> Int {
    harness.requests { _ in true }.count { $0.dispatch.delivery == .proof }
  }

  @Test func `the exchange is asked before a connection is too old for an order`() {
    let harness = open()
    #expect(longestPause(harness) == .seconds(4))
    #expect((150...170).contains(proofs(harness)))
  }

  @Test func `an answer to anything else serves as well`() {
    let harness = open()
    harness.push()
    harness.submit(limit("a"))
    harness.settle()
    // The open order is looked at after 0.1 s, 0.3, 0.7, 1.5, 3.1 and 6.3.
    pass(9, harness)
    #expect(harness.requests { if case .order = $0 { true } else { false } }.count >= 5)
    #expect(proofs(harness) == 0)
  }

  @Test func `what never left proves nothing`() {
    let harness = open { $0.price.source = .stream }
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.notSent("held up"))) : nil
    }
    pass(3, harness)
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.placements.count == 1)
    pass(2, harness)
    #expect(proofs(harness) == 1)
  }

  @Test func `where each order has its price looked up nothing is asked`() {
    let harness = open { $0.price.source = .rest }
    #expect(longestPause(harness, pushing: false) == .seconds(60))
  }

  /// Where every symbol is allowed nothing is pushed between signals, and nothing may be looked up.
  @Test func `for a price that is only pushed a connection is kept without one, too`() {
    let harness = open {
      $0.price.source = .stream
      $0.risk.symbols = nil
    }
    #expect(longestPause(harness, pushing: false) == .seconds(4))
  }

  @Test func `where no order needs a connection nothing is asked`() {
    #expect(longestPause(open { $0.venue.keepAlive = nil }) == .seconds(60))
  }

  @Test func `a price that was looked up may outlive the proof of its connection`() {
    let harness = open {
      $0.price.source = .rest
      $0.price.maximumAge = .seconds(30)
    }
    harness.apply(.expected(limit("a")))
    harness.settle()
    pass(30, harness, pushing: false)
    #expect(proofs(harness) == 7)
    pass(60, harness, pushing: false)
    #expect(proofs(harness) == 7)
  }

  @Test func `where no price is pushed nothing is asked`() {
    let harness = open()
    #expect(longestPause(harness, pushing: false) == .seconds(60))
    // Within an interval of the first price.
    pass(5, harness)
    #expect(proofs(harness) == 1)
  }

  @Test func `while trading is halted nothing is asked`() {
    let harness = open()
    harness.command(.halt(reason: "a test", cancel: false))
    harness.settle()
    #expect(longestPause(harness) == .seconds(60))
    harness.command(.resume)
    harness.settle()
    #expect(longestPause(harness) == .seconds(4))
  }

  @Test func `within a back-off nothing is asked`() {
    let harness = open()
    exchange.script = { dispatch, _ in
      dispatch.request.isClock ? .answer(throttled(.seconds(120))) : nil
    }
    pass(10, harness)
    let before = harness.requests { _ in true }.count
    pass(100, harness)
    #expect(harness.requests { _ in true }.count == before)
    exchange.script = { _, _ in nil }
    pass(60, harness)
    #expect(longestPause(harness) == .seconds(4))
  }

  @Test func `an exchange that does not answer is asked less and less`() {
    let harness = open()
    pass(10, harness)
    exchange.script = { dispatch, _ in .answer(.failed(.noAnswer("gone")), after: .seconds(1)) }
    let before = proofs(harness)
    pass(600, harness)
    // After 4 s, then 4, 8, 16, 32 and 60 after each failure.
    #expect((10...14).contains(proofs(harness) - before))
    #expect(!harness.hasLog(.warning, "keep"))
  }
}
