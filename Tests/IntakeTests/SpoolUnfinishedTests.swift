import Domain
import Foundation
import Glibc
import Intake
import Platform
import TestKit
import Testing

/// When a file counts as finished, with the real kernel's word.
@Suite struct `Files in the making` {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Opens a file of `incoming`; the number is to be closed.
  private func open(_ fixture: SpoolFixture, _ name: String, _ flags: CInt = O_CREAT) -> CInt {
    let number = unsafe Glibc.open(
      fixture.path + "/incoming/" + name, O_WRONLY | O_CLOEXEC | flags, 0o640)
    #expect(number >= 0)
    return number
  }

  private func write(_ number: CInt, _ text: String) {
    #expect(unsafe Glibc.write(number, text, text.utf8.count) == text.utf8.count)
  }

  /// Refuses every file that is no JSON object, as the daemon would, and keeps count.
  private func judge(_ fixture: SpoolFixture) throws -> Verdicts {
    let spool = try fixture.required()
    let verdicts = Verdicts()
    fixture.react = { file in
      guard let text = file.text else { return }
      let isWhole = text.hasPrefix("{") && text.hasSuffix("}")
      if !isWhole && spool.leaveUnfinished(file, breaksOff: text.isEmpty || text.hasPrefix("{")) {
        return
      }
      verdicts.texts.append(text)
    }
    return verdicts
  }

  private final class Verdicts {
    var texts: [String] = []
  }

  @Test func `a file that is open for writing is not judged, however quiet it is`() throws {
    let fixture = try SpoolFixture(quietTime: .milliseconds(50))
    let verdicts = try judge(fixture)
    let number = open(fixture, "slow.json")
    write(number, "{\"id\":")
    for _ in 0..<3 { try fixture.turnThroughScan() }
    #expect(verdicts.texts.isEmpty)
    write(number, "1}")
    for _ in 0..<3 { try fixture.turnThroughScan() }
    #expect(verdicts.texts.isEmpty)
    close(number)
    #expect(try fixture.turns { verdicts.texts == ["{\"id\":1}"] })
    #expect(fixture.files.last?.finding == .closed)
  }

  /// truncate(2) changes a file that nobody has open: no close follows.
  @Test func `a half text that is cut shorter by its name is judged when it has been quiet`() throws
  {
    let fixture = try SpoolFixture(quietTime: .milliseconds(300))
    let verdicts = try judge(fixture)
    let number = open(fixture, "cut.json")
    write(number, "{\"id\":")
    close(number)
    #expect(try fixture.turns { !fixture.files.isEmpty })
    try fixture.setSize("incoming/cut.json", 3)
    #expect(try fixture.turns { verdicts.texts == ["{\"i"] })
    #expect(try #require(fixture.files.last).age >= .milliseconds(300))
  }

  /// The kernel hides the close of a file that has lost its name.
  @Test func `a whole file in place of one that was removed half written is taken`() throws {
    let fixture = try SpoolFixture(quietTime: .milliseconds(50))
    let verdicts = try judge(fixture)
    let number = open(fixture, "linked.json")
    write(number, "{\"id\":")
    try fixture.remove("incoming/linked.json")
    close(number)
    try "{}".write(toFile: fixture.path + "/outside", atomically: false, encoding: .utf8)
    try fixture.hardLink("incoming/linked.json", to: "outside")
    try fixture.remove("outside")
    #expect(try fixture.turns { verdicts.texts == ["{}"] })
  }

