import Domain
import Execution
import Testing

/// The exchange shows, under an order's id or name, what was never sent: trading halts until a person
/// has looked, and the person can end it.
@Suite struct ContradictionTests {
  enum Known: CaseIterable {
    /// The exchange has acknowledged it.
    case open
    /// The same, and the daemon was started anew.
    case restarted
    /// The answer to its placement was lost.
    case unknown
  }

  /// An order of 1 that the exchange shows as one of 2.
  private func contradicted(_ known: Known) -> EngineHarness {
    let harness = EngineHarness.open()
    if known == .unknown {
      harness.exchange.script = { [unowned harness] dispatch, _ in
        guard let request = dispatch.request.orderRequest else { return nil }
        harness.exchange.accept(request)
        return .answer(.failed(.noAnswer("time out")))
      }
    }
    harness.submit(limit("a"))
    harness.settle()
    harness.exchange.script = { _, _ in nil }
    harness.exchange.ledger[0].quantity = decimal("2")
    if known == .restarted { harness.restart() }
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == (known == .unknown ? .unknown : .open))
    #expect(harness.engine.halt?.reason.contains("has the quantity 2") == true)
    return harness
  }

  private func named(_ harness: EngineHarness) -> [Trouble] {
    harness.engine.troubles(at: harness.now).filter {
      $0.subject == .order(key("a"), clientOrderID(of: signalID("a")), btc)
    }
  }

  @Test(arguments: Known.allCases)
  func `the word of a person who resumes trading holds, and the order stays in doubt`(
    known: Known
  ) {
    let harness = contradicted(known)
    harness.advance(by: .seconds(3_600))
    #expect(harness.engine.halt != nil)
    harness.command(.resume)
    harness.advance(by: .seconds(3_600))
    #expect(harness.engine.halt == nil)
    #expect(harness.engine.isTradingOpen)
    let trouble = named(harness).first { $0.message.contains("has the quantity 2") }
    #expect(trouble?.advice.contains("resolve a --placed") == true)
    #expect(harness.doubts.last?.doubt?.advice.contains("resolve a --placed") == true)
    #expect(harness.status("a") == (known == .unknown ? .unknown : .open))
    #expect(harness.placements(of: "a").count == 1)
    #expect(harness.submit(limit("b", eth))?.code == .accepted)
    harness.checkStore()
  }

  @Test func `nothing is said to trade while trading is halted for it`() {
    let harness = contradicted(.restarted)
    let line = harness.logs.first { $0.message.contains("cannot be reconciled") }
    #expect(line?.message.hasSuffix("; trading is halted, and it is looked up again") == true)
  }

  @Test(arguments: Known.allCases)
  func `that it is not there ends it`(known: Known) {
    let harness = contradicted(known)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.status("a") == (known == .unknown ? .notFound : .canceled))
    #expect(harness.order("a")?.reason.contains("has the quantity 2") == true)
    // Until trading is resumed nothing leaves.
    #expect(harness.submit(limit("b"))?.code == .halted)
    harness.command(.resume)
    harness.advance(by: .seconds(3_600))
    #expect(harness.engine.halt == nil)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    #expect(harness.submit(limit("c"))?.code == .accepted)
    harness.checkStore()
    // What a person has closed halts no later run.
    harness.restart()
    harness.advance(by: .seconds(3_600))
    #expect(harness.engine.halt == nil)
    #expect(named(harness).isEmpty)
  }

  @Test func `that it is not there ends it after it was not found, too`() {
    let harness = withMissingOrder()
    harness.exchange.accept(harness.request("a"))
    harness.exchange.ledger[0].quantity = decimal("2")
    harness.advance(by: .seconds(61))
    #expect(harness.engine.halt?.reason.contains("has the quantity 2") == true)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.order("a")?.reason.contains("has the quantity 2") == true)
    harness.command(.resume)
    harness.restart()
    harness.advance(by: .seconds(3_600))
    #expect(harness.engine.halt == nil)
    #expect(named(harness).isEmpty)
    harness.checkStore()
  }

  @Test(arguments: Known.allCases)
  func `that it is there is taken of an order that bears its name`(known: Known) {
    let harness = contradicted(known)
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == true)
    #expect(harness.replies.last?.message.contains("has the quantity 2") == true)
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.orderID == "E1")
    harness.command(.resume)
    #expect(harness.submit(limit("b"))?.code == .accepted)
    // It can be cancelled; what became of it is still not believed.
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(60))
    #expect(harness.exchange.ledger[0].status == .canceled)
    #expect(harness.status("a") == .open)
    #expect(harness.engine.halt == nil)
    #expect(!named(harness).isEmpty)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
    #expect(harness.status("a") == .canceled)
    #expect(named(harness).isEmpty)
    harness.checkStore()
  }

  @Test func `an order of another name is not taken on anybodys word`() {
    let harness = contradicted(.open)
    harness.exchange.ledger[0].clientOrderID = "somebody"
    harness.advance(by: .seconds(60))
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == false)
    #expect(harness.replies.last?.message.contains("it is not this signal's") == true)
    #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
  }

  /// Trading opens, the symbol is paused, and both say why.
  @Test(arguments: [Known.restarted, .unknown])
  func `after a start it pauses its symbol until it is resolved or fits again`(known: Known) {
    let harness = contradicted(known)
    if known == .unknown {
      harness.restart()
      harness.advance(by: .seconds(5))
    }
    #expect(harness.engine.isTradingOpen)
    harness.command(.resume)
    #expect(harness.submit(limit("b"))?.code == .halted)
    #expect(harness.answers.last?.message.contains("resolve a --placed") == true)
    #expect(harness.submit(limit("c", eth))?.code == .accepted)
    harness.exchange.ledger[0].quantity = decimal("1")
    harness.advance(by: .seconds(60))
    #expect(named(harness).isEmpty)
    #expect(harness.submit(limit("d"))?.code == .accepted)
    harness.checkStore()
  }

  @Test func `another contradiction halts trading again`() {
    let harness = contradicted(.open)
    harness.command(.resume)
    harness.exchange.ledger[0].quantity = decimal("3")
    harness.advance(by: .seconds(60))
    #expect(harness.engine.halt?.reason.contains("has the quantity 3") == true)
    // A start knows nothing of what was seen.
    harness.command(.resume)
    harness.restart()
    harness.advance(by: .seconds(5))
    #expect(harness.engine.halt?.reason.contains("has the quantity 3") == true)
  }

  // MARK: Several orders of one name

  @Test func `a second order in the list halts trading once`() {
    let harness = EngineHarness.open()
    for index in 0..<8 { harness.submit(limit("o\(index)")) }
    harness.settle()
    var other = harness.exchange.ledger[3]
    other.orderID = "E99"
    other.status = .canceled
    harness.exchange.ledger.append(other)
    harness.advance(by: .seconds(5))
    #expect(harness.engine.halt?.reason.contains("2 orders for signal o3: E4, E99") == true)
    harness.command(.resume)
    harness.advance(by: .seconds(600))
    #expect(harness.engine.halt == nil)
  }

  @Test(arguments: [false, true])
  func `of several that are searched for the operator says which, or none`(isThere: Bool) {
    let harness = contradicted(.unknown)
    harness.exchange.ledger[0].quantity = decimal("1")
    var second = harness.exchange.ledger[0]
    second.orderID = "E2"
    harness.exchange.ledger.append(second)
    harness.exchange.script = { dispatch, _ in
      if case .order(_, .clientOrderID) = dispatch.request { .answer(noSuchOrder) } else { nil }
    }
    harness.advance(by: .seconds(120))
    #expect(harness.engine.halt?.reason.contains("2 orders for signal a: E1, E2") == true)
    harness.command(.resume)
    harness.advance(by: .seconds(120))
    #expect(harness.engine.halt == nil)
    #expect(harness.status("a") == .unknown)
    #expect(named(harness).contains { $0.advice.contains("resolve a --placed") })
    if isThere {
      harness.command(.resolvePlaced(signalID("a"), orderID: "E2"))
      harness.settle()
      #expect(harness.order("a")?.orderID == "E2")
    } else {
      #expect(harness.command(.resolveNotPlaced(signalID("a")))?.ok == true)
      harness.advance(by: .seconds(3_600))
    }
    #expect(named(harness).isEmpty)
    #expect(harness.engine.halt == nil)
    harness.checkStore()
  }

  // MARK: An order without price and quantity

  @Test(arguments: [false, true])
  func `a row that lacks them is that of the order if it bears its name`(bears: Bool) {
    let harness = withMissingOrder()
    harness.exchange.accept(harness.request("a"))
    harness.exchange.ledger[0].price = .zero
    harness.exchange.ledger[0].quantity = .zero
    if !bears { harness.exchange.ledger[0].clientOrderID = nil }
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.replies.last?.ok == bears)
    #expect(harness.replies.last?.message.contains("has the price 0") == !bears)
    #expect(harness.status("a") == (bears ? .open : .notFound))
    harness.checkStore()
  }

  /// The exchange could not be asked when a person said which it is.
  @Test func `a row that lacks them is that of an order that was confirmed by its number`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      if let request = dispatch.request.orderRequest {
        harness.exchange.accept(request)
        return .answer(.failed(.noAnswer("time out")))
      }
      return dispatch.request.isLook ? .answer(refusal(10007, .skip)) : nil
    }
    harness.submit(limit("a"))
    harness.advance(by: .seconds(10))
    harness.command(.resolvePlaced(signalID("a"), orderID: "E1"))
    harness.settle()
    #expect(harness.order("a")?.confirmedByOperator == true)
    harness.exchange.ledger[0].clientOrderID = nil
    harness.exchange.ledger[0].price = .zero
    harness.exchange.ledger[0].quantity = .zero
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(60))
    #expect(harness.engine.halt == nil)
    harness.exchange.fill(0, to: "1", .filled)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .filled)
    harness.checkStore()
  }
}
