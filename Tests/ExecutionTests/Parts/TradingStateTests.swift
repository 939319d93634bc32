import Domain
import Testing

@testable import Execution

@Suite struct TradingStateTests {
  private var trading = TradingState(StoredState(), settling: .seconds(66), at: monotonic(.zero))
  private static let lost = OrderEvent.outcomeLost("lost", .answerLost)

  private func missing(_ id: String, _ symbol: Symbol = btc) throws -> Order {
    try orderLife(1, id, symbol).after([armed, Self.lost, .notFound("")]).order
  }

  private func denial(
    _ symbol: Symbol, _ scope: PauseScope
  ) -> Denial? {
    do throws(Denial) {
      try trading.checkPause(symbol, scope)
      return nil
    } catch { return error }
  }

  // MARK: The halt

  @Test mutating func `a halt is written, told once for each reason, and ended by resume`() {
    #expect(throws: Never.self) { try trading.checkHalt(.sell) }
    var reaction = Reaction(at: moment())
    #expect(trading.halt("a", of: .all, &reaction) == true)
    #expect(trading.halt("a", of: .all, &reaction) == false)
    #expect(trading.halt?.since == moment().wall)
    #expect(reaction.writes.count == 2)
    #expect(reaction.logs.map(\.level) == [.error])
    #expect(throws: Denial.self) { try trading.checkHalt(.sell) }
    #expect(trading.halt("b", of: .all, &reaction) == true)
    #expect(trading.halt?.reason == "b")

    var resumed = Reaction(at: moment(.seconds(1)))
    trading.resume(&resumed)
    #expect(resumed.writes.contains(.setHalt(nil)))
    #expect(throws: Never.self) { try trading.checkHalt(.sell) }
  }

  @Test mutating func `a halt of buys lets sells through, and loosens no other halt`() {
    var reaction = Reaction(at: moment())
    #expect(trading.halt("a", of: .buys, &reaction) == true)
    #expect(trading.halt("a", of: .buys, &reaction) == false)
    #expect(throws: Denial.self) { try trading.checkHalt(.buy) }
    #expect(throws: Never.self) { try trading.checkHalt(.sell) }
    #expect(trading.halt("a", of: .all, &reaction) == true)
    #expect(throws: Denial.self) { try trading.checkHalt(.sell) }
    #expect(trading.halt("b", of: .buys, &reaction) == false)
    #expect(trading.halt?.scope == .all && trading.halt?.reason == "a")
  }

  @Test mutating func `a halt outlives a restart`() {
    let record = HaltRecord(reason: "a", since: moment().wall)
    trading = TradingState(
      StoredState(halt: record), settling: .seconds(66), at: monotonic(.seconds(9)))
    #expect(trading.halt == record)
    #expect(throws: Denial.self) { try trading.checkHalt(.sell) }
  }

  // MARK: Pauses

  @Test mutating func `an order that was not found pauses its symbol once`() throws {
    let order = try missing("a")
    #expect(trading.note(order) == true)
    #expect(trading.note(order) == false)
    #expect(denial(btc, .symbol)?.code == .halted)
    #expect(denial(btc, .symbol)?.message.contains("resolve a") == true)
    #expect(denial(eth, .symbol) == nil)
    #expect(denial(btc, .none) == nil)
    #expect(denial(eth, .all)?.message.contains("BTCUSDT") == true)
  }

  @Test mutating func `a symbol is paused until the last of its orders is accounted for`() throws {
    for id in ["a", "b"] { #expect(try trading.note(missing(id)) == true) }
    #expect(try trading.note(missing("c", eth)) == true)
    #expect(denial(btc, .symbol)?.message.contains("signal a ") == true)
    var found = try missing("a")
    try found.apply(.observed(report("a", .open)), at: moment().wall)
    #expect(trading.note(found) == false)
    #expect(denial(btc, .symbol)?.message.contains("signal b ") == true)
    var closed = try missing("b")
    try closed.apply(.closedByOperator(""), at: moment().wall)
    #expect(trading.note(closed) == false)
    #expect(denial(btc, .symbol) == nil)
    #expect(denial(eth, .symbol) != nil)
    trading.forget(key("c"), of: eth)
    #expect(denial(eth, .all) == nil)
  }

  @Test mutating func `orders that stand elsewhere pause nothing`() throws {
    for events: [OrderEvent] in [
      [], [armed], [armed, Self.lost], [armed, .acknowledged(orderID: "E1")],
      [armed, Self.lost, .notFound(""), .closedByOperator("")],
    ] {
      #expect(trading.note(try orderLife(1, "a").after(events).order) == false)
    }
    #expect(denial(btc, .all) == nil)
  }

  // MARK: The start and the end

  @Test mutating func `the gate tells each change once`() {
    #expect(trading.note(isOpen: false) == false)
    #expect(trading.note(isOpen: true) == true)
    #expect(trading.note(isOpen: true) == false)
    #expect(trading.note(isOpen: false) == true)
  }

  @Test
  mutating func `a careful start waits until earlier runs are visible, and is ended for good`() {
    let record = CarefulRecord(reason: "set back", since: moment().wall)
    trading = TradingState(
      StoredState(careful: record), settling: .seconds(66), at: monotonic(.zero))
    #expect(trading.careful == record)
    #expect(trading.earlierRunsAreVisible == monotonic(.seconds(66)))
    var reaction = Reaction(at: moment(.seconds(1)))
    trading.endCarefulStart(&reaction)
    #expect(trading.careful == nil)
    #expect(!reaction.writes.contains(.setCareful(nil)))
    for _ in 0..<2 { trading.forgetCarefulStart(&reaction) }
    #expect(reaction.writes.count { $0 == .setCareful(nil) } == 1)
    // What came before is still looked for as long.
    #expect(trading.earlierRunsAreVisible == monotonic(.seconds(66)))
  }

  @Test mutating func `a daemon that is about to end stays so`() {
    #expect(!trading.isStopping)
    trading.stop()
    #expect(trading.isStopping)
  }
}
