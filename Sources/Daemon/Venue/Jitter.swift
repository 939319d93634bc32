import Domain
import Matching

/// Spreads what many clients would otherwise do at the same moment.
package final class Jitter {
  private var generator: SplitMix64

  package init(seed: UInt64) {
    generator = SplitMix64(seed: seed)
  }

  package func duration(in range: ClosedRange<Duration>) -> Duration {
    let width = (range.upperBound - range.lowerBound).wholeNanoseconds
    return range.lowerBound + .nanoseconds(Int64.random(in: 0...width, using: &generator))
  }

  /// Three quarters to five quarters of the pause.
  package func around(_ pause: Duration) -> Duration {
    duration(in: pause * 3 / 4...pause * 5 / 4)
  }
}
