import Domain
import Platform
import TestKit
import Testing
import Transport

/// A name with several addresses of which some are of no use, on a clock that the test sets.
@Suite struct SeveralAddressesTests {
  private let clock = VirtualClock()
  private let loop: EventLoop
  private let certificates: Certificates

  init() throws {
    loop = try clock.loop()
    certificates = try Certificates.shared.get()
  }

  private static let moment = Duration.milliseconds(1)

  private func server(
    on address: String, port: UInt16, _ pair: Certificates.Pair? = nil
  ) throws -> HTTPServer {
    let pair = pair ?? certificates.good
    return try HTTPServer(
      loop: loop, address: try #require(IPAddress(literal: address)), port: port,
      tls: TLSContext(serverCertificate: pair.certificate, key: pair.key)
    ) { _, responder in responder.respond(200) }
  }

  private func resolver(_ addresses: [String]) throws -> Resolver {
    let addresses = try addresses.map { try #require(IPAddress(literal: $0)) }
    return Resolver(loop, host: .name("exchange.example")) { _ in .success(addresses) }
  }

  private func client(_ port: UInt16, at addresses: [String]) throws -> HTTPClient {
    HTTPClient(
      loop: loop, endpoint: try endpoint(port, "https", host: "localhost"),
      tls: try TLSContext(client: .file(certificates.authority)),
      configuration: HTTPClient.Configuration(), resolver: try resolver(addresses))
  }

  @Test func `an address that is silent in the handshake does not hide the next`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2"])
    let silent = try RawServer(loop, port: port.number)
    let server = try server(on: "127.0.0.2", port: port.number)
    let client = try client(port.number, at: ["127.0.0.1", "127.0.0.2"])
    var answer: Answer?
    client.send(HTTPRequest(.post, "/"), .once) { answer = $0 }
    try loop.run(until: { silent.peers.last?.received.isEmpty == false })
    clock.advance(by: client.configuration.handshakeDeadline / 2)
    try loop.run(until: { answer != nil })
    #expect(answer?.status == 200)
    client.close()
    server.close()
    silent.close()
  }

  @Test func `an address that hangs up in the handshake does not hide the next`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2"])
    let rude = try RawServer(loop, port: port.number, readable: { $0.close() })
    let server = try server(on: "127.0.0.2", port: port.number)
    let client = try client(port.number, at: ["127.0.0.1", "127.0.0.2"])
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    client.close()
    server.close()
    rude.close()
  }

  @Test func `somebody else at one address does not hide the next`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2"])
    let stranger = try server(on: "127.0.0.2", port: port.number, certificates.selfSigned)
    let server = try server(on: "127.0.0.1", port: port.number)
    let client = try client(port.number, at: ["127.0.0.2", "127.0.0.1"])
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    client.close()
    server.close()
    stranger.close()
  }

  @Test func `a bad certificate is told, whatever fails after it`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    let rude = try RawServer(loop, port: port.number, readable: { $0.close() })
    let stranger = try server(on: "127.0.0.2", port: port.number, certificates.selfSigned)
    let client = try client(port.number, at: ["127.0.0.2", "127.0.0.1", "127.0.0.3"])
    let error = try #require(try client.exchange(HTTPRequest(.post, "/"), .once).error)
    #expect(rude.peers.count == 1)
    #expect(error.reason == .tls(.certificateUntrusted))
    #expect(error.phase == .handshake)
    #expect(error.progress == .notSent)
    client.close()
    stranger.close()
    rude.close()
  }

  @Test func `a handshake that failed is told, though nobody listens elsewhere`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2"])
    let rude = try RawServer(loop, port: port.number, readable: { $0.close() })
    let client = try client(port.number, at: ["127.0.0.1", "127.0.0.2"])
    let error = try #require(try client.exchange(HTTPRequest(.post, "/"), .once).error)
    #expect(error.phase == .handshake)
    client.close()
    rude.close()
  }

  @Test func `silence at all addresses takes the time of one handshake`() throws {
    let silent = try RawServer(loop)
    let addresses = (0..<4).map { _ in "127.0.0.1" }
    let client = try client(silent.port, at: addresses)
    var answer: Answer?
    client.send(HTTPRequest(.post, "/"), .once) { answer = $0 }
    let deadline = client.configuration.handshakeDeadline
    for (number, share) in [deadline / 2, deadline / 4, deadline / 8].enumerated() {
      try loop.run(until: {
        silent.peers.count == number + 1 && !silent.peers[number].received.isEmpty
      })
      clock.advance(by: share)
    }
    try loop.run(until: { silent.peers.last?.received.isEmpty == false && silent.peers.count == 4 })
    clock.advance(by: deadline / 8 - Self.moment)
    try loop.turnAtOnce()
    #expect(answer == nil)
    clock.advance(by: Self.moment)
    try loop.run(until: { answer != nil })
    #expect(answer?.error?.phase == .handshake)
    #expect(answer?.error?.reason == .deadline)
    client.close()
    silent.close()
  }

  @Test func `addresses of a family without a way do not hide the other family`() throws {
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
      responder.respond(200)
    }
    // Without an interface these lead nowhere, and connect(2) says so at once.
    let dead = (1...8).map { "fe80::\($0)" }
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil,
      configuration: HTTPClient.Configuration(), resolver: try resolver(dead + ["127.0.0.1"]))
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    client.close()
    server.close()
  }
}
