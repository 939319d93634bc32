import Domain
import Execution
import Testing

/// Several orders of a symbol that leave in one request.
@Suite struct BatchTests {
  private let exchange = FakeExchange()

  private func open(
    _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) -> EngineHarness {
    EngineHarness.open(
      makeConfiguration {
        $0.venue = batchTraits
        $0.risk.maximumOrdersPerMinute = 500
        $0.risk.maximumDailyQuote = nil
        change(&$0)
      }, exchange: exchange)
  }

  /// Signals that come while the price is awaited: all of them may leave when it is there.
  private func gather(
    _ count: Int, _ harness: EngineHarness, _ change: (Int, inout Signal) -> Void = { _, _ in }
  ) throws {
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    for number in 1...count {
      harness.submit(limit("s\(number)") { signal in change(number, &signal) })
    }
    let look = try #require(harness.held.first)
    exchange.script = { _, _ in nil }
    harness.answer(look, exchange.answer(to: .prices([btc, eth]), at: harness.now))
  }

  /// Thirteen orders: more than a second holds, so they leave together, and the answer is held.
  private func gatherOne(
    _ harness: EngineHarness, _ change: (Int, inout Signal) -> Void = { _, _ in }
  ) throws -> Dispatch {
    exchange.script = { dispatch, _ in
      dispatch.request.isPrices || dispatch.isPlacement ? .hold : nil
    }
    for number in 1...13 {
      harness.submit(limit("s\(number)") { signal in change(number, &signal) })
    }
    let look = try #require(harness.held.first)
    harness.answer(look, .prices([SymbolPrice(symbol: btc, price: decimal("100"))]))
    return try #require(harness.held.first { $0.isPlacement })
  }

  private func sizes(_ harness: EngineHarness) -> [Int] {
    harness.placements.map(\.request.orderRequests.count)
  }

  private func names(_ dispatches: [Dispatch]) -> [ClientOrderID] {
    dispatches.flatMap { $0.request.orderRequests.map(\.clientOrderID) }
  }

  private func statuses(_ harness: EngineHarness, _ numbers: ClosedRange<Int>) -> [OrderStatus?] {
    numbers.map { harness.status("s\($0)") }
  }

  // MARK: When

  @Test func `orders that fit into the second leave alone`() throws {
    let harness = open()
    try gather(10, harness)
    #expect(sizes(harness) == Array(repeating: 1, count: 10))
  }

  @Test func `what the second does not hold leaves together, the oldest first`() throws {
    let harness = open()
    try gather(45, harness)
    // Two batches a second; what is left fits into what the second has left.
    #expect(sizes(harness) == [20, 20, 1, 1, 1, 1, 1])
    #expect(names(harness.placements) == (1...45).map { clientOrderID(of: signalID("s\($0)")) })
    harness.settle()
    #expect(statuses(harness, 1...45) == Array(repeating: .open, count: 45))
    harness.checkStore()
  }

  @Test func `a second holds two batches, and single orders beside them`() throws {
    let harness = open { $0.risk.maximumOpenOrders = 500 }
    try gather(100, harness)
    harness.settle()
    #expect(sizes(harness) == [20, 20] + Array(repeating: 1, count: 10))
    harness.advance(by: .milliseconds(1_053))
    #expect(sizes(harness).filter { $0 > 1 } == [20, 20, 20, 20])
    #expect(names(harness.placements).count == 100)
  }

  @Test func `orders of different symbols do not leave together`() throws {
    let harness = open()
    try gather(12, harness) { number, signal in signal.symbol = number % 2 == 0 ? btc : eth }
    harness.advance(by: .seconds(3))
    for dispatch in harness.placements {
      #expect(Set(dispatch.request.orderRequests.map(\.symbol)).count == 1)
    }
    #expect(names(harness.placements).count == 12)
  }

  @Test func `orders that are only checked go one by one`() throws {
    let harness = open { $0.mode = .validate }
    try gather(30, harness)
    harness.advance(by: .seconds(3))
    #expect(sizes(harness) == Array(repeating: 1, count: 30))
  }

