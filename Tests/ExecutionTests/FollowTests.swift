import Domain
import Execution
import Testing

/// Orders that the exchange has, from the acknowledgement to their end.
@Suite struct FollowTests {
  private func resting(_ count: Int = 1) -> EngineHarness {
    let harness = EngineHarness.open()
    for index in 0..<count {
      harness.submit(limit("o\(index)"))
      harness.settle()
    }
    #expect((0..<count).allSatisfy { harness.status("o\($0)") == .open })
    return harness
  }

  @Test func `looks back off and a fill brings them back`() {
    let harness = resting()
    let start = harness.now.monotonic
    func looks() -> [Int64] {
      harness.requests(\.isOrder).map { $0.at.monotonic.since(start).wholeMilliseconds }
    }
    harness.advance(by: .seconds(50))
    #expect(
      looks() == [100, 300, 700, 1_500, 3_100, 6_300, 12_700, 22_700, 32_700, 42_700])
    #expect(harness.requests(\.isOrder).first?.dispatch.request == .order(btc, .orderID("E1")))
    harness.exchange.fill(0, to: "0.25", .partiallyFilled)
    harness.advance(by: .seconds(4))
    #expect(looks().suffix(3) == [52_700, 52_900, 53_300])
    #expect(harness.status("o0") == .partiallyFilled)
    // What says nothing new is not written down again.
    #expect(harness.store.history(of: key("o0")).count { $0.kind == "order_observed" } == 1)
  }

  @Test func `many orders of a symbol are asked for in one list`() {
    let harness = resting(5)
    harness.advance(by: .seconds(10))
    #expect(harness.requests(\.isRecentOrders).isEmpty)
    let more = EngineHarness.open()
    for index in 0..<8 { more.submit(limit("o\(index)")) }
    more.settle()
    let stamp = more.order("o0")?.stampedAt
    more.exchange.fill(3, to: "1", .filled)
    more.advance(by: .seconds(10))
    #expect(more.requests(\.isOrder).isEmpty)
    #expect(
      more.requests(\.isRecentOrders).first?.dispatch.request
        == .recentOrders(btc, since: stamp?.advanced(by: .seconds(-60)) ?? more.now.wall))
    #expect(more.requests(\.isRecentOrders).count < 20)
    #expect(more.status("o3") == .filled)
    #expect(more.status("o4") == .open)
  }

  /// Each of them asks every view once a minute, which together is more than the pool holds.
  @Test func `the long watch leaves room for open orders`() {
    let exchange = FakeExchange()
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.rateLimits.ipWeight = 120
        $0.risk.pauseOnNotFound = .none
      }, exchange: exchange)
    exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    for index in 0..<40 {
      harness.submit(limit("lost\(index)"))
      harness.advance(by: .seconds(9))
    }
    harness.advance(by: .seconds(600))
    #expect(harness.status("lost0") == .notFound)
    #expect(harness.status("lost39") == .notFound)
    exchange.script = { _, _ in nil }
    harness.submit(limit("there"))
    harness.advance(by: .seconds(15))
    #expect(harness.status("there") == .open)
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(15))
    #expect(harness.status("there") == .filled)
  }

  /// Lists are cut and lag: absence from one is no news, and is not chased at full speed.
  @Test func `what a list leaves out is asked for by name`() {
    let harness = EngineHarness.open()
    for index in 0..<8 { harness.submit(limit("o\(index)")) }
    harness.settle()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      dispatch.request.isRecentOrders
        ? .answer(.orders(Array(harness.exchange.ledger.dropFirst(2)))) : nil
    }
    harness.advance(by: .seconds(60))
    #expect(harness.status("o0") == .open)
    let names = harness.requests(\.isOrder).map(\.dispatch.request)
    #expect(Set(names) == [.order(btc, .orderID("E1")), .order(btc, .orderID("E2"))])
    #expect(names.count < 40)
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(11))
    #expect(harness.status("o0") == .filled)
  }

  @Test func `fills never decrease`() {
    let harness = resting()
    harness.exchange.fill(0, to: "0.5", .partiallyFilled)
    harness.advance(by: .seconds(1))
    #expect(harness.order("o0")?.executedQuantity == decimal("0.5"))
    for status in [OrderReport.Status.open, .partiallyFilled] {
      harness.exchange.fill(0, to: "0.1", status)
      harness.advance(by: .seconds(11))
      #expect(harness.order("o0")?.executedQuantity == decimal("0.5"))
      #expect(harness.status("o0") == .partiallyFilled)
    }
    harness.exchange.fill(0, to: "0", .canceled)
    harness.advance(by: .seconds(11))
    #expect(harness.status("o0") == .partiallyCanceled)
    #expect(harness.order("o0")?.executedQuantity == decimal("0.5"))
    harness.checkStore()
  }

  @Test func `a vanished order is not a cancelled one`() {
    let harness = resting()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(noSuchOrder) : nil
    }
    harness.advance(by: .seconds(2 * 3_600))
    #expect(harness.status("o0") == .open)
    #expect(harness.logs.count { $0.message.contains("does not find an order") } == 1)
    #expect(harness.requests(\.isOrder).count > 700)
    harness.exchange.script = { _, _ in nil }
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(10))
    #expect(harness.status("o0") == .filled)
  }

  @Test func `an undocumented status concludes nothing`() {
    let harness = resting()
    harness.exchange.ledger[0].status = .undocumented("HALF_BAKED")
    harness.advance(by: .seconds(30))
    #expect(harness.status("o0") == .open)
    harness.exchange.fill(0, to: "0.5", .undocumented("HALF_BAKED"))
    harness.advance(by: .seconds(30))
    #expect(harness.order("o0")?.executedQuantity == decimal("0.5"))
    #expect(harness.hasLog(.warning, "'HALF_BAKED', which it does not document"))
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(30))
    #expect(harness.status("o0") == .filled)
  }

  @Test func `failed looks prove nothing`() {
    let harness = resting()
    var count = 0
    harness.exchange.script = { dispatch, _ in
      guard dispatch.request.isOrder else { return nil }
      count += 1
      return .answer(
        [.failed(.noAnswer("time out")), .failed(.unreadable("HTML")), .orders([]), .validated][
          count % 4])
    }
    harness.advance(by: .seconds(600))
    #expect(harness.status("o0") == .open)
    #expect(count > 30)
  }

  @Test func `another orders report is a conflict`() {
    let harness = resting()
    var other = harness.exchange.ledger[0]
    other.orderID = "E2"
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(.order(other)) : nil
    }
    harness.advance(by: .milliseconds(100))
    #expect(harness.engine.halt?.reason.contains("is not order E1") == true)
    #expect(harness.order("o0")?.orderID == "E1")
  }

  /// An exchange that gives its order ids anew.
  @Test func `an order of another name under a known order id is told as such`() {
    let harness = resting()
    var other = harness.exchange.ledger[0]
    (other.clientOrderID, other.side) = ("somebody", .sell)
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(.order(other)) : nil
    }
    harness.advance(by: .milliseconds(100))
    let reason = harness.engine.halt?.reason
    #expect(reason?.contains("order E1 at the exchange has the order id of signal o0") == true)
  }

  // MARK: Cancels

  @Test func `a cancel is read from the order`() {
    let harness = resting()
    #expect(harness.command(.cancel(signalID("o0")))?.ok == true)
    #expect(harness.requests(\.isCancel).map(\.dispatch.request) == [.cancel(btc, .orderID("E1"))])
    harness.settle()
    #expect(harness.status("o0") == .canceled)
    #expect(harness.outcome("o0")?.code == .accepted)
    #expect(harness.command(.cancel(signalID("o0")))?.ok == false)
    let kinds = harness.store.history(of: key("o0")).map(\.kind)
    #expect(kinds.suffix(3) == ["cancel_requested", "cancel_answered", "order_observed"])
    harness.checkStore()
  }

  @Test func `a cancel that came too late finds the fill`() {
    let harness = resting()
    harness.exchange.fill(0, to: "1", .filled)
    harness.command(.cancel(signalID("o0")))
    harness.settle()
    #expect(harness.status("o0") == .filled)
    #expect(harness.requests(\.isCancel).count == 1)
  }

  @Test func `a cancel without an answer is tried again`() {
    let harness = resting()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      guard dispatch.request.isCancel else { return nil }
      return harness.requests(\.isCancel).count <= 3
        ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.command(.cancel(signalID("o0")))
    let start = harness.now.monotonic
    harness.advance(by: .seconds(10))
    #expect(
      harness.requests(\.isCancel).map { $0.at.monotonic.since(start) } == [
        .zero, .seconds(2), .seconds(4), .seconds(6),
      ])
    #expect(harness.status("o0") == .canceled)
  }

  @Test func `a cancel that is taken and not done is asked for again`() {
    let harness = resting()
    var isDeaf = true
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isCancel && isDeaf ? .answer(.cancelTaken) : nil
    }
    harness.command(.cancel(signalID("o0")))
    harness.settle()
    #expect(harness.order("o0")?.cancelRequested == true)
    isDeaf = false
    harness.advance(by: .seconds(4))
    #expect(harness.status("o0") == .canceled)
    #expect(harness.requests(\.isCancel).count == 2)
  }

  @Test func `a second order of one name in the list halts trading`() {
    let harness = resting(8)
    var other = harness.exchange.ledger[3]
    other.orderID = "E99"
    harness.exchange.ledger.append(other)
    harness.advance(by: .seconds(5))
    #expect(harness.engine.halt?.reason.contains("2 orders for signal o3: E4, E99") == true)
  }

  @Test func `a cancel that came too late by the exchange's clock is tried again`() {
    let harness = resting()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      guard dispatch.request.isCancel else { return nil }
      return harness.requests(\.isCancel).count <= 1
        ? .answer(refusal(700003, .clock, refuses: false)) : nil
    }
    harness.command(.cancel(signalID("o0")))
    harness.advance(by: .seconds(3))
    #expect(harness.requests(\.isCancel).count == 2)
    #expect(harness.status("o0") == .canceled)
  }

  @Test func `a refused cancel is said and stands`() {
    let harness = resting()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isCancel ? .answer(refusal(30014, .skip, refuses: false)) : nil
    }
    harness.command(.cancel(signalID("o0")))
    harness.advance(by: .seconds(59))
    #expect(harness.requests(\.isCancel).count == 1)
    #expect(harness.hasLog(.error, "refused the cancel: code 30014"))
    #expect(harness.status("o0") == .open)
    #expect(harness.order("o0")?.cancelRequested == true)
    harness.exchange.script = { _, _ in nil }
    harness.command(.cancel(signalID("o0")))
    harness.advance(by: .seconds(3))
    #expect(harness.status("o0") == .canceled)
  }

  @Test func `a waiting order is cancelled before it leaves`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a"))
    #expect(harness.command(.cancel(signalID("a")))?.ok == true)
    #expect(harness.code("a") == .canceled)
    #expect(harness.status("a") == .denied)
    #expect(harness.command(.cancel(signalID("none")))?.ok == false)
    #expect(harness.placements.isEmpty)
  }

  @Test func `an order on the wire is cancelled when it is placed`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    harness.command(.cancel(signalID("a")))
    #expect(harness.requests(\.isCancel).isEmpty)
    let report = harness.exchange.accept(harness.request("a"))
    harness.answer(harness.held[0], .placed(orderID: report.orderID))
    harness.settle()
    #expect(harness.status("a") == .canceled)
  }

  @Test func `cancel all cancels what waits and what is open`() {
    let harness = resting(3)
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("waits", eth))
    #expect(harness.command(.cancelAll)?.message == "4 orders are being cancelled")
    harness.advance(by: .seconds(3))
    #expect(harness.code("waits") == .canceled)
    #expect((0..<3).allSatisfy { harness.status("o\($0)") == .canceled })
    #expect(harness.command(.cancelAll)?.message == "0 orders are being cancelled")
  }

  @Test func `cancel all once more counts what is still being cancelled`() {
    let harness = resting(2)
    harness.exchange.script = { dispatch, _ in dispatch.request.isCancel ? .hold : nil }
    harness.command(.cancel(signalID("o0")))
    for _ in 0..<2 {
      #expect(harness.command(.cancelAll)?.message == "2 orders are being cancelled")
      harness.settle()
    }
    #expect(harness.requests(\.isCancel).count == 2)
    let alone = resting(1)
    #expect(alone.command(.cancelAll)?.message == "1 order is being cancelled")
  }

  @Test func `halting with cancel reduces and then is halted`() {
    let harness = resting(2)
    harness.exchange.script = { dispatch, _ in dispatch.request.isCancel ? .hold : nil }
    #expect(
      harness.command(.halt(reason: "storm", cancel: true))?.message
        == "halted: no new order until 'resume'; 2 orders are being cancelled")
    func status() -> EngineStatus {
      var engine = harness.engine
      return engine.status(at: harness.now)
    }
    func state() -> EngineStatus.State { status().state }
    #expect(state() == .reducing && status().haltScope == .all)
    harness.restart()
    #expect(state() == .reducing)
    harness.exchange.script = { _, _ in nil }
    harness.restart()
    harness.advance(by: .seconds(3))
    #expect(state() == .halted)
    #expect(harness.status("o0") == .canceled)
    #expect(harness.status("o1") == .canceled)
    harness.command(.resume)
    #expect(state() == .active)
    #expect(status().haltScope == nil)
  }

  @Test func `a plain halt leaves open orders and refuses waiting ones`() {
    let harness = resting(1)
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("waits", eth))
    harness.command(.halt(reason: "storm", cancel: false))
    #expect(harness.code("waits") == .halted)
    harness.advance(by: .seconds(10))
    #expect(harness.status("o0") == .open)
    #expect(harness.requests(\.isCancel).isEmpty)
    #expect(harness.command(.resume)?.message == "resumed")
    #expect(harness.command(.resume)?.message == "trading was not halted")
  }

  @Test func `halting works with the exchange out of reach`() {
    let exchange = FakeExchange()
    exchange.script = { _, _ in .answer(.failed(.notSent("no route"))) }
    let harness = EngineHarness(exchange: exchange)
    harness.tick()
    harness.submit(limit("a"))
    #expect(harness.command(.halt(reason: "", cancel: true))?.ok == true)
    #expect(harness.code("a") == .canceled)
    harness.restart()
    #expect(harness.engine.halt != nil)
  }

  @Test func `status counts what there is`() {
    let harness = resting(2)
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("lost", eth))
    harness.settle()
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("waits", sol))
    var engine = harness.engine
    let status = engine.status(at: harness.now)
    #expect(status.state == .active)
    #expect(status.isTradingOpen)
    #expect(
      [status.waiting, status.inFlight, status.unknown, status.open, status.notFound]
        == [1, 1, 1, 2, 0])
    #expect(status.dailyQuote == decimal("400"))
    #expect(engine.liveOrders.map(\.key.signal.text) == ["o0", "o1", "lost", "waits"])
  }
}
