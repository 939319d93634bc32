import Domain
import Foundation
import Glibc
import Intake
import Platform
import TestKit
import Testing

@Suite struct `Finding files in the spool` {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `the folders are made with their modes, existing ones left alone`() throws {
    let fixture = try SpoolFixture()
    let modes = try ["incoming", "active", "done", "rejected"].map {
      try #require(FileStatus.at(path: fixture.path + "/" + $0)).mode
    }
    #expect(modes == [0o770, 0o750, 0o750, 0o750])
    try fixture.setMode("incoming", 0o2775)
    try fixture.open()
    #expect(try #require(FileStatus.at(path: fixture.path + "/incoming")).mode == 0o2775)
  }

  @Test func `a file that is renamed in or closed is handed over at once and once`() throws {
    let fixture = try SpoolFixture()
    try fixture.deliver("a.json", "{\"id\":1}")
    #expect(try fixture.turns { fixture.files.count == 1 })
    #expect(fixture.files[0].name == bytes("a.json"))
    #expect(fixture.files[0].text == "{\"id\":1}")
    #expect(fixture.files[0].finding == .movedIn)
    try "in place".write(
      toFile: fixture.path + "/incoming/b.json", atomically: false, encoding: .utf8)
    #expect(try fixture.turns { fixture.files.count == 2 })
    #expect(fixture.files[1].text == "in place")
    #expect(fixture.files[1].finding == .closed)
    try fixture.turnThroughScan()
    #expect(fixture.handedNames == ["a.json", "b.json"])
  }

  /// Asking the file system for its time is a write. A machine that is held up asks all the same.
  @Test func `a file that has just come is handed over without a write`() throws {
    let fixture = try SpoolFixture()
    var untouched = 0
    for number in 1...20 {
      let before = try #require(FileStatus.at(path: fixture.path + "/active"))
      try fixture.deliver("s\(number).json")
      #expect(try fixture.turns { fixture.files.count == number })
      let after = try #require(FileStatus.at(path: fixture.path + "/active"))
      if after.changedNanoseconds == before.changedNanoseconds { untouched += 1 }
    }
    #expect(untouched > 0)
  }

  @Test func `files that wait at the start come in the order of their names`() throws {
    let fixture = try SpoolFixture(isOpen: false)
    for name in ["c", "a", "b2", "b10"] { try fixture.deliver(name) }
    _ = try fixture.turns(within: .milliseconds(20)) { false }
    #expect(fixture.files.isEmpty)
    try fixture.required().resume()
    #expect(fixture.handedNames == ["a", "b10", "b2", "c"])
    #expect(fixture.files.allSatisfy { $0.finding == .lookedAround })
  }

  @Test func `a flood says that it has not ended`() throws {
    let fixture = try SpoolFixture(isOpen: false)
    for number in 1...200 { try fixture.deliver("s\(number).json") }
    let spool = try fixture.required()
    _ = try fixture.turns(within: .milliseconds(20)) { !spool.hasMore }
    spool.resume()
    #expect(fixture.files.count < 200)
    #expect(spool.hasMore)
    #expect(try fixture.turns { fixture.files.count == 200 })
    #expect(!spool.hasMore)
  }

