import Domain
package import Platform

/// One WebSocket to one endpoint: it connects, upgrades, and stays open until it is closed. It never
/// connects again; its owner makes another one.
///
/// It belongs to its loop's thread, and ends when it is let go. `onEvent` is called there, never
/// inside a call of the owner. What is sent before `opened` or after the end is dropped.
package final class WebSocketClient {
  package struct Configuration: Sendable {
    package var resolveDeadline: Duration = .seconds(5)
    package var connectDeadline: Duration = .seconds(5)
    /// Of the TLS handshake.
    package var handshakeDeadline: Duration = .seconds(5)
    /// From the request to the end of the answer's head.
    package var upgradeDeadline: Duration = .seconds(5)
    package var peer: WebSocketPeer.Configuration
    /// The User-Agent field: `mexc-signald/<version>`.
    package var userAgent = "mexc-signald"

    /// The connection ends when nothing at all was received for so long.
    package init(idleMaximum: Duration) {
      peer = WebSocketPeer.Configuration(idleMaximum: idleMaximum)
    }
  }

  private enum State {
    /// To `connecting`, or to `ended` when the target is none.
    case new
    /// To `upgrading` or `ended`.
    case connecting(ConnectionAttempt)
    /// To `open` or `ended`.
    case upgrading(WebSocketUpgrade)
    /// To `ended`.
    case open(WebSocketPeer)
    case ended
  }

  package let endpoint: Endpoint
  package var onEvent: ((WebSocketEvent) -> Void)?

  private let loop: EventLoop
  private let tls: TLSContext?
  private let resolver: Resolver
  private let configuration: Configuration
  private let random: WebSocketRandom
  /// May hold a secret.
  private let target: String
  /// Of the target: for what the peer says in its frames.
  package let echo: QueryEcho
  private var state = State.new

  /// `target` goes behind the endpoint's prefix: empty, or a path or query that is already encoded. It
  /// may hold a secret, and is in no error and no event. `tls` is a client context for `wss`, nil for
  /// `ws`. A caller that connects again and again keeps one resolver for all.
  package init(
    loop: EventLoop, endpoint: Endpoint, target: String, tls: TLSContext?,
    configuration: Configuration, resolver: Resolver? = nil,
    random: @escaping WebSocketRandom = WebSocketSystemRandom.next
  ) {
    invariant(endpoint.scheme.isWebSocket, "a WebSocket goes to ws or wss")
    invariant(
      endpoint.scheme.isSecure == (tls?.role == .client),
      "wss goes with a client's TLS context, ws with none")
    self.loop = loop
    self.endpoint = endpoint
    self.target = target
    self.tls = tls
    self.configuration = configuration
    self.resolver = resolver ?? Resolver(loop, host: endpoint.host)
    self.random = random
    echo = QueryEcho(target: target)
  }

  /// Connects. `opened` or `closed` follows.
  package func start() {
    guard case .new = state else { return }
    guard let target = WebSocketHandshake.target(endpoint, target) else {
      return end(.notConnected(error(.notSent, .queue, .invalidRequest(.targetInvalid))))
    }
    let attempt = ConnectionAttempt(
      number: 1, loop: loop, endpoint: endpoint, tls: tls, resolver: resolver,
      deadlines: ConnectionAttempt.Deadlines(
        resolve: configuration.resolveDeadline, connect: configuration.connectDeadline,
        handshake: configuration.handshakeDeadline))
    state = .connecting(attempt)
    attempt.start { [weak self] outcome in
      switch outcome {
      case .success(let established): self?.upgrade(established.stream, target)
      case .failure(let error): self?.end(.notConnected(error))
      }
    }
  }

  package var isOpen: Bool { peer != nil }

  package func send(text: String) { peer?.send(text: text) }

  package func send(binary bytes: [UInt8]) { peer?.send(binary: bytes) }

  /// A ping of at most 125 bytes; see `WebSocketPeer.ping`.
  package func ping(_ payload: [UInt8] = []) { peer?.ping(payload) }

  /// Begins the closing handshake, or gives the connection up that does not stand yet. `closed`
  /// follows; nothing else does.
  package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
    switch state {
    case .open(let peer): peer.close(code, reason: reason)
    case .new, .connecting, .upgrading: end(.closedByOwner)
    case .ended: break
    }
  }

  private var peer: WebSocketPeer? {
    if case .open(let peer) = state { peer } else { nil }
  }

  private func upgrade(_ stream: ByteStream, _ target: String) {
    let connectedAt = loop.now
    let key = WebSocketHandshake.key(random)
    let upgrade = WebSocketUpgrade(
      loop: loop, stream: stream, endpoint: endpoint.description,
      request: WebSocketHandshake.request(
        endpoint, target: target, key: key, userAgent: configuration.userAgent), key: key)
    do throws(SystemError) {
      try upgrade.start(by: loop.now.advanced(by: configuration.upgradeDeadline)) {
        [weak self] outcome in
        switch outcome {
        case .upgraded(let stream, let rest): self?.open(stream, rest)
        case .failed(let end):
          if case .notConnected = end { self?.resolver.distrust(knownAt: connectedAt) }
          self?.end(end)
        }
      }
      state = .upgrading(upgrade)
    } catch {
      end(.notConnected(self.error(.notSent, .connect, .system(error))))
    }
  }

  private func open(_ stream: ByteStream, _ rest: [UInt8]) {
    let peer: WebSocketPeer
    do throws(SystemError) {
      peer = try WebSocketPeer(
        loop: loop, stream: stream, role: .client, received: rest,
        configuration: configuration.peer, random: random, finished: {})
    } catch {
      return end(.notConnected(self.error(.perhapsSent, .body, .system(error))))
    }
    peer.onEvent = { [weak self] event in self?.told(event) }
    state = .open(peer)
    onEvent?(.opened)
  }

  private func told(_ event: WebSocketEvent) {
    switch event {
    case .opened, .text, .binary: onEvent?(event)
    case .closed(let end):
      state = .ended
      tell(end)
    }
  }

  /// Before it was open. Told soon: this may run inside a call of the owner.
  private func end(_ end: WebSocketEnd) {
    if case .connecting(let attempt) = state { attempt.cancel() }
    state = .ended
    loop.schedule(at: loop.now) { [weak self] in self?.tell(end) }
  }

  private func tell(_ end: WebSocketEnd) {
    guard let onEvent else { return }
    self.onEvent = nil
    onEvent(.closed(echo.hiding(end)))
  }

  private func error(
    _ progress: TransportError.Progress, _ phase: TransportError.Phase,
    _ reason: TransportError.Reason
  ) -> TransportError {
    TransportError(progress, phase, reason, endpoint: endpoint.description)
  }
}
