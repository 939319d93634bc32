import Domain
import Glibc
import Platform

/// One try to connect: resolve, then TCP and the TLS handshake address by address; each with its deadline
/// for all addresses together. Where nobody answers as the exchange does, the name may have moved: it is
/// looked up once more, and what is new is tried.
/// Ends in a connection or an error, once, never inside `start`.
final class ConnectionAttempt {
  struct Deadlines {
    let resolve: Duration
    let connect: Duration
    let handshake: Duration
  }

  struct Established {
    let stream: ByteStream
    let address: IPAddress
    /// From `start` on.
    let elapsed: Duration
    let outdatedBecause: Resolver.Failure?
  }

  typealias Outcome = Result<Established, TransportError>

  /// Counts the attempts of one client.
  let number: Int
  private let loop: EventLoop
  private let endpoint: Endpoint
  private let tls: TLSContext?
  private let resolver: Resolver
  private let deadlines: Deadlines
  private var done: ((Outcome) -> Void)?
  private lazy var deadline = DeadlineTimer(loop) { [weak self] in self?.expired() }

  private var startedAt: MonotonicTime
  private var phase = TransportError.Phase.resolve
  private var resolution: Resolver.Resolution?
  private var addresses: ArraySlice<IPAddress> = []
  private var address = IPAddress.loopback4
  /// Of the addresses' failures the one that is told if none of them can be used.
  private var failure: TransportError?
  private var isLookedUpAgain = false
  private var connectUntil: MonotonicTime
  /// What the handshakes may still take.
  private var handshakeLeft = Duration.zero
  private var handshakeBegan: MonotonicTime
  private var socket: FileDescriptor?
  private var stream: ByteStream?

  init(
    number: Int, loop: EventLoop, endpoint: Endpoint, tls: TLSContext?, resolver: Resolver,
    deadlines: Deadlines
  ) {
    self.number = number
    self.loop = loop
    self.endpoint = endpoint
    self.tls = tls
    self.resolver = resolver
    self.deadlines = deadlines
    startedAt = loop.now
    connectUntil = startedAt
    handshakeBegan = startedAt
  }

  deinit { drop() }

  func start(_ done: @escaping (Outcome) -> Void) {
    self.done = done
    startedAt = loop.now
    deadline.set(startedAt.advanced(by: deadlines.resolve))
    loop.schedule(at: startedAt) { [weak self] in self?.resolve() }
  }

  /// Ends it without a word.
  func cancel() {
    done = nil
    deadline.set(nil)
    drop()
  }

  private func resolve() {
    guard done != nil else { return }
    resolver.resolve { [weak self] result in
      guard let self, done != nil, phase == .resolve else { return }
      switch result {
      case .failure(let failure): finish(.failure(error(.resolution(failure.text))))
      case .success(let resolution): connect(to: resolution.addresses[...], of: resolution)
      }
    }
  }

  private func connect(to addresses: ArraySlice<IPAddress>, of resolution: Resolver.Resolution) {
    self.resolution = resolution
    self.addresses = addresses
    connectUntil = loop.now.advanced(by: deadlines.connect)
    handshakeLeft = deadlines.handshake
    connectNext()
  }

  private func failed(_ reason: TransportError.Reason) {
    remember(error(reason))
    connectNext()
  }

  /// The address is as useless as one where nobody listens: no byte of a request has left.
  private func handshakeFailed(_ reason: TransportError.Reason) {
    let spent = loop.now.since(handshakeBegan)
    handshakeLeft -= spent
    connectUntil = connectUntil.advanced(by: spent)
    failed(reason)
  }

  private func remember(_ error: TransportError) {
    if let failure, failure.weight > error.weight { return }
    failure = error
  }

  /// Tries the next address with its share of what is left of the time.
  private func connectNext() {
    drop()
    phase = .connect
    while let next = addresses.popFirst() {
      address = next
      do throws(SystemError) {
        try connect(to: next)
        let now = loop.now
        let left = connectUntil.since(now) / (addresses.count + 1)
        deadline.set(now.advanced(by: left))
        return
      } catch {
        remember(self.error(.system(error)))
        drop()
      }
    }
    nobodyAnswers()
  }

