import Domain
import Platform
import TestKit
import Testing
import Transport

@Suite struct ConnectionPoolTests {
  private let loop: EventLoop

  init() throws { loop = try EventLoop() }

  private func client(
    _ port: UInt16, _ change: (inout HTTPClient.Configuration) -> Void = { _ in }
  ) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    return HTTPClient(
      loop: loop, endpoint: try endpoint(port), tls: nil, configuration: configuration)
  }

  /// A server that answers at once with the number of the connection that it saw.
  private func server(
    _ configuration: HTTPServer.Configuration = HTTPServer.Configuration()
  ) throws -> HTTPServer {
    try HTTPServer(loop: loop, port: 0, tls: nil, configuration: configuration) {
      request, responder in
      responder.respond(200, body: Array(String(request.connection).utf8))
    }
  }

  @Test func `starting opens the warm connections and no more`() throws {
    let server = try server()
    let client = try client(server.port) { $0.warmConnections = 3 }
    client.start()
    try loop.run(until: { client.status.idle == 3 && server.openConnections == 3 })
    try loop.run(for: .milliseconds(20))
    #expect(client.status.idle == 3)
    #expect(client.status.connecting == 0)
    #expect(client.status.lastError == nil)
    client.close()
    try loop.run(until: { server.openConnections == 0 })
    server.close()
  }

  @Test func `a warm connection that is lost is made again`() throws {
    let server = try RawServer(loop)
    let client = try client(server.port) {
      $0.warmConnections = 1
      $0.freshness = .zero
    }
    client.start()
    try loop.run(until: { server.peers.count == 1 && client.status.idle == 1 })
    for count in 2...5 {
      server.peers[count - 2].close()
      try loop.run(until: { server.peers.count == count && client.status.idle == 1 })
    }
    client.close()
    server.close()
  }

  @Test func `a request knocks at once although the background waits`() throws {
    let silent = try ReservedPort()
    defer { withExtendedLifetime(silent) {} }
    let port = silent.number
    var failures = 0
    let client = try client(port) { $0.backOff.first = .seconds(30) }
    client.onConnectionEvent = { event in
      if case .failed = event { failures += 1 }
    }
    client.start()
    try loop.run(until: { failures == 2 })
    for knocks in 3...6 {
      let error = try client.exchange(HTTPRequest(.get, "/")).error
      #expect(error?.progress == .notSent)
      #expect(error?.phase == .connect)
      #expect(failures == knocks)
    }
    let back = try HTTPServer(loop: loop, port: port, tls: nil) { _, responder in
      responder.respond(200)
    }
    #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
    client.close()
    back.close()
  }

  @Test func `placements go first, then urgent requests, and each kind keeps its order`() throws {
    var order: [String] = []
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      order.append(request.path)
      held.append(responder)
    }
    let client = try client(server.port) { $0.warmConnections = 0 }
    let busy = client.configuration.maximumConnections
    var answers = 0
    let count: HTTPClient.Completion = { _ in answers += 1 }
    for _ in 0..<busy { client.send(HTTPRequest(.get, "/busy"), .once, completion: count) }
    try loop.run(until: { held.count == busy })
    for number in 1...3 {
      client.send(HTTPRequest(.get, "/get\(number)"), .ordinary, completion: count)
    }
    for number in 1...2 {
      client.send(HTTPRequest(.delete, "/delete\(number)"), .urgent, completion: count)
    }
    for number in 1...3 {
      client.send(HTTPRequest(.post, "/post\(number)"), .once, completion: count)
    }
    #expect(client.status.waiting == 8)
    #expect(client.status.connecting == 0)
    for number in 0..<busy + 8 where client.status.waiting > 0 {
      held[number].respond(200)
      try loop.run(until: {
        answers == number + 1 && held.count - busy + client.status.waiting == 8
      })
    }
    let orders = ["/post1", "/post2", "/post3"]
    let rest = ["/delete1", "/delete2", "/get1", "/get2", "/get3"]
    #expect(Array(order.dropFirst(busy)) == orders + rest)
    #expect(server.openConnections == busy)
    for responder in held { responder.respond(200) }
    try loop.run(until: { answers == busy + 8 })
    client.close()
    server.close()
  }

  @Test func `what is withdrawn never leaves, and what is on the wire goes on`() throws {
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      held.append(responder)
    }
    let client = try client(server.port) { $0.warmConnections = 0 }
    let busy = client.configuration.maximumConnections
    var answered = 0
    var errors: [TransportError] = []
    for number in 0..<(busy + 4) {
      client.send(HTTPRequest(.post, "/"), number.isMultiple(of: 2) ? .once : .ordinary) {
        answered += 1
        errors.append(contentsOf: [$0.error].compactMap(\.self))
        // From within an answer, as a demand for a back-off comes.
        if answered == 1 { client.withdrawWaiting() }
      }
    }
    try loop.run(until: { held.count == busy })
    for responder in held { responder.respond(200) }
    try loop.run(until: { answered == busy + 4 })
    #expect(errors.count == 4)
    #expect(errors.allSatisfy { $0.progress == .notSent && $0.phase == .queue })
    #expect(errors.allSatisfy { $0.reason == .withdrawn })
    #expect(held.count == busy)
    client.close()
    server.close()
  }

  @Test func `closing tells every request how far it got`() throws {
    var requests = 0
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      requests += 1
      held.append(responder)
    }
    let client = try client(server.port) { $0.warmConnections = 0 }
    let busy = client.configuration.maximumConnections
    var errors: [TransportError] = []
    for _ in 0..<(busy + 1) {
      client.send(HTTPRequest(.post, "/"), .once) {
        errors.append(contentsOf: [$0.error].compactMap(\.self))
      }
    }
    try loop.run(until: { requests == busy })
    client.close()
    #expect(errors.isEmpty)
    try loop.run(until: { errors.count == busy + 1 })
    #expect(errors.count { $0.progress == .perhapsSent } == busy)
    #expect(errors.count { $0.progress == .notSent && $0.phase == .queue } == 1)
    #expect(errors.allSatisfy { $0.reason == .clientClosed })
    let late = try client.exchange(HTTPRequest(.get, "/")).error
    #expect(late?.reason == .clientClosed)
    #expect(late?.progress == .notSent)
    held = []
    server.close()
  }

  @Test func `a request that breaks the rules fails later, unsent, and touches no connection`()
    throws
  {
    let server = try server()
    let client = try client(server.port)
    var answer: Answer?
    client.send(HTTPRequest(.get, "/a b"), .ordinary) { answer = $0 }
    #expect(answer == nil)
    try loop.run(until: { answer != nil })
    #expect(answer?.error?.reason == .invalidRequest(.targetInvalid))
    #expect(answer?.error?.progress == .notSent)
    #expect(client.status.open == 0)
    client.close()
    server.close()
  }

  @Test func `more waiting requests than the limit are refused`() throws {
    let server = try RawServer(loop)
    let client = try client(server.port)
    var refused = 0
    for _ in 0..<(HTTPClient.Configuration.waitingMaximum + 3) {
      client.send(HTTPRequest(.get, "/"), .ordinary) { answer in
        if answer.error?.reason == .tooManyWaiting { refused += 1 }
      }
    }
    try loop.run(until: { refused == 3 })
    client.close()
    server.close()
  }

  @Test func `a completion may send the next request on the same connection`() throws {
    let server = try server()
    let client = try client(server.port)
    var peers: [String] = []
    func next() {
      client.send(HTTPRequest(.get, "/"), peers.count.isMultiple(of: 2) ? .ordinary : .once) {
        peers.append($0.text ?? "error")
        if peers.count < 100 { next() }
      }
    }
    next()
    try loop.run(until: { peers.count == 100 })
    #expect(Set(peers).count == 1)
    client.close()
    server.close()
  }

  @Test func `a log that sends requests of its own doubles nobody's`() throws {
    var seen: [String: Int] = [:]
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      seen[request.path, default: 0] += 1
      if seen.count.isMultiple(of: 3) {
        responder.reset()
      } else {
        responder.respond(200, headers: [("Connection", "close")])
      }
    }
    let client = try client(server.port)
    var sent = 0
    var ended = 0
    func send() {
      guard sent < 300 else { return }
      sent += 1
      client.send(HTTPRequest(.post, "/\(sent)"), .once) { _ in ended += 1 }
    }
    client.onConnectionEvent = { _ in send() }
    for _ in 0..<10 { send() }
    try loop.run(until: { sent == 300 && ended == 300 })
    #expect(seen.count == 300)
    #expect(seen.values.allSatisfy { $0 == 1 })
    client.close()
    server.close()
  }
}
