import Platform
import Testing
import Transport

@Suite struct HTTPRequestTests {
  private func bytes(_ request: HTTPRequest) throws -> String {
    let serializer = HTTPRequestSerializer(
      endpoint: try Endpoint("https://api.mexc.com/base"), userAgent: "mexc-signald/1.2")
    var bytes = Array("left over".utf8)
    try serializer.write(request, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `a GET has no length`() throws {
    #expect(
      try bytes(HTTPRequest(.get, "/api/v3/time"))
        == "GET /base/api/v3/time HTTP/1.1\r\nHost: api.mexc.com\r\n"
        + "User-Agent: mexc-signald/1.2\r\nAccept-Encoding: identity\r\n"
        + "Connection: keep-alive\r\n\r\n")
  }

  @Test(arguments: [HTTPRequest.Method.post, .put, .delete])
  func `what may carry a body says its length`(method: HTTPRequest.Method) throws {
    #expect(
      try bytes(HTTPRequest(method, "/x", headers: [("A", "1"), ("A", "2")])).hasSuffix(
        "Connection: keep-alive\r\nA: 1\r\nA: 2\r\nContent-Length: 0\r\n\r\n"))
    #expect(
      try bytes(HTTPRequest(method, "/x", body: Array("abc".utf8))).hasSuffix(
        "\r\nContent-Length: 3\r\n\r\nabc"))
  }

  @Test(arguments: [
    "", "x", "http://evil/", "/a b", "/a\r\nX: y", "/a\u{0}", "/ü", "/a#b", "/\u{7F}", "*",
  ])
  func `a target that could be read in two ways is refused`(target: String) {
    #expect(throws: HTTPRequest.Flaw.targetInvalid) { try bytes(HTTPRequest(.get, target)) }
  }

  /// Wherever it stands among others.
  @Test func `every byte that no target has is refused`() throws {
    for place in [1, 15, 16, 17, 31, 32, 40] {
      for byte in UInt8.min...UInt8.max {
        var target = [UInt8](repeating: UInt8(ascii: "x"), count: 41)
        target[0] = UInt8(ascii: "/")
        target[place] = byte
        let isAllowed = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "#")
        let isWritten = (try? bytes(HTTPRequest(.get, target))) != nil
        #expect(isWritten == isAllowed, "\(byte) at \(place)")
      }
    }
  }

  @Test(arguments: ["", "a b", "a:", "a\r", "ü", "(a)", "a\u{0}"])
  func `a header name that is no token is refused`(name: String) {
    #expect(throws: HTTPRequest.Flaw.headerNameInvalid) {
      try bytes(HTTPRequest(.get, "/", headers: [(name, "x")]))
    }
  }

  @Test(arguments: ["a\rb", "a\nb", "a\r\nX: y", "\u{0}", "\u{7F}", "\u{1B}[0m"])
  func `a header value with a control character is refused`(value: String) {
    #expect(throws: HTTPRequest.Flaw.headerValueInvalid) {
      try bytes(HTTPRequest(.get, "/", headers: [("X", value)]))
    }
  }

  @Test(arguments: [
    "host", "CONTENT-LENGTH", "Transfer-Encoding", "accept-encoding", "Connection", "user-agent",
    "Expect", "Upgrade",
  ])
  func `a header that frames or routes is ours`(name: String) {
    #expect(throws: HTTPRequest.Flaw.headerReserved) {
      try bytes(HTTPRequest(.get, "/", headers: [(name, "x")]))
    }
  }
}
