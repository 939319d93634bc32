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

  /// Each refusal of the firewall keeps every request back for a minute.
  @Test mutating func `what the firewall alone refuses is asked for rarely`() {
    let block = Need.Failure(.blocked("HTTP 403"))
    for second in [1, 61] {
      need.failed(block, clockReadAt: monotonic(.zero), at: monotonic(.seconds(second)))
      #expect(isDue(.seconds(second + 1)).0, "it may refuse every request")
    }
    need.failed(block, clockReadAt: monotonic(.seconds(121)), at: monotonic(.seconds(121)))
    let rare = (false, Optional(monotonic(.seconds(721))))
    #expect(isDue(.seconds(720)) == rare)
    need.makeDue(at: monotonic(.seconds(300)))
    #expect(isDue(.seconds(720)) == rare)
    need.doWithout(until: monotonic(.seconds(900)))
    need.failed(block, clockReadAt: nil, at: monotonic(.seconds(900)))
    #expect(isDue(.seconds(1_499)) == (false, monotonic(.seconds(1_500))))
    need.met(refreshAt: monotonic(.seconds(1_500)))
    need.failed(block, clockReadAt: monotonic(.seconds(1_500)), at: monotonic(.seconds(1_500)))
    #expect(isDue(.seconds(1_501)).0)
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

  @Test mutating func `refusals of the key are no tries that got no answer`() {
    let lost = ExchangeFailure.noAnswer("timed out")
    let ofKey = Need.Failure(reason: "code 10072", advice: "renew it", isOfKey: true)
    for second in 1...2 { need.failed(ofKey, at: monotonic(.seconds(second))) }
    need.failed(Need.Failure(lost), at: monotonic(.seconds(4)))
    #expect(!need.isRefused(lost, clockReadAt: monotonic(.seconds(5))))
    for second in 5...6 { need.failed(Need.Failure(lost), at: monotonic(.seconds(second))) }
    #expect(!need.isRefused(lost, clockReadAt: monotonic(.seconds(4))))
    #expect(need.isRefused(lost, clockReadAt: monotonic(.seconds(5))))
  }

  /// Orders that left without what it tells would be refused as well, and the first would halt
  /// trading.
  @Test mutating func `a refusal of the key begins the tries anew`() {
    let lost = ExchangeFailure.noAnswer("timed out")
    let ofKey = Need.Failure(reason: "code 10072", advice: "renew it", isOfKey: true)
    for second in 1...9 {
      let failure = second.isMultiple(of: 3) ? ofKey : Need.Failure(lost)
      need.failed(failure, at: monotonic(.seconds(second)))
      #expect(!need.isRefused(lost, clockReadAt: monotonic(.seconds(second))))
    }
  }
}
