import Domain
import Execution
import Testing

/// Lists of recent orders, and of fills, that have as many rows as the exchange gives at once.
@Suite struct CutListTests {
  /// One order whose answer was lost. A list of more than `whole` is cut, and shows nothing of ours.
  private func lost(
    whole: Duration, ofFills: Bool = false, accepts: Bool = false
  ) -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(exchange: exchange)
    exchange.script = { [unowned exchange] dispatch, now in
      guard let request = dispatch.request.orderRequest else {
        let orders = accepts ? exchange.ledger : []
        return Self.answer(
          dispatch.request, whole: whole, ofFills, orders, at: exchange.time(at: now))
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
    _ request: ExchangeRequest, whole: Duration, _ ofFills: Bool, _ orders: [OrderReport],
    at now: WallTime
  ) -> Reply? {
    guard let (since, until) = times(request, ofFills) else {
      return request.isLook && !orders.isEmpty
        ? .answer(request.isOrder ? noSuchOrder : request.isTrades ? .trades([]) : .orders([]))
        : nil
    }
    let isWhole = (until ?? now).since(since) <= whole
    let made = orders.filter { _ in since <= Self.stamp && Self.stamp <= until ?? now }
    let shown = isWhole ? made : []
    return .answer(
      ofFills
        ? .trades(shown.map(fill), isCut: !isWhole) : .orders(shown, isCut: !isWhole))
  }

  private static func fill(_ order: OrderReport) -> TradeReport {
    TradeReport(
      tradeID: "T1", orderID: order.orderID, clientOrderID: order.clientOrderID,
      symbol: order.symbol, price: decimal("100"), quantity: decimal("0.1"))
  }

  /// `nil` for another request than the one for the list.
  private static func times(
    _ request: ExchangeRequest, _ ofFills: Bool
  ) -> (since: WallTime, until: WallTime?)? {
    if ofFills, case .trades(_, _, let since, let until) = request { return (since, until) }
    if !ofFills, case .recentOrders(_, let since, let until) = request { return (since, until) }
    return nil
  }

  private static let stamp = FakeExchange().time(at: EngineHarness.open().now)

  private func lists(
    _ harness: EngineHarness, ofFills: Bool
  ) -> [(since: WallTime, until: WallTime?)] {
    harness.requests { _ in true }.compactMap { Self.times($0.dispatch.request, ofFills) }
  }

  /// The parts of time that the last round asked for.
  private func spans(_ harness: EngineHarness, ofFills: Bool) -> [ClosedRange<WallTime>] {
    let lists = lists(harness, ofFills: ofFills)
    let whole = lists.lastIndex { $0.until == nil } ?? lists.startIndex
    return lists[whole...].compactMap { since, until in until.map { since...$0 } }
  }

  @Test func `a list of orders that may be cut is no "not there"`() {
    let harness = lost(whole: .zero)
    harness.advance(by: .seconds(3_600))
    #expect(harness.status("a") == .unknown)
    #expect(harness.code("a") == .accepted)
    #expect(
      harness.hasLog(.warning, "has more recent orders of that time than the exchange shows"))
    #expect(harness.placements.count == 1)
    #expect(lists(harness, ofFills: false).count < 150 * 64)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.code("a") == .notFound)
    harness.checkStore()
  }

  /// A hundred fills may be of one moment; the list of the orders of that time is whole.
  @Test func `fills that no halves show whole stand in no verdict's way`() {
    let harness = lost(whole: .zero, ofFills: true)
    harness.advance(by: .seconds(90))
    #expect(harness.status("a") == .notFound)
    #expect(harness.placements.count == 1)
    // The verdict is that of every view, and the story has what each of them said.
    var said: [String: String] = [:]
    for case .lookedUp(let view, let answer) in harness.store.history(of: key("a")) {
      said[view] = answer
    }
    #expect(
      said == [
        "order by client order id": "not there", "open orders": "not there",
        "recent orders": "not there", "trades": "not among those shown; the page is full",
      ])
    harness.checkStore()
  }

  @Test func `a throttled order goes once more beside a page of fills that is cut`() {
    let harness = EngineHarness.open()
    var isFirst = true
    harness.exchange.script = { dispatch, _ in
      if dispatch.request.isTrades { return .answer(.trades([], isCut: true)) }
      guard dispatch.isPlacement, isFirst else { return nil }
      isFirst = false
      return .answer(throttled(.seconds(2)))
    }
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(300)) })
    harness.advance(by: .seconds(120))
    #expect(harness.placements(of: "a").count == 2)
    #expect(harness.status("a") == .open)
    harness.checkStore()
  }

  /// An order from before an outage: its fills' time is long.
  @Test func `the fills of hours are not halved`() {
    let harness = lost(whole: .seconds(40), ofFills: true)
    harness.restart(after: .seconds(3_600))
    let before = lists(harness, ofFills: true).count
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .notFound)
    #expect(lists(harness, ofFills: true).dropFirst(before).allSatisfy { $0.until == nil })
  }

  @Test func `the open orders have no time to be halved by`() {
    let harness = lost(whole: .seconds(1_000_000))
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isOpenOrders ? .answer(.orders([], isCut: true)) : nil
    }
    harness.advance(by: .seconds(600))
    #expect(harness.status("a") == .unknown)
    #expect(harness.hasLog(.warning, "has more open orders of that time than the exchange shows"))
    #expect(spans(harness, ofFills: false).isEmpty)
    #expect(spans(harness, ofFills: true).isEmpty)
  }

  @Test(arguments: [false, true])
  func `its halves prove what the whole does not`(ofFills: Bool) throws {
    let harness = lost(whole: .seconds(40), ofFills: ofFills)
    let stamp = Self.stamp
    harness.advance(by: .seconds(ofFills ? 90 : 70))
    #expect(harness.status("a") == .notFound)
    // 60 s before the stamp to 60 s after the acceptance deadline, without a gap; fills come later, too.
    let last = spans(harness, ofFills: ofFills)
    #expect(last.map(\.lowerBound).min() == stamp.advanced(by: .seconds(-60)))
    let end = try #require(last.map(\.upperBound).max())
    let deadline = stamp.advanced(by: .seconds(66))
    #expect(ofFills ? end > deadline : end == deadline)
    let parts = last.filter { $0.upperBound.since($0.lowerBound) <= .seconds(40) }
      .sorted { $0.lowerBound < $1.lowerBound }
    #expect(ofFills ? parts.count >= 4 : parts.count == 4)
    #expect(parts.last?.upperBound == end)
    for (earlier, later) in zip(parts, parts.dropFirst()) {
      #expect(later.lowerBound < earlier.upperBound)
    }
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  @Test(arguments: [false, true])
  func `an order that stands in one of the halves is found`(ofFills: Bool) {
    let harness = lost(whole: .seconds(20), ofFills: ofFills, accepts: true)
    harness.advance(by: .seconds(20))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.placements.count == 1)
    harness.checkStore()
  }

  /// A page of fills need not be whole: of six days none is.
  @Test(arguments: [
    (Duration.zero, false, false), (.seconds(2 * 24 * 3_600), false, true), (.zero, true, true),
  ])
  func `in a careful start an order leaves after whole lists of orders only`(
    whole: Duration, ofFills: Bool, leaves: Bool
  ) {
    let harness = EngineHarness.open()
    harness.setBack(to: harness.store)
    harness.exchange.script = { [unowned harness] dispatch, now in
      Self.answer(dispatch.request, whole: whole, ofFills, [], at: harness.exchange.time(at: now))
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
