/// Why a text is not JSON, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the grammar allowed at the place of an unexpected character.
  package enum Expectation: Equatable, Sendable {
    case value
    case name
    case colon
    case commaOrBrace
    case commaOrBracket
  }

  package enum Problem: Equatable, Sendable {
    /// The text stopped before the value was whole.
    case unexpectedEnd
    case unexpected(found: UInt8, wanted: Expectation)
    /// Something other than white space follows the value.
    case trailingBytes
    case byteOrderMark
    /// Overlong forms, encoded surrogates and values above U+10FFFF included.
    case badUTF8
    case unterminatedString
    case unterminatedComment
    /// A raw control character inside a string.
    case controlCharacter(UInt8)
    /// U+0000 in a string: text that a C library would cut short.
    case nulCharacter
    case badEscape
    /// Half of a UTF-16 surrogate pair, written as an escape.
    case loneSurrogate
    case badNumber
    case numberTooLong(maximum: Int)
    /// The name as it reads after its escapes are resolved.
    case duplicateKey(String)
    case tooDeep(maximum: Int)
    case tooManyValues(maximum: Int)
  }

  package let problem: Problem
  package let position: JSONPosition

  package init(problem: Problem, position: JSONPosition) {
    self.problem = problem
    self.position = position
  }

  /// The bytes ran out: the text may be the beginning of good JSON.
  package var isIncomplete: Bool {
    switch problem {
    case .unexpectedEnd, .unterminatedString, .unterminatedComment:
      true
    case .unexpected, .trailingBytes, .byteOrderMark, .badUTF8, .controlCharacter, .nulCharacter,
      .badEscape, .loneSurrogate, .badNumber, .numberTooLong, .duplicateKey, .tooDeep,
      .tooManyValues:
      false
    }
  }

  /// One sentence with the line and the column.
  package var description: String {
    "line \(position.line), column \(position.column): \(problem.sentence)"
  }
}

extension JSONError.Problem {
  /// What is wrong, without the place.
  package var sentence: String {
    switch self {
    case .unexpectedEnd:
      "the text ends in the middle of a value"
    case .unexpected(let found, let wanted):
      "found \(JSONError.shown(found)) where \(wanted.noun) should be"
    case .trailingBytes:
      "something follows the end of the JSON value"
    case .byteOrderMark:
      "the text begins with a byte order mark; save it as UTF-8 without one"
    case .badUTF8:
      "the bytes are not valid UTF-8"
    case .unterminatedString:
      "a string begins here and is never closed"
    case .unterminatedComment:
      "a comment begins here and is never closed"
    case .controlCharacter(let byte):
      "a string holds the raw control character \(JSONError.shown(byte)); write it as an escape"
    case .nulCharacter:
      "a string holds the character U+0000, which is refused"
    case .badEscape:
      "a backslash begins an escape that JSON does not have"
    case .loneSurrogate:
      "an escape is half of a surrogate pair"
    case .badNumber:
      "a number is written in a form that is not accepted"
    case .numberTooLong(let maximum):
      "a number is longer than \(maximum) characters"
    case .duplicateKey(let name):
      "the name \"\(JSONError.shown(name))\" appears twice in one object"
    case .tooDeep(let maximum):
      "objects and arrays are nested more than \(maximum) deep"
    case .tooManyValues(let maximum):
      "the text holds more than \(maximum) values"
    }
  }
}

extension JSONError.Expectation {
  fileprivate var noun: String {
    switch self {
    case .value: "a value"
    case .name: "a name in double quotes"
    case .colon: "a colon"
    case .commaOrBrace: "a comma or a closing brace"
    case .commaOrBracket: "a comma or a closing bracket"
    }
  }
}

extension JSONError {
  /// Unicode scalars of a name that a message repeats; the rest is cut.
  private static let shownNameLength = 64

  /// A byte for a message: itself when it prints, else its number.
  fileprivate static func shown(_ byte: UInt8) -> String {
    if byte > 0x20 && byte < 0x7F { return "\"\(Character(UnicodeScalar(byte)))\"" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "the byte 0x" + (digits.count == 1 ? "0" : "") + digits
  }

  /// A name for a message: escaped as in JSON, and cut.
  fileprivate static func shown(_ name: String) -> String {
    let shownName = String.UnicodeScalarView(name.unicodeScalars.prefix(shownNameLength))
    let quoted = JSONValue.string(String(shownName)).compactText()
    return String(quoted.dropFirst().dropLast())
  }
}
