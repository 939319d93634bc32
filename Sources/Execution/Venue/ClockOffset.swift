import Domain

/// How far this machine's clock and the exchange's are apart, where the operator is to know: signals
/// expire by this machine's, and a producer that reckons with the right time finds its signals refused.
struct ClockOffset: Sendable {
  /// The exchange's clock minus ours when it was last judged; `nil` where nobody need know.
  private var milliseconds: Int64?
  /// The last reading said so alone.
  private var isSuspected = false
  private var isTold = false
  private var toldAt: MonotonicTime?
  private var doubtToldAt: MonotonicTime?

  /// Every kept clock is closer.
  private static let notable: Int64 = 1_000
  /// Once it was notable: readings differ by their round trips, and an offset near the limit must not
  /// come and go with them.
  private static let tolerable: Int64 = 500
  /// Clocks that are right and wrong by turns are told of once in this time.
  private static let tellingInterval: Duration = .seconds(60 * 60)

  /// The exchange's clock was read. Whether that is believed: one of the exchange's servers may be wrong, so
  /// that another reading has to say the same first.
  mutating func judge(_ clock: ExchangeClock, _ reaction: inout Reaction) -> Bool {
    let offset = clock.offsetMilliseconds(at: reaction.now)
    guard abs(offset) > (milliseconds == nil ? Self.notable : Self.tolerable) else {
      milliseconds = nil
      isSuspected = false
      isTold = false
      return true
    }
    if milliseconds == nil && !isSuspected {
      isSuspected = true
      return false
    }
    isSuspected = false
    milliseconds = offset
    tell(offset, &reaction)
    return true
  }

  private mutating func tell(_ offset: Int64, _ reaction: inout Reaction) {
    let now = reaction.now.monotonic
    if isTold || toldAt.map({ now.since($0) < Self.tellingInterval }) == true { return }
    isTold = true
    toldAt = now
    reaction.log(
      .warning, Self.sentence(offset),
      [("offset_ms", String(offset)), ("advice", Self.advice)])
  }

  /// A reading was put aside, as it shows another time than the clock that is known.
  mutating func tellDoubt(
    for reading: ExchangeClock, unlike clock: ExchangeClock, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    let isNews = doubtToldAt.map { now.since($0) >= Self.tellingInterval } ?? true
    if isNews { doubtToldAt = now }
    let apart = reading.time(at: now).since(clock.time(at: now))
    reaction.log(
      isNews ? .info : .debug,
      "the exchange's clock does not show the time that its last reading foretold; no order leaves "
        + "before another reading of it, over another connection if there is one, decides",
      [("apart_ms", String(apart.wholeMilliseconds))])
  }

  var trouble: Trouble? {
    milliseconds.map { offset in
      Trouble(subject: .daemon, message: Self.sentence(offset), advice: Self.advice)
    }
  }

  private static func sentence(_ offset: Int64) -> String {
    "this machine's clock is \(abs(offset)) ms \(offset > 0 ? "behind" : "ahead of") the "
      + "exchange's; orders carry the exchange's time, and signals expire by this one"
  }

  private static let advice =
    "let chrony or systemd-timesyncd keep the clock ('timedatectl set-ntp true'), and look "
    + "with 'timedatectl'"
}
