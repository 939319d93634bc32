import Domain
import Testing

@Suite struct IdentifierTests {
  static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

  /// Every code point of one and two bytes: a text of it alone, and of it between two good letters.
  private static func allowed(_ isAllowed: (String) -> Bool) -> String {
    var found = ""
    for code in UInt32(0)..<0x800 {
      guard let scalar = UnicodeScalar(code) else { continue }
      let alone = isAllowed(String(scalar))
      #expect(isAllowed("a\(scalar)b") == alone, "U+\(String(code, radix: 16))")
      if alone { found.unicodeScalars.append(scalar) }
    }
    return found
  }

  @Test func `signal IDs have their alphabet`() {
    let found = Self.allowed { SignalID($0) != nil }
    #expect(Set(found) == Set(Self.letters + "._:-"))
    #expect(found.count == 66)
  }

  @Test func `client order IDs have their alphabet`() {
    let found = Self.allowed { ClientOrderID($0) != nil }
    #expect(Set(found) == Set(Self.letters + "_-"))
    #expect(found.count == 64)
  }

  @Test func `identifiers have their lengths`() {
    #expect(SignalID("") == nil)
    #expect(SignalID("a")?.text == "a")
    #expect(SignalID(String(repeating: "a", count: 64))?.text.utf8.count == 64)
    #expect(SignalID(String(repeating: "a", count: 65)) == nil)
    #expect(ClientOrderID("") == nil)
    #expect(ClientOrderID("a")?.text == "a")
    #expect(ClientOrderID(String(repeating: "a", count: 32))?.text.utf8.count == 32)
    #expect(ClientOrderID(String(repeating: "a", count: 33)) == nil)
  }

  @Test(arguments: [
    "é", "ａ", "１", "a b", " a", "a ", "a\n", "a/b", "../a", "a\u{0}", "a&b", "a%20", "a=b", "a'b",
    "a\u{301}", "😀", "a\u{200B}", "a,b", "a\\b",
  ])
  func `identifiers take no other text`(_ text: String) {
    #expect(SignalID(text) == nil)
    #expect(ClientOrderID(text) == nil)
  }

  @Test func `client order IDs take no point or colon`() {
    #expect(SignalID("a.b:c")?.description == "a.b:c")
    #expect(ClientOrderID("a.b") == nil)
    #expect(ClientOrderID("a:b") == nil)
    #expect(ClientOrderID("a_b-c")?.description == "a_b-c")
  }

  @Test func `case counts`() {
    #expect(SignalID("a") != SignalID("A"))
    #expect(ClientOrderID("a") != ClientOrderID("A"))
  }

  @Test func `order keys are sorted by signal then leg`() throws {
    let (first, second) = (try #require(SignalID("a")), try #require(SignalID("b")))
    let sorted = [
      OrderKey(signal: first), OrderKey(signal: first, leg: 1), OrderKey(signal: first, leg: 2),
      OrderKey(signal: second), OrderKey(signal: second, leg: 1),
    ]
    #expect(sorted.reversed().sorted() == sorted)
    #expect(OrderKey(signal: first) == OrderKey(signal: first, leg: 0))
  }
}
