import Domain
package import Platform
package import Transport

/// The simulated exchange on a loopback port.
package final class SimulatorServer {
  package private(set) var face: SpotFace
  private let loop: EventLoop
  private var server: HTTPServer?

  /// Listens at once, on a loopback address; port 0 lets the kernel choose. `tls` is a server's
  /// context, or `nil` for plain HTTP. Throws when the port cannot be listened on.
  package init(
    loop: EventLoop, address: IPAddress = .loopback4, port: UInt16, tls: TLSContext? = nil,
    configuration: SimulatorConfiguration = SimulatorConfiguration()
  ) throws(SystemError) {
    self.loop = loop
    face = SpotFace(configuration, at: Clock.now())
    server = try HTTPServer(
      loop: loop, address: address, port: port, tls: tls
    ) { [weak self] received, responder in
      self?.handle(WireRequest(received), responder)
    }
  }

  package var port: UInt16 { server?.port ?? 0 }

  /// Drops every connection and frees the port.
  package func close() {
    server?.close()
  }

  private func handle(_ request: WireRequest, _ responder: Responder) {
    switch face.receive(request, at: Clock.now()) {
    case .respond(let response): responder.respond(response)
    case .respondAfter(let response, let delay): responder.respond(response, after: delay)
    case .processAfter(let delay, let hiding):
      // Also when the client has gone meanwhile: what is delayed on the way still arrives.
      loop.schedule(at: Clock.monotonic().advanced(by: delay)) { [weak self] in
        guard let self else { return }
        responder.respond(face.process(request, hiding: hiding, at: Clock.now()))
      }
    case .close(reset: false): responder.close()
    case .close(reset: true): responder.reset()
    case .raw(let bytes, let keepAlive): responder.sendRaw(bytes, keepAlive: keepAlive)
    case .cut(let response, let count): responder.respond(response, cutAfter: count)
    case .trickle(let response, let piece, let pause):
      responder.trickle(
        response.bytes(keepAlive: true), piece: piece, every: pause, keepAlive: true)
    }
  }
}
