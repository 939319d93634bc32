import Dispatch
import Domain
import Platform
import TestKit
import Testing
import Transport

/// Names that are looked up as time passes, on a clock that the test sets.
@Suite struct ResolverTimeTests {
  private let clock = VirtualClock()
  private let loop: EventLoop

  init() throws { loop = try clock.loop() }

  private func pass(_ duration: Duration) throws {
    clock.advance(by: duration)
    try loop.turnAtOnce()
  }

  @Test func `a name server that falls silent hides no address that is known`() throws {
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      responder.respond(200, headers: [("Connection", "close")])
    }
    let lookUps = LookUps()
    let silence = DispatchSemaphore(value: 0)
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil,
      configuration: HTTPClient.Configuration(),
      resolver: Resolver(loop, host: .name("exchange.example")) { name in
        lookUps.count(name)
        if lookUps.names.count > 1 { silence.wait() }
        return .success([.loopback4])
      })
    var old = 0
    client.onConnectionEvent = { if case .usingOldAddresses = $0 { old += 1 } }
    #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
    try pass(Resolver.lifetime)
    var answer: Answer?
    client.send(HTTPRequest(.post, "/"), .once) { answer = $0 }
    try loop.run(until: { lookUps.names.count == 2 })
    try pass(Resolver.patience)
    try loop.run(until: { answer != nil })
    #expect(answer?.status == 200)
    #expect(old == 1)
    // Who comes later does not wait for the same silence.
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    #expect(old == 2)
    #expect(lookUps.names.count == 2)
    silence.signal()
    // What the look-up found in the end is what is known now.
    repeat {
      old = 0
      #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
    } while old > 0
    #expect(lookUps.names.count == 2)
    client.close()
    server.close()
  }

  // MARK: Connections that answer nothing

  /// A client of a name that leads to `addresses`, look-up by look-up; the last again and again.
  private func client(
    _ port: UInt16, _ addresses: [IPAddress], _ lookUps: LookUps,
    _ change: (inout HTTPClient.Configuration) -> Void = { _ in }
  ) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    return HTTPClient(
      loop: loop, endpoint: try endpoint(port), tls: nil, configuration: configuration,
      resolver: Self.resolver(loop, addresses, lookUps))
  }

  private static func resolver(
    _ loop: EventLoop, _ addresses: [IPAddress], _ lookUps: LookUps
  ) -> Resolver {
    Resolver(loop, host: .name("exchange.example")) { name in
      lookUps.count(name)
      return .success([addresses[min(lookUps.names.count, addresses.count) - 1]])
    }
  }

  /// One request that is read at the old address and never answered.
  private func ask(_ client: HTTPClient, _ deaf: RawServer, after count: Int) throws {
    var answer: Answer?
    client.send(HTTPRequest(.get, "/"), .ordinary) { answer = $0 }
    try loop.run(until: { deaf.peers.count > count && !deaf.peers[count].received.isEmpty })
    clock.advance(by: client.configuration.firstByteDeadline)
    try loop.run(until: { answer != nil })
    #expect(answer?.error?.reason == .deadline)
  }

  @Test func `where a connection answers nothing, the name is looked up for the next`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2"])
    let deaf = try RawServer(loop, port: port.number)
    let new = try #require(IPAddress(literal: "127.0.0.2"))
    let server = try HTTPServer(loop: loop, address: new, port: port.number, tls: nil) {
      _, responder in
      responder.respond(200)
    }
    let lookUps = LookUps()
    let client = try client(port.number, [.loopback4, new], lookUps)
    try ask(client, deaf, after: 0)
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    #expect(lookUps.names.count == 2)
    client.close()
    server.close()
    deaf.close()
  }

  @Test func `a connection that the peer ends unused has nothing to answer`() throws {
    let peer = try RawServer(loop)
    let lookUps = LookUps()
    let client = try client(peer.port, [.loopback4], lookUps) { $0.warmConnections = 1 }
    client.start()
    for round in 0..<3 {
      try loop.run(until: { client.status.idle == 1 && peer.peers.count == round + 1 })
      try pass(client.configuration.freshness)
      peer.peers[round].close()
    }
    try loop.run(until: { peer.peers.count == 4 })
    #expect(lookUps.names.count == 1)
    client.close()
    peer.close()
  }

  @Test func `while nothing is answered, the name servers are not asked each time`() throws {
    let deaf = try RawServer(loop)
    let lookUps = LookUps()
    let client = try client(deaf.port, [.loopback4], lookUps) {
      $0.firstByteDeadline = .milliseconds(100)
    }
    for request in 0..<100 { try ask(client, deaf, after: request) }
    // Within ten seconds, and the pauses double, to seconds.
    #expect((3...8).contains(lookUps.names.count))
    client.close()
    deaf.close()
  }

  @Test func `where an upgrade is not answered, the name is looked up for the next`() throws {
    let deaf = try RawServer(loop)
    let lookUps = LookUps()
    let resolver = Self.resolver(loop, [.loopback4], lookUps)
    let configuration = WebSocketClient.Configuration(idleMaximum: .seconds(60))
    for attempt in 0..<2 {
      let client = WebSocketClient(
        loop: loop, endpoint: try Endpoint(webSocket: "ws://127.0.0.1:\(deaf.port)"), target: "",
        tls: nil,
        configuration: configuration, resolver: resolver)
      let heard = client.begin()
      try loop.run(until: { deaf.peers.count > attempt && !deaf.peers[attempt].received.isEmpty })
      clock.advance(by: configuration.upgradeDeadline)
      try loop.run(until: { heard.end != nil })
      #expect(heard.end?.connectionError?.reason == .deadline)
    }
    #expect(lookUps.names.count == 2)
    deaf.close()
  }
}
