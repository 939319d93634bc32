/// The generator behind every "seeded" choice of the simulated exchange: SplitMix64 (Steele, Lea,
/// Flood, OOPSLA 2014). The same seed gives the same numbers on every machine.
package struct SplitMix64: RandomNumberGenerator, Hashable, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  /// A stream of its own for each name, so that what one part draws never shifts another part.
  package init(seed: UInt64, stream: String) {
    // FNV-1a, 64 bits: spreads the names; the generator itself does the mixing.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    state = seed ^ hash
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 ..< bound, for a bound above 0. The unevenness is below bound / 2⁶⁴.
  package mutating func below(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// True `parts` times in `whole`.
  package mutating func chance(_ parts: Int, in whole: Int) -> Bool {
    below(whole) < parts
  }

  package mutating func digits(_ count: Int) -> String {
    var text = ""
    for _ in 0..<count { text += String(below(10)) }
    return text
  }
}
