import Testing
import Transport

@Suite struct ResponseFramingTests {
  @Test(arguments: goodAnswers + badFields + badLengths + badChunks + badLines + unfinished)
  func `bytes mean one thing, however they are cut`(vector: FramingVector) {
    #expect(vector.outcome([vector.bytes[...]]) == vector.expected)
    // Bytes after an answer are only seen when they come with its end.
    let alone = vector.expected.withoutLeftover
    #expect(
      vector.outcome(vector.bytes.indices.map { vector.bytes[$0...$0] }).withoutLeftover == alone)
    for cut in vector.bytes.indices {
      let outcome = vector.outcome([vector.bytes[..<cut], vector.bytes[cut...]])
      #expect(outcome.withoutLeftover == alone, "cut at \(cut)")
    }
  }

  @Test func `there are enough vectors`() {
    let all = [goodAnswers, badFields, badLengths, badChunks, badLines, unfinished]
    #expect(all.map(\.count).reduce(0, +) >= 120)
  }

  @Test func `a failed parser goes on failing`() {
    var parser = HTTPResponseParser()
    guard case .failure(.startLineInvalid) = parser.feed(Array("garbage in\r\n".utf8).span) else {
      Issue.record("the garbage passed")
      return
    }
    let good = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
    guard case .failure(.startLineInvalid) = parser.feed(good.span) else {
      Issue.record("the failed parser came back to life")
      return
    }
  }

  @Test func `one parser reads answer after answer`() throws {
    var parser = HTTPResponseParser()
    for number in 0..<100 {
      let body = String(repeating: "x", count: number)
      let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: \(number)\r\n\r\n\(body)".utf8)
      guard case .complete(let response, true, 0) = parser.feed(bytes.span) else {
        Issue.record("answer \(number) was not read")
        return
      }
      #expect(response.body == Array(body.utf8))
    }
  }

  @Test func `an answer stays as it was while the next ones are read`() throws {
    var parser = HTTPResponseParser()
    var held: [HTTPResponse] = []
    for text in ["one", "three", "to", String(repeating: "x", count: 100_000), "four"] {
      let head = "HTTP/1.1 200 OK\r\nX-Text: \(text.prefix(9))\r\nContent-Length: \(text.count)"
      let bytes = Array("\(head)\r\n\r\n\(text)".utf8)
      guard case .complete(let response, true, 0) = parser.feed(bytes.span) else {
        Issue.record("an answer was not read")
        return
      }
      held.append(response)
    }
    #expect(held.map { $0.header("X-Text") } == ["one", "three", "to", "xxxxxxxxx", "four"])
    #expect(held.map(\.headers.count) == [2, 2, 2, 2, 2])
    #expect(held.map(\.body.count) == [3, 5, 2, 100_000, 4])
    #expect(held[1].body == Array("three".utf8))
  }

  @Test func `fields are kept in order, with their values trimmed`() throws {
    var parser = HTTPResponseParser()
    let bytes = Array(
      "HTTP/1.1 429 \r\nRetry-After: \t5 \r\nretry-after:7\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n"
        .utf8)
    guard case .complete(let response, _, _) = parser.feed(bytes.span) else {
      Issue.record("the answer was not read")
      return
    }
    #expect(response.status == 429)
    #expect(response.headers.values(of: "RETRY-AFTER") == ["5", "7"])
    #expect(response.header("Retry-After") == "5")
    #expect(response.header("x-empty") == "")
    #expect(response.header("absent") == nil)
  }

  @Test func `a large body in small pieces costs no second copy of the past`() throws {
    var parser = HTTPResponseParser(limits: HTTPLimits(bodyMaximum: 4_000_000))
    _ = parser.feed(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8).span)
    // 1,000 bytes a chunk, and pieces that never end with one.
    let chunk = Array("3e8\r\n".utf8) + [UInt8](repeating: 0x61, count: 1_000) + Array("\r\n".utf8)
    let body = Array(repeatElement(chunk, count: 3_000).joined()) + Array("0\r\n\r\n".utf8)
    var last = HTTPResponseParser.Step.needMore
    for start in stride(from: 0, to: body.count, by: 777) {
      last = parser.feed(Array(body[start..<min(start + 777, body.count)]).span)
    }
    guard case .complete(let response, true, 0) = last else {
      Issue.record("the body was not read")
      return
    }
    #expect(response.body == [UInt8](repeating: 0x61, count: 3_000_000))
  }
}

