import Domain
import Execution
import Testing

/// A symbol was read before it opened.
@Suite struct ClosedSymbolTests {
  enum Closed: CaseIterable, Sendable {
    case notTradable, oneSided, notListed, notOfTheKey
  }

  private func exchange(_ closed: Closed) -> FakeExchange {
    let exchange = FakeExchange()
    switch closed {
    case .notTradable: exchange.instruments[0] = instrument(btc) { $0.isTradable = false }
    case .oneSided: exchange.instruments[0] = instrument(btc) { $0.sides = .sellOnly }
    case .notListed: exchange.instruments.removeFirst()
    case .notOfTheKey: exchange.tradable = [eth, sol]
    }
    return exchange
  }

  private func open(_ exchange: FakeExchange) {
    exchange.instruments = [instrument(btc), instrument(eth), instrument(sol)]
    exchange.tradable = [btc, eth, sol]
  }

  private func readings(_ harness: EngineHarness) -> Int {
    harness.requests(\.isInstruments).count
      + harness.requests { $0 == .tradableSymbols }.count
  }

  @Test(arguments: Closed.allCases)
  func `a refused signal has it read again`(_ closed: Closed) {
    let exchange = exchange(closed)
    let harness = EngineHarness.open(exchange: exchange)
    open(exchange)
    harness.advance(by: .seconds(10))
    let before = readings(harness)
    #expect(harness.submit(limit("a"))?.status == .rejected)
    harness.settle()
    #expect(readings(harness) == before + 1)
    harness.advance(by: .seconds(10))
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.settle()
    #expect(harness.status("b") == .open)
    #expect(readings(harness) == before + 1)
    // What was refused stays refused.
    #expect(harness.submit(limit("a"))?.code == .duplicate)
    harness.checkStore()
  }

  @Test(arguments: Closed.allCases)
  func `many refused signals have it read every five seconds`(_ closed: Closed) {
    let harness = EngineHarness.open(exchange: exchange(closed))
    let before = readings(harness)
    for second in 0..<20 {
      for copy in 0..<5 { harness.submit(limit("s\(second)-\(copy)")) }
      harness.advance(by: .seconds(1))
    }
    #expect(readings(harness) - before == 3)
    #expect(harness.placements.isEmpty)
  }

  /// Each reading weighs as much as several orders.
  @Test func `several closed symbols share the readings`() {
    let exchange = FakeExchange()
    exchange.instruments = [btc, eth, sol].map { instrument($0) { $0.isTradable = false } }
    let harness = EngineHarness.open(exchange: exchange)
    for second in 0..<20 {
      for symbol in [btc, eth, sol] { harness.submit(limit("\(symbol)-\(second)", symbol)) }
      harness.advance(by: .seconds(1))
    }
    #expect(harness.requests(\.isInstruments).count == 1 + 3)
  }

  @Test func `a signal that is refused for another reason has nothing read`() {
    let harness = EngineHarness.open(exchange: exchange(.notTradable))
    harness.advance(by: .seconds(10))
    let before = readings(harness)
    harness.command(.halt(reason: "lunch", cancel: false))
    #expect(harness.submit(limit("a"))?.code == .halted)
    harness.settle()
    #expect(readings(harness) == before)
  }
}
