import JSON
import Testing

/// A text that strict JSON accepts, and what it means.
struct AcceptedJSON: CustomTestStringConvertible, Sendable {
  let text: [UInt8]
  let value: JSONValue

  init(_ text: String, _ value: JSONValue) {
    self.text = Array(text.utf8)
    self.value = value
  }

  var testDescription: String {
    String(decoding: text.prefix(60), as: UTF8.self)
  }
}

@Suite struct JSONAcceptTests {
  static let scalars: [AcceptedJSON] = [
    .init("null", nil), .init("true", true), .init("false", false),
    .init("0", .number("0")), .init("-0", .number("-0")), .init("7", 7), .init("-7", -7),
    .init("10", 10), .init("1234567890", 1_234_567_890),
    .init("0.5", .number("0.5")), .init("-0.5", .number("-0.5")),
    .init("0.0", .number("0.0")), .init("1.50", .number("1.50")),
    .init("0.000000000000000001", .number("0.000000000000000001")),
    .init("1e5", .number("1e5")), .init("1E5", .number("1E5")),
    .init("1e+5", .number("1e+5")), .init("1e-5", .number("1e-5")),
    .init("1.25E-10", .number("1.25E-10")), .init("0e0", .number("0e0")),
    .init("0E+00", .number("0E+00")), .init("-1.0e007", .number("-1.0e007")),
    .init("1e999999", .number("1e999999")),
    .init("123456789012345678901234567890", .number("123456789012345678901234567890")),
    .init("9007199254740993", .number("9007199254740993")),
    .init("\"\"", ""), .init("\"a\"", "a"), .init("\" \"", " "),
    .init("\"'\"", "'"), .init("\"/\"", "/"), .init("\"null\"", "null"),
  ]

