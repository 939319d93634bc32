import Domain
import Execution
import Testing

/// The search for an order whose placement was answered by nothing that proves anything.
@Suite struct SearchTests {
  /// One order whose answer was lost; `accepts` puts it into the exchange's book all the same.
  private func lost(
    accepts: Bool = false, _ configuration: EngineConfiguration = makeConfiguration(),
    signal: Signal = limit("a")
  ) -> EngineHarness {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(configuration, exchange: exchange)
    exchange.script = { [unowned exchange] dispatch, _ in
      guard let request = dispatch.request.orderRequest else { return nil }
      if accepts { exchange.accept(request) }
      return .answer(.failed(.noAnswer("time out")))
    }
    harness.submit(signal)
    harness.settle()
    #expect(harness.status("a") == .unknown)
    return harness
  }

  /// When requests left, in milliseconds after `start`.
  private func times(
    _ harness: EngineHarness, since start: Moment, _ matches: (ExchangeRequest) -> Bool
  ) -> [Int64] {
    harness.requests(matches).filter { $0.at.monotonic >= start.monotonic }
      .map { $0.at.monotonic.since(start.monotonic).wholeMilliseconds }
  }

  @Test func `quick looks first then full rounds then the verdict`() {
    let harness = lost()
    let start = harness.now
    harness.advance(by: .seconds(67))
    // The stamp is valid for 5 s, and 1 s more; after 60 s of settling it is 66 s.
    #expect(
      times(harness, since: start, \.isOrder) == [
        500, 1_500, 3_500, 7_500, 15_500, 31_500, 63_500, 66_000,
      ])
    #expect(
      times(harness, since: start, \.isTrades) == [7_500, 15_500, 31_500, 63_500, 66_000])
    #expect(harness.status("a") == .notFound)
    #expect(harness.code("a") == .notFound)
    #expect(harness.hasLog(.error, "not found: sent once"))
    #expect(harness.order("a")?.updatedAt == start.wall.advanced(by: .milliseconds(66_000)))
    #expect(harness.placements.count == 1)
    #expect(harness.outcome("a") == nil)
    harness.checkStore()
  }

  @Test func `no verdict before the acceptance deadline and the settle time`() {
    let harness = lost()
    let start = harness.now
    while harness.now.monotonic.since(start.monotonic) < .milliseconds(65_999) {
      harness.advance(by: .milliseconds(250))
      if harness.now.monotonic.since(start.monotonic) <= .milliseconds(65_999) {
        #expect(harness.status("a") == .unknown)
      }
    }
    #expect(harness.status("a") == .notFound)
  }

  /// The acceptance deadline counts on the exchange's clock as the committed request was stamped, over a restart.
  @Test func `the acceptance deadline is that of the committed stamp`() {
    let exchange = FakeExchange()
    exchange.latency = .milliseconds(200)
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.advance(by: .seconds(1))
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(1))
    let armed = harness.sent.first { $0.dispatch.isPlacement }?.at ?? harness.now
    harness.restart(after: .seconds(20))
    harness.advance(by: .milliseconds(100))
    #expect(harness.status("a") == .unknown)
    // The clock was read within 100 ms, which lengthens the wait; the answers take 200 ms.
    harness.advance(
      by: armed.monotonic.advanced(by: .milliseconds(66_299)).since(harness.now.monotonic))
    #expect(harness.status("a") == .unknown)
    harness.advance(by: .milliseconds(101))
    #expect(harness.status("a") == .notFound)
  }

  @Test(arguments: [0, 1, 2, 3])
  func `never not found while one view fails`(index: Int) {
    let harness = lost()
    let start = harness.now
    let failures: [ExchangeAnswer] = [
      .failed(.noAnswer("time out")), .failed(.unreadable("HTML")), refusal(500, .wait), .validated,
      .failed(.notSent("refused")),
    ]
    var round = 0
    harness.exchange.script = { dispatch, _ in
      let views = [
        dispatch.request.isOrder, dispatch.request.isOpenOrders, dispatch.request.isRecentOrders,
        dispatch.request.isTrades,
      ]
      guard views[index] else { return nil }
      round += 1
      return .answer(failures[round % failures.count])
    }
    harness.advance(by: .seconds(3_600))
    #expect(harness.status("a") == .unknown)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(33))
    #expect(harness.status("a") == .notFound)
    #expect(harness.placements.count == 1)
    #expect(times(harness, since: start, \.isTrades).count < 150)
  }

  @Test(arguments: [0, 1, 2, 3])
  func `it is found in each view`(index: Int) {
    let harness = lost(accepts: true, signal: limit("a", type: .immediateOrCancel))
    harness.exchange.ledger[0].status = index == 1 ? .open : .filled
    harness.exchange.script = { [unowned harness] dispatch, _ in
      let views = [
        dispatch.request.isOrder, dispatch.request.isOpenOrders, dispatch.request.isRecentOrders,
        dispatch.request.isTrades,
      ]
      if harness.status("a") != .unknown { return nil }
      if views[index] || !dispatch.request.isLook { return nil }
      return .answer(
        dispatch.request.isOrder
          ? noSuchOrder : dispatch.request.isTrades ? .trades([]) : .orders([]))
    }
    harness.advance(by: .seconds(20))
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.order("a")?.executedQuantity == decimal("1"))
    #expect(harness.placements.count == 1)
    #expect(harness.engine.halt == nil)
    harness.exchange.ledger[0].status = .filled
    harness.advance(by: .seconds(20))
    #expect(harness.status("a") == .filled)
    #expect(harness.code("a") == .accepted)
    harness.checkStore()
  }

  @Test func `another price under our name is a conflict and stops trading`() {
    let harness = lost(accepts: true)
    harness.exchange.ledger[0].price = decimal("99")
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .unknown)
    #expect(harness.engine.halt?.reason.contains("has the price 99") == true)
    #expect(harness.store.halt == harness.engine.halt)
    #expect(harness.submit(limit("b"))?.code == .halted)
    harness.advance(by: .seconds(300))
    #expect(harness.status("a") == .unknown)
    #expect(harness.placements.count == 1)
  }

  @Test(arguments: ["symbol", "side", "quantity", "name"])
  func `every other difference is a conflict too`(field: String) {
    let harness = lost(accepts: true)
    switch field {
    case "symbol": harness.exchange.ledger[0].symbol = eth
    case "side": harness.exchange.ledger[0].side = .sell
    case "quantity": harness.exchange.ledger[0].quantity = decimal("2")
    default:
      let report = harness.exchange.ledger[0]
      harness.exchange.script = { dispatch, _ in
        var other = report
        other.clientOrderID = "somebody"
        return dispatch.request.isOrder ? .answer(.order(other)) : nil
      }
    }
    harness.advance(by: .seconds(1))
    #expect(harness.engine.halt != nil)
    #expect(harness.status("a") == .unknown)
  }

  @Test func `what a market order reports of price and quantity is no conflict`() {
    let harness = lost(
      accepts: true, signal: market("a", amount: .quote(decimal("50"))))
    harness.exchange.ledger[0].price = decimal("110")
    harness.exchange.ledger[0].quantity = decimal("0.5")
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .filled)
    #expect(harness.engine.halt == nil)
  }

  @Test(arguments: [false, true])
  func `two orders of our name stop trading`(byTrades: Bool) {
    let harness = lost(accepts: true)
    let first = harness.exchange.ledger[0]
    var second = first
    second.orderID = "E2"
    harness.exchange.script = { dispatch, _ in
      switch dispatch.request {
      case .order: .answer(noSuchOrder)
      case .openOrders: .answer(byTrades ? .orders([]) : .orders([first, second]))
      case .recentOrders: .answer(.orders([]))
      case .trades:
        .answer(
          .trades(
            byTrades
              ? ["E1", "E2", "E1"].map {
                TradeReport(
                  tradeID: "T", orderID: $0, clientOrderID: "sga", symbol: btc,
                  price: decimal("100"), quantity: decimal("1"))
              } : []))
      case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation,
        .accountRights, .place, .validate, .cancel, .openAccountStream, .extendAccountStream:
        nil
      }
    }
    harness.advance(by: .seconds(10))
    #expect(
      harness.engine.halt?.reason
        == "the exchange has 2 orders for signal a: E1, E2; look at them there")
    #expect(harness.requests(\.isCancel).isEmpty)
    #expect(harness.status("a") == .unknown)
  }

  /// One view finds it; another of the same round knows a second one.
  @Test func `a second order in another view stops trading too`() {
    let harness = lost(accepts: true)
    var second = harness.exchange.ledger[0]
    second.orderID = "E2"
    harness.exchange.script = { [unowned harness] dispatch, _ in
      if dispatch.request.isTrades || harness.now.monotonic.nanoseconds < 5_006_000_000_000 {
        return dispatch.request.isOrder ? .answer(noSuchOrder) : nil
      }
      return dispatch.request.isRecentOrders ? .answer(.orders([second])) : nil
    }
    harness.advance(by: .seconds(10))
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.engine.halt?.reason.contains("2 orders for signal a: E1, E2") == true)
  }

  @Test(arguments: [
    (PauseScope.symbol, DecisionCode.halted, DecisionCode.accepted),
    (.all, .halted, .halted), (.none, .accepted, .accepted),
  ])
  func `not found pauses`(
    scope: PauseScope, same: DecisionCode, other: DecisionCode
  ) {
    let configuration = makeConfiguration { $0.risk.pauseOnNotFound = scope }
    let harness = lost(configuration)
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.advance(by: .seconds(60))
    // What waits when the pause comes is refused, too.
    harness.submit(limit("waits"))
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .notFound)
    #expect(harness.code("waits") == same)
    harness.exchange.script = { _, _ in nil }
    #expect(harness.submit(limit("b"))?.code == same)
    #expect(harness.submit(limit("c", eth))?.code == other)
    harness.restart()
    #expect(harness.submit(limit("d"))?.code == same)
    #expect(harness.submit(limit("e", eth))?.code == other)
    if scope != .none {
      #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
      #expect(harness.submit(limit("f"))?.code == .accepted)
    }
    harness.checkStore()
  }

  @Test func `the watch goes on for seven days ever more rarely`() {
    let harness = lost()
    harness.advance(by: .seconds(66))
    let start = harness.now
    harness.advance(by: .seconds(8 * 24 * 3_600))
    let looks = times(harness, since: start, \.isTrades).filter { $0 > 0 }
    #expect(looks.filter { $0 <= 3_600_000 }.count == 60)
    #expect(looks.filter { $0 > 3_600_000 && $0 <= 24 * 3_600_000 }.count == 23 * 6)
    #expect(looks.filter { $0 > 24 * 3_600_000 }.count == 6 * 24)
    let hour: Int64 = 3_600_000
    #expect(looks.last.map { $0 > 167 * hour && $0 <= 168 * hour } == true)
    #expect(harness.hasLog(.error, "not seen for seven days"))
    // Only the operator lifts the pause.
    #expect(harness.submit(limit("b"))?.code == .halted)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.outcome("a")?.code == .notFound)
    #expect(harness.outcome("a")?.order.status == .notFound)
    #expect(harness.order("a")?.status == .canceled)
    #expect(harness.submit(limit("c"))?.code == .accepted)
    #expect(harness.placements(of: "a").count == 1)
  }

  @Test func `the watch goes on over a restart and looks at once`() {
    let harness = lost()
    harness.advance(by: .seconds(66))
    harness.advance(by: .seconds(6 * 24 * 3_600))
    let count = harness.requests(\.isTrades).count
    harness.restart(after: .seconds(12 * 3_600))
    #expect(harness.requests(\.isTrades).count == count + 1)
    harness.advance(by: .seconds(12 * 3_600))
    let total = harness.requests(\.isTrades).count
    harness.advance(by: .seconds(24 * 3_600))
    #expect(harness.requests(\.isTrades).count == total)
  }

  @Test(arguments: [false, true])
  func `a late find wins`(byTrade: Bool) {
    let harness = lost()
    harness.advance(by: .seconds(70))
    #expect(harness.code("a") == .notFound)
    harness.exchange.accept(harness.request("a"))
    harness.exchange.fill(0, to: "1", .filled)
    if byTrade {
      harness.exchange.script = { [unowned harness] dispatch, _ in
        guard harness.status("a") == .notFound, dispatch.request.isLook,
          !dispatch.request.isTrades
        else { return nil }
        return .answer(dispatch.request.isOrder ? noSuchOrder : .orders([]))
      }
    }
    harness.advance(by: .seconds(70))
    #expect(harness.status("a") == .filled)
    #expect(harness.code("a") == .accepted)
    #expect(harness.message("a") == "found at the exchange after it had counted as not found")
    #expect(harness.hasLog(.error, "counted as not placed is at the exchange"))
    #expect(harness.outcome("a")?.code == .accepted)
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.checkStore()
  }

  /// Only who was told that it was never placed hears of a change.
  @Test(arguments: [false, true])
  func `a start after a late find knows what its sender was told`(wasClosed: Bool) {
    let harness = lost()
    harness.advance(by: .seconds(70))
    if wasClosed { harness.command(.resolveNotPlaced(signalID("a"))) }
    harness.exchange.accept(harness.request("a"))
    harness.advance(by: .seconds(61))
    harness.restart()
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(61))
    #expect(harness.outcome("a")?.order.status == .filled)
    #expect(harness.outcome("a")?.replacesEarlier == wasClosed)
  }

  @Test func `the operators word is verified`() {
    let harness = lost()
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == false)
    harness.advance(by: .seconds(70))
    harness.exchange.accept(harness.request("a"))
    // Nothing finds it by name; the operator knows its number.
    harness.exchange.ledger[0].clientOrderID = nil
    harness.command(.resolvePlaced(signalID("a"), orderID: "E9"))
    harness.settle()
    #expect(harness.replies.last?.ok == false)
    #expect(harness.replies.last?.message.contains("does not confirm order E9") == true)
    harness.exchange.ledger[0].price = decimal("99")
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(
      harness.replies.last?.message
        == "order E1 has the price 99; it is not this signal's")
    #expect(harness.engine.halt == nil)
    #expect(harness.status("a") == .notFound)
    harness.exchange.ledger[0].price = decimal("100")
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == true)
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))?.ok == false)
    harness.checkStore()
  }

  @Test func `closed by the operator it is still watched and a late find wins`() {
    let harness = lost()
    harness.advance(by: .seconds(70))
    func missing() -> [Int?] {
      var engine = harness.engine
      let status = engine.status(at: harness.now)
      return [status.notFound, status.orders[.notFound]]
    }
    #expect(missing() == [1, 1])
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.order("a")?.closedByOperator == true)
    #expect(missing() == [0, nil])
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.restart()
    #expect(harness.submit(limit("c"))?.code == .accepted)
    harness.exchange.accept(harness.request("a"))
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.advance(by: .seconds(61))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.closedByOperator == false)
    #expect(harness.hasLog(.error, "counted as not placed"))
  }

  @Test func `cancelling a lost order waits until it is found`() {
    let harness = lost(accepts: true)
    #expect(
      harness.command(.cancel(signalID("a")))?.message.contains("as soon as it is found") == true)
    #expect(harness.requests(\.isCancel).isEmpty)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(2))
    #expect(harness.requests(\.isCancel).count == 1)
    #expect(harness.status("a") == .canceled)
  }
}
