import Domain
import Execution
import Testing

/// A refusal that does not prove that the exchange made no order: the sender is told, and the order is
/// watched for all the same.
@Suite struct LateRefusalTests {
  private static let refused = refusal(10203, .query, refuses: false)

  /// One order that no view has shown since it was refused.
  private func rejected(
    _ answer: ExchangeAnswer = refused, _ configuration: EngineConfiguration = makeConfiguration()
  ) -> EngineHarness {
    let harness = EngineHarness.open(configuration)
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .answer(answer) : nil }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(70))
    #expect(harness.status("a") == .rejected)
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.outcome("a")?.code == .exchangeRejected)
    #expect(harness.outcome("a")?.replacesEarlier == false)
    harness.exchange.script = { _, _ in nil }
    return harness
  }

  private func status(_ harness: EngineHarness) -> EngineStatus {
    var engine = harness.engine
    return engine.status(at: harness.now)
  }

  private func expectFound(_ harness: EngineHarness, at status: OrderStatus = .open) {
    #expect(harness.status("a") == status)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.code("a") == .accepted)
    #expect(harness.message("a") == "found late")
    #expect(harness.outcome("a")?.code == .accepted)
    #expect(harness.outcome("a")?.replacesEarlier == true)
    let line = harness.logs.first { $0.message.contains("counted as not placed") }
    #expect(line?.level == .error)
    let advice = line.map { "\($0.fields)" } ?? ""
    #expect(advice.contains("Look whether its signal was sent again under another id"))
    #expect(harness.placements(of: "a").count == 1)
    #expect(harness.store.watched.isEmpty)
    harness.checkStore()
  }

  @Test func `it counts as rejected and nowhere as open`() {
    let harness = rejected()
    #expect(status(harness).liveOrders == 0)
    #expect(status(harness).notFound == 0)
    #expect(status(harness).orders.isEmpty)
    #expect(status(harness).dailyQuote == .zero)
    #expect(harness.store.watched == [OrderKey(signal: signalID("a"))])
    #expect(harness.doubts.last?.doubt == nil)
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.restart()
    #expect(status(harness).orders == [.open: 1])
    #expect(status(harness).liveOrders == 1)
    #expect(status(harness).dailyQuote == decimal("100"))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.outcomes.filter { $0.signalID == signalID("a") }.count == 1)
    harness.checkStore()
  }

  @Test(arguments: [false, true], [false, true])
  func `a late find wins over the refusal`(restarts: Bool, isPushed: Bool) {
    let harness = rejected()
    if restarts { harness.restart(after: .seconds(3_600)) }
    let report = harness.exchange.accept(harness.request("a"))
    if isPushed {
      harness.apply(.execution(report))
      harness.settle()
    } else {
      harness.advance(by: .seconds(601))
    }
    expectFound(harness)
    #expect(status(harness).liveOrders == 1)
    #expect(status(harness).dailyQuote == decimal("100"))
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .canceled)
  }

  /// The sender was told of the refusal: what comes of it in the end replaces that.
  @Test func `a start after the find knows that the refusal was told`() {
    let harness = rejected()
    harness.exchange.accept(harness.request("a"))
    harness.advance(by: .seconds(61))
    harness.restart()
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(61))
    #expect(harness.status("a") == .filled)
    #expect(harness.outcome("a")?.order.status == .filled)
    #expect(harness.outcome("a")?.replacesEarlier == true)
  }

  @Test func `a late fill wins over the refusal`() {
    let harness = rejected()
    harness.exchange.accept(harness.request("a"))
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(61))
    expectFound(harness, at: .filled)
    #expect(harness.engine.liveOrders.isEmpty)
  }

  /// After the last attempt that a rate limit refused.
  @Test func `a late find wins over a rate limit`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(throttled(.seconds(2))) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(30))
    #expect(harness.code("a") == .exchangeRejected)
    harness.exchange.accept(harness.request("a"))
    harness.advance(by: .seconds(61))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.count == 2)
    harness.checkStore()
  }

  @Test func `a halt that cancels reaches it when it is found`() {
    let harness = rejected()
    #expect(harness.command(.cancelAll)?.message == "0 orders are being cancelled")
    harness.restart()
    harness.exchange.accept(harness.request("a"))
    harness.advance(by: .seconds(70))
    #expect(harness.requests(\.isCancel).count == 1)
    #expect(harness.status("a") == .canceled)
  }

  @Test func `a cancel reaches it when it is found`() {
    let harness = rejected()
    let reply = harness.command(.cancel(signalID("a")))
    #expect(reply?.ok == true)
    #expect(reply?.message.contains("should it appear, it is cancelled") == true)
    harness.restart()
    harness.exchange.accept(harness.request("a"))
    harness.advance(by: .seconds(70))
    #expect(harness.requests(\.isCancel).count == 1)
    #expect(harness.status("a") == .canceled)
  }

  private func named(_ harness: EngineHarness) -> [Trouble] {
    harness.engine.troubles(at: harness.now).filter {
      $0.subject == .order(key("a"), clientOrderID(of: signalID("a")), btc)
    }
  }

  /// Until then its symbol trades, and each start halts trading again.
  @Test func `the operators word ends the watch for one that the exchange contradicts`() {
    let harness = rejected()
    harness.exchange.accept(harness.request("a"))
    harness.exchange.ledger[0].price = decimal("99")
    harness.advance(by: .seconds(61))
    #expect(harness.engine.halt?.reason.contains("has the price 99") == true)
    #expect(named(harness).contains { $0.advice.contains("resolve a --not-placed") })
    // That it is there is not taken.
    #expect(!named(harness).contains { $0.advice.contains("--placed ORDER_ID") })
    let reply = harness.command(.resolveNotPlaced(signalID("a")))
    #expect(reply?.ok == true)
    #expect(reply?.message.contains("is not looked for any more") == true)
    #expect(harness.hasLog(.warning, "has the price 99"))
    let story = harness.store.history(of: key("a"))
    if case .lookedUp("the operator's word", let answer)? = story.last {
      #expect(answer.contains("never placed") && answer.contains("has the price 99"))
    } else {
      Issue.record("its story does not tell of the word")
    }
    #expect(named(harness).isEmpty)
    #expect(harness.store.watched.isEmpty)
    harness.command(.resume)
    harness.restart()
    harness.advance(by: .seconds(3_600))
    #expect(harness.engine.halt == nil)
    #expect(harness.engine.liveOrders.isEmpty)
    #expect(harness.status("a") == .rejected)
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.outcomes.filter { $0.signalID == signalID("a") }.count == 1)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == false)
    harness.checkStore()
  }

  /// What it finds counts.
  @Test func `the operators word is not taken while a look for it is out`() {
    let harness = rejected()
    let report = harness.exchange.accept(harness.request("a"))
    harness.exchange.ledger[0].price = decimal("99")
    harness.advance(by: .seconds(61))
    #expect(harness.engine.halt?.reason.contains("has the price 99") == true)
    harness.exchange.ledger[0].price = report.price
    harness.exchange.script = { dispatch, _ in dispatch.request.isLook ? .hold : nil }
    harness.advance(by: .seconds(61))
    #expect(!harness.held.isEmpty)
    let reply = harness.command(.resolveNotPlaced(signalID("a")))
    #expect(reply?.ok == false)
    #expect(reply?.message.contains("is being looked up right now") == true)
    for look in harness.held {
      harness.answer(look, harness.exchange.answer(to: look.request, at: harness.now))
    }
    expectFound(harness)
  }

  @Test func `the operators word is not wanted while every view says that it is not there`() {
    let harness = rejected()
    harness.advance(by: .seconds(600))
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == false)
    harness.exchange.accept(harness.request("a"))
    harness.advance(by: .seconds(61))
    expectFound(harness)
  }

  @Test func `the operators word on what is in no doubt finds nothing to resolve`() {
    let harness = rejected()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("b"))
    harness.settle()
    #expect(harness.status("b") == .submitted)
    let rows = [("a", "is rejected: "), ("b", "is not lost, it is submitted")]
    for (id, words) in rows {
      let beginning = "there is nothing to resolve: the order of signal \(id) \(words)"
      let commands: [OperatorCommand] = [
        .resolveNotPlaced(signalID(id)), .resolvePlaced(signalID(id), orderID: "E1"),
      ]
      for command in commands {
        let reply = harness.command(command)
        #expect(reply?.ok == false)
        #expect(reply?.message.hasPrefix(beginning) == true, "\(String(describing: reply))")
      }
    }
  }

  @Test(arguments: [false, true])
  func `the watch ends after seven days`(restarts: Bool) {
    let harness = rejected()
    if restarts { harness.restart() }
    harness.advance(by: .seconds(6 * 24 * 3_600))
    let looks = harness.requests(\.isTrades).count
    harness.advance(by: .seconds(12 * 3_600))
    #expect(harness.requests(\.isTrades).count > looks)
    harness.advance(by: .seconds(24 * 3_600))
    #expect(harness.engine.liveOrders.isEmpty)
    #expect(harness.hasLog(.warning, "not seen for seven days"))
    #expect(harness.status("a") == .rejected)
    #expect(harness.code("a") == .exchangeRejected)
    #expect(harness.store.watched.isEmpty)
    // To an older program such an event would be damage.
    #expect(!harness.store.events.contains { $0.kind == OrderEvent.watchEnded.kind })
    let total = harness.requests(\.isTrades).count
    harness.restart(after: .seconds(60))
    harness.advance(by: .seconds(3_600))
    #expect(harness.requests(\.isTrades).count == total)
    #expect(harness.engine.liveOrders.isEmpty)
    #expect(harness.outcomes.filter { $0.signalID == signalID("a") }.count == 1)
    harness.checkStore()
  }

  @Test func `so many are watched for and no more`() {
    let harness = EngineHarness.open(
      makeConfiguration { configuration in
        configuration.risk.maximumOpenOrders = 200
        configuration.risk.maximumOrdersPerMinute = 200
      })
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .answer(Self.refused) : nil }
    for number in 0..<101 {
      harness.submit(limit("n\(number)"))
      harness.advance(by: .seconds(1))
    }
    harness.advance(by: .seconds(300))
    #expect(harness.outcomes.count == 101)
    #expect(harness.outcomes.allSatisfy { $0.code == .exchangeRejected })
    #expect(harness.store.watched.count == 100)
    #expect(harness.engine.liveOrders.count == 100)
    #expect(status(harness).liveOrders == 0)
    #expect(harness.logs.filter { $0.message.contains("is not looked for any more") }.count == 1)
    harness.exchange.script = { _, _ in nil }
    #expect(harness.submit(limit("b"))?.code == .accepted)
    harness.settle()
    #expect(harness.status("b") == .open)
    harness.restart()
    #expect(harness.engine.liveOrders.count == 101)
    #expect(status(harness).dailyQuote == decimal("100"))
    harness.checkStore()
  }

  /// What they ask for is the same for all of a symbol and of a minute.
  @Test func `those of a symbol share its lists`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .answer(Self.refused) : nil }
    for number in 0..<10 { harness.submit(limit("n\(number)")) }
    harness.advance(by: .seconds(100))
    #expect(harness.store.watched.count == 10)
    let before = harness.requests(\.isTrades).count
    harness.restart()
    harness.advance(by: .seconds(30))
    #expect(harness.requests(\.isTrades).count - before == 1)
  }
}
