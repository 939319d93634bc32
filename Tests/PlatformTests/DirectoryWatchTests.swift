import Foundation
import Glibc
import Platform
import TestKit
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

  @Test func `writing, closing, renaming and setting a mode are told apart`() throws {
    let watch = try watch(scratch.path)
    let (slow, first, second) = (Array("slow".utf8), Array("first".utf8), Array("second".utf8))
    let number = unsafe open(scratch("slow"), O_WRONLY | O_CREAT, 0o600)
    #expect(unsafe write(number, "half", 4) == 4)
    #expect(try loop.turns { !seen.events.isEmpty })
    #expect(seen.events == [.written(name: slow)])
    try scratch.write("first", "x")
    close(number)
    try scratch.move("first", "second")
    try scratch.setMode("second", 0o640)
    try scratch.folder("folder")
    // The directory's own mode is none of its files'.
    try scratch.setMode(".", 0o700)
    try scratch.write("last", "")
    #expect(try loop.turns { seen.events.last == .closed(name: Array("last".utf8)) })
    #expect(
      seen.events.dropFirst() == [
        .written(name: first), .closed(name: first), .closed(name: slow), .movedIn(name: second),
        .attributesSet(name: second), .closed(name: Array("last".utf8)),
      ])
    watch.close()
  }

  @Test func `names are bytes`() throws {
    let watch = try watch(scratch.path)
    let names: [[UInt8]] = [[0xFF, 0x0A], [UInt8](repeating: 0x62, count: 255)]
    let directory = try Directory(path: scratch.path)
    for name in names { try directory.writeWhole(name, [1], mode: 0o600) }
    let expected = names.map { DirectoryEvent.movedIn(name: $0) }
    #expect(try loop.turns { expected.allSatisfy(seen.events.contains) })
    watch.close()
  }

  /// Nothing would say later that there is no more: no event follows the last one.
  @Test func `a turn that reports just what had happened has no more`() throws {
    try scratch.folder("watched")
    let watch = try watch(scratch("watched"))
    // Events of 32 bytes each fill what one read takes, and no more (inotify(7)).
    let names = (0..<256).map { String(format: "file-%03d", $0) }
    for name in names {
      try scratch.write(name, "")
      try scratch.move(name, "watched/" + name)
    }
    #expect(try loop.turns { seen.events.count == names.count })
    #expect(!watch.hasMore)
    watch.close()
  }

  @Test func `losing the directory is reported once`() throws {
    for isRemoved in [true, false] {
      seen.events = []
      try scratch.folder("watched")
      let watch = try watch(scratch("watched"))
      if isRemoved { try scratch.remove("watched") } else { try scratch.move("watched", "moved") }
      #expect(try loop.turns { !seen.events.isEmpty })
      try loop.turn(until: Clock.monotonic())
      #expect(seen.events == [.lost])
      watch.close()
    }
  }

  @Test(.enabled(if: EventQueue.canBeFilled))
  func `more events than the kernel keeps are an overflow`() throws {
    let watch = try watch(scratch.path)
    try scratch.write("a", "")
    // Equal neighbours would be merged.
    for _ in 0..<EventQueue.overflow / 2 {
      try scratch.move("a", "b")
      try scratch.move("b", "a")
    }
    #expect(try loop.turns { seen.events.contains(.overflowed) })
    watch.close()
  }

  @Test func `that more has happened than a turn reports is known`() throws {
    let watch = try watch(scratch.path)
    for number in 100..<400 { try scratch.write("f\(number)", "") }
    try loop.turn(until: Clock.monotonic())
    #expect(watch.hasMore)
    #expect(try loop.turns { seen.events.count >= 300 && !watch.hasMore })
    watch.close()
  }

  @Test func `what is no directory cannot be watched`() throws {
    try scratch.write("file", "x")
    for name in ["file", "none"] {
      let error = #expect(throws: SystemError.self) { try watch(scratch(name)) }
      #expect(error.map(DirectoryWatch.isExhaustion) == false)
    }
    // What inotify_init(2) and inotify_add_watch(2) say when others hold all that there is.
    for error in [
      SystemError("inotify_init1", number: EMFILE), SystemError("inotify_init1", number: ENOSYS),
      SystemError("inotify_add_watch", "/spool", number: ENOSPC),
      SystemError("inotify_add_watch", "/spool", number: ENOMEM),
    ] {
      #expect(DirectoryWatch.isExhaustion(error))
    }
  }
}
