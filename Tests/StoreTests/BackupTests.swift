import Domain
import Foundation
import JSON
import Store
import TestKit
import Testing

/// A copy that is made while the database is in use.
struct BackupTests {
  let scratch: Scratch
  let store: OrderStore
  private var file: String { scratch("copy.db") }

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
    _ = try recordAnything(in: store, seed: 5, orders: 6, events: 30)
  }

  @Test func `a copy holds what is committed and is one file that its owner alone can read`() throws
  {
    let reader = try StoreReader(path: scratch.database)
    let backup = try Backup.make(of: scratch.database, at: file)
    #expect(backup.audit == (try reader.audit()))
    #expect(backup.path.hasSuffix("/copy.db"))
    #expect(backup.bytes == Int64(try scratch.bytes(file).count))
    #expect(try scratch.mode(file) == 0o600)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(names.filter { $0.hasPrefix("copy") } == ["copy.db"])
    // The daemon goes on, and the copy stays what it was.
    _ = try Recorded("later", in: store)
    #expect(try StoreReader(path: file).audit() == backup.audit)
    #expect(try store.reader.audit().events > (backup.audit?.events ?? 0))
  }

  @Test func `what is committed is copied and what is not yet committed is not`() throws {
    let events = try store.reader.audit().events
    try store.write(
      .appendEvent(HistoryEvent(at: noon, subject: .daemon, kind: "started", detail: [:])))
    #expect(try Backup.make(of: scratch.database, at: file).audit?.events == events)
    try store.commit()
    #expect(try Backup.make(of: scratch.database, at: file + "2").audit?.events == events + 1)
  }

  @Test(arguments: ["copy.db", "copy.db.tmp"])
  func `a file that is there is not touched`(_ name: String) throws {
    try scratch.write(name, "mine")
    let error = try #require(storeFailure { _ = try Backup.make(of: scratch.database, at: file) })
    #expect(error.cause.contains("\(scratch(name)) "), "\(error)")
    #expect(try scratch.bytes(scratch(name)) == Array("mine".utf8))
    #expect(!FileManager.default.fileExists(atPath: file) || name == "copy.db")
  }

  @Test(arguments: ["none/copy.db", "copy/"])
  func `a path that cannot be is told without a word of the configuration`(_ name: String) throws {
    let error = storeFailure { _ = try Backup.make(of: scratch.database, at: scratch(name)) }
    let cause = try #require(error?.cause)
    #expect(cause.hasSuffix(name == "copy/" ? "name a file" : "or name another one"), "\(cause)")
  }

  @Test func `a history that was edited is no backup`() throws {
    try Stranger(scratch.database).execute(
      "DROP TRIGGER event_is_never_changed; UPDATE event SET at_ms = 1 WHERE id = 3;")
    let error = storeFailure { _ = try Backup.make(of: scratch.database, at: file) }
    #expect(error == .corrupt("row 3: its hash does not follow from row 2"))
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(!names.contains { $0.hasPrefix("copy") })
  }

  @Test func `a database that is not there or another program's is said to be so`() throws {
    let missing = scratch("none.db")
    #expect(
      storeFailure { _ = try Backup.make(of: missing, at: file) }
        == .unusablePath("there is none at \(missing) yet; the daemon's first start makes it"))
    try Stranger(missing).execute("CREATE TABLE song (name TEXT)")
    try scratch.setMode("none.db", 0o600)
    let error = storeFailure { _ = try Backup.make(of: missing, at: file) }
    #expect(error?.cause.contains("belongs to another program") == true)
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  @Test func `the database of an older program is copied as it stands`() throws {
    try Stranger(scratch.database).execute(
      FormerSchema.withoutCompaction + "PRAGMA user_version = 5;")
    let backup = try Backup.make(of: scratch.database, at: file)
    #expect(backup.audit == nil)
    #expect(try Stranger(file).value("PRAGMA user_version") == "5")
  }
}
