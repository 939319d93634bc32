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

  @Test func `the last object of a list over several lines is no signal, and has an answer`() {
    for text in [
      ["[", Self.good + ", ", Self.good + " ", "]"],
      ["[1,", "2,", Self.good, "]"],
      ["{", #""signals": ["#, Self.good + ",", Self.good, "]"],
    ] {
      let kinds = kinds(text + [Self.good])
      #expect(kinds.dropFirst(text.count - 2) == [.element, .textGoesOn, .signal], "\(text)")
    }
  }

  @Test(arguments: [
    ["["], ["  [ "], ["[["], ["[1,"], ["[{"], ["[", good], ["[", "\"abc,"], ["[", "1"], ["[", ""],
    ["[", good + ",", good], ["[", #"{"id": "a", "sym"#], ["{", #""x": ["#], ["\"abc"],
  ])
  func `a whole signal is taken behind any broken text`(_ broken: [String]) {
    for signal in [Self.good, "\u{FEFF} " + Self.good + " \t"] {
      let kinds = kinds(broken + [signal, signal, "]", signal])
      #expect(kinds.dropFirst(broken.count) == [.signal, .signal, .signal, .signal])
    }
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
