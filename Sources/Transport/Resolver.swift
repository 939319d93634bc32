import Domain
import Glibc
package import Platform
import Synchronization

/// The addresses of one host. Literals and `localhost` are answered at once; names are looked up on a
/// thread of their own, one look-up at a time, and kept for a while, or until nobody answers there.
package final class Resolver {
  /// The resolver's words.
  package struct Failure: Error, Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
      self.text = text
    }
  }

  struct Resolution {
    let addresses: [IPAddress]
    /// Set when the look-up failed, or takes long, and these are the addresses of before.
    let outdatedBecause: Failure?
    /// Counts the look-ups; 0 for what is not looked up.
    let number: Int
  }

  typealias Waiter = (Result<Resolution, Failure>) -> Void

  /// getaddrinfo(3) does not tell the records' own time to live; the exchange's is 60 s.
  package static let lifetime: Duration = .seconds(60)
  /// A look-up that takes longer is not waited for where addresses of before are known: a name server
  /// that is silent is given up after far more than the time that a connection may take.
  package static let patience: Duration = .seconds(1)
  /// More addresses than this are never tried within one deadline.
  static let addressesMaximum = 8
  /// Between two look-ups because nobody answers at the addresses. A name that moves is noticed within
  /// the last pause, and an outage of the exchange costs the name servers next to nothing.
  static let pauses: BackOffLimits = {
    var limits = BackOffLimits()
    limits.last = .seconds(5)
    return limits
  }()

  private let loop: EventLoop
  private let host: Endpoint.Host
  private let lookUp: @Sendable (String) -> Result<[IPAddress], Failure>
  private var known: (addresses: [IPAddress], at: MonotonicTime, number: Int)?
  /// What is known has led to nothing: it serves only where a look-up gives nothing in time.
  private var isDistrusted = false
  private var lookUps = 0
  private var pause = ConnectionPauses(pauses)
  private var waiters: [Waiter] = []
  /// Those for whom the addresses of before will do.
  private var hastyWaiters: [Waiter] = []
  private lazy var patience = DeadlineTimer(loop) { [weak self] in self?.useOldAddresses() }
  /// The running look-up has taken longer than that.
  private var isSlow = false
  private var running: Answer?

  /// `lookUp` may block; it is called on another thread.
  package init(
    _ loop: EventLoop, host: Endpoint.Host,
    lookUp: @escaping @Sendable (String) -> Result<[IPAddress], Failure> = Resolver.systemLookUp
  ) {
    self.loop = loop
    self.host = host
    self.lookUp = lookUp
  }

  deinit {
    if let running { loop.deregister(running.reader.number) }
  }

  /// Calls `waiter` once, perhaps at once. There is no deadline here: a look-up that hangs is joined
  /// by the next caller.
  func resolve(_ waiter: @escaping Waiter) {
    switch host {
    case .address(let address): answer(waiter, with: [address])
    // RFC 6761 §6.3: this name never leaves the machine.
    case .name("localhost"): answer(waiter, with: [.loopback4, .loopback6])
    case .name(let name):
      if let known, !isDistrusted, loop.now.since(known.at) < Self.lifetime {
        return waiter(
          .success(
            Resolution(addresses: known.addresses, outdatedBecause: nil, number: known.number)))
      }
      guard known != nil else { return join(waiter, name) }
      hastyWaiters.append(waiter)
      if isSlow { useOldAddresses() } else if running == nil { start(name) }
    }
  }

  /// For a caller to whom nobody answered at the addresses of `useless`: calls `waiter` once, with a
  /// later look-up's addresses. `nil` when there is none, and none is due.
  func resolve(after useless: Resolution, _ waiter: @escaping (Resolution?) -> Void) {
    guard case .name(let name) = host, useless.number > 0 else { return waiter(nil) }
    if let known, known.number > useless.number {
      return waiter(
        Resolution(addresses: known.addresses, outdatedBecause: nil, number: known.number))
    }
    if running == nil {
      let now = loop.now
      guard pause.allows(now) else { return waiter(nil) }
      pause.failed(now)
    }
    join({ result in waiter(try? result.get()) }, name)
  }

  /// A connection that came about at `moment` has answered nothing: the name may have moved. What was known
  /// then is looked up again for the next caller, as often as where no connection comes about.
  func distrust(knownAt moment: MonotonicTime) {
    guard let known, known.at <= moment, running == nil, pause.allows(loop.now) else { return }
    pause.failed(loop.now)
    isDistrusted = true
  }

  private func answer(_ waiter: Waiter, with addresses: [IPAddress]) {
    waiter(.success(Resolution(addresses: addresses, outdatedBecause: nil, number: 0)))
  }

  private func join(_ waiter: @escaping Waiter, _ name: String) {
    waiters.append(waiter)
    if running == nil { start(name) }
  }

  private func start(_ name: String) {
    let answer: Answer
    do throws(SystemError) {
      answer = try Answer()
      try loop.register(answer.reader.number, .read) { [weak self] _ in self?.collect() }
    } catch {
      finish(.failure(Failure(error.description)))
      return
    }
    running = answer
    patience.set(loop.now.advanced(by: Self.patience))
    let result = answer.result
    let lookUp = lookUp
    do throws(SystemError) {
      try BackgroundThread.run { result.deliver(lookUp(name)) }
    } catch {
      result.deliver(.failure(Failure(error.description)))
    }
  }

  private func collect() {
    guard let running else { return }
    loop.deregister(running.reader.number)
    self.running = nil
    patience.set(nil)
    isSlow = false
    finish(running.result.take() ?? .failure(Failure("the look-up gave nothing")))
  }

  private func finish(_ result: Result<[IPAddress], Failure>) {
    isDistrusted = false
    let answer: Result<Resolution, Failure>
    switch result {
    case .success(let addresses):
      lookUps += 1
      let kept = Array(Self.byTurns(addresses).prefix(Self.addressesMaximum))
      if let known, Set(known.addresses) != Set(kept) { pause.succeeded() }
      known = (kept, loop.now, lookUps)
      answer = .success(Resolution(addresses: kept, outdatedBecause: nil, number: lookUps))
    case .failure(let failure):
      answer = oldAddresses(because: failure).map { .success($0) } ?? .failure(failure)
    }
    let waiting = waiters + hastyWaiters
    waiters = []
    hastyWaiters = []
    for waiter in waiting { waiter(answer) }
  }

  /// The families by turns (RFC 8305 §4): one that leads nowhere here must not hide the other.
  private static func byTurns(_ addresses: [IPAddress]) -> [IPAddress] {
    let preferred = addresses.filter { $0.family == addresses.first?.family }
    let other = addresses.filter { $0.family != addresses.first?.family }
    return (0..<max(preferred.count, other.count)).flatMap { index in
      preferred.dropFirst(index).prefix(1) + other.dropFirst(index).prefix(1)
    }
  }

  /// An address that worked before is a better bet than none; TLS proves who is there.
  private func oldAddresses(because failure: Failure) -> Resolution? {
    known.map {
      Resolution(addresses: $0.addresses, outdatedBecause: failure, number: $0.number)
    }
  }

  /// The look-up goes on: what it finds is for those who come later.
  private func useOldAddresses() {
    isSlow = true
    guard let old = oldAddresses(because: Failure("the name servers have not answered yet"))
    else { return }
    let waiting = hastyWaiters
    hastyWaiters = []
    for waiter in waiting { waiter(.success(old)) }
  }

  /// getaddrinfo(3), which blocks; sorted by it as RFC 6724 says.
  package static let systemLookUp: @Sendable (String) -> Result<[IPAddress], Failure> = { name in
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(name, nil, &hints, &list)
    guard status == 0 else {
      return .failure(Failure(unsafe String(cString: gai_strerror(status))))
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [IPAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let raw = unsafe entry.pointee.ai_addr,
        let address = unsafe IPAddress(raw, length: entry.pointee.ai_addrlen),
        !addresses.contains(address)
      {
        addresses.append(address)
      }
      unsafe next = unsafe entry.pointee.ai_next
    }
    return addresses.isEmpty ? .failure(Failure("no address")) : .success(addresses)
  }
}

