import Domain
import Foundation
import Glibc
import Store
import TestKit
import Testing

struct OpeningTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// The error that opening for writing ends in; its text with the folder's name taken out.
  private func failure() throws -> StoreError {
    try #require(throws: StoreError.self) { try OrderStore(path: scratch.database) }
  }

  /// A closed database with a signal, an order under way and some history.
  private func fill() throws -> Order {
    let store = try OrderStore(path: scratch.database)
    var recorded = try Recorded("a", in: store)
    try recorded.arm(in: store)
    return recorded.order
  }

  @Test func `files come out private whatever the umask`() throws {
    let before = umask(0)
    defer { umask(before) }
    let store = try OrderStore(path: scratch.database)
    try store.probe()
    for suffix in ["", "-wal", "-shm", ".lock"] {
      #expect(try scratch.mode(scratch.database + suffix) == 0o600, "state.db\(suffix)")
    }
  }

  @Test func `a database opens again with everything in it, and is sound`() throws {
    let order = try fill()
    let store = try OrderStore(path: scratch.database)
    #expect(try store.order(order.key) == order)
    let stranger = try Stranger(scratch.database)
    #expect(try stranger.value("PRAGMA integrity_check") == "ok")
    #expect(try stranger.value("PRAGMA journal_mode") == "wal")
    #expect(try stranger.value("PRAGMA user_version") == "11")
    #expect(try stranger.value("PRAGMA application_id") == "\(0x4D58_7367)")
  }

  /// Made into text, the path would be another one.
  @Test func `a folder whose path is not UTF-8 is refused`() throws {
    let folder = (scratch("caf").utf8 + [0xE9, 0]).map { CChar(bitPattern: $0) }
    try #require(unsafe mkdir(folder, 0o700) == 0)
    defer { unsafe rmdir(folder) }
    try #require(unsafe symlink(folder, scratch("link")) == 0)
    let advice =
      "its folder \(scratch("link")) leads to a path that is not UTF-8; change store.path"
    #expect(throws: StoreError.unusablePath(advice)) {
      try OrderStore(path: scratch("link/state.db"))
    }
  }

  @Test func `an empty file becomes a database`() throws {
    try scratch.put([], at: scratch.database)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: scratch.database)
    try OrderStore(path: scratch.database).probe()
  }

  @Test func `a second writer is told who holds the database`() throws {
    let first = try OrderStore(path: scratch.database)
    #expect(
      try failure()
        == .heldByAnotherDaemon("process \(getpid()) holds \(scratch.database).lock"))
    try first.probe()
  }

  @Test func `the right to write is free again when the holder goes`() throws {
    var first: OrderStore? = try OrderStore(path: scratch.database)
    try first?.probe()
    first = nil
    try OrderStore(path: scratch.database).probe()
  }

  @Test func `a lock held by another process is respected until that process is killed`() throws {
    _ = try fill()
    let holder = Process()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = [
      "-F", "-x", scratch.database + ".lock", "sh", "-c", "echo held; read forever",
    ]
    let output = Pipe()
    let input = Pipe()
    holder.standardOutput = output
    holder.standardInput = input
    try holder.run()
    #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
    guard case .heldByAnotherDaemon = try failure() else {
      Issue.record("the lock was not seen")
      return
    }
    #expect(try StoreReader(path: scratch.database).signal(signalID("a")) != nil)
    kill(holder.processIdentifier, SIGKILL)
    holder.waitUntilExit()
    try OrderStore(path: scratch.database).probe()
  }

  @Test func `a writer killed after its commit has lost nothing and blocks nobody`() async throws {
    let path = scratch.database
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = try OrderStore(path: path)
      var recorded = try Recorded("a", in: store)
      try recorded.arm(in: store)
      try store.write(.insertSignal(makeSignal("uncommitted")))
      kill(getpid(), SIGKILL)
    }
    let store = try OrderStore(path: scratch.database)
    let state = try store.loadState(now: noon)
    #expect(state.live.map(\.order.status) == [.submitted])
    #expect(state.live.map(\.order.attempt) == [1])
    #expect(try store.signal(signalID("uncommitted")) == nil)
  }

  @Test func `another program's write lock is an error, not a wait`() throws {
    let store = try OrderStore(path: scratch.database)
    let stranger = try Stranger(scratch.database)
    try stranger.execute("BEGIN IMMEDIATE")
    #expect(
      throws: StoreError.heldByAnotherDaemon("begin: database is locked (SQLite error 5)")
    ) { try store.write(.setHalt(nil)) }
    store.rollback()
    try stranger.execute("COMMIT")
    try store.write(.setHalt(nil))
    try store.commit()
  }

  @Test func `reading works beside a writer and never holds it up`() throws {
    let order = try fill()
    let writer = try OrderStore(path: scratch.database)
    let reader = try StoreReader(path: scratch.database)
    #expect(try reader.order(order.key) == order)
    try writer.write(.insertSignal(makeSignal("b")))
    #expect(try reader.signals(filter: ListFilter()).count == 1)
    try writer.commit()
    #expect(try reader.signals(filter: ListFilter()).count == 2)
  }

  @Test(arguments: [8, 9])
  func `a database of a version with the same rows is taken as it stands`(version: Int) throws {
    let order = try fill()
    try Stranger(scratch.database).execute(
      FormerSchema.withNarrowIndexes + "PRAGMA user_version = \(version)")
    #expect(try OrderStore(path: scratch.database).order(order.key) == order)
    #expect(try Stranger(scratch.database).value("PRAGMA user_version") == "11")
  }

  @Test func `a later schema is refused, for writing and for reading`() throws {
    _ = try fill()
    try Stranger(scratch.database).execute("PRAGMA user_version = 12")
    #expect(try failure() == .newerSchema(found: 12, known: 11))
    #expect(throws: StoreError.newerSchema(found: 12, known: 11)) {
      try StoreReader(path: scratch.database)
    }
  }

  @Test(arguments: [
    "CREATE TABLE song (name TEXT)", "PRAGMA application_id = 7; CREATE TABLE t (x)",
    "PRAGMA user_version = 1; CREATE TABLE signal (id)",
  ])
  func `another program's database is refused unchanged`(sql: String) throws {
    try Stranger(scratch.database).execute(sql)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: scratch.database)
    let before = try scratch.bytes(scratch.database)
    #expect(
      try failure()
        == .unusablePath(
          "\(scratch.database) belongs to another program; set store.path to a file of its own"))
    #expect(try scratch.bytes(scratch.database) == before)
  }

  @Test func `a database with changed tables is refused`() throws {
    _ = try fill()
    try Stranger(scratch.database).execute("ALTER TABLE orders RENAME COLUMN attempt TO tries")
    guard case .corrupt(let what) = try failure() else {
      Issue.record("opened with a missing column")
      return
    }
    #expect(what.hasPrefix("its tables were changed: "))
  }

  @Test func `a path without a folder, without a name or to no regular file is refused`() throws {
    #expect(
      throws: StoreError.unusablePath(
        "its folder \(scratch.path)/none: No such file or directory; make the folder, or "
          + "change store.path")
    ) { try OrderStore(path: scratch.path + "/none/state.db") }
    for path in ["", scratch.path + "/"] {
      #expect(
        throws: StoreError.unusablePath(
          "'\(path)' names no file; set store.path to the path of a file")
      ) { try OrderStore(path: path) }
    }
    try FileManager.default.createDirectory(
      atPath: scratch.database, withIntermediateDirectories: false)
    #expect(try failure() == .unusablePath("\(scratch.database) is not a regular file"))
  }

  @Test func `a link in the file's place is not followed`() throws {
    let target = scratch.path + "/target"
    try scratch.put([], at: target)
    try FileManager.default.createSymbolicLink(
      atPath: scratch.database, withDestinationPath: target)
    #expect(try failure() == .unusablePath("\(scratch.database) is not a regular file"))
    let attributes = try FileManager.default.attributesOfItem(atPath: target)
    #expect(attributes[.size] as? Int == 0)
  }

  @Test func `a link to the folder is followed`() throws {
    let link = scratch.path + "/link"
    let real = scratch.path + "/real"
    try FileManager.default.createDirectory(atPath: real, withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: real)
    try OrderStore(path: link + "/state.db").probe()
    #expect(FileManager.default.fileExists(atPath: real + "/state.db"))
  }

  @Test func `a file that others can change is refused`() throws {
    _ = try fill()
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o620], ofItemAtPath: scratch.database)
    #expect(
      try failure()
        == .unusablePath(
          "\(scratch.database) can be changed by other users; run: chmod 600 \(scratch.database)"))
  }

  @Test func `a reader without a database says that there is none yet`() throws {
    #expect(
      throws: StoreError.unusablePath(
        "there is none at \(scratch.database) yet; the daemon's first start makes it")
    ) { try StoreReader(path: scratch.database) }
    #expect(!FileManager.default.fileExists(atPath: scratch.database))
  }

  @Test func `a folder that takes no files is refused`() throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o500], ofItemAtPath: scratch.path)
    defer {
      try? FileManager.default.setAttributes(
        [.posixPermissions: 0o700], ofItemAtPath: scratch.path)
    }
    let error = try withoutPrivileges { try failure() }
    #expect(
      error == .unusablePath("open the lock \(scratch.database).lock: Permission denied"))
  }

  @Test func `a file that may only be read is refused`() throws {
    _ = try fill()
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch.path)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o444], ofItemAtPath: scratch.database)
    try FileManager.default.removeItem(atPath: scratch.database + ".lock")
    let error = try withoutPrivileges { try failure() }
    #expect(error == .readOnly("\(scratch.database) opens only for reading"))
  }
}

/// Runs `body` as a user whom permissions hold, root included: setfsuid(2) changes the user that the
/// calling thread is for file access, and nothing else.
private func withoutPrivileges<Result>(_ body: () throws -> Result) throws -> Result {
  typealias SetUser = @convention(c) (uid_t) -> CInt
  guard let symbol = unsafe dlsym(nil, "setfsuid") else { throw CocoaError(.featureUnsupported) }
  let setUser = unsafe unsafeBitCast(symbol, to: SetUser.self)
  let nobody: uid_t = 65_534
  let before = setUser(nobody)
  defer { _ = setUser(uid_t(truncatingIfNeeded: before)) }
  return try body()
}
