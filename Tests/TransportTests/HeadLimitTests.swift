import Testing
import Transport

/// The limits on heads, fed the way a peer would: in pieces as large as a read.
@Suite struct HeadLimitTests {
  private func violation(_ text: String) -> HTTPViolation? {
    var parser = HTTPResponseParser()
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: 16_384) {
      let piece = Array(bytes[start..<min(start + 16_384, bytes.count)])
      if case .failure(let violation) = parser.feed(piece.span) { return violation }
    }
    return nil
  }

  @Test func `a head of up to 64 KiB is read`() {
    let value = String(repeating: "v", count: 64 * 1024 - 100)
    #expect(violation("HTTP/1.1 200 OK\r\nA: \(value)\r\nContent-Length: 0\r\n\r\n") == nil)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nA: " + String(repeating: "v", count: 1 << 20),
    "HTTP/1.1 200 " + String(repeating: "O", count: 1 << 20),
    String(repeating: "x", count: 65_536),
    "HTTP/1.1 200 OK\r\n"
      + String(repeating: "A: \(String(repeating: "v", count: 1_000))\r\n", count: 100),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
      + String(repeating: "A: \(String(repeating: "v", count: 1_000))\r\n", count: 100),
  ])
  func `a larger head is refused before its end`(text: String) {
    #expect(violation(text) == .headTooLarge)
  }

  @Test func `a body of one byte a chunk is refused once it is mostly framing`() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(violation(head + String(repeating: "1\r\na\r\n", count: 80_000)) == nil)
    #expect(violation(head + String(repeating: "1\r\na\r\n", count: 90_000)) == .chunkInvalid)
  }

  @Test func `what stands behind a limit is not looked at`() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let line = "1;" + String(repeating: "x", count: 300)
    #expect(violation(head + line + "\rx") == .chunkInvalid)
    #expect(violation(head + "1;x\rx") == .lineEndInvalid)
  }
}
