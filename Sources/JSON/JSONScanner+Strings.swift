extension JSONScanner {
  /// Reads a string whose opening quote is the next byte.
  mutating func string(quote: UInt8) throws(JSONError) -> String {
    let start = index
    index = bytes.span.endOfPlainText(
      from: start + 1, before: quote, UInt8(ascii: "\\"))
    guard next == quote else { return try string(quote: quote, from: start) }
    index += 1
    return bytes.span.plainText(start + 1..<index - 1)
  }

  /// Reads the rest of a string that began at `start` and is plain up to the next byte.
  private mutating func string(quote: UInt8, from start: Int) throws(JSONError) -> String {
    var text: [UInt8] = []
    var run = start + 1
    while let byte = next {
      if byte == quote {
        append(run..<index, to: &text)
        index += 1
        return String(decoding: text, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") {
        append(run..<index, to: &text)
        try escape(into: &text, stringStart: start)
        run = index
      } else if byte < 0x20 {
        try checkControl(byte)
        index += 1
      } else if byte < 0x80 {
        index += 1
      } else if let width = validSequence() {
        index += width
      } else if isCutSequence() {
        break
      } else {
        throw failure(.badUTF8, at: index)
      }
    }
    throw failure(.unterminatedString, at: start)
  }

  private func append(_ range: Range<Int>, to text: inout [UInt8]) {
    let run = bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound
    text.append(contentsOf: bytes[run])
  }

  /// JSON refuses every raw control character; JSON5 only the ends of lines.
  private mutating func checkControl(_ byte: UInt8) throws(JSONError) {
    if byte == 0 { throw failure(.nulCharacter, at: index) }
    if dialect == .strict || byte == 0x0A || byte == 0x0D {
      throw failure(.controlCharacter(byte), at: index)
    }
  }

  // MARK: Escapes

  private mutating func escape(
    into text: inout [UInt8], stringStart: Int
  ) throws(JSONError) {
    let start = index
    guard let byte = peek(1) else { throw failure(.unterminatedString, at: stringStart) }
    index += 2
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      try unicodeEscape(from: start, into: &text, stringStart: stringStart)
    default:
      guard dialect == .json5 else { throw failure(.badEscape, at: start) }
      try widerEscape(byte, from: start, into: &text, stringStart: stringStart)
    }
  }

  /// What JSON5 adds: `\v`, `\0`, `\xHH`, a line continued, and any other character for itself.
  private mutating func widerEscape(
    _ byte: UInt8, from start: Int, into text: inout [UInt8], stringStart: Int
  ) throws(JSONError) {
    switch byte {
    case UInt8(ascii: "v"):
      text.append(0x0B)
    case UInt8(ascii: "x"):
      let value = try hexadecimal(2, from: start, stringStart: stringStart)
      try append(value, from: start, to: &text)
    case UInt8(ascii: "0"):
      throw failure(next?.isDigit == true ? .badEscape : .nulCharacter, at: start)
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      throw failure(.badEscape, at: start)
    case 0x0D:
      if next == 0x0A { index += 1 }
    case 0x0A:
      break
    case 0xE2 where next == 0x80 && (peek(1) == 0xA8 || peek(1) == 0xA9):
      index += 2
    case 0x00:
      throw failure(.nulCharacter, at: start + 1)
    case 0x80...0xFF:
      // The character itself: left to the caller, which checks it as part of the next run.
      index -= 1
    default:
      text.append(byte)
    }
  }

  private mutating func unicodeEscape(
    from start: Int, into text: inout [UInt8], stringStart: Int
  ) throws(JSONError) {
    let first = try hexadecimal(4, from: start, stringStart: stringStart)
    guard first & 0xFC00 == 0xD800 else {
      if first & 0xFC00 == 0xDC00 { throw failure(.loneSurrogate, at: start) }
      return try append(first, from: start, to: &text)
    }
    if index >= bytes.count || (next == UInt8(ascii: "\\") && index + 1 >= bytes.count) {
      throw failure(.unterminatedString, at: stringStart)
    }
    guard next == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") else {
      throw failure(.loneSurrogate, at: start)
    }
    let secondStart = index
    index += 2
    let second = try hexadecimal(4, from: secondStart, stringStart: stringStart)
    guard second & 0xFC00 == 0xDC00 else { throw failure(.loneSurrogate, at: start) }
    try append(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00), from: start, to: &text)
  }

  private mutating func hexadecimal(
    _ count: Int, from start: Int, stringStart: Int
  ) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let byte = next else { throw failure(.unterminatedString, at: stringStart) }
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw failure(.badEscape, at: start)
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  private mutating func append(
    _ value: UInt32, from start: Int, to text: inout [UInt8]
  ) throws(JSONError) {
    if value == 0 { throw failure(.nulCharacter, at: start) }
    guard let scalar = Unicode.Scalar(value) else { throw failure(.loneSurrogate, at: start) }
    text.append(contentsOf: scalar.utf8)
  }

  // MARK: UTF-8

  /// The width of the well-formed sequence at `index`; nil when there is none
  /// (Unicode 15, table 3-7).
  func validSequence() -> Int? {
    guard let first = next else { return nil }
    if first < 0x80 { return 1 }
    guard let (width, second) = Self.sequence(after: first) else { return nil }
    guard let byte = peek(1), second.contains(byte) else { return nil }
    for distance in 2..<max(width, 2) {
      guard let byte = peek(distance), byte & 0xC0 == 0x80 else { return nil }
    }
    return width
  }

  /// The bytes up to the end are the beginning of a well-formed sequence, cut off.
  private func isCutSequence() -> Bool {
    guard let first = next, let (width, second) = Self.sequence(after: first) else { return false }
    let rest = bytes.count - index
    guard rest < width else { return false }
    if rest >= 2, !second.contains(bytes.span[index + 1]) { return false }
    return rest < 3 || bytes.span[index + 2] & 0xC0 == 0x80
  }

  /// The width of a sequence with this first byte, and what its second byte may be.
  private static func sequence(after first: UInt8) -> (width: Int, second: ClosedRange<UInt8>)? {
    switch first {
    case 0xC2...0xDF: (2, 0x80...0xBF)
    case 0xE0: (3, 0xA0...0xBF)
    case 0xED: (3, 0x80...0x9F)
    case 0xE1...0xEF: (3, 0x80...0xBF)
    case 0xF0: (4, 0x90...0xBF)
    case 0xF4: (4, 0x80...0x8F)
    case 0xF1...0xF3: (4, 0x80...0xBF)
    default: nil
    }
  }
}
