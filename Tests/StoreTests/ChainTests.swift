import Cryptography
import Domain
import JSON
import Store
import TestKit
import Testing

/// The chain as it is written.
struct ChainTests {
  let scratch: Scratch
  let store: OrderStore

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
  }

  private func append(_ kind: String, _ subject: HistoryEvent.Subject, _ detail: JSONValue) throws {
    try store.write(
      .appendEvent(HistoryEvent(at: noon, subject: subject, kind: kind, detail: detail)))
  }

  /// The hashes were computed by another program from the form that `CanonicalRow` describes.
  @Test func `the form of a link never changes`() throws {
    #expect(try store.head() == .beginning)
    try append("started", .daemon, ["n": 1])
    try store.commit()
    #expect(
      try store.head().hashText
        == "9078fbd2762313012a0c1f9b89aa3f55d2aa24d1645fbf7d819cbae4ad28bf7b")
    try append("remark", .order(OrderKey(signal: signalID("a"))), "ü")
    try store.commit()
    #expect(try store.head().row == 2)
    #expect(
      try store.head().hashText
        == "bc5176aad49a94e3923f010ecda66eda759c02d2827ac633990c98a2574495d6")
    let stored = try Stranger(scratch.database).value(
      "SELECT lower(hex(hash)) FROM event WHERE id = 2")
    #expect(try stored == store.head().hashText)
  }

  @Test(arguments: 0..<12)
  func `any history verifies, over restarts and turns that failed`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed) + 1_000)
    let held = try recordAnything(in: store, seed: seed, orders: 6, events: 25)
    for number in 0..<6 {
      try append("lost", .daemon, .integer(number))
      switch Int.random(in: 0...2, using: &random) {
      case 0: store.rollback()
      case 1:
        #expect(throws: StoreError.self) { try store.write(.insertSignal(makeSignal("s0"))) }
        #expect(throws: StoreError.self) { try store.commit() }
      default: try store.commit()
      }
    }
    let audit = try store.reader.audit()
    #expect(audit.findings == [])
    #expect(audit.isClean)
    #expect(audit.orders == held.count)
    #expect(try audit.head == store.head())
    #expect(audit.head.row == Int64(audit.events))
    let reader = try StoreReader(path: scratch.database)
    #expect(try reader.head() == audit.head)
    #expect(try reader.audit() == audit)
  }

  @Test func `a history without rows verifies`() throws {
    let audit = try store.reader.audit()
    #expect(audit.isClean)
    #expect(audit.events == 0)
    #expect(audit.head == .beginning)
    #expect(
      audit.head.hashText == "0000000000000000000000000000000000000000000000000000000000000000")
  }

  @Test func `the chain goes on after a restart`() throws {
    let folder = try Scratch()
    for number in 1...3 {
      let store = try OrderStore(path: folder.database)
      _ = try Recorded("s\(number)", in: store)
      #expect(try store.head().row == Int64(number))
    }
    #expect(try StoreReader(path: folder.database).audit().isClean)
  }

  @Test func `an audit sees one moment beside a writer`() throws {
    _ = try recordAnything(in: store, seed: 1, orders: 3, events: 10)
    let reader = try StoreReader(path: scratch.database)
    let before = try reader.audit()
    try append("open", .daemon, nil)
    #expect(try reader.audit() == before)
    #expect(try store.reader.audit().events == before.events + 1)
    try store.commit()
    #expect(try reader.audit().events == before.events + 1)
  }
}
