import Domain
import Testing

@testable import Execution

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
    harness.advance(by: .seconds(61))
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

  @Test func `an offset near the limit does not come and go`() {
    let harness = EngineHarness.open()
    harness.exchange.clockBase += 601
    for change: Int64 in [0, -101, 101, -400] {
      harness.exchange.clockBase += change
      harness.advance(by: .seconds(61))
      #expect(troubles(harness).count == 1)
    }
    harness.exchange.clockBase -= 101
    harness.advance(by: .seconds(60))
    #expect(troubles(harness).isEmpty)
    #expect(lines(harness).count == 1)
  }

  @Test func `clocks that are apart by turns are told of once an hour`() {
    let harness = EngineHarness.open()
    for turn in 1...65 {
      let isRight = turn.isMultiple(of: 2)
      harness.exchange.clockBase += isRight ? -2_000 : 2_000
      harness.advance(by: .seconds(122))
      #expect(troubles(harness).isEmpty == isRight)
    }
    #expect(lines(harness).count == 3)
  }

  /// As of an exchange one of whose servers is wrong.
  @Test func `one reading that is wrong is believed by nobody`() {
    let harness = EngineHarness.open()
    var isWrong = false
    harness.exchange.script = { [exchange = harness.exchange] dispatch, _ in
      guard dispatch.request == .serverTime else { return nil }
      isWrong.toggle()
      exchange.clockBase += isWrong ? 2_000 : -2_000
      return nil
    }
    for _ in 0..<10 {
      harness.advance(by: .seconds(60))
      #expect(troubles(harness).isEmpty)
    }
    #expect(harness.requests { $0 == .serverTime }.count >= 18)
    #expect(lines(harness).isEmpty)
  }

  /// As after a start, where no clock holds yet that a reading could be compared with.
  @Test func `an offset that one reading shows is believed where the next one shows it too`() {
    var offset = ClockOffset()
    var reaction = Reaction(at: moment())
    func judge(_ milliseconds: Int64) -> Bool {
      let clock = ExchangeClock(
        reading: moment(.milliseconds(milliseconds)).wall, sentAt: monotonic(.zero),
        receivedAt: monotonic(.zero))
      return offset.judge(clock, &reaction)
    }
    for _ in 0..<3 {
      #expect(judge(2_000) == false)
      #expect(judge(0) == true)
    }
    #expect(offset.trouble == nil)
    #expect(reaction.logs.isEmpty)
    #expect(judge(2_000) == false)
    #expect(offset.trouble == nil)
    #expect(judge(2_000) == true)
    #expect(offset.trouble != nil)
    #expect(reaction.logs.map(\.level) == [.warning])
  }
}
