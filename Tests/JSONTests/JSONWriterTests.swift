import JSON
import TestKit
import Testing

@Suite struct JSONWriterTests {
  @Test func `writes one line`() {
    let value: JSONValue = [
      "id": "x", "ok": true, "no": false, "nothing": nil, "n": -3, "price": .number("0.10"),
      "list": [1, [], [:]], "inner": ["a": "b"],
    ]
    #expect(
      value.compactText()
        == #"{"id":"x","ok":true,"no":false,"nothing":null,"n":-3,"price":0.10,"#
        + #""list":[1,[],{}],"inner":{"a":"b"}}"#)
  }

  @Test func `writes behind what is there, and U+0000 as readers take it`() {
    let value: JSONValue = ["a\0": ["b\0\u{1}"], "c": "d"]
    var output = Array("x".utf8)
    value.appendCompactText(to: &output, replacingNUL: true)
    #expect(
      String(decoding: output, as: UTF8.self) == #"x{"a\#u{FFFD}":["b\#u{FFFD}\u0001"],"c":"d"}"#)
    #expect(value.compactText() == #"{"a\u0000":["b\u0000\u0001"],"c":"d"}"#)
  }

  @Test func `writes for people`() {
    let value: JSONValue = ["a": 1, "b": [true, ["c": "d"]], "e": [], "f": [:]]
    #expect(
      value.prettyText() == """
        {
          "a": 1,
          "b": [
            true,
            {
              "c": "d"
            }
          ],
          "e": [],
          "f": {}
        }
        """)
  }

  @Test(arguments: [
    ("\"\\/", #""\"\\/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
    ("\u{1}\u{1F}", #""\u0001\u001f""#), ("\u{7F}\u{80}\u{9F}", #""\u007f\u0080\u009f""#),
    ("\u{A0}é€😀", "\"\u{A0}é€😀\""), ("\u{2028}\u{2029}", #""\u2028\u2029""#),
    ("a\n≤ 1 \u{2027}\u{202A}\u{2028}", "\"a\\n≤ 1 \u{2027}\u{202A}\\u2028\""),
    ("\u{10}\u{20A8}\u{A9}", "\"\\u0010\u{20A8}\u{A9}\""),
  ])
  func `escapes what must be escaped`(_ text: String, _ written: String) {
    #expect(JSONValue.string(text).compactText() == written)
  }

  @Test func `builds objects from pairs`() {
    let value = JSONValue.object(pairs: [("b", .integer(UInt64.max)), ("a", .string("x"))])
    #expect(value.compactText() == #"{"b":18446744073709551615,"a":"x"}"#)
  }

  /// Whatever is written reads back as itself, in both layouts and both dialects.
  @Test func `written text reads back`() throws {
    var random = SeededGenerator(seed: 20_240_601)
    for _ in 0..<2_000 {
      let value = randomValue(depth: 0, &random)
      let compact = value.compactText()
      let pretty = value.prettyText()
      #expect(try JSONReader.read(compact) == value, "\(compact)")
      #expect(try JSONReader.read(pretty) == value, "\(pretty)")
      #expect(try JSONReader.read(pretty, dialect: .json5) == value, "\(pretty)")
    }
  }

  /// Random bytes, and good texts with a byte changed, are read or refused, never a crash; what is
  /// read can be written and read again.
  @Test func `survives damage`() throws {
    var random = SeededGenerator(seed: 7)
    var refusals = 0
    for round in 0..<4_000 {
      var bytes = Array(randomValue(depth: 0, &random).compactText().utf8)
      for _ in 0...(round % 3) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] =
          UInt8.random(in: 0...255, using: &random)
      }
      let dialect: JSONDialect = round % 2 == 0 ? .strict : .json5
      do throws(JSONError) {
        let value = try JSONReader.read(bytes, dialect: dialect)
        #expect(try JSONReader.read(value.compactText()) == value)
      } catch {
        refusals += 1
        #expect(error.position.offset <= bytes.count)
      }
    }
    #expect(refusals > 1_000)
  }

  private func randomValue(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth < 5 ? 7 : 5), using: &random) {
    case 0: return nil
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
    case 3: return .number("-0.\(UInt32.random(in: 0...9_999, using: &random))e+7")
    case 4: return .string(randomText(&random))
    case 5:
      let count = Int.random(in: 0..<5, using: &random)
      return .array((0..<count).map { _ in randomValue(depth: depth + 1, &random) })
    default:
      let count = Int.random(in: 0..<24, using: &random)
      return .object(
        pairs: (0..<count).map { place in
          (randomText(&random) + "#\(place)", randomValue(depth: depth + 3, &random))
        })
    }
  }

  private func randomText(_ random: inout SeededGenerator) -> String {
    let ranges: [ClosedRange<UInt32>] = [
      1...0x1F, 0x20...0x7F, 0x80...0x7FF, 0x2020...0x2030, 0x800...0xD7FF, 0x10000...0x10FFFF,
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0..<12, using: &random) {
      let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
