import Domain
import Execution
import TestKit
import Testing

/// The limiter against a model of the exchange, which counts a request at any moment between its
/// leaving and its answer.
@Suite struct RateLimiterTests {
  private struct Flight {
    var id: RequestID
    var cost: RequestCost
    var group: SlidingWindow.Group
    var countedAt: MonotonicTime
    var answeredAt: MonotonicTime
  }

  /// The exchange's books: (moment, weight), checked in every window.
  private struct Books {
    var entries: [(at: MonotonicTime, weight: Int)] = []

    func largestWindow(_ length: Duration) -> Int {
      let sorted = entries.filter { $0.weight > 0 }.sorted { $0.at < $1.at }
      var largest = 0
      var sum = 0
      var first = 0
      for index in sorted.indices {
        sum += sorted[index].weight
        while sorted[index].at.since(sorted[first].at) >= length {
          sum -= sorted[first].weight
          first += 1
        }
        largest = max(largest, sum)
      }
      return largest
    }
  }

  private static let limits = EngineConfiguration.RateLimits(
    ipWeight: 300, uidWeight: 500, window: .seconds(10), ordersPerSecond: 12,
    utilisation: decimal("1"))

  private static let kinds: [(SlidingWindow.Group, RequestCost)] = [
    (.trading, RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)),
    (.trading, RequestCost(ipWeight: 10, uidWeight: 0)),
    (.trading, RequestCost(ipWeight: 25, uidWeight: 0)),
    (.lookup, RequestCost(ipWeight: 2, uidWeight: 2)),
    (.lookup, RequestCost(ipWeight: 10, uidWeight: 10)),
    (.lookup, RequestCost(ipWeight: 3, uidWeight: 30, isAccountRead: true)),
    (.cancel, RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)),
  ]

  @Test(arguments: 1...20)
  func `no window ever holds more than the limit`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var limiter = RateLimiter(Self.limits, traits)
    var now = MonotonicTime(nanoseconds: 0)
    var flights: [Flight] = []
    var (ip, uid, orders, reads) = (Books(), Books(), Books(), Books())
    var number = 0
    let longest = Int.random(in: 1...3_000, using: &random)
    for _ in 0..<2_500 {
      now = now.advanced(by: .milliseconds(Int.random(in: 0...20, using: &random)))
      for flight in flights where flight.answeredAt <= now {
        limiter.answered(flight.id, at: flight.answeredAt)
      }
      flights.removeAll { $0.answeredAt <= now }
      let (group, cost) = Self.kinds[Int.random(in: 0..<Self.kinds.count, using: &random)]
      guard limiter.admission(of: cost, in: group, at: now) <= now else { continue }
      number += 1
      let id = RequestID(number: number)
      limiter.sent(id, cost, in: group, at: now)
      if random.chance(3) {
        limiter.neverLeft(id)
        continue
      }
      let roundTrip = Int.random(in: 0...longest, using: &random)
      let counted = now.advanced(
        by: .milliseconds(Int.random(in: 0...roundTrip, using: &random)))
      flights.append(
        Flight(
          id: id, cost: cost, group: group, countedAt: counted,
          answeredAt: now.advanced(by: .milliseconds(roundTrip))))
      ip.entries.append((counted, cost.ipWeight))
      uid.entries.append((counted, cost.uidWeight))
      orders.entries.append((counted, cost.isOrder ? 1 : 0))
      reads.entries.append((counted, cost.isAccountRead ? 1 : 0))
    }
    #expect(ip.largestWindow(.seconds(10)) <= 300)
    #expect(uid.largestWindow(.seconds(10)) <= 500)
    #expect(orders.largestWindow(.seconds(1)) <= 12)
    #expect(reads.largestWindow(.seconds(1)) <= 2)
    // The limits were reached, or nearly: the test means something.
    #expect(ip.largestWindow(.seconds(10)) > 200)
  }

  /// What is said to be the next chance really is one, and no time before it.
  @Test(arguments: 1...20)
  func `the time to ask again is the earliest`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var limiter = RateLimiter(Self.limits, traits)
    var now = MonotonicTime(nanoseconds: 0)
    var waits = 0
    for number in 0..<1_500 {
      now = now.advanced(by: .milliseconds(Int.random(in: 0...15, using: &random)))
      let (group, cost) = Self.kinds[Int.random(in: 0..<Self.kinds.count, using: &random)]
      var turn = limiter.admission(of: cost, in: group, at: now)
      if turn > now {
        waits += 1
        let before = MonotonicTime(nanoseconds: turn.nanoseconds - 1)
        #expect(limiter.admission(of: cost, in: group, at: max(now, before)) >= turn)
        now = turn
        turn = limiter.admission(of: cost, in: group, at: now)
      }
      #expect(turn == now)
      limiter.sent(RequestID(number: number), cost, in: group, at: now)
      limiter.answered(RequestID(number: number), at: now)
    }
    #expect(waits > 100)
  }

  /// Every moment as many requests of `storm` leave as may, while one of `victim` is wanted every so
  /// often; the longest that it had to wait.
  private func longestWait(
    of victim: (SlidingWindow.Group, RequestCost), every pause: Duration,
    in storm: [(SlidingWindow.Group, RequestCost)]
  ) -> Duration {
    var limiter = RateLimiter(Self.limits, traits)
    var now = MonotonicTime(nanoseconds: 0)
    var number = 0
    func leave(_ request: (SlidingWindow.Group, RequestCost)) -> Bool {
      guard limiter.admission(of: request.1, in: request.0, at: now) <= now else { return false }
      number += 1
      limiter.sent(RequestID(number: number), request.1, in: request.0, at: now)
      limiter.answered(RequestID(number: number), at: now)
      return true
    }
    var longest = Duration.zero
    var wanted = now
    while now < MonotonicTime(nanoseconds: 40_000_000_000) {
      limiter.cancelsWait = victim.0 == .cancel && wanted <= now ? 1 : 0
      for request in storm { while leave(request) {} }
      if wanted <= now, leave(victim) {
        longest = max(longest, now.since(wanted))
        wanted = max(now, wanted.advanced(by: pause))
      }
      now = now.advanced(by: .milliseconds(25))
    }
    return max(longest, now.since(wanted))
  }

  @Test func `no storm starves the others`() {
    let order = Self.kinds[0]
    let prices = Self.kinds[1]
    let look = Self.kinds[3]
    let list = Self.kinds[4]
    let cancel = Self.kinds[6]
    // An order leaves at once while look-ups take all that they may, ten times a second.
    #expect(longestWait(of: order, every: .milliseconds(100), in: [look, list]) == .zero)
    #expect(longestWait(of: order, every: .milliseconds(250), in: [look, list, cancel]) == .zero)
    // A look every second finds its share, and the four views of a search theirs in time.
    #expect(longestWait(of: look, every: .seconds(1), in: [order, prices]) == .zero)
    #expect(longestWait(of: list, every: .seconds(3), in: [order, prices]) == .zero)
    // Cancels have a share of the pools that nobody else touches, and the next place of the second.
    #expect(longestWait(of: cancel, every: .seconds(1), in: [prices, look, list]) == .zero)
    #expect(
      longestWait(of: cancel, every: .seconds(1), in: [order, prices, look, list]) <= .seconds(1))
  }

  @Test func `orders and cancels share their second`() {
    var limiter = RateLimiter(Self.limits, traits)
    let now = MonotonicTime(nanoseconds: 1_000)
    let (trading, placing) = Self.kinds[0]
    let (cancelling, cancel) = Self.kinds[6]
    var count = 0
    while limiter.admission(of: placing, in: trading, at: now) <= now {
      count += 1
      limiter.sent(RequestID(number: count), placing, in: trading, at: now)
    }
    #expect(count == 12)
    #expect(limiter.admission(of: cancel, in: cancelling, at: now) > now)
    for number in 1...12 {
      limiter.answered(RequestID(number: number), at: now.advanced(by: .milliseconds(number)))
    }
    // Of the places that come free the first ones are for the cancels that wait.
    limiter.cancelsWait = 3
    func isFree(_ cost: RequestCost, _ group: SlidingWindow.Group, _ milliseconds: Int) -> Bool {
      let then = now.advanced(by: .milliseconds(1_000 + milliseconds))
      return limiter.admission(of: cost, in: group, at: then) <= then
    }
    #expect(!isFree(cancel, cancelling, 0))
    #expect(isFree(cancel, cancelling, 1))
    #expect(!isFree(placing, trading, 3))
    #expect(isFree(placing, trading, 4))
  }

  @Test func `cancels take half of the orders of a second`() {
    var limiter = RateLimiter(Self.limits, traits)
    let now = MonotonicTime(nanoseconds: 1_000)
    let (trading, placing) = Self.kinds[0]
    let (cancelling, cancel) = Self.kinds[6]
    limiter.cancelsWait = 100
    var counts = (cancels: 0, orders: 0)
    while limiter.admission(of: cancel, in: cancelling, at: now) <= now {
      counts.cancels += 1
      limiter.sent(RequestID(number: counts.cancels), cancel, in: cancelling, at: now)
    }
    while limiter.admission(of: placing, in: trading, at: now) <= now {
      counts.orders += 1
      limiter.sent(RequestID(number: 100 + counts.orders), placing, in: trading, at: now)
    }
    #expect(counts == (6, 6))
  }

  /// How many orders leave in each ten seconds of a burst, and in all of its forty, when answers take so
  /// many milliseconds.
  @Test(arguments: [
    ("0.95", 1, 108...120, 456), ("0.95", 50, 108...120, 456), ("0.95", 200, 96...108, 408),
    ("1", 1, 108...120, 480), ("1", 50, 108...120, 456), ("0.5", 1, 54...60, 240),
    ("0.05", 1, 5...7, 24),
  ])
  func `a burst keeps the second full`(
    utilisation: String, roundTrip: Int, tenSeconds: ClosedRange<Int>, least: Int
  ) {
    var limits = Self.limits
    limits.utilisation = decimal(utilisation)
    var limiter = RateLimiter(limits, traits)
    let (trading, placing) = Self.kinds[0]
    var left: [Int] = []
    var underWay: [(id: RequestID, until: Int)] = []
    for millisecond in 0..<40_000 {
      let now = MonotonicTime(nanoseconds: Int64(millisecond + 1) * 1_000_000)
      while let first = underWay.first, first.until <= millisecond {
        limiter.answered(underWay.removeFirst().id, at: now)
      }
      while limiter.admission(of: placing, in: trading, at: now) <= now {
        let id = RequestID(number: left.count)
        limiter.sent(id, placing, in: trading, at: now)
        left.append(millisecond)
        underWay.append((id, millisecond + roundTrip))
      }
    }
    for start in stride(from: 0, through: 30_000, by: 100) {
      let count = left.count { (start..<start + 10_000).contains($0) }
      #expect(tenSeconds.contains(count), "\(count) from \(start) ms on")
    }
    #expect(left.count >= least)
    // The exchange's own limit holds in every second, wherever on its way it counts an order.
    #expect(
      left.indices.dropFirst(12).allSatisfy { left[$0] - left[$0 - 12] >= 1_000 + roundTrip })
  }

  @Test(arguments: [(false, 90), (true, 45)])
  func `look-ups leave more to orders that wait`(ordersWait: Bool, expected: Int) {
    var limiter = RateLimiter(Self.limits, traits)
    limiter.ordersWait = ordersWait
    let now = MonotonicTime(nanoseconds: 1_000)
    let look = RequestCost(ipWeight: 2, uidWeight: 2)
    var count = 0
    while limiter.admission(of: look, in: .lookup, at: now) <= now {
      count += 1
      limiter.sent(RequestID(number: count), look, in: .lookup, at: now)
    }
    #expect(count == expected)
  }

  @Test func `the utilisation scales every limit down`() {
    var limits = Self.limits
    limits.utilisation = decimal("0.5")
    var limiter = RateLimiter(limits, traits)
    let now = MonotonicTime(nanoseconds: 1_000)
    var count = 0
    while limiter.admission(of: Self.kinds[6].1, in: .cancel, at: now) <= now, count < 100 {
      count += 1
      limiter.sent(RequestID(number: count), Self.kinds[6].1, in: .cancel, at: now)
    }
    #expect(count == 3)
    let read = RequestCost(ipWeight: 50, uidWeight: 0)
    #expect(limiter.admission(of: read, in: .trading, at: now) == now)
    limiter.sent(RequestID(number: 200), read, in: .trading, at: now)
    limiter.sent(RequestID(number: 201), read, in: .trading, at: now)
    #expect(limiter.admission(of: read, in: .trading, at: now) > now)
    #expect(limiter.usage(at: now) == RateUsage(ip: 103, uid: 3, orders: 3))
  }

  @Test func `a request heavier than its pool still goes through an empty one`() {
    var limits = Self.limits
    limits.ipWeight = 20
    var limiter = RateLimiter(limits, traits)
    var now = MonotonicTime(nanoseconds: 1_000)
    let heavy = RequestCost(ipWeight: 25, uidWeight: 0)
    #expect(limiter.admission(of: heavy, in: .trading, at: now) == now)
    limiter.sent(RequestID(number: 1), heavy, in: .trading, at: now)
    limiter.answered(RequestID(number: 1), at: now)
    let light = RequestCost(ipWeight: 1, uidWeight: 0)
    #expect(limiter.admission(of: light, in: .cancel, at: now) == now.advanced(by: .seconds(10)))
    now = now.advanced(by: .seconds(10))
    #expect(limiter.admission(of: heavy, in: .trading, at: now) == now)
  }

  @Test func `the turn of an order behind others`() {
    var limiter = RateLimiter(Self.limits, traits)
    let now = MonotonicTime(nanoseconds: 1_000)
    let cost = Self.kinds[0].1
    func turn(_ ahead: Int) -> Duration {
      limiter.turnOfPlacement(cost, ahead: ahead, at: now).since(now)
    }
    #expect(
      [0, 11, 12, 23, 24].map(turn) == [.zero, .zero, .seconds(1), .seconds(1), .seconds(2)])
    // The pool gives out 240 of its 300 to trading in ten seconds, and orders come 120 in that time.
    #expect(turn(239) == .seconds(19))
    var small = Self.limits
    small.ipWeight = 20
    limiter = RateLimiter(small, traits)
    #expect(
      [0, 15, 16, 31, 32].map(turn) == [
        .zero, .seconds(1), .seconds(10), .seconds(10), .seconds(20),
      ])
    limiter.backOff(until: now.advanced(by: .seconds(5)))
    #expect([0, 12].map(turn) == [.seconds(5), .seconds(6)])
  }
}
