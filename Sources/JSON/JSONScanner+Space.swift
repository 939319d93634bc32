extension JSONScanner {
  /// White space; in JSON5 also comments and the wider set of spaces (JSON5 §8).
  @inline(__always)
  mutating func skipSpace() throws(JSONError) {
    // Between most things stands none.
    if dialect == .strict, let byte = next, byte > 0x20 { return }
    try skipSomeSpace()
  }

  private mutating func skipSomeSpace() throws(JSONError) {
    while let byte = next {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D:
        index += 1
      case 0x0B, 0x0C:
        guard dialect == .json5 else { return }
        index += 1
      case UInt8(ascii: "/"):
        guard dialect == .json5, try skipComment() else { return }
      case 0xC2, 0xE1, 0xE2, 0xE3, 0xEF:
        guard dialect == .json5, skipWideSpace() else { return }
      default:
        return
      }
    }
  }

  /// U+00A0, U+FEFF, the line and paragraph separators, and Unicode's class Zs.
  private mutating func skipWideSpace() -> Bool {
    let width: Int
    switch (next, peek(1), peek(2)) {
    case (0xC2, 0xA0, _):
      width = 2
    case (0xEF, 0xBB, 0xBF), (0xE1, 0x9A, 0x80), (0xE3, 0x80, 0x80), (0xE2, 0x81, 0x9F):
      width = 3
    case (0xE2, 0x80, .some(0x80...0x8A)), (0xE2, 0x80, .some(0xA8...0xA9)),
      (0xE2, 0x80, .some(0xAF)):
      width = 3
    default:
      return false
    }
    index += width
    return true
  }

  /// False when the slash begins no comment.
  private mutating func skipComment() throws(JSONError) -> Bool {
    switch peek(1) {
    case UInt8(ascii: "/"):
      index += 2
      while let byte = next, byte != 0x0A, byte != 0x0D {
        guard let width = validSequence() else { throw failure(.badUTF8, at: index) }
        if isLineSeparator() { break }
        index += width
      }
      return true
    case UInt8(ascii: "*"):
      let start = index
      index += 2
      while let byte = next {
        if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
          index += 2
          return true
        }
        guard let width = validSequence() else { throw failure(.badUTF8, at: index) }
        index += width
      }
      throw failure(.unterminatedComment, at: start)
    default:
      return false
    }
  }

  /// U+2028 or U+2029.
  private func isLineSeparator() -> Bool {
    next == 0xE2 && peek(1) == 0x80 && (peek(2) == 0xA8 || peek(2) == 0xA9)
  }
}
