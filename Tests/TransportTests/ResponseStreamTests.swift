import Domain
import Glibc
import Platform
import Testing
import Transport

/// Answers that go on, and who may have a connection.
@Suite struct ResponseStreamTests {
  private let loop: EventLoop

  init() throws { loop = try EventLoop() }

  private let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func `an answer without a length ends with its connection`() throws {
    var stream: ResponseStream?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      stream = responder.stream(HTTPResponse(status: 200, headers: [("X-A", "b")]))
    }
    let client = try RawClient(loop, port: server.port)
    client.send(request)
    try loop.run(until: { stream != nil })
    stream?.send(Array("one ".utf8))
    stream?.send(Array("two".utf8))
    let all = "HTTP/1.1 200 OK\r\nX-A: b\r\nConnection: close\r\n\r\none two"
    try loop.run(until: { client.received.count == all.utf8.count })
    #expect(client.text == all)
    #expect(stream?.backlog == 0)
    #expect(!client.isEnded)
    stream = nil
    try loop.run(until: { client.isEnded })
    server.close()
  }

  @Test func `a stream knows what its client has not taken, and that it has gone`() throws {
    var stream: ResponseStream?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      stream = responder.stream(HTTPResponse(status: 200))
    }
    let client = try RawClient(loop, port: server.port, reads: false)
    client.send(request)
    try loop.run(until: { stream != nil })
    let piece = [UInt8](repeating: 0x61, count: 1 << 20)
    while stream?.backlog == 0 { stream?.send(piece) }
    #expect((stream?.backlog ?? 0) > 0)
    client.reset()
    try loop.run(until: { stream?.backlog == nil })
    server.close()
  }

  @Test func `a stream stays when another client's request sends what it was waiting with`() throws
  {
    var stream: ResponseStream?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      if request.path == "/" {
        stream = responder.stream(HTTPResponse(status: 200))
      } else {
        stream?.send(Array("x".utf8))
        responder.respond(200)
      }
    }
    let slow = try RawClient(loop, port: server.port, reads: false)
    let other = try RawClient(loop, port: server.port)
    slow.send(request)
    try loop.run(until: { stream != nil && server.openConnections == 2 })
    let piece = [UInt8](repeating: 0x61, count: 1 << 16)
    var sent = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8.count
    while stream?.backlog == 0 {
      stream?.send(piece)
      sent += piece.count
    }
    let backlog = try #require(stream?.backlog)
    // After a turn without it, the stream is the later one that the loop hears of: the request sends
    // the backlog first.
    try loop.turnAtOnce()
    other.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
    slow.take(sent - backlog)
    try loop.run(until: { !other.received.isEmpty })
    #expect(stream?.backlog == 0)
    slow.take(backlog + 1)
    server.close()
  }

  @Test func `a stream knows at once that its client has left`() throws {
    var stream: ResponseStream?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      stream = responder.stream(HTTPResponse(status: 200))
    }
    var client: RawClient? = try RawClient(loop, port: server.port)
    client?.send(request)
    try loop.run(until: { client?.received.isEmpty == false })
    #expect(stream?.backlog == 0)
    client = nil
    try loop.run(until: { stream?.backlog == nil })
    #expect(server.openConnections == 0)
    server.close()
  }

  @Test func `whoever comes last gets the connection that has been quiet for longest`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.maximumConnections = 2
    configuration.replacesQuietConnections = true
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil, configuration: configuration) {
      held.append($1)
    }
    let waiting = try RawClient(loop, port: server.port)
    waiting.send(request)
    try loop.run(until: { held.count == 1 })
    let quiet = try RawClient(loop, port: server.port)
    try loop.run(until: { server.openConnections == 2 })
    let late = try RawClient(loop, port: server.port)
    late.send(request)
    try loop.run(until: { held.count == 2 && quiet.isEnded })
    // Both wait for their answers, and neither is cut off for another.
    let third = try RawClient(loop, port: server.port)
    third.send(request)
    held[0].respond(200)
    try loop.run(until: { held.count == 3 && waiting.isEnded })
    #expect(!late.isEnded)
    server.close()
  }
}
