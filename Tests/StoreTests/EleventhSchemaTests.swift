import Domain
import Store
import TestKit
import Testing

/// What an order has cost stands in the index that a start counts by.
struct EleventhSchemaTests {
  private func fill(_ id: String, for quote: String, at path: String) throws {
    let store = try OrderStore(path: path)
    var recorded = try Recorded(id, in: store, reserved: "10")
    try recorded.arm(in: store)
    let report = try makeReport(id, .filled, executed: "0.5", quote: quote)
    try recorded.take(.observed(report), in: store)
  }

  @Test func `a database of the tenth version counts what its orders have cost`() throws {
    let scratch = try Scratch()
    try fill("a", for: "10.5", at: scratch.database)
    let present = try Stranger(scratch.database).schema()
    try Stranger(scratch.database).execute(
      FormerSchema.withoutSpending + "PRAGMA user_version = 10;")
    #expect(try Stranger(scratch.database).schema() != present)
    let next = try OrderStore(path: scratch.database)
    #expect(try Stranger(scratch.database).schema() == present)
    #expect(try next.loadState(now: noon).reservations.map(\.quote) == [money("10.5")])
  }
}