  @Test func `what is no plain file is handed over as a refusal, unread`() throws {
    let fixture = try SpoolFixture()
    try fixture.fifo("incoming/pipe")
    try fixture.makeFolder("incoming/folder")
    try fixture.symbolicLink("incoming/link", to: "/etc/passwd")
    try fixture.symbolicLink("incoming/loop", to: "loop")
    let listener = try UnixListener(path: fixture.path + "/incoming/socket", mode: 0o600)
    #expect(try fixture.turns { fixture.files.count == 5 })
    let refusals = Dictionary(uniqueKeysWithValues: zip(fixture.handedNames, fixture.files))
      .mapValues(\.refusal)
    #expect(
      refusals == [
        "pipe": .notRegular(.pipe), "folder": .notRegular(.directory), "link": .notRegular(.link),
        "loop": .notRegular(.link), "socket": .notRegular(.socket),
      ])
    // Rejecting moves the thing itself and follows nothing.
    let spool = try fixture.required()
    for name in fixture.files.map(\.name) {
      try spool.finish(name, from: .incoming, to: .rejected, report: bytes("{}"))
    }
    #expect(try fixture.names("incoming").isEmpty)
    #expect(try fixture.folder("rejected").status(of: bytes("link"))?.kind == .link)
    #expect(try fixture.names("rejected").count == 10)
    withExtendedLifetime(listener) {}
  }

  @Test func `a file over the limit is refused unread, one at the limit is read`() throws {
    let fixture = try SpoolFixture()
    try fixture.deliver("full", String(repeating: "x", count: 1_000))
    try fixture.deliver("over", String(repeating: "x", count: 1_001))
    try fixture.deliver("staged")
    try fixture.move("incoming/staged", "sparse")
    try fixture.setSize("sparse", 10 << 30)
    try fixture.move("sparse", "incoming/sparse")
    #expect(try fixture.turns { fixture.files.count >= 3 })
    let byName = Dictionary(zip(fixture.handedNames, fixture.files)) { $1 }
    #expect(byName["full"]?.text?.utf8.count == 1_000)
    #expect(byName["over"]?.refusal == .tooLarge(size: 1_001))
    #expect(byName["sparse"]?.refusal == .tooLarge(size: 10 << 30))
  }

  @Test func `a delivery by link and unlink is taken when the other name has gone`() throws {
    let fixture = try SpoolFixture()
    try fixture.deliver("first")
    #expect(try fixture.turns { fixture.files.count == 1 })
    try "{}".write(toFile: fixture.path + "/outside", atomically: false, encoding: .utf8)
    try fixture.hardLink("incoming/linked", to: "outside")
    try fixture.turnThroughScan()
    #expect(fixture.files.count == 1)
    try fixture.remove("outside")
    #expect(try fixture.turns { fixture.files.count == 2 })
    #expect(fixture.files[1].text == "{}")
  }

  @Test func `what the caller keeps is not handed over again, unless it changes or is forgotten`()
    throws
  {
    let fixture = try SpoolFixture()
    try fixture.deliver("a")
    #expect(try fixture.turns { fixture.files.count == 1 })
    try fixture.turnThroughScan()
    #expect(fixture.files.count == 1)
    try fixture.move("incoming/a", "incoming/b")
    #expect(try fixture.turns { fixture.handedNames == ["a", "b"] })
    try fixture.deliver("a", "{ }")
    #expect(try fixture.turns { fixture.handedNames == ["a", "b", "a"] })
    try fixture.required().forget(bytes("b"))
    #expect(try fixture.turns { fixture.handedNames == ["a", "b", "a", "b"] })
  }

  @Test func `a paused intake leaves the files where they are`() throws {
    let fixture = try SpoolFixture()
    let spool = try fixture.required()
    for number in 0..<10 { try fixture.deliver("\(number)") }
    fixture.react = { [unowned fixture] _ in if fixture.files.count == 3 { spool.pause() } }
    #expect(try fixture.turns { spool.isPaused })
    try fixture.turnThroughScan()
    #expect(fixture.files.count == 3)
    spool.resume()
    #expect(try fixture.turns { fixture.files.count == 10 })
    #expect(Set(fixture.handedNames).count == 10)
  }

  @Test func `a folder that is taken away is made and watched again`() throws {
    let fixture = try SpoolFixture()
    try fixture.remove("incoming")
    #expect(try fixture.turns { FileStatus.at(path: fixture.path + "/incoming") != nil })
    try fixture.deliver("after")
    #expect(try fixture.turns { fixture.handedNames == ["after"] })
    #expect(fixture.files[0].finding == .movedIn)
    try fixture.move("incoming", "elsewhere")
    #expect(try fixture.turns { FileStatus.at(path: fixture.path + "/incoming") != nil })
    try fixture.deliver("again")
    #expect(try fixture.turns { fixture.handedNames.last == "again" })
    // The same cause is told once a minute.
    #expect(
      fixture.problems.map(\.message)
        == ["a folder of the spool was taken away; it is made again"])
  }

  @Test func `a folder that comes back while inotify is exhausted is read again`() async {
    // A process of its own: it may have no more descriptors for a while.
    await #expect(processExitsWith: .success) {
      let fixture = try SpoolFixture(isOpen: false)
      try fixture.required().close()
      try fixture.deliver("late.json")
      try fixture.move("incoming/late.json", "late.json")
      try "".write(toFile: fixture.path + "/obstacle", atomically: false, encoding: .utf8)
      let usual = try limitDescriptors(to: 64)
      // Another thread of the process may close one in the meantime: then it is tried again.
      repeat {
        fixture.spool?.close()
        for number in takeDescriptors().suffix(4) { close(number) }
        try fixture.open()
      } while fixture.problems.isEmpty
      try limitDescriptors(to: 0)
      let spool = try fixture.required()
      spool.resume()
      try fixture.move("incoming", "away")
      try fixture.move("obstacle", "incoming")
      guard try fixture.turns(until: { spool.failure != nil }) else { exit(2) }
      try fixture.move("incoming", "obstacle")
      try fixture.move("away", "incoming")
      try fixture.turnThroughScan()
      try fixture.move("late.json", "incoming/late.json")
      try limitDescriptors(to: usual)
      guard try fixture.turns(until: { fixture.handedNames == ["late.json"] }) else { exit(3) }
      let isTold = fixture.problems.contains { $0.message.hasPrefix("inotify cannot be used") }
      exit(isTold && spool.failure == nil ? 0 : 4)
    }
  }

  @Test(.enabled(if: EventQueue.canBeFilled))
  func `more files than the kernel's queue holds are all found, once`() throws {
    let fixture = try SpoolFixture()
    let count = EventQueue.overflow
    try fixture.deliver("seed")
    #expect(try fixture.turns { fixture.files.count == 1 })
    for number in 0..<count {
      let name = "\(fixture.path)/incoming/\(number)"
      let file = unsafe Glibc.open(name + ".tmp", O_WRONLY | O_CREAT, 0o600)
      _ = unsafe write(file, "{}", 2)
      close(file)
      try fixture.move("incoming/\(number).tmp", "incoming/\(number)")
    }
    #expect(try fixture.turns { fixture.files.count == count + 1 })
    #expect(fixture.files.contains { $0.finding == .lookedAround })
    #expect(Set(fixture.handedNames).count == count + 1)
    try fixture.turnThroughScan()
    #expect(fixture.files.count == count + 1)
  }

  @Test func `nothing that was opened stays open`() async {
    // A process of its own: in this one other tests open descriptors.
    await #expect(processExitsWith: .success) {
      try spoolRound(0)
      guard let before = ProcessFacts.openDescriptors() else { exit(4) }
      for number in 1...10 { try spoolRound(number) }
      guard let after = ProcessFacts.openDescriptors() else { exit(4) }
      // A leak adds at least one a round; the process's other threads come and go by a few.
      exit(after - before < 10 ? 0 : 1)
    }
  }
}

