import Domain
import Testing

@Suite struct TimeTests {
  static let second: Int64 = 1_000_000_000

  static let durations: [(Duration, Int64, Int64)] = [
    (Duration.zero, Int64(0), Int64(0)), (.seconds(1), second, 1000),
    (.seconds(-1), -second, -1000), (.milliseconds(1500), 1_500_000_000, 1500),
    (.nanoseconds(1_999_999), 1_999_999, 1), (.nanoseconds(-1_999_999), -1_999_999, -1),
    (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1, 0),
    (Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999), -1, 0),
    (.nanoseconds(Int64.max), .max, 9_223_372_036_854),
    (.nanoseconds(Int64.min), .min, -9_223_372_036_854),
    (.nanoseconds(Int64.max) + .nanoseconds(1), .max, 9_223_372_036_854),
    (.nanoseconds(Int64.min) - .nanoseconds(1), .min, -9_223_372_036_854),
    (.milliseconds(Int64.max), .max, .max), (.milliseconds(Int64.min), .min, .min),
    (.seconds(Int64.max), .max, .max), (.seconds(Int64.min), .min, .min),
    // Longer than 64 bits of seconds.
    (.seconds(Int64.max) + .seconds(Int64.max), .max, .max),
    (.seconds(Int64.min) + .seconds(Int64.min), .min, .min),
  ]

  @Test(arguments: durations)
  func `durations are rounded toward zero and clamped`(
    _ duration: Duration, _ nanoseconds: Int64, _ milliseconds: Int64
  ) {
    #expect(duration.wholeNanoseconds == nanoseconds)
    #expect(duration.wholeMilliseconds == milliseconds)
  }

  static let monotonicAdvances: [(Int64, Duration, Int64)] = [
    (Int64(10), Duration.nanoseconds(5), Int64(15)), (10, .nanoseconds(-15), -5),
    (.max, .nanoseconds(1), .max), (.max - 1, .nanoseconds(1), .max),
    (.max, .nanoseconds(-1), .max - 1), (.min, .nanoseconds(-1), .min),
    (.min, .nanoseconds(Int64.max), -1), (.max, .nanoseconds(Int64.min), -1),
    (0, .seconds(Int64.max), .max), (0, .seconds(Int64.min), .min),
    (1, .seconds(Int64.max), .max), (-1, .seconds(Int64.min), .min),
  ]

  @Test(arguments: monotonicAdvances)
  func `monotonic time advances`(_ start: Int64, _ duration: Duration, _ end: Int64) {
    #expect(MonotonicTime(nanoseconds: start).advanced(by: duration).nanoseconds == end)
  }

  static let wallAdvances: [(Int64, Duration, Int64)] = [
    (Int64(10), Duration.milliseconds(5), Int64(15)), (10, .milliseconds(-15), -5),
    (10, .microseconds(999), 10), (.max, .milliseconds(1), .max),
    (.min, .milliseconds(-1), .min), (0, .seconds(Int64.max), .max),
    (0, .seconds(Int64.min), .min), (1_700_000_000_000, .seconds(60), 1_700_000_060_000),
  ]

  @Test(arguments: wallAdvances)
  func `wall time advances`(_ start: Int64, _ duration: Duration, _ end: Int64) {
    #expect(WallTime(milliseconds: start).advanced(by: duration).milliseconds == end)
  }

  static let differences: [(Int64, Int64, Int64)] = [
    (Int64(7), Int64(5), Int64(2)), (5, 7, -2), (.max, 0, .max), (.max, -1, .max),
    (0, .min, .max), (-1, .min, .max), (.min, 0, .min), (.min, 1, .min), (.min, .max, .min),
    (.max, .min, .max), (.min, .min, 0), (.max, .max, 0), (-2, .max, .min),
  ]

  @Test(arguments: differences)
  func `differences are clamped`(_ later: Int64, _ earlier: Int64, _ difference: Int64) {
    #expect(
      MonotonicTime(nanoseconds: later).since(MonotonicTime(nanoseconds: earlier))
        == .nanoseconds(difference))
    #expect(
      WallTime(milliseconds: later).since(WallTime(milliseconds: earlier))
        == .milliseconds(difference))
  }

  @Test func `times compare`() {
    #expect(MonotonicTime(nanoseconds: -1) < MonotonicTime(nanoseconds: 0))
    #expect(MonotonicTime(nanoseconds: .max) > MonotonicTime(nanoseconds: .min))
    #expect(WallTime(milliseconds: 1) < WallTime(milliseconds: 2))
    #expect(!(WallTime(milliseconds: 2) < WallTime(milliseconds: 2)))
  }

  @Test func `moments advance on both clocks`() {
    let moment = Moment(
      wall: WallTime(milliseconds: 1_700_000_000_000), monotonic: MonotonicTime(nanoseconds: 5))
    let later = moment.advanced(by: .milliseconds(1500))
    #expect(later.wall.milliseconds == 1_700_000_001_500)
    #expect(later.monotonic.nanoseconds == 1_500_000_005)
  }

  @Test(arguments: [Int64(-1_500), 0, 1_500])
  func `a step of the civil clock is by how much it went further`(milliseconds: Int64) {
    let earlier = Moment(
      wall: WallTime(milliseconds: 7_000), monotonic: MonotonicTime(nanoseconds: 5))
    let now = Moment(
      wall: WallTime(milliseconds: 9_000 + milliseconds),
      monotonic: MonotonicTime(nanoseconds: 2_000_000_005))
    let step = now.clockStep(since: earlier)
    #expect(step == .milliseconds(milliseconds))
    #expect(step.magnitude == .milliseconds(abs(milliseconds)))
  }

  @Test(arguments: [
    (Int64(0), Int64(9_000_000)), (-9, 0), (-20, -11_000_000), (1, 9_000_000), (.max, 9_000_000),
    (.min, .min + 9_000_000),
  ])
  func `a moment of the past lies on the monotonic clock, one of the future is now`(
    milliseconds: Int64, nanoseconds: Int64
  ) {
    let now = Moment(
      wall: WallTime(milliseconds: 0), monotonic: MonotonicTime(nanoseconds: 9_000_000))
    let past = now.monotonic(of: WallTime(milliseconds: milliseconds))
    #expect(past == MonotonicTime(nanoseconds: nanoseconds))
  }

  static let wordings: [(Duration, String)] = [
    (.zero, "0 ms"), (.milliseconds(-5), "0 ms"), (.milliseconds(1_999), "1999 ms"),
    (.milliseconds(2_000), "2 s"), (.seconds(119), "119 s"), (.seconds(120), "2 min"),
    (.seconds(7_199), "119 min"), (.seconds(7_200), "2 h"), (.seconds(172_799), "47 h"),
    (.seconds(172_800), "2 days"),
  ]

  @Test(arguments: wordings) func `durations read like words`(duration: Duration, text: String) {
    #expect(duration.inWords == text)
  }
}
