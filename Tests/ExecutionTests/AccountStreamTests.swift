import Domain
import Execution
import Testing

/// The venue tells of the account's orders by itself; looks are the safety net.
@Suite struct AccountStreamTests {
  private let exchange = FakeExchange()

  private func open(
    _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) -> EngineHarness {
    EngineHarness.open(
      makeConfiguration {
        $0.venue = streamTraits
        change(&$0)
      }, exchange: exchange)
  }

  private func connected() -> EngineHarness { .connected(exchange) }

  private func looks(_ harness: EngineHarness) -> Int { harness.requests(\.isLook).count }

  private func keys(_ harness: EngineHarness) -> [ExchangeRequest] {
    harness.sent.map(\.dispatch.request).filter {
      $0 == .openAccountStream || $0 == .extendAccountStream
    }
  }

  private func push(_ harness: EngineHarness, _ index: Int = 0) {
    harness.apply(.execution(exchange.ledger[index]))
    harness.settle()
  }

  // MARK: The key

  @Test func `a key is made once, and extended before it ends`() {
    let harness = open()
    #expect(keys(harness) == [.openAccountStream])
    #expect(harness.streamsConnected == 1)
    harness.advance(by: .seconds(24 * 60))
    #expect(keys(harness).count == 1)
    harness.advance(by: .seconds(2 * 60))
    #expect(keys(harness) == [.openAccountStream, .extendAccountStream])
    #expect(harness.streamsConnected == 1, "the connection stays")
  }

  /// A key lives 60 minutes from its last extension.
  @Test func `an extension that fails is tried several times while the key lives`() {
    exchange.script = { dispatch, _ in
      dispatch.request == .extendAccountStream ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    let harness = open()
    harness.advance(by: .seconds(55 * 60))
    #expect(keys(harness).first == .openAccountStream)
    #expect(keys(harness).count { $0 == .extendAccountStream } >= 3)
    #expect(keys(harness).count { $0 == .openAccountStream } == 1)
  }

  @Test func `a key that has ended is made anew, and the stream connected with it`() {
    let harness = open()
    exchange.script = { dispatch, _ in
      dispatch.request == .extendAccountStream ? .answer(refusal(730_708, .query)) : nil
    }
    harness.advance(by: .seconds(26 * 60))
    #expect(keys(harness) == [.openAccountStream, .extendAccountStream, .openAccountStream])
    #expect(harness.streamsConnected == 2)
  }

  @Test func `that a key was extended says nothing when it was refused meanwhile`() {
    let harness = connected()
    exchange.script = { dispatch, _ in
      dispatch.request == .extendAccountStream ? .hold : nil
    }
    harness.advance(by: .seconds(25 * 60 + 1))
    harness.apply(.accountStream(.keyRefused))
    harness.answer(harness.held[0], .accountStreamReady)
    harness.advance(by: .seconds(1))
    #expect(keys(harness) == [.openAccountStream, .extendAccountStream, .openAccountStream])
    #expect(harness.streamsConnected == 2)
  }

  @Test func `a key that the stream refuses is made anew`() {
    let harness = connected()
    harness.apply(.accountStream(.keyRefused))
    harness.advance(by: .milliseconds(250))
    #expect(keys(harness) == [.openAccountStream, .openAccountStream])
    #expect(harness.streamsConnected == 2)
  }

  @Test func `keys that die again and again are made ever more rarely`() {
    let harness = connected()
    var told = 0
    for _ in 0..<600 {
      if harness.streamsConnected > told {
        told = harness.streamsConnected
        harness.apply(.accountStream(.keyRefused))
      }
      harness.advance(by: .milliseconds(100))
    }
    #expect((5...10).contains(keys(harness).count), "\(keys(harness).count)")
    harness.apply(.accountStream(.opened))
    harness.apply(.accountStream(.keyRefused))
    let before = keys(harness).count
    harness.advance(by: .milliseconds(250))
    #expect(keys(harness).count == before + 1)
  }

  /// What stands was opened with the key that has ended, and may say nothing any more.
  @Test func `an order is looked up while a key that has ended has no successor`() {
    let harness = connected()
    harness.submit(limit("a"))
    exchange.script = { dispatch, _ in
      switch dispatch.request {
      case .extendAccountStream: .answer(refusal(730_708, .query))
      case .openAccountStream: .answer(refusal(730_706, .query))
      case _: nil
      }
    }
    harness.advance(by: .seconds(26 * 60))
    #expect(harness.hasLog(.notice, "orders are looked up instead"))
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(15))
    #expect(harness.status("a") == .filled)
  }

