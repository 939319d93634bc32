import Foundation
import Glibc
import Platform
import Testing

@Suite struct `A watched directory` {
  private let scratch: Scratch
  private let loop: EventLoop
  private let seen = Seen()

  private final class Seen {
    var events: [DirectoryEvent] = []
  }

  init() throws {
    scratch = try Scratch()
    loop = try EventLoop()
  }

  private func watch(_ path: String) throws -> DirectoryWatch {
    let seen = seen
    return try DirectoryWatch(path: path, loop: loop) { seen.events.append($0) }
  }

  @Test func `a file appears when it is closed or renamed in, and not before`() throws {
    let watch = try watch(scratch.path)
    let number = unsafe open(scratch.file("slow"), O_WRONLY | O_CREAT, 0o600)
    #expect(unsafe write(number, "half", 4) == 4)
    try scratch.write("first", "x")
    #expect(try loop.turns { !seen.events.isEmpty })
    #expect(seen.events == [.appeared(name: Array("first".utf8))])
    close(number)
    scratch.move("first", "second")
    scratch.folder("folder")
    #expect(try loop.turns { seen.events.count >= 3 })
    #expect(
      seen.events.dropFirst() == [
        .appeared(name: Array("slow".utf8)), .appeared(name: Array("second".utf8)),
      ])
    watch.close()
  }

  @Test func `names are bytes`() throws {
    let watch = try watch(scratch.path)
    let names: [[UInt8]] = [[0xFF, 0x0A], [UInt8](repeating: 0x62, count: 255)]
    let directory = try Directory(path: scratch.path)
    for name in names { try directory.writeWhole(name, [1], mode: 0o600) }
    let expected = names.map { DirectoryEvent.appeared(name: $0) }
    #expect(try loop.turns { expected.allSatisfy(seen.events.contains) })
    watch.close()
  }

  @Test func `losing the directory is reported once`() throws {
    for isRemoved in [true, false] {
      seen.events = []
      scratch.folder("watched")
      let watch = try watch(scratch.file("watched"))
      if isRemoved { scratch.remove("watched") } else { scratch.move("watched", "moved") }
      #expect(try loop.turns { !seen.events.isEmpty })
      try loop.turn(until: Clock.monotonic())
      #expect(seen.events == [.lost])
      watch.close()
    }
  }

  @Test func `more events than the kernel keeps are an overflow`() throws {
    let watch = try watch(scratch.path)
    try scratch.write("a", "")
    // Beside the 16,384 of fs.inotify.max_queued_events; equal neighbours would be merged.
    for _ in 0..<9_000 {
      scratch.move("a", "b")
      scratch.move("b", "a")
    }
    #expect(try loop.turns { seen.events.contains(.overflowed) })
    watch.close()
  }

  @Test func `what is no directory cannot be watched`() throws {
    try scratch.write("file", "x")
    #expect(throws: SystemError.self) { try watch(scratch.file("file")) }
    #expect(throws: SystemError.self) { try watch(scratch.file("none")) }
  }
}
