import Domain
import Glibc
import Platform
import TestKit
import Testing
import Transport

@Suite struct HTTPServerTests {
  private let loop: EventLoop

  init() throws { loop = try EventLoop() }

  private func server(
    _ change: (inout HTTPServer.Configuration) -> Void = { _ in },
    _ handler: @escaping HTTPServer.Handler
  ) throws -> HTTPServer {
    var configuration = HTTPServer.Configuration()
    change(&configuration)
    return try HTTPServer(
      loop: loop, port: 0, tls: nil, configuration: configuration, handler: handler)
  }

  private func request(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n" }

  private func answer(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func `pipelined requests are handled one after another`() throws {
    var held: [(String, Responder)] = []
    let server = try server { request, responder in held.append((request.path, responder)) }
    let client = try RawClient(loop, port: server.port)
    client.send((1...5).map { request("/\($0)") }.joined())
    for number in 1...5 {
      try loop.run(until: { held.count == number })
      try loop.run(for: .milliseconds(5))
      #expect(held.count == number)
      let (path, responder) = held[number - 1]
      responder.respond(200, body: Array(path.utf8))
    }
    let all = (1...5).map { answer("/\($0)") }.joined()
    try loop.run(until: { client.received.count == all.utf8.count })
    #expect(client.text == all)
    server.close()
  }

  @Test func `the answer to HEAD says how long its body is, and has none`() throws {
    let server = try server { request, responder in
      responder.respond(request.path == "/" ? 200 : 404, body: Array(request.path.utf8))
    }
    let client = try RawClient(loop, port: server.port)
    client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nHEAD /no HTTP/1.1\r\nHost: x\r\n\r\n")
    client.send(request("/last"))
    let all =
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
      + "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n"
      + "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n/last"
    try loop.run(until: { client.received.count >= all.utf8.count })
    #expect(client.text == all)
    server.close()
  }

  @Test func `thousands of pipelined requests are answered in order`() throws {
    let server = try server { request, responder in
      responder.respond(200, body: Array(request.path.utf8))
    }
    let client = try RawClient(loop, port: server.port)
    let expected = (0..<3_000).map { answer("/\($0)") }.joined()
    for start in stride(from: 0, to: 3_000, by: 500) {
      client.send((start..<(start + 500)).map { request("/\($0)") }.joined())
    }
    try loop.run(until: { client.received.count == expected.utf8.count })
    #expect(client.text == expected)
    server.close()
  }

  @Test func `a client that does not read is not read from`() throws {
    var requests = 0
    let body = [UInt8](repeating: 0x61, count: 1_000_000)
    let server = try server { _, responder in
      requests += 1
      responder.respond(200, body: body)
    }
    let client = try RawClient(loop, port: server.port, reads: false)
    client.send((0..<100).map { request("/\($0)") }.joined())
    try loop.run(until: { requests > 0 })
    try loop.run(for: .milliseconds(100))
    // What the two socket buffers swallow, and one answer that waits.
    #expect((1...12).contains(requests))
    try client.read()
    try loop.run(until: { client.received.count > 100 * body.count && requests == 100 })
    server.close()
  }

  @Test func `who waits for 100 Continue gets it, then the answer`() throws {
    let server = try server { request, responder in responder.respond(200, body: request.body) }
    let client = try RawClient(loop, port: server.port)
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    try loop.run(until: { client.text == "HTTP/1.1 100 Continue\r\n\r\n" })
    client.send("hi")
    try loop.run(until: { client.text == "HTTP/1.1 100 Continue\r\n\r\n" + self.answer("hi") })
    server.close()
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
    ("garbage\r\n", "400 Bad Request"),
    ("GET / HTTP/3.0\r\n", "505 HTTP Version Not Supported"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", "413 Content Too Large"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "501 Not Implemented"),
    ("POST / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", "417 Expectation Failed"),
    (
      "GET / HTTP/1.1\r\nA: " + String(repeating: "x", count: 70_000),
      "431 Request Header Fields Too Large"
    ),
  ])
  func `a bad request is answered with its status, and the connection ends`(
    bytes: String, status: String
  ) throws {
    let server = try server { _, responder in responder.respond(200) }
    let client = try RawClient(loop, port: server.port)
    client.send(bytes)
    try loop.run(until: { client.isEnded })
    #expect(client.text.hasPrefix("HTTP/1.1 \(status)\r\n"))
    #expect(client.text.contains("\r\nConnection: close\r\n"))
    server.close()
  }

  @Test func `the connection ends when the client wants it, and with HTTP 1.0`() throws {
    let server = try server { _, responder in responder.respond(200) }
    for bytes in [
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
    ] {
      let client = try RawClient(loop, port: server.port)
      client.send(bytes)
      try loop.run(until: { client.isEnded })
      #expect(client.text == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }
    server.close()
  }

  @Test func `a request that never ends is dropped, however busily it drips`() throws {
    let clock = VirtualClock()
    let loop = try clock.loop()
    let configuration = HTTPServer.Configuration()
    let server = try HTTPServer(loop: loop, port: 0, tls: nil, configuration: configuration) {
      _, responder in responder.respond(200)
    }
    let client = try RawClient(loop, port: server.port)
    client.send("GET / HTTP/1.1\r\n")
    try loop.run(until: { server.openConnections == 1 })
    // The deadline counts from the first byte; reading it sets the deadline anew at this moment.
    try loop.turnAtOnce()
    let drips = 10
    for _ in 1..<drips {
      clock.advance(by: configuration.requestDeadline / drips)
      client.send("A: b\r\n")
      try loop.turnAtOnce()
      #expect(server.openConnections == 1)
    }
    clock.advance(by: configuration.requestDeadline / drips)
    try loop.run(until: { client.isEnded })
    #expect(client.received.isEmpty)
    server.close()
  }

  @Test func `more clients than the limit wait their turn`() throws {
    let server = try server({ $0.maximumConnections = 2 }) { request, responder in
      responder.respond(200, body: Array(request.path.utf8))
    }
    var clients = try (0..<4).map { _ in try RawClient(loop, port: server.port) }
    for (number, client) in clients.enumerated() { client.send(request("/\(number)")) }
    try loop.run(until: { clients[0].text != "" && clients[1].text != "" })
    try loop.run(for: .milliseconds(20))
    #expect(server.openConnections == 2)
    #expect(clients[2].text == "" && clients[3].text == "")
    clients.removeFirst(2)
    try loop.run(until: {
      clients[0].text == self.answer("/2") && clients[1].text == self.answer("/3")
    })
    server.close()
  }

  @Test func `a client that resets while its answer is prepared is forgotten`() throws {
    var held: [Responder] = []
    let server = try server { _, responder in held.append(responder) }
    let client = try RawClient(loop, port: server.port)
    client.send(request("/"))
    try loop.run(until: { held.count == 1 })
    client.reset()
    try loop.run(until: { server.openConnections == 0 })
    held[0].respond(200)
    server.close()
  }

  @Test func `a responder that is dropped without a word closes the connection`() throws {
    let server = try server { _, _ in }
    let client = try RawClient(loop, port: server.port)
    client.send(request("/"))
    try loop.run(until: { client.isEnded })
    #expect(client.received.isEmpty)
    server.close()
  }

  @Test func `only the first answer counts`() throws {
    let server = try server { _, responder in
      responder.respond(200, body: Array("first".utf8))
      responder.respond(200, body: Array("second".utf8))
      responder.close()
    }
    let client = try RawClient(loop, port: server.port)
    client.send(request("/"))
    try loop.run(until: { client.text == self.answer("first") })
    client.send(request("/"))
    try loop.run(until: { client.text == self.answer("first") + self.answer("first") })
    server.close()
  }

  @Test func `an answer may come later, be cut, or be replaced by other bytes`() throws {
    let clock = VirtualClock()
    let loop = try clock.loop()
    let delay = Duration.milliseconds(20)
    var later = 0
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      let response = HTTPResponse(status: 200, body: Array("later".utf8))
      switch request.path {
      case "/later":
        later += 1
        responder.respond(response, after: delay)
      case "/cut": responder.respond(response, cutAfter: 12)
      default: responder.sendRaw(Array("garbage".utf8), keepAlive: false)
      }
    }
    let client = try RawClient(loop, port: server.port)
    client.send(request("/later"))
    try loop.run(until: { later == 1 })
    clock.advance(by: delay - .nanoseconds(1))
    try loop.turnAtOnce()
    #expect(client.received.isEmpty)
    clock.advance(by: .nanoseconds(1))
    try loop.run(until: { client.text == self.answer("later") })
    client.send(request("/cut"))
    try loop.run(until: { client.isEnded })
    #expect(client.text == answer("later") + "HTTP/1.1 200")
    let other = try RawClient(loop, port: server.port)
    other.send(request("/other"))
    try loop.run(until: { other.isEnded })
    #expect(other.text == "garbage")
    server.close()
  }

  @Test func `a port that is taken is an error, and a closed server frees its port`() throws {
    let port = try ReservedPort()
    defer { withExtendedLifetime(port) {} }
    func server() throws -> HTTPServer {
      try HTTPServer(loop: loop, port: port.number, tls: nil) { _, _ in }
    }
    let first = try server()
    #expect(throws: SystemError("bind", "127.0.0.1 port \(port.number)", number: EADDRINUSE)) {
      try server()
    }
    first.close()
    let second = try server()
    #expect(second.port == port.number)
    second.close()
  }
}
