import Daemon
import Testing

/// Which lines of a client are signals, and which are parts of a longer text.
@Suite struct SignalLinesTests {
  private static let good = #"{"id": "b", "note": "} ] \" {", "symbol": "BTCUSDT"}"#

  private func kinds(_ lines: [String], limit: Int = 65_536) -> [SignalLines.Kind] {
    var reader = SignalLines(maximumTextBytes: limit)
    return lines.map { reader.kind(of: Array($0.utf8)) }
  }

  @Test(arguments: [
    good, "  \t" + good + "  ", "\u{FEFF}" + good, good + good, good + " {", "[" + good + "]",
    "[1, [2, {}]]", #"{"id": "a", "sym"#, String(repeating: "[", count: 65), "{}", "[]", "", "  ",
    "null", "hello", "}", "]", "\"", "{}}", "\u{0}{",
    #""id": "a","#,
  ])
  func `a line that is no beginning is judged as it is`(_ line: String) {
    #expect(kinds([line, line, Self.good]) == [.signal, .signal, .signal])
  }

  @Test(arguments: [
    ["{", #"  "id": "a","#, #"  "price": "1""#, "}"],
    [#"{ "id": "a","#, #"  "price": "1" }"#],
    ["{", "", "  \"id\"", "  :", "  \"a\"", "  , \"price\": \"1\"", "}"],
    ["{", #""id": "a", "note": "} {","#, #""x": {"y": ["#, "1,", "{", "}", "]", "}", "}"],
    // A line end within a string is no JSON, and the text still ends where it ends.
    ["{", #"  "note": "one"#, #"two { three","#, #"  "id": "a""#, "}"],
    ["\u{FEFF}{", #""id": "a""#, "}"],
    ["[", "{", #""id": "a""#, "},", "{", #""id": "b""#, "}", "]"],
    ["[", "1,", "-2,", "true,", "null", "]"],
    ["[", "  " + good + ",", "  " + good + ",", "]"],
  ])
  func `a text over several lines begins once, and ends with its last bracket`(_ text: [String]) {
    let once = [SignalLines.Kind.textBegins] + text.dropFirst().map { _ in .textGoesOn }
    #expect(kinds(text + [Self.good] + text) == once + [.signal] + once)
  }

  @Test func `an object in an array of several lines is no signal, and has an answer`() {
    #expect(
      kinds(["[", Self.good, "]", Self.good]) == [.textBegins, .element, .textGoesOn, .signal])
  }

  @Test func `a broken line does not swallow those behind it`() {
    for broken in [#"{"id": "a", "symbol""#, #"{"id": "a", "quantity": 1"#, "{", #"{"x": {"y":"#] {
      #expect(kinds([broken, Self.good, Self.good]) == [.textBegins, .signal, .signal])
      #expect(kinds([broken, broken, Self.good]) == [.textBegins, .textBegins, .signal])
      #expect(kinds([broken, "[]", Self.good]) == [.textBegins, .signal, .signal])
    }
    #expect(kinds([#"{"id": "a","#, "hello", Self.good]) == [.textBegins, .signal, .signal])
    #expect(kinds(["[", "hello", Self.good]) == [.textBegins, .signal, .signal])
  }

  @Test func `a text without an end is given up`() {
    let line = String(repeating: "\"x\", ", count: 10)
    let text = ["["] + [String](repeating: line, count: 9)
    #expect(kinds(text + [Self.good], limit: 400).last == .signal)
    #expect(kinds(text + [Self.good], limit: 1_000).last == .element)
  }
}
