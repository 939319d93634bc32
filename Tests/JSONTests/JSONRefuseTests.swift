import JSON
import Testing

/// A text that strict JSON refuses: why, and at which byte.
struct RefusedJSON: CustomTestStringConvertible, Sendable {
  let text: [UInt8]
  let problem: JSONError.Problem
  let offset: Int

  init(_ text: String, _ problem: JSONError.Problem, at offset: Int) {
    self.init(bytes: Array(text.utf8), problem, at: offset)
  }

  /// A string whose bytes are these.
  init(string bytes: [UInt8], _ problem: JSONError.Problem, at offset: Int) {
    self.init(bytes: [0x22] + bytes + [0x22], problem, at: offset)
  }

  init(bytes: [UInt8], _ problem: JSONError.Problem, at offset: Int) {
    text = bytes
    self.problem = problem
    self.offset = offset
  }

  var testDescription: String {
    String(decoding: text.prefix(60), as: UTF8.self)
  }
}

private func found(
  _ character: Unicode.Scalar, _ wanted: JSONError.Expectation
) -> JSONError.Problem {
  .unexpected(found: UInt8(ascii: character), wanted: wanted)
}

@Suite struct JSONRefuseTests {
  static let structures: [RefusedJSON] = [
    .init("", .unexpectedEnd, at: 0), .init("  \n", .unexpectedEnd, at: 3),
    .init("[", .unexpectedEnd, at: 1), .init("{", .unexpectedEnd, at: 1),
    .init("[1", .unexpectedEnd, at: 2), .init("[1,", .unexpectedEnd, at: 3),
    .init("{\"a\"", .unexpectedEnd, at: 4), .init("{\"a\":", .unexpectedEnd, at: 5),
    .init("{\"a\":1", .unexpectedEnd, at: 6), .init("{\"a\":1,", .unexpectedEnd, at: 7),
    .init("]", found("]", .value), at: 0), .init("}", found("}", .value), at: 0),
    .init(",", found(",", .value), at: 0), .init(":", found(":", .value), at: 0),
    .init("[,]", found(",", .value), at: 1), .init("[1,]", found("]", .value), at: 3),
    .init("[1,,2]", found(",", .value), at: 3), .init("[1 2]", found("2", .commaOrBracket), at: 3),
    .init("[1}", found("}", .commaOrBracket), at: 2),
    .init("[1:2]", found(":", .commaOrBracket), at: 2),
    .init("{,}", found(",", .name), at: 1), .init("{1:1}", found("1", .name), at: 1),
    .init("{a:1}", found("a", .name), at: 1), .init("{'a':1}", found("'", .name), at: 1),
    .init("{\"a\"}", found("}", .colon), at: 4), .init("{\"a\",1}", found(",", .colon), at: 4),
    .init("{\"a\" 1}", found("1", .colon), at: 5), .init("{\"a\"::1}", found(":", .value), at: 5),
    .init("{\"a\":}", found("}", .value), at: 5),
    .init("{\"a\":1]", found("]", .commaOrBrace), at: 6),
    .init("{\"a\":1,}", found("}", .name), at: 7),
    .init("{\"a\":1 \"b\":2}", found("\"", .commaOrBrace), at: 7),
    .init("{\"a\":1,,\"b\":2}", found(",", .name), at: 7),
    .init("{null:1}", found("n", .name), at: 1), .init("{[1]:1}", found("[", .name), at: 1),
    .init("1 2", .trailingBytes, at: 2), .init("{}{}", .trailingBytes, at: 2),
    .init("[]]", .trailingBytes, at: 2), .init("{}}", .trailingBytes, at: 2),
    .init("null,", .trailingBytes, at: 4), .init("nullx", .trailingBytes, at: 4),
    .init("\"a\" \"b\"", .trailingBytes, at: 4), .init("1 // one", .trailingBytes, at: 2),
    .init("1\u{0}", .trailingBytes, at: 1), .init("{} \u{FEFF}", .trailingBytes, at: 3),
    .init("\u{FEFF}{}", .byteOrderMark, at: 0), .init("\u{FEFF}", .byteOrderMark, at: 0),
    .init("/* */ 1", found("/", .value), at: 0),
    .init("[1 /* */]", found("/", .commaOrBracket), at: 3),
    .init("\u{A0}1", .unexpected(found: 0xC2, wanted: .value), at: 0),
    .init("\u{C}1", .unexpected(found: 0x0C, wanted: .value), at: 0),
    .init("\u{B}1", .unexpected(found: 0x0B, wanted: .value), at: 0),
    .init(bytes: [0xFF, 0xFE, 0x31, 0x00], .unexpected(found: 0xFF, wanted: .value), at: 0),
  ]

