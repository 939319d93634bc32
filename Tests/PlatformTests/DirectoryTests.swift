import Domain
import Foundation
import Glibc
import Platform
import TestKit
import Testing

@Suite struct `Directories` {
  private let scratch: Scratch
  private let directory: Directory

  init() throws {
    scratch = try Scratch()
    directory = try Directory(path: scratch.path)
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func refusal(_ name: String, maximumBytes: Int = 100) -> FileRefusal? {
    do {
      _ = try directory.readRegularFile(bytes(name), maximumBytes: maximumBytes)
      return nil
    } catch {
      return error
    }
  }

  @Test func `missing folders are made, existing ones left as they are`() throws {
    let deep = try Directory(making: scratch("a/b/c"), mode: 0o770)
    #expect(try #require(FileStatus.at(path: scratch("a/b/c"))).mode == 0o770)
    #expect(try #require(FileStatus.at(path: scratch("a/b"))).mode == 0o755)
    try scratch.setMode("a/b/c", 0o711)
    _ = try Directory(making: scratch("a/b/c"), mode: 0o770)
    #expect(try #require(FileStatus.at(path: scratch("a/b/c"))).mode == 0o711)
    #expect(deep.isInPlace)
    try FileManager.default.removeItem(atPath: scratch("a/b/c"))
    #expect(!deep.isInPlace)
  }

  @Test func `a link in place of a folder is not followed`() throws {
    try scratch.symbolicLink("link", to: "/tmp")
    #expect(throws: SystemError.self) { try Directory(making: scratch("link"), mode: 0o755) }
    try scratch.write("file", "x")
    #expect(throws: SystemError("open", scratch("file"), number: ENOTDIR)) {
      try Directory(making: scratch("file"), mode: 0o755)
    }
  }

  @Test func `names come in the order of their bytes, thousands of them too`() throws {
    for number in 0..<3_000 { try scratch.write("name-\(String(number + 10_000))", "") }
    try scratch.write("Z", "")
    let names = try directory.names()
    #expect(names.count == 3_001)
    #expect(names.first == bytes("Z"))
    #expect(names[1] == bytes("name-10000"))
    #expect(names.last == bytes("name-12999"))
    #expect(try directory.names() == names)
  }

  @Test(arguments: [[0xFF, 0xFE], [0x0A], [0x1B, 0x5B], [UInt8](repeating: 0x61, count: 255)])
  func `any bytes can be a name`(name: [UInt8]) throws {
    try directory.writeWhole(name, bytes("content"), mode: 0o640)
    #expect(try directory.names() == [name])
    let content = try directory.readRegularFile(name, maximumBytes: 7)
    #expect(content.bytes == bytes("content"))
    #expect(content.status.mode == 0o640)
    try directory.rename(name, to: directory, as: bytes("plain"))
    #expect(try directory.names() == [bytes("plain")])
  }

