import Domain
import JSON
import Store
import Testing

@testable import Control

@Suite struct `Following a list` {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
  }

  private func id(_ row: JSONValue) -> String? {
    row["signal_id"]?.stringValue ?? row["id"]?.stringValue
  }

  private func status(_ row: JSONValue) -> String? {
    row["status"]?.stringValue ?? row["order_status"]?.stringValue
  }

  /// Each as `id status`.
  private func next(_ follower: inout ListFollower) throws -> [String] {
    try follower.next().rows.map { "\(id($0) ?? "") \(status($0) ?? "-")" }
  }

  private func writeMany(_ numbers: Range<Int>) throws {
    for number in numbers { try bench.write(Story.filledLimit("many-\(number)")) }
  }

  @Test(arguments: [Report.signals(ListFilter()), .orders(ListFilter(limit: 1))])
  func `what was there before is no change`(report: Report) throws {
    try writeMany(0..<60)
    var follower = try ListFollower(bench.database, report)
    #expect(try follower.list().count < 60)
    #expect(try next(&follower) == [])
    try writeMany(60..<62)
    #expect(try next(&follower) == ["many-60 filled", "many-61 filled"])
    #expect(try next(&follower) == [])
  }

  @Test func `a change of an old order is seen, however many are newer`() throws {
    var old = try Story.open("old", at: Story.morning.advanced(by: .seconds(-60)))
    try bench.write(old)
    try writeMany(0..<55)
    var follower = try ListFollower(bench.database, .orders(ListFilter()))
    #expect(try !follower.list().contains { id($0) == "old" })
    try old.cancel(after: 60_000)
    try bench.write(old)
    #expect(try next(&follower) == ["old canceled"])
    #expect(try next(&follower) == [])
  }

  @Test(arguments: [ListFilter(openOnly: true), ListFilter(state: "open")])
  func `that a row leaves the list is told once`(filter: ListFilter) throws {
    var story = try Story.open("s")
    try bench.write(story)
    var follower = try ListFollower(bench.database, .orders(filter))
    #expect(try follower.list().map(id) == ["s"])
    try story.cancel(after: 60_000)
    try bench.write(story)
    try bench.write(Story.filledLimit("other"))
    #expect(try next(&follower) == ["s canceled"])
    #expect(try next(&follower) == [])
  }

  @Test func `nothing is left out that came in one go`() throws {
    var follower = try ListFollower(bench.database, .signals(ListFilter()))
    #expect(try follower.list() == [])
    try writeMany(0..<300)
    var told: [String] = []
    var isCut = true
    while isCut {
      let look = try follower.next()
      told += look.rows.compactMap(id)
      isCut = look.isCut
    }
    #expect(told == (0..<300).map { "many-\($0)" })
  }

  @Test func `a remark changes no row, and a page goes on with its own rows`() throws {
    var old = try Story.open("old", at: Story.morning.advanced(by: .seconds(-60)))
    try bench.write(old)
    try bench.write(Story.filledLimit("newer"))
    var follower = try ListFollower(
      bench.database, .signals(ListFilter(before: SignalID("newer"))))
    #expect(try follower.list().map(id) == ["old"])
    try bench.write(Story.filledLimit("newest", at: Story.morning.advanced(by: .seconds(1))))
    #expect(try next(&follower) == [])
    try old.cancel(after: 60_000)
    try bench.write(old)
    #expect(try next(&follower) == ["old canceled"])
    for _ in 0..<3 {
      old.repeated()
      try bench.write(old)
      #expect(try next(&follower) == [])
    }
  }

  @Test func `a row that comes back to the list is told each time that it leaves`() throws {
    let report = Report.orders(ListFilter(state: "submitted"))
    var story = try Story.submitted("s")
    try bench.write(story)
    var follower = try ListFollower(bench.database, report)
    #expect(try follower.list().map(id) == ["s"])
    try story.retry(after: 10)
    try bench.write(story)
    #expect(try next(&follower) == ["s new"])
    try story.armAgain(after: 20)
    try bench.write(story)
    #expect(try next(&follower) == ["s submitted"])
    try story.retry(after: 30)
    try bench.write(story)
    #expect(try next(&follower) == ["s new"])
  }
}