  static let words: [RefusedJSON] = [
    .init("True", found("T", .value), at: 0), .init("NULL", found("N", .value), at: 0),
    .init("nul", .unexpectedEnd, at: 3), .init("t", .unexpectedEnd, at: 1),
    .init("fals]", found("]", .value), at: 4), .init("[nil]", found("i", .value), at: 2),
    .init("undefined", found("u", .value), at: 0), .init("'a'", found("'", .value), at: 0),
    .init("NaN", found("N", .value), at: 0), .init("Infinity", found("I", .value), at: 0),
    .init("[truee]", found("e", .commaOrBracket), at: 5), .init("a", found("a", .value), at: 0),
  ]

  static let numbers: [RefusedJSON] = [
    .init("-", .unexpectedEnd, at: 1), .init("[-]", .badNumber, at: 1),
    .init("+1", found("+", .value), at: 0), .init(".5", found(".", .value), at: 0),
    .init("-.5", .badNumber, at: 0), .init("01", .badNumber, at: 0),
    .init("-01", .badNumber, at: 0),
    .init("00", .badNumber, at: 0), .init("[1.]", .badNumber, at: 1),
    .init("1.", .unexpectedEnd, at: 2),
    .init("[1.e5]", .badNumber, at: 1), .init("1e", .unexpectedEnd, at: 2),
    .init("[1e]", .badNumber, at: 1),
    .init("[1e+]", .badNumber, at: 1), .init("1e-", .unexpectedEnd, at: 3),
    .init("[1e1.5]", .badNumber, at: 1), .init("1.2.3", .badNumber, at: 0),
    .init("1..2", .badNumber, at: 0),
    .init("0x10", .badNumber, at: 0), .init("1_000", .badNumber, at: 0),
    .init("1a", .badNumber, at: 0),
    .init("-Infinity", .badNumber, at: 0), .init("-NaN", .badNumber, at: 0),
    .init("--1", .badNumber, at: 0),
    .init("-+1", .badNumber, at: 0), .init("1ee5", .badNumber, at: 0),
    .init("1,000", .trailingBytes, at: 1),
    .init("1 000", .trailingBytes, at: 2), .init("1-2", .trailingBytes, at: 1),
    .init("[10n]", .badNumber, at: 1), .init("１", .unexpected(found: 0xEF, wanted: .value), at: 0),
  ]

