import Domain
import Testing

import struct TestKit.SeededGenerator

@testable import Execution

@Suite struct RiskLimitsTests {
  /// What the limits hold, kept as a plain list and added up anew each time.
  private struct Plain {
    var held: [(key: OrderKey, at: MonotonicTime, quote: FixedDecimal?)] = []

    mutating func reserve(_ quote: FixedDecimal?, _ key: OrderKey, at now: MonotonicTime) {
      if let index = held.lastIndex(where: { $0.key == key }) {
        held[index].quote = quote
      } else {
        held.append((key, now, quote))
      }
    }

    mutating func release(_ key: OrderKey) {
      if let index = held.lastIndex(where: { $0.key == key }) { held[index].quote = nil }
    }

    mutating func expire(at now: MonotonicTime) {
      held.removeAll { now.since($0.at) >= .seconds(86_400) }
    }

    var total: FixedDecimal? {
      held.reduce(.zero) { sum, entry in sum?.adding(entry.quote ?? .zero) }
    }

    func ofMinute(at now: MonotonicTime) -> Int {
      held.count { now.since($0.at) < .seconds(60) }
    }
  }

  private static func key(_ number: Int) -> OrderKey { OrderKey(signal: signalID("s\(number)")) }

  @Test(arguments: 0..<20)
  func `the minute and the day are what a plain list adds up to`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var limits = RiskLimits(
      makeConfiguration().risk, of: account, restoring: StoredState(), at: moment())
    var plain = Plain()
    var open: [Int] = []
    var now = moment()
    for number in 0..<600 {
      now = now.advanced(
        by: .seconds(random.below(8) == 0 ? random.below(30_000) : random.below(9)))
      plain.expire(at: now.monotonic)
      let quote = random.below(10) == 0 ? nil : FixedDecimal(random.below(1_000))
      switch random.below(5) {
      case 0 where !open.isEmpty:
        let key = Self.key(open.remove(at: random.below(open.count)))
        limits.release(key)
        plain.release(key)
      case 1 where !open.isEmpty:
        limits.keep(Self.key(open.remove(at: random.below(open.count))))
      case 2 where !open.isEmpty:
        let key = Self.key(open[random.below(open.count)])
        // The limits let go of what is a day old when they are asked, as they are before an approval.
        _ = limits.dailyQuote(at: now.monotonic)
        limits.reserve(quote, for: key, of: account, at: now.monotonic)
        plain.reserve(quote, key, at: now.monotonic)
      default:
        open.append(number)
        limits.reserve(quote, for: Self.key(number), of: account, at: now.monotonic)
        plain.reserve(quote, Self.key(number), at: now.monotonic)
      }
      #expect(limits.dailyQuote(at: now.monotonic) == plain.total)
      #expect(limits.ordersOfMinute(at: now.monotonic) == plain.ofMinute(at: now.monotonic))
    }
  }

  @Test func `a restart holds orders that are over and those that are not`() {
    let live = stored(0, decimal("7"), at: moment().wall)
    let state = StoredState(
      live: [live],
      reservations: [
        Reservation(at: moment(.seconds(-86_399)).wall, quote: decimal("100")),
        Reservation(at: moment(.seconds(-30)).wall, quote: decimal("20")),
      ])
    var limits = RiskLimits(makeConfiguration().risk, of: account, restoring: state, at: moment())
    #expect(limits.dailyQuote(at: monotonic(.zero)) == decimal("127"))
    #expect(limits.ordersOfMinute(at: monotonic(.zero)) == 2)
    #expect(limits.dailyQuote(at: monotonic(.seconds(1))) == decimal("27"))
    limits.release(live.order.key)
    #expect(limits.dailyQuote(at: monotonic(.seconds(1))) == decimal("20"))
    #expect(limits.ordersOfMinute(at: monotonic(.seconds(1))) == 2)
  }

  /// Those that are over and those that are not, mixed, some of them from before the clock was set back.
  @Test(arguments: 0..<20)
  func `after a restart each is held until it is a day old`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let day = 86_400
    var plain = Plain()
    var state = StoredState()
    let ages = (0..<60).map { _ in random.below(day + 4_000) - 2_000 }.sorted(by: >)
    for (number, age) in ages.enumerated() {
      let quote = FixedDecimal(random.below(1_000))
      let wall = moment(.seconds(-age)).wall
      plain.held.append((Self.key(number), monotonic(.seconds(-max(0, age))), quote))
      if random.below(4) == 0 {
        state.live.append(stored(number, quote, at: wall))
      } else {
        state.reservations.append(Reservation(at: wall, quote: quote))
      }
    }
    var limits = RiskLimits(makeConfiguration().risk, of: account, restoring: state, at: moment())
    for second in stride(from: 0, through: day + 97, by: 97) {
      let now = monotonic(.seconds(second))
      plain.expire(at: now)
      #expect(limits.dailyQuote(at: now) == plain.total)
      #expect(limits.ordersOfMinute(at: now) == plain.ofMinute(at: now))
    }
    #expect(plain.held.isEmpty)
  }

  private func stored(
    _ number: Int, _ quote: FixedDecimal, at wall: WallTime
  ) -> StoredOrder {
    let key = Self.key(number)
    let order = Order(
      key: key, account: account, request: request(key.signal.text), reservedQuote: quote, at: wall)
    let record = SignalRecord(
      signalID: key.signal, symbol: btc, side: .buy, type: .limit, contentDigest: [], raw: [],
      origin: .file([]), receivedAt: wall, expiresAt: wall.advanced(by: .seconds(60)),
      clientOrderID: order.request.clientOrderID, decision: .accepted, message: "",
      decidedAt: wall)
    return StoredOrder(signal: record, order: order)
  }
}
