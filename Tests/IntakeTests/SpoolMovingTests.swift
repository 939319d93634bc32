import Foundation
import Glibc
import Intake
import Platform
import Testing

@Suite struct `Moving files of the spool` {
  private let fixture: SpoolFixture
  private let spool: SpoolDirectory

  init() throws {
    fixture = try SpoolFixture()
    spool = try fixture.required()
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `a signal goes from incoming to active to done, with its report`() throws {
    try fixture.deliver("s.json", "{\"id\":\"1\"}")
    #expect(try spool.claim(bytes("s.json")) == bytes("s.json"))
    #expect(try fixture.names("incoming") == [])
    #expect(try spool.listActive().files == [bytes("s.json")])
    #expect(try spool.readActive(bytes("s.json")) == bytes("{\"id\":\"1\"}"))
    let name = try spool.finish(
      bytes("s.json"), from: .active, to: .done, report: bytes("{\"status\":\"filled\"}"))
    #expect(name == bytes("s.json"))
    #expect(try fixture.names("active") == [])
    #expect(try fixture.names("done") == ["s.json", "s.json.result.json"])
    #expect(try fixture.text("done", "s.json") == "{\"id\":\"1\"}")
    #expect(try fixture.text("done", "s.json.result.json") == "{\"status\":\"filled\"}")
    let status = try #require(
      FileStatus.at(path: fixture.path + "/done/s.json.result.json"))
    #expect(status.mode == 0o640)
  }

  @Test func `a refused signal goes to rejected with its reason`() throws {
    try fixture.deliver("bad.json", "nonsense")
    try spool.finish(bytes("bad.json"), from: .incoming, to: .rejected, report: bytes("{}"))
    #expect(try fixture.names("rejected") == ["bad.json", "bad.json.reason.json"])
  }