  @Test func `an order is looked up at once when the stream refuses its key`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(20))
    exchange.fill(0, to: "1", .filled)
    harness.apply(.accountStream(.keyRefused))
    harness.settle()
    #expect(harness.status("a") == .filled)
  }

  @Test(arguments: [
    ExchangeAnswer.failed(.unreadable("404")), .failed(.noAnswer("time out")),
    refusal(700_007, .halt),
  ])
  func `without a key orders are looked up, and the key is asked for ever more rarely`(
    _ answer: ExchangeAnswer
  ) {
    exchange.script = { dispatch, _ in
      dispatch.request == .openAccountStream ? .answer(answer) : nil
    }
    let harness = open()
    #expect(harness.engine.halt == nil)
    harness.submit(limit("a"))
    harness.advance(by: .seconds(3_600))
    #expect(looks(harness) > 100)
    #expect((10...25).contains(keys(harness).count), "\(keys(harness).count)")
    #expect(harness.streamsConnected == 0)
    #expect(
      harness.logs.filter { $0.message.contains("the key of the account's stream") }.count > 5)
    #expect(!harness.hasLog(.error, "stream"))
  }

  @Test(arguments: [TradingMode.paper, .validate])
  func `only live trading has a stream of the account`(mode: TradingMode) {
    let harness = open { $0.mode = mode }
    harness.advance(by: .seconds(60))
    #expect(keys(harness) == [])
  }

  @Test func `a venue without such a stream is not asked for a key`() {
    let harness = open { $0.venue = traits }
    harness.advance(by: .seconds(60))
    #expect(keys(harness) == [])
  }

  // MARK: Looks

  @Test func `an order whose end is pushed is never looked up`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .open)
    exchange.fill(0, to: "0.4", .partiallyFilled)
    push(harness)
    harness.advance(by: .seconds(2))
    exchange.fill(0, to: "1", .filled)
    push(harness)
    #expect(harness.status("a") == .filled)
    #expect(harness.outcome("a")?.order.executedQuantity == decimal("1"))
    #expect(looks(harness) == 0)
    harness.checkStore()
  }

  @Test func `a change of which nothing was told is seen by the safety net`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(4))
    exchange.fill(0, to: "1", .filled)
    #expect(looks(harness) == 0)
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .filled)
    #expect(looks(harness) == 1)
  }

  @Test func `a resting order is looked up ever more rarely, at least every ten minutes`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(3_600))
    #expect(looks(harness) == 9)
  }

  /// What was looked up while nobody listened says nothing of the connection that came after.
  @Test func `on a new connection a lost push is seen within a minute`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(1_800))
    harness.apply(.accountStream(.lost("cut")))
    harness.advance(by: .seconds(30))
    harness.apply(.accountStream(.opened))
    harness.advance(by: .seconds(1))
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(61))
    #expect(harness.status("a") == .filled)
  }

  /// Orders are looked up as if there were no stream, until a look tells where they stand.
  @Test func `looks that fail are made again soon`() {
    let harness = connected()
    exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(refusal(10_007, .skip)) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    #expect(looks(harness) > 4)
    #expect(harness.hasLog(.warning, "10007"))
    exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(10))
    let before = looks(harness)
    harness.advance(by: .seconds(40))
    #expect(looks(harness) == before)
  }

  /// It may have been the fill of any order.
  @Test func `what is not understood has every order looked up at once`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    let before = looks(harness)
    exchange.fill(0, to: "1", .filled)
    for _ in 0..<3 { harness.apply(.accountStream(.notUnderstood)) }
    harness.settle()
    #expect(harness.status("a") == .filled)
    #expect(looks(harness) == before + 1)
  }

  @Test func `what cannot be understood again and again costs a look a second`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    let before = looks(harness)
    for _ in 0..<100 {
      harness.apply(.accountStream(.notUnderstood))
      harness.advance(by: .milliseconds(100))
    }
    #expect((10...11).contains(looks(harness) - before))
    let times = harness.requests(\.isLook).suffix(10).map(\.at.monotonic)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1.since($0) >= .seconds(1) })
  }

  /// The exchange's views lag behind what it pushes.
  @Test func `what a look at once does not show yet is seen a second later`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    let before = looks(harness)
    harness.apply(.accountStream(.notUnderstood))
    harness.settle()
    #expect(looks(harness) == before + 1)
    exchange.fill(0, to: "1", .filled)
    harness.advance(by: .milliseconds(900))
    #expect(harness.status("a") == .open)
    harness.advance(by: .milliseconds(200))
    #expect(harness.status("a") == .filled)
    #expect(looks(harness) == before + 2)
  }

  @Test func `what was placed before the stream was connected is looked up once`() {
    let harness = open()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(20))
    let before = looks(harness)
    harness.apply(.accountStream(.opened))
    harness.settle()
    #expect(looks(harness) == before + 1)
    harness.advance(by: .seconds(29))
    #expect(looks(harness) == before + 1)
  }

  /// Its fill may have been told while nobody listened.
  @Test func `an order that left before the stream was connected is looked up after it`() {
    let harness = open()
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    let placement = harness.held[0]
    let report = exchange.accept(placement.request.orderRequest ?? request("a"))
    exchange.fill(0, to: "1", .filled)
    harness.apply(.accountStream(.opened))
    harness.answer(placement, .placed(orderID: report.orderID))
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .filled)
  }

  @Test func `a stream that is lost is made up for at once`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(5))
    exchange.fill(0, to: "1", .filled)
    harness.apply(.accountStream(.lost("reset")))
    harness.settle()
    #expect(harness.status("a") == .filled)
    #expect(harness.hasLog(.notice, "the account's stream is lost"))
    harness.submit(limit("b"))
    harness.advance(by: .seconds(5))
    #expect(looks(harness) > 3, "polled again")
  }

  // MARK: What may come wrong

  @Test func `reports in any order, and twice, count once`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    let open = exchange.ledger[0]
    exchange.fill(0, to: "0.4", .partiallyFilled)
    let part = exchange.ledger[0]
    exchange.fill(0, to: "0.7", .partiallyFilled)
    let more = exchange.ledger[0]
    for report in [more, part, open, more, part] { harness.apply(.execution(report)) }
    #expect(harness.order("a")?.executedQuantity == decimal("0.7"))
    #expect(harness.status("a") == .partiallyFilled)
    exchange.fill(0, to: "1", .filled)
    for report in [exchange.ledger[0], more, exchange.ledger[0], open] {
      harness.apply(.execution(report))
    }
    #expect(harness.status("a") == .filled)
    #expect(harness.outcomes.count == 1)
    #expect(!harness.hasLog(.warning, "does not fit"))
    harness.checkStore()
  }

  @Test func `a fill without its order's report leads to a look`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    exchange.fill(0, to: "1", .filled)
    harness.apply(.accountStream(.traded(clientOrderID(of: signalID("a")).text, decimal("1"))))
    harness.advance(by: .milliseconds(900))
    #expect(looks(harness) == 0, "the report may come yet")
    harness.advance(by: .milliseconds(200))
    #expect(harness.status("a") == .filled)
    harness.apply(.accountStream(.traded("somebody-elses", decimal("1"))))
  }

  @Test func `a status that says nothing leads to a look`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    exchange.fill(0, to: "1", .filled)
    var report = exchange.ledger[0]
    report.status = .undocumented("0")
    for _ in 0..<5 { harness.apply(.execution(report)) }
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .filled)
    #expect(looks(harness) == 1)
  }

  @Test func `a report that cannot be read leads to a look at what it may be about`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.submit(limit("b", eth))
    harness.advance(by: .seconds(2))
    let row = UnreadableRow(
      orderID: nil, name: .text(clientOrderID(of: signalID("a")).text), reason: "no side")
    for _ in 0..<5 { harness.apply(.accountStream(.unreadable(btc, row))) }
    harness.settle()
    #expect(looks(harness) == 1)
    harness.advance(by: .seconds(1))
    #expect(looks(harness) == 2)
    #expect(harness.requests { $0.isLook(at: eth) }.isEmpty)
  }

  @Test func `a cancel is followed by a look`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.settle()
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(1))
    #expect(harness.status("a") == .canceled)
  }
}
