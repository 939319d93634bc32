import Domain
import Execution
import Testing

/// A careful start under other rules, or another configuration, than those under which the forgotten order
/// left.
@Suite struct CarefulRulesTests {
  /// What has changed since, and what a signal is refused with because of it.
  enum Change: CaseIterable {
    case closed, sellOnly, noPair, lowerCap, noLimitOrders, coarserTick, higherMinimum, lowerMaximum

    var code: DecisionCode {
      switch self {
      case .closed, .noPair: .symbolNotTradable
      case .sellOnly: .sideNotTradable
      case .lowerCap: .riskOrderQuote
      case .noLimitOrders: .typeNotSupported
      case .coarserTick: .pricePrecision
      case .higherMinimum: .belowMinimum
      case .lowerMaximum: .aboveMaximum
      }
    }

    func make(in harness: EngineHarness) {
      switch self {
      case .noPair: harness.exchange.tradable = [eth, sol]
      case .lowerCap:
        harness.reconfigure(makeConfiguration { $0.risk.maximumOrderQuote = decimal("50") })
      case .closed, .sellOnly, .noLimitOrders, .coarserTick, .higherMinimum, .lowerMaximum:
        harness.exchange.instruments[0] = instrument(btc, change: changeRules)
      }
    }

    private func changeRules(_ rules: inout Instrument) {
      switch self {
      case .closed: rules.isTradable = false
      case .sellOnly: rules.sides = .sellOnly
      case .noLimitOrders: rules.types = [.market]
      case .coarserTick: rules.tickSize = decimal("30")
      case .higherMinimum: rules.minimumNotional = decimal("200")
      case .lowerMaximum: rules.maximumNotional = decimal("50")
      case .noPair, .lowerCap: break
      }
    }
  }

  private let signal = limit("a") { $0.expiry = .timeToLive(.seconds(300)) }

  @Test(arguments: Change.allCases)
  func `an order that rests is followed, although its signal would be refused now`(change: Change) {
    let harness = EngineHarness.open()
    let copy = harness.store
    harness.submit(signal)
    harness.settle()
    change.make(in: harness)
    harness.setBack(to: copy, after: .seconds(10))
    #expect(harness.submit(signal)?.status == .accepted)
    harness.settle()
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.code("a") == .accepted)
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  @Test(arguments: Change.allCases)
  func `where none rests the signal is denied after the proof`(change: Change) {
    let harness = EngineHarness.open()
    change.make(in: harness)
    harness.setBack(to: harness.store)
    #expect(harness.submit(signal)?.status == .accepted)
    harness.advance(by: .seconds(66))
    #expect(harness.status("a") == .denied)
    #expect(harness.code("a") == change.code)
    #expect(harness.placements.isEmpty)
    harness.checkStore()
  }
}
