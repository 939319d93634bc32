import Domain

/// Keeps a connection to the venue good for an order that leaves without a look-up: where its price is
/// looked up, the answer proves the connection, and where it is known, a new one would have to be made
/// first.
struct KeepAlive: Sendable {
  /// How long a connection is good for without an answer; `nil` where no order needs one.
  private let interval: Duration?
  private var due: MonotonicTime
  private var isUnderWay = false
  private var backOff: BackOff

  private static let longestPause: Duration = .seconds(60)

  init(_ traits: VenueTraits, at now: MonotonicTime) {
    interval = traits.keepAlive
    due = now
    backOff = BackOff(first: traits.keepAlive ?? .zero, longest: Self.longestPause)
  }

  /// Whether an order may leave on a price that is there, or on one that is only pushed.
  private static func isWanted(_ parts: EngineParts, at now: MonotonicTime) -> Bool {
    parts.isTradingOpen && !parts.trading.isStopping && parts.trading.halt?.scope != .all
      && (!parts.prices.asksVenue
        || parts.prices.hasFresh(maximumAge: parts.configuration.price.maximumAge, at: now))
  }

  /// Any answer proves a connection. What gets none is asked again after a pause.
  mutating func take(_ answer: ExchangeAnswer, for purpose: Purpose, at now: MonotonicTime) {
    guard let interval else { return }
    if answer.isAnswer {
      backOff.reset()
      due = now.advanced(by: interval)
    }
    guard purpose == .keepAlive else { return }
    isUnderWay = false
    if !answer.isAnswer { due = now.advanced(by: backOff.next()) }
  }

  /// Asks for what weighs least, when nothing was answered for a while.
  static func drive(_ parts: inout EngineParts, _ reaction: inout Reaction) {
    let now = reaction.now.monotonic
    guard let interval = parts.keepAlive.interval, !parts.keepAlive.isUnderWay else { return }
    if parts.keepAlive.due <= now {
      // The answer to a reading of the clock will prove one.
      if parts.scheduler.isAsking({ $0 == .clock }) { return }
      if isWanted(parts, at: now) {
        parts.keepAlive.isUnderWay = true
        return parts.scheduler.add(.serverTime, for: .keepAlive)
      }
      parts.keepAlive.due = now.advanced(by: interval)
    }
    reaction.wake(at: parts.keepAlive.due)
  }
}
