import Domain
import Testing

/// What is left of a back-off, whatever the civil clock was set to since it was demanded.
@Suite struct BanRecordTests {
  private static let demanded = Moment(
    wall: WallTime(milliseconds: 1_790_331_072_345),
    monotonic: MonotonicTime(nanoseconds: 5_000_000_000_000))

  /// Ten minutes of it.
  private static func ban(isOnOneClock: Bool = false) -> BanRecord {
    BanRecord(
      until: demanded.wall.advanced(by: .seconds(600)), wait: .seconds(600), isBan: true,
      reason: "418",
      monotonicUntil: isOnOneClock ? nil : demanded.monotonic.advanced(by: .seconds(600)))
  }

  /// So many seconds after the demand, with the civil clock set by `step`.
  private static func left(
    _ passed: Int64, step: Int64 = 0, isOnOneClock: Bool = false
  ) -> Duration? {
    let now = Moment(
      wall: demanded.wall.advanced(by: .seconds(passed + step)),
      monotonic: demanded.monotonic.advanced(by: .seconds(passed)))
    let rest = ban(isOnOneClock: isOnOneClock).remaining(at: now)
    #expect(rest.map { $0.until == now.wall.advanced(by: $0.wait) } ?? true)
    #expect(rest.map { $0.monotonicUntil == now.monotonic.advanced(by: $0.wait) } ?? true)
    return rest?.wait
  }

  @Test func `it ends in its time`() {
    #expect(Self.left(180) == .seconds(420))
    #expect(Self.left(599) == .seconds(1))
    #expect(Self.left(600) == nil)
  }

  @Test func `a clock that is set ahead does not end it, and one that is set back bounds it`() {
    #expect(Self.left(180, step: 3_600) == .seconds(420))
    #expect(Self.left(180, step: 3_600, isOnOneClock: true) == nil)
    #expect(Self.left(180, step: -3_600) == .seconds(600))
    #expect(Self.left(180, step: -3_600, isOnOneClock: true) == .seconds(600))
  }

  @Test func `after a boot the monotonic clock tells nothing`() {
    let now = Moment(
      wall: Self.demanded.wall.advanced(by: .seconds(700)),
      monotonic: MonotonicTime(nanoseconds: 1_000_000_000))
    #expect(Self.ban().remaining(at: now) == nil)
  }
}
