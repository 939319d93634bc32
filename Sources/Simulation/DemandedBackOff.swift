import SimulatedExchange
import Transport

/// The back-off that the exchange demanded last, and what can be known of it after a restart.
struct DemandedBackOff {
  /// Times are written down in whole milliseconds, some of them twice.
  private static let rounding = 5 * millisecond

  private var until: Int64 = 0
  private var life = 0
  /// As it was written down; nil while it was not.
  private var durableUntil: Int64?
  /// The end of the one that was written down last.
  private var writtenUntil: Int64 = 0
  /// The turn that took it is not over.
  private var isBeingTaken = false
  /// A turn that took it was committed, whatever that turn wrote.
  private var isTaken = false
  private var boots = 0
  private var clockSteps = 0

  mutating func demanded(by response: HTTPResponse, _ world: World, life: Int) {
    guard let wait = response.header("Retry-After").flatMap({ Int64($0) }) else { return }
    let end = world.time + wait * second
    guard end > until else { return }
    until = end
    self.life = life
    durableUntil = nil
    isTaken = false
    // What is shorter than the one that holds is not written down.
    isBeingTaken = end > writtenUntil
    boots = world.boots
    clockSteps = world.clockSteps
  }

  /// A demand that holds until then is durable. One that came a few milliseconds before the last is hardly
  /// told from it: what was written down is all that another life knows.
  mutating func committed(until end: Int64) {
    writtenUntil = end
    if end >= until - Self.rounding { durableUntil = max(durableUntil ?? end, end) }
  }

  mutating func turnWasUndone() { isBeingTaken = false }

  mutating func turnEnded(isAlive: Bool) {
    if isBeingTaken && isAlive { isTaken = true }
    isBeingTaken = false
  }

  /// How much of it is left for this life of the daemon, in nanoseconds; nil when a request may leave.
  func left(at world: World, life: Int) -> Int64? {
    var end = until
    if life != self.life {
      guard durableUntil != nil || isTaken else { return nil }
      // After a new start of the machine only its civil clock tells how long it was off.
      if world.boots != boots && world.clockSteps != clockSteps { return nil }
      end = min(until, durableUntil ?? until)
    }
    return world.time < end - Self.rounding ? end - world.time : nil
  }
}
