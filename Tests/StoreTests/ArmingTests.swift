import Domain
import Foundation
import Platform
import TestKit
import Testing

@testable import Store

/// An arming is not synced before the order leaves: what a start makes of an order that is not armed.
@Suite struct ArmingTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func store(boot: String?) throws -> OrderStore {
    try OrderStore(path: scratch.database, boot: boot, runtimeDirectory: scratch("run"))
  }

  private func mayHaveLeft(_ store: OrderStore) throws -> Bool? {
    try store.loadState(now: noon).live.first?.mayHaveLeft
  }

  @Test func `an order that is not armed never left, while the boot of its signal lasts`() throws {
    _ = try Recorded("a", in: store(boot: "one"))
    #expect(try mayHaveLeft(store(boot: "one")) == false)
    #expect(try mayHaveLeft(store(boot: "two")) == true)
    #expect(try mayHaveLeft(store(boot: nil)) == true)
  }

  @Test func `one that was taken under no known boot may have left`() throws {
    _ = try Recorded("a", in: store(boot: nil))
    #expect(try mayHaveLeft(store(boot: "one")) == true)
  }

  @Test func `one of an older program may have left`() throws {
    _ = try Recorded("a", in: store(boot: "one"))
    try Stranger(scratch.database).execute(
      FormerSchema.withoutCompaction
        + "ALTER TABLE signal DROP COLUMN boot; PRAGMA user_version = 4")
    #expect(try mayHaveLeft(store(boot: "one")) == true)
  }

  @Test func `an armed one is known to have left, whatever the boot`() throws {
    let store = try store(boot: "one")
    var recorded = try Recorded("a", in: store)
    try recorded.arm(in: store)
    #expect(try mayHaveLeft(store) == false)
    #expect(try store.loadState(now: noon).live.first?.order.status == .submitted)
  }

  @Test func `an unsynced arming counts as such until the next sync`() throws {
    let store = try store(boot: "one")
    var recorded = try Recorded("a", in: store)
    #expect(store.unsyncedArmings == 0)
    try recorded.arm(in: store, .written)
    #expect(store.unsyncedArmings == 1)
    _ = try Recorded("b", in: store)
    #expect(store.unsyncedArmings == 0)
  }

  @Test func `without a known boot every commit is synced`() throws {
    let store = try store(boot: nil)
    var recorded = try Recorded("a", in: store)
    try recorded.arm(in: store, .written)
    #expect(store.unsyncedArmings == 0)
  }

  @Test func `this machine tells its boot`() throws {
    let boot = try #require(BootID.read())
    #expect(boot.utf8.count == 36)
    #expect(BootID.read() == boot)
  }

  @Test(arguments: [
    ("0123456789abcdef0123456789ABCDEF", "01234567-89ab-cdef-0123-456789abcdef"),
    ("01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
    ("", nil), ("%b", nil), ("0123456789abcdef0123456789abcdeg", nil),
  ])
  func `the service manager's word has the form of the kernel's`(passed: String, boot: String?) {
    #expect(BootID.read(passed: passed) == boot)
  }

  @Test func `a boot that no file tells is not known`() {
    #expect(BootID.read(from: scratch("nothing")) == nil)
  }

  @Test func `after a clean stop nothing that waits has left, whatever the boot`() throws {
    do {
      let store = try store(boot: "one")
      _ = try Recorded("a", in: store)
      try store.noteCleanStop()
    }
    #expect(try mayHaveLeft(store(boot: "two")) == false)
  }

  @Test func `the next turn takes a clean stop back, and is synced`() throws {
    do {
      let store = try store(boot: "one")
      _ = try Recorded("a", in: store)
      try store.noteCleanStop()
    }
    do {
      let second = try store(boot: "two")
      var recorded = try Recorded("b", in: second)
      try second.noteCleanStop()
      try recorded.arm(in: second, .written)
      #expect(second.unsyncedArmings == 0)
      #expect(try mayHaveLeft(second) == false, "it goes on under the second boot")
    }
    #expect(try mayHaveLeft(store(boot: "three")) == true)
  }

  @Test func `what waits goes on over any number of clean stops`() throws {
    _ = try Recorded("a", in: store(boot: "one"))
    for boot in ["one", "two", nil, "three"] {
      #expect(try mayHaveLeft(store(boot: boot)) == false)
      try store(boot: boot).noteCleanStop()
    }
    #expect(try mayHaveLeft(store(boot: nil)) == false)
    _ = try Recorded("b", in: store(boot: "four"))
    #expect(try mayHaveLeft(store(boot: "four")) == false, "a kill loses nothing")
    #expect(try mayHaveLeft(store(boot: "five")) == true)
  }

  @Test func `one that may go once more after a reboot is of that boot`() throws {
    var recorded = try Recorded("a", in: store(boot: "one"))
    try recorded.arm(in: store(boot: "one"))
    try recorded.take(.outcomeLost("code 429", .throttled), in: store(boot: "one"))
    try recorded.take(.mayRetry("no view has it"), in: store(boot: "two"))
    #expect(try mayHaveLeft(store(boot: "two")) == false)
    #expect(try mayHaveLeft(store(boot: "three")) == true)
  }

  @Test func `without a known boot a kill and a power cut lose nothing`() throws {
    _ = try Recorded("a", in: store(boot: nil))
    #expect(try mayHaveLeft(store(boot: nil)) == false)
    _ = try Recorded("b", in: store(boot: "one"))
    #expect(try mayHaveLeft(store(boot: nil)) == true, "a run with a boot was there since")
  }

  @Test func `what waited in a database that has forgotten something may have left for ever`()
    throws
  {
    _ = try Recorded("a", in: store(boot: "one"))
    try FileManager.default.removeItem(atPath: HighWaterFile.path(beside: scratch.database))
    do {
      let store = try store(boot: "one")
      #expect(store.continuity == .noMark)
      #expect(try mayHaveLeft(store) == true)
      try store.renewMark()
    }
    let store = try store(boot: "one")
    #expect(store.continuity == .unbroken)
    #expect(try mayHaveLeft(store) == true)
  }

  @Test func `a clean stop says nothing of what an earlier power cut took`() throws {
    _ = try Recorded("a", in: store(boot: "one"))
    try store(boot: "two").noteCleanStop()
    #expect(try mayHaveLeft(store(boot: "two")) == true)
    #expect(try mayHaveLeft(store(boot: "three")) == true)
  }

  @Test func `a clean stop of an earlier row says nothing`() throws {
    do {
      let store = try store(boot: "one")
      _ = try Recorded("a", in: store)
      try store.noteCleanStop()
    }
    try Stranger(scratch.database).execute(
      "UPDATE setting SET value = json_set(value, '$.row', 0) WHERE key = 'clean_stop'")
    #expect(try mayHaveLeft(store(boot: "two")) == true)
  }

  @Test func `a file that says that the disk lost an arming makes the start careful`() throws {
    try Directory.make(scratch("run"), mode: 0o700)
    _ = try Recorded("a", in: store(boot: "one"))
    DoubtFile(in: scratch("run")).make(of: nil)
    do {
      let store = try store(boot: "one")
      guard case .broken(let reason) = store.continuity else {
        Issue.record("\(store.continuity)")
        return
      }
      #expect(reason.contains("armings-in-doubt"))
      try store.renewMark()
    }
    #expect(try store(boot: "one").continuity == .unbroken)
  }

  @Test func `a pipe in the place of that file is not waited for, and says the same`() throws {
    try Directory.make(scratch("run"), mode: 0o700)
    let file = DoubtFile(in: scratch("run"))
    try #require(unsafe mkfifo(file.path(of: "db"), 0o600) == 0)
    file.make(of: "db")
    #expect(file.found(for: "db") == file.path(of: "db"))
  }

  /// The descriptor of the log is exchanged for one that cannot be synced.
  private func failSync(of database: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    let suffix = (database + "-wal").split(separator: "/").suffix(2).joined(separator: "/")
    let owned = names.filter { name in
      let target = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/fd/\(name)")
      return target?.hasSuffix(suffix) == true
    }.compactMap { CInt($0) }
    try #require(!owned.isEmpty)
    let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    for number in owned { #expect(dup2(null, number) == number) }
    close(null)
  }

  @Test func `the doubt that one database left is not taken by the start of another`() throws {
    try Directory.make(scratch("run"), mode: 0o700)
    do {
      let store = try store(boot: "one")
      var recorded = try Recorded("a", in: store)
      try recorded.arm(in: store, .written)
      try failSync(of: scratch.database)
      #expect(throws: StoreError.self) { try store.probe() }
    }
    do {
      let other = try OrderStore(
        path: scratch("other.db"), boot: "one", runtimeDirectory: scratch("run"))
      #expect(other.continuity == .unbroken)
      try other.renewMark()
    }
    do {
      let store = try store(boot: "one")
      guard case .broken = store.continuity else {
        Issue.record("\(store.continuity)")
        return
      }
      try store.renewMark()
    }
    #expect(try store(boot: "one").continuity == .unbroken)
  }

  @Test func `marks follow on their own thread, the last one for sure`() throws {
    let store = try store(boot: "one")
    for id in ["a", "b", "c"] {
      var recorded = try Recorded(id, in: store)
      try recorded.arm(in: store, .written)
      store.catchUp()
    }
    store.finishMarks()
    let path = HighWaterFile.path(beside: scratch.database)
    guard case .mark(let mark) = try HighWaterFile.read(path) else {
      Issue.record("no mark")
      return
    }
    #expect(mark.armed == 3)
    #expect(mark.head == (try store.head()))
  }
}
