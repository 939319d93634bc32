import Platform
import Testing

@Suite struct `The line buffer` {
  @Test func `any way of cutting the bytes gives the same lines`() {
    let stream = Array(
      "one\n\ntwo\r\nabcdefghijk\nabcdefghij\r\nabcdefghij\nabcdefghijkl\r\nend".utf8)
    let expected: [LineInput] = [
      .line(Array("one".utf8)), .line(Array("two".utf8)), .tooLong,
      .line(Array("abcdefghij".utf8)), .line(Array("abcdefghij".utf8)), .tooLong,
      .line(Array("end".utf8)),
    ]
    for size in 1...stream.count {
      var buffer = LineBuffer(maximumLineBytes: 10)
      var inputs: [LineInput] = []
      var rest = stream[...]
      while !rest.isEmpty {
        buffer.append(rest.prefix(size))
        rest = rest.dropFirst(size)
        while let input = buffer.next() { inputs.append(input) }
      }
      if let input = buffer.finish() { inputs.append(input) }
      #expect(inputs == expected, "pieces of \(size)")
    }
  }

  @Test func `a long line that ends with the stream is reported once`() {
    var buffer = LineBuffer(maximumLineBytes: 4)
    buffer.append(Array("abcdefgh".utf8))
    #expect(buffer.next() == .tooLong)
    buffer.append(Array("ijk".utf8))
    #expect(buffer.next() == nil)
    #expect(buffer.finish() == nil)
  }

  private static let requests: [(String, ForeignProtocol)] = [
    ("GET / HTTP/1.1\r\n", .http), ("POST /x?y HTTP/1.0\n", .http), ("GET /", .http),
    ("OPTIONS * HTTP/1.1\r\n", .http), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http),
    ("CONNECT a:443 HTTP/1.1\n", .http), ("get / http/1.1 HTTP/1.1\n", .http),
    ("PROPFIND /a b HTTP/1.1\r\n", .http), ("PATCH / HTTP/3", .http),
    ("GET /" + String(repeating: "x", count: 200) + " HTTP/1.1\n", .http),
    ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", .tls), ("\u{16}\u{3}\n", .tls),
  ]

  @Test func `another protocol is known however its bytes are cut, and ends the lines`() {
    for (request, other) in Self.requests {
      for before in ["", "one\n", "\r\n"] {
        let stream = Array((before + request + "\n{}\nGET / HTTP/1.1\n").utf8)
        for size in [1, 2, 3, 7, stream.count] {
          var buffer = LineBuffer(maximumLineBytes: 100)
          var inputs: [LineInput] = []
          var rest = stream[...]
          while !rest.isEmpty {
            buffer.append(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let input = buffer.next() { inputs.append(input) }
          }
          if let input = buffer.finish() { inputs.append(input) }
          let line = before == "one\n" ? [LineInput.line(Array("one".utf8))] : []
          #expect(inputs == line + [.foreign(other)], "\(request) in pieces of \(size)")
        }
      }
    }
  }

  @Test(arguments: [
    "GETTING", "GET", "POSTER /", " GET / HTTP/1.1", "{\"note\": \"x HTTP/1.1\"}",
    "Host: a HTTP/1.1",
    "/ HTTP/1.1", "a HTTP/1.1", "PROPFIND / HTTP", "\u{16}", "\u{16}x", "x\u{16}\u{3}",
  ])
  func `a line that only looks a little like it is a line`(_ text: String) {
    var buffer = LineBuffer(maximumLineBytes: 100)
    buffer.append(Array((text + "\n").utf8))
    #expect(buffer.next() == .line(Array(text.utf8)))
  }
}
