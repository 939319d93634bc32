import Domain
import Platform

/// One established connection of a client: idle, or with exactly one request in flight.
final class ClientConnection {
  struct Deadlines {
    /// From the write to the first byte of the answer.
    let firstByte: Duration
    /// From the write to the last byte of the answer.
    let answer: Duration
  }

  typealias Completion = (Result<HTTPResponse, TransportError>) -> Void

  enum Start {
    case started
    /// The connection is closed; not a byte was handed over.
    case notSent(TransportError.Reason)
    /// The connection is closed; some of the request may have left.
    case perhapsSent(TransportError.Reason)
  }

  /// What the owner hears. After every call but `answered(usable: true)` the connection is closed.
  enum Event {
    case answered(HTTPResponse, Completion, usable: Bool)
    case broken(TransportError.Phase, TransportError.Reason, Completion)
    case lostIdle(TransportError.Reason)
  }

  private struct Exchange {
    let request: [UInt8]
    var written = 0
    var hasAnswerBegun = false
    let answerDue: MonotonicTime
    let completion: Completion
  }

  /// One TLS record, or what a burst on a plain socket brings.
  private static let readSize = 16 * 1024

  /// The number of the attempt that made it.
  let attempt: Int
  /// When the peer last proved to be there: the connect, or the end of its latest answer.
  private(set) var provenAt: MonotonicTime
  private(set) var hasAnswered = false
  private(set) var hasCarriedRequest = false
  /// A replacement has been asked for.
  var isRetiring = false

  private let loop: EventLoop
  private let stream: ByteStream
  private let deadlines: Deadlines
  private let report: (ClientConnection, Event) -> Void
  private var parser: HTTPResponseParser
  private var exchange: Exchange?
  private var isClosed = false
  private var interest = EventLoop.Interest.read
  private var buffer = [UInt8](repeating: 0, count: readSize)
  private lazy var deadline = DeadlineTimer(loop) { [weak self] in self?.fail(.deadline) }

  init(
    attempt: Int, loop: EventLoop, stream: ByteStream, deadlines: Deadlines, limits: HTTPLimits,
    report: @escaping (ClientConnection, Event) -> Void
  ) throws(SystemError) {
    self.attempt = attempt
    self.loop = loop
    self.stream = stream
    self.deadlines = deadlines
    self.report = report
    parser = HTTPResponseParser(limits: limits)
    provenAt = loop.now
    try loop.register(stream.descriptor, .read) { [weak self] readiness in
      self?.ready(readiness)
    }
  }

  deinit {
    if !isClosed { loop.deregister(stream.descriptor) }
  }

  var isBusy: Bool { exchange != nil }

  private var isWriting: Bool {
    exchange.map { $0.written < $0.request.count } ?? false
  }

  /// Nil when the peer is there and silent, as far as this machine knows; else why this connection
  /// must not carry a request.
  func flaw() -> TransportError.Reason? {
    switch stream.peek() {
    case .wait(.read): nil
    case .wait: .violation(.unsolicitedBytes)
    case .bytes: .violation(.unsolicitedBytes)
    case .end: .peerClosed
    case .failed(let failure): TransportError.Reason(failure)
    }
  }

  /// Writes the request to an idle connection. `report` is not called from here.
  func begin(_ request: [UInt8], _ completion: @escaping Completion) -> Start {
    invariant(exchange == nil && !isClosed, "a request starts on an idle connection")
    let now = loop.now
    let answerDue = now.advanced(by: deadlines.answer)
    exchange = Exchange(request: request, answerDue: answerDue, completion: completion)
    guard let failure = write() else {
      hasCarriedRequest = true
      deadline.set(min(answerDue, now.advanced(by: deadlines.firstByte)))
      return .started
    }
    // What SSL_write took may be on the wire even when it then reports an error.
    let isUntouched = exchange?.written == 0 && !stream.isTLS
    exchange = nil
    close()
    if isUntouched { return .notSent(failure) }
    hasCarriedRequest = true
    return .perhapsSent(failure)
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    deadline.set(nil)
    loop.deregister(stream.descriptor)
    stream.finishWriting()
  }

  /// Closes and gives up the completion of the request in flight, if there is one.
  func abandon() -> Completion? {
    close()
    let completion = exchange?.completion
    exchange = nil
    return completion
  }

  // MARK: - Readiness

  private func ready(_ readiness: EventLoop.Readiness) {
    if readiness.writable, isWriting, let reason = write() {
      fail(reason)
      return
    }
    if readiness.readable || interest.contains(.write) { readAll() }
  }

  /// Writes what goes; the reason when it cannot go on.
  private func write() -> TransportError.Reason? {
    while let exchange, exchange.written < exchange.request.count {
      switch stream.write(exchange.request, from: exchange.written) {
      case .bytes(let count): self.exchange?.written += count
      case .wait(let interest):
        watch(interest.union(.read))
        return nil
      case .end: return .peerClosed
      case .failed(let failure): return TransportError.Reason(failure)
      }
    }
    watch(.read)
    return nil
  }

  private func watch(_ interest: EventLoop.Interest) {
    guard interest != self.interest else { return }
    self.interest = interest
    loop.change(stream.descriptor, to: interest)
  }

  private func readAll() {
    while !isClosed {
      switch stream.read(into: &buffer) {
      case .bytes(let count):
        received(count)
        // The loop tells of what is still in the socket, but not of what OpenSSL has fetched.
        guard stream.hasFetchedBytes else { return }
      case .wait(let interest):
        watch(isWriting ? [.read, .write] : interest.union(.read))
        return
      case .end: ended()
      case .failed(let failure): fail(TransportError.Reason(failure))
      }
    }
  }

  private func received(_ count: Int) {
    guard let exchange, !isWriting else {
      // Nothing can be an answer before there is a whole request.
      fail(.violation(.unsolicitedBytes))
      return
    }
    if !exchange.hasAnswerBegun {
      self.exchange?.hasAnswerBegun = true
      deadline.set(exchange.answerDue)
    }
    take(parser.feed(buffer.span.extracting(first: count)))
  }

  private func ended() {
    if exchange?.hasAnswerBegun == true {
      take(parser.finish())
    } else {
      fail(.peerClosed)
    }
  }

  private func take(_ step: HTTPResponseParser.Step) {
    switch step {
    case .needMore: break
    case .failure(let violation): fail(.violation(violation))
    case .complete(let response, let keepAlive, _):
      guard let exchange else { return }
      self.exchange = nil
      deadline.set(nil)
      hasAnswered = true
      provenAt = loop.now
      // Bytes that came with the end of the answer are looked at before they can be mistaken.
      let usable = keepAlive && (!stream.hasFetchedBytes || flaw() == nil)
      if usable { isRetiring = false } else { close() }
      report(self, .answered(response, exchange.completion, usable: usable))
    }
  }

  private func fail(_ reason: TransportError.Reason) {
    guard !isClosed else { return }
    close()
    guard let exchange else {
      report(self, .lostIdle(reason))
      return
    }
    self.exchange = nil
    let phase: TransportError.Phase =
      if exchange.written < exchange.request.count {
        .write
      } else {
        exchange.hasAnswerBegun ? .body : .firstByte
      }
    report(self, .broken(phase, reason, exchange.completion))
  }
}
