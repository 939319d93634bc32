import Domain
import Execution
import Testing

/// What is said of an order that waited for a connection and did not leave.
@Suite struct NotSentTests {
  private func holding(
    _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) -> EngineHarness {
    let exchange = FakeExchange()
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    return EngineHarness.open(makeConfiguration(change: change), exchange: exchange)
  }

  private func advice(_ harness: EngineHarness) -> String {
    let line = harness.logs.last { $0.message.contains("did not leave") }
    return line?.fields.first { $0.key == "advice" }?.value ?? ""
  }

  private func triesAgain(_ harness: EngineHarness) -> Bool {
    harness.logs.contains { $0.message.contains("trying again") }
  }

  @Test(arguments: [
    OperatorCommand.halt(reason: "lunch", cancel: false), .halt(reason: "storm", cancel: true),
    .cancelAll, .cancel(signalID("a")),
  ])
  func `what the operator took back is not tried again`(_ command: OperatorCommand) throws {
    let harness = holding()
    harness.submit(limit("a"))
    harness.settle()
    harness.command(command)
    let withdrawal = try #require(harness.withdrawals.first)
    harness.answer(try #require(harness.held.first), .failed(.notSent(withdrawal.reason)))
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == .denied)
    #expect(!triesAgain(harness))
    #expect(harness.hasLog(.notice, "the order did not leave"))
  }

  @Test func `what was taken back for another's sake is tried again`() throws {
    let harness = holding()
    harness.submit(limit("a"))
    harness.submit(limit("b"))
    harness.settle()
    harness.command(.cancel(signalID("b")))
    harness.answer(try #require(harness.held.first), .failed(.notSent("withdrawn")))
    #expect(triesAgain(harness))
    #expect(advice(harness) == "")
    harness.advance(by: .seconds(2))
    #expect(harness.placements(of: "a").count == 2)
  }

  @Test func `what has expired there is not tried again`() throws {
    let harness = holding()
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(1)) })
    harness.settle()
    harness.advance(by: .seconds(1))
    harness.answer(try #require(harness.held.first), .failed(.notSent("no connection")))
    harness.advance(by: .seconds(5))
    #expect(harness.code("a") == .expired)
    #expect(!triesAgain(harness))
  }

  @Test func `what would leave after a back off beyond its end is not tried again`() throws {
    let harness = holding()
    harness.submit(limit("a") { $0.expiry = .timeToLive(.seconds(90)) })
    harness.settle()
    let placement = try #require(harness.held.first)
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isClock ? .answer(throttled(.seconds(600), isBan: true)) : nil
    }
    harness.advance(by: .seconds(70))
    #expect(harness.engine.ban != nil)
    harness.answer(placement, .failed(.notSent("the exchange demands a back-off")))
    harness.settle()
    #expect(harness.code("a") == .rateLimited)
    #expect(!triesAgain(harness))
  }

  @Test func `the limit is named that kept it back`() throws {
    for (age, window, name) in [
      (2, 5, "price.maximum_age_ms"), (2, 3, "exchange.recv_window_ms"),
      (60, 5, "exchange.recv_window_ms"),
    ] {
      let harness = holding {
        $0.price.maximumAge = .seconds(age)
        $0.receiveWindow = .seconds(window)
      }
      harness.submit(limit("a"))
      harness.settle()
      let placement = try #require(harness.held.first)
      let deadline = try #require(placement.sendBefore)
      harness.advance(by: deadline.since(harness.now.monotonic))
      harness.answer(placement, .failed(.notSent("too late")))
      #expect(triesAgain(harness))
      #expect(advice(harness).contains(name), "\(age) \(window)")
      #expect(advice(harness).contains("raise"))
    }
  }

  /// The first that is too late keeps back those that would leave with it.
  @Test func `another's expiry is no limit to raise`() throws {
    let harness = holding {
      $0.venue = batchTraits
      $0.risk.maximumDailyQuote = nil
    }
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isPrices || dispatch.isPlacement ? .hold : nil
    }
    for number in 1...13 {
      harness.submit(
        limit("s\(number)") { if number == 7 { $0.expiry = .timeToLive(.seconds(1)) } })
    }
    harness.answer(
      try #require(harness.held.first), .prices([SymbolPrice(symbol: btc, price: decimal("100"))]))
    let placement = try #require(harness.held.first { $0.isPlacement })
    #expect(placement.request.orderRequests.count == 13)
    harness.advance(by: .seconds(1))
    harness.answer(placement, .failed(.notSent("too late")))
    #expect(!advice(harness).isEmpty)
    #expect(!advice(harness).contains("raise"))
  }
}
