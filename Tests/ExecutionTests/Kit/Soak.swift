import Domain
import Execution
import TestKit
import Testing

/// A long random run against a hostile exchange, judged after every step.
final class Soak {
  /// How often, in percent, each thing goes wrong; drawn per seed.
  struct Dials {
    var lostBefore, lostAfter, unreadable, throttle, refuse, notSent, crash, clockStep: Int
    var longestLatency: Int
    var longestLag: Int

    init(_ random: inout SeededGenerator) {
      let isCalm = random.chance(10)
      func dial(_ most: Int) -> Int { isCalm ? 0 : Int.random(in: 0...most, using: &random) }
      lostBefore = dial(20)
      lostAfter = dial(20)
      unreadable = dial(20)
      throttle = dial(2)
      refuse = dial(15)
      notSent = dial(15)
      crash = dial(3)
      clockStep = dial(2)
      longestLatency = dial(1_500)
      longestLag = dial(55_000)
    }
  }

  let harness: EngineHarness
  private var random: SeededGenerator
  private let dials: Dials
  private var isFaulty = true
  /// Refusals and proofs of not having left that the daemon learned, by client order ID.
  private var excuses: [ClientOrderID: Int] = [:]
  private var sends: [ClientOrderID: Int] = [:]
  private var backOffUntil: MonotonicTime?
  private var weights: ArraySlice<(at: MonotonicTime, weight: Int)> = []
  private var orderTimes: ArraySlice<MonotonicTime> = []
  private var weight = 0
  private var count = 0
  private(set) var violations: [String] = []
  /// What was reached, so that a soak that reaches nothing is seen.
  private(set) var reached: [String: Int] = [:]

  init(seed: UInt64, keepsTrace: Bool = false) {
    random = SeededGenerator(seed: seed)
    dials = Dials(&random)
    let exchange = FakeExchange()
    harness = EngineHarness(
      makeConfiguration {
        $0.risk.maximumOrdersPerMinute = 500
        $0.risk.maximumDailyQuote = nil
        $0.risk.pauseOnNotFound = .none
        if seed.isMultiple(of: 2) {
          $0.venue = batchTraits
          // A second is soon full, so that orders leave together.
          $0.rateLimits.ordersPerSecond = 3
        }
      }, exchange: exchange)
    harness.comparesEveryTurn = true
    harness.keepsTrace = keepsTrace
    exchange.script = { [unowned self] dispatch, now in reply(to: dispatch, at: now) }
    harness.inspect = { [unowned self] dispatch in judge(dispatch) }
    harness.learned = { [unowned self] dispatch, answer in learn(dispatch, answer) }
    harness.crash = { [unowned self] _ in
      guard isFaulty, random.chance(dials.crash), random.chance(20) else { return nil }
      reached["crash", default: 0] += 1
      return CrashPoint.allCases[Int.random(in: 0..<3, using: &random)]
    }
  }

  func run(steps: Int) {
    harness.tick()
    for _ in 0..<steps { step() }
    converge()
  }

  // MARK: The world

