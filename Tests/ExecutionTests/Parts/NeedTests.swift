import Domain
import Testing

@testable import Execution

@Suite struct NeedTests {
  private var need = Need(due: monotonic(.seconds(1)))
  private let failure = Need.Failure(reason: "timed out", advice: "wait")

  private func isDue(_ offset: Duration) -> (Bool, wake: MonotonicTime?) {
    var reaction = Reaction(at: moment(offset))
    return (need.isDue(&reaction), reaction.deadline)
  }

  @Test mutating func `it is asked for when it is due, and once`() {
    #expect(isDue(.zero) == (false, monotonic(.seconds(1))))
    #expect(isDue(.seconds(1)) == (true, nil))
    need.asked()
    #expect(isDue(.seconds(9)) == (false, nil))
    need.makeDue(at: monotonic(.seconds(9)))
    #expect(isDue(.seconds(9)) == (false, nil))
  }

  @Test mutating func `once it is met it is asked for again when it has grown old, or is wanted`() {
    need.asked()
    need.met(refreshAt: monotonic(.seconds(60)))
    #expect(need.isMet)
    #expect(isDue(.seconds(59)) == (false, monotonic(.seconds(60))))
    #expect(isDue(.seconds(60)) == (true, nil))
    need.makeDue(at: monotonic(.seconds(5)))
    #expect(isDue(.seconds(5)) == (true, nil))
    #expect(need.isMet)
  }

  @Test mutating func `failures are followed by ever longer pauses and take nothing back`() {
    need.met(refreshAt: monotonic(.seconds(1)))
    var pauses: [Int64] = []
    for _ in 0..<8 {
      need.asked()
      need.failed(failure, at: monotonic(.seconds(100)))
      let wake = isDue(.seconds(100)).wake
      pauses.append(wake?.since(monotonic(.seconds(100))).wholeMilliseconds ?? -1)
    }
    #expect(pauses == [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
    #expect(need.failures == 8)
    #expect(need.isMet)
    #expect(need.lastFailure == failure)
    need.met(refreshAt: monotonic(.seconds(200)))
    #expect(need.failures == 0)
    #expect(need.lastFailure == nil)
  }

  @Test mutating func `an answer that does not suffice is followed by the next at once`() {
    need.asked()
    need.askAgain(at: monotonic(.seconds(5)))
    #expect(!need.isMet)
    #expect(isDue(.seconds(5)) == (true, nil))
  }

  @Test mutating func `an outage is told once a minute, and another reason at once`() {
    #expect(need.isNews("a", at: monotonic(.zero)) == true)
    #expect(need.isNews("a", at: monotonic(.seconds(59))) == false)
    #expect(need.isNews("b", at: monotonic(.seconds(59))) == true)
    #expect(need.isNews("b", at: monotonic(.seconds(118))) == false)
    #expect(need.isNews("b", at: monotonic(.seconds(119))) == true)
    need.met(refreshAt: monotonic(.seconds(500)))
    #expect(need.isNews("b", at: monotonic(.seconds(120))) == true)
  }
}
