import Foundation
import Intake
import Platform
import TestKit
import Testing

/// One spool has one daemon, also when somebody takes its lock away.
@Suite struct `The lock of the spool` {
  private let fixture: SpoolFixture
  private var path: String { fixture.path + "/.lock" }

  init() throws {
    fixture = try SpoolFixture(isOpen: false)
    try fixture.open(lock: try DirectoryLock(path: fixture.path + "/.lock"))
    try fixture.required().resume()
  }

  private func expectLocked() throws {
    #expect(try fixture.turns { FileStatus.at(path: path) != nil })
    #expect(throws: DirectoryLock.Failure.heldByAnother(process: getpid())) {
      try DirectoryLock(path: path)
    }
    try fixture.deliver("a.json")
    #expect(try fixture.turns { fixture.handedNames == ["a.json"] })
  }

  @Test func `is taken again when its file is removed`() throws {
    try fixture.remove(".lock")
    try expectLocked()
    #expect(
      fixture.problems.map(\.message) == ["the lock of the spool was taken away; it is made again"])
  }

  @Test func `is taken in the folders that are made again`() throws {
    for name in ["incoming", "active", "done", "rejected"] { try fixture.remove(name) }
    try fixture.remove(".lock")
    try fixture.remove("")
    try expectLocked()
    #expect(
      fixture.problems.map(\.message) == ["a folder of the spool was taken away; it is made again"])
  }

  @Test func `that another daemon has taken meanwhile keeps files from being taken`() throws {
    try fixture.remove(".lock")
    var other: DirectoryLock? = try DirectoryLock(path: path)
    let spool = try fixture.required()
    #expect(try fixture.turns { spool.failure != nil })
    #expect("\(String(describing: spool.failure))".contains("another daemon"))
    try fixture.deliver("a.json")
    try fixture.turnThroughScan()
    #expect(fixture.files.isEmpty)
    withExtendedLifetime(other) {}
    other = nil
    #expect(try fixture.turns { fixture.handedNames == ["a.json"] })
    #expect(spool.failure == nil)
  }

  /// What was moved away and comes back is the same spool, and its lock is nobody else's.
  @Test func `comes back with its folder`() throws {
    let away = fixture.path + "-away"
    #expect(unsafe rename(fixture.path, away) == 0)
    #expect(try fixture.turns { FileStatus.at(path: path) != nil })
    try FileManager.default.removeItem(atPath: fixture.path)
    #expect(unsafe rename(away, fixture.path) == 0)
    let spool = try fixture.required()
    try fixture.deliver("a.json")
    #expect(try fixture.turns { fixture.handedNames == ["a.json"] })
    #expect(spool.failure == nil)
  }
}
