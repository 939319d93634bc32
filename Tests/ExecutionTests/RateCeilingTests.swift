import Domain
import Execution
import TestKit
import Testing

/// What is used of the limits after the exchange refused what they allow.
@Suite struct RateCeilingTests {
  private static let limits = EngineConfiguration.RateLimits(
    ipWeight: 300, uidWeight: 500, window: .seconds(10), ordersPerSecond: 12,
    utilisation: decimal("1"))
  private static let order = RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)
  private static let batch = RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true, isBatch: true)

  @Test func `a refusal within the limits lowers them, and time raises them again`() {
    var limiter = RateLimiter(Self.limits, traits)
    var now = MonotonicTime(nanoseconds: 1_000)
    #expect(limiter.limits == RateUsage(ip: 300, uid: 500, orders: 12))
    #expect(limiter.nextRise == nil)
    #expect(limiter.lowerCeiling(at: now) == true)
    #expect(limiter.limits == RateUsage(ip: 270, uid: 450, orders: 10))
    // Requests that were under way meanwhile are refused for the same reason.
    #expect(limiter.lowerCeiling(at: now.advanced(by: .seconds(9))) == false)
    #expect(limiter.ceiling == 90)
    for _ in 0..<20 {
      now = now.advanced(by: .seconds(30))
      _ = limiter.lowerCeiling(at: now)
    }
    #expect(limiter.limits == RateUsage(ip: 150, uid: 250, orders: 6))
    #expect(limiter.raiseCeiling(at: now.advanced(by: .seconds(599))) == false)
    var rises = 0
    while let rise = limiter.nextRise {
      #expect(rise == now.advanced(by: .seconds(600)))
      #expect(limiter.raiseCeiling(at: rise) == true)
      now = rise
      rises += 1
    }
    #expect(rises == 10)
    #expect(limiter.limits == RateUsage(ip: 300, uid: 500, orders: 12))
  }

  @Test func `refusals that do not end lower the limits once a window`() {
    var limiter = RateLimiter(Self.limits, traits)
    let start = MonotonicTime(nanoseconds: 1_000)
    var ceilings: [Int] = []
    for second in 0..<70 {
      let now = start.advanced(by: .seconds(second))
      if limiter.lowerCeiling(at: now) { ceilings.append(limiter.ceiling) }
    }
    #expect(ceilings == [90, 81, 72, 64, 57, 51, 50])
    #expect(limiter.nextRise == start.advanced(by: .seconds(669)))
  }

  @Test func `under a lower ceiling less leaves`() {
    var limiter = RateLimiter(Self.limits, traits)
    let now = MonotonicTime(nanoseconds: 1_000)
    #expect(limiter.lowerCeiling(at: now) == true)
    var count = 0
    while limiter.admission(of: Self.order, in: .trading, at: now) <= now {
      count += 1
      limiter.sent(RequestID(number: count), Self.order, in: .trading, at: now)
    }
    #expect(count == 10)
    let heavy = RequestCost(ipWeight: 271, uidWeight: 0)
    limiter = RateLimiter(Self.limits, traits)
    _ = limiter.lowerCeiling(at: now)
    #expect(limiter.admission(of: heavy, in: .cancel, at: now) == now)
    limiter.sent(RequestID(number: 1), RequestCost(ipWeight: 1, uidWeight: 0), in: .cancel, at: now)
    #expect(limiter.admission(of: heavy, in: .cancel, at: now) > now)
  }

  /// The exchange may count each order of a batch, so that no less than all of them leave alone.
  @Test(arguments: [true, false])
  func `a refusal after a batch ends batches until the ceiling is back`(hasBatch: Bool) {
    var limiter = RateLimiter(Self.limits, batchTraits)
    var now = MonotonicTime(nanoseconds: 1_000)
    if hasBatch { limiter.sent(RequestID(number: 1), Self.batch, in: .trading, at: now) }
    limiter.answered(RequestID(number: 1), at: now)
    #expect(limiter.lowerCeiling(at: now.advanced(by: .milliseconds(999))) == true)
    #expect(limiter.ordersPerPlacement == (hasBatch ? 1 : 20))
    while let rise = limiter.nextRise {
      now = rise
      #expect(limiter.ordersPerPlacement == (hasBatch ? 1 : 20))
      #expect(limiter.raiseCeiling(at: now) == true)
    }
    #expect(limiter.ordersPerPlacement == 20)
  }

  /// A window of an hour: the second refusal does not lower the ceiling again.
  @Test func `batches end and come back without the ceiling, too`() {
    var limits = Self.limits
    limits.window = .seconds(3_600)
    var limiter = RateLimiter(limits, batchTraits)
    var now = MonotonicTime(nanoseconds: 1_000)
    #expect(limiter.lowerCeiling(at: now) == true)
    while let rise = limiter.nextRise {
      now = rise
      #expect(limiter.raiseCeiling(at: now) == true)
    }
    #expect(limiter.lowerCeiling(at: now) == false)
    limiter.sent(RequestID(number: 1), Self.batch, in: .trading, at: now)
    #expect(limiter.lowerCeiling(at: now) == true)
    #expect(limiter.ceiling == 100)
    #expect(limiter.ordersPerPlacement == 1)
    #expect(limiter.raiseCeiling(at: now.advanced(by: .seconds(600))) == true)
    #expect(limiter.ordersPerPlacement == 20)
  }

  /// A start counts batches that the run before may have sent; the refusal need not be theirs.
  @Test func `what an earlier run may have sent ends no batches`() {
    var limiter = RateLimiter(Self.limits, batchTraits)
    let now = MonotonicTime(nanoseconds: 1_000)
    limiter.remember(nil, hasOrders: true, at: now)
    #expect(limiter.lowerCeiling(at: now) == true)
    #expect(limiter.ordersPerPlacement == 20)
  }

  @Test func `a lower ceiling holds for batches`() {
    var limiter = RateLimiter(Self.limits, batchTraits)
    let now = MonotonicTime(nanoseconds: 1_000)
    #expect(limiter.lowerCeiling(at: now) == true)
    limiter.sent(RequestID(number: 1), Self.batch, in: .trading, at: now)
    #expect(limiter.admission(of: Self.batch, in: .trading, at: now) > now)
  }
}
