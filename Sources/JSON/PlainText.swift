/// Printable ASCII: almost all of what is read here.
extension Span<UInt8> {
  /// The first place from `start` on whose byte is a control character, beyond ASCII, or one of two
  /// others; the end when there is none.
  func endOfPlainText(from start: Int, before first: UInt8 = 0, _ second: UInt8 = 0) -> Int {
    let (firsts, seconds) = (Word.eight(first), Word.eight(second))
    var place = start
    while place <= count - 8 {
      let word = unsafe UInt64(
        littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
      // A byte that is sought shows in its highest bit. Borrows reach only the bytes behind one that
      // was found, so that the first is always right.
      let found =
        (word | (word &- Word.eight(0x20)) | Word.zeros(word ^ firsts) | Word.zeros(word ^ seconds))
        & Word.eight(0x80)
      if found != 0 { return place + found.trailingZeroBitCount / 8 }
      place += 8
    }
    while place < count {
      let byte = self[place]
      if byte < 0x20 || byte >= 0x80 || byte == first || byte == second { break }
      place += 1
    }
    return place
  }

  /// The bytes in this range, which are all ASCII.
  func plainText(_ range: Range<Int>) -> String {
    unsafe String(copying: UTF8Span(unchecked: extracting(range), isKnownASCII: true))
  }
}

/// Eight bytes of a text looked at together.
private enum Word {
  @inline(__always)
  static func eight(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }

  /// The highest bit of each byte that is 0, and of none before the first.
  @inline(__always)
  static func zeros(_ word: UInt64) -> UInt64 { ~word & (word &- eight(1)) }
}
