import Domain
import Foundation
import JSON
import TestKit
import Testing

@testable import Store

/// A backup that takes the place of the database.
struct RestorationTests {
  let scratch: Scratch
  private let backup: Backup
  private var file: String { scratch("copy.db") }
  private var kept: String { scratch.database + ".before-restore-1" }

  /// A backup, and a database that went on since.
  init() throws {
    scratch = try Scratch()
    let store = try OrderStore(path: scratch.database)
    try store.write(
      .setOwner(DatabaseOwner(account: main, mode: .live, since: noon)))
    var before = try Recorded("before", in: store)
    try before.arm(in: store)
    backup = try Backup.make(of: scratch.database, at: scratch("copy.db"))
    var after = try Recorded("after", in: store)
    try after.arm(in: store)
    store.finishMarks()
  }

  private func ownership(
    _ mode: TradingMode = .live, _ account: String = "main"
  ) -> DatabaseOwnership {
    DatabaseOwnership(
      account: TradingAccount(venue: "mexc-spot", name: account), mode: mode, path: file,
      statement: "adopt",
      keyDigest: nil)
  }

  @discardableResult
  private func restore(
    _ file: String? = nil, for ownership: DatabaseOwnership? = nil, to path: String? = nil
  ) throws -> Restoration.Outcome {
    try Restoration(of: file ?? self.file, to: path ?? scratch.database)
      .run(for: ownership ?? self.ownership(), at: noon)
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
  }

