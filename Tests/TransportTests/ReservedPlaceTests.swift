import Domain
import Platform
import Testing
import Transport

/// While the answers to reads are late, on a clock that stands: nothing here may wait for a deadline.
@Suite struct ReservedPlaceTests {
  private let clock = VirtualClock()
  private let loop: EventLoop

  init() throws { loop = try clock.loop() }

  @Test(arguments: [HTTPClient.Kind.once, .urgent])
  func `an order, a cancel or a price does not wait for the answers to reads`(
    _ kind: HTTPClient.Kind
  ) throws {
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      if request.path == "/read" { held.append(responder) } else { responder.respond(200) }
    }
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil,
      configuration: HTTPClient.Configuration())
    client.start()
    let places = client.configuration.maximumConnections
    var answered = 0
    for _ in 0..<places {
      client.send(HTTPRequest(.get, "/read"), .ordinary) { _ in answered += 1 }
    }
    try loop.run(until: { held.count == places - 2 && client.status.connecting == 0 })
    // With a place to open a connection in, then with that connection idle.
    for _ in 0..<2 {
      #expect(try client.exchange(HTTPRequest(.post, "/order"), kind).status == 200)
      #expect(held.count == places - 2)
      #expect(client.status.waiting == 2)
    }
    #expect(server.openConnections == places - 1)
    // A read that waits leaves with each answer.
    held[0].respond(200)
    try loop.run(until: { held.count == places - 1 })
    held[1].respond(200)
    try loop.run(until: { held.count == places })
    for responder in held { responder.respond(200) }
    try loop.run(until: { answered == places })
    client.close()
    server.close()
  }

  @Test func `an order does not wait for the answers to urgent requests`() throws {
    var held: [Responder] = []
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      if request.path == "/cancel" { held.append(responder) } else { responder.respond(200) }
    }
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil,
      configuration: HTTPClient.Configuration())
    client.start()
    let places = client.configuration.maximumConnections
    for _ in 0..<places { client.send(HTTPRequest(.delete, "/cancel"), .urgent) { _ in } }
    try loop.run(until: { held.count == places - 1 && client.status.connecting == 0 })
    #expect(try client.exchange(HTTPRequest(.post, "/order"), .once).status == 200)
    #expect(held.count == places - 1)
    client.close()
    server.close()
  }
}