extension Resolver {
  /// One look-up's way back to the loop: the result, and a socket that becomes readable with it. The
  /// thread never touches the resolver itself.
  private final class Answer {
    let reader: FileDescriptor
    let result: SharedResult

    init() throws(SystemError) {
      var pair: (CInt, CInt) = (-1, -1)
      let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
      let made = unsafe withUnsafeMutableBytes(of: &pair) { pair in
        unsafe socketpair(AF_UNIX, type, 0, pair.bindMemory(to: CInt.self).baseAddress)
      }
      guard made == 0 else { throw SystemError.last("socketpair") }
      reader = FileDescriptor(owning: pair.0)
      result = SharedResult(writer: FileDescriptor(owning: pair.1))
    }
  }

  private final class SharedResult: Sendable {
    private let writer: FileDescriptor
    private let value = Mutex<Result<[IPAddress], Failure>?>(nil)

    init(writer: consuming FileDescriptor) {
      self.writer = writer
    }

    func deliver(_ result: Result<[IPAddress], Failure>) {
      value.withLock { $0 = result }
      // The end of the stream is the message: it comes even when the reader is gone.
      _ = shutdown(writer.number, CInt(SHUT_WR))
    }

    func take() -> Result<[IPAddress], Failure>? {
      value.withLock { $0 }
    }
  }
}
