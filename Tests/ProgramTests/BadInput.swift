import Domain
import JSON

/// Texts that are no good signals, each with the code that must come of it.
enum BadInput {
  struct Text: Sendable {
    let name: String
    let code: String
    let bytes: [UInt8]
  }

  static let texts: [Text] = broken + objects + fields.map(text(of:))

  private static func json(_ name: String, _ text: String) -> Text {
    Text(name: name, code: "invalid_json", bytes: Array(text.utf8))
  }

  private static let good = Wish("bad-input").text

  /// Not strict JSON, or not one object.
  private static let broken: [Text] = [
    json("blank", " \t "),
    json("null", "null"), json("array", "[]"), json("number", "12"), json("string", "\"buy\""),
    json("array of signals", "[\(good)]"),
    json("unclosed", "{"), json("unclosed string", "{\"id\": \"a"),
    json("cut", String(good.dropLast())),
    json("behind it", good + " x"), json("two", good + good), json("comma", "{\"id\":\"a\",}"),
    json("no comma", "{\"id\":\"a\" \"side\":\"buy\"}"), json("no colon", "{\"id\" \"a\"}"),
    json("single quotes", "{'id':'a'}"), json("bare key", "{id:\"a\"}"),
    json("line comment", "{\"id\":\"a\"} // x"), json("comment", "{/* x */\"id\":\"a\"}"),
    json("NaN", "{\"quantity\":NaN}"), json("infinity", "{\"quantity\":-Infinity}"),
    json("leading zero", "{\"quantity\":01}"), json("plus", "{\"quantity\":+1}"),
    json("point first", "{\"quantity\":.5}"), json("point last", "{\"quantity\":5.}"),
    json("hexadecimal", "{\"quantity\":0x10}"),
    json("duplicate key", "{\"id\":\"a\",\"id\":\"a\"}"),
    json("duplicate by escape", "{\"id\":\"a\",\"\\u0069d\":\"b\"}"),
    json("half of a pair", "{\"note\":\"\\ud800\"}"), json("bad escape", "{\"note\":\"\\x\"}"),
    json("raw tab", "{\"note\":\"a\tb\"}"), json("NUL", "{\"note\":\"a\u{0}\"}"),
    json("no-break space", "{\u{A0}\"id\":\"a\"}"), json("wrong case", "{\"note\":True}"),
    json("deep", String(repeating: "[", count: 50_000)),
    json("deep objects", String(repeating: "{\"a\":", count: 10_000)),
    json("wide", "[" + String(repeating: "0,", count: 20_000) + "0]"),
    Text(name: "mark", code: "invalid_json", bytes: [0xEF, 0xBB, 0xBF] + Array(good.utf8)),
    Text(
      name: "UTF-16", code: "invalid_json",
      bytes: [0xFF, 0xFE] + good.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
    Text(name: "UTF-8", code: "invalid_json", bytes: Array("{\"note\":\"".utf8) + [0xC3, 0x28]),
    Text(name: "overlong", code: "invalid_json", bytes: Array("{\"note\":\"".utf8) + [0xC0, 0xAF]),
    Text(
      name: "bytes", code: "invalid_json",
      bytes: (UInt8.min...UInt8.max).filter { $0 != 0x0A && $0 != 0x0D }),
    json("XML", "<signal id=\"a\"/>"), json("form", "id=a&symbol=BTCUSDT"),
  ]

  private static let objects: [Text] = [
    Text(name: "empty object", code: "invalid_field", bytes: Array("{}".utf8)),
    Text(
      name: "digits", code: "invalid_field",
      bytes: Array("{\"quantity\":\(String(repeating: "9", count: 1_000))}".utf8)),
    unknown("Price"), unknown("qty"), unknown("stop_loss"), unknown(""), unknown("a\u{1B}[31m"),
    unknown("leverage"),
    Text(
      name: "too long", code: "too_large",
      bytes: Array((good + String(repeating: " ", count: 65_536)).utf8)),
  ]

  private static func unknown(_ field: String) -> Text {
    Text(
      name: "unknown \(field)", code: "unknown_field",
      bytes: Array(Wish("bad-input", [:]).with(field, "1").text.utf8))
  }

  private static func text(of change: (String, JSONValue?)) -> Text {
    var wish = Wish("bad-input")
    wish.fields.removeAll { $0.0 == change.0 }
    // A market order brings the price in contradiction, and the amounts each other.
    if let value = change.1 { wish.fields.append((change.0, value)) }
    let shown = change.1?.compactText().prefix(40) ?? "missing"
    return Text(
      name: "\(change.0): \(shown)", code: "invalid_field", bytes: Array(wish.text.utf8))
  }

  /// One field of a good signal made bad, or taken away.
  private static let fields: [(String, JSONValue?)] =
    identity + amounts + times
    + [
      ("source", 5), ("source", .string(String(repeating: "s", count: 257))),
      ("note", .string(String(repeating: "n", count: 1_025))), ("note", ["a": 1]), ("note", nil),
    ].filter { $0.0 != "note" || $0.1 != nil }

  private static let identity: [(String, JSONValue?)] = [
    ("id", nil), ("id", 7), ("id", ""), ("id", .null), ("id", "with space"), ("id", "a/b"),
    ("id", "é"), ("id", "line\nend"), ("id", "../../etc/passwd"),
    ("id", .string(String(repeating: "i", count: 65))),
    ("symbol", nil), ("symbol", ""), ("symbol", 1), ("symbol", "BTC USDT"),
    ("symbol", "BTCUSDT.P"), ("symbol", "BTC/USDT:USDT"), ("symbol", "BTC-USDT-SWAP"),
    ("symbol", "BTCUSDTPERP"), ("symbol", "BINANCE:BTCUSDT"), ("symbol", "ВТСUSDT"),
    ("symbol", .string(String(repeating: "B", count: 100))),
    ("side", nil), ("side", "hold"), ("side", ""), ("side", 1), ("side", "buy "), ("side", ["buy"]),
    ("type", "stop_limit"), ("type", ""), ("type", .null), ("type", "lımıt"),
    // Contradicts the price that stands beside it.
    ("type", "market"),
  ]

  private static let amounts: [(String, JSONValue?)] = [
    ("quantity", nil), ("quantity", "0"), ("quantity", "0.000"), ("quantity", "-1"),
    ("quantity", "1e-3"), ("quantity", .number("1e5")), ("quantity", ""), ("quantity", " 1"),
    ("quantity", "1,5"), ("quantity", "NaN"), ("quantity", true), ("quantity", .null),
    ("quantity", [:]), ("quantity", "0.0000000000000000001"), ("quantity", "١"),
    ("quantity", .string(String(repeating: "9", count: 60))),
    ("quote_quantity", "10"), ("quote_quantity", "0"),
    ("price", "0"), ("price", "-64000"), ("price", "sixty"), ("price", ["64000"]),
    ("price", "64000."), ("price", .null),
    ("reference_price", "0"), ("reference_price", "x"), ("maximum_deviation_bps", "-1"),
    ("maximum_deviation_bps", "1 %"),
  ]

  private static let times: [(String, JSONValue?)] = [
    ("created_at", "yesterday"), ("created_at", 1_700_000_000), ("created_at", -1),
    ("created_at", "2026-02-30T00:00:00Z"), ("created_at", "2026-01-01"),
    ("created_at", "2190-01-01T00:00:00Z"), ("created_at", "2026-01-01T00:00:00"),
    // Beside ttl_seconds.
    ("expires_at", "2190-01-01T00:00:00Z"), ("expires_at", "soon"),
    ("ttl_seconds", 0), ("ttl_seconds", -5), ("ttl_seconds", "soon"), ("ttl_seconds", "0.0001"),
    ("ttl_seconds", 31_536_001), ("ttl_seconds", true),
  ]
}
