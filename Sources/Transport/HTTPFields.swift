/// The header fields of a message, in their order.
package typealias HTTPFields = [(name: String, value: String)]

extension HTTPFields {
  /// The values of every field of this name, in their order. Names have no case (RFC 9110 §5.1).
  package func values(of name: String) -> [String] {
    var found: [String] = []
    for field in self where field.name.hasSameLetters(as: name) { found.append(field.value) }
    return found
  }

  /// The value of the first field of this name.
  package func first(_ name: String) -> String? {
    for field in self where field.name.hasSameLetters(as: name) { return field.value }
    return nil
  }

  func count(of name: String) -> Int { count { $0.name.hasSameLetters(as: name) } }

  /// Whether a field that is a list of words (RFC 9110 §5.6.1) holds this one.
  func lists(_ word: String, in name: String) -> Bool {
    contains { $0.name.hasSameLetters(as: name) && $0.value.lists(word) }
  }
}

extension StringProtocol {
  /// Equal but for the case of ASCII letters.
  func hasSameLetters(as other: some StringProtocol) -> Bool {
    utf8.count == other.utf8.count
      && zip(utf8, other.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
  }

  /// Whether a word stands between the commas.
  fileprivate func lists(_ word: String) -> Bool {
    var rest = self[...]
    while let comma = rest.utf8.firstIndex(of: 0x2C) {
      if rest[..<comma].trimmingBlanks().hasSameLetters(as: word) { return true }
      rest = rest[rest.utf8.index(after: comma)...]
    }
    return rest.trimmingBlanks().hasSameLetters(as: word)
  }

  fileprivate func trimmingBlanks() -> SubSequence {
    let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let start = firstIndex(where: { !blanks($0) }),
      let last = lastIndex(where: { !blanks($0) })
    else { return self[endIndex...] }
    return self[start...last]
  }
}

extension UInt8 {
  fileprivate var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }

  var isDigit: Bool { (0x30...0x39).contains(self) }

  /// RFC 9110 §5.6.2.
  var isToken: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    // ! # $ % & ' * + - . ^ _ ` | ~
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
    default: false
    }
  }

  /// What a field value may hold (RFC 9110 §5.5): visible characters, blanks, and the old 8-bit text.
  var isFieldValue: Bool {
    switch self {
    case 0x09, 0x20...0x7E, 0x80...0xFF: true
    default: false
    }
  }

  var isVisibleASCII: Bool { (0x21...0x7E).contains(self) }
}
