import Domain
import Testing

@testable import Execution

@Suite struct RequestSchedulerTests {
  private let clock = ExchangeClock(
    reading: WallTime(milliseconds: 1_800_000_000_000), sentAt: monotonic(.zero),
    receivedAt: monotonic(.zero))
  private let look = ExchangeRequest.order(btc, .orderID("E1"))
  private var scheduler = RequestScheduler(makeConfiguration().rateLimits, traits)
  private var prices = PriceBook(of: traits.name)

  /// What leaves at that time.
  private mutating func drive(
    at offset: Duration = .zero, hasClock: Bool = true, isOver: (Purpose) -> Bool = { _ in false }
  ) -> Reaction {
    var reaction = Reaction(at: moment(offset))
    scheduler.drive(
      &prices, clock: hasClock ? clock : nil, ordersWait: false, isOver: isOver, &reaction)
    return reaction
  }

  @discardableResult
  private mutating func answer(
    _ dispatch: Dispatch, _ answer: ExchangeAnswer, at offset: Duration = .zero
  ) -> (request: Outstanding?, reaction: Reaction) {
    var reaction = Reaction(at: moment(offset))
    let request = scheduler.answered(dispatch.id, answer, &reaction)
    return (request, reaction)
  }

  private mutating func place(_ id: String, at offset: Duration = .zero) -> Reaction {
    var reaction = Reaction(at: moment(offset))
    scheduler.place(
      .place([request(id)]), [key(id)], stampedAt: moment(offset).wall,
      sendBefore: SendDeadline(.priceAge, monotonic(offset + .seconds(2))), &reaction)
    return reaction
  }

  // MARK: Leaving

  @Test mutating func `an answer finds the request that it belongs to, once`() throws {
    scheduler.add(look, for: .poll(key("a")))
    #expect(scheduler.isAsking { $0 == .poll(key("a")) })
    let dispatch = try #require(drive(at: .seconds(1)).sent.first)
    #expect(dispatch.request == look)
    #expect(dispatch.barrier == .none)
    #expect(dispatch.delivery == .ordinary)
    #expect(dispatch.sendBefore == nil)
    #expect(dispatch.stampedAt == clock.time(at: monotonic(.seconds(1))))
    #expect(scheduler.isAsking { $0 == .poll(key("a")) })
    let request = answer(dispatch, noSuchOrder).request
    #expect(request?.purpose == .poll(key("a")))
    #expect(request?.sentAt == moment(.seconds(1)))
    #expect(!scheduler.isAsking { $0 == .poll(key("a")) })
    #expect(answer(dispatch, noSuchOrder).request == nil)
  }

  @Test mutating func `a cancel goes ahead of the reads that wait for a connection`() {
    scheduler.add(look, for: .poll(key("a")))
    scheduler.add(look, for: .cancel(key("b")))
    #expect(drive().sent.map(\.delivery) == [.urgent, .ordinary])
  }

  @Test mutating func `before the clock is known only unsigned requests leave`() {
    scheduler.add(look, for: .search(key("a"), .byClientOrderID))
    scheduler.add(.tradableSymbols, for: .tradableSymbols)
    scheduler.add(.serverTime, for: .clock)
    scheduler.add(.instruments([btc]), for: .instruments([btc]))
    prices.want(btc)
    let first = drive(hasClock: false)
    #expect(first.sent.map(\.request) == [.serverTime, .prices([btc]), .instruments([btc])])
    #expect(drive().sent.map(\.request) == [look, .tradableSymbols])
  }

  @Test mutating func `what nobody waits for any more does not leave`() {
    scheduler.add(look, for: .poll(key("a")))
    scheduler.add(look, for: .poll(key("b")))
    #expect(drive(isOver: { $0.order == key("a") }).sent.count == 1)
    #expect(!scheduler.isAsking { $0 == .poll(key("a")) })
  }

  @Test mutating func `a group that has used its share waits, and the others go on`() {
    for index in 0..<200 { scheduler.add(look, for: .poll(key("s\(index)"))) }
    let looks = drive()
    // 60 percent of 285 in the pool of the address, 2 for each look.
    #expect(looks.sent.count == 85)
    #expect(looks.deadline.map { $0 > monotonic(.zero) } == true)
    scheduler.add(look, for: .search(key("w"), .trades))
    scheduler.add(.cancel(btc, .orderID("E1")), for: .cancel(key("a")))
    prices.want(btc)
    let others = drive()
    #expect(others.sent.map(\.request) == [.cancel(btc, .orderID("E1")), .prices([btc])])
    #expect(others.sent.map(\.delivery) == [.urgent, .urgent])
    #expect(scheduler.isAsking { $0 == .search(key("w"), .trades) })
    // The search goes before the looks when there is room again.
    for dispatch in looks.sent { answer(dispatch, noSuchOrder) }
    #expect(drive(at: .seconds(10)).sent.first?.request == look)
    #expect(!scheduler.queue.contains(.search(key("w"), .trades)))
  }

