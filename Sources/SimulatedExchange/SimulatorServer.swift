import Domain
package import Platform
package import Transport

/// The simulated exchange on a loopback port: REST, and WebSockets beside it.
package final class SimulatorServer {
  package private(set) var face: SpotFace
  /// Told of every request, before anything is done about it.
  package var onRequest: (ReceivedRequest) -> Void = { _ in }
  private let loop: EventLoop
  private var server: HTTPServer?
  private var peers: [Int: WebSocketPeer] = [:]
  /// The connections that have carried the demand for the present back-off.
  private var told: Set<Int> = []
  /// For the next deliveries of the streams.
  private var timer: EventLoop.TimerID?

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
      self?.handle(received, responder)
    }
  }

  deinit {
    if let timer { loop.cancel(timer) }
  }

  package var port: UInt16 { server?.port ?? 0 }

  /// Drops every connection and frees the port.
  package func close() {
    server?.close()
    for number in peers.keys { face.streamEnded(number) }
    peers = [:]
  }

  private func handle(_ received: ReceivedRequest, _ responder: Responder) {
    onRequest(received)
    let request = WireRequest(received)
    if face.isAboutStreams(request) {
      upgrade(received, request, responder)
    } else {
      answer(request, on: received.connection, responder)
    }
    deliver()
  }

  private func answer(
    _ request: WireRequest, on connection: Int, _ responder: Responder
  ) {
    let now = Clock.now()
    if !face.admission.limits.isClosed(at: now.monotonic) { told = [] }
    if told.contains(connection) { face.counts.sentThoughTold += 1 }
    switch face.receive(request, at: now) {
    case .respond(let response):
      note(response, on: connection)
      responder.respond(response)
    case .respondAfter(let response, let delay):
      note(response, on: connection)
      responder.respond(response, after: delay)
    case .processAfter(let delay, let hiding):
      // Also when the client has gone meanwhile: what is delayed on the way still arrives.
      loop.schedule(at: Clock.monotonic().advanced(by: delay)) { [weak self] in
        guard let self else { return }
        let response = face.process(request, hiding: hiding, at: Clock.now())
        note(response, on: connection)
        responder.respond(response)
        deliver()
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

  /// The next request of a client comes on this connection only after it has read the answer.
  private func note(_ response: HTTPResponse, on connection: Int) {
    if response.status == 429 || response.status == 418 { told.insert(connection) }
  }

  // MARK: - Streams

  private func upgrade(
    _ received: ReceivedRequest, _ request: WireRequest, _ responder: Responder
  ) {
    if let refusal = face.streamRefusal(request) { return responder.respond(refusal) }
    guard let peer = responder.upgrade(received) else { return }
    let number = face.openStream(request, at: Clock.now())
    peers[number] = peer
    peer.onEvent = { [weak self] event in self?.heard(event, from: number) }
  }

  private func heard(_ event: WebSocketEvent, from number: Int) {
    switch event {
    case .text(let text): face.receive(text, onStream: number, at: Clock.now())
    // Commands are texts.
    case .binary: peers[number]?.close(.unsupportedData)
    case .closed:
      peers[number] = nil
      face.streamEnded(number)
    case .opened: break
    }
    deliver()
  }

  /// Sends what the streams have by now, and comes back when there will be more.
  private func deliver() {
    for delivery in face.streamDeliveries(at: Clock.now()) {
      let peer = peers[delivery.connection]
      switch delivery.action {
      case .text(let text): peer?.send(text: text)
      case .binary(let bytes): peer?.send(binary: bytes)
      case .close(let code, let reason): peer?.close(code, reason: reason)
      case .reset: peer?.reset()
      }
    }
    if let timer { loop.cancel(timer) }
    timer = face.streamsDue(at: Clock.now()).map { due in
      loop.schedule(at: due) { [weak self] in
        self?.timer = nil
        self?.deliver()
      }
    }
  }
}