  @Test func `with fewer orders a second than the venue takes each goes alone`() throws {
    let harness = open { $0.rateLimits.ordersPerSecond = 2 }
    try gather(8, harness)
    harness.advance(by: .seconds(10))
    #expect(sizes(harness) == Array(repeating: 1, count: 8))
  }

  @Test func `a venue without batches gets each order alone`() throws {
    let harness = open { $0.venue = traits }
    try gather(30, harness)
    harness.advance(by: .seconds(3))
    #expect(sizes(harness) == Array(repeating: 1, count: 30))
  }

  @Test func `who may not leave stays behind`() throws {
    let harness = open()
    // Three pay too much by their own guard, and are refused when the others leave.
    let dispatch = try gatherOne(harness) { number, signal in
      if number.isMultiple(of: 4) { signal.referencePrice = decimal("90") }
    }
    #expect(dispatch.request.orderRequests.count == 1)
    #expect(names(harness.placements).count == 10)
    for number in [4, 8, 12] { #expect(harness.code("s\(number)") == .priceDeviation) }
  }

  @Test func `the first that is too late makes the request too late`() throws {
    let harness = open()
    let dispatch = try gatherOne(harness) { number, signal in
      if number == 7 { signal.expiry = .timeToLive(.seconds(1)) }
    }
    #expect(dispatch.request.orderRequests.count == 13)
    let latest = harness.now.monotonic.advanced(by: .seconds(1))
    #expect(try #require(dispatch.sendBefore) <= latest)
  }

  // MARK: What becomes of them

  @Test func `each order has its own outcome`() throws {
    let harness = open()
    let dispatch = try gatherOne(harness)
    #expect(dispatch.barrier == .written)
    #expect(dispatch.delivery == .once)
    var outcomes: [Result<String, ExchangeFailure>] = dispatch.request.orderRequests.map {
      .success(exchange.accept($0).orderID)
    }
    guard case .failed(let refusal) = refusal(30_004, .size) else { return }
    outcomes[2] = .failure(refusal)
    outcomes[5] = .failure(.unreadable("an element that says nothing"))
    harness.answer(dispatch, .placed(outcomes))
    #expect(harness.status("s1") == .open)
    #expect(harness.status("s3") == .rejected)
    #expect(harness.code("s3") == .exchangeRejected)
    #expect(harness.status("s6") == .unknown)
    harness.advance(by: .seconds(10))
    #expect(harness.status("s6") == .open, "the look finds it")
    #expect(names(harness.placements).count == 13, "nothing is sent twice")
    harness.checkStore()
  }

  @Test(arguments: [
    ExchangeAnswer.failed(.noAnswer("time out")), .failed(.unreadable("503")),
    .placed([.success("E1")]), .placed([]),
  ])
  func `a lost answer is as many unknown outcomes as orders`(_ answer: ExchangeAnswer) throws {
    let harness = open { $0.risk.pauseOnNotFound = .none }
    let dispatch = try gatherOne(harness)
    harness.answer(dispatch, answer)
    #expect(statuses(harness, 1...13) == Array(repeating: .unknown, count: 13))
    harness.advance(by: .seconds(120))
    #expect(statuses(harness, 1...13) == Array(repeating: .notFound, count: 13))
    #expect(names(harness.placements).count == 13)
    harness.checkStore()
  }

  @Test func `what never left leaves again`() throws {
    let harness = open()
    let dispatch = try gatherOne(harness)
    exchange.script = { _, _ in nil }
    harness.answer(dispatch, .failed(.notSent("no connection")))
    #expect(statuses(harness, 1...13) == Array(repeating: .new, count: 13))
    harness.advance(by: .seconds(5))
    #expect(statuses(harness, 1...13) == Array(repeating: .open, count: 13))
    #expect(harness.order("s5")?.attempt == 1)
    #expect(exchange.ledger.count == 13)
  }

  @Test func `a refusal that halts halts, and the others' outcomes count`() throws {
    let harness = open()
    let dispatch = try gatherOne(harness)
    guard case .failed(let refusal) = refusal(10_072, .halt) else { return }
    var outcomes: [Result<String, ExchangeFailure>] = dispatch.request.orderRequests.map {
      .success(exchange.accept($0).orderID)
    }
    outcomes[0] = .failure(refusal)
    harness.answer(dispatch, .placed(outcomes))
    #expect(harness.engine.halt != nil)
    #expect(statuses(harness, 2...13) == Array(repeating: .open, count: 12))
  }

  @Test func `an order that a limit refused has all requests wait, and goes once more`() throws {
    let harness = open()
    let dispatch = try gatherOne(harness) { _, signal in
      signal.expiry = .timeToLive(.seconds(300))
    }
    func notice(_ seconds: Int) -> ExchangeFailure {
      .throttled(ThrottleNotice(wait: .seconds(seconds), isBan: false, text: "Too Many Requests"))
    }
    var outcomes: [Result<String, ExchangeFailure>] = dispatch.request.orderRequests.map {
      .success(exchange.accept($0).orderID)
    }
    exchange.ledger.removeAll { ["sgs3", "sgs6"].contains($0.clientOrderID) }
    guard case .failed(let refusal) = refusal(30_004, .size) else { return }
    outcomes[2] = .failure(notice(30))
    outcomes[5] = .failure(notice(5))
    outcomes[8] = .failure(refusal)
    exchange.script = { _, _ in nil }
    harness.answer(dispatch, .placed(outcomes))
    #expect(harness.status("s1") == .open)
    #expect(harness.status("s9") == .rejected)
    #expect(harness.engine.ban?.wait == .seconds(30))
    #expect(harness.engine.ban?.reason == "Too Many Requests")
    #expect(harness.hasLog(.warning, "less of them is used from now on"))
    let count = harness.sent.count
    harness.advance(by: .milliseconds(29_999))
    #expect(harness.sent.count == count)
    harness.advance(by: .seconds(120))
    for id in ["s3", "s6"] {
      #expect(harness.status(id) == .open)
      #expect(harness.order(id)?.attempt == 2)
      #expect(harness.placements(of: id).count == 2)
    }
    #expect(names(harness.placements).count == 15)
    harness.checkStore()
  }

  /// Which limit the elements of a batch count against is in no page of the exchange.
  @Test func `an exchange that counts each order of a batch gets them one by one`() throws {
    let harness = open { $0.risk.maximumOpenOrders = 60 }
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    for number in 1...60 {
      harness.submit(limit("s\(number)") { $0.expiry = .timeToLive(.seconds(300)) })
    }
    let look = try #require(harness.held.first)
    let notice = ThrottleNotice(wait: .seconds(1), isBan: false, text: "Too Many Requests")
    exchange.script = { dispatch, _ in
      dispatch.request.orderRequests.count > 12 ? .answer(.failed(.throttled(notice))) : nil
    }
    harness.answer(look, exchange.answer(to: .prices([btc, eth]), at: harness.now))
    harness.settle()
    harness.advance(by: .seconds(120))
    #expect(statuses(harness, 1...60) == Array(repeating: .open, count: 60))
    #expect(sizes(harness).prefix { $0 == 20 }.count == 2)
    #expect(sizes(harness).dropFirst(2).allSatisfy { $0 == 1 })
    harness.checkStore()
  }

  @Test func `after a kill every order of the request is looked up`() throws {
    let harness = open()
    let dispatch = try gatherOne(harness)
    for request in dispatch.request.orderRequests.prefix(7) { exchange.accept(request) }
    exchange.script = { _, _ in nil }
    harness.restart(after: .seconds(2))
    harness.advance(by: .seconds(120))
    #expect(statuses(harness, 1...7) == Array(repeating: .open, count: 7))
    #expect(statuses(harness, 8...13) == Array(repeating: .notFound, count: 6))
    #expect(names(harness.placements).count == 13)
  }
}
