import Domain
import Execution
import Testing

/// Arm, then send: one sync on the way to the wire.
@Suite struct ArmingTests {
  private let exchange = FakeExchange()

  private func open() -> EngineHarness { EngineHarness.open(exchange: exchange) }

  /// The machine restarts while these signals wait for a price.
  private func losePower(_ harness: EngineHarness, while signals: [Signal]) {
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    for signal in signals { harness.submit(signal) }
    exchange.script = { _, _ in nil }
    harness.store.bootIsNew = true
    harness.restart(after: .seconds(5))
  }

  @Test func `the acceptance is on the disk while the price is awaited, the arming is not`() throws
  {
    let harness = open()
    exchange.script = { dispatch, _ in
      dispatch.request.isPrices || dispatch.isPlacement ? .hold : nil
    }
    let before = harness.durabilities.count
    harness.submit(limit("a"))
    #expect(Array(harness.durabilities[before...]) == [.recorded])
    let look = try #require(harness.held.first)
    harness.answer(look, exchange.answer(to: look.request, at: harness.now))
    #expect(Array(harness.durabilities[before...]) == [.recorded, .written])
    let placement = try #require(harness.placements.first)
    #expect(placement.barrier == .written)
    harness.answer(placement, .placed(orderID: "E1"))
    #expect(harness.durabilities.last == .synced)
  }

