import Domain
import Platform

/// One open WebSocket, of either side: messages come and go until it is closed.
///
/// It belongs to its loop's thread, and ends when it is let go. `onEvent` is called there, never
/// inside a call of the owner. What is sent after the end, or after `close`, is dropped.
package final class WebSocketPeer {
  package struct Configuration: Hashable, Sendable {
    /// The connection ends when nothing at all was received for so long; nil lets it be silent.
    package var idleMaximum: Duration?
    /// From our close frame to the peer's.
    package var closingDeadline: Duration = .seconds(2)
    package var messageMaximum = WebSocketLimits.messageMaximum
    package var outputMaximum = WebSocketLimits.outputMaximum
    /// Whether what comes may lie in the socket for as long as `EventLoop.coalescing` says.
    package var isCoalesced = false

    package init(idleMaximum: Duration? = nil) {
      self.idleMaximum = idleMaximum
    }
  }

  private enum State {
    /// To `closing`, `draining` or `ended`.
    case open
    /// The owner has closed; the peer's close frame is awaited. To `draining` or `ended`.
    case closing
    /// All is said, and our end is finished once it is written. What comes is thrown away until the
    /// peer's end, so that no reset overtakes our last frame. To `ended`.
    case draining(WebSocketEnd)
    case ended
  }

  private static let readSize = 16 * 1024
  /// After the last frames: long enough for the peer to have read ours (as in RFC 9112 §9.6).
  private static let drainMaximum: Duration = .seconds(1)

  /// Set it before the loop turns again, or the first messages are missed.
  package var onEvent: ((WebSocketEvent) -> Void)?

  private let loop: EventLoop
  private let configuration: Configuration
  private let writer: WebSocketWriter
  /// Called when the socket is given up.
  private let finished: () -> Void
  private var stream: ByteStream?
  private var parser: WebSocketParser
  private var state = State.open
  private var output: [UInt8] = []
  private var written = 0
  private var isWritingFinished = false
  /// The kernel tells an error of the socket once.
  private var writeFailure: TransportError.Reason?
  private var interest = EventLoop.Interest.read
  private var buffer = [UInt8](repeating: 0, count: readSize)
  private lazy var deadline = DeadlineTimer(loop) { [weak self] in self?.expired() }

  /// `received` came with the upgrade. Throws when the loop does not take the socket.
  init(
    loop: EventLoop, stream: ByteStream, role: WebSocketRole, received: [UInt8],
    configuration: Configuration, random: @escaping WebSocketRandom,
    finished: @escaping () -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.configuration = configuration
    self.finished = finished
    writer = WebSocketWriter(role: role, random: random)
    parser = WebSocketParser(role: role, messageMaximum: configuration.messageMaximum)
    parser.append(received.span)
    try loop.register(
      stream.descriptor, .read, isCoalesced: configuration.isCoalesced
    ) { [weak self] readiness in
      self?.ready(readiness)
    }
    self.stream = stream
    restartIdleDeadline()
    loop.schedule(at: loop.now) { [weak self] in self?.begin() }
  }

  deinit {
    if let stream { loop.deregister(stream.descriptor) }
  }

  package func send(text: String) { send(.text, text.utf8) }

  package func send(binary bytes: [UInt8]) { send(.binary, bytes) }

  /// A ping of at most 125 bytes. Its pong is not told; it keeps the connection from being idle.
  package func ping(_ payload: [UInt8] = []) {
    invariant(payload.count <= WebSocketLimits.controlMaximum, "a ping of at most 125 bytes")
    send(.ping, payload)
  }

  /// Begins the closing handshake. The code must be one that is allowed on the wire; of the reason,
  /// what fits into a control frame is sent. `closed` follows; nothing else does.
  package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
    invariant(code.isAllowedOnWire, "code \(code.rawValue) may not be sent")
    guard case .open = state else { return }
    state = .closing
    deadline.set(loop.now.advanced(by: configuration.closingDeadline))
    writer.appendClose(code, reason, to: &output)
    flush()
  }

  // MARK: - Misbehaviour

  /// Sends exactly these bytes, whatever they mean to the other side.
  package func sendRaw(_ bytes: [UInt8]) {
    guard case .open = state else { return }
    output += bytes
    flush()
  }

  /// Ends the connection with a reset (RST): what is not written is dropped.
  package func reset() {
    resetOnClose()
    end(.closedByOwner)
  }

  /// Ends the connection without a word to anybody.
  func abandon() {
    guard stream != nil else { return }
    state = .ended
    onEvent = nil
    release()
  }

  // MARK: - Writing

  private var isWriting: Bool { written < output.count }

  private func send(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) {
    guard case .open = state else { return }
    writer.append(opcode, payload, to: &output)
    flush()
  }

  /// Writes what goes, in order.
  private func flush() {
    while let stream, isWriting {
      switch stream.write(output, from: written) {
      case .bytes(let count): written += count
      case .wait(let interest):
        keepUnwritten()
        watch(interest.union(.read))
        return
      case .end: return writingFailed(.peerClosed)
      case .failed(let failure): return writingFailed(TransportError.Reason(failure))
      }
    }
    output.removeAll(keepingCapacity: true)
    written = 0
    watch(.read)
    if case .draining = state, !isWritingFinished {
      isWritingFinished = true
      stream?.finishWriting()
    }
  }

  /// The peer may have said why before it went: what has come is read first.
  private func writingFailed(_ reason: TransportError.Reason) {
    output = []
    written = 0
    guard writeFailure == nil else { return }
    writeFailure = reason
    isWritingFinished = true
    loop.schedule(at: loop.now) { [weak self] in
      self?.readAll()
      self?.end(.lost(reason))
    }
  }

  private func keepUnwritten() {
    // Half of it at least, so that each byte is moved once on average.
    if written > output.count / 2 {
      output.removeSubrange(..<written)
      written = 0
    }
    guard output.count - written > configuration.outputMaximum else { return }
    // What the kernel still holds is of no use to anybody.
    resetOnClose()
    end(.outputFull)
  }

  private func resetOnClose() {
    stream?.resetOnClose()
    // An orderly end must not go before it.
    isWritingFinished = true
  }

  private func watch(_ interest: EventLoop.Interest) {
    guard let stream, interest != self.interest else { return }
    self.interest = interest
    loop.change(stream.descriptor, to: interest)
  }

  // MARK: - Reading

  private func begin() {
    takeMessages()
    if stream?.hasFetchedBytes == true { readAll() }
  }

  private func ready(_ readiness: EventLoop.Readiness) {
    if readiness.writable, isWriting { flush() }
    if readiness.readable || interest.contains(.write) { readAll() }
  }

  private func readAll() {
    while let stream {
      switch stream.read(into: &buffer) {
      case .bytes(let count):
        received(count)
        // The loop tells of what is still in the socket, but not of what OpenSSL has fetched.
        guard stream.hasFetchedBytes else { return }
      case .wait(let interest):
        watch(isWriting ? [.read, .write] : interest.union(.read))
        return
      case .end: end(.lost(writeFailure ?? .peerClosed))
      case .failed(let failure): end(.lost(TransportError.Reason(failure)))
      }
    }
  }

  private func received(_ count: Int) {
    switch state {
    case .open:
      restartIdleDeadline()
      parser.append(buffer.span.extracting(first: count))
      takeMessages()
    case .closing:
      parser.append(buffer.span.extracting(first: count))
      takeMessages()
    case .draining, .ended: break
    }
  }

  /// Everything that has come whole. A call of the owner may change the state in between.
  private func takeMessages() {
    while true {
      let isClosing: Bool
      switch state {
      case .open: isClosing = false
      case .closing: isClosing = true
      case .draining, .ended: return
      }
      switch parser.next() {
      case .needMore: return
      case .text(let text): if !isClosing { onEvent?(.text(text)) }
      case .binary(let bytes): if !isClosing { onEvent?(.binary(bytes)) }
      // RFC 6455 §5.5.2: unless a close frame came; after ours, nothing may be sent.
      case .ping(let payload): send(.pong, payload)
      // RFC 6455 §5.5.3: no answer is expected.
      case .pong: break
      case .close(let code, let reason): closedByPeer(code, reason, isClosing)
      case .failure(let violation): violated(violation, isClosing)
      }
    }
  }

  private func closedByPeer(_ code: WebSocketCloseCode?, _ reason: String, _ isClosing: Bool) {
    // RFC 6455 §5.5.1: the answer repeats the code.
    if !isClosing { writer.appendClose(code, "", to: &output) }
    drain(isClosing ? .closedByOwner : .closedByPeer(code, reason))
  }

  private func violated(_ violation: WebSocketViolation, _ isClosing: Bool) {
    if !isClosing { writer.appendClose(violation.closeCode, "\(violation)", to: &output) }
    drain(.violation(violation))
  }

  private func drain(_ end: WebSocketEnd) {
    state = .draining(end)
    deadline.set(loop.now.advanced(by: Self.drainMaximum))
    flush()
  }

  // MARK: - The end

  private func restartIdleDeadline() {
    guard let idleMaximum = configuration.idleMaximum else { return }
    deadline.set(loop.now.advanced(by: idleMaximum))
  }

  private func expired() {
    switch state {
    case .open: end(.idle(configuration.idleMaximum ?? .zero))
    case .closing: end(.closingUnanswered)
    case .draining(let end): self.end(end)
    case .ended: break
    }
  }

  /// Tells the owner soon: this may run inside a call of the owner.
  private func end(_ end: WebSocketEnd) {
    let told: WebSocketEnd
    switch state {
    case .open, .closing: told = end
    // However the connection goes now, it was over before.
    case .draining(let reason): told = reason
    case .ended: return
    }
    state = .ended
    release()
    // Held until then: a server lets go of a peer without a socket.
    loop.schedule(at: loop.now) { [self] in
      let onEvent = onEvent
      self.onEvent = nil
      onEvent?(.closed(told))
    }
  }

  private func release() {
    guard let stream else { return }
    self.stream = nil
    deadline.set(nil)
    loop.deregister(stream.descriptor)
    if !isWritingFinished { stream.finishWriting() }
    output = []
    written = 0
    buffer = []
    finished()
  }
}
