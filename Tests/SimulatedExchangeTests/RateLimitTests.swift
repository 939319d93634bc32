import Domain
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

struct RateLimitTests {
  private func time(_ milliseconds: Int64) -> MonotonicTime { moment(milliseconds).monotonic }

  @Test func `the address window slides`() {
    var limits = RateLimits()
    let cost = RateLimits.Cost(ipWeight: 100)
    #expect(limits.admit(cost, at: time(0)) == .admitted)
    #expect(limits.admit(cost, at: time(4_000)) == .admitted)
    #expect(limits.admit(cost, at: time(8_000)) == .admitted)
    // The first weight leaves the window ten seconds after it came; 1.5 s are told as 2.
    #expect(limits.admit(cost, at: time(8_500)) == .paused(.seconds(2)))
    #expect(limits.admit(cost, at: time(10_499)) == .paused(.milliseconds(1)))
    #expect(limits.insidePause == 1)
    #expect(limits.admit(cost, at: time(10_500)) == .admitted)
    #expect(limits.admit(cost, at: time(10_500)) == .paused(.seconds(4)))
  }

  @Test func `the account window is a pool of its own`() {
    var limits = RateLimits()
    let cost = RateLimits.Cost(ipWeight: 0, uidWeight: 250)
    #expect(limits.admit(cost, at: time(0)) == .admitted)
    #expect(limits.admit(cost, at: time(0)) == .admitted)
    #expect(limits.admit(RateLimits.Cost(ipWeight: 300), at: time(0)) == .admitted)
    #expect(limits.admit(cost, at: time(1)) == .paused(.seconds(10)))
  }

  @Test func `twelve orders a second, and then the next second`() {
    var limits = RateLimits()
    let order = RateLimits.Cost(ipWeight: 1, uidWeight: 1, isOrder: true)
    for number in 0..<12 {
      #expect(limits.admit(order, at: time(Int64(number) * 80)) == .admitted)
    }
    #expect(limits.admit(order, at: time(970)) == .paused(.seconds(1)))
    #expect(limits.admit(order, at: time(1_970)) == .admitted)
  }

  @Test func `two account reads and two batches a second`() {
    var limits = RateLimits()
    for cost in [
      RateLimits.Cost(ipWeight: 1, isAccountRead: true),
      RateLimits.Cost(ipWeight: 1, isBatch: true),
    ] {
      #expect(limits.admit(cost, at: time(0)) == .admitted)
      #expect(limits.admit(cost, at: time(1)) == .admitted)
      #expect(limits.admit(cost, at: time(2)) == .paused(.seconds(1)))
      limits.force(.admitted, at: time(2))
    }
  }

  @Test func `going on inside a pause brings a ban, and each is twice as long`() {
    var settings = RateLimits.Settings()
    settings.ipWeight = 1
    settings.patience = 1
    settings.longestBan = .seconds(400)
    var limits = RateLimits(settings)
    let cost = RateLimits.Cost(ipWeight: 1)
    var now: Int64 = 0
    var bans: [Int] = []
    for _ in 0..<3 {
      #expect(limits.admit(cost, at: time(now)) == .admitted)
      #expect(limits.admit(cost, at: time(now)) == .paused(.seconds(10)))
      #expect(limits.admit(cost, at: time(now)) == .paused(.seconds(10)))
      guard case .banned(let length) = limits.admit(cost, at: time(now)) else {
        Issue.record("no ban")
        return
      }
      bans.append(length.roundedUpToSeconds)
      now += length.wholeMilliseconds
      #expect(limits.admit(cost, at: time(now - 1)) == .banned(.milliseconds(1)))
    }
    #expect(bans == [120, 240, 400])
    #expect(limits.insideBan == 3)
    #expect(limits.insidePause == 6)
  }

  @Test func `every route has the weight that the exchange prints`() {
    var face = SpotFace.certain()
    // 12 × 25 is the whole pool.
    for _ in 0..<12 {
      #expect(face.answer(TestClient().plain(.exchangeInfo, "symbol=BTCUSDT")).status == 200)
    }
    let refused = face.answer(TestClient().plain(.ping))
    #expect(refused.status == 429)
    #expect(refused.headers.first("Retry-After") == "10")
    #expect(face.count("throttled_429") == 1)
    #expect(face.answer(TestClient().plain(.ping), at: 10_000).status == 200)
    #expect(Route.placeOrder.cost.isOrder && Route.cancelOpenOrders.cost.isOrder)
    #expect(Route.account.cost.isAccountRead)
    #expect(Route.priceTicker.cost.ipWeight == 10)
  }

  @Test func `the operator makes the next request wait, in seconds or by date`() {
    var face = SpotFace.certain()
    #expect(face.admin("POST", "rate?status=418&seconds=300").status == 200)
    let first = face.answer(TestClient().plain(.ping))
    #expect(first.status == 418)
    #expect(first.headers.first("Retry-After") == "300")
    #expect(face.count("inside_ban") == 0)
    #expect(face.answer(TestClient().plain(.ping), at: 299_999).status == 418)
    // A request that is refused for another reason was sent inside the ban all the same.
    #expect(face.answer(TestClient().signed(.account), at: 299_999).code == 700003)
    #expect(face.count("inside_ban") == 2)
    #expect(face.answer(TestClient().plain(.ping), at: 300_000).status == 200)
  }

  @Test func `a date ends with a whole second`() {
    var face = SpotFace.certain()
    _ = face.admin("POST", "rate?seconds=5&retry_after=date&route=GET%20/api/v3/time")
    #expect(face.answer(TestClient().plain(.ping), at: 1_500).status == 200)
    let refused = face.answer(TestClient().plain(.time), at: 1_500)
    #expect(refused.status == 429)
    // 1,790,000,000 s is 2026-09-21 14:13:20 GMT; 1.5 s + 5 s after it, rounded up.
    #expect(refused.headers.first("Retry-After") == "Mon, 21 Sep 2026 14:13:27 GMT")
    #expect(face.answer(TestClient().plain(.time), at: 6_999).status == 429)
    #expect(face.answer(TestClient().plain(.time), at: 7_000).status == 200)
  }
}
