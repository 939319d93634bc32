import Domain
import Foundation
import Store
import TestKit
import Testing

/// What is read beside a daemon that writes.
struct SnapshotTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  @Test func `what is read in a snapshot is of one moment`() throws {
    let store = try OrderStore(path: scratch.database)
    var order = try Recorded("s", in: store)
    let reader = try StoreReader(path: scratch.database)
    let key = order.order.key
    try reader.snapshot { () throws(StoreError) in
      let before = try reader.history(of: key.signal)
      #expect(throws: Never.self) { try order.arm(in: store) }
      #expect(try reader.history(of: key.signal) == before)
      #expect(try reader.order(key)?.status == .new)
    }
    #expect(try reader.order(key)?.status == .submitted)
  }

  @Test func `an error within a snapshot ends it`() throws {
    let store = try OrderStore(path: scratch.database)
    let reader = try StoreReader(path: scratch.database)
    #expect(throws: StoreError.self) {
      try reader.snapshot { () throws(StoreError) in throw StoreError.misuse("on purpose") }
    }
    _ = try Recorded("later", in: store)
    #expect(try reader.signal(signalID("later")) != nil)
  }

  @Test func `orders on their way do not look damaged to a reader`() throws {
    let path = scratch.database
    _ = try OrderStore(path: path)
    let writer = Thread { try? Self.tradeAll(path) }
    writer.start()
    let reader = try StoreReader(path: path)
    var looks = 0
    repeat {
      _ = try reader.loadState(now: noon)
      if let last = try reader.orders(filter: ListFilter(limit: 1)).first {
        _ = try reader.order(last.key)
      }
      looks += 1
    } while !writer.isFinished
    #expect(looks > 1)
    let state = try reader.loadState(now: noon)
    #expect(state.live.isEmpty)
    #expect(state.reservations.count == Self.orders)
  }

  private static let orders = 300

  private static func tradeAll(_ path: String) throws {
    let store = try OrderStore(path: path)
    for number in 0..<orders {
      let name = "s\(number)"
      var order = try Recorded(name, in: store)
      try order.arm(in: store)
      try order.take(.acknowledged(orderID: "X\(number)"), in: store)
      let report = try makeReport(name, .filled, executed: "0.5", quote: "10000")
      try order.take(.observed(report), in: store)
    }
  }
}
