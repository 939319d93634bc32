import Domain
import Execution
import Testing

/// Looks at an accepted order that fail: said, once for each kind, and made again.
@Suite struct LookTests {
  private func resting(
    _ answer: @escaping (EngineHarness) -> ExchangeAnswer?
  ) -> EngineHarness {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      dispatch.request.isLook ? answer(harness).map { .answer($0) } : nil
    }
    return harness
  }

  private func said(_ harness: EngineHarness) -> [LogEntry] {
    harness.logs.filter { $0.message.contains("where the order stands cannot be read") }
  }

  private func explained(_ harness: EngineHarness) -> [String] {
    harness.store.history(of: key("a")).compactMap { event in
      if case .lookedUp(_, let answer) = event { answer } else { nil }
    }
  }

  @Test func `the way out of a vanished order is a sentence of its own`() {
    let harness = resting { _ in nil }
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isOrder ? .answer(noSuchOrder) : nil
    }
    harness.advance(by: .seconds(3_600))
    let advice = harness.engine.troubles(at: harness.now).map(\.advice)
    #expect(advice.count == 1)
    #expect(
      advice.first?.contains("'mexc-signalctl resolve' closes it. Look at the order") == true,
      "\(advice)")
  }

  static let ways: [(String, ExchangeAnswer, LogEntry.Level)] = [
    ("code 700007", refusal(700007, .halt), .error), ("code 10072", refusal(10072, .halt), .error),
    ("code 10007", refusal(10007, .skip), .warning), ("code 4711", refusal(4711, .query), .warning),
    ("HTTP 200", .failed(.unreadable("HTTP 200 without JSON, 0 bytes")), .warning),
    ("HTTP 503", .failed(.unreadable("HTTP 503: busy")), .warning),
    ("no answer", .failed(.noAnswer("time out")), .warning),
    ("not sent", .failed(.notSent("refused")), .warning), ("another kind", .trades([]), .warning),
  ]

  @Test(arguments: ways)
  func `each kind is said`(word: String, answer: ExchangeAnswer, level: LogEntry.Level) {
    let harness = resting { _ in answer }
    harness.advance(by: .seconds(15))
    #expect(harness.status("a") == .open)
    let lines = said(harness)
    #expect(lines.count == 1)
    #expect(lines.first?.level == level)
    #expect(lines.first?.message.contains(word) == true)
    #expect(lines.first?.fields.contains(.init("signal_id", "a")) == true)
    #expect(lines.first?.fields.contains(.init("client_order_id", "sga")) == true)
    #expect(lines.first?.fields.contains { $0.key == "advice" && !$0.value.isEmpty } == true)
    #expect(explained(harness).count == 1)
    #expect(explained(harness).first?.contains(word) == true)
    // Never more than once a minute, ever more rarely, and the history does not grow.
    harness.advance(by: .seconds(3_600))
    #expect((3...7).contains(said(harness).count))
    #expect(explained(harness).count == 1)
    // An hour later it is looked up once a minute.
    let count = harness.requests(\.isOrder).count
    harness.advance(by: .seconds(600))
    #expect(harness.requests(\.isOrder).count == count + 10)
    harness.exchange.script = { _, _ in nil }
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    harness.checkStore()
  }

  @Test func `recovery is quick`() {
    let harness = resting { _ in .failed(.unreadable("HTTP 503: busy")) }
    harness.advance(by: .seconds(200))
    harness.exchange.script = { _, _ in nil }
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .filled)
  }

  @Test func `every new kind is one line of the story`() {
    var count = 0
    let codes = [10007, 30000, 10007, 700006]
    let harness = resting { _ in
      count += 1
      return refusal(codes[count % codes.count], .skip)
    }
    harness.advance(by: .seconds(600))
    #expect(Set(explained(harness).map { $0.prefix(23) }).count == 3)
    #expect(explained(harness).count == 3)
    // A stranger who writes something else each time does not fill the disk.
    let other = resting { _ in
      count += 1
      return refusal(count, .skip)
    }
    other.advance(by: .seconds(3_600))
    #expect(explained(other).count == 16)
    #expect(said(other).count < 8)
  }

  /// Three that get no answer at once are as much, and `status` names the order with the journal.
  @Test(arguments: [(Duration.seconds(9), Duration.seconds(10)), (.zero, .seconds(1))])
  func `one look that runs into its time limit is worth a line`(
    after time: Duration, within limit: Duration
  ) {
    let harness = resting { _ in nil }
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isLook ? .answer(.failed(.noAnswer("time out")), after: time) : nil
    }
    harness.advance(by: limit)
    #expect(harness.status("a") == .open)
    #expect(said(harness).count == 1)
    #expect(explained(harness).count == 1)
    let told = harness.engine.troubles(at: harness.now).map(\.message)
    #expect(told.count == 1)
    #expect(
      told.first?.hasPrefix("where the order of signal a stands cannot be read (no answer") == true)
  }

  @Test func `a single missed look is not worth a line`() {
    var count = 0
    let harness = resting { _ in
      count += 1
      return count % 3 == 0 ? nil : .failed(.noAnswer("time out"))
    }
    harness.advance(by: .seconds(300))
    #expect(said(harness).isEmpty)
    #expect(explained(harness).isEmpty)
  }

  @Test(arguments: [false, true])
  func `filled of nothing is not believed`(isLost: Bool) {
    let harness = EngineHarness.open()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      if let request = dispatch.request.orderRequest {
        let report = harness.exchange.accept(request)
        return .answer(
          isLost ? .failed(.noAnswer("time out")) : .placed(orderID: report.orderID))
      }
      return nil
    }
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.fill(0, to: "0", .filled)
    harness.advance(by: .seconds(6))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    #expect(harness.outcome("a") == nil)
    #expect(explained(harness).contains { $0.contains("with nothing executed") })
    #expect(said(harness).count == 1)
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .filled)
    #expect(harness.order("a")?.executedQuantity == decimal("1"))
    harness.checkStore()
  }

  @Test func `a fill of more than was ordered is not believed`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.fill(0, to: "5", .filled)
    harness.advance(by: .seconds(6))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.executedQuantity == .zero)
    #expect(explained(harness).contains { $0.contains("that 5 of an order of 1 are executed") })
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    harness.checkStore()
  }

  @Test(arguments: [
    (Side.buy, OrderType.limit, "200", "100"), (.sell, .limit, "50", "100"),
    (.buy, .immediateOrCancel, "102.01", "99"), (.sell, .immediateOrCancel, "97.99", "101"),
    (.buy, .limitMaker, "110.5", "100.5"), (.sell, .fillOrKill, "0.01", "1000"),
  ])
  func `a fill past the price is not believed`(
    side: Side, type: OrderType, garbled: String, quote: String
  ) {
    let harness = EngineHarness.open()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      guard let request = dispatch.request.orderRequest else { return nil }
      harness.exchange.accept(request)
      harness.exchange.fill(0, to: "1", .filled)
      harness.exchange.ledger[0].executedQuote = decimal(garbled)
      return .answer(.placed(orderID: "E1"))
    }
    harness.submit(limit("a", side: side, type: type))
    harness.advance(by: .seconds(6))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.executedQuote == .zero)
    #expect(harness.outcome("a") == nil)
    #expect(explained(harness).contains { $0.contains("its price of 100 does not admit") })
    harness.exchange.ledger[0].executedQuote = decimal(quote)
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .filled)
    #expect(harness.order("a")?.executedQuote == decimal(quote))
    harness.checkStore()
  }

  /// The worth of each part of a fill may be rounded, a fee may be in it, and a price may be better.
  @Test(arguments: [
    (Side.buy, "101"), (.buy, "100.01"), (.buy, "1"), (.sell, "99"), (.sell, "99.9"),
    (.sell, "900"),
  ])
  func `a fill about the price or better is believed`(side: Side, quote: String) {
    let harness = EngineHarness.open()
    harness.submit(limit("a", side: side))
    harness.settle()
    harness.exchange.fill(0, to: "1", .filled)
    harness.exchange.ledger[0].executedQuote = decimal(quote)
    harness.advance(by: .seconds(6))
    #expect(harness.status("a") == .filled)
    #expect(harness.order("a")?.executedQuote == decimal(quote))
  }

  @Test func `a price and a quantity of nothing contradict no order`() {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.ledger[0].price = .zero
    harness.exchange.ledger[0].quantity = .zero
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(6))
    #expect(harness.engine.halt == nil)
    #expect(harness.status("a") == .filled)
    #expect(said(harness).isEmpty)
    harness.checkStore()
  }

  @Test func `an undocumented status is said although nothing else changed`() {
    let harness = resting { harness in
      var report = harness.exchange.ledger[0]
      report.status = .undocumented("REJECTED")
      return .order(report)
    }
    harness.advance(by: .seconds(15))
    #expect(harness.status("a") == .open)
    #expect(said(harness).count == 1)
    #expect(said(harness).first?.message.contains("'REJECTED'") == true)
    #expect(explained(harness).count == 1)
  }

  // MARK: The verdict of a search

  /// Also after a restart.
  @Test(arguments: [
    (ExchangeFailure.noAnswer("time out"), "its answer was lost (no answer: time out)"),
    (.unreadable("HTTP 503"), "its answer proves nothing (unreadable answer: HTTP 503)"),
    (
      .throttled(ThrottleNotice(wait: .seconds(1), isBan: false, text: "429", isDefinite: false)),
      "its answer proves nothing (throttled: 429)"
    ),
  ])
  func `the verdict says whether an answer came`(failure: ExchangeFailure, words: String) {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(failure)) : nil
    }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .unknown)
    harness.restart()
    harness.advance(by: .seconds(300))
    #expect(harness.status("a") == .notFound)
    #expect(harness.order("a")?.reason.contains(words) == true)
  }

  /// An order in doubt, in a world where the list of recent orders has this row more.
  private func verdict(with row: UnreadableRow, inTrades: Bool) -> OrderStatus? {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      switch dispatch.request {
      case .place: .answer(.failed(.noAnswer("time out")))
      case .trades where inTrades: .answer(.trades([], unreadable: [row]))
      case .recentOrders where !inTrades: .answer(.orders([], unreadable: [row]))
      case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation,
        .accountRights, .validate, .order, .openOrders, .recentOrders, .trades, .cancel,
        .openAccountStream, .extendAccountStream:
        nil
      }
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(600))
    return harness.status("a")
  }

  @Test(arguments: [false, true])
  func `a row that may be ours is no no`(inTrades: Bool) {
    func row(_ orderID: String?, _ name: UnreadableRow.Name) -> UnreadableRow {
      UnreadableRow(orderID: orderID, name: name, reason: "executedQty is missing")
    }
    #expect(verdict(with: row("X", .text("sga")), inTrades: inTrades) == .unknown)
    #expect(verdict(with: row("X", .unknown), inTrades: inTrades) == .unknown)
    #expect(verdict(with: row(nil, .unknown), inTrades: inTrades) == .unknown)
    #expect(verdict(with: row("X", .none), inTrades: inTrades) == .notFound)
    #expect(verdict(with: row("X", .text("web")), inTrades: inTrades) == .notFound)
  }
}
