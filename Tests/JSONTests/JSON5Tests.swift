import JSON
import Testing

@Suite struct JSON5Tests {
  static let accepted: [AcceptedJSON] = [
    .init("// c\n1", 1), .init("/* c */1", 1), .init("1// c", 1), .init("1/**/", 1),
    .init("/***/1", 1), .init("/* * / */1", 1), .init("// é\r1", 1), .init("// c\u{2028}1", 1),
    .init("[1,]", [1]), .init("[1 , ]", [1]), .init("{a:1,}", ["a": 1]),
    .init("{a:1,/**/}", ["a": 1]),
    .init("{a:1}", ["a": 1]), .init("{$a_1:1}", ["$a_1": 1]),
    .init("{_:1,A9:2}", ["_": 1, "A9": 2]),
    .init("{null:1,true:2}", ["null": 1, "true": 2]), .init("{'a b':1}", ["a b": 1]),
    .init("'a'", "a"), .init("'\"'", "\""), .init("\"'\"", "'"), .init(#"'\''"#, "'"),
    .init(#"'\"'"#, "\""), .init(#"'\x41\v'"#, "A\u{B}"), .init(#"'\q\é'"#, "qé"),
    .init("'a\\\nb'", "ab"), .init("'\\\r\nb'", "b"), .init("'\\\rb'", "b"),
    .init("'\\\u{2028}b'", "b"), .init("'\u{2028}'", "\u{2028}"), .init("'\t'", "\t"),
    .init("+1", 1), .init(".5", .number("0.5")), .init("-.5", .number("-0.5")),
    .init("5.", 5), .init("+5.e3", .number("5e3")), .init("+.5E-1", .number("0.5E-1")),
    .init("0.", 0), .init("\u{FEFF}1", 1),
    .init("\u{A0}\u{B}\u{C}\u{2003}\u{3000}\u{205F}1\u{1680}\u{202F}", 1),
  ]

  static let refused: [RefusedJSON] = [
    .init("/* c", .unterminatedComment, at: 0), .init("1 /* *", .unterminatedComment, at: 2),
    .init("/1", .unexpected(found: 0x2F, wanted: .value), at: 0),
    .init("1 / 2", .trailingBytes, at: 2),
    .init("# c\n1", .unexpected(found: 0x23, wanted: .value), at: 0),
    .init("[,]", .unexpected(found: 0x2C, wanted: .value), at: 1),
    .init("[1,,]", .unexpected(found: 0x2C, wanted: .value), at: 3),
    .init("{,}", .unexpected(found: 0x2C, wanted: .name), at: 1),
    .init("{1a:1}", .unexpected(found: 0x31, wanted: .name), at: 1),
    .init("{a-b:1}", .unexpected(found: 0x2D, wanted: .colon), at: 2),
    .init("{é:1}", .unexpected(found: 0xC3, wanted: .name), at: 1),
    .init("{a:1 b:2}", .unexpected(found: 0x62, wanted: .commaOrBrace), at: 5),
    .init("{a:1,'a':2}", .duplicateKey("a"), at: 5),
    .init("{a:1,\"\\x61\":2}", .duplicateKey("a"), at: 5),
    .init("0x10", .badNumber, at: 0), .init("-Infinity", .badNumber, at: 0),
    .init("Infinity", .unexpected(found: 0x49, wanted: .value), at: 0),
    .init("NaN", .unexpected(found: 0x4E, wanted: .value), at: 0), .init("+-1", .badNumber, at: 0),
    .init(".", .unexpectedEnd, at: 1), .init("[.]", .badNumber, at: 1),
    .init("01", .badNumber, at: 0),
    .init("[.e5]", .badNumber, at: 1), .init("'a\nb'", .controlCharacter(0x0A), at: 2),
    .init(#"'\0'"#, .nulCharacter, at: 1), .init(#"'\01'"#, .badEscape, at: 1),
    .init(#"'\x00'"#, .nulCharacter, at: 1), .init(#"'\1'"#, .badEscape, at: 1),
    .init("'a\"", .unterminatedString, at: 0), .init(#"'\xg0'"#, .badEscape, at: 1),
    .init(bytes: [0x2F, 0x2F, 0xFF, 0x0A, 0x31], .badUTF8, at: 2),
    .init(bytes: [0x2F, 0x2A, 0xC0, 0x80, 0x2A, 0x2F, 0x31], .badUTF8, at: 2),
    .init(bytes: [0x27, 0x5C, 0xFF, 0x27], .badUTF8, at: 2),
  ]

  @Test(arguments: accepted)
  func `reads what JSON5 adds`(_ accepted: AcceptedJSON) throws {
    #expect(try JSONReader.read(accepted.text, dialect: .json5) == accepted.value)
  }

  @Test(arguments: refused)
  func `refuses what is no JSON5`(_ refused: RefusedJSON) throws {
    let error = try #require(throws: JSONError.self) {
      try JSONReader.read(refused.text, dialect: .json5)
    }
    #expect(error.problem == refused.problem)
    #expect(error.position.offset == refused.offset)
  }

  @Test func `counts lines through comments`() throws {
    let text = "{ // one\n  /* é\n */ mode: 'paper',\r\n  \"mode\": 1 }"
    let error = try #require(throws: JSONError.self) {
      try JSONReader.read(text, dialect: .json5)
    }
    #expect(error.problem == .duplicateKey("mode"))
    #expect(error.position == JSONPosition(offset: 39, line: 4, column: 3))
  }
}
