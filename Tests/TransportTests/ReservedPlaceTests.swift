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
  func `an order or a cancel does not wait for the answers to reads`(_ kind: HTTPClient.Kind) throws
  {
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
    try loop.run(until: { held.count == places - 1 && client.status.connecting == 0 })
    // With a place to open a connection in, then with that connection idle.
    for _ in 0..<2 {
      #expect(try client.exchange(HTTPRequest(.post, "/order"), kind).status == 200)
      #expect(held.count == places - 1)
      #expect(client.status.waiting == 1)
    }
    #expect(server.openConnections == places)
    // The read that waits leaves with the first answer.
    held[0].respond(200)
    try loop.run(until: { held.count == places })
    for responder in held { responder.respond(200) }
    try loop.run(until: { answered == places })
    client.close()
    server.close()
  }
}
