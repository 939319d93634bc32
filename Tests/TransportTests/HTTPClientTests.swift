import Domain
import Platform
import TestKit
import Testing
import Transport

@Suite struct HTTPClientTests {
  let loop: EventLoop

  init() throws { loop = try EventLoop() }

  private func server(
    _ handler: @escaping HTTPServer.Handler
  ) throws -> HTTPServer {
    try HTTPServer(loop: loop, port: 0, tls: nil, handler: handler)
  }

  private func client(
    _ port: UInt16, _ configuration: HTTPClient.Configuration = HTTPClient.Configuration()
  ) throws -> HTTPClient {
    HTTPClient(loop: loop, endpoint: try endpoint(port), tls: nil, configuration: configuration)
  }

  @Test func `a request arrives whole and its answer comes back`() throws {
    var seen: ReceivedRequest?
    let server = try server { request, responder in
      seen = request
      responder.respond(201, headers: [("X-Seen", "yes")], body: Array("hello".utf8))
    }
    let client = HTTPClient(
      loop: loop, endpoint: try Endpoint("http://127.0.0.1:\(server.port)/base/"), tls: nil)
    let answer = try client.exchange(
      HTTPRequest(
        .post, "/api/v3/order?symbol=BTCUSDT&side=BUY", headers: [("X-MEXC-APIKEY", "key")]))
    #expect(answer.status == 201)
    #expect(answer.text == "hello")
    #expect(try answer.get().header("x-seen") == "yes")
    let request = try #require(seen)
    #expect(request.method == "POST")
    #expect(request.path == "/base/api/v3/order")
    #expect(request.query == "symbol=BTCUSDT&side=BUY")
    #expect(request.header("Host") == "127.0.0.1:\(server.port)")
    #expect(request.header("Content-Length") == "0")
    #expect(request.header("Accept-Encoding") == "identity")
    #expect(request.header("Connection") == "keep-alive")
    #expect(request.header("User-Agent") == "mexc-signald")
    #expect(request.header("x-mexc-apikey") == "key")
    #expect(request.connection == 1)
    client.close()
    server.close()
  }

  @Test func `one connection carries many requests`() throws {
    var count = 0
    let server = try server { _, responder in
      count += 1
      responder.respond(200, body: Array("\(count)".utf8))
    }
    let client = try client(server.port)
    for number in 1...50 {
      #expect(try client.exchange(HTTPRequest(.get, "/")).text == "\(number)")
    }
    #expect(server.openConnections == 1)
    #expect(client.status.open == 1)
  }

  @Test func `nobody listening means that nothing was sent`() throws {
    let silent = try ReservedPort()
    defer { withExtendedLifetime(silent) {} }
    let port = silent.number
    let error = try #require(try client(port).exchange(HTTPRequest(.post, "/"), .once).error)
    #expect(error.progress == .notSent)
    #expect(error.phase == .connect)
    #expect(error.reason == .system(SystemError("connect", "127.0.0.1", number: 111)))
    #expect(
      error.description
        == "http://127.0.0.1:\(port): connecting: connect 127.0.0.1: Connection refused "
        + "(nothing was sent)")
  }

  @Test func `a request that is too late before it leaves does not leave`() throws {
    var count = 0
    let server = try server { _, responder in
      count += 1
      responder.respond(200)
    }
    let client = try client(server.port)
    #expect(try client.exchange(HTTPRequest(.get, "/warm")).status == 200)
    var answer: Answer?
    client.send(HTTPRequest(.post, "/"), .once, before: Clock.monotonic()) { answer = $0 }
    try loop.run(until: { answer != nil })
    #expect(answer?.error?.progress == .notSent)
    #expect(answer?.error?.reason == .deadline)
    #expect(try client.exchange(HTTPRequest(.get, "/after")).status == 200)
    #expect(count == 2)
  }

  @Test func `the deadline of a request ends its wait for a connection`() throws {
    let clock = VirtualClock()
    let loop = try clock.loop()
    var paths: [String] = []
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      paths.append(request.path)
      held.append(responder)
    }
    var configuration = HTTPClient.Configuration()
    configuration.warmConnections = 0
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil, configuration: configuration)
    var slow = 0
    for _ in 0..<configuration.maximumConnections {
      client.send(HTTPRequest(.get, "/slow"), .once) { _ in slow += 1 }
    }
    try loop.run(until: { paths.count == configuration.maximumConnections })
    var answer: Answer?
    let patience = Duration.milliseconds(50)
    client.send(HTTPRequest(.post, "/order"), .once, before: loop.now.advanced(by: patience)) {
      answer = $0
    }
    clock.advance(by: patience - .nanoseconds(1))
    try loop.turnAtOnce()
    #expect(answer == nil)
    clock.advance(by: .nanoseconds(1))
    try loop.run(until: { answer != nil })
    for responder in held { responder.respond(200) }
    try loop.run(until: { slow == configuration.maximumConnections })
    #expect(answer?.error?.progress == .notSent)
    #expect(!paths.contains("/order"))
  }
}
