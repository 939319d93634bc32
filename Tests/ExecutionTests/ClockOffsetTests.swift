import Domain
import Execution
import Testing

/// This machine's clock and the exchange's are apart: signals expire by the one that is wrong.
@Suite struct ClockOffsetTests {
  private func lines(_ harness: EngineHarness) -> [String] {
    harness.logs.filter { $0.message.contains("this machine's clock is") }.map(\.message)
  }

  private func troubles(_ harness: EngineHarness) -> [String] {
    harness.engine.troubles(at: harness.now).map(\.message)
  }

  @Test(arguments: [(-45_000, "44600 ms ahead of"), (45_000, "45400 ms behind")])
  func `a clock that goes wrong later is told of, and stands among the troubles`(
    drift: Int64, words: String
  ) {
    let harness = EngineHarness.open()
    harness.advance(by: .seconds(120))
    #expect(lines(harness).isEmpty)
    #expect(troubles(harness).isEmpty)
    harness.exchange.clockBase += drift
    harness.advance(by: .seconds(60))
    #expect(harness.engine.isTradingOpen)
    #expect(lines(harness).count == 1)
    #expect(lines(harness).first?.hasPrefix("this machine's clock is \(words) the") == true)
    #expect(troubles(harness) == lines(harness))
    harness.advance(by: .seconds(600))
    #expect(troubles(harness).count == 1)
    harness.exchange.clockBase -= drift
    harness.advance(by: .seconds(60))
    #expect(troubles(harness).isEmpty)
    #expect(lines(harness).count == 1)
  }

  /// The reading of every minute is not awaited.
  @Test func `a clock that is set is judged at once`() {
    let harness = EngineHarness.open()
    harness.stepWallClock(by: .seconds(-45))
    harness.tick()
    #expect(lines(harness).count == 1)
    #expect(troubles(harness) == lines(harness))
    harness.stepWallClock(by: .seconds(45))
    harness.tick()
    #expect(troubles(harness).isEmpty)
  }

  @Test func `an offset near the limit does not come and go`() {
    let harness = EngineHarness.open()
    harness.exchange.clockBase += 601
    for change: Int64 in [0, -101, 101, -400] {
      harness.exchange.clockBase += change
      harness.advance(by: .seconds(60))
      #expect(troubles(harness).count == 1)
    }
    harness.exchange.clockBase -= 101
    harness.advance(by: .seconds(60))
    #expect(troubles(harness).isEmpty)
    #expect(lines(harness).count == 1)
  }

  /// As of an exchange one of whose servers is wrong.
  @Test func `a clock that is wrong by turns is told of once an hour`() {
    let harness = EngineHarness.open()
    for minute in 1...130 {
      let isRight = minute.isMultiple(of: 2)
      harness.exchange.clockBase += isRight ? -2_000 : 2_000
      harness.advance(by: .seconds(60))
      #expect(troubles(harness).isEmpty == isRight)
    }
    #expect(lines(harness).count == 3)
  }
}
