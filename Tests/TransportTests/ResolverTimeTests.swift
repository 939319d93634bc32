import Dispatch
import Domain
import Platform
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
}