  @Test func `the backup is the database again and the former one is kept whole`() throws {
    let former = try StoreReader(path: scratch.database).audit()
    let outcome = try restore()
    #expect(outcome.audit == backup.audit)
    #expect(outcome.kept == kept)
    #expect(outcome.halt == nil)
    #expect(
      try names() == [
        "copy.db", "state.db", "state.db.before-restore-1", "state.db.high-water",
        "state.db.intake", "state.db.lock",
      ])
    #expect(try scratch.mode(scratch.database) == 0o600)
    #expect(try StoreReader(path: kept).audit() == former)
    let store = try StoreReader(path: scratch.database)
    #expect(try store.order(OrderKey(signal: signalID("before"))) != nil)
    #expect(try store.order(OrderKey(signal: signalID("after"))) == nil)
    #expect(try store.audit().isClean)
    let last = try #require(try store.daemonHistory().last)
    #expect(last.kind == "database_restored")
    #expect(last.detail["row"]?.integerValue == backup.audit?.head.row)
    // The next one keeps both.
    #expect(try restore().kept == scratch.database + ".before-restore-2")
  }

  @Test func `it keeps the name in the intake log, whose last signals it may lack`() throws {
    let name = try IntakeLog.name(in: StoreReader(path: scratch.database))
    try restore()
    #expect(name != nil)
    #expect(try IntakeLog.name(in: StoreReader(path: scratch.database)) == name)
  }

  @Test func `the next start is a careful one with the mark of the former database`() throws {
    try restore()
    let store = try OrderStore(path: scratch.database)
    #expect(try store.loadState(now: noon).careful?.reason.contains("was restored from") == true)
    guard case .broken = store.continuity else {
      Issue.record("the mark does not tell: \(store.continuity)")
      return
    }
  }

  @Test func `on a machine that knows nothing the next start is a careful one too`() throws {
    try scratch.folder("other")
    let outcome = try restore(to: scratch("other/state.db"))
    #expect(outcome.kept == nil)
    let store = try OrderStore(path: scratch("other/state.db"))
    #expect(store.continuity == .noMark)
    #expect(try store.loadState(now: noon).careful?.since == noon)
  }

  @Test func `what holds of the present holds on`() throws {
    do {
      let store = try OrderStore(path: scratch.database)
      try store.write(.setHalt(HaltRecord(reason: "lunch", since: noon)))
      try store.write(
        .setBan(BanRecord(until: noon, wait: .seconds(9), isBan: true, reason: "429")))
      try store.commit()
    }
    let outcome = try restore()
    #expect(outcome.halt == HaltRecord(reason: "lunch", since: noon))
    #expect(outcome.unread == nil)
    let state = try StoreReader(path: scratch.database).loadState(now: noon)
    #expect(state.halt?.reason == "lunch")
    #expect(state.ban?.wait == .seconds(9))
  }

  @Test func `a halt of an older program's database holds on`() throws {
    do {
      let store = try OrderStore(path: scratch.database)
      try store.write(.setHalt(HaltRecord(reason: "lunch", since: noon)))
      try store.commit()
    }
    try Stranger(scratch.database).execute(
      FormerSchema.withoutCompaction + "PRAGMA user_version = 5;")
    #expect(try restore().halt?.reason == "lunch")
  }

  @Test func `a halt of a newer program's database holds on, and that one is kept whole`() throws {
    let newer = Migrations.currentVersion + 1
    // Holds its log open, as a program that was killed leaves it.
    let stranger = try Stranger(scratch.database)
    do {
      let store = try OrderStore(path: scratch.database)
      try store.write(.setHalt(HaltRecord(reason: "lunch", since: noon)))
      try store.commit()
    }
    try stranger.execute("PRAGMA user_version = \(newer);")
    let outcome = try restore()
    #expect(outcome.halt?.reason == "lunch")
    #expect(outcome.unread == nil)
    #expect(outcome.kept == kept)
    #expect(!FileManager.default.fileExists(atPath: kept + "-wal"))
    #expect(try Stranger(kept).value("PRAGMA user_version") == "\(newer)")
    #expect(try StoreReader(path: scratch.database).audit().isClean)
  }

  @Test func `that a newer program's settings cannot be read is said`() throws {
    try Stranger(scratch.database).execute(
      "DROP TABLE setting; PRAGMA user_version = \(Migrations.currentVersion + 1);")
    let outcome = try restore()
    #expect(outcome.halt == nil)
    #expect(outcome.unread != nil)
  }

  @Test func `that a damaged database tells of no halt is said`() throws {
    try scratch.put([UInt8](repeating: 7, count: 8_192), at: scratch.database)
    let outcome = try restore()
    #expect(outcome.halt == nil)
    #expect(outcome.unread != nil)
  }

  @Test func `a database in use is left alone`() throws {
    let store = try OrderStore(path: scratch.database)
    let before = try store.head()
    guard case .heldByAnotherDaemon = storeFailure({ try restore() }) else {
      Issue.record("it was not refused")
      return
    }
    #expect(try StoreReader(path: scratch.database).head() == before)
    #expect(!FileManager.default.fileExists(atPath: kept))
  }

  @Test func `a backup of another mode or account is refused`() throws {
    let before = try scratch.bytes(scratch.database)
    for other in [ownership(.paper), ownership(.live, "second")] {
      let error = storeFailure { try restore(for: other) }
      #expect(error?.cause.contains("belongs to mode live and account \"main\"") == true)
    }
    #expect(try scratch.bytes(scratch.database) == before)
    #expect(try names().filter { $0.contains("restor") } == [])
  }

  @Test(arguments: ["row", "page", "text", "none", "itself"])
  func `what is no whole backup is refused`(_ damage: String) throws {
    var name = "copy.db"
    switch damage {
    case "row":
      try Stranger(file).execute(
        "DROP TRIGGER event_is_never_changed; UPDATE event SET at_ms = 1 WHERE id = 2;")
    case "page":
      var bytes = try scratch.bytes(file)
      for place in stride(from: 4_096, to: bytes.count, by: 64) { bytes[place] ^= 0x55 }
      try scratch.put(bytes, at: file)
    case "text": try scratch.write("copy.db", "no database at all, and long enough to be read")
    case "none": name = "missing.db"
    default: name = "state.db"
    }
    let before = try scratch.bytes(scratch.database)
    let error = storeFailure { try restore(scratch(name)) }
    guard case .unusablePath(let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.contains(scratch(name)), "\(text)")
    #expect(try scratch.bytes(scratch.database) == before)
    #expect(try names().filter { $0.contains("restor") } == [])
  }

  /// What lay beside the former database would be read as the restored one's.
  @Test(arguments: ["-wal", "-journal"])
  func `what belongs to a damaged database goes with it`(_ suffix: String) throws {
    try scratch.write("state.db", "damaged")
    try scratch.write("state.db\(suffix)", "left")
    let outcome = try restore()
    #expect(outcome.kept == kept)
    #expect(try scratch.bytes(kept) == Array("damaged".utf8))
    #expect(try scratch.bytes(kept + suffix) == Array("left".utf8))
    #expect(try StoreReader(path: scratch.database).audit().isClean)
  }

  @Test func `a copy with its log beside it is restored with what the log holds`() throws {
    let copy = scratch("snapshot.db")
    var events = 0
    do {
      let store = try OrderStore(path: scratch.database)
      _ = try Recorded("logged", in: store)
      events = try store.reader.audit().events
      for suffix in ["", "-wal"] {
        try scratch.put(try scratch.bytes(scratch.database + suffix), at: copy + suffix)
      }
    }
    try scratch.setMode("snapshot.db", 0o600)
    #expect(try restore(copy).audit.events == events)
  }

  @Test func `a backup of an older program is brought up to date`() throws {
    try Stranger(file).execute(FormerSchema.withoutCompaction + "PRAGMA user_version = 5;")
    #expect(try restore().audit.head == backup.audit?.head)
    #expect(try StoreReader(path: scratch.database).audit().isClean)
  }

  @Test func `what a run that was killed left is no hindrance`() throws {
    try scratch.write("state.db.restoring", "half")
    try scratch.write("state.db.restoring-wal", "half")
    #expect(try restore().audit == backup.audit)
    #expect(try names().filter { $0.contains("restoring") } == [])
  }
}