  @Test func `with the price known one commit does both`() {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.rateLimits.ordersPerSecond = 100
        $0.rateLimits.ipWeight = 100_000
        $0.rateLimits.uidWeight = 100_000
      }, exchange: exchange)
    // What a start takes for granted of the limits is over: a heavy use is synced before orders leave.
    harness.advance(by: .seconds(11))
    harness.submit(limit("a"))
    harness.settle()
    exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    let before = harness.durabilities.count
    harness.submit(limit("b"))
    #expect(Array(harness.durabilities[before...]) == [.recorded])
    #expect(harness.placements.count == 2)
  }

  @Test func `an order that may have left is looked for, and never sent when it is not found`() {
    let harness = open()
    losePower(harness, while: [limit("a") { $0.expiry = .timeToLive(.seconds(600)) }])
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .new, "an accepted order may not be visible yet")
    harness.advance(by: .seconds(40))
    #expect(harness.status("a") == .notFound)
    #expect(harness.code("a") == .notFound)
    #expect(harness.placements.isEmpty)
    #expect(exchange.ledger.isEmpty)
    harness.checkStore()
    exchange.accept(request("a"))
    harness.advance(by: .seconds(3_700))
    #expect(harness.status("a") == .open, "it was hidden for longer than the settle time")
    harness.checkStore()
  }

  @Test(arguments: [TradingMode.paper, .validate])
  func `where orders do not leave the machine none may have left`(mode: TradingMode) {
    let harness = EngineHarness.open(makeConfiguration { $0.mode = mode }, exchange: exchange)
    losePower(harness, while: [limit("a") { $0.expiry = .timeToLive(.seconds(600)) }])
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == (mode == .paper ? .open : .validated))
  }

  @Test func `one that did leave is found and followed`() {
    let harness = open()
    exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a"))
    exchange.script = { _, _ in nil }
    let request = request("a")
    exchange.accept(request)
    harness.store.bootIsNew = true
    harness.restart(after: .seconds(5))
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .open)
    harness.advance(by: .seconds(200))
    #expect(exchange.ledger.count == 1)
    #expect(harness.placements.isEmpty)
  }

  @Test func `one that came too late cannot have left`() {
    let harness = open()
    harness.setBack(to: harness.store)
    harness.submit(limit("a") { $0.expiry = .at(harness.now.wall.advanced(by: .seconds(-1))) })
    #expect(harness.status("a") == .new, "a careful start looks for it all the same")
    harness.store.bootIsNew = true
    harness.restart(after: .seconds(5))
    harness.advance(by: .seconds(120))
    #expect(harness.code("a") == .expired)
  }

  @Test func `one that expires meanwhile is not found, once every view has said no`() {
    let harness = open()
    losePower(harness, while: [limit("a")])
    harness.advance(by: .seconds(58))
    #expect(harness.status("a") == .new)
    harness.advance(by: .seconds(60))
    #expect(harness.status("a") == .notFound)
  }

  @Test func `a signal that is denied is synced with its denial`() {
    let harness = open()
    let before = harness.durabilities.count
    harness.submit(limit("a") { $0.expiry = .at(harness.now.wall.advanced(by: .seconds(-1))) })
    #expect(harness.code("a") == .expired)
    #expect(Array(harness.durabilities[before...]) == [.synced])
  }

  /// A power cut took what the database had of the signal.
  private func readAgain(_ signal: Signal, in harness: EngineHarness, firstReadAt: WallTime) {
    var (arrival, known) = harness.arrival(signal, arrivedAt: firstReadAt)
    arrival.firstReadAt = firstReadAt
    harness.apply(.signal(arrival, known: known))
  }

  @Test func `a signal that the database lost is looked for, and never sent`() {
    let harness = open()
    let readAt = harness.now.wall
    harness.advance(by: .seconds(5))
    readAgain(
      limit("a") { $0.expiry = .timeToLive(.seconds(600)) }, in: harness, firstReadAt: readAt)
    #expect(harness.status("a") == .new)
    harness.restart(after: .seconds(1))
    harness.advance(by: .seconds(120))
    #expect(harness.status("a") == .notFound, "a restart under the same boot proves nothing")
    #expect(harness.placements.isEmpty)
    #expect(exchange.ledger.isEmpty)
    harness.checkStore()
  }

  @Test func `the order of a signal that the database lost is found and followed`() {
    let harness = open()
    let readAt = harness.now.wall
    exchange.accept(request("a"))
    harness.advance(by: .seconds(200))
    readAgain(limit("a"), in: harness, firstReadAt: readAt)
    harness.restart(after: .seconds(1))
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .open, "that it has expired since says nothing of it")
    #expect(exchange.ledger.count == 1)
    #expect(harness.placements.isEmpty)
    harness.checkStore()
  }

  @Test func `a signal that came too late is judged again, not looked for`() {
    let harness = open()
    let readAt = harness.now.wall
    readAgain(
      limit("a") { $0.expiry = .at(readAt.advanced(by: .seconds(-1))) }, in: harness,
      firstReadAt: readAt)
    #expect(harness.code("a") == .expired)
  }

  @Test func `a clock that was set back says nothing of a signal that the database lost`() {
    let harness = open()
    exchange.accept(request("a"))
    let readAt = harness.now.wall.advanced(by: .seconds(2_000))
    readAgain(limit("a") { $0.createdAt = readAt }, in: harness, firstReadAt: readAt)
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.isEmpty)
    harness.checkStore()
  }

  @Test func `what is configured since says nothing of a signal that the database lost`() {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.requiresCreatedAt = true
        $0.defaultTimeToLive = .milliseconds(1)
      }, exchange: exchange)
    exchange.accept(request("a"))
    let changedAt = harness.now.wall
    harness.advance(by: .seconds(5))
    var (arrival, known) = harness.arrival(limit("a"), arrivedAt: changedAt)
    arrival.firstReadAt = harness.now.wall
    exchange.script = { dispatch, _ in dispatch.request.isOrder ? .hold : nil }
    harness.apply(.signal(arrival, known: known))
    exchange.script = { _, _ in nil }
    harness.restart(after: .seconds(5))
    harness.advance(by: .seconds(2))
    #expect(harness.status("a") == .open)
    #expect(harness.placements.isEmpty)
    harness.checkStore()
  }

  @Test(arguments: [TradingMode.paper, .validate])
  func `where orders do not leave the machine a lost signal is judged again`(mode: TradingMode) {
    let harness = EngineHarness.open(makeConfiguration { $0.mode = mode }, exchange: exchange)
    readAgain(limit("a"), in: harness, firstReadAt: harness.now.wall)
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == (mode == .paper ? .open : .validated))
  }

  @Test func `those of a symbol are looked for by the same lists`() {
    let harness = open()
    losePower(harness, while: (1...20).map { limit("s\($0)") })
    harness.advance(by: .seconds(67))
    #expect(harness.requests(\.isOpenOrders).count <= 2)
    #expect(harness.requests(\.isRecentOrders).count <= 3)
    #expect(harness.requests(\.isTrades).count <= 3)
    harness.advance(by: .seconds(60))
    for number in 1...20 { #expect(harness.code("s\(number)") == .notFound) }
  }
}
