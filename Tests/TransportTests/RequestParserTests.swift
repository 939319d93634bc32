import Testing
import Transport

private enum Found: Equatable {
  case request(String, String, String?, body: String, keepAlive: Bool)
  case wantsContinue
  case needMore
  case failure(HTTPViolation)
}

extension HTTPRequestParser {
  /// One character, one byte.
  fileprivate mutating func append(_ text: String) {
    let bytes = text.unicodeScalars.map { UInt8($0.value) }
    append(bytes.span)
  }
}

@Suite struct RequestParserTests {
  private func next(_ parser: inout HTTPRequestParser) -> Found {
    switch parser.next() {
    case .needMore: .needMore
    case .wantsContinue: .wantsContinue
    case .failure(let violation): .failure(violation)
    case .complete(let request, let keepAlive):
      .request(
        request.method, request.path, request.query,
        body: String(decoding: request.body, as: UTF8.self), keepAlive: keepAlive)
    }
  }

  private func first(_ text: String, limits: HTTPLimits = HTTPLimits()) -> Found {
    var parser = HTTPRequestParser(limits: limits)
    parser.append(text)
    return next(&parser)
  }

  @Test func `pipelined requests come out one by one`() {
    var parser = HTTPRequestParser()
    let text =
      "GET /a?b=1?2 HTTP/1.1\r\nHost: x\r\n\r\n"
      + "\r\nPOST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      + "PUT /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
      + "DELETE /e? HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for character in text.unicodeScalars { parser.append(String(character)) }
    #expect(next(&parser) == .request("GET", "/a", "b=1?2", body: "", keepAlive: true))
    #expect(next(&parser) == .request("POST", "/c", nil, body: "abc", keepAlive: true))
    #expect(next(&parser) == .request("PUT", "/d", nil, body: "hi", keepAlive: true))
    #expect(next(&parser) == .request("DELETE", "/e", "", body: "", keepAlive: false))
    #expect(next(&parser) == .needMore)
  }

  @Test func `a client that waits for 100 Continue is told once`() {
    var parser = HTTPRequestParser()
    let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    parser.append(head)
    #expect(next(&parser) == .wantsContinue)
    #expect(next(&parser) == .needMore)
    parser.append("hi")
    #expect(next(&parser) == .request("POST", "/", nil, body: "hi", keepAlive: true))
    #expect(first(head + "hi") == .request("POST", "/", nil, body: "hi", keepAlive: true))
  }

  @Test func `HTTP/1.0 needs no Host and is closed`() {
    #expect(
      first("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        == .request("GET", "/", nil, body: "", keepAlive: false))
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", HTTPViolation.hostInvalid),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .hostInvalid),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .startLineInvalid),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("GET /\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .startLineInvalid),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionUnsupported),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", .versionUnsupported),
    ("GET / HTTP/1.1\nHost: a\n\n", .lineEndInvalid),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      .contentLengthRepeated
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", .contentLengthInvalid),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      .lengthAndCoding
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", .transferCodingUnsupported),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .transferCodingUnsupported),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", .bodyTooLarge),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", .expectationUnknown),
    ("GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", .fieldInvalid),
    ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", .fieldFolded),
  ])
  func `a bad request is refused for its reason`(text: String, violation: HTTPViolation) {
    #expect(first(text, limits: HTTPLimits(bodyMaximum: 10)) == .failure(violation))
  }
}
