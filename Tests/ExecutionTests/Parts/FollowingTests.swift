import Domain
import Testing

@testable import Execution

@Suite struct FollowingTests {
  /// The pauses after so many looks in a row, each answered at once.
  private func pauses(_ count: Int, failures: (Int) -> Int = { _ in 0 }) -> [Int64] {
    var following = Following(firstLookAt: monotonic(.zero))
    return (1...count).map { number in
      following.begin(at: monotonic(.zero))
      following.schedule(after: monotonic(.zero), failures: failures(number))
      return following.due?.since(monotonic(.zero)).wholeMilliseconds ?? -1
    }
  }

  @Test func `looks come soon at first, then ever more rarely, down to one in ten seconds`() {
    #expect(pauses(9) == [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
  }

  @Test func `after thirty five failures in a row an order is looked up once a minute`() {
    let pauses = pauses(40) { $0 }
    #expect(pauses[7..<34].allSatisfy { $0 == 10_000 })
    #expect(pauses[34...].allSatisfy { $0 == 60_000 })
    // About five minutes.
    let first = pauses[..<34].reduce(0, +)
    #expect((280_000...320_000).contains(first))
  }

  @Test func `looks that do not fail in a row stay frequent`() {
    #expect(pauses(80) { $0 % 35 }.allSatisfy { $0 <= 10_000 })
  }

  @Test func `an order is looked up soon after it was placed, and at once after a start`() {
    #expect(
      Following(firstLookAfter: monotonic(.seconds(3))).due
        == monotonic(.seconds(3) + .milliseconds(100)))
    #expect(Following(firstLookAt: monotonic(.seconds(3))).due == monotonic(.seconds(3)))
  }

  @Test func `nothing is due while a look is under way`() {
    var following = Following(firstLookAt: monotonic(.zero))
    following.begin(at: monotonic(.zero))
    #expect(following.due == nil)
    following.askAgain(at: monotonic(.seconds(1)))
    #expect(following.due == monotonic(.seconds(1)))
  }

  @Test func `a change makes the looks frequent again`() {
    var following = Following(firstLookAt: monotonic(.zero))
    for _ in 0..<10 { following.schedule(after: monotonic(.zero)) }
    following.restart(at: monotonic(.seconds(5)))
    #expect(following.due == monotonic(.seconds(5)))
    following.schedule(after: monotonic(.seconds(5)))
    #expect(following.due == monotonic(.seconds(5) + .milliseconds(100)))
  }

  @Test func `the safety net's first look comes soon, the others a minute to ten apart`() {
    var following = Following(firstLookAfter: monotonic(.zero))
    #expect(following.safetyLook == monotonic(.seconds(5)))
    following.begin(at: monotonic(.seconds(1)))
    #expect(following.safetyLook == monotonic(.seconds(5)), "a look that failed does not count")
    for seconds in [60, 120, 240, 480, 600, 600] {
      following.begin(at: monotonic(.seconds(1)))
      following.succeeded()
      #expect(following.safetyLook == monotonic(.seconds(1 + seconds)))
    }
  }

  @Test func `what only a look explains is urgent until it is asked for`() {
    var following = Following(firstLookAfter: monotonic(.zero))
    #expect(!following.isUrgent)
    following.restart(at: monotonic(.seconds(1)))
    #expect(following.isUrgent)
    following.begin(at: monotonic(.seconds(1)))
    #expect(!following.isUrgent)
    following.lookSoon(at: monotonic(.seconds(1)))
    #expect(following.due == nil, "a look is under way")
    following.schedule(after: monotonic(.seconds(1)))
    #expect(following.due == monotonic(.seconds(2)), "the next one may not wait")
    following.changed(at: monotonic(.milliseconds(1_500)), holdsFills: true)
    #expect(following.isUrgent)
    #expect(following.due == monotonic(.seconds(2)))
    following.begin(at: monotonic(.seconds(2)))
    following.schedule(after: monotonic(.seconds(2)))
    following.postpone(to: monotonic(.seconds(60)))
    #expect(!following.isUrgent)
    following.wasTraded(at: monotonic(.seconds(3)))
    #expect(following.due == monotonic(.seconds(4)))
    following.changed(at: monotonic(.seconds(3)), holdsFills: false)
    #expect(following.isUrgent)
    #expect(following.due == monotonic(.seconds(4)))
    following.changed(at: monotonic(.seconds(3)), holdsFills: true)
    #expect(!following.isUrgent)
    #expect(following.due == monotonic(.seconds(3) + .milliseconds(100)))
  }

  @Test func `what is told is looked at at once, where no look was asked for within a second`() {
    var fresh = Following(firstLookAfter: monotonic(.seconds(1)))
    fresh.lookSoon(at: monotonic(.seconds(1)))
    #expect(fresh.due == monotonic(.seconds(1)))
    var following = Following(firstLookAt: monotonic(.seconds(1)))
    following.begin(at: monotonic(.seconds(1)))
    following.postpone(to: monotonic(.seconds(60)))
    following.lookSoon(at: monotonic(.milliseconds(1_300)))
    #expect(following.due == monotonic(.seconds(2)), "no more than one look in a second")
    following.lookSoon(at: monotonic(.milliseconds(1_600)))
    #expect(following.due == monotonic(.seconds(2)))
    following.begin(at: monotonic(.seconds(4)))
    following.postpone(to: monotonic(.seconds(60)))
    following.lookSoon(at: monotonic(.seconds(5)))
    #expect(following.due == monotonic(.seconds(5)))
  }

  @Test func `a look right after what was told is followed by one more, a second later`() {
    var following = Following(firstLookAfter: monotonic(.seconds(1)))
    following.lookSoon(at: monotonic(.seconds(1)))
    following.begin(at: monotonic(.seconds(1)))
    #expect(following.isUrgent)
    following.schedule(after: monotonic(.milliseconds(1_050)))
    #expect(following.due == monotonic(.seconds(2)))
    following.begin(at: monotonic(.seconds(2)))
    #expect(!following.isUrgent)
  }

  @Test func `an order that a list did not hold is asked for by name from then on`() {
    var following = Following(firstLookAfter: monotonic(.zero))
    #expect(!following.isUnlisted)
    following.wasNotListed(at: monotonic(.seconds(2)))
    #expect(following.isUnlisted)
    #expect(following.due == monotonic(.seconds(2)))
    following.restart(at: monotonic(.seconds(3)))
    #expect(following.isUnlisted)
  }
}
