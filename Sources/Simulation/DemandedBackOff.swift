import SimulatedExchange
import Transport

/// The back-off that the exchange demanded last, and what can be known of it after a restart.
struct DemandedBackOff {
  /// Times are written down in whole milliseconds, some of them twice.
  private static let rounding = 5 * millisecond

  private var until: Int64 = 0
  private var life = 0
  private var isDurable = false
  private var boots = 0
  private var clockSteps = 0

  mutating func demanded(by response: HTTPResponse, _ world: World, life: Int) {
    guard let wait = response.header("Retry-After").flatMap({ Int64($0) }) else { return }
    let end = world.time + wait * second
    guard end > until else { return }
    until = end
    self.life = life
    isDurable = false
    boots = world.boots
    clockSteps = world.clockSteps
  }

  /// A demand that holds until then is durable.
  mutating func committed(until end: Int64) {
    if end >= until - Self.rounding { isDurable = true }
  }

  /// How much of it is left for this life of the daemon, in nanoseconds; nil when a request may leave.
  func left(at world: World, life: Int) -> Int64? {
    guard world.time < until - Self.rounding else { return nil }
    if life != self.life {
      if !isDurable { return nil }
      // After a new start of the machine only its civil clock tells how long it was off.
      if world.boots != boots && world.clockSteps != clockSteps { return nil }
    }
    return until - world.time
  }
}
