import Domain
import Execution
import Testing

/// Orders of an earlier run whose state cannot be read: each keeps its own symbol from trading at most.
@Suite struct ReconciliationTests {
  /// A run that left an order of SOL in the book, and one after it in which looks at SOL fail so.
  private func restarted(
    _ answer: @escaping (EngineHarness) -> ExchangeAnswer?,
    _ configuration: EngineConfiguration = makeConfiguration(), partly: Bool = false
  ) -> EngineHarness {
    let harness = EngineHarness.open(configuration)
    harness.submit(limit("old", sol))
    harness.settle()
    #expect(harness.status("old") == .open)
    if partly {
      harness.exchange.fill(0, to: "0.25", .partiallyFilled)
      harness.advance(by: .seconds(2))
      #expect(harness.status("old") == .partiallyFilled)
    }
    harness.exchange.script = { [unowned harness] dispatch, _ in
      dispatch.request.isLook(at: sol) ? answer(harness).map { .answer($0) } : nil
    }
    harness.restart()
    return harness
  }

  private static let delisted = refusal(10007, .skip, refuses: false)

  private func troubles(_ harness: EngineHarness) -> [Trouble] {
    harness.engine.troubles(at: harness.now)
  }

  @Test(arguments: [PauseScope.symbol, .all, .none])
  func `an order that cannot be read pauses its own symbol at most`(
    scope: PauseScope
  ) {
    let harness = restarted(
      { _ in Self.delisted }, makeConfiguration { $0.risk.pauseOnNotFound = scope })
    #expect(harness.submit(limit("btc"))?.code == .accepted)
    harness.advance(by: .seconds(1))
    #expect(harness.status("btc") == .open)
    #expect(harness.engine.isTradingOpen)
    #expect(harness.submit(limit("sol", sol))?.code == (scope == .none ? .accepted : .halted))
    if scope != .none {
      let message = harness.answers.last?.message ?? ""
      #expect(message.contains("SOLUSDT is paused: the order of signal old"))
      #expect(message.contains("code 10007") && message.contains("resolve old"))
    }
    let named = troubles(harness).filter { $0.message.contains("code 10007") }
    #expect(named.map(\.subject) == [.order(key("old"), clientOrderID(of: signalID("old")), sol)])
    #expect(named.allSatisfy { $0.advice.contains("resolve old --placed") })
    let line = harness.logs.first { $0.message.contains("cannot be reconciled: code 10007") }
    #expect(line?.level == .warning)
    #expect(line?.fields.contains(.init("signal_id", "old")) == true)
    #expect(line?.fields.contains(.init("client_order_id", "sgold")) == true)
    #expect(line?.fields.contains { $0.key == "advice" } == true)

    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(10))
    #expect(harness.hasLog(.info, "SOLUSDT is not paused"))
    #expect(troubles(harness).isEmpty)
    #expect(harness.submit(limit("sol2", sol))?.code == .accepted)
    harness.checkStore()
  }

  static let failures: [(String, ExchangeAnswer)] = [
    ("code -1121", refusal(-1121, .skip, refuses: false)),
    ("code 30000", refusal(30000, .skip)), ("code 700007", refusal(700007, .halt)),
    ("code 12345", refusal(12345, .query, refuses: false)),
    ("HTTP 503", .failed(.unreadable("HTTP 503: busy"))), ("another kind", .validated),
    ("no answer", .failed(.noAnswer("time out"))),
  ]

  @Test(arguments: failures)
  func `every kind of failure lets the others trade`(word: String, answer: ExchangeAnswer) {
    let harness = restarted { _ in answer }
    #expect(harness.submit(limit("btc"))?.code == .accepted)
    harness.advance(by: .seconds(30))
    #expect(harness.status("btc") == .open)
    #expect(harness.submit(limit("sol", sol))?.code == .halted)
    #expect(troubles(harness).contains { $0.message.contains(word) })
    let isKeyError = word == "code 700007"
    #expect(harness.hasLog(isKeyError ? .error : .warning, "cannot be reconciled"))
    let looked = harness.store.history(of: key("old")).filter { $0.kind == "order_looked_up" }
    #expect(looked.count == 1)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(10))
    #expect(harness.submit(limit("sol2", sol))?.code == .accepted)
  }

  /// While a back-off is demanded nothing is sent, and nothing is concluded.
  @Test func `a back off concludes nothing`() {
    let harness = restarted { _ in throttled(.seconds(30)) }
    harness.submit(limit("btc"))
    harness.advance(by: .seconds(29))
    #expect(!harness.engine.isTradingOpen)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(12))
    #expect(harness.status("btc") == .open)
    #expect(!harness.hasLog(.warning, "cannot be reconciled"))
  }

  @Test func `a status that nobody knows is not reconciled`() {
    let harness = restarted { harness in
      var report = harness.exchange.ledger[0]
      report.status = .undocumented("REJECTED")
      return .order(report)
    }
    harness.submit(limit("btc"))
    harness.advance(by: .seconds(1))
    #expect(harness.status("btc") == .open)
    #expect(troubles(harness).contains { $0.message.contains("'REJECTED'") })
    #expect(harness.submit(limit("sol", sol))?.code == .halted)
    // The operator has looked: it is there.
    harness.command(.resolvePlaced(signalID("old"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == true)
    #expect(harness.submit(limit("sol2", sol))?.code == .accepted)
  }

  /// The same for an order whose outcome is unknown: its lists are refused, its name is not found.
  @Test func `one no is enough for an order in doubt`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("lost", sol))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isRecentOrders || dispatch.request.isTrades || dispatch.request.isOpenOrders
        ? .answer(refusal(700007, .halt)) : nil
    }
    harness.restart()
    harness.submit(limit("btc"))
    harness.advance(by: .seconds(300))
    #expect(harness.status("btc") == .open)
    // A view that does not answer is no "no".
    #expect(harness.status("lost") == .unknown)
    #expect(harness.hasLog(.error, "code 700007"))
    #expect(troubles(harness).contains { $0.message.contains("code 700007") })
    #expect(harness.logs.count { $0.message.contains("code 700007") } < 8)
    #expect(harness.command(.resolveNotPlaced(signalID("lost")))?.ok == true)
    #expect(harness.status("lost") == .notFound)
    #expect(harness.code("lost") == .notFound)
    #expect(harness.order("lost")?.closedByOperator == true)
    #expect(harness.submit(limit("sol", sol))?.code == .accepted)
    harness.exchange.script = { _, _ in nil }
    harness.exchange.accept(harness.request("lost"))
    harness.advance(by: .seconds(61))
    #expect(harness.status("lost") == .open)
    harness.checkStore()
  }

  // MARK: Lists

  /// Eight orders of one symbol: so many are looked up by one list.
  private func eight() -> EngineHarness {
    let harness = EngineHarness.open()
    for index in 0..<8 { harness.submit(limit("o\(index)")) }
    harness.settle()
    #expect((0..<8).allSatisfy { harness.status("o\($0)") == .open })
    return harness
  }

  private func fillAll(_ harness: EngineHarness) {
    for index in 0..<8 { harness.exchange.fill(index, to: "1", .filled) }
  }

  enum ListAnswer: CaseIterable {
    case refused, unreadable, unanswered, foreignRow
  }

  private func fail(_ lists: ListAnswer, _ harness: EngineHarness) {
    harness.exchange.script = { [unowned harness] dispatch, _ in
      guard dispatch.request.isRecentOrders else { return nil }
      switch lists {
      case .refused: return .answer(refusal(700007, .halt))
      case .unreadable: return .answer(.failed(.unreadable("no array")))
      case .unanswered: return .answer(.failed(.noAnswer("time out")), after: .seconds(10))
      case .foreignRow:
        return .answer(
          .orders(
            harness.exchange.ledger,
            unreadable: [UnreadableRow(orderID: "X", name: .none, reason: "executedQty is missing")]
          ))
      }
    }
  }

  @Test(arguments: ListAnswer.allCases, [false, true])
  func `a list that fails starves nobody`(lists: ListAnswer, restarts: Bool) {
    let harness = eight()
    fail(lists, harness)
    if restarts {
      harness.restart()
    } else {
      // All looks are due together.
      harness.advance(by: .seconds(1))
    }
    harness.submit(limit("eth", eth))
    harness.submit(limit("btc"))
    harness.advance(by: .seconds(lists == .unanswered ? 25 : 3))
    #expect(harness.status("eth") == .open)
    #expect(harness.status("btc") == .open)
    fillAll(harness)
    harness.advance(by: .seconds(22))
    #expect((0..<8).allSatisfy { harness.status("o\($0)") == .filled })
    let said = harness.logs.filter { $0.message.contains("list of recent orders cannot be used") }
    #expect(said.isEmpty == (lists == .foreignRow))
    #expect(said.count <= 2)
    #expect(said.allSatisfy { $0.level == (lists == .refused ? .error : .warning) })
    harness.checkStore()
  }

  /// The row of one of ours cannot be read: that one is said, the others go on.
  @Test func `an unreadable row spoils its own order`() {
    let harness = eight()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      switch dispatch.request {
      case .recentOrders:
        .answer(
          .orders(
            Array(harness.exchange.ledger.dropFirst()),
            unreadable: [
              UnreadableRow(orderID: "E1", name: .text("sgo0"), reason: "executedQty is missing")
            ]))
      case .order(_, .orderID("E1")):
        .answer(.failed(.unreadable("an answer that cannot be read: executedQty is missing")))
      case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation,
        .accountRights, .place, .validate, .order, .openOrders, .trades, .cancel,
        .openAccountStream, .extendAccountStream:
        nil
      }
    }
    harness.restart()
    harness.submit(limit("btc"))
    harness.submit(limit("eth", eth))
    fillAll(harness)
    harness.advance(by: .seconds(12))
    #expect((1..<8).allSatisfy { harness.status("o\($0)") == .filled })
    #expect(harness.status("o0") == .open)
    #expect(harness.status("eth") == .open)
    #expect(troubles(harness).count == 1)
    #expect(troubles(harness)[0].message.contains("executedQty is missing"))
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(12))
    #expect(harness.status("o0") == .filled)
  }

  /// A list that works again is used again.
  @Test func `a refused list is tried again with a back off`() {
    let harness = eight()
    fail(.refused, harness)
    harness.advance(by: .seconds(600))
    let lists = harness.requests(\.isRecentOrders).map { $0.at.monotonic }
    #expect((3...5).contains(lists.count))
    for (former, next) in zip(lists, lists.dropFirst()) {
      #expect(next.since(former) >= .seconds(60))
    }
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(1_000))
    let singles = harness.requests(\.isOrder).count
    harness.advance(by: .seconds(60))
    #expect(harness.requests(\.isOrder).count == singles)
  }

  // MARK: The operator's word

  @Test func `confirmed it is followed and pauses nothing over a restart either`() {
    let harness = restarted { _ in Self.delisted }
    harness.command(.resolvePlaced(signalID("old"), orderID: "E9"))
    #expect(harness.replies.last?.message == "the order of signal old is E1, not E9")
    harness.command(.resolvePlaced(signalID("old"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == true)
    #expect(harness.replies.last?.message.contains("taken on your word") == true)
    #expect(harness.submit(limit("sol", sol))?.code == .accepted)
    #expect(harness.status("old") == .open)
    harness.restart()
    harness.advance(by: .seconds(5))
    #expect(harness.engine.isTradingOpen)
    #expect(harness.submit(limit("sol2", sol))?.code == .accepted)
    // It is looked up still, and said to be unreadable.
    #expect(troubles(harness).contains { $0.message.contains("code 10007") })
    harness.exchange.script = { _, _ in nil }
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(12))
    #expect(harness.status("old") == .filled)
    harness.checkStore()
  }

  @Test(arguments: [false, true])
  func `closed it ends as cancelled with what was read`(partly: Bool) {
    let harness = restarted({ _ in Self.delisted }, partly: partly)
    #expect(harness.command(.resolveNotPlaced(signalID("old")))?.ok == true)
    #expect(harness.status("old") == (partly ? .partiallyCanceled : .canceled))
    #expect(harness.order("old")?.executedQuantity == decimal(partly ? "0.25" : "0"))
    #expect(harness.order("old")?.reason.contains("code 10007") == true)
    #expect(harness.outcome("old")?.code == .accepted)
    #expect(harness.outcome("old")?.message.contains("operator says") == true)
    #expect(harness.submit(limit("sol", sol))?.code == .accepted)
    // What it may have cost goes on counting.
    var engine = harness.engine
    #expect(engine.status(at: harness.now).dailyQuote == decimal("200"))
    harness.restart()
    harness.advance(by: .seconds(5))
    #expect(harness.engine.isTradingOpen)
    #expect(!troubles(harness).contains { $0.message.contains("signal old") })
    harness.checkStore()
  }

  @Test func `the operators word is not wanted where the exchange can be asked`() {
    let harness = restarted { _ in nil }
    #expect(harness.command(.resolveNotPlaced(signalID("old")))?.ok == false)
    harness.command(.resolvePlaced(signalID("old"), orderID: "E1"))
    #expect(harness.replies.last?.message == "signal old has no order in doubt")
    // An outage is not the exchange's answer.
    harness.exchange.script = { _, _ in .answer(.failed(.noAnswer("time out"))) }
    harness.advance(by: .seconds(120))
    #expect(harness.command(.resolveNotPlaced(signalID("old")))?.ok == false)
    harness.command(.resolvePlaced(signalID("old"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == false)
    #expect(harness.status("old") == .open)
  }

  @Test func `an order in doubt can be confirmed unseen`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      if let request = dispatch.request.orderRequest {
        harness.exchange.accept(request)
        return .answer(.failed(.noAnswer("time out")))
      }
      return dispatch.request.isLook ? .answer(Self.delisted) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    #expect(harness.status("a") == .unknown)
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == true)
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    // It is another's after all: the name tells.
    harness.exchange.ledger[0].clientOrderID = "somebody"
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(12))
    #expect(harness.engine.halt?.reason.contains("another client order id") == true)
  }

  /// A number that the exchange does not know after all is replaced, or the order is closed.
  @Test(arguments: [false, true])
  func `a wrong number can be put right`(exists: Bool) {
    let harness = EngineHarness.open()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      if let request = dispatch.request.orderRequest {
        if exists { harness.exchange.accept(request) }
        return .answer(.failed(.noAnswer("time out")))
      }
      return dispatch.request.isLook ? .answer(Self.delisted) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    harness.command(.resolvePlaced(signalID("a"), orderID: "E7"))
    harness.settle()
    #expect(harness.order("a")?.orderID == "E7")
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(20))
    #expect(harness.status("a") == .open)
    #expect(troubles(harness).contains { $0.message.contains("does not find an order") })
    if exists {
      harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
      harness.settle()
      #expect(harness.replies.last?.message.contains("is confirmed") == true)
      #expect(harness.order("a")?.orderID == "E1")
    } else {
      #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
      #expect(harness.status("a") == .canceled)
    }
    #expect(troubles(harness).isEmpty)
    harness.checkStore()
  }

  @Test func `a cancel says what happens`() {
    let harness = restarted { _ in Self.delisted }
    let script = harness.exchange.script
    harness.exchange.script = { dispatch, now in
      dispatch.request.isCancel ? .answer(Self.delisted) : script(dispatch, now)
    }
    #expect(harness.command(.cancel(signalID("old")))?.ok == true)
    let message = harness.replies.last?.message ?? ""
    #expect(message.contains("code 10007") && message.contains("resolve old --not-placed"))
    harness.settle()
    #expect(harness.hasLog(.error, "refused the cancel: code 10007"))
    #expect(harness.order("old")?.cancelRequested == true)
    #expect(harness.status("old") == .open)
  }
}
