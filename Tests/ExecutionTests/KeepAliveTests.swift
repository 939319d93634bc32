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

  /// The longest time without an answer in the quarter of an hour that follows.
  private func longestPause(_ harness: EngineHarness) -> Duration {
    let start = harness.requests { _ in true }.count
    harness.advance(by: .seconds(900))
    let times = harness.requests { _ in true }.dropFirst(start - 1).map(\.at.monotonic)
    return zip(times, times.dropFirst()).map { $1.since($0) }.max() ?? .seconds(900)
  }

  @Test func `the exchange is asked before a connection is too old for an order`() {
    let harness = open()
    #expect(longestPause(harness) == .seconds(4))
    #expect(harness.requests(\.isClock).count <= 900 / 4 + 20)
  }

  @Test func `an answer to anything else serves as well`() {
    let harness = open()
    harness.submit(limit("a"))
    harness.settle()
    let clocks = harness.requests(\.isClock).count
    // The open order is looked at.
    harness.advance(by: .seconds(3))
    #expect(harness.requests(\.isClock).count == clocks)
  }

  @Test(
    arguments: [
      { $0.price.source = .rest },
      { $0.venue.keepAlive = nil },
    ] as [@Sendable (inout EngineConfiguration) -> Void])
  func `where no order leaves on a pushed price nothing is asked`(
    change: @Sendable (inout EngineConfiguration) -> Void
  ) {
    #expect(longestPause(open(change)) == .seconds(60))
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
    harness.advance(by: .seconds(10))
    let before = harness.requests { _ in true }.count
    harness.advance(by: .seconds(100))
    #expect(harness.requests { _ in true }.count == before)
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(60))
    #expect(longestPause(harness) == .seconds(4))
  }

  @Test func `an exchange that does not answer is asked once at a time`() {
    let harness = open()
    exchange.script = { dispatch, _ in
      dispatch.request.isClock ? .answer(.failed(.noAnswer("gone")), after: .seconds(30)) : nil
    }
    let before = harness.requests(\.isClock).count
    harness.advance(by: .seconds(55))
    #expect(harness.requests(\.isClock).count - before == 2)
    #expect(!harness.hasLog(.warning, "could not read"))
  }
}
