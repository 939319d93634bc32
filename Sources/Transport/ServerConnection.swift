import Domain
import Platform

/// One client of the server: handshake, then requests one after another, each answered before the
/// next is looked at.
final class ServerConnection {
  private enum State {
    /// To `reading` or `closed`.
    case handshake
    /// To `answering`, `lingering` or `closed`.
    case reading
    /// A handler has the request. To `reading`, `upgraded`, `lingering` or `closed`.
    case answering(number: Int, keepAlive: Bool, isToHead: Bool)
    /// Our end is finished; what still comes is thrown away, so that no reset overtakes our answer.
    /// To `closed`.
    case lingering
    /// The stream is the WebSocket's. To `closed`.
    case upgraded(WebSocketPeer)
    case closed
  }

  /// What follows the last byte of the output.
  enum Ending {
    case none
    /// close_notify, FIN, and time for the client to read.
    case orderly
    /// FIN without close_notify, as when a cable between two proxies is cut.
    case unannounced
    /// RST.
    case reset
  }

  private static let readSize = 16 * 1024
  /// RFC 9112 §9.6: long enough for the client to have read the answer.
  private static let lingerMaximum: Duration = .seconds(1)

  private let loop: EventLoop
  private let stream: ByteStream
  private let configuration: HTTPServer.Configuration
  private let handler: HTTPServer.Handler
  private let closed: (ServerConnection) -> Void
  private var parser: HTTPRequestParser
  private var state = State.handshake
  private var requests = 0
  private var isHandling = false
  private var hasRequestBegun = false
  /// When the last byte came, the connection itself at first.
  private var lastHeard: MonotonicTime
  private var output: [UInt8] = []
  private var written = 0
  private var ending = Ending.none
  private var interest = EventLoop.Interest.read
  private var buffer = [UInt8](repeating: 0, count: readSize)
  private lazy var deadline = DeadlineTimer(loop) { [weak self] in self?.close() }

  init(
    loop: EventLoop, stream: ByteStream, number: Int, configuration: HTTPServer.Configuration,
    handler: @escaping HTTPServer.Handler, closed: @escaping (ServerConnection) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.stream = stream
    self.configuration = configuration
    self.handler = handler
    self.closed = closed
    parser = HTTPRequestParser(limits: configuration.limits, connection: number)
    lastHeard = loop.now
    try loop.register(stream.descriptor, .read) { [weak self] readiness in
      self?.ready(readiness)
    }
    setDeadline(configuration.requestDeadline)
  }

  deinit {
    if case .upgraded(let peer) = state { return peer.abandon() }
    loop.deregister(stream.descriptor)
  }

  func close() {
    switch state {
    case .closed: return
    case .upgraded(let peer):
      state = .closed
      peer.abandon()
      closed(self)
      return
    case .handshake, .reading, .answering, .lingering: break
    }
    state = .closed
    deadline.set(nil)
    loop.deregister(stream.descriptor)
    switch ending {
    case .none, .orderly: stream.finishWriting()
    case .unannounced: break
    case .reset: stream.resetOnClose()
    }
    closed(self)
  }

  /// Since when nothing has come of a client to whom nothing is owed; nil for another.
  var quietSince: MonotonicTime? {
    switch state {
    case .handshake, .reading, .lingering: isWriting ? nil : lastHeard
    case .answering, .upgraded, .closed: nil
    }
  }

  private func setDeadline(_ duration: Duration) {
    deadline.set(loop.now.advanced(by: duration))
  }

  private func watch(_ interest: EventLoop.Interest) {
    guard interest != self.interest else { return }
    self.interest = interest
    loop.change(stream.descriptor, to: interest)
  }

  private var isWriting: Bool { written < output.count }

  /// A client that does not take its answers is not read from, so what waits for it stays bounded.
  private func watchWhatMatters() {
    switch state {
    case .reading: watch(isWriting ? .write : .read)
    // Further requests wait in the socket.
    case .answering: watch(isWriting ? .write : [])
    case .lingering: watch(.read)
    case .handshake, .upgraded, .closed: break
    }
  }

  private func ready(_ readiness: EventLoop.Readiness) {
    switch state {
    case .handshake: shakeHands()
    case .answering where interest.isEmpty:
      // Only an error or a hang-up is reported then, as both: nobody waits for the answer any more.
      // To be writable alone is from before, when this turn's events were collected.
      if readiness.readable { close() }
    case .reading, .answering, .lingering:
      if isWriting {
        flush()
        proceed()
      } else if readiness.readable || interest.contains(.write) {
        read()
      }
    case .upgraded, .closed: break
    }
  }

  private func shakeHands() {
    switch stream.handshake() {
    case .wait(let interest): watch(interest)
    case .failed: close()
    case .done:
      state = .reading
      setDeadline(configuration.idleMaximum)
      // The request may have come along with the end of the handshake.
      read()
    }
  }

