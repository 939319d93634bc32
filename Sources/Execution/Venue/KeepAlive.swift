import Domain

/// Keeps a connection to the venue in use while prices are pushed. An order leaves at once only on a
/// connection that has just answered: where its price is looked up, the look-up sees to that, and where
/// it is known, a new connection would have to be made first.
struct KeepAlive: Sendable {
  /// How long a connection is good for without an answer; `nil` where no order needs one.
  private let interval: Duration?
  private var lastAnswer: MonotonicTime
  private var isUnderWay = false

  init(_ traits: VenueTraits, at now: MonotonicTime) {
    interval = traits.keepAlive
    lastAnswer = now
  }

  /// Something was answered, or failed: a venue that is out of reach is not asked more often.
  mutating func answered(_ purpose: Purpose, at now: MonotonicTime) {
    lastAnswer = now
    if purpose == .keepAlive { isUnderWay = false }
  }

  /// Asks for what weighs least, when nothing else was answered for a while.
  mutating func drive(_ scheduler: inout RequestScheduler, _ reaction: inout Reaction) {
    guard let interval, !isUnderWay else { return }
    let due = lastAnswer.advanced(by: interval)
    if due > reaction.now.monotonic { return reaction.wake(at: due) }
    isUnderWay = true
    scheduler.add(.serverTime, for: .keepAlive)
  }
}
