import Domain
import Platform
import TestKit
import Testing
import Transport

/// What the connection pool does as time passes, on a clock that the test sets: to the millisecond,
/// whatever else the machine does.
@Suite struct PoolTimeTests {
  private let clock = VirtualClock()
  private let loop: EventLoop

  init() throws { loop = try clock.loop() }

  private static let moment = Duration.milliseconds(1)

  private func client(
    _ port: UInt16, _ change: (inout HTTPClient.Configuration) -> Void = { _ in }
  ) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    return HTTPClient(
      loop: loop, endpoint: try endpoint(port), tls: nil, configuration: configuration)
  }

  /// A server that answers at once with the connection's number, and ends no connection of its own.
  private func server(port: UInt16 = 0) throws -> HTTPServer {
    var configuration = HTTPServer.Configuration()
    configuration.requestDeadline = .seconds(3_600)
    configuration.idleMaximum = .seconds(3_600)
    return try HTTPServer(loop: loop, port: port, tls: nil, configuration: configuration) {
      request, responder in
      responder.respond(200, body: Array(String(request.connection).utf8))
    }
  }

  private func pass(_ duration: Duration) throws {
    clock.advance(by: duration)
    try loop.turnAtOnce()
  }

  // MARK: - Idle connections

  @Test func `an idle connection is replaced at its age and closed only then`() throws {
    let server = try server()
    var events: [String] = []
    let client = try client(server.port) { $0.warmConnections = 1 }
    client.onConnectionEvent = { event in
      switch event {
      case .connected: events.append("connected")
      case .lost(.idle): events.append("replaced")
      case .lost, .failed, .usingOldAddresses: events.append("\(event)")
      }
    }
    client.start()
    try loop.run(until: { events == ["connected"] })
    for round in 1...3 {
      try pass(client.configuration.idleMaximum - Self.moment)
      #expect(client.status.connecting == 0)
      #expect(events.count == 2 * round - 1)
      try pass(Self.moment)
      #expect(client.status.idle == 1)
      #expect(client.status.connecting == 1)
      try loop.run(until: { events.count == 2 * round + 1 })
      #expect(events.suffix(2) == ["connected", "replaced"])
      #expect(client.status.idle == 1)
    }
    client.close()
    server.close()
  }

  @Test func `connections beyond the warm ones go at the age of idleness`() throws {
    let server = try server()
    let client = try client(server.port) { $0.warmConnections = 1 }
    client.start()
    var answers = 0
    for _ in 0..<4 { client.send(HTTPRequest(.get, "/"), .urgent) { _ in answers += 1 } }
    try loop.run(until: { answers == 4 && client.status.connecting == 0 })
    let open = client.status.idle
    #expect(open >= 4)
    try pass(client.configuration.idleMaximum - Self.moment)
    #expect(client.status.idle == open)
    try pass(Self.moment)
    // The last one stays until its replacement stands.
    #expect(client.status.idle == 1)
    try loop.run(until: { client.status.connecting == 0 && server.openConnections == 1 })
    #expect(client.status.idle == 1)
    client.close()
    server.close()
  }

  @Test func `an answer makes a connection young again`() throws {
    let server = try server()
    let client = try client(server.port) { $0.warmConnections = 1 }
    client.start()
    try loop.run(until: { client.status.idle == 1 })
    try pass(client.configuration.idleMaximum - Self.moment)
    let peer = try client.exchange(HTTPRequest(.get, "/")).text
    try pass(client.configuration.idleMaximum - Self.moment)
    #expect(client.status.connecting == 0)
    #expect(try client.exchange(HTTPRequest(.get, "/")).text == peer)
    client.close()
    server.close()
  }

  @Test func `a placement does not leave on a connection that has been quiet for too long`() throws
  {
    let server = try server()
    let client = try client(server.port)
    let first = try client.exchange(HTTPRequest(.get, "/")).text
    try pass(client.configuration.freshness)
    #expect(try client.exchange(HTTPRequest(.get, "/"), .once).text == first)
    try pass(client.configuration.freshness + Self.moment)
    let later = try client.exchange(HTTPRequest(.get, "/"), .once).text
    #expect(later != nil && later != first)
    try pass(client.configuration.freshness + Self.moment)
    // An ordinary request takes the connection that answered last, however old.
    #expect(try client.exchange(HTTPRequest(.get, "/")).text == later)
    #expect(server.openConnections == 2)
    client.close()
    server.close()
  }

  @Test func `a placement gets a place even when quiet connections take them all`() throws {
    let server = try server()
    let client = try client(server.port) { $0.warmConnections = 0 }
    var answers = 0
    let places = client.configuration.maximumConnections
    for _ in 0..<places { client.send(HTTPRequest(.get, "/"), .once) { _ in answers += 1 } }
    try loop.run(until: { answers == places })
    #expect(client.status.idle == places)
    try pass(client.configuration.freshness + Self.moment)
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    #expect(client.status.idle == places)
    client.close()
    server.close()
  }

  // MARK: - Back-off

  /// The pause after failure `number` of a row: it doubles, and is never above the last.
  private func expectedPause(after number: Int) -> Duration {
    let limits = BackOffLimits()
    return min(limits.first * (1 << (number - 1)), limits.last)
  }

  @Test func `while nobody listens the pauses grow to the limit, and an answer ends them`() throws {
    let silent = try ReservedPort()
    defer { withExtendedLifetime(silent) {} }
    var failures = 0
    let client = try client(silent.number) { $0.warmConnections = 1 }
    client.onConnectionEvent = { event in
      if case .failed = event { failures += 1 }
    }

    /// Failure `number` of a row has been seen; the next attempt comes in its time.
    func expectPause(after number: Int) throws {
      let (before, pause) = (failures, expectedPause(after: number))
      try pass(pause - Self.moment)
      #expect(client.status.connecting == 0)
      #expect(failures == before)
      clock.advance(by: Self.moment)
      try loop.run(until: { failures == before + 1 })
    }

    client.start()
    try loop.run(until: { failures == 1 })
    for number in 1...12 { try expectPause(after: number) }
    #expect(client.status.lastError?.description.contains("Connection refused") == true)

    let back = try server(port: silent.number)
    clock.advance(by: BackOffLimits().last)
    try loop.run(until: { client.status.idle == 1 })
    #expect(client.status.lastError == nil)
    #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
    // From here on the first pause is the shortest again.
    let before = failures
    back.close()
    try loop.run(until: { failures == before + 1 })
    try expectPause(after: 1)
    client.close()
  }

  @Test func `a server that accepts and hangs up is not stormed`() throws {
    let server = try RawServer(loop, connected: { $0.close() })
    let client = try client(server.port) { $0.warmConnections = 1 }
    var lost = 0
    client.onConnectionEvent = { event in
      if case .lost = event { lost += 1 }
    }
    client.start()
    for number in 1...8 {
      try loop.run(until: { lost == number })
      let pause = expectedPause(after: number)
      try pass(pause - Self.moment)
      #expect(client.status.connecting == 0)
      #expect(server.peers.count == number)
      clock.advance(by: Self.moment)
    }
    client.close()
    server.close()
  }

  // MARK: - Deadlines

  @Test func `waiting for a connection has an end, and nothing was sent then`() throws {
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      held.append(responder)
    }
    let client = try client(server.port) {
      $0.warmConnections = 0
      $0.firstByteDeadline = .seconds(100)
      $0.answerDeadline = .seconds(100)
    }
    let busy = client.configuration.maximumConnections
    for _ in 0..<busy { client.send(HTTPRequest(.get, "/"), .once) { _ in } }
    try loop.run(until: { held.count == busy })
    var answer: Answer?
    client.send(HTTPRequest(.post, "/"), .once) { answer = $0 }
    try pass(client.configuration.waitingDeadline - Self.moment)
    #expect(answer == nil)
    clock.advance(by: Self.moment)
    try loop.run(until: { answer != nil })
    let error = try #require(answer?.error)
    #expect(error.progress == .notSent)
    #expect(error.phase == .queue)
    #expect(error.reason == .deadline)
    #expect(held.count == busy)
    client.close()
    server.close()
  }

  @Test func `the first byte and the whole answer each have their deadline`() throws {
    let server = try RawServer(loop)
    let client = try client(server.port) {
      $0.firstByteDeadline = .seconds(3)
      $0.answerDeadline = .seconds(10)
    }
    for (count, isBegun) in [(1, false), (2, true)] {
      var answer: Answer?
      client.send(HTTPRequest(.post, "/"), .once) { answer = $0 }
      try loop.run(until: {
        server.peers.count == count && server.peers[count - 1].received.isEmpty == false
      })
      if isBegun {
        server.peers.last?.send("HTTP/1.1 200 OK\r\n")
        try loop.turnAtOnce()
      }
      try pass(.seconds(isBegun ? 10 : 3) - Self.moment)
      #expect(answer == nil)
      clock.advance(by: Self.moment)
      try loop.run(until: { answer != nil })
      #expect(answer?.error?.phase == (isBegun ? .body : .firstByte))
      #expect(answer?.error?.reason == .deadline)
      #expect(answer?.error?.progress == .perhapsSent)
      #expect(client.status.open == 0)
    }
    client.close()
    server.close()
  }

  @Test func `a handshake that is never answered ends at its deadline`() throws {
    let server = try RawServer(loop)
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port, "https"),
      tls: try TLSContext(client: .system))
    var answer: Answer?
    client.send(HTTPRequest(.post, "/"), .once) { answer = $0 }
    try loop.run(until: { server.peers.last?.received.isEmpty == false })
    try pass(client.configuration.handshakeDeadline - Self.moment)
    #expect(answer == nil)
    clock.advance(by: Self.moment)
    try loop.run(until: { answer != nil })
    #expect(answer?.error?.phase == .handshake)
    #expect(answer?.error?.reason == .deadline)
    #expect(answer?.error?.progress == .notSent)
    client.close()
    server.close()
  }

  @Test func `addresses are looked up again once they are old`() throws {
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      responder.respond(200, headers: [("Connection", "close")])
    }
    let lookUps = LookUps()
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil,
      configuration: HTTPClient.Configuration(),
      resolver: Resolver(loop, host: .name("exchange.example")) { name in
        lookUps.count(name)
        return .success([.loopback4])
      })
    for lookedUp in 1...3 {
      #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
      try pass(Resolver.lifetime - Self.moment)
      #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
      #expect(lookUps.names.count == lookedUp)
      try pass(Self.moment)
    }
    client.close()
    server.close()
  }

  // MARK: - Proofs

  @Test func `two connections prove themselves by turns, and what is more grows old`() throws {
    let server = try server()
    let client = try client(server.port)
    client.start()
    try loop.run(until: { client.status.idle == 2 })
    try openMore(client)
    #expect(client.status.idle == 4)
    var used: [String] = []
    for _ in 0..<6 {
      try pass(.seconds(4))
      used.append(try proof(client))
    }
    #expect(Set(used).count == 2)
    #expect(zip(used, used.dropFirst()).allSatisfy { $0 != $1 })
    // The one that was not asked last is fresh enough for an order meanwhile.
    var order: String?
    client.send(HTTPRequest(.get, "/"), .proof) { _ in }
    client.send(HTTPRequest(.post, "/"), .once) { order = try? Self.text($0.get()) }
    try loop.run(until: { order != nil })
    #expect(order == used.last)
    try pass(HTTPClient.Configuration.idleMaximum)
    #expect(client.status.idle <= 2)
    client.close()
    server.close()
  }

  private static func text(_ response: HTTPResponse) -> String {
    String(decoding: response.body, as: UTF8.self)
  }

  private func proof(_ client: HTTPClient) throws -> String {
    var answer: String?
    client.send(HTTPRequest(.get, "/"), .proof) { answer = try? Self.text($0.get()) }
    try loop.run(until: { answer != nil })
    return try #require(answer)
  }

  /// Four requests at once have two connections made.
  private func openMore(_ client: HTTPClient) throws {
    var answers = 0
    for _ in 0..<4 { client.send(HTTPRequest(.get, "/"), .ordinary) { _ in answers += 1 } }
    try loop.run(until: { answers == 4 && client.status.connecting == 0 })
  }

  // MARK: - Requests without an answer

  @Test func `what is asked and not answered is told until something is answered`() throws {
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      if request.path == "/silent" { held.append(responder) } else { responder.respond(200) }
    }
    let client = try client(server.port)
    client.start()
    try loop.run(until: { client.status.idle == 2 })
    #expect(client.status.unanswered == nil)
    var error: TransportError?
    let began = loop.now
    client.send(HTTPRequest(.get, "/silent"), .ordinary) { error = $0.error }
    try loop.run(until: { held.count == 1 })
    #expect(client.status.unanswered?.since == began)
    #expect(client.status.unanswered?.error == nil)
    try pass(client.configuration.firstByteDeadline)
    try loop.run(until: { error != nil })
    try pass(.seconds(60))
    #expect(client.status.unanswered?.since == began)
    #expect(client.status.unanswered?.error == error)
    #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
    #expect(client.status.unanswered == nil)
    client.close()
    server.close()
  }
}