  private func read() {
    while canRead {
      switch stream.read(into: &buffer) {
      case .bytes(let count):
        lastHeard = loop.now
        received(count)
        if !stream.hasFetchedBytes {
          watchWhatMatters()
          return
        }
      case .wait(let interest):
        watch(interest)
        return
      case .end, .failed:
        close()
        return
      }
    }
    watchWhatMatters()
  }

  private var canRead: Bool {
    switch state {
    case .reading: !isWriting
    case .lingering: true
    case .handshake, .answering, .upgraded, .closed: false
    }
  }

  private func received(_ count: Int) {
    guard case .reading = state else { return }
    if !hasRequestBegun {
      hasRequestBegun = true
      setDeadline(configuration.requestDeadline)
    }
    parser.append(buffer.span.extracting(first: count))
    nextRequest()
  }

  private func nextRequest() {
    // A handler that answers at once comes back here through `finishAnswer`; the loop below goes on.
    guard !isHandling else { return }
    isHandling = true
    defer { isHandling = false }
    while case .reading = state, ending == .none, !isWriting {
      switch parser.next() {
      case .needMore: return
      case .wantsContinue: queue(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      case .failure(let violation):
        queue(HTTPResponse(violation).bytes(keepAlive: false))
        ending = .orderly
      case .complete(let request, let keepAlive):
        requests += 1
        state = .answering(
          number: requests, keepAlive: keepAlive, isToHead: request.method == "HEAD")
        hasRequestBegun = false
        deadline.set(nil)
        handler(request, Responder(self, number: requests, loop: loop))
        continue
      }
      flush()
    }
  }

  /// After something was written: requests that are here already, then those in the socket.
  private func proceed() {
    guard !isHandling else { return }
    nextRequest()
    if stream.hasFetchedBytes { read() } else { watchWhatMatters() }
  }
}

// MARK: - Answers

extension ServerConnection {
  /// Whether request `number` still waits for its answer here.
  private func isAnswering(_ number: Int) -> Bool {
    if case .answering(number, _, _) = state { true } else { false }
  }

  private func queue(_ bytes: [UInt8]) {
    if written == output.count {
      output = bytes
      written = 0
    } else {
      output.append(contentsOf: bytes)
    }
  }

  func answer(_ number: Int, _ response: HTTPResponse) {
    guard case .answering(number, let keepAlive, let isToHead) = state else { return }
    let stays = keepAlive && !response.headers.lists("close", in: "Connection")
    // RFC 9110 §9.3.2: the answer to HEAD has no body.
    queue(isToHead ? response.head(keepAlive: stays) : response.bytes(keepAlive: stays))
    finishAnswer(number, keepAlive: stays)
  }

  /// Bytes as they are; the answer goes on.
  func sendRaw(_ number: Int, _ bytes: [UInt8]) {
    guard isAnswering(number), !bytes.isEmpty else { return }
    queue(bytes)
    flush()
  }

  /// Bytes of the answer that the client has not taken yet; nil when the connection is gone. While an
  /// answer goes on nothing is read, so that a client that has left is seen only here.
  func backlog(_ number: Int) -> Int? {
    guard isAnswering(number) else { return nil }
    switch stream.peek() {
    case .bytes, .wait: return output.count - written
    case .end, .failed:
      close()
      return nil
    }
  }

  /// The answer is whole as far as this server is concerned.
  func finishAnswer(_ number: Int, keepAlive: Bool) {
    guard isAnswering(number) else { return }
    state = .reading
    if !keepAlive { ending = .orderly }
    setDeadline(configuration.idleMaximum)
    flush()
    proceed()
  }

  /// Becomes a WebSocket, of which these fields say so. Nil when the connection is gone.
  func upgrade(
    _ number: Int, _ fields: HTTPFields, _ configuration: WebSocketPeer.Configuration
  ) -> WebSocketPeer? {
    guard isAnswering(number) else { return nil }
    loop.deregister(stream.descriptor)
    let peer = try? WebSocketPeer(
      loop: loop, stream: stream, role: .server, received: parser.takeUnread(),
      configuration: configuration, random: WebSocketSystemRandom.next
    ) { [weak self] in self?.close() }
    guard let peer else {
      close()
      return nil
    }
    state = .upgraded(peer)
    // Nothing is on its way before it: a request is handled when the answers before it are written.
    peer.sendRaw(HTTPResponse(status: 101, headers: fields).bytes(keepAlive: true))
    return peer
  }

  /// Ends the connection in this manner once everything is written.
  func end(_ number: Int, _ ending: Ending) {
    guard isAnswering(number) else { return }
    self.ending = ending
    flush()
  }

  private func flush() {
    while isWriting {
      switch stream.write(output, from: written) {
      case .bytes(let count): written += count
      case .wait:
        watchWhatMatters()
        return
      case .end, .failed:
        close()
        return
      }
    }
    output = []
    written = 0
    switch ending {
    case .none: watchWhatMatters()
    case .orderly: linger()
    case .unannounced, .reset: close()
    }
  }

  private func linger() {
    stream.finishWriting()
    state = .lingering
    watchWhatMatters()
    setDeadline(Self.lingerMaximum)
  }
}
