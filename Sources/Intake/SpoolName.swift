/// The names that the spool gives and those that it leaves alone.
package enum SpoolName {
  /// NAME_MAX of Linux, in bytes.
  package static let maximumBytes = 255
  /// A hyphen and sixteen digits: what tells two shortened names apart.
  private static let markBytes = 17

  private static let unfinishedEndings = [".tmp", ".part", ".swp", "~"].map { Array($0.utf8) }

  /// Whether a name is a producer's finished file, by the spool's rules.
  package static func isCandidate(_ name: [UInt8]) -> Bool {
    name.first != UInt8(ascii: ".")
      && !unfinishedEndings.contains { name.suffix($0.count) == $0[...] }
  }

  /// `name`, `name.2`, `name.3`, …
  package static func numbered(_ name: [UInt8], _ number: Int) -> [UInt8] {
    number == 1 ? name : fitting(name, suffix: ".\(number)")
  }

  /// `name` with the suffix. Where both do not fit, the name is cut and marked with a digest of the
  /// whole, so that long names that begin alike stay apart.
  package static func fitting(_ name: [UInt8], suffix: String) -> [UInt8] {
    let suffix = Array(suffix.utf8)
    if name.count + suffix.count <= maximumBytes { return name + suffix }
    var end = maximumBytes - suffix.count - markBytes
    // A character of UTF-8 has at most three bytes after its first; it is not cut in two.
    for _ in 0..<3 where name[end] & 0xC0 == 0x80 { end -= 1 }
    return name[..<end] + [UInt8(ascii: "-")] + digest(name) + suffix
  }

  /// FNV-1a, 64 bits. Two names with one digest cost a number, not a file: nothing is overwritten.
  private static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    let digits = String(hash, radix: 16)
    return Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8)
  }
}
