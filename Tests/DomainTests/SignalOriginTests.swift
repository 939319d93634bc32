import Domain
import Testing

@Suite struct SignalOriginTests {
  /// Stored in the chained history, where it may never become another text.
  @Test func `a name that is UTF-8 stands as it is`() {
    for name in ["a.json", "caf\u{E9}\\xe9 \u{1F600}.json", "a\tb\u{202E}"] {
      #expect(SignalOrigin.file(Array(name.utf8)).text == "file " + name)
    }
    #expect(SignalOrigin.socket("uid 1000").text == "socket uid 1000")
  }

  @Test func `names that are no text can be told apart`() {
    let names: [[UInt8]] = [
      [0x61, 0xE9], [0x61, 0xE8], Array("\\xe9".utf8) + [0xE9], [0xE9, 0xE9],
    ]
    #expect(
      names.map { SignalOrigin.file($0).text }
        == ["file a\\xe9", "file a\\xe8", "file \\x5cxe9\\xe9", "file \\xe9\\xe9"])
  }
}
