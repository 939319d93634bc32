import Domain
import Testing

@testable import Execution

@Suite struct SequenceWatchTests {
  private var watch = SequenceWatch(["bot": 7])

  private mutating func told(
    _ source: String?, _ number: Int64?, _ table: [String: EngineConfiguration.Source] = [:]
  ) -> [String] {
    var reaction = Reaction(at: moment())
    watch.heard(
      limit("s") {
        $0.source = source
        $0.sequence = number
      }, table, &reaction)
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
    // The last ones are known, and the first ones are new again.
    for name in ["s1999", "s1000"] { #expect(told(name, 5).count == 1) }
    for name in ["s0", "s999", "bot"] { #expect(told(name, 5) == []) }
  }

  @Test mutating func `who was heard lately is kept, and a source of the table always`() {
    let table = ["configured": EngineConfiguration.Source()]
    #expect(told("configured", 1, table) == [])
    for number in 0..<2_000 {
      #expect(told("s\(number)", 1, table) == [])
      #expect(told("bot", Int64(8 + number), table) == [])
    }
    for name in ["configured", "bot"] { #expect(told(name, 9_000, table).count == 1) }
    #expect(told("later", 1, ["later": .init()]) == [])
    #expect(told("later", 3, ["later": .init()]).count == 1)
  }

  /// It comes when the names of strangers have filled the room.
  @Test func `a source of the configuration is watched whatever strangers call themselves`() {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.sources = ["bot": .init()]
        $0.risk.maximumOrdersPerMinute = 1
      })
    func submit(_ id: String, _ source: String, _ number: Int64) {
      harness.submit(
        limit(id) {
          $0.source = source
          $0.sequence = number
        })
    }
    for number in 0..<1_000 { submit("x\(number)", "s\(number)", 1) }
    submit("a", "bot", 1)
    for number in 1_000..<2_000 { submit("x\(number)", "s\(number)", 1) }
    submit("b", "bot", 3)
    #expect(harness.store.events.map(\.kind).filter { $0.hasPrefix("seq") } == ["sequence_gap"])
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
