import Matching

/// Repeatable random numbers for tests: the same seed, the same numbers, on every machine.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var generator: SplitMix64

  package init(seed: UInt64) {
    generator = SplitMix64(seed: seed)
  }

  package mutating func next() -> UInt64 { generator.next() }

  /// 0 ..< bound, for a bound above 0.
  package mutating func below(_ bound: Int) -> Int { generator.below(bound) }
}
