import Foundation
import Glibc
import Intake
import Platform
import Testing

/// The report of a file that ended before is replaced, whatever name the file has by now.
@Suite struct `Reports that are replaced` {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static func amend(_ fixture: SpoolFixture, _ name: String = "s.json") throws -> Bool {
    try fixture.required().amend(bytes(name), in: .done, report: bytes("filled")) {
      $0 == bytes("closed")
    }
  }

  private static func write(_ fixture: SpoolFixture, _ name: String, _ text: String) throws {
    try fixture.folder("done").writeWhole(bytes(name), bytes(text), mode: 0o640, durability: .none)
  }

  @Test(arguments: [
    "s.json", "s.json.2", "s.json.64", "s.json.65", "s.json.4711", "s.json.2.2", "s.json.3.2.9",
  ])
  func `any number`(_ name: String) throws {
    let fixture = try SpoolFixture()
    for other in ["s.json.7", "s.json.2.3", "other.json"] {
      try Self.write(fixture, other + ".result.json", "another")
    }
    try Self.write(fixture, "other.json.2.result.json", "closed")
    try Self.write(fixture, name + ".result.json", "closed")
    #expect(try Self.amend(fixture))
    #expect(try fixture.text("done", name + ".result.json") == "filled")
    #expect(try fixture.text("done", "s.json.7.result.json") == "another")
    #expect(try fixture.text("done", "other.json.2.result.json") == "closed")
    #expect(try !Self.amend(fixture))
  }

  @Test func `a name that was cut`() throws {
    let fixture = try SpoolFixture()
    let name = String(repeating: "n", count: 250) + ".json"
    try fixture.deliver(name)
    let spool = try fixture.required()
    for _ in 1...2 {
      try spool.finish(
        Self.bytes(name), from: .incoming, to: .done, report: Self.bytes("another"))
      try fixture.deliver(name)
    }
    let claimed = try spool.claim(Self.bytes(name))
    let moved = try spool.finish(claimed, from: .active, to: .done, report: Self.bytes("closed"))
    #expect(moved != Self.bytes(name))
    #expect(try Self.amend(fixture, name))
    let reports = try fixture.names("done").filter { $0.hasSuffix(".result.json") }
    #expect(try reports.count { try fixture.text("done", $0) == "filled" } == 1)
    #expect(try reports.count { try fixture.text("done", $0) == "another" } == 2)
  }

  @Test func `a report with a second name, as a copy of the folder has it`() throws {
    let fixture = try SpoolFixture()
    try Self.write(fixture, "s.json.result.json", "closed")
    try fixture.hardLink("copy", to: "done/s.json.result.json")
    #expect(try Self.amend(fixture))
    #expect(try fixture.text("done", "s.json.result.json") == "filled")
    #expect(try fixture.text(".", "copy") == "closed")
  }

  @Test func `a folder that takes no file is told of`() throws {
    let fixture = try SpoolFixture()
    try Self.write(fixture, "s.json.result.json", "closed")
    try fixture.makeFolder("done/.unfinished.tmp")
    #expect(throws: SystemError.self) { try Self.amend(fixture) }
    try fixture.remove("done/.unfinished.tmp")
    #expect(try Self.amend(fixture))
  }

  /// With one the folder can be listed, and no report read.
  @Test(arguments: [0, 1])
  func `a report that cannot be read now is not taken for missing`(_ descriptors: Int) async {
    // A process of its own: it takes all the descriptors that one may have.
    await #expect(processExitsWith: .success) { [descriptors] in
      let fixture = try SpoolFixture()
      try limitDescriptors(to: 64)
      // Another thread of the process may close one in the meantime: then the report is read, and it is
      // tried again. What must not be is the answer that there is none.
      for _ in 1...100 {
        try Self.write(fixture, "s.json.result.json", "closed")
        let taken = takeDescriptors()
        for number in taken.prefix(descriptors) { close(number) }
        defer { for number in taken.dropFirst(descriptors) { close(number) } }
        do {
          guard try Self.amend(fixture) else { exit(2) }
        } catch let error as SystemError {
          guard error.number == EMFILE else { exit(3) }
          for number in taken.dropFirst(descriptors) { close(number) }
          exit(try Self.amend(fixture) ? 0 : 4)
        }
      }
      exit(5)
    }
  }
}