private let ok = "HTTP/1.1 200 OK\r\n"
private let chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"

private let goodAnswers: [FramingVector] = [
  FramingVector("length", ok + "Content-Length: 2\r\n\r\nhi", .answer(200, "hi", keepAlive: true)),
  FramingVector("length 0", ok + "Content-Length: 0\r\n\r\n", .answer(200, "", keepAlive: true)),
  FramingVector(
    "length 002", ok + "Content-Length: 002\r\n\r\nhi", .answer(200, "hi", keepAlive: true)),
  FramingVector(
    "names have no case", ok + "cOnTeNt-LeNgTh: 2\r\n\r\nhi", .answer(200, "hi", keepAlive: true)),
  FramingVector(
    "blanks around a value", ok + "Content-Length: \t 2 \t\r\n\r\nhi",
    .answer(200, "hi", keepAlive: true)),
  FramingVector(
    "no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", .answer(200, "", keepAlive: true)),
  FramingVector(
    "no reason, no blank", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n",
    .answer(503, "", keepAlive: true)),
  FramingVector(
    "reason in another alphabet", "HTTP/1.1 200 \u{C3}\u{A9}\r\nContent-Length: 0\r\n\r\n",
    .answer(200, "", keepAlive: true)),
  FramingVector(
    "8-bit value", ok + "X: \u{E9}\r\nContent-Length: 0\r\n\r\n", .answer(200, "", keepAlive: true)),
  FramingVector(
    "chunks", chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", .answer(200, "abcde", keepAlive: true)),
  FramingVector(
    "chunked in capitals", ok + "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    .answer(200, "a", keepAlive: true)),
  FramingVector(
    "hexadecimal sizes", chunked + "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
    .answer(200, "01234567890123456789a", keepAlive: true)),
  FramingVector(
    "leading zeros in a size", chunked + "0003\r\nabc\r\n000\r\n\r\n",
    .answer(200, "abc", keepAlive: true)),
  FramingVector(
    "chunk extension", chunked + "3;name=value\r\nabc\r\n0;last\r\n\r\n",
    .answer(200, "abc", keepAlive: true)),
  FramingVector(
    "trailers are dropped", chunked + "1\r\na\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n",
    .answer(200, "a", keepAlive: true)),
  FramingVector(
    "line ends as data", chunked + "4\r\n\r\n\r\n\r\n0\r\n\r\n",
    .answer(200, "\r\n\r\n", keepAlive: true)),
  FramingVector(
    "close asked for", ok + "Connection: close\r\nContent-Length: 2\r\n\r\nhi",
    .answer(200, "hi", keepAlive: false)),
  FramingVector(
    "close in a list", ok + "Connection: foo , CLOSE\r\nContent-Length: 0\r\n\r\n",
    .answer(200, "", keepAlive: false)),
  FramingVector(
    "close in a second field",
    ok + "Connection: keep-alive\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    .answer(200, "", keepAlive: false)),
  FramingVector(
    "HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    .answer(200, "hi", keepAlive: false)),
  FramingVector(
    "HTTP/1.0 closes even with keep-alive",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
    .answer(200, "hi", keepAlive: false)),
  FramingVector(
    "until close", ok + "\r\nall of it", .answer(200, "all of it", keepAlive: false), closes: true),
  FramingVector(
    "until close, empty", ok + "\r\n", .answer(200, "", keepAlive: false), closes: true),
  FramingVector("204", "HTTP/1.1 204 No Content\r\n\r\n", .answer(204, "", keepAlive: true)),
  FramingVector(
    "204 with length 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    .answer(204, "", keepAlive: true)),
  FramingVector("304", "HTTP/1.1 304 Not Modified\r\n\r\n", .answer(304, "", keepAlive: true)),
  FramingVector(
    "304 with the length of what is not sent",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
    .answer(304, "", keepAlive: true)),
  FramingVector(
    "100 before", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi",
    .answer(200, "hi", keepAlive: true)),
  FramingVector(
    "103 with fields before",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close\r\n\r\n" + ok
      + "Content-Length: 0\r\n\r\n", .answer(200, "", keepAlive: true)),
  FramingVector(
    "eight interim answers",
    String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 8) + ok
      + "Content-Length: 0\r\n\r\n",
    .answer(200, "", keepAlive: true)),
  FramingVector(
    "identity coding", ok + "Content-Encoding: Identity\r\nContent-Length: 0\r\n\r\n",
    .answer(200, "", keepAlive: true)),
  FramingVector(
    "redirects are answers",
    "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://evil/\r\nContent-Length: 0\r\n\r\n",
    .answer(307, "", keepAlive: true)),
  FramingVector(
    "bytes after the answer", ok + "Content-Length: 2\r\n\r\nhi!",
    .answer(200, "hi", keepAlive: false, leftover: 1)),
  FramingVector(
    "a second answer after the first",
    ok + "Content-Length: 2\r\n\r\nhi" + ok + "Content-Length: 2\r\n\r\nho",
    .answer(200, "hi", keepAlive: false, leftover: 40)),
  FramingVector(
    "bytes after the last chunk", chunked + "0\r\n\r\nX",
    .answer(200, "", keepAlive: false, leftover: 1)),
  FramingVector(
    "bytes after 204", "HTTP/1.1 204 No Content\r\n\r\nX",
    .answer(204, "", keepAlive: false, leftover: 1)),
  FramingVector(
    "128 fields",
    ok + "Content-Length: 0\r\n" + String(repeating: "A: b\r\n", count: 127) + "\r\n",
    .answer(200, "", keepAlive: true)),
  FramingVector(
    "a body of the limit",
    ok + "Content-Length: 1000\r\n\r\n" + String(repeating: "b", count: 1_000),
    .answer(200, String(repeating: "b", count: 1_000), keepAlive: true)),
]

private let badFields: [FramingVector] = [
  FramingVector("folded field", ok + "A: b\r\n c\r\n\r\n", .failure(.fieldFolded)),
  FramingVector("folded with a tab", ok + "A: b\r\n\tc\r\n\r\n", .failure(.fieldFolded)),
  FramingVector("blank before the first field", ok + " A: b\r\n\r\n", .failure(.fieldFolded)),
  FramingVector("no colon", ok + "Content-Length\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector("no name", ok + ": b\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector(
    "blank before the colon", ok + "Content-Length : 2\r\n\r\nhi", .failure(.fieldInvalid)),
  FramingVector("blank in the name", ok + "Content Length: 2\r\n\r\nhi", .failure(.fieldInvalid)),
  FramingVector("8-bit name", ok + "\u{E9}: 2\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector("NUL in a name", ok + "A\u{0}: b\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector("NUL in a value", ok + "A: b\u{0}\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector("escape in a value", ok + "A: \u{1B}[0m\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector("DEL in a value", ok + "A: \u{7F}\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector("bare CR in a value", ok + "A: b\rc\r\n\r\n", .failure(.lineEndInvalid)),
  FramingVector("CR CR LF", ok + "A: b\r\r\n\r\n", .failure(.lineEndInvalid)),
  FramingVector(
    "129 fields", ok + String(repeating: "A: b\r\n", count: 129) + "\r\n", .failure(.tooManyFields)),
  FramingVector(
    "gzip unasked", ok + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
    .failure(.contentCodingUnsupported)),
  FramingVector(
    "br unasked", ok + "content-encoding: br\r\nContent-Length: 2\r\n\r\nhi",
    .failure(.contentCodingUnsupported)),
  FramingVector(
    "identity, then zstd", ok + "Content-Encoding: identity\r\nContent-Encoding: zstd\r\n\r\n",
    .failure(.contentCodingUnsupported)),
  FramingVector(
    "coding of nothing", ok + "Content-Encoding: \r\nContent-Length: 0\r\n\r\n",
    .failure(.contentCodingUnsupported)),
]

private let badLengths: [FramingVector] = [
  FramingVector(
    "two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
    .failure(.contentLengthRepeated)),
  FramingVector(
    "the same length twice", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    .failure(.contentLengthRepeated)),
  FramingVector(
    "list of lengths", ok + "Content-Length: 2, 2\r\n\r\nhi", .failure(.contentLengthInvalid)),
  FramingVector("length -1", ok + "Content-Length: -1\r\n\r\n", .failure(.contentLengthInvalid)),
  FramingVector("length +2", ok + "Content-Length: +2\r\n\r\nhi", .failure(.contentLengthInvalid)),
  FramingVector(
    "length 2.0", ok + "Content-Length: 2.0\r\n\r\nhi", .failure(.contentLengthInvalid)),
  FramingVector(
    "length 0x2", ok + "Content-Length: 0x2\r\n\r\nhi", .failure(.contentLengthInvalid)),
  FramingVector("length 1e1", ok + "Content-Length: 1e1\r\n\r\n", .failure(.contentLengthInvalid)),
  FramingVector("length 2 2", ok + "Content-Length: 2 2\r\n\r\n", .failure(.contentLengthInvalid)),
  FramingVector("no length", ok + "Content-Length:\r\n\r\n", .failure(.contentLengthInvalid)),
  FramingVector(
    "Arabic digits", ok + "Content-Length: \u{D9}\u{A2}\r\n\r\n", .failure(.contentLengthInvalid)),
  FramingVector(
    "20 digits", ok + "Content-Length: 18446744073709551616\r\n\r\n",
    .failure(.contentLengthInvalid)),
  FramingVector(
    "the top of 63 bits", ok + "Content-Length: 9223372036854775807\r\n\r\n",
    .failure(.bodyTooLarge)),
  FramingVector("one over the limit", ok + "Content-Length: 1001\r\n\r\n", .failure(.bodyTooLarge)),
  FramingVector(
    "length and chunks", ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi",
    .failure(.lengthAndCoding)),
  FramingVector(
    "chunks and length", ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    .failure(.lengthAndCoding)),
  FramingVector(
    "gzip, chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
    .failure(.transferCodingUnsupported)),
  FramingVector(
    "chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    .failure(.transferCodingUnsupported)),
  FramingVector(
    "chunked, chunked", ok + "Transfer-Encoding: chunked, chunked\r\n\r\n",
    .failure(.transferCodingUnsupported)),
  FramingVector(
    "xchunked", ok + "Transfer-Encoding: xchunked\r\n\r\n", .failure(.transferCodingUnsupported)),
  FramingVector(
    "quoted chunked", ok + "Transfer-Encoding: \"chunked\"\r\n\r\n",
    .failure(.transferCodingUnsupported)),
  FramingVector(
    "empty coding", ok + "Transfer-Encoding:\r\n\r\n", .failure(.transferCodingUnsupported)),
  FramingVector(
    "identity coding of transfer", ok + "Transfer-Encoding: identity\r\n\r\n",
    .failure(.transferCodingUnsupported)),
  FramingVector(
    "chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    .failure(.transferCodingUnsupported)),
  FramingVector(
    "204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi",
    .failure(.bodyForbidden)),
  FramingVector(
    "204 with chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    .failure(.bodyForbidden)),
  FramingVector(
    "304 with chunks", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    .failure(.bodyForbidden)),
  FramingVector(
    "100 with a length", "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nhi",
    .failure(.bodyForbidden)),
  FramingVector(
    "until close, over the limit", ok + "\r\n" + String(repeating: "b", count: 1_001),
    .failure(.bodyTooLarge)),
]

private let badChunks: [FramingVector] = [
  FramingVector("no size", chunked + "\r\nabc\r\n", .failure(.chunkInvalid)),
  FramingVector("size of an extension only", chunked + ";a=b\r\n", .failure(.chunkInvalid)),
  FramingVector("size -1", chunked + "-1\r\n", .failure(.chunkInvalid)),
  FramingVector("size +1", chunked + "+1\r\na\r\n", .failure(.chunkInvalid)),
  FramingVector("size 0x1", chunked + "0x1\r\na\r\n", .failure(.chunkInvalid)),
  FramingVector("size g", chunked + "g\r\n", .failure(.chunkInvalid)),
  FramingVector("blank before a size", chunked + " 1\r\na\r\n", .failure(.chunkInvalid)),
  FramingVector("blank after a size", chunked + "1 \r\na\r\n", .failure(.chunkInvalid)),
  FramingVector("size of 16 F", chunked + "FFFFFFFFFFFFFFFF\r\n", .failure(.chunkInvalid)),
  FramingVector("size of 17 digits", chunked + "00000000000000001\r\na", .failure(.chunkInvalid)),
  FramingVector("size of 15 F", chunked + "FFFFFFFFFFFFFFF\r\n", .failure(.bodyTooLarge)),
  FramingVector("one over the limit", chunked + "3e9\r\n", .failure(.bodyTooLarge)),
  FramingVector("two that add up", chunked + "1\r\na\r\n3e8\r\n", .failure(.bodyTooLarge)),
  FramingVector("data too short", chunked + "3\r\nab\r\n0\r\n\r\n", .failure(.chunkInvalid)),
  FramingVector("data too long", chunked + "2\r\nabc\r\n0\r\n\r\n", .failure(.chunkInvalid)),
  FramingVector("LF after data", chunked + "1\r\na\n0\r\n\r\n", .failure(.chunkInvalid)),
  FramingVector("bare LF after a size", chunked + "1\na\r\n", .failure(.lineEndInvalid)),
  FramingVector("bare CR in an extension", chunked + "1;a\rb\r\n", .failure(.lineEndInvalid)),
  FramingVector("NUL in an extension", chunked + "1;\u{0}\r\n", .failure(.chunkInvalid)),
  FramingVector(
    "endless extension", chunked + "1;" + String(repeating: "x", count: 300),
    .failure(.chunkInvalid)),
  FramingVector("bad trailer", chunked + "0\r\nno colon\r\n\r\n", .failure(.fieldInvalid)),
  FramingVector("folded trailer", chunked + "0\r\nA: b\r\n c\r\n\r\n", .failure(.fieldFolded)),
  FramingVector("bare LF ends the trailers", chunked + "0\r\n\n", .failure(.lineEndInvalid)),
]

private let badLines: [FramingVector] = [
  FramingVector("HTTP/0.9", "<html>hello</html>\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("empty first line", "\r\n" + ok, .failure(.startLineInvalid)),
  FramingVector("bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", .failure(.lineEndInvalid)),
  FramingVector("bare LF after a field", ok + "A: b\n\r\n", .failure(.lineEndInvalid)),
  FramingVector("bare LF ends the head", ok + "A: b\r\n\n", .failure(.lineEndInvalid)),
  FramingVector("LF first", "\n" + ok, .failure(.lineEndInvalid)),
  FramingVector("another protocol", "SSH-2.0-OpenSSH_9.2p1\r\n", .failure(.startLineInvalid)),
  FramingVector("ICY", "ICY 200 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("lower case", "http/1.1 200 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", .failure(.versionUnsupported)),
  FramingVector("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", .failure(.versionUnsupported)),
  FramingVector("HTTP/2", "HTTP/2 200 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("two blanks", "HTTP/1.1  200 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("tab", "HTTP/1.1\t200 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("status 99", "HTTP/1.1 099 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("status 600", "HTTP/1.1 600 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("status 20", "HTTP/1.1 20 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("status 2000", "HTTP/1.1 2000 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("status 2x0", "HTTP/1.1 2x0 OK\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector("NUL in the reason", "HTTP/1.1 200 O\u{0}K\r\n\r\n", .failure(.startLineInvalid)),
  FramingVector(
    "101 unasked", "HTTP/1.1 101 Switching Protocols\r\n\r\n", .failure(.switchedProtocols)),
  FramingVector(
    "nine interim answers", String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 9),
    .failure(.tooManyInterimResponses)),
]

private let unfinished: [FramingVector] = [
  FramingVector("nothing, then the end", "", .failure(.truncated), closes: true),
  FramingVector("cut status line", "HTTP/1.1 20", .failure(.truncated), closes: true),
  FramingVector("cut head", ok + "Content-Le", .failure(.truncated), closes: true),
  FramingVector(
    "cut body", ok + "Content-Length: 3\r\n\r\nhi", .failure(.truncated), closes: true),
  FramingVector("no last chunk", chunked + "2\r\nhi\r\n", .failure(.truncated), closes: true),
  FramingVector("cut last chunk", chunked + "2\r\nhi\r\n0\r\n", .failure(.truncated), closes: true),
  FramingVector("cut chunk", chunked + "5\r\nhi", .failure(.truncated), closes: true),
  FramingVector(
    "interim answer only", "HTTP/1.1 100 Continue\r\n\r\n", .failure(.truncated), closes: true),
  FramingVector("waiting for more", ok + "Content-Length: 3\r\n\r\nhi", .needMore),
  FramingVector("waiting for the close", ok + "\r\nhi", .needMore),
]