  @Test mutating func `what never left gives its weight back`() {
    for index in 0..<85 { scheduler.add(look, for: .poll(key("s\(index)"))) }
    let sent = drive().sent
    scheduler.add(look, for: .poll(key("next")))
    #expect(drive().sent.isEmpty)
    answer(sent[0], .failed(.notSent("no connection")))
    #expect(drive().sent.count == 1)
  }

  // MARK: Prices

  @Test mutating func `one look up for prices takes everybody along who waits when it leaves`()
    throws
  {
    prices.want(btc)
    let first = try #require(drive().sent.first)
    prices.want(eth)
    prices.want(sol)
    prices.want(btc)
    #expect(drive().sent.isEmpty)
    let request = answer(first, .prices([])).request
    #expect(request?.symbols == [btc])
    _ = prices.take([], of: [btc], askedAt: moment())
    let second = drive().sent
    #expect(second.map(\.request) == [.prices([eth, sol])])
  }

  @Test mutating func `after a failure prices are asked for when the pause is over`() throws {
    prices.want(btc)
    let first = try #require(drive().sent.first)
    answer(first, .failed(.noAnswer("timed out")))
    prices.failed("timed out", isAnswered: false, at: monotonic(.zero))
    prices.want(btc)
    let paused = drive()
    #expect(paused.sent.isEmpty)
    #expect(paused.deadline == monotonic(.milliseconds(100)))
    #expect(drive(at: .milliseconds(100)).sent.map(\.request) == [.prices([btc])])
  }

  /// A price that was pushed while its look-up waited for its turn.
  @Test mutating func `no look up leaves for prices that nobody wants any more`() {
    var reaction = Reaction(at: moment())
    scheduler.restoreBackOff(
      BanRecord(
        until: moment(.seconds(1)).wall, wait: .seconds(1), isBan: false, reason: "429"),
      at: moment())
    scheduler.endBackOff(&reaction)
    prices.want(btc)
    #expect(drive().sent.isEmpty)
    prices.take(
      btc,
      MarketPrice(
        at: traits.name, bid: decimal("99"), ask: decimal("101"),
        knownAt: moment(.milliseconds(500)),
        origin: .pushed))
    #expect(drive(at: .seconds(1)).sent.isEmpty)
    prices.want(eth)
    #expect(drive(at: .seconds(1)).sent.map(\.request) == [.prices([eth])])
  }

  // MARK: Placements

  @Test mutating func `an order leaves once, in time, and after the commit`() throws {
    let dispatch = try #require(place("a").sent.first)
    #expect(dispatch.isPlacement)
    #expect(dispatch.barrier == .written)
    #expect(dispatch.delivery == .once)
    #expect(dispatch.sendBefore == monotonic(.seconds(2)))
    #expect(scheduler.hasPlacementUnderWay)
    answer(dispatch, .placed(orderID: "E1"))
    #expect(!scheduler.hasPlacementUnderWay)
    answer(dispatch, .placed(orderID: "E1"))
    #expect(!scheduler.hasPlacementUnderWay)
  }

  @Test mutating func `a placement waits for its turn in the orders of a second`() {
    let request = ExchangeRequest.place([request("x")])
    for index in 0..<12 {
      #expect(scheduler.turn(of: request, in: .trading, at: monotonic(.zero)) == nil)
      let dispatch = place("s\(index)").sent[0]
      answer(dispatch, .placed(orderID: "E\(index)"))
    }
    // Twelve in a second and a twentieth are 11.4 a second.
    let second = Duration.nanoseconds(1_052_631_579)
    #expect(scheduler.turn(of: request, in: .trading, at: monotonic(.zero)) == monotonic(second))
    #expect(
      scheduler.turnOfPlacement(request, ahead: 12, at: monotonic(.zero)) == monotonic(second * 2))
    // The next place is for a cancel that waits.
    scheduler.add(.cancel(btc, .orderID("E1")), for: .cancel(key("s1")))
    let later = second - .nanoseconds(1)
    #expect(scheduler.turn(of: request, in: .trading, at: monotonic(later)) == monotonic(second))
  }
}
