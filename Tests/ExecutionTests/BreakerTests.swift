import Domain
import Execution
import Testing

/// Requests of a kind that fail again and again wait, and say why and until when.
@Suite struct BreakerTests {
  private let lost = ExchangeAnswer.failed(.noAnswer("time out"))

  private func breakers(_ harness: EngineHarness) -> [BreakerStatus] {
    var engine = harness.engine
    return engine.status(at: harness.now).breakers
  }

  private func breaker(_ harness: EngineHarness, _ kind: BreakerStatus.Kind) -> BreakerStatus? {
    breakers(harness).first { $0.kind == kind }
  }

  private func placements(_ harness: EngineHarness) -> Int {
    harness.sent.count { $0.dispatch.isPlacement }
  }

  /// Five orders whose answers are lost.
  private func failing() -> EngineHarness {
    let harness = EngineHarness.open(
      makeConfiguration { $0.risk.pauseOnNotFound = .none })
    harness.exchange.script = { [lost] dispatch, _ in
      dispatch.isPlacement ? .answer(lost) : nil
    }
    for index in 0..<5 {
      harness.submit(limit("lost\(index)"))
      harness.settle()
    }
    return harness
  }

  // MARK: Orders

  @Test func `orders wait after five failures in a row, and one tries`() {
    let harness = failing()
    #expect(placements(harness) == 5)
    let opened = breaker(harness, .placements)
    #expect(opened?.state == .open && opened?.reason == "no answer: time out")
    #expect(opened?.until == harness.now.wall.advanced(by: .seconds(1)))
    #expect(harness.logs.count { $0.message.hasPrefix("5 orders in a row failed") } == 1)
    #expect(
      harness.engine.troubles(at: harness.now).contains {
        $0.message.hasPrefix("5 orders in a row failed")
      })
    for index in 0..<3 { harness.submit(limit("waits\(index)", eth)) }
    harness.advance(by: .milliseconds(990))
    #expect(placements(harness) == 5)
    harness.advance(by: .milliseconds(10))
    #expect(placements(harness) == 6)
    // The probe failed as well: twice the time.
    harness.advance(by: .milliseconds(1_990))
    #expect(placements(harness) == 6)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .milliseconds(10))
    #expect(placements(harness) == 8)
    #expect(breaker(harness, .placements) == nil)
    #expect(harness.logs.count { $0.message.hasPrefix("5 orders in a row failed") } == 1)
    #expect(harness.logs.count { $0.message.hasPrefix("the exchange answers orders again") } == 1)
  }

  @Test func `failures whose pause is over are no trouble while nothing waits`() {
    let harness = failing()
    func told() -> [String] {
      harness.engine.troubles(at: harness.now).map(\.message)
        .filter { $0.contains("orders in a row failed") }
    }
    #expect(told().count == 1)
    #expect(told().first?.contains("; the others wait, and one tries at ") == true)
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.advance(by: .seconds(14))
    #expect(told() == [])
    harness.submit(limit("next", eth))
    harness.settle()
    #expect(told().count == 1)
    #expect(told().first?.hasSuffix("; the next one tries") == true, "\(told())")
  }

  @Test func `while the one order that tries is out, the others wait for its answer`() throws {
    let harness = failing()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    for index in 0..<3 { harness.submit(limit("waits\(index)", eth)) }
    harness.advance(by: .seconds(5))
    #expect(placements(harness) == 6 && harness.held.count == 1)
    #expect(breaker(harness, .placements)?.state == .halfOpen)
    let probe = try #require(harness.held.first)
    harness.exchange.script = { _, _ in nil }
    harness.answer(probe, harness.exchange.answer(to: probe.request, at: harness.now))
    harness.settle()
    #expect(placements(harness) == 8)
  }

  @Test func `an order that waits behind failures expires with their reason`() {
    let harness = failing()
    harness.submit(limit("brief", eth) { $0.expiry = .timeToLive(.milliseconds(500)) })
    harness.advance(by: .milliseconds(600))
    #expect(placements(harness) == 5)
    #expect(harness.outcomes.last?.message.contains("those before it failed") == true)
  }

  @Test func `a refusal, and a success between failures, open nothing`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(refusal(30_005, .fix)) : nil
    }
    for index in 0..<8 {
      harness.submit(limit("refused\(index)"))
      harness.settle()
    }
    #expect(breakers(harness).isEmpty)
    for index in 0..<9 {
      let isLost = index % 5 != 4
      harness.exchange.script = { [lost] dispatch, _ in
        dispatch.isPlacement && isLost ? .answer(lost) : nil
      }
      harness.submit(limit("mixed\(index)"))
      harness.settle()
    }
    #expect(breaker(harness, .placements) == nil)
  }

  @Test func `a back off that the exchange demands is none of the orders' failures`() {
    let harness = failing()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(throttled(.seconds(3))) : nil
    }
    harness.submit(limit("throttled", eth))
    harness.advance(by: .seconds(1))
    #expect(placements(harness) == 6)
    harness.exchange.script = { _, _ in nil }
    harness.submit(limit("after", sol))
    harness.advance(by: .seconds(4))
    #expect(breaker(harness, .placements) == nil)
    #expect(harness.exchange.ledger.contains { $0.clientOrderID == "sgafter" })
  }

  @Test func `an order that a halt holds back is none of the orders' failures`() throws {
    let harness = failing()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("held", eth))
    harness.advance(by: .seconds(1))
    let placement = try #require(harness.placements.last)
    harness.command(.halt(reason: "lunch", cancel: false))
    let withdrawal = try #require(harness.withdrawals.last)
    harness.answer(placement, .failed(.notSent(withdrawal.reason)))
    harness.settle()
    #expect(breaker(harness, .placements)?.state == .halfOpen, "not open again")
  }

  // MARK: Cancels

  /// Five resting orders are to be cancelled, and no cancel is answered.
  private func failingCancels() -> EngineHarness {
    let harness = EngineHarness.open()
    for index in 0..<5 { harness.submit(limit("open\(index)")) }
    harness.settle()
    harness.exchange.script = { [lost] dispatch, _ in dispatch.isCancel ? .answer(lost) : nil }
    harness.command(.cancelAll)
    harness.settle()
    return harness
  }

  @Test func `cancels wait by themselves, and orders go on`() {
    let harness = failingCancels()
    let cancels = { harness.sent.count { $0.dispatch.isCancel } }
    #expect(breaker(harness, .cancels)?.state == .open)
    let count = cancels()
    harness.submit(limit("goes", eth))
    harness.settle()
    #expect(harness.exchange.ledger.contains { $0.clientOrderID == "sggoes" })
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(10))
    #expect(cancels() > count)
    #expect(breaker(harness, .cancels) == nil)
    #expect(harness.logs.contains { $0.message.hasPrefix("the exchange answers cancels again") })
  }

  @Test func `cancels that failed are a trouble as long as orders are to be cancelled`() {
    let harness = failingCancels()
    func told() -> [String] {
      harness.engine.troubles(at: harness.now).map(\.message)
        .filter { $0.contains("cancels in a row failed") }
    }
    #expect(told().first?.contains("; the others wait, and one tries at ") == true)
    // The pause is over, and the next cancel is asked for after two seconds.
    harness.advance(by: .milliseconds(1_500))
    #expect(told().first?.hasSuffix("; the next one tries") == true, "\(told())")
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(10))
    #expect(told() == [])
  }

  // MARK: What has a back-off of its own

  @Test func `prices, the clock and the rules tell why and until when`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { [lost] dispatch, _ in
      dispatch.isPlacement || dispatch.isCancel ? nil : .answer(lost)
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(20))
    let prices = breaker(harness, .prices)
    #expect(prices?.reason == "no answer: time out")
    #expect(harness.logs.count { $0.message.hasPrefix("5 price look-ups in a row failed") } == 1)
    harness.advance(by: .seconds(16 * 60))
    for kind in [BreakerStatus.Kind.clock, .rules, .symbols] {
      let status = breaker(harness, kind)
      #expect(status?.reason == "no answer: time out", "\(kind)")
      #expect(status?.state == .halfOpen || status?.until != nil, "\(kind)")
    }
    harness.exchange.script = { _, _ in nil }
    harness.submit(limit("b"))
    harness.advance(by: .seconds(20))
    #expect(breakers(harness).isEmpty)
    #expect(harness.logs.count { $0.message == "the exchange tells prices again" } == 1)
  }

  @Test func `one symbol's orders that cannot be read keep no other back`() {
    let harness = EngineHarness.open()
    for symbol in [btc, eth] { harness.submit(limit("open\(symbol.text)", symbol)) }
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      if case .order(btc, _) = dispatch.request {
        return .answer(.failed(.unreadable("status")))
      }
      return nil
    }
    harness.advance(by: .seconds(30))
    #expect(breakers(harness).map(\.kind) == [.lookUps])
    #expect(breakers(harness).map(\.symbol) == [btc])
    harness.submit(limit("more", eth))
    harness.settle()
    #expect(harness.exchange.ledger.count == 3)
  }
}

extension Dispatch {
  fileprivate var isCancel: Bool { if case .cancel = request { true } else { false } }
}
