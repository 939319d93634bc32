/// Shows text and bytes that strangers wrote so that they can neither forge a line nor move a
/// terminal's cursor.
package enum ByteText {
  /// The bytes as text: what is printable UTF-8 stays, any other byte becomes `\xNN`.
  package static func printable(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if bytes.allSatisfy(isSafe) { return String(decoding: bytes, as: UTF8.self) }
    var text = ""
    var decoder = UTF8Chunks(bytes)
    while let chunk = decoder.next() {
      switch chunk {
      case .scalar(let scalar): append(scalar, to: &text)
      case .invalid(let byte): text += "\\x" + hexadecimal(UInt32(byte), digits: 2)
      }
    }
    return text
  }

  /// The text with every character that is not safe to show escaped.
  package static func printable(_ text: String) -> String {
    if text.utf8.allSatisfy(isSafe) { return text }
    var result = ""
    for scalar in text.unicodeScalars { append(scalar, to: &result) }
    return result
  }

  /// A printable letter of ASCII that stands for itself.
  static func isSafe(_ byte: UInt8) -> Bool {
    (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\\")
  }

  /// Control characters of both ranges, the separators that some viewers take for a line end, and
  /// the marks that reorder what follows them.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0xFEFF: true
    default: false
    }
  }

  /// The shortest usual escape of one character, in the form that JSON reads.
  static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"": "\\\""
    case "\\": "\\\\"
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u" + hexadecimal(scalar.value, digits: 4)
    }
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    if isUnsafe(scalar) || scalar == "\\" {
      text += escape(scalar)
    } else {
      text.unicodeScalars.append(scalar)
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// Takes bytes apart into the characters and the broken bytes that they hold.
private struct UTF8Chunks {
  enum Chunk {
    case scalar(Unicode.Scalar)
    case invalid(UInt8)
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func next() -> Chunk? {
    guard position < bytes.count else { return nil }
    let length = Self.length(startingWith: bytes[position])
    let end = min(position + length, bytes.count)
    if length > 0, let text = String(validating: bytes[position..<end], as: UTF8.self),
      let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1
    {
      position = end
      return .scalar(scalar)
    }
    defer { position += 1 }
    return .invalid(bytes[position])
  }

  private static func length(startingWith byte: UInt8) -> Int {
    switch byte {
    case 0..<0x80: 1
    case 0xC2..<0xE0: 2
    case 0xE0..<0xF0: 3
    case 0xF0..<0xF5: 4
    default: 0
    }
  }
}