  static let strings: [RefusedJSON] = [
    .init("\"", .unterminatedString, at: 0), .init("\"abc", .unterminatedString, at: 0),
    .init("[\"a\", \"b]", .unterminatedString, at: 6), .init(#""\"#, .unterminatedString, at: 0),
    .init(#""\""#, .unterminatedString, at: 0), .init(#""\u"#, .unterminatedString, at: 0),
    .init(#""\u00"#, .unterminatedString, at: 0), .init(#""\ud83d"#, .unterminatedString, at: 0),
    .init(#""\ud83d\"#, .unterminatedString, at: 0),
    .init(#""\ud83d\ude0"#, .unterminatedString, at: 0),
    .init(bytes: [0x22, 0x61, 0xE2, 0x82], .unterminatedString, at: 0),
    .init(bytes: [0x22, 0xF0], .unterminatedString, at: 0),
    .init("\"a\nb\"", .controlCharacter(0x0A), at: 2),
    .init("\"\t\"", .controlCharacter(0x09), at: 1),
    .init("\"\r\"", .controlCharacter(0x0D), at: 1),
    .init("\"\u{1F}\"", .controlCharacter(0x1F), at: 1),
    .init("\"\u{0}\"", .nulCharacter, at: 1), .init(#""a\u0000""#, .nulCharacter, at: 2),
    .init(#""\x41""#, .badEscape, at: 1), .init(#""\a""#, .badEscape, at: 1),
    .init(#""\'""#, .badEscape, at: 1), .init(#""\0""#, .badEscape, at: 1),
    .init(#""\v""#, .badEscape, at: 1), .init(#""\U0041""#, .badEscape, at: 1),
    .init(#""\u004""#, .badEscape, at: 1), .init(#""\u00g1""#, .badEscape, at: 1),
    .init(#""ab\u+041""#, .badEscape, at: 3), .init("\"\\\n\"", .badEscape, at: 1),
    .init(#""\é""#, .badEscape, at: 1), .init(#""\ud800""#, .loneSurrogate, at: 1),
    .init(#""\udc00""#, .loneSurrogate, at: 1), .init(#""\ud800x""#, .loneSurrogate, at: 1),
    .init(#""\ud800\n""#, .loneSurrogate, at: 1), .init(#""\ud800\ud800""#, .loneSurrogate, at: 1),
    .init(#""\udc00\ud800""#, .loneSurrogate, at: 1),
    .init(#""a\ud83d\u0041""#, .loneSurrogate, at: 2),
    .init(#""\ud83d\uzzzz""#, .badEscape, at: 7),
  ]

  static let encodings: [RefusedJSON] = [
    .init(string: [0x80], .badUTF8, at: 1), .init(string: [0xBF], .badUTF8, at: 1),
    .init(string: [0x61, 0xFF], .badUTF8, at: 2), .init(string: [0xFE], .badUTF8, at: 1),
    .init(string: [0xC0, 0xAF], .badUTF8, at: 1), .init(string: [0xC1, 0xBF], .badUTF8, at: 1),
    .init(string: [0xE0, 0x80, 0xAF], .badUTF8, at: 1),
    .init(string: [0xE0, 0x9F, 0xBF], .badUTF8, at: 1),
    .init(string: [0xF0, 0x80, 0x80, 0xAF], .badUTF8, at: 1),
    .init(string: [0xF0, 0x8F, 0xBF, 0xBF], .badUTF8, at: 1),
    .init(string: [0xED, 0xA0, 0x80], .badUTF8, at: 1),
    .init(string: [0xED, 0xBF, 0xBF], .badUTF8, at: 1),
    .init(string: [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], .badUTF8, at: 1),
    .init(string: [0xF4, 0x90, 0x80, 0x80], .badUTF8, at: 1),
    .init(string: [0xF5, 0x80, 0x80, 0x80], .badUTF8, at: 1),
    .init(string: [0xC3], .badUTF8, at: 1), .init(string: [0xE2, 0x82], .badUTF8, at: 1),
    .init(string: [0xF0, 0x9F, 0x98], .badUTF8, at: 1),
    .init(string: [0xC3, 0x28], .badUTF8, at: 1),
    .init(string: [0xE2, 0x28, 0xA1], .badUTF8, at: 1),
    .init(string: [0xE2, 0x82, 0x28], .badUTF8, at: 1),
    .init(string: [0x61, 0xE2, 0x82, 0xAC, 0x80], .badUTF8, at: 5),
    .init(string: [0xF8, 0x88], .badUTF8, at: 1),
  ]

  static let duplicates: [RefusedJSON] = [
    .init("{\"a\":1,\"a\":1}", .duplicateKey("a"), at: 7),
    .init("{\"a\":1,\"b\":2,\"a\":3}", .duplicateKey("a"), at: 13),
    .init(#"{"a":1,"\u0061":2}"#, .duplicateKey("a"), at: 7),
    .init(#"{"\u00e9":1,"é":2}"#, .duplicateKey("é"), at: 12),
    .init(#"{"\/":1,"/":2}"#, .duplicateKey("/"), at: 8),
    .init("{\"\":1,\"\":2}", .duplicateKey(""), at: 6),
    .init("[{\"x\":{\"a\":1,\"a\":2}}]", .duplicateKey("a"), at: 13),
    .init(#"{"a":{"b":1},"c":[{"a":2}],"a":3}"#, .duplicateKey("a"), at: 27),
    .init(
      "{" + (0..<60).map { "\"k\($0)\":0" }.joined(separator: ",") + ",\"k3\":0}",
      .duplicateKey("k3"), at: 471),
  ]

  static let all = structures + words + numbers + strings + encodings + duplicates

  @Test(arguments: all)
  func `a part of a buffer is refused as if it stood alone`(_ refused: RefusedJSON) throws {
    let alone = try #require(throws: JSONError.self) { try JSONReader.read(refused.text) }
    let before = Array("[1,\n".utf8)
    // What follows would make whole what breaks off.
    let buffer = before + refused.text + Array("\"]}]0".utf8)
    let part = buffer[before.count..<(before.count + refused.text.count)]
    let error = try #require(throws: JSONError.self) { try JSONReader.read(part) }
    #expect(error == alone)
  }

  @Test(arguments: all)
  func `refuses what is no JSON`(_ refused: RefusedJSON) throws {
    let error = try #require(throws: JSONError.self) { try JSONReader.read(refused.text) }
    #expect(error.problem == refused.problem)
    #expect(error.position.offset == refused.offset)
  }

  @Test func `the corpus has the size it promises`() {
    let accepted = JSONAcceptTests.scalars + JSONAcceptTests.strings + JSONAcceptTests.structures
    #expect(accepted.count >= 90)
    #expect(Self.all.count >= 150)
  }

  @Test func `says where in plain English`() throws {
    let error = try #require(throws: JSONError.self) {
      try JSONReader.read("{\n  \"é\": 01\n}")
    }
    #expect(error.position == JSONPosition(offset: 10, line: 2, column: 8))
    #expect(
      error.description
        == "line 2, column 8: a number is written in a form that is not accepted")
    let twice = try #require(throws: JSONError.self) {
      try JSONReader.read("{\"a\\n\":1,\"a\\n\":2}")
    }
    #expect(
      twice.description == "line 1, column 10: the name \"a\\n\" appears twice in one object")
  }

  @Test(arguments: [
    ("{\n \"a\": \"é\n\"}", 2, 9), ("{\"a\":1,\r\n \"é\":2,\"é\":3}", 2, 8),
    ("[\"é\",\r\r 01]", 3, 2), ("[\n\"ab\\n\",\"\\u12\n\"]", 2, 9), ("[1,\n\"é", 2, 1),
    ("{\"a\\t\":1,\"b\":2,\"a\\u0009\":3}", 1, 16), ("{\"é\":1} \n x", 2, 2),
  ])
  func `says where behind ends of lines and wide characters`(
    _ text: String, _ line: Int, _ column: Int
  ) throws {
    let error = try #require(throws: JSONError.self) { try JSONReader.read(text) }
    #expect(error.position.line == line)
    #expect(error.position.column == column)
  }

  /// Wherever it stands in a string of whatever length.
  @Test func `finds every byte that is not plain`() throws {
    for length in 1...26 {
      for place in 0..<length {
        var text = [UInt8](repeating: UInt8(ascii: "x"), count: length)
        for byte in UInt8.min...UInt8.max {
          text[place] = byte
          let read = Result { () throws(JSONError) in try JSONReader.read([0x22] + text + [0x22]) }
          guard let (problem, offset) = Self.problem(byte, at: place + 1, of: length) else {
            #expect(try read.get() == .string(String(decoding: text, as: UTF8.self)))
            continue
          }
          let position = JSONPosition(offset: offset, line: 1, column: offset + 1)
          #expect(read == .failure(JSONError(problem: problem, position: position)))
        }
      }
    }
  }

  /// What is wrong, and where, with a string of so many letters x of which one is this byte.
  private static func problem(
    _ byte: UInt8, at offset: Int, of length: Int
  ) -> (JSONError.Problem, Int)? {
    switch byte {
    case 0x00: (.nulCharacter, offset)
    case 0x01..<0x20: (.controlCharacter(byte), offset)
    case UInt8(ascii: "\""): (.trailingBytes, offset + 1)
    case UInt8(ascii: "\\"): offset == length ? (.unterminatedString, 0) : (.badEscape, offset)
    case 0x80...0xFF: (.badUTF8, offset)
    default: nil
    }
  }

  /// A text cut anywhere is incomplete, or it is the whole of something shorter.
  @Test func `every prefix is incomplete`() throws {
    let text = Array(#" {"aé\ud83d\ude00": [true, -1.5e+3, null, "\n😀"], "b": {}}"#.utf8)
    _ = try JSONReader.read(text)
    for length in 0..<text.count {
      let error = try #require(throws: JSONError.self) {
        try JSONReader.read(Array(text.prefix(length)))
      }
      #expect(error.isIncomplete, "cut at \(length): \(error)")
    }
    let wrong = try #require(throws: JSONError.self) { try JSONReader.read("{]") }
    #expect(!wrong.isIncomplete)
  }
}
