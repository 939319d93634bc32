import Domain
import Platform
import TestKit
import Testing
import Transport

/// The opening handshake, on real sockets: what is sent, what is taken, and what is refused.
@Suite struct WebSocketUpgradeTests {
  private let clock = VirtualClock()
  private let loop: EventLoop

  init() throws { loop = try clock.loop() }

  private static let secret = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"

  /// How a client ends that gets this for an answer.
  private func end(
    of answer: String, target: String = "/ws", closes: Bool = false
  ) throws -> WebSocketEnd? {
    let server = try RawServer(loop) { peer in
      peer.send(answer)
      if closes { peer.close() }
    }
    defer { server.close() }
    let client = try UpgradeText.client(loop, server.port, target)
    let heard = client.begin()
    try loop.run(until: { heard.end != nil })
    #expect(heard.events.count == 1)
    return heard.end
  }

  @Test(arguments: [
    ("", "", "/"), ("", "/ws", "/ws"), ("/ws", "", "/ws"), ("/ws", "/a", "/ws/a"),
    ("", "?a=b", "/?a=b"), ("/ws", "?listenKey=k", "/ws?listenKey=k"),
  ])
  func `the request is the one of the standard`(
    prefix: String, target: String, sent: String
  ) throws {
    let server = try UpgradeText.server(loop)
    let client = WebSocketClient(
      loop: loop, endpoint: try Endpoint(webSocket: "ws://127.0.0.1:\(server.port)\(prefix)"),
      target: target, tls: nil, configuration: .init(idleMaximum: .seconds(60)),
      random: UpgradeText.random())
    let heard = client.begin()
    #expect(!client.isOpen)
    try loop.run(until: { heard.isOpen })
    #expect(client.isOpen)
    #expect(
      String(decoding: server.peers[0].received, as: UTF8.self) == """
        GET \(sent) HTTP/1.1\r
        Host: 127.0.0.1:\(server.port)\r
        User-Agent: mexc-signald\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Key: \(UpgradeText.key)\r
        Sec-WebSocket-Version: 13\r
        \r\n
        """)
    server.close()
  }

  @Test(arguments: ["x", "/a b", "/a\r\nX: y", "/ü", "/a#b", "http://evil/"])
  func `a target that could be read in two ways is not sent`(target: String) throws {
    let server = try UpgradeText.server(loop)
    let client = try UpgradeText.client(loop, server.port, target)
    let heard = client.begin()
    #expect(heard.events == [])
    try loop.run(until: { heard.end != nil })
    let error = try #require(heard.end?.connectionError)
    #expect(error.reason == .invalidRequest(.targetInvalid))
    #expect(server.peers.isEmpty)
    server.close()
  }

  @Test(arguments: [
    ("upgrade: WebSocket\r\nCONNECTION: keep-alive, Upgrade\r\n", ""),
    ("Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 0\r\nX: y\r\n", ""),
    ("Upgrade: websocket\r\nConnection: upgrade\r\n", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"),
  ])
  func `an answer in other words is taken`(fields: String, before: String) throws {
    let server = try RawServer(loop) { peer in
      peer.send(
        before + "HTTP/1.1 101\r\n\(fields)Sec-WebSocket-Accept: \(UpgradeText.accept)\r\n\r\n")
    }
    let client = try UpgradeText.client(loop, server.port)
    let heard = client.begin()
    try loop.run(until: { !heard.events.isEmpty })
    #expect(heard.events == [.opened])
    server.close()
  }

  private static let accept = "Sec-WebSocket-Accept: \(UpgradeText.accept)\r\n"
  private static let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"

  @Test(arguments: [
    ("Connection: Upgrade\r\n" + accept, WebSocketRefusal.upgradeInvalid),
    ("Upgrade: h2c\r\nConnection: Upgrade\r\n" + accept, .upgradeInvalid),
    ("Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n" + accept, .upgradeInvalid),
    ("Upgrade: websocket\r\n" + accept, .connectionInvalid),
    ("Upgrade: websocket\r\nConnection: keep-alive\r\n" + accept, .connectionInvalid),
    (upgrade, .acceptInvalid),
    (upgrade + "Sec-WebSocket-Accept: \(UpgradeText.key)\r\n", .acceptInvalid),
    (upgrade + "Sec-WebSocket-Accept: \(UpgradeText.accept.lowercased())\r\n", .acceptInvalid),
    (upgrade + accept + accept, .acceptInvalid),
    (upgrade + accept + "Sec-WebSocket-Extensions: permessage-deflate\r\n", .extensionUnasked),
    (upgrade + accept + "Sec-WebSocket-Protocol: chat\r\n", .subprotocolUnasked),
  ])
  func `a switch to something else is refused`(
    fields: String, refusal: WebSocketRefusal
  ) throws {
    let end = try end(of: "HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\n")
    #expect(end == .refused(refusal))
  }

  @Test(arguments: [
    ("404 Not Found\r\nContent-Length: 10\r\n\r\nnot found\n", false, 404, "not found"),
    ("200 OK\r\nContent-Length: 0\r\n\r\n", false, 200, ""),
    (
      "429 Too Many Requests\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nslow\r\n0\r\n\r\n", false,
      429, "slow"
    ),
    ("301 Moved\r\nLocation: wss://evil\r\nContent-Length: 0\r\n\r\n", false, 301, ""),
    ("403 Forbidden\r\n\r\nblocked", true, 403, "blocked"),
    ("502 Bad Gateway\r\nContent-Length: 100\r\n\r\ncut", true, 502, "cut"),
    ("503 Busy\r\nContent-Length: 99999999\r\n\r\n", false, 503, ""),
    ("503 Busy\r\nTransfer-Encoding: gzip\r\n\r\n", false, 503, ""),
    ("204 None\r\n\r\n", false, 204, ""),
  ])
  func `another status is told with the beginning of its text`(
    answer: String, closes: Bool, status: Int, text: String
  ) throws {
    #expect(try end(of: "HTTP/1.1 " + answer, closes: closes) == .refused(.status(status, text)))
  }

  @Test func `how long a refusal wants to be waited for is told`() throws {
    let answer = "HTTP/1.1 429 X\r\nRetry-After: 7\r\nretry-after: x\r\nContent-Length: 0\r\n\r\n"
    #expect(try end(of: answer) == .refused(.status(429, "", retryAfter: ["7", "x"])))
  }

  @Test func `a long text is cut, and a text cannot forge a line`() throws {
    let long = "a\r\nb\u{1B}[0m" + String(repeating: "x", count: 5_000)
    let end = try end(of: "HTTP/1.1 500 X\r\nContent-Length: \(long.utf8.count)\r\n\r\n\(long)")
    guard case .refused(.status(500, let text, _, _)) = end else {
      Issue.record("\(String(describing: end))")
      return
    }
    #expect(text.utf8.count == 200)
    let description = try #require(end?.description)
    #expect(description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    #expect(description.hasPrefix("the upgrade to a WebSocket was refused: status 500: a\\r\\nb"))
  }

  @Test(arguments: [
    ("garbage\r\n\r\n", HTTPViolation.startLineInvalid),
    ("HTTP/1.0 101 Switching Protocols\r\n" + upgrade + accept + "\r\n", .versionUnsupported),
    ("HTTP/1.1 101 X\r\nA : b\r\n\r\n", .fieldInvalid),
    (String(repeating: "HTTP/1.1 103 X\r\n\r\n", count: 9), .tooManyInterimResponses),
  ])
  func `an answer that is not HTTP is a violation`(
    answer: String, violation: HTTPViolation
  ) throws {
    let error = try #require(try end(of: answer)?.connectionError)
    #expect(error.reason == .violation(violation))
    #expect(error.progress == .perhapsSent)
  }

  @Test func `a server that hangs up is told as such`() throws {
    for answer in ["", "HTTP/1.1 101 Switch"] {
      let server = try RawServer(loop) { peer in
        if !answer.isEmpty { peer.send(answer) }
        peer.close()
      }
      let client = try UpgradeText.client(loop, server.port)
      let heard = client.begin()
      try loop.run(until: { heard.end != nil })
      let error = try #require(heard.end?.connectionError)
      #expect(error.phase == (answer.isEmpty ? .firstByte : .body))
      #expect(error.reason == .peerClosed)
      server.close()
    }
  }

  @Test func `nobody listening is told as such`() throws {
    let silent = try ReservedPort()
    defer { withExtendedLifetime(silent) {} }
    let client = try UpgradeText.client(loop, silent.number)
    let heard = client.begin()
    try loop.run(until: { heard.end != nil })
    #expect(heard.end?.description.contains("Connection refused") == true)
    #expect(heard.end?.description.contains("ws://127.0.0.1:\(silent.number):") == true)
  }

  @Test func `a secret in the query is in no error, even when the server repeats it`() throws {
    let target = "/ws?listenKey=\(Self.secret)&x=1"
    let half = Self.secret.prefix(40).uppercased()
    for body in ["no such key: \(Self.secret)", "\(half)", "GET \(target)"] {
      let length = "Content-Length: \(body.utf8.count)\r\n\r\n"
      let end = try end(of: "HTTP/1.1 400 Bad\r\n\(length)\(body)", target: target)
      #expect(
        end == .refused(.status(400, "(a text that repeats the request is not shown)")))
    }
    for answer in ["HTTP/1.1 404 X\r\nContent-Length: 4\r\n\r\nnone", "HTTP/2", UpgradeText.answer]
    {
      let server = try RawServer(loop) { peer in
        peer.send(answer)
        peer.close()
      }
      let client = try UpgradeText.client(loop, server.port, target)
      let heard = client.begin()
      try loop.run(until: { heard.end != nil })
      #expect(!"\(heard.events) \(heard.events.map { "\($0)" })".contains("pqia91ma"))
      server.close()
    }
  }

  @Test(arguments: ["%2B", "+"])
  func `a close reason that repeats the query is not told`(sign: String) throws {
    var frame: [UInt8] = []
    WebSocketWriter(role: .server).appendClose(
      WebSocketCloseCode(rawValue: 4000), "key abc\(sign)defg\(sign)hij expired", to: &frame)
    let server = try UpgradeText.server(loop, then: frame)
    let client = try UpgradeText.client(loop, server.port, "?listenKey=abc%2Bdefg%2Bhij")
    let heard = client.begin()
    try loop.run(until: { server.peers.last?.frames.isEmpty == false })
    server.close()
    try loop.run(until: { heard.end != nil })
    #expect(
      heard.end
        == .closedByPeer(
          WebSocketCloseCode(rawValue: 4000), "(a text that repeats the request is not shown)"))
  }

  // MARK: - The server's side

  private func answer(to request: String) throws -> String {
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      #expect(responder.upgrade(request) == nil)
    }
    defer { server.close() }
    let client = try RawClient(loop, port: server.port)
    client.send(request)
    try loop.run(until: { client.text.hasSuffix("\n") && client.text.contains("\r\n\r\n") })
    return client.text
  }

  private static func request(without name: String = " ", with line: String = "") -> String {
    let lines = UpgradeText.request.split(separator: "\r\n").filter { !$0.hasPrefix(name) }
    return (lines + (line.isEmpty ? [] : [line[...]])).joined(separator: "\r\n") + "\r\n\r\n"
  }

  @Test(arguments: [
    (request(without: "Upgrade"), "426 Upgrade Required", "Upgrade: websocket"),
    (request(without: "Upgrade", with: "Upgrade: h2c"), "426 Upgrade Required", "websocket"),
    (request(without: "Sec-WebSocket-V"), "426 Upgrade Required", "Sec-WebSocket-Version: 13"),
    (
      request(without: "Sec-WebSocket-V", with: "Sec-WebSocket-Version: 8"),
      "426 Upgrade Required", "Sec-WebSocket-Version: 13"
    ),
    (request(without: "Connection"), "400 Bad Request", "Connection"),
    (request(without: "Sec-WebSocket-K"), "400 Bad Request", "Sec-WebSocket-Key"),
    (
      request(without: "Sec-WebSocket-K", with: "Sec-WebSocket-Key: c2hvcnQ="), "400 Bad Request",
      "Sec-WebSocket-Key"
    ),
    (
      request(without: "Sec-WebSocket-K", with: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!!=="),
      "400 Bad Request", "Sec-WebSocket-Key"
    ),
    (
      request(with: "Sec-WebSocket-Key: \(UpgradeText.key)"), "400 Bad Request",
      "Sec-WebSocket-Key"
    ),
    (
      "POST" + request(with: "Content-Length: 0").dropFirst(3), "400 Bad Request", "GET"
    ),
    (request(with: "Content-Length: 2") + "hi", "400 Bad Request", "without a body"),
    (
      request().replacing("HTTP/1.1", with: "HTTP/1.0"), "400 Bad Request", "HTTP/1.1"
    ),
  ])
  func `a request that asks for no proper upgrade is answered so`(
    request: String, status: String, words: String
  ) throws {
    let text = try answer(to: request)
    #expect(text.hasPrefix("HTTP/1.1 \(status)\r\n"))
    #expect(text.contains(words))
  }

  @Test func `a proper request is answered with its key's answer`() throws {
    var peers: [WebSocketPeer?] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      peers.append(responder.upgrade(request))
      // Only the first answer counts.
      responder.respond(200)
      #expect(responder.upgrade(request) == nil)
    }
    let client = try RawClient(loop, port: server.port)
    client.send(UpgradeText.request)
    try loop.run(until: { client.text.hasSuffix("\r\n\r\n") })
    #expect(client.text == UpgradeText.answer)
    #expect(peers.count == 1 && peers[0] != nil)
    server.close()
  }

  @Test func `a request before the upgrade is answered, on the same connection`() throws {
    var heard: Heard?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      guard request.path == "/ws" else { return responder.respond(200) }
      heard = responder.upgrade(request)?.listen()
    }
    let client = try RawClient(loop, port: server.port)
    // Everything at once, a message too.
    client.send(
      Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8) + Array(UpgradeText.request.utf8)
        + [0x81, 0x82, 0, 0, 0, 0, 0x48, 0x69])
    try loop.run(until: { heard?.texts == ["Hi"] })
    let answers = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + UpgradeText.answer
    try loop.run(until: { client.text.utf8.count >= answers.utf8.count })
    #expect(client.text == answers)
    server.close()
  }
}