  @Test func `a rename never replaces`() throws {
    try scratch.write("a", "new")
    try scratch.write("b", "old")
    let subject = { scratch($0) + " to " + scratch($1) }
    #expect(throws: SystemError("renameat2", subject("a", "b"), number: EEXIST)) {
      try directory.rename(bytes("a"), to: directory, as: bytes("b"))
    }
    #expect(try directory.readRegularFile(bytes("b"), maximumBytes: 10).bytes == bytes("old"))
    #expect(throws: SystemError("renameat2", subject("none", "c"), number: ENOENT)) {
      try directory.rename(bytes("none"), to: directory, as: bytes("c"))
    }
  }

  @Test func `writing whole replaces and leaves nothing beside it`() throws {
    try directory.writeWhole(bytes("report"), bytes("one"), mode: 0o600)
    try scratch.write(".unfinished.tmp", "left by a crash")
    try directory.writeWhole(
      bytes("report"), bytes("two"), mode: 0o644, durability: .content,
      temporary: Directory.temporaryName)
    try directory.sync()
    #expect(try directory.names() == [bytes("report")])
    #expect(try directory.readRegularFile(bytes("report"), maximumBytes: 10).bytes == bytes("two"))
    // A name that cannot be written leaves no temporary file either.
    let tooLong = [UInt8](repeating: 0x61, count: 256)
    let path = scratch(String(repeating: "a", count: 256))
    #expect(throws: SystemError("renameat", path, number: ENAMETOOLONG)) {
      try directory.writeWhole(tooLong, [1], mode: 0o600)
    }
    #expect(try directory.names() == [bytes("report")])
  }

  @Test func `writers of one directory do not meet`() throws {
    let path = scratch.path
    let writers = (0..<4).map { writer in
      Thread {
        guard let directory = try? Directory(path: path) else { return }
        let content = [UInt8](repeating: UInt8(ascii: "a") + UInt8(writer), count: 20_000)
        for number in 0..<100 {
          try? directory.writeWhole(
            Array("\(writer)-\(number)".utf8), content, mode: 0o600, durability: .none)
        }
      }
    }
    for writer in writers { writer.start() }
    while !writers.allSatisfy(\.isFinished) { sched_yield() }
    let names = try directory.names()
    #expect(names.count == 400)
    for name in names {
      let content = try directory.readRegularFile(name, maximumBytes: 20_000).bytes
      let letter = UInt8(ascii: "a") + (try #require(name.first) - UInt8(ascii: "0"))
      #expect(content == [UInt8](repeating: letter, count: 20_000))
    }
  }

  @Test func `what a killed writer left goes with the next writing of that file`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let number = "\(process.processIdentifier)"
    // What a person has put there, too, is no writer's.
    let kept = [
      ".report.1.tmp", ".report.x.tmp", ".other.\(number).tmp", ".report.\(number).bak",
      ".report.\(number)tmp2", ".report.+\(number).tmp", ".report.\(number)", ".report.tmp",
    ]
    for name in kept + [".report.\(number).tmp"] { try scratch.write(name, "left") }
    try directory.writeWhole(bytes("report"), bytes("whole"), mode: 0o600)
    #expect(Set(try directory.names().map { ByteText.printable($0) }) == Set(kept + ["report"]))
  }

  @Test func `another writer's temporary file is left alone`() throws {
    try scratch.write(".unfinished.tmp", "of another writer")
    try scratch.write("facts.new", "left by a crash")
    try directory.writeWhole(
      bytes("facts"), bytes("one"), mode: 0o600, temporary: bytes("facts.new"))
    #expect(Set(try directory.names()) == [bytes("facts"), bytes(".unfinished.tmp")])
    #expect(
      try directory.readRegularFile(bytes(".unfinished.tmp"), maximumBytes: 20).bytes
        == bytes("of another writer"))
    #expect(try directory.readRegularFile(bytes("facts"), maximumBytes: 10).bytes == bytes("one"))
  }

  @Test func `only what is a plain file of one name is read`() throws {
    try scratch.write("target", "secret")
    try scratch.symbolicLink("link", to: "target")
    try scratch.symbolicLink("dangling", to: "nowhere")
    try scratch.fifo("pipe")
    try scratch.folder("folder")
    let listener = try UnixListener(path: scratch("socket"), mode: 0o600)
    #expect(refusal("link") == .notRegular(.link))
    #expect(refusal("dangling") == .notRegular(.link))
    #expect(refusal("pipe") == .notRegular(.pipe))
    #expect(refusal("folder") == .notRegular(.directory))
    #expect(refusal("socket") == .notRegular(.socket))
    #expect(refusal("none") == .vanished)
    _ = listener
    try scratch.hardLink("second", to: "target")
    #expect(refusal("target") == .linked(names: 2))
  }

  @Test func `a file at the limit is read, one byte more is not`() throws {
    try scratch.write("full", String(repeating: "x", count: 100))
    try scratch.write("over", String(repeating: "x", count: 101))
    try scratch.write("empty", "")
    #expect(refusal("full") == nil)
    #expect(refusal("over") == .tooLarge(size: 101))
    #expect(try directory.readRegularFile(bytes("empty"), maximumBytes: 0).bytes == [])
    try scratch.setSize("over", 10 << 30)
    #expect(refusal("over") == .tooLarge(size: 10 << 30))
  }

  @Test func `a file that somebody has open for writing can be told from one that is closed`()
    throws
  {
    try scratch.write("open", "{}")
    let writer = unsafe open(scratch("open"), O_WRONLY)
    func refusal() -> FileRefusal? {
      do throws(FileRefusal) {
        _ = try directory.readRegularFile(
          bytes("open"), maximumBytes: 10, unlessOpenForWriting: true)
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal() == .openForWriting)
    #expect(self.refusal("open") == nil)
    close(writer)
    #expect(refusal() == nil)
    // A reader is nobody's concern, and asking leaves nothing behind that stops a writer.
    let reader = unsafe open(scratch("open"), O_RDONLY)
    #expect(refusal() == nil)
    let next = unsafe open(scratch("open"), O_WRONLY | O_NONBLOCK)
    #expect(next >= 0)
    close(reader)
    close(next)
  }

  @Test func `the file system's clock is the one that stamps files`() throws {
    let before = try #require(directory.fileSystemTime())
    try scratch.write("file", "x")
    let status = try #require(directory.status(of: bytes("file")))
    let after = try #require(directory.fileSystemTime())
    #expect(before <= status.changed)
    #expect(status.changed <= after)
    #expect(status.owner == geteuid())
    // A time that somebody has set into the future is no evidence.
    var times = [
      timespec(tv_sec: 4_102_444_800, tv_nsec: 0), timespec(tv_sec: 4_102_444_800, tv_nsec: 0),
    ]
    #expect(unsafe utimensat(AT_FDCWD, scratch("file"), &times, 0) == 0)
    let touched = try #require(directory.status(of: bytes("file")))
    #expect(touched.modified > touched.changed)
    #expect(touched.lastChange(before: after) == touched.changed)
    times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    #expect(unsafe utimensat(AT_FDCWD, scratch("file"), &times, 0) == 0)
    let old = try #require(directory.status(of: bytes("file")))
    #expect(old.lastChange(before: after) == old.changed)
    #expect(old.changed >= before)
  }

  @Test func `modes and accounts are shown as people know them`() throws {
    try scratch.write("file", "x")
    try scratch.setMode("file", 0o600)
    #expect(directory.status(of: bytes("file"))?.modeText == "0600")
    try scratch.setMode("file", 0o4755)
    #expect(directory.status(of: bytes("file"))?.modeText == "4755")
    #expect(AccountNames.user(0) == "root (uid 0)")
    #expect(AccountNames.group(0) == "root (gid 0)")
    #expect(AccountNames.user(4_000_000_001) == "uid 4000000001")
  }

  @Test(arguments: [true, false])
  func `a file that is written meanwhile is refused`(isSizeChanged: Bool) throws {
    let size = 256 * 1024
    let path = try scratch.write("moving", String(repeating: "a", count: size))
    let stop = Flag()
    let writer = Thread {
      let number = unsafe open(path, O_WRONLY)
      while !stop.isSet {
        _ = unsafe pwrite(number, "b", 1, size - 1)
        if isSizeChanged { ftruncate(number, size - 1) }
      }
      close(number)
    }
    writer.start()
    defer { stop.set() }
    let deadline = Clock.monotonic().advanced(by: .seconds(20))
    var changed = 0
    while changed < 5, Clock.monotonic() < deadline {
      do throws(FileRefusal) {
        let content = try directory.readRegularFile(bytes("moving"), maximumBytes: size)
        #expect(Int64(content.bytes.count) == content.status.size)
      } catch {
        #expect(error == .changedWhileRead)
        changed += 1
      }
    }
    #expect(changed == 5)
  }
}
