import Domain
import JSON
import Testing

@Suite struct BoundedTextTests {
  @Test func `a prefix counts scalars, whatever they add up to`() {
    let marked = "e" + String(repeating: "\u{301}", count: 700)
    #expect(marked.count == 1)
    #expect(marked.prefix(scalars: 64).utf8.count == 1 + 63 * 2)
    #expect("abc".prefix(scalars: 2) == "ab")
    #expect("abc".prefix(scalars: 3) == "abc")
    #expect("😀b"[...].prefix(scalars: 1) == "😀")
  }

  @Test func `an error repeats a bounded part of a name`() throws {
    let name = "e" + String(repeating: "\u{301}", count: 700)
    let error = try #require(throws: JSONError.self) {
      try JSONReader.read("{\"\(name)\":1,\"\(name)\":2}")
    }
    #expect(error.description.utf8.count < 256)
  }
}