  /// The name is looked up again, once an attempt.
  private func nobodyAnswers() {
    let failure = failure ?? error(.resolution("no address"))
    guard !isLookedUpAgain, let useless = resolution else { return finish(.failure(failure)) }
    isLookedUpAgain = true
    phase = .resolve
    deadline.set(loop.now.advanced(by: deadlines.resolve))
    resolver.resolve(after: useless) { [weak self] resolution in
      guard let self, done != nil, phase == .resolve else { return }
      let tried = Set(useless.addresses)
      let fresh = resolution?.addresses.filter { !tried.contains($0) } ?? []
      guard let resolution, !fresh.isEmpty else { return finish(.failure(failure)) }
      connect(to: fresh[...], of: resolution)
    }
  }

  private func connect(to address: IPAddress) throws(SystemError) {
    let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let number = Glibc.socket(address.family, type, 0)
    guard number >= 0 else { throw .last("socket") }
    socket = FileDescriptor(owning: number)
    SocketOptions.set(number, SocketOptions.tcp, TCP_NODELAY)
    SocketOptions.set(number, SOL_SOCKET, SO_KEEPALIVE)
    let result = unsafe address.withSocketAddress(port: endpoint.port) {
      unsafe Glibc.connect(number, $0, $1)
    }
    // connect(2): an interrupted call goes on in the background too.
    guard result == 0 || errno == EINPROGRESS || errno == EINTR
    else { throw .last("connect", "\(address)") }
    try loop.register(number, .write) { [weak self] _ in self?.ready() }
  }

  private func ready() {
    switch phase {
    case .connect: connected()
    case .handshake: shakeHands()
    case .queue, .resolve, .write, .firstByte, .body: break
    }
  }

  private func connected() {
    guard let number = socket?.number else { return }
    let failure = SocketOptions.pendingError(number)
    guard failure == 0 else {
      failed(.system(SystemError("connect", "\(address)", number: failure)))
      return
    }
    guard let socket = socket.take() else { return }
    phase = .handshake
    handshakeBegan = loop.now
    // The first of many addresses keeps time enough for a slow line, and time is left for all others.
    deadline.set(handshakeBegan.advanced(by: addresses.isEmpty ? handshakeLeft : handshakeLeft / 2))
    do throws(ByteStream.Failure) {
      stream = try ByteStream(owning: socket, tls: tls, host: endpoint.host)
    } catch {
      // The socket went with the stream; its registration must go too.
      loop.deregister(number)
      finish(.failure(self.error(TransportError.Reason(error))))
      return
    }
    shakeHands()
  }

  private func shakeHands() {
    guard let stream else { return }
    switch stream.handshake() {
    case .wait(let interest): loop.change(stream.descriptor, to: interest)
    // Somebody else may have the address now.
    case .failed(.truncated): handshakeFailed(.peerClosed)
    case .failed(let failure): handshakeFailed(TransportError.Reason(failure))
    case .done:
      loop.deregister(stream.descriptor)
      self.stream = nil
      finish(
        .success(
          Established(
            stream: stream, address: address, elapsed: loop.now.since(startedAt),
            outdatedBecause: resolution?.outdatedBecause)))
    }
  }

  private func expired() {
    switch phase {
    case .connect: failed(.deadline)
    case .handshake: handshakeFailed(.deadline)
    case .resolve, .queue, .write, .firstByte, .body:
      finish(.failure(failure ?? error(.deadline)))
    }
  }

  private func error(_ reason: TransportError.Reason) -> TransportError {
    TransportError(.notSent, phase, reason, endpoint: endpoint.description)
  }

  private func finish(_ outcome: Outcome) {
    guard let done else { return }
    self.done = nil
    deadline.set(nil)
    drop()
    done(outcome)
  }

  private func drop() {
    if let number = socket?.number { loop.deregister(number) }
    socket = nil
    if let stream { loop.deregister(stream.descriptor) }
    stream = nil
  }
}

extension TransportError {
  /// The heaviest of several is told, of equals the last: a certificate is for a person to see to, and a
  /// handshake that fails says more than a connection that does not come about.
  fileprivate var weight: Int {
    if case .tls(let failure) = reason, failure.isOfCertificate { return 2 }
    return phase == .handshake ? 1 : 0
  }
}

extension TLSFailure {
  fileprivate var isOfCertificate: Bool {
    switch self {
    case .certificateExpired, .certificateNotYetValid, .certificateUntrusted, .certificateWrongHost:
      true
    case .protocolRefused, .other: false
    }
  }
}
