import Domain
import Testing

@testable import Execution

@Suite struct SequenceWatchTests {
  private var watch = SequenceWatch(["bot": 7])

  private mutating func told(_ source: String?, _ number: Int64?) -> [String] {
    var reaction = Reaction(at: moment())
    watch.heard(
      limit("s") {
        $0.source = source
        $0.sequence = number
      }, &reaction)
    return reaction.logs.map(\.message)
  }

  @Test mutating func `a number that is left out or does not rise is told once`() {
    #expect(told("bot", 8) == [])
    #expect(
      told("bot", 11) == ["signals of a source are missing: 9 was expected, and 11 came"])
    #expect(told("bot", 12) == [])
    #expect(
      told("bot", 10) == ["the numbers of a source do not rise: 13 was expected, and 10 came"])
    #expect(told("bot", 13) == [])
  }

  @Test mutating func `each source counts for itself, and may not count`() {
    #expect(told("other", 100) == [])
    #expect(told("other", 101) == [])
    #expect(told("bot", nil) == [])
    #expect(told(nil, 55) == [])
    #expect(told("bot", 8) == [])
  }

  @Test mutating func `strangers' names fill no memory`() {
    for number in 0..<2_000 { #expect(told("s\(number)", 1) == []) }
    #expect(told("s1999", 5) == [])
    #expect(told("s0", 5).count == 1)
  }

  @Test func `a gap is an event, and the signal is taken`() {
    let harness = EngineHarness.open()
    func submit(_ id: String, _ number: Int64) -> SignalAnswer? {
      harness.submit(
        limit(id) {
          $0.source = "bot"
          $0.sequence = number
        })
    }
    #expect(submit("a", 1)?.code == .accepted)
    #expect(submit("b", 3)?.code == .accepted)
    #expect(submit("b", 3)?.code == .duplicate)
    #expect(harness.store.events.map(\.kind).filter { $0.hasPrefix("seq") } == ["sequence_gap"])
  }
}
