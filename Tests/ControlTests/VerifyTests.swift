import Domain
import JSON
import Platform
import Store
import Testing

@Suite struct `Verifying the history` {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
    try bench.write(Story.filledLimit())
    try bench.write(Story.open(at: Story.morning))
  }

  @Test func `a whole history is said to be whole, beside a daemon and without one`() throws {
    let head = try bench.store.head()
    guard case .mark(let mark) = try HighWaterMark.read(beside: bench.database) else {
      Issue.record("there is no mark")
      return
    }
    let plain = try bench.tool("verify")
    #expect(plain.status == .done)
    #expect(plain.complaints.isEmpty)
    #expect(
      plain.output == """
        whole: every row follows from the one before, and every order from its events
        events  \(head.row)
        orders  2
        mark    row \(mark.head.row), 2 orders armed since the first mark
        head    row \(head.row), \(head.hashText)
        """)
    try bench.listen()
    let json = try bench.tool("verify", "--json", "--head", head.hashText)
    #expect(json.status == .done)
    #expect(
      try json.document == [
        "ok": true, "events": .integer(head.row), "orders": 2, "compacted": nil,
        "head": ["row": .integer(head.row), "hash": .string(head.hashText)],
        "high_water": ["row": .integer(mark.head.row), "armed": 2],
        "row_before_power_cut": nil, "finding_count": 0, "findings": [],
      ])
  }

  @Test func `a head that was noted earlier must be there`() throws {
    let noted = try bench.store.head().hashText
    try bench.write(Story.deniedAtOnce())
    #expect(try bench.tool("verify", "--head", noted).status == .done)
    let other = String(repeating: "ab", count: 32)
    let run = try bench.tool("verify", "--head", other)
    #expect(run.status == .failed)
    #expect(
      run.output.hasPrefix(
        "no row has the hash that was noted: the history was cut or written anew since then\n"
          + "not whole: "))
  }

  @Test func `what does not fit is named`() throws {
    let key = OrderKey(signal: try #require(SignalID("s-open")))
    var order = try #require(try bench.store.order(key))
    try order.apply(.cancelRequested(by: "nobody"), at: Story.morning)
    try bench.store.write(.putOrder(order))
    try bench.store.commit()
    let plain = try bench.tool("verify")
    #expect(plain.status == .failed)
    #expect(
      plain.output.hasPrefix(
        "order s-open leg 0 and its history differ in cancel_requested\nnot whole: "))
    let json = try bench.tool("verify", "--json")
    #expect(json.status == .failed)
    #expect(try json.document["ok"] == false)
    #expect(try json.document["finding_count"] == 1)
    #expect(
      try json.document["findings"] == [
        [
          "signal_id": "s-open", "leg": 0,
          "message": "order s-open leg 0 and its history differ in cancel_requested",
        ]
      ])
  }
}
