import Domain
import Intake
import Platform
import TestKit
import Testing

/// What is removed from `done` and `rejected`, and what never is.
@Suite struct `Tidying the spool` {
  private let fixture: SpoolFixture
  private let spool: SpoolDirectory
  private let tidying: SpoolTidying

  init() throws {
    fixture = try SpoolFixture(isOpen: false)
    spool = try fixture.required()
    tidying = SpoolTidying(path: fixture.path, loop: fixture.loop)
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func end(_ name: String, in outcome: SpoolOutcome) throws {
    try fixture.deliver(name)
    try spool.finish(bytes(name), from: .incoming, to: outcome, report: bytes("{}"))
  }

  /// One round at a moment so far after the last change of the files that are to go.
  private func tidy(
    before: WallTime = Clock.wall().advanced(by: .seconds(60)), keeping names: [String] = [],
    receivedAt: WallTime = Clock.wall().advanced(by: .seconds(-30)), areOver: Bool = true
  ) throws -> SpoolTidying.Count {
    let kept = names.map {
      SpoolTidying.Kept(bytes($0), receivedAt: receivedAt, overAt: areOver ? receivedAt : nil)
    }
    var ended: SpoolTidying.Count?
    try tidying.begin(before: { before }, keeping: kept) { ended = $0 }
    #expect(try fixture.turns { ended != nil })
    return try #require(ended)
  }

  @Test func `files that lay there for long go with their reports, whatever their number`() throws {
    for _ in 0..<3 { try end("a.json", in: .done) }
    try end("b.json", in: .rejected)
    let count = try tidy()
    #expect(count.removed == 8)
    #expect(count.failed == 0)
    #expect(try fixture.names("done") == [])
    #expect(try fixture.names("rejected") == [])
  }

  /// The producer's time of change says nothing of when the file was moved here.
  @Test func `a file is as old as its arrival`() throws {
    try end("a.json", in: .done)
    try end("b.json", in: .rejected)
    let old = try #require(FileStatus.at(path: fixture.path + "/done/a.json"))
    try fixture.setModified("done/a.json", to: 1_000_000_000)
    let aged = try #require(FileStatus.at(path: fixture.path + "/done/a.json"))
    #expect(aged.modified < old.modified)
    #expect(try tidy(before: old.changed.advanced(by: .seconds(-1))).removed == 0)
    #expect(try fixture.names("done") == ["a.json", "a.json.result.json"])
    #expect(try fixture.names("rejected") == ["b.json", "b.json.reason.json"])
  }

  @Test func `nothing but regular files of these two folders goes`() throws {
    try fixture.deliver("waiting.json")
    try fixture.deliver("taken.json")
    _ = try spool.claim(bytes("taken.json"))
    try fixture.makeFolder("outside")
    try fixture.deliver("target.json")
    try fixture.move("incoming/target.json", "outside/target.json")
    try fixture.symbolicLink("done/link", to: fixture.path + "/outside/target.json")
    try fixture.symbolicLink("done/folder-link", to: fixture.path + "/outside")
    try fixture.makeFolder("done/folder")
    try fixture.fifo("rejected/pipe")
    try end("a.json", in: .done)
    #expect(try tidy().removed == 2)
    #expect(try fixture.names("incoming") == ["waiting.json"])
    #expect(try fixture.names("active") == ["taken.json"])
    #expect(try fixture.names("outside") == ["target.json"])
    #expect(try fixture.names("done") == ["folder", "folder-link", "link"])
    #expect(try fixture.names("rejected") == ["pipe"])
  }

  @Test func `the report of an order that may still turn up stays, also under a long name`() throws
  {
    let long = String(repeating: "n", count: 255)
    for name in ["doubt.json", "doubt.json", long, "other.json"] { try end(name, in: .done) }
    #expect(try tidy(keeping: ["doubt.json", long]).removed == 2)
    let left = try fixture.names("done")
    #expect(left.count == 6)
    #expect(left.allSatisfy { $0.hasPrefix("doubt.json") || $0.hasPrefix("nnn") })
  }

  @Test func `names that merely begin alike are other files'`() throws {
    for name in ["sig-1", "sig-1", "sig-10", "sig-1.json", "sig-1.2a"] { try end(name, in: .done) }
    #expect(try tidy(keeping: ["sig-1"]).removed == 6)
    #expect(
      try fixture.names("done").sorted() == [
        "sig-1", "sig-1.2", "sig-1.2.result.json", "sig-1.result.json",
      ])
  }

  /// A producer that gives every file one name has an order that was never found.
  @Test(arguments: [7_200, -9 * 86_400])
  func `a file of the same name that came before or long after goes`(_ seconds: Int) throws {
    for _ in 0..<3 { try end("signal.json", in: .done) }
    let receivedAt = Clock.wall().advanced(by: .seconds(seconds))
    let soon = Clock.wall().advanced(by: .seconds(60))
    #expect(try tidy(before: soon, keeping: ["signal.json"], receivedAt: receivedAt).removed == 6)
  }

  /// The order of its signal was found late, and rests.
  @Test func `a file that is not over stays, however long ago its signal came`() throws {
    try end("signal.json", in: .rejected)
    let receivedAt = Clock.wall().advanced(by: .seconds(-90 * 86_400))
    let count = try tidy(keeping: ["signal.json"], receivedAt: receivedAt, areOver: false)
    #expect(count.removed == 0)
  }

  @Test func `what is to stay after all is spared while a round goes on`() throws {
    let done = try fixture.folder("done")
    for number in 0..<100 {
      try done.writeWhole(bytes("s\(number).json"), [], mode: 0o640, durability: .none)
    }
    var before = Clock.wall().advanced(by: .seconds(60))
    var ended: SpoolTidying.Count?
    try tidying.begin(before: { before }, keeping: []) { ended = $0 }
    #expect(try fixture.turns { try fixture.names("done").count < 100 })
    before = Clock.wall().advanced(by: .seconds(-60))
    let left = try fixture.names("done").count
    #expect(try fixture.turns { ended != nil })
    #expect(left > 0)
    #expect(try fixture.names("done").count == left)
  }

  @Test func `a folder with many files is gone through in small steps`() throws {
    let done = try fixture.folder("done")
    for number in 0..<200 {
      try done.writeWhole(bytes("s\(number).json"), [], mode: 0o640, durability: .none)
    }
    var steps = 0
    var ended: SpoolTidying.Count?
    let soon = Clock.wall().advanced(by: .seconds(60))
    try tidying.begin(before: { soon }, keeping: []) { ended = $0 }
    var most = 0
    var before = 200
    #expect(
      try fixture.turns {
        let left = try fixture.names("done").count
        most = max(most, before - left)
        if left < before { steps += 1 }
        before = left
        return ended != nil
      })
    #expect(ended?.removed == 200)
    #expect(most <= 20)
    #expect(steps >= 10)
  }

  @Test func `a folder that is not there is said, and nothing is begun`() throws {
    try end("a.json", in: .done)
    try fixture.move("rejected", "elsewhere")
    #expect(throws: SystemError.self) { _ = try tidy() }
    try fixture.move("elsewhere", "rejected")
    #expect(try tidy().removed == 2)
  }
}