  @Test func `nothing is ever overwritten, however often a name comes`() throws {
    for number in 1...40 {
      try fixture.deliver("signal.json", "\(number)")
      #expect(
        try spool.finish(
          bytes("signal.json"), from: .incoming, to: .done, report: bytes("r\(number)"))
          == bytes(number == 1 ? "signal.json" : "signal.json.\(number)"))
    }
    #expect(try fixture.names("done").count == 80)
    for number in 2...40 {
      #expect(try fixture.text("done", "signal.json.\(number)") == "\(number)")
      #expect(try fixture.text("done", "signal.json.\(number).result.json") == "r\(number)")
    }
  }

  @Test func `a producer's file that looks like a report is not overwritten either`() throws {
    try fixture.deliver("a.result.json", "precious")
    try spool.finish(
      bytes("a.result.json"), from: .incoming, to: .done, report: bytes("first"))
    try fixture.deliver("a", "signal")
    #expect(
      try spool.finish(bytes("a"), from: .incoming, to: .done, report: bytes("second"))
        == bytes("a.2"))
    #expect(try fixture.text("done", "a.result.json") == "precious")
    #expect(try fixture.text("done", "a.2.result.json") == "second")
  }

  @Test func `a report that a crash left alone is taken up again`() throws {
    try fixture.deliver("a", "signal")
    try fixture.folder("done").writeWhole(
      bytes("a.result.json"), bytes("report"), mode: 0o640)
    #expect(
      try spool.finish(bytes("a"), from: .incoming, to: .done, report: bytes("report"))
        == bytes("a"))
    #expect(try fixture.names("done") == ["a", "a.result.json"])
  }

  @Test func `a report that a crash left alone and that has aged is replaced`() throws {
    try fixture.deliver("a", "signal")
    let former = bytes("it was open")
    try fixture.folder("done").writeWhole(bytes("a.result.json"), former, mode: 0o640)
    #expect(
      try spool.finish(
        bytes("a"), from: .incoming, to: .done, report: bytes("it is filled"),
        replacing: { $0 == former }) == bytes("a"))
    #expect(try fixture.names("done") == ["a", "a.result.json"])
    #expect(try fixture.text("done", "a.result.json") == "it is filled")
  }

  @Test func `files that end together all have their reports, and nothing else is left`() throws {
    let names = (1...150).map { "s\($0).json" }
    for name in names where name != "s70.json" { try fixture.deliver(name, name) }
    // One of them is gone, and the report of another cannot have its name.
    try fixture.makeFolder("rejected/s71.json.reason.json")
    let moves = names.map { name in
      SpoolMove(
        TakenFile(named: bytes(name)), from: .incoming, to: .rejected, report: bytes("of " + name))
    }
    let results = spool.finish(moves)
    #expect(results.count == 150)
    for (name, result) in zip(names, results) {
      switch name {
      case "s70.json": #expect(result == .failure(.vanished))
      case "s71.json": #expect(result == .success(bytes("s71.json.2")))
      default:
        #expect(result == .success(bytes(name)))
        #expect(try fixture.text("rejected", name) == name)
        #expect(try fixture.text("rejected", name + ".reason.json") == "of " + name)
      }
    }
    #expect(try fixture.text("rejected", "s71.json.2.reason.json") == "of s71.json")
    #expect(try fixture.names("incoming") == [])
    #expect(try fixture.names("rejected").count == 2 * 149 + 1)
  }

  @Test func `what no report can be written for stays, and what can goes`() throws {
    for name in ["a.json", "b.json"] { try fixture.deliver(name) }
    try fixture.remove("rejected")
    let moves = [("a.json", SpoolOutcome.rejected), ("b.json", .done)].map { name, outcome in
      SpoolMove(TakenFile(named: bytes(name)), from: .incoming, to: outcome, report: bytes("{}"))
    }
    let results = spool.finish(moves)
    guard case .failure(.blocked(let error)) = results[0] else {
      Issue.record("\(results[0])")
      return
    }
    #expect(error.number == ENOENT)
    #expect(results[1] == .success(bytes("b.json")))
    #expect(try fixture.names("incoming") == ["a.json"])
  }

  @Test func `a report whose file is there is never replaced`() throws {
    for number in 1...2 {
      try fixture.deliver("a", "\(number)")
      try spool.finish(
        bytes("a"), from: .incoming, to: .done, report: bytes("r\(number)"),
        replacing: { _ in true })
    }
    #expect(try fixture.text("done", "a.result.json") == "r1")
    #expect(try fixture.text("done", "a.2.result.json") == "r2")
  }

  @Test func `a claim does not overwrite what is active`() throws {
    for number in 1...3 {
      try fixture.deliver("s", "\(number)")
      #expect(try spool.claim(bytes("s")) == bytes(number == 1 ? "s" : "s.\(number)"))
    }
    #expect(try fixture.text("active", "s") == "1")
    #expect(try fixture.text("active", "s.3") == "3")
  }

  @Test(
    arguments: [
      [0x0A, 0x22, 0x1B, 0x5B, 0x6D], [0xFF, 0xC3, 0x28], Array("-rf".utf8),
      Array("a b;*$(x)".utf8),
      Array("%n%s".utf8), Array("..a".utf8.dropFirst(2)) + [0x7F],
    ] as [[UInt8]])
  func `hostile names travel like any other`(name: [UInt8]) throws {
    try fixture.deliver(name, "x")
    #expect(try fixture.turns { fixture.files.count == 1 })
    #expect(fixture.files[0].name == name)
    #expect(try spool.claim(name) == name)
    #expect(try spool.listActive().files == [name])
    try spool.finish(name, from: .active, to: .rejected, report: bytes("{}"))
    let names = try fixture.folder("rejected").names()
    #expect(names == [name, name + bytes(".reason.json")])
  }

  @Test func `names that leave no room for an ending are shortened and stay apart`() throws {
    let first = [UInt8](repeating: 0x61, count: 255)
    let second = [UInt8](repeating: 0x61, count: 254) + [0x62]
    for name in [first, second, first] {
      try fixture.deliver(name, String(decoding: name.suffix(1), as: UTF8.self))
      try spool.finish(name, from: .incoming, to: .done, report: name.suffix(1))
    }
    let names = try fixture.folder("done").names()
    #expect(names.count == 6)
    #expect(names.allSatisfy { $0.count <= 255 })
    #expect(names.contains(first))
    #expect(names.contains(second))
    let reports = names.filter { $0.suffix(12) == bytes(".result.json")[...] }
    #expect(reports.count == 3)
    #expect(
      try reports.map { try fixture.folder("done").readRegularFile($0, maximumBytes: 1).bytes }
        .filter { $0 == bytes("b") }.count == 1)
  }

  @Test func `a shortened name ends with a whole character`() throws {
    // 3-byte characters: a cut at any byte but every third would leave a broken one.
    for padding in 0..<3 {
      let name = Array(
        (String(repeating: "x", count: padding) + String(repeating: "語", count: 84)).utf8)
      try fixture.deliver(name, "x")
      try spool.finish(name, from: .incoming, to: .done, report: bytes("{}"))
    }
    for name in try fixture.folder("done").names() {
      #expect(String(validating: name, as: UTF8.self) != nil)
    }
    #expect(try fixture.folder("done").names().count == 6)
  }

  @Test func `a file that is gone and a folder that does not let it in are different`() throws {
    #expect(throws: SpoolError.vanished) { try spool.claim(bytes("none")) }
    #expect(throws: SpoolError.vanished) {
      try spool.finish(bytes("none"), from: .active, to: .done, report: [])
    }
    #expect(try fixture.names("done").isEmpty)
    try fixture.deliver("stuck")
    try fixture.remove("active")
    // The folder is there no more until the spool has made it again.
    let failure = #expect(throws: SpoolError.self) { try spool.claim(bytes("stuck")) }
    #expect(
      failure
        == .blocked(
          SystemError(
            "renameat2", "\(fixture.path)/incoming/stuck to \(fixture.path)/active/stuck",
            number: ENOENT)))
    #expect(try fixture.turns { FileStatus.at(path: fixture.path + "/active") != nil })
    #expect(try spool.claim(bytes("stuck")) == bytes("stuck"))
  }

  /// Hands over a file of this content, and puts another one in its place.
  private func replaced(_ content: String, by other: () throws -> Void) throws -> TakenFile {
    try fixture.deliver("s.json", content)
    #expect(try fixture.turns { fixture.files.count == 1 })
    try other()
    return TakenFile(try #require(fixture.files.first))
  }

  private func rename(_ content: String) throws {
    let outside = try Directory(path: fixture.path)
    try outside.writeWhole(bytes("staging"), bytes(content), mode: 0o640)
    let incoming = fixture.path + "/incoming/s.json"
    #expect(unsafe Glibc.rename(fixture.path + "/staging", incoming) == 0)
  }

  /// As one that was taken before `intake.maximum_signal_bytes` was lowered.
  @Test func `a file in active is read whatever its size`() throws {
    let content = [UInt8](repeating: 0x20, count: 5_000)
    try fixture.folder("active").writeWhole(bytes("s.json"), content, mode: 0o640)
    #expect(try spool.readActive(bytes("s.json")) == content)
  }

  @Test func `a file that took the name of one that is taken is a signal of its own`() throws {
    let first = try replaced("{\"id\":1}") { try rename("{\"id\":2}") }
    #expect(try spool.claim(first) == bytes("s.json"))
    #expect(try spool.readActive(bytes("s.json")) == bytes("{\"id\":1}"))
    #expect(try fixture.text("incoming", "s.json") == "{\"id\":2}")
    #expect(try fixture.turns { fixture.files.count == 2 })
    let second = TakenFile(try #require(fixture.files.last))
    #expect(try spool.claim(second) == bytes("s.json.2"))
    #expect(try spool.readActive(bytes("s.json.2")) == bytes("{\"id\":2}"))
    #expect(try fixture.names("incoming") == [])
  }

  @Test func `the report on a file whose name was taken stands alone`() throws {
    let first = try replaced("nonsense") { try rename("{\"id\":2}") }
    try spool.finish(first, from: .incoming, to: .rejected, report: bytes("{}"))
    #expect(try fixture.names("rejected") == ["s.json.reason.json"])
    #expect(try fixture.turns { fixture.files.count == 2 })
    let second = TakenFile(try #require(fixture.files.last))
    try spool.finish(second, from: .incoming, to: .rejected, report: bytes("[]"))
    #expect(
      try fixture.names("rejected") == [
        "s.json.2", "s.json.2.reason.json", "s.json.reason.json",
      ])
    #expect(try fixture.text("rejected", "s.json.2") == "{\"id\":2}")
  }

  @Test func `a file that is written over in place is a signal of its own`() throws {
    let first = try replaced("{\"id\":1}") {
      try "{\"id\":2}".write(
        toFile: fixture.path + "/incoming/s.json", atomically: false, encoding: .utf8)
    }
    _ = try spool.claim(first)
    #expect(try spool.readActive(bytes("s.json")) == bytes("{\"id\":1}"))
    #expect(try fixture.text("incoming", "s.json") == "{\"id\":2}")
  }

  /// As on a file system whose clock stands still for some milliseconds.
  @Test func `a file of the same size and time is a signal of its own`() throws {
    let path = fixture.path + "/incoming/s.json"
    let first = try replaced("{\"id\":1}") {
      let before = try #require(FileStatus.at(path: path))
      try "{\"id\":2}".write(toFile: path, atomically: false, encoding: .utf8)
      let seconds = Int(before.modifiedNanoseconds / 1_000_000_000)
      let rest = Int(before.modifiedNanoseconds % 1_000_000_000)
      var times = [
        timespec(tv_sec: seconds, tv_nsec: rest), timespec(tv_sec: seconds, tv_nsec: rest),
      ]
      #expect(unsafe utimensat(AT_FDCWD, path, &times, 0) == 0)
    }
    #expect(try spool.claim(first) == bytes("s.json"))
    #expect(try spool.readActive(bytes("s.json")) == bytes("{\"id\":1}"))
    #expect(try fixture.text("incoming", "s.json") == "{\"id\":2}")
    #expect(try fixture.turns { fixture.files.count == 2 })
  }

  @Test func `what was read outlives its file`() throws {
    let path = fixture.path + "/incoming/s.json"
    let taken = try replaced("{\"id\":1}") { try FileManager.default.removeItem(atPath: path) }
    #expect(try spool.claim(taken) == bytes("s.json"))
    #expect(try spool.readActive(bytes("s.json")) == bytes("{\"id\":1}"))
    try fixture.deliver("s.json", "nonsense")
    #expect(try fixture.turns { fixture.files.count == 2 })
    try FileManager.default.removeItem(atPath: path)
    let refused = TakenFile(try #require(fixture.files.last))
    try spool.finish(refused, from: .incoming, to: .rejected, report: bytes("{}"))
    #expect(try fixture.names("rejected") == ["s.json.reason.json"])
  }

  @Test func `a second name does not make a file another one`() throws {
    let path = fixture.path + "/incoming/s.json"
    let taken = try replaced("{\"id\":1}") {
      #expect(unsafe link(path, fixture.path + "/second") == 0)
      #expect(unsafe utimensat(AT_FDCWD, path, nil, 0) == 0)
    }
    #expect(try spool.claim(taken) == bytes("s.json"))
    #expect(try fixture.names("incoming") == [])
  }

  @Test func `a file whose time alone is set is the same`() throws {
    let first = try replaced("{\"id\":1}") {
      try FileManager.default.setAttributes(
        [.modificationDate: NSDate(timeIntervalSince1970: 1_700_000_000) as Any],
        ofItemAtPath: fixture.path + "/incoming/s.json")
    }
    #expect(try spool.claim(first) == bytes("s.json"))
    #expect(try fixture.names("incoming") == [])
  }
}