/// With 0 no number is left to give, whatever other threads of the process open and close: libdispatch
/// reads what its threads are doing from proc(5) when the machine is busy. Returns the limit before.
@discardableResult
func limitDescriptors(to count: rlim_t) throws -> rlim_t {
  var limit = rlimit()
  unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  let before = limit.rlim_cur
  limit.rlim_cur = count
  guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
  else { throw Unusable("setrlimit: errno \(errno)") }
  return before
}

/// All that the process may still have.
func takeDescriptors() -> [CInt] {
  var taken: [CInt] = []
  while true {
    let number = dup(STDIN_FILENO)
    guard number >= 0 else { return taken }
    taken.append(number)
  }
}

private func spoolRound(_ number: Int) throws {
  let fixture = try SpoolFixture()
  let spool = try fixture.required()
  for name in ["a", "b", "c"] { try fixture.deliver("\(name)\(number)") }
  try fixture.fifo("incoming/pipe")
  fixture.react = { file in
    do throws(SpoolError) {
      try spool.finish(file.name, from: .incoming, to: .rejected, report: [0x7B, 0x7D])
    } catch {
      exit(2)
    }
  }
  guard try fixture.turns(until: { fixture.files.count == 4 }),
    try fixture.names("rejected").count == 8
  else { exit(3) }
  try fixture.remove("incoming")
  let remade = try fixture.turns { FileStatus.at(path: fixture.path + "/incoming") != nil }
  if !remade { exit(4) }
}