  private func step() {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<35: submit()
    case 35..<45: fillSomething()
    case 45..<50: walkPrices()
    case 50..<53: operate()
    case 53..<54 where random.chance(dials.crash * 10):
      harness.restart(after: .milliseconds(Int.random(in: 0...20_000, using: &random)))
    case 54..<56 where random.chance(dials.clockStep * 20):
      harness.stepWallClock(by: .seconds(Int.random(in: -3_600...3_600, using: &random)))
      harness.tick()
    case 56..<60: harness.advance(by: .milliseconds(Int.random(in: 0...40_000, using: &random)))
    default: harness.advance(by: .milliseconds(Int.random(in: 0...900, using: &random)))
    }
  }

  private func submit() {
    count += 1
    let number = random.chance(5) ? Int.random(in: 1...count, using: &random) : count
    let symbol = [btc, eth, sol][Int.random(in: 0..<3, using: &random)]
    let side = random.chance(50) ? Side.buy : .sell
    var signal =
      random.chance(30)
      ? market("s\(number)", symbol, side: side, amount: .base(decimal("0.5")), reference: "100")
      : limit("s\(number)", symbol, side: side, quantity: "0.1")
    if random.chance(20) { signal.type = random.chance(50) ? signal.type : .market }
    if signal.type == .market { signal.price = nil }
    signal.expiry = .timeToLive(.milliseconds(Int.random(in: 100...60_000, using: &random)))
    harness.submit(signal)
  }

  private func fillSomething() {
    let exchange = harness.exchange
    guard let index = exchange.ledger.indices.randomElement(using: &random),
      FakeExchange.isOpen(exchange.ledger[index])
    else { return }
    exchange.fill(index, to: "0.05", .partiallyFilled)
    if random.chance(60) { exchange.fill(index, to: "0.1", .filled) }
  }

  private func walkPrices() {
    for symbol in [btc, eth, sol] {
      let units = Int.random(in: 9_880...10_120, using: &random)
      harness.exchange.prices[symbol] = FixedDecimal(units).divided(
        by: FixedDecimal(100), rounding: .down)
    }
  }

  private func operate() {
    let id = signalID("s\(Int.random(in: 0...count, using: &random))")
    switch Int.random(in: 0..<6, using: &random) {
    case 0: harness.command(.halt(reason: "soak", cancel: random.chance(50)))
    case 1, 2: harness.command(.resume)
    case 3: harness.command(.cancel(id))
    case 4: harness.command(closing(of: id))
    default: if random.chance(20) { harness.command(.cancelAll) }
    }
  }

  /// The operator's word is taken where the exchange cannot be asked, so it has to be true there.
  private func closing(of id: SignalID) -> OperatorCommand {
    // Whatever leaves is at the exchange at once, or never comes there.
    let name = clientOrderID(of: id).text
    let isThere = harness.exchange.ledger.contains { $0.clientOrderID == name }
    return switch harness.store.orders[OrderKey(signal: id)]?.status {
    case .new where isThere, .rejected where isThere, .unknown, .open, .partiallyFilled: .cancel(id)
    case .new, .rejected, .submitted, .filled, .canceled, .partiallyCanceled, .expired, .notFound,
      .denied, .validated, nil:
      .resolveNotPlaced(id)
    }
  }

  private func reply(to dispatch: Dispatch, at now: Moment) -> Reply? {
    if isFaulty, random.chance(dials.notSent) {
      let delay = Duration.milliseconds(Int.random(in: 0...dials.longestLatency, using: &random))
      return .answer(.failed(.notSent("refused")), after: delay)
    }
    // What provably never left does not count at the exchange.
    count(cost(of: dispatch.request), at: now.monotonic)
    guard isFaulty else { return nil }
    let delay = Duration.milliseconds(Int.random(in: 0...dials.longestLatency, using: &random))
    func answer(_ failure: ExchangeAnswer) -> Reply { .answer(failure, after: delay) }
    if random.chance(dials.lostBefore) { return answer(.failed(.noAnswer("lost before"))) }
    if random.chance(dials.throttle) {
      let wait = Duration.seconds(Int.random(in: 1...40, using: &random))
      return answer(throttled(wait, isBan: random.chance(30)))
    }
    if random.chance(dials.throttle), random.chance(20) { return answer(.failed(.blocked("403"))) }
    if dispatch.isPlacement, random.chance(dials.refuse) {
      return answer(random.chance(50) ? refusal(700003, .clock) : refusal(30004, .size))
    }
    let honest = act(on: dispatch, at: now)
    if random.chance(dials.lostAfter) { return answer(.failed(.noAnswer("lost after"))) }
    if random.chance(dials.unreadable) { return answer(.failed(.unreadable("502"))) }
    return answer(honest)
  }

  private func act(on dispatch: Dispatch, at now: Moment) -> ExchangeAnswer {
    let requests = dispatch.request.orderRequests
    guard !requests.isEmpty else {
      return harness.exchange.answer(to: dispatch.request, at: now)
    }
    if requests.count > 1 { reached["batch", default: 0] += 1 }
    return .placed(
      requests.map { request in
        // Of several orders each may be refused by itself.
        if requests.count > 1, random.chance(dials.refuse) { return .failure(Self.tooSmall) }
        let lag = Duration.milliseconds(Int.random(in: 0...dials.longestLag, using: &random))
        return .success(
          harness.exchange.accept(request, visibleFrom: now.monotonic.advanced(by: lag)).orderID)
      })
  }

  private static let tooSmall = ExchangeFailure.refused(
    ExchangeError(
      code: 30_002, text: "too small", action: .size, refusesPlacement: true, advice: ""))

  // MARK: The judge

  private func learn(_ dispatch: Dispatch, _ answer: ExchangeAnswer) {
    let now = harness.now.monotonic
    switch answer {
    case .failed(.throttled(let notice)):
      backOffUntil = max(backOffUntil ?? now, now.advanced(by: notice.wait))
    case .failed(.blocked): backOffUntil = max(backOffUntil ?? now, now.advanced(by: .seconds(60)))
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .placed, .validated, .order, .orderMissing, .orders, .trades, .cancelTaken,
      .accountStreamReady, .failed:
      break
    }
    switch answer {
    case .failed(.throttled), .failed(.notSent), .failed(.refused):
      for request in dispatch.request.orderRequests {
        excuses[request.clientOrderID, default: 0] += 1
      }
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .placed, .validated, .order, .orderMissing, .orders, .trades, .cancelTaken,
      .accountStreamReady, .failed:
      break
    }
  }

  private func judge(_ dispatch: Dispatch) {
    let now = harness.now
    if let backOffUntil, now.monotonic < backOffUntil {
      violations.append("\(dispatch.request) left inside a back-off")
    }
    for request in dispatch.request.orderRequests { judge(request, dispatch) }
  }

  private func judge(_ request: OrderRequest, _ dispatch: Dispatch) {
    let now = harness.now
    reached["placement", default: 0] += 1
    let name = request.clientOrderID
    sends[name, default: 0] += 1
    if sends[name, default: 0] > 1 + excuses[name, default: 0] {
      violations.append("\(name) was sent without an excuse")
    }
    if harness.store.halt != nil { violations.append("\(name) left under a halt") }
    let key = OrderKey(signal: signalID(String(name.text.dropFirst(2))))
    guard let order = harness.store.orders[key], let record = harness.store.signals[key.signal],
      let signal = harness.signals[key.signal], let quote = order.quote
    else { return violations.append("\(name) left and is not stored") }
    if now.wall >= record.expiresAt { violations.append("\(name) left expired") }
    if let before = dispatch.sendBefore, before > now.monotonic {
    } else {
      violations.append("\(name) left too late")
    }
    do throws(Denial) {
      _ = try PriceGuard.check(
        current: quote.price, signal: signal,
        configured: harness.configuration.price.maximumDeviation)
    } catch {
      violations.append("\(name) left off its guard")
    }
  }

  private func count(_ cost: RequestCost, at now: MonotonicTime) {
    weights.append((now, cost.ipWeight))
    weight += cost.ipWeight
    while let first = weights.first, now.since(first.at) >= .seconds(10) {
      weight -= first.weight
      weights.removeFirst()
    }
    if weight > 300 { violations.append("\(weight) of weight within ten seconds") }
    guard cost.isOrder else { return }
    orderTimes.append(now)
    while let first = orderTimes.first, now.since(first) >= .seconds(1) { orderTimes.removeFirst() }
    if orderTimes.count > 12 { violations.append("\(orderTimes.count) orders within a second") }
  }

  // MARK: The end

  /// The faults stop; whatever is under way must come to its end.
  private func converge() {
    isFaulty = false
    harness.advance(by: .seconds(120))
    harness.command(.resume)
    harness.advance(by: .seconds(80))
    harness.command(.cancelAll)
    harness.advance(by: .seconds(30))
    for key in harness.store.sequence { judgeEnd(key) }
    violations += harness.store.violations
    if harness.exchange.ledger.count != Set(harness.exchange.ledger.map(\.clientOrderID)).count {
      violations.append("two orders of one name at the exchange")
    }
    let live = Set(harness.store.sequence.map { clientOrderID(of: $0.signal).text })
    for report in harness.exchange.ledger where !live.contains(report.clientOrderID ?? "") {
      violations.append("an order that nobody knows: \(report.orderID)")
    }
    // Whatever is accepted shows within the settle time, so a verdict of absence is never wrong.
    if harness.hasLog(.error, "counted as not placed") {
      violations.append("an order was declared not found and was there")
    }
  }

  private func judgeEnd(_ key: OrderKey) {
    guard let order = harness.store.orders[key] else { return }
    reached[order.status.rawValue, default: 0] += 1
    let name = order.request.clientOrderID.text
    let there = harness.exchange.ledger.first { $0.clientOrderID == name }
    switch order.status {
    case .new, .submitted, .open, .partiallyFilled, .unknown, .validated:
      violations.append("\(name) did not end: \(order.status.rawValue), \(order.reason)")
    case .filled, .canceled, .partiallyCanceled:
      guard let there else { return violations.append("\(name) ended and was never there") }
      if there.orderID != order.orderID || there.executedQuantity != order.executedQuantity
        || FakeExchange.isOpen(there)
      {
        violations.append("\(name) is recorded otherwise than it was")
      }
    case .rejected, .expired, .denied, .notFound:
      if there != nil { violations.append("\(name) is \(order.status.rawValue) and is there") }
      if order.status == .notFound && !harness.store.mayHaveLeft(key) {
        violations.append("\(name) is not found and was still to be sent: \(order.reason)")
      }
    }
    if harness.store.refolded(key) != order { violations.append("\(name) is not its history") }
  }
}