  @Test func `a file that is open for writing is not refused unread before its close`() throws {
    let fixture = try SpoolFixture(quietTime: .milliseconds(50))
    let large = open(fixture, "large.json")
    write(large, String(repeating: " ", count: 1_001))
    let linked = open(fixture, "linked.json")
    write(linked, "{}")
    try fixture.hardLink("second", to: "incoming/linked.json")
    for _ in 0..<3 { try fixture.turnThroughScan() }
    #expect(fixture.files.isEmpty)
    close(large)
    close(linked)
    #expect(try fixture.turns { fixture.files.count == 2 })
    #expect(
      Set(fixture.files.map(\.refusal)) == [.tooLarge(size: 1_001), .linked(names: 2)])
  }

  /// Without CAP_LEASE the kernel is silent about other users' files, open or not.
  @Test(.enabled(if: geteuid() == 0))
  func `another user's file that is open for writing is not judged before its close`() async {
    // The user is a whole process's.
    await #expect(processExitsWith: .success) {
      guard seteuid(65_534) == 0 else { exit(2) }
      let fixture = try SpoolFixture(quietTime: .milliseconds(50))
      guard seteuid(0) == 0 else { exit(3) }
      let number = unsafe Glibc.open(
        fixture.path + "/incoming/slow.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
      guard seteuid(65_534) == 0, unsafe Glibc.write(number, "{}", 2) == 2 else { exit(4) }
      for _ in 0..<3 { try fixture.turnThroughScan() }
      guard fixture.files.isEmpty else { exit(5) }
      close(number)
      guard try fixture.turns(until: { fixture.files.map(\.text) == ["{}"] }) else { exit(6) }
    }
  }

  /// Its close may be among what the kernel dropped: nothing would tell that it has ended.
  @Test(.enabled(if: geteuid() == 0 && EventQueue.canBeFilled))
  func `another user's file is judged once events were lost`() async {
    // The user is a whole process's.
    await #expect(processExitsWith: .success) {
      guard seteuid(65_534) == 0 else { exit(2) }
      let fixture = try SpoolFixture(quietTime: .milliseconds(50), scanInterval: .seconds(3_600))
      guard seteuid(0) == 0 else { exit(3) }
      let number = unsafe Glibc.open(
        fixture.path + "/incoming/slow.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
      guard seteuid(65_534) == 0, unsafe Glibc.write(number, "{}", 2) == 2 else { exit(4) }
      // Whoever is told of what came later was told of the writing.
      try fixture.deliver("later.json")
      guard try fixture.turns(until: { fixture.handedNames == ["later.json"] }) else { exit(5) }
      try fixture.deliver("a.tmp")
      for _ in 0..<EventQueue.overflow / 2 {
        try fixture.move("incoming/a.tmp", "incoming/b.tmp")
        try fixture.move("incoming/b.tmp", "incoming/a.tmp")
      }
      close(number)
      let expected = ["later.json", "slow.json"]
      guard try fixture.turns(until: { fixture.handedNames == expected }) else { exit(6) }
    }
  }

  /// A start sees no event of what was begun before it; the kernel says who has the file open.
  @Test func `a file that was open before the start is not judged before its close`() throws {
    let fixture = try SpoolFixture(isOpen: false, quietTime: .milliseconds(50))
    let number = open(fixture, "slow.json")
    write(number, "{}")
    try fixture.open()
    let verdicts = try judge(fixture)
    try fixture.required().resume()
    for _ in 0..<3 { try fixture.turnThroughScan() }
    #expect(verdicts.texts.isEmpty)
    close(number)
    #expect(try fixture.turns { verdicts.texts == ["{}"] })
  }

  @Test func `an empty file waits for its content`() throws {
    let fixture = try SpoolFixture(quietTime: .milliseconds(50))
    let verdicts = try judge(fixture)
    close(open(fixture, "touched.json"))
    for _ in 0..<3 { try fixture.turnThroughScan() }
    #expect(fixture.files.isEmpty)
    let number = open(fixture, "touched.json", 0)
    write(number, "{}")
    close(number)
    #expect(try fixture.turns { verdicts.texts == ["{}"] })
  }

  @Test func `an empty file that is renamed in is handed over when it has been quiet`() throws {
    let fixture = try SpoolFixture(quietTime: .milliseconds(300))
    try fixture.deliver("empty.json", "")
    #expect(try fixture.turns { fixture.files.count == 1 })
    #expect(fixture.files[0].age >= .milliseconds(300))
    #expect(fixture.files[0].text == "")
  }

  /// A shell that writes in several commands: every close but the last leaves half a text.
  @Test func `a text that breaks off has until it has been quiet to become whole`() throws {
    let fixture = try SpoolFixture()
    let verdicts = try judge(fixture)
    for (index, part) in ["{\"id\":", "1", "}"].enumerated() {
      let number = open(fixture, "parts.json", O_CREAT | O_APPEND)
      write(number, part)
      close(number)
      #expect(try fixture.turns { fixture.files.count > index })
    }
    #expect(try fixture.turns { verdicts.texts == ["{\"id\":1}"] })
  }

  @Test func `a text that stays half is judged when it has been quiet`() throws {
    let fixture = try SpoolFixture(quietTime: .milliseconds(300))
    let verdicts = try judge(fixture)
    let number = open(fixture, "half.json")
    write(number, "{\"id\":")
    close(number)
    #expect(try fixture.turns { verdicts.texts == ["{\"id\":"] })
    #expect(try #require(fixture.files.last).age >= .milliseconds(300))
    #expect(fixture.files.count > 1)
  }

  /// Who renames has finished, unless what is there breaks off: a buffer may not be flushed yet.
  @Test func `a file that is renamed in is judged at once, unless it breaks off`() throws {
    let fixture = try SpoolFixture()
    let verdicts = try judge(fixture)
    try fixture.deliver("wrong.json", "nonsense")
    #expect(try fixture.turns { verdicts.texts == ["nonsense"] })
    #expect(fixture.files.count == 1)
    let number = unsafe Glibc.open(fixture.path + "/early", O_WRONLY | O_CREAT, 0o640)
    write(number, "{\"id\":")
    try fixture.move("early", "incoming/early.json")
    #expect(try fixture.turns { fixture.files.count == 2 })
    write(number, "1}")
    close(number)
    #expect(try fixture.turns { verdicts.texts == ["nonsense", "{\"id\":1}"] })
  }

  @Test func `a second name that stays is refused after the quiet time`() throws {
    let fixture = try SpoolFixture(quietTime: .milliseconds(500))
    try "{}".write(toFile: fixture.path + "/outside", atomically: false, encoding: .utf8)
    try fixture.hardLink("incoming/linked", to: "outside")
    #expect(try fixture.turns { fixture.files.count == 1 })
    #expect(fixture.files[0].refusal == .linked(names: 2))
    #expect(fixture.files[0].age >= .milliseconds(500))
  }

  /// Anybody can set a file's own time; when it was changed is the kernel's to say.
  @Test func `a file arrives when it was last changed`() throws {
    let fixture = try SpoolFixture(isOpen: false)
    let start = Clock.wall()
    try fixture.deliver("new.json")
    try fixture.deliver("old.json")
    let past = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    #expect(unsafe utimensat(AT_FDCWD, fixture.path + "/incoming/old.json", past, 0) == 0)
    let future = [
      timespec(tv_sec: 4_102_444_800, tv_nsec: 0), timespec(tv_sec: 4_102_444_800, tv_nsec: 0),
    ]
    #expect(unsafe utimensat(AT_FDCWD, fixture.path + "/incoming/new.json", future, 0) == 0)
    _ = try fixture.turns(within: .milliseconds(300)) { false }
    try fixture.required().resume()
    let end = Clock.wall()
    #expect(fixture.handedNames == ["new.json", "old.json"])
    for file in fixture.files {
      // Clocks of files tick in steps of some milliseconds.
      #expect(file.age >= .milliseconds(280))
      #expect(file.age <= end.since(start) + .milliseconds(20))
      #expect(file.arrivedAt >= start.advanced(by: .milliseconds(-20)))
      #expect(file.arrivedAt <= end)
    }
  }
}
