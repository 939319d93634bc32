import Configuration
import Domain
import Execution
import Testing
import Transport

@testable import Daemon

/// The times that streams are kept by, held against the exchange's rules (MEXC spot v3, "Websocket
/// market streams"), which stand here for themselves.
@Suite struct StreamTimesTests {
  /// The exchange ends a connection then.
  private static let life: Duration = .seconds(24 * 60 * 60)
  /// It ends one then on which nothing is pushed and no ping is said.
  private static let quiet: Duration = .seconds(60)
  /// It asks for a ping so often.
  private static let askedPing: ClosedRange<Duration> = .seconds(15)...(.seconds(20))

  private let times = StreamTimes()

  @Test func `the next connection is made while there is time for many tries`() {
    let rest = Self.life - times.renewal.upperBound
    // Of a try that is refused, and of one that is not answered.
    let longestTry = max(times.refusedPause.upperBound, times.longestPause + times.answerMaximum)
    #expect(rest >= longestTry * 10)
    #expect(times.renewal.upperBound < Self.life)
  }

  @Test func `a connection is used for most of its life, and many are not renewed together`() {
    #expect(times.renewal.lowerBound >= Self.life * 9 / 10)
    let spread = times.renewal.upperBound - times.renewal.lowerBound
    #expect(spread >= .seconds(60 * 60))
  }

  @Test func `pings come as the exchange asks, so that one may be lost`() {
    #expect(Self.askedPing.contains(times.ping.lowerBound))
    #expect(Self.askedPing.contains(times.ping.upperBound))
    #expect(times.ping.lowerBound < times.ping.upperBound)
    #expect(times.ping.upperBound * 2 < Self.quiet)
  }

  @Test func `a way that is broken is noticed before the exchange would end it, and not sooner`() {
    #expect(times.idleMaximum < Self.quiet)
    // The answer to a ping is on its way meanwhile.
    #expect(times.idleMaximum >= times.ping.upperBound + .seconds(5))
    #expect(times.answerMaximum < Self.quiet)
  }

  /// The clock passes a whole life of a connection.
  @Test func `with these times no connection is so old that the exchange ends it`() throws {
    let rig = try StreamRig()
    rig.streams?.connectAccount(at: "?listenKey=abcdef0123456789abcdef0123456789")
    let first = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("account") }
    let began = rig.now
    try rig.pass(Self.life * 9 / 10, step: .seconds(2))
    #expect(!first.hasEnded && rig.attempts == 1)
    while !first.hasEnded, rig.now.since(began) < Self.life {
      try rig.pass(.seconds(10), step: .seconds(2))
    }
    #expect(first.hasEnded && rig.now.since(began) < Self.life)
    #expect(rig.isOpen("account"))
    #expect(rig.attempts == 2 && rig.events == [.opened, .opened])
  }
}

/// Clients that were cut off together do not come back together.
@Suite struct JitterTests {
  private func pauses(seed: UInt64, of pause: Duration = .seconds(8)) -> [Duration] {
    let jitter = Jitter(seed: seed)
    return (0..<1_000).map { _ in jitter.around(pause) }
  }

  @Test func `a pause is around what was asked for, and uses the whole room`() throws {
    let pauses = pauses(seed: 1)
    let least = try #require(pauses.min())
    let most = try #require(pauses.max())
    // Never so short that a failing exchange is pressed, never twice as long.
    #expect(least >= .seconds(6) && most <= .seconds(10))
    #expect(least < .milliseconds(6_100) && most > .milliseconds(9_900))
    let mean = pauses.reduce(.zero, +) / pauses.count
    #expect((.milliseconds(7_800)...(.milliseconds(8_200))).contains(mean))
  }

  @Test func `two programs draw differently, and one seed draws the same`() {
    #expect(pauses(seed: 1) == pauses(seed: 1))
    let together = zip(pauses(seed: 1), pauses(seed: 2)).filter { first, second in
      max(first - second, second - first) < .milliseconds(1)
    }
    #expect(together.count < 10)
  }

  @Test func `each daemon knocks at the exchange at a pace of its own`() {
    let exchange = Configuration().exchange
    let shares = (0..<20).map { _ in DaemonProgram.clientOptions(exchange).backOff.share }
    #expect(shares.allSatisfy { BackOffLimits.shares.contains($0) })
    #expect(Set(shares).count > 1)
  }

  @Test func `a range without width is its only value`() {
    #expect(Jitter(seed: 1).duration(in: .seconds(3)...(.seconds(3))) == .seconds(3))
    #expect(pauses(seed: 1, of: .zero).allSatisfy { $0 == .zero })
  }

  @Test func `both ends of a range can be drawn`() {
    let jitter = Jitter(seed: 1)
    let drawn = Set(
      (0..<200).map { _ in jitter.duration(in: .zero...(.nanoseconds(1))) })
    #expect(drawn == [.zero, .nanoseconds(1)])
  }
}