  static let strings: [AcceptedJSON] = [
    .init(#""\"""#, "\""), .init(#""\\""#, "\\"), .init(#""\/""#, "/"),
    .init(#""\b""#, "\u{8}"), .init(#""\f""#, "\u{C}"), .init(#""\n""#, "\n"),
    .init(#""\r""#, "\r"), .init(#""\t""#, "\t"),
    .init(#""\u0041""#, "A"), .init(#""\u00e9""#, "\u{E9}"), .init(#""\u00E9""#, "\u{E9}"),
    .init(#""\u20AC""#, "€"), .init(#""\u0001""#, "\u{1}"), .init(#""\u001f""#, "\u{1F}"),
    .init(#""\ud83d\ude00""#, "😀"), .init(#""\uD83D\uDE00x""#, "😀x"),
    .init(#""\ud800\udc00""#, "\u{10000}"), .init(#""\udbff\udfff""#, "\u{10FFFF}"),
    .init(#""\uFFFF""#, "\u{FFFF}"), .init(#""\ufeff""#, "\u{FEFF}"),
    .init(#""\u2028\u2029""#, "\u{2028}\u{2029}"), .init(#""a\u0062c""#, "abc"),
    .init(#""\\u0041""#, "\\u0041"), .init(#""a\\""#, "a\\"), .init(#""x\n\ty""#, "x\n\ty"),
    .init("\"é\"", "é"), .init("\"€\"", "€"), .init("\"😀\"", "😀"),
    .init("\"\u{7F}\"", "\u{7F}"), .init("\"\u{80}\"", "\u{80}"),
    .init("\"\u{7FF}\"", "\u{7FF}"), .init("\"\u{800}\"", "\u{800}"),
    .init("\"\u{FFFF}\"", "\u{FFFF}"), .init("\"\u{10000}\"", "\u{10000}"),
    .init("\"\u{D7FF}\u{E000}\"", "\u{D7FF}\u{E000}"),
    .init("\"\u{10FFFF}\"", "\u{10FFFF}"), .init("\"\u{2028}\"", "\u{2028}"),
    .init("\"\u{FEFF}\"", "\u{FEFF}"), .init("\"[{,:}]\"", "[{,:}]"),
    .init("\"// no comment\"", "// no comment"),
  ]

  static let structures: [AcceptedJSON] = [
    .init("[]", []), .init("{}", [:]), .init(" [ ] ", []), .init("\t{\r\n}\n", [:]),
    .init("[1]", [1]), .init("[1,2,3]", [1, 2, 3]), .init("[ 1 , 2 ]", [1, 2]),
    .init("[[]]", [[]]), .init("[[],[]]", [[], []]), .init("[{}]", [[:]]),
    .init("[null,true,false,0,\"\"]", [nil, true, false, 0, ""]),
    .init("{\"a\":1}", ["a": 1]), .init("{\"a\":{}}", ["a": [:]]),
    .init("{ \"a\" : 1 , \"b\" : 2 }", ["a": 1, "b": 2]),
    .init("{\"b\":1,\"a\":2}", ["b": 1, "a": 2]), .init("{\"\":0}", ["": 0]),
    .init("{\"a\":1,\"A\":2}", ["a": 1, "A": 2]), .init("{\"a\":null}", ["a": nil]),
    .init(#"{"\u0061":1}"#, ["a": 1]), .init("{\"a\":{\"a\":{\"a\":1}}}", ["a": ["a": ["a": 1]]]),
    .init("[{\"a\":1},{\"a\":2}]", [["a": 1], ["a": 2]]),
    .init(
      #"{"a":1,"b":{"a":2,"c":{}},"c":[{"b":3}]}"#,
      ["a": 1, "b": ["a": 2, "c": [:]], "c": [["b": 3]]]),
    .init("\n\n1\n", 1), .init(" \t\r\n null", nil), .init("1 \t\r\n ", 1),
    // Two names that Swift's String calls equal and that are different JSON.
    .init("{\"\u{E9}\":1,\"e\u{301}\":2}", ["\u{E9}": 1, "e\u{301}": 2]),
    .init("{\"K\":1,\"\u{212A}\":2}", ["K": 1, "\u{212A}": 2]),
    .init(
      #"{"id":"x-1","price":64000.10,"tags":["a","b"]}"#,
      ["id": "x-1", "price": .number("64000.10"), "tags": ["a", "b"]]),
  ]

  @Test(arguments: scalars + strings + structures)
  func `reads every kind of value`(_ accepted: AcceptedJSON) throws {
    #expect(try JSONReader.read(accepted.text) == accepted.value)
  }

  /// What strict JSON means, JSON5 means too.
  @Test(arguments: scalars + strings + structures)
  func `reads the same as JSON5`(_ accepted: AcceptedJSON) throws {
    #expect(try JSONReader.read(accepted.text, dialect: .json5) == accepted.value)
  }

  @Test func `keeps each name's position`() throws {
    let text = "{\r\n  \"é\": 1, \"b\": {\n\"c\": 2}, \"d\": [{\"e\": 0}]}"
    let members = try #require(try JSONReader.read(text).objectValue)
    #expect(members.map(\.name) == ["é", "b", "d"])
    #expect(members[0].position == JSONPosition(offset: 5, line: 2, column: 3))
    #expect(members[1].position == JSONPosition(offset: 14, line: 2, column: 11))
    let inner = try #require(members[1].value.objectValue)
    #expect(inner[0].position == JSONPosition(offset: 21, line: 3, column: 1))
    let deep = try #require(members[2].value.arrayValue?.first?.objectValue)
    #expect(deep[0].position == JSONPosition(offset: 37, line: 3, column: 17))
  }

  @Test func `counts columns behind what is no plain text`() throws {
    let text = "{\"a\":\"\u{7F}\\\"\",\r\"é😀\":1,\n\r\n\"b\":\"\\u00e9\",\"c\":0}"
    let members = try #require(try JSONReader.read(text).objectValue)
    #expect(members.map(\.name) == ["a", "é😀", "b", "c"])
    #expect(
      members.map(\.position) == [
        JSONPosition(offset: 1, line: 1, column: 2), JSONPosition(offset: 12, line: 2, column: 1),
        JSONPosition(offset: 26, line: 4, column: 1),
        JSONPosition(offset: 39, line: 4, column: 14),
      ])
  }

  @Test func `looks up members`() throws {
    let value = try JSONReader.read(#"{"a":"x","b":[true,null],"c":1.0}"#)
    #expect(value["a"]?.stringValue == "x")
    #expect(value["b"]?.arrayValue?.first?.boolValue == true)
    #expect(value["b"]?.arrayValue?.last?.isNull == true)
    #expect(value["c"]?.numberValue == "1.0")
    #expect(value["c"]?.stringValue == nil)
    #expect(value["d"] == nil)
    #expect(value["a"]?["b"] == nil)
  }
}
