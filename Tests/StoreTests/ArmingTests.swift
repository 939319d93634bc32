import Domain
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

  @Test func `a file that says that the disk lost an arming makes the start careful`() throws {
    try Directory.make(scratch("run"), mode: 0o700)
    _ = try Recorded("a", in: store(boot: "one"))
    DoubtFile(in: scratch("run")).make()
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

  @Test func `marks follow on their own thread, the last one for sure`() throws {
    let store = try store(boot: "one")
    for id in ["a", "b", "c"] {
      var recorded = try Recorded(id, in: store)
      try recorded.arm(in: store, .written)
      store.catchUp()
    }
    store.marks?.flush()
    let path = HighWaterFile.path(beside: scratch.database)
    guard case .mark(let mark) = try HighWaterFile.read(path) else {
      Issue.record("no mark")
      return
    }
    #expect(mark.armed == 3)
    #expect(mark.head == (try store.head()))
  }
}
