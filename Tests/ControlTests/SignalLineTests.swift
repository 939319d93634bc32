import Control
import JSON
import Testing

@Suite struct `A signal's text as one line` {
  private func value(_ bytes: [UInt8]) -> JSONValue? { try? JSONReader.read(bytes) }

  @Test(arguments: [
    "{\r\n \"id\": \"a\\nb\",\n \"side\":\r\"buy\"\n}\n", #"{"a":"\\","b":"\""}"#,
    "{\"a\":\"\\\\\",\n\"b\":\"\\\"\"\n}", "\n[1,\n2]\r\n",
  ])
  func `has the same value`(_ text: String) throws {
    let line = SignalLine.of(Array(text.utf8))
    #expect(!line.contains { $0 == 0x0A || $0 == 0x0D })
    #expect(value(line) != nil)
    #expect(value(line) == value(Array(text.utf8)))
  }

  @Test(arguments: [
    "{\"note\":\"a\nb\"}", "{\"note\":\"a\rb\"}", "{\"note\":\"a\r\nb\"}", "{\"no\nte\":1}",
    "{\"note\":\"a\\\nb\"}", "{\"note\":\"\\\"\n\"}", "{\"a\":\"\\\\\",\"b\":\"\n\"}",
    "{\"a\":1\n2}",
    "{\"note\":\"a\n", "\"\n\"",
  ])
  func `is refused where the text is`(_ text: String) {
    let line = SignalLine.of(Array(text.utf8))
    #expect(!line.contains(0x0A))
    #expect(value(Array(text.utf8)) == nil)
    #expect(value(line) == nil)
  }

  @Test func `is never empty`() {
    for text in ["", "\n", "\r\n"] {
      #expect(SignalLine.of(Array(text.utf8)).allSatisfy { $0 == 0x20 })
    }
    #expect(SignalLine.of([]) == [0x20])
  }
}
