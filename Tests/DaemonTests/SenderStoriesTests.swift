import Control
import Daemon
import Domain
import Glibc
import JSON
import Store
import TestKit
import Testing

@Suite struct `What senders of signals may read` {
  private let scratch: Scratch
  private let store: OrderStore

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch("state.db"))
    try insert("theirs", .socket("uid=4001 pid=9"))
    try insert("file", .file(Array("a.json".utf8)))
    try store.commit()
  }

  private func insert(_ id: String, _ origin: SignalOrigin) throws {
    let now = WallTime(milliseconds: 1_790_000_000_000)
    try store.write(
      .insertSignal(
        SignalRecord(
          signalID: #require(SignalID(id)), symbol: try Symbol(spelling: "BTCUSDT"), side: .buy,
          type: .limit, contentDigest: [UInt8](repeating: 7, count: 32),
          raw: Array("{}".utf8), origin: origin, receivedAt: now, expiresAt: now,
          clientOrderID: #require(ClientOrderID("x-\(id)")), decision: .halted, message: "",
          decidedAt: now)))
  }

  private func isTold(_ id: String, _ user: UInt32) throws -> Bool {
    let store = store
    switch SenderStories(store: { store.reader }, waitsFor: { _ in nil }).answer(
      try #require(SignalID(id)), to: user)
    {
    case .result(let story): return story["signal"]?["id"]?.stringValue == id
    case .failure(let failure):
      #expect(failure.code == .notFound)
      return false
    }
  }

  @Test func `a user reads what it sent through the socket, and nothing else`() throws {
    #expect(try isTold("theirs", 4_001))
    for user: UInt32 in [400, 40_010, 4_002] { #expect(try !isTold("theirs", user)) }
    #expect(try !isTold("file", 4_001))
    #expect(try !isTold("nobody", 4_001))
  }

  @Test func `who sent a signal whose history was removed is not known, and not denied`() throws {
    let late = WallTime(milliseconds: 1_800_000_000_000)
    #expect(try Compaction(store).step(before: late, at: late).signals == 2)
    let store = store
    let stories = SenderStories(store: { store.reader }, waitsFor: { _ in nil })
    guard case .failure(let failure) = stories.answer(try #require(SignalID("theirs")), to: 4_001)
    else {
      Issue.record("it was told")
      return
    }
    #expect(failure.code == .notFound)
    #expect(failure.message.contains("or its history was removed, and with it who sent it"))
    #expect(try isTold("theirs", 0))
  }

  @Test func `root and the daemon's own user read all`() throws {
    for user in [0, geteuid()] {
      #expect(try isTold("theirs", user))
      #expect(try isTold("file", user))
    }
  }
}
