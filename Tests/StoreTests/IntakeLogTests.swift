import Domain
import Foundation
import Platform
import TestKit
import Testing

@testable import Store

/// Signals on the disk before the database has them there. A power cut is what it leaves: the database
/// as it was synced, and the intake log as it was waited for.
@Suite struct IntakeLogTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func store(boot: String? = "one") throws -> OrderStore {
    try OrderStore(path: scratch.database, boot: boot)
  }

  private func bytes(of id: String) -> [UInt8] { Array("signal \(id)".utf8) }

  private func announce(_ id: String, in store: OrderStore) throws {
    try store.announce(
      try signalID(id), bytes(of: id), from: .file(Array("\(id).json".utf8)), arrivedAt: noon,
      readAt: noon.advanced(by: .milliseconds(3)))
  }

  /// Accepts a signal that was announced.
  private func accept(_ id: String, in store: OrderStore) throws {
    try announce(id, in: store)
    try store.write(.insertSignal(makeSignal(id)))
    try store.commit(.recorded)
  }

  /// The first turn of a run is synced, whatever it wants.
  private func begin(_ store: OrderStore) throws {
    try store.write(.insertSignal(makeSignal("first")))
    try store.commit(.written)
  }

  /// The files as they stand once the database lost what it had not synced since `begin`.
  private func losingPower(
    boot: String? = "two", runtimeDirectory: String? = nil,
    during run: (OrderStore) throws -> Void
  ) throws -> OrderStore {
    do {
      let store = try store()
      try begin(store)
      let files = FileManager.default
      for suffix in ["", "-wal"] {
        try files.copyItem(atPath: scratch.database + suffix, toPath: scratch("kept" + suffix))
      }
      try run(store)
      try files.copyItem(
        atPath: IntakeFile.path(beside: scratch.database), toPath: scratch("kept.intake"))
    }
    return try OrderStore(path: scratch("kept"), boot: boot, runtimeDirectory: runtimeDirectory)
  }

  private func unrecorded(_ store: OrderStore) throws -> [String] {
    try store.loadState(now: noon).unrecorded.map { String(decoding: $0.raw, as: UTF8.self) }
  }

  @Test func `a commit of what was announced is not synced, and a power cut gives the signal back`()
    throws
  {
    let store = try losingPower { store in
      try accept("a", in: store)
      #expect(!store.isSynced)
    }
    #expect(try store.signal(signalID("a")) == nil)
    let record = try #require(try store.loadState(now: noon).unrecorded.first)
    #expect(record.raw == bytes(of: "a"))
    #expect(record.origin == .file(Array("a.json".utf8)))
    #expect(record.arrivedAt == noon)
    #expect(record.readAt == noon.advanced(by: .milliseconds(3)))
  }

  @Test func `under the same boot nothing that was not committed has left`() throws {
    let store = try losingPower(boot: "one") { try accept("a", in: $0) }
    #expect(try unrecorded(store) == [])
  }

  @Test func `several are read again, the oldest first`() throws {
    let store = try losingPower { store in
      for id in ["a", "b", "c"] { try accept(id, in: store) }
    }
    #expect(try unrecorded(store) == ["signal a", "signal b", "signal c"])
  }

  @Test func `without an announcement the commit is synced`() throws {
    let store = try store()
    try begin(store)
    try store.write(.insertSignal(makeSignal("a")))
    try store.commit(.recorded)
    #expect(store.isSynced)
  }

  @Test func `a turn of two signals is synced`() throws {
    let store = try store()
    try begin(store)
    for id in ["a", "b"] {
      try announce(id, in: store)
      try store.write(.insertSignal(makeSignal(id)))
    }
    try store.commit(.recorded)
    #expect(store.isSynced)
  }

  @Test func `what is too long for a block is synced`() throws {
    let store = try store()
    try begin(store)
    let raw = [UInt8](repeating: 0x20, count: 5_000)
    try store.announce(signalID("a"), raw, from: .socket("test"), arrivedAt: noon, readAt: noon)
    try store.write(.insertSignal(makeSignal("a", raw: raw)))
    try store.commit(.recorded)
    #expect(store.isSynced)
  }

  @Test func `without a known boot every commit is synced`() throws {
    let store = try store(boot: nil)
    try begin(store)
    try accept("a", in: store)
    #expect(store.isSynced)
  }

  @Test func `a signal that was refused is taken away`() throws {
    let store = try losingPower { store in
      try announce("a", in: store)
      try store.write(.setHalt(nil))
      try store.commit()
      store.catchUp()
      try accept("b", in: store)
    }
    #expect(try unrecorded(store) == ["signal b"])
  }

  @Test func `when the places are used up the database is synced, and they are free again`() throws
  {
    let store = try store()
    try begin(store)
    for number in 0..<IntakeLog.places {
      try accept("s\(number)", in: store)
      #expect(!store.isSynced)
    }
    try accept("last", in: store)
    #expect(store.isSynced)
    try accept("next", in: store)
    #expect(!store.isSynced)
  }

  @Test func `the places of what a power cut gave back are kept until it is recorded`() throws {
    let store = try losingPower { try accept("a", in: $0) }
    try accept("b", in: store)
    #expect(store.isSynced, "the first turn comes before anything is read again")
    #expect(try unrecorded(store) == ["signal a"])
    try store.write(.insertSignal(makeSignal("a")))
    try announce("c", in: store)
    try store.commit()
    try accept("d", in: store)
    #expect(!store.isSynced)
    #expect(try unrecorded(store) == [])
  }

  @Test func `what was read again and could not be written is read again`() throws {
    let store = try losingPower { try accept("a", in: $0) }
    #expect(try unrecorded(store) == ["signal a"])
    store.rollback()
    try store.probe()
    store.catchUp()
    try accept("b", in: store)
    #expect(store.isSynced, "its place is not free")
    #expect(try unrecorded(store) == ["signal a"])
  }

  @Test func `where a sync failed a signal that was not noted may have left, too`() throws {
    let run = scratch("run")
    try Directory.make(run, mode: 0o700)
    let store = try losingPower(boot: "one", runtimeDirectory: run) { store in
      try accept("a", in: store)
      DoubtFile(in: run).make(of: nil)
    }
    try store.write(.setHalt(nil))
    try store.commit()
    try store.renewMark()
    #expect(try unrecorded(store) == ["signal a"])
  }

  @Test func `where nothing can be written what was written before is read`() throws {
    let store = try losingPower(boot: nil) { try accept("a", in: $0) }
    #expect(try unrecorded(store) == ["signal a"])
    try accept("b", in: store)
    #expect(store.isSynced)
  }

  @Test(arguments: [nil, 4_096]) func `a log that is gone or cut short makes one start careful`(
    left: UInt64?
  ) throws {
    do {
      let store = try store()
      try begin(store)
      try accept("a", in: store)
    }
    let path = IntakeFile.path(beside: scratch.database)
    if let left {
      try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: left)
    } else {
      try FileManager.default.removeItem(atPath: path)
    }
    // It is found until it is on record.
    for id in ["b", "c"] {
      let store = try store()
      #expect(store.continuity == .intakeLost)
      try accept(id, in: store)
      #expect(store.isSynced)
    }
    try store().renewMark()
    let store = try store()
    #expect(store.continuity == .unbroken)
    try store.write(.setHalt(nil))
    try store.commit()
    try accept("d", in: store)
    #expect(!store.isSynced)
  }

  @Test func `the word of the operator does not put it on record that the log is gone`() throws {
    let account = TradingAccount(venue: "mexc-spot", name: "main")
    let ownership = DatabaseOwnership(
      account: account, mode: .live, path: scratch.database, statement: "adopt", keyDigest: nil)
    do {
      let store = try store()
      var owner = DatabaseOwner(account: account, mode: .live, since: noon)
      owner.key = KeyDigest(
        salt: Array(repeating: 1, count: 32), digest: Array(repeating: 2, count: 32))
      try store.write(.setOwner(owner))
      var order = try Recorded("a", in: store)
      try order.arm(in: store)
    }
    try FileManager.default.removeItem(atPath: IntakeFile.path(beside: scratch.database))
    do {
      let store = try store()
      guard case .success(let text) = try ownership.adopt(store, at: noon) else {
        Issue.record("the word was not taken")
        return
      }
      #expect(text.contains("and to the next API key"))
      try store.noteCleanStop()
    }
    #expect(try store().continuity == .intakeLost)
  }

  @Test func `the log of another database is none`() throws {
    let former = try losingPower { try accept("a", in: $0) }
    withExtendedLifetime(former) {}
    let other = scratch("other")
    try FileManager.default.copyItem(
      atPath: scratch("kept.intake"), toPath: IntakeFile.path(beside: other))
    #expect(try unrecorded(OrderStore(path: other, boot: "two")) == [])
  }

  @Test func `an entry that was cut short or changed is none`() throws {
    let database = Array("name".utf8)
    let record = IntakeRecord(
      id: try signalID("a"), raw: bytes(of: "a"), origin: .socket("test"), arrivedAt: noon,
      readAt: noon, boot: "one")
    let block = try #require(IntakeEntry(number: 7, record: record).block(of: database))
    let whole = try #require(IntakeEntry(block, of: database))
    #expect(whole.number == 7)
    #expect(whole.record == record)
    for count in 0..<block.count {
      #expect(IntakeEntry(Array(block.prefix(count)), of: database) == nil)
    }
    for place in block.indices {
      var changed = block
      changed[place] ^= 1
      #expect(IntakeEntry(changed, of: database) == nil)
    }
  }
}
