import Domain
import JSON
import Store
import TestKit
import Testing

/// The history row by row.
struct TailTests {
  let scratch: Scratch
  let store: OrderStore
  let reader: HistoryReader

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
    reader = try HistoryReader(store.reader)
    try store.write(
      .appendEvent(HistoryEvent(at: noon, subject: .daemon, kind: "started", detail: [:])))
    _ = try Recorded("a", in: store, symbol: "ETHUSDT", at: noon.advanced(by: .seconds(1)))
    _ = try Recorded("b", in: store, at: noon.advanced(by: .seconds(2)))
  }

  @Test func `rows come in their order with the symbol of their signal`() throws {
    let rows = try reader.rows(after: 0, limit: 10)
    #expect(rows.map(\.link.row) == [1, 2, 3])
    #expect(rows.map { $0.symbol?.text } == [nil, "ETHUSDT", "BTCUSDT"])
    #expect(rows.last?.link == (try store.head()))
    #expect(try reader.rows(after: 1, limit: 1) == [rows[1]])
    #expect(try reader.rows(after: 3, limit: 10) == [])
  }

  @Test func `a place in the history is found by row and by time`() throws {
    let rows = try reader.rows(after: 0, limit: 10)
    #expect(try reader.link(upTo: 0) == .beginning)
    #expect(try reader.link(upTo: 2) == rows[1].link)
    #expect(try reader.link(upTo: 99) == rows[2].link)
    #expect(try reader.row(before: noon) == 0)
    #expect(try reader.row(before: noon.advanced(by: .milliseconds(1))) == 1)
    #expect(try reader.row(before: noon.advanced(by: .seconds(3))) == 3)
  }

  @Test func `a row is known by its hash`() throws {
    let head = try store.head()
    #expect(try store.reader.holds(.beginning))
    #expect(try store.reader.holds(head))
    #expect(try !store.reader.holds(ChainHead(row: head.row, hash: ChainHead.beginning.hash)))
    #expect(try !store.reader.holds(ChainHead(row: head.row + 1, hash: head.hash)))
  }
}
