import Domain
import Execution
import Testing

/// Lists of recent orders that have as many rows as the exchange gives at once.
@Suite struct CutListTests {
  /// One order whose answer was lost. A list of more than `whole` is cut, and shows nothing of ours.
  private func lost(whole: Duration, accepts: Bool = false) -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { [unowned exchange] dispatch, now in
      guard let request = dispatch.request.orderRequest else {
        let orders = accepts ? exchange.ledger : []
        return Self.answer(dispatch.request, whole: whole, orders, at: exchange.time(at: now))
      }
      if accepts { exchange.accept(request) }
      return .answer(.failed(.noAnswer("time out")))
    }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .unknown)
    return harness
  }

  /// Only a whole list shows the orders, which were made when the daemon began.
  private static func answer(
    _ request: ExchangeRequest, whole: Duration, _ orders: [OrderReport], at now: WallTime
  ) -> Reply? {
    guard case .recentOrders(_, let since, let until) = request else {
      return request.isLook && !orders.isEmpty
        ? .answer(request.isOrder ? noSuchOrder : request.isTrades ? .trades([]) : .orders([]))
        : nil
    }
    let isWhole = (until ?? now).since(since) <= whole
    let made = orders.filter { _ in since <= Self.stamp && Self.stamp <= until ?? now }
    return .answer(.orders(isWhole ? made : [], isCut: !isWhole))
  }

  private static let stamp = FakeExchange().time(at: EngineHarness.open().now)

  /// The parts of time that were asked for.
  private func spans(_ harness: EngineHarness) -> [ClosedRange<WallTime>] {
    harness.requests(\.isRecentOrders).compactMap {
      guard case .recentOrders(_, let since, let until?) = $0.dispatch.request else { return nil }
      return since...until
    }
  }

  @Test func `a list that may be cut is no "not there"`() {
    let harness = lost(whole: .zero)
    harness.advance(by: .seconds(3_600))
    #expect(harness.status("a") == .unknown)
    #expect(harness.code("a") == .accepted)
    #expect(harness.hasLog(.warning, "has more recent orders of that time than the exchange shows"))
    #expect(harness.placements.count == 1)
    #expect(harness.requests(\.isRecentOrders).count < 150 * 64)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.code("a") == .notFound)
    harness.checkStore()
  }

  @Test func `the open orders have no time to be halved by`() {
    let harness = lost(whole: .seconds(1_000_000))
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isOpenOrders ? .answer(.orders([], isCut: true)) : nil
    }
    harness.advance(by: .seconds(600))
    #expect(harness.status("a") == .unknown)
    #expect(harness.hasLog(.warning, "has more open orders of that time than the exchange shows"))
    #expect(spans(harness).isEmpty)
  }

  @Test func `its halves prove what the whole does not`() {
    let harness = lost(whole: .seconds(40))
    let stamp = Self.stamp
    harness.advance(by: .seconds(70))
    #expect(harness.status("a") == .notFound)
    // 60 s before the stamp to 60 s after the acceptance deadline, without a gap.
    let last = spans(harness).suffix(6)
    #expect(last.map(\.lowerBound).min() == stamp.advanced(by: .seconds(-60)))
    #expect(last.map(\.upperBound).max() == stamp.advanced(by: .seconds(66)))
    let parts = last.filter { $0.upperBound.since($0.lowerBound) <= .seconds(40) }
      .sorted { $0.lowerBound < $1.lowerBound }
    #expect(parts.count == 4)
    for (earlier, later) in zip(parts, parts.dropFirst()) {
      #expect(later.lowerBound < earlier.upperBound)
    }
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  @Test func `an order that stands in one of the halves is found`() {
    let harness = lost(whole: .seconds(20), accepts: true)
    harness.advance(by: .seconds(20))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  @Test(arguments: [(Duration.zero, false), (.seconds(2 * 24 * 3_600), true)])
  func `in a careful start an order leaves after whole lists only`(whole: Duration, leaves: Bool) {
    let harness = EngineHarness.open()
    harness.setBack(to: harness.store)
    harness.exchange.script = { [unowned harness] dispatch, now in
      Self.answer(dispatch.request, whole: whole, [], at: harness.exchange.time(at: now))
    }
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(300)) })
    harness.advance(by: .seconds(299))
    #expect(harness.placements.count == (leaves ? 1 : 0))
    harness.advance(by: .seconds(20))
    #expect(harness.status("a") == (leaves ? .open : .new))
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == (leaves ? .open : .expired))
    #expect(harness.placements.count == (leaves ? 1 : 0))
    harness.checkStore()
  }
}
