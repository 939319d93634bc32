import Domain
import Platform
import Testing
import Transport

/// Servers that lie, stall, hang up or talk too much: an error or the whole right answer, never a
/// wrong one, and never a second copy of a request.
@Suite struct HostileServerTests {
  private let loop: EventLoop
  private let request = HTTPRequest(.post, "/api/v3/order?symbol=BTCUSDT&signature=secret")

  init() throws { loop = try EventLoop() }

  private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright"

  private func client(
    _ port: UInt16, _ change: (inout HTTPClient.Configuration) -> Void = { _ in }
  ) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    return HTTPClient(
      loop: loop, endpoint: try endpoint(port), tls: nil, configuration: configuration)
  }

  /// A server that sends these bytes after every request, and perhaps closes then.
  private func server(_ bytes: String, closes: Bool = false) throws -> RawServer {
    try RawServer(loop) { peer in
      peer.send(bytes)
      if closes { peer.close() }
    }
  }

  private func isRequest(_ bytes: [UInt8]) -> Bool {
    String(decoding: bytes, as: UTF8.self).hasPrefix("POST /api/v3/order?")
  }

  @Test func `a reply that is cut after any byte is an error, and the request went once`() throws {
    let answer = Array("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nright".utf8)
    let chunked = Array(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrig\r\n2\r\nht\r\n0\r\n\r\n".utf8)
    for reply in [answer, chunked] {
      for cut in 0...reply.count {
        let server = try server(String(decoding: reply.prefix(cut), as: UTF8.self), closes: true)
        let client = try client(server.port)
        let outcome = try client.exchange(request, .once)
        if cut == reply.count {
          #expect(outcome.text == "right")
        } else {
          let error = try #require(outcome.error)
          #expect(error.progress == .perhapsSent)
          #expect(error.phase == (cut == 0 ? .firstByte : .body))
          #expect(error.reason == (cut == 0 ? .peerClosed : .violation(.truncated)))
        }
        #expect(server.peers.count == 1)
        client.close()
        server.close()
      }
    }
  }

  @Test(arguments: [
    ("complete nonsense\r\n\r\n", HTTPViolation.startLineInvalid),
    ("\u{0}\u{1}\u{2}\r\n", .startLineInvalid),
    ("<html><body>Access denied</body></html>\r\n", .startLineInvalid),
    ("HTTP/1.1 200 OK\nContent-Length: 5\n\nwrong", .lineEndInvalid),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nwrong",
      .contentLengthRepeated
    ),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthAndCoding
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", .bodyTooLarge),
    (
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nwrong",
      .contentCodingUnsupported
    ),
    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", .switchedProtocols),
  ])
  func `an unreadable reply is an error that says so`(
    bytes: String, violation: HTTPViolation
  ) throws {
    let server = try server(bytes)
    let client = try client(server.port)
    let error = try #require(try client.exchange(request, .once).error)
    #expect(error.reason == .violation(violation))
    #expect(error.progress == .perhapsSent)
    #expect(client.status.open == 0)
    #expect(!error.description.contains("secret"))
    client.close()
    server.close()
  }

  @Test func `an oversized body ends at its limit`() throws {
    let server = try server(
      "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 40_000), closes: false)
    let client = try client(server.port) { $0.limits.bodyMaximum = 30_000 }
    #expect(try client.exchange(request).error?.reason == .violation(.bodyTooLarge))
    client.close()
    server.close()
  }

  @Test func `an HTML page from a firewall is an answer like any other`() throws {
    let page = "<html>blocked</html>"
    let server = try server(
      "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: \(page.utf8.count)\r\n"
        + "Connection: close\r\n\r\n\(page)", closes: true)
    let client = try client(server.port)
    let outcome = try client.exchange(request)
    #expect(outcome.status == 403)
    #expect(outcome.text == page)
    #expect(client.status.open == 0)
    client.close()
    server.close()
  }

  @Test func `an extra answer is never given to the next request`() throws {
    let server = try RawServer(loop) { peer in
      peer.send(Self.answer + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
    }
    let client = try client(server.port)
    for connections in 1...20 {
      #expect(try client.exchange(request, .once).text == "right")
      #expect(server.peers.count == connections)
    }
    client.close()
    server.close()
  }

  @Test func `an extra answer that comes later ends the idle connection`() throws {
    var first: RawServer.Peer?
    let server = try RawServer(loop) { peer in
      first = first ?? peer
      peer.send(Self.answer)
    }
    var events: [String] = []
    let client = try client(server.port)
    client.onConnectionEvent = { events.append($0.description) }
    #expect(try client.exchange(request).text == "right")
    // In the socket, but not yet seen by the loop: the check before the write must find it.
    first?.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
    #expect(try client.exchange(request, .once).text == "right")
    #expect(server.peers.count == 2)
    #expect(isRequest(server.peers[1].received))
    #expect(events.contains("connection closed: bytes that answer nothing"))
    client.close()
    server.close()
  }

  @Test func `a server that speaks first gets no request, and no storm of connections`() throws {
    let server = try RawServer(loop, connected: { $0.send(Self.answer) })
    let client = try client(server.port)
    let error = try #require(try client.exchange(request, .once).error)
    #expect(error.progress == .notSent)
    #expect(error.phase == .connect)
    #expect(error.reason == .violation(.unsolicitedBytes))
    #expect(server.peers.map(\.received) == [[]])
    client.close()
    server.close()
  }

  @Test func `bytes before any request end a connection`() throws {
    let server = try RawServer(loop, connected: { $0.send(Self.answer) })
    var lost = 0
    let client = try client(server.port) { $0.warmConnections = 1 }
    client.onConnectionEvent = { event in
      if case .lost(.violation(.unsolicitedBytes)) = event { lost += 1 }
    }
    client.start()
    try loop.run(until: { lost == 1 })
    #expect(client.status.open == 0)
    client.close()
    server.close()
  }

  @Test func `a reused connection that closes on the request is not tried again`() throws {
    for run in 0..<200 {
      var requests = 0
      let server = try RawServer(loop) { peer in
        requests += 1
        if requests == 1 { peer.send(Self.answer) } else { peer.close() }
      }
      let client = try client(server.port)
      #expect(try client.exchange(request, .once).text == "right")
      let error = try #require(try client.exchange(request, .once).error, "run \(run)")
      #expect(error.progress == .perhapsSent)
      #expect(error.phase == .firstByte)
      #expect(requests == 2)
      #expect(server.peers.count == 1)
      client.close()
      server.close()
    }
  }

  @Test func `a connection that died while idle is noticed before it gets a request`() throws {
    let server = try RawServer(loop) { $0.send(Self.answer) }
    let client = try client(server.port)
    #expect(try client.exchange(request, .once).text == "right")
    // The end is in the socket, and the loop does not turn before the next request.
    server.peers[0].close()
    #expect(try client.exchange(request, .once).text == "right")
    #expect(server.peers.count == 2)
    #expect(isRequest(server.peers[0].received))
    client.close()
    server.close()
  }

  @Test func `a trickled reply runs into the deadline for the whole answer`() throws {
    let clock = VirtualClock()
    let loop = try clock.loop()
    let bytes = Array(("HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 10_000)).utf8)
    let pause = Duration.milliseconds(2)
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      responder.trickle(bytes, piece: 1, every: pause, keepAlive: false)
    }
    var configuration = HTTPClient.Configuration()
    configuration.answerDeadline = .milliseconds(100)
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil, configuration: configuration)
    var answer: Answer?
    client.send(request, .ordinary) { answer = $0 }
    try loop.run(until: { client.status.busy == 1 })
    let sentAt = clock.now
    while answer == nil {
      clock.advance(by: pause)
      try loop.turnAtOnce()
      let isOver = clock.now.since(sentAt) >= configuration.answerDeadline
      try #require(isOver == (answer != nil))
    }
    #expect(answer?.error?.reason == .deadline)
    #expect(answer?.error?.phase == .body)
    client.close()
    server.close()
  }

  @Test func `a trickled reply that is in time is read`() throws {
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      responder.trickle(
        Array(Self.answer.utf8), piece: 1, every: .microseconds(200), keepAlive: true)
    }
    let client = try client(server.port)
    for _ in 0..<3 { #expect(try client.exchange(request).text == "right") }
    #expect(server.openConnections == 1)
    client.close()
    server.close()
  }

  @Test func `a reset at any point is an error`() throws {
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      let cut = Int(request.query ?? "") ?? 0
      responder.reset(after: Array(Self.answer.utf8.prefix(cut)))
    }
    for cut in [0, 1, 20, 42] {
      let client = try client(server.port)
      let error = try #require(try client.exchange(HTTPRequest(.post, "/?\(cut)"), .once).error)
      #expect(error.progress == .perhapsSent)
      client.close()
    }
    server.close()
  }

  @Test func `a redirect is handed over, not followed`() throws {
    var strangers = 0
    let other = try RawServer(loop, connected: { _ in strangers += 1 })
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      responder.respond(307, headers: [("Location", "http://127.0.0.1:\(other.port)/")])
    }
    let client = try client(server.port)
    let outcome = try client.exchange(request, .once)
    #expect(outcome.status == 307)
    try loop.run(for: .milliseconds(20))
    #expect(strangers == 0)
    client.close()
    server.close()
    other.close()
  }
}
