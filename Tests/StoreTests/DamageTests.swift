import Domain
import Foundation
import Store
import TestKit
import Testing

/// Files that a disk or a hand has spoilt.
struct DamageTests {
  let scratch: Scratch
  /// The bytes of a closed database with six live orders.
  let sound: [UInt8]
  let orders: [Order]

  init() throws {
    scratch = try Scratch()
    var orders: [Order] = []
    do {
      let store = try OrderStore(path: scratch.database)
      for number in 0..<6 {
        var recorded = try Recorded("s\(number)", in: store)
        try recorded.arm(in: store)
        orders.append(recorded.order)
      }
    }
    self.orders = orders
    // Without the pages that nothing uses: damage to them is none.
    try Stranger(scratch.database).execute("VACUUM")
    sound = try scratch.bytes(scratch.database)
  }

  private func outcome() throws -> Result<[Order], StoreError> {
    do throws(StoreError) {
      let state = try OrderStore(path: scratch.database).loadState(now: noon)
      return .success(state.live.map(\.order))
    } catch {
      return .failure(error)
    }
  }

  private func put(_ bytes: [UInt8]) throws {
    for suffix in ["-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: scratch.database + suffix)
    }
    try scratch.put(bytes, at: scratch.database)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: scratch.database)
  }

  private func expectCorrupt(_ damage: Comment) throws {
    guard case .failure(.corrupt) = try outcome() else {
      Issue.record(damage)
      return
    }
  }

  @Test func `a text file is no database`() throws {
    try put(Array("this is not a database, it is a letter to a friend, and a long one\n".utf8))
    try expectCorrupt("a letter")
  }

  @Test func `a file cut short is seen`() throws {
    for length in [100, 4_096, sound.count / 2, sound.count - 4_096] {
      try put(Array(sound[..<length]))
      try expectCorrupt("\(length) of \(sound.count) bytes")
    }
  }

  @Test func `a page of zeros is seen`() throws {
    for page in 1..<(sound.count / 4_096) {
      var bytes = sound
      bytes.replaceSubrange(page * 4_096..<(page + 1) * 4_096, with: repeatElement(0, count: 4_096))
      try put(bytes)
      try expectCorrupt("page \(page + 1)")
    }
  }

  /// A flip in a place that holds nothing is harmless; a flip that changes an order must be seen,
  /// because row and history then differ.
  @Test func `no flipped byte makes another order`() throws {
    var random = SeededGenerator(seed: 57)
    var seen = 0
    for _ in 0..<250 {
      var bytes = sound
      let place = Int.random(in: 100..<bytes.count, using: &random)
      bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
      try put(bytes)
      switch try outcome() {
      case .success(let loaded):
        for order in loaded { #expect(isOurs(order), "byte \(place)") }
      case .failure: seen += 1
      }
    }
    #expect(seen > 20)
  }

  /// An order as it was, save for the words and times that no decision to send rests on.
  private func isOurs(_ order: Order) -> Bool {
    orders.contains {
      $0.key == order.key && $0.request == order.request && $0.status == order.status
        && $0.attempt == order.attempt && $0.stampedAt == order.stampedAt
        && $0.reservedQuote == order.reservedQuote
    }
  }

  @Test func `a big database opens, and damage to its orders is seen`() throws {
    do {
      let store = try OrderStore(path: scratch.database)
      let megabyte = [UInt8](repeating: 0x78, count: 1 << 20)
      for number in 0..<66 {
        try store.write(.insertSignal(makeSignal("big\(number)", raw: megabyte)))
      }
      try store.commit()
    }
    #expect(try outcome().get() == orders)
    let stranger = try Stranger(scratch.database)
    try stranger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    let root = try #require(
      try stranger.value("SELECT rootpage FROM sqlite_schema WHERE name = 'orders'"))
    let page = try #require(Int(root))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.database))
    try file.seek(toOffset: UInt64(page - 1) * 4_096)
    try file.write(contentsOf: [UInt8](repeating: 0xFF, count: 200))
    try file.close()
    try expectCorrupt("orders")
  }

  @Test func `a log whose database is gone is no reason to begin anew`() throws {
    try FileManager.default.removeItem(atPath: scratch.database)
    try scratch.put([1, 2, 3], at: scratch.database + "-wal")
    guard case .failure(let error) = try outcome() else {
      Issue.record("a new database was made")
      return
    }
    #expect(error == .corrupt("\(scratch.database) is gone but its write-ahead log is there"))
    #expect(!FileManager.default.fileExists(atPath: scratch.database))
  }
}
