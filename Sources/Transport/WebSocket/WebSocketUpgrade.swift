import Domain
import Platform

/// The opening handshake of a client on a connection that stands. Ends in a WebSocket or the reason why
/// not, once, never inside `start`.
final class WebSocketUpgrade {
  enum Outcome {
    /// The stream, and what has come on it already.
    case upgraded(ByteStream, rest: [UInt8])
    case failed(WebSocketEnd)
  }

  /// An answer without a body fits.
  private static let readSize = 4 * 1024

  private let loop: EventLoop
  private let endpoint: String
  private let request: [UInt8]
  private var stream: ByteStream?
  private var reader: WebSocketAnswerReader
  private var written = 0
  private var hasAnswerBegun = false
  private var done: ((Outcome) -> Void)?
  private var buffer = [UInt8](repeating: 0, count: readSize)
  private lazy var deadline = DeadlineTimer(loop) { [weak self] in self?.ended(.deadline) }

  /// `endpoint` is for errors; `key` is the one in the request.
  init(loop: EventLoop, stream: ByteStream, endpoint: String, request: [UInt8], key: String) {
    self.loop = loop
    self.stream = stream
    self.endpoint = endpoint
    self.request = request
    reader = WebSocketAnswerReader(key: key)
  }

  deinit {
    if let stream { loop.deregister(stream.descriptor) }
  }

  /// Throws when the loop does not take the socket.
  func start(
    by due: MonotonicTime, _ done: @escaping (Outcome) -> Void
  ) throws(SystemError) {
    guard let stream else { return }
    try loop.register(stream.descriptor, [.read, .write]) { [weak self] readiness in
      self?.ready(readiness)
    }
    self.done = done
    deadline.set(due)
  }

  private var isWriting: Bool { written < request.count }

  private func ready(_ readiness: EventLoop.Readiness) {
    if isWriting { write() }
    readAll()
  }

  private func write() {
    while let stream, isWriting {
      switch stream.write(request, from: written) {
      case .bytes(let count): written += count
      case .wait(let interest): return loop.change(stream.descriptor, to: interest.union(.read))
      case .end: return ended(.peerClosed)
      case .failed(let failure): return ended(TransportError.Reason(failure))
      }
    }
    if let stream { loop.change(stream.descriptor, to: .read) }
  }

  private func readAll() {
    while let stream {
      switch stream.read(into: &buffer) {
      case .bytes(let count):
        received(count)
        guard stream.hasFetchedBytes else { return }
      case .wait(let interest):
        return loop.change(
          stream.descriptor, to: isWriting ? [.read, .write] : interest.union(.read))
      case .end: ended(.peerClosed)
      case .failed(let failure): ended(TransportError.Reason(failure))
      }
    }
  }

  private func received(_ count: Int) {
    // A refusal may come before the request was read to its end, an upgrade may not.
    hasAnswerBegun = true
    switch reader.feed(buffer.span.extracting(first: count)) {
    case .needMore: break
    case .upgraded(let rest):
      guard let stream, !isWriting else { return ended(.violation(.unsolicitedBytes)) }
      loop.deregister(stream.descriptor)
      self.stream = nil
      finish(.upgraded(stream, rest: rest))
    case .refused(let refusal): fail(.refused(refusal))
    case .failure(let violation): ended(.violation(violation))
    }
  }

  private func ended(_ reason: TransportError.Reason) {
    if let refusal = reader.finish() { return fail(.refused(refusal)) }
    let phase: TransportError.Phase =
      isWriting ? .write : hasAnswerBegun ? .body : .firstByte
    fail(
      .notConnected(TransportError(.perhapsSent, phase, reason, endpoint: endpoint)))
  }

  private func fail(_ end: WebSocketEnd) {
    if let stream {
      loop.deregister(stream.descriptor)
      stream.finishWriting()
    }
    stream = nil
    finish(.failed(end))
  }

  private func finish(_ outcome: Outcome) {
    deadline.set(nil)
    guard let done else { return }
    self.done = nil
    done(outcome)
  }
}
