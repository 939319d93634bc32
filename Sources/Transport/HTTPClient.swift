package import Domain
package import Platform

/// HTTP/1.1 to one endpoint over a few connections that are kept warm.
///
/// It sends every request at most once: nothing is retried, redirected, cached or sent through a
/// proxy. Belongs to its loop's thread; completions and events are called there, a completion exactly
/// once and never inside `send`. Keep it, and let the loop turn, until `close()` has been called and
/// the last completion has come.
package final class HTTPClient {
  package typealias Completion = (Result<HTTPResponse, TransportError>) -> Void

  package enum Kind: Hashable, Sendable {
    /// Leaves on any connection that looks alive.
    case ordinary
    /// Must not be sent twice, and its loss costs a search: goes ahead of ordinary requests, and only
    /// on a connection that was made or has answered within `Configuration.freshness`.
    case once
  }

  private struct Waiting {
    let request: [UInt8]
    let kind: Kind
    let completion: Completion
    let due: MonotonicTime
    /// The first connection attempt that counts as this request's own.
    let firstAttempt: Int
    /// Set once an attempt of its own has failed; it then only waits for busy connections.
    var failure: TransportError?
  }

  package let endpoint: Endpoint
  package let configuration: Configuration
  /// Called for every connection that comes, goes, or fails to come; for the log.
  package var onConnectionEvent: ((HTTPConnectionEvent) -> Void)?

  package let loop: EventLoop
  private let tls: TLSContext?
  private let serializer: HTTPRequestSerializer
  private let resolver: Resolver
  private lazy var maintenance = DeadlineTimer(loop) { [weak self] in self?.maintain() }

  private var connections: [ClientConnection] = []
  private var attempts: [ConnectionAttempt] = []
  private var attemptsStarted = 0
  private var waitingOnce: [Waiting] = []
  private var waitingOrdinary: [Waiting] = []
  private var backOff: BackOff
  private var lastError: TransportError?
  private var isKeptWarm = false
  private var isClosed = false

  /// `tls` is a client context for `https`, nil for `http`.
  package convenience init(
    loop: EventLoop, endpoint: Endpoint, tls: TLSContext?,
    configuration: Configuration = Configuration()
  ) {
    self.init(
      loop: loop, endpoint: endpoint, tls: tls, configuration: configuration,
      resolver: Resolver(loop, host: endpoint.host))
  }

  /// With a resolver of the caller's.
  package init(
    loop: EventLoop, endpoint: Endpoint, tls: TLSContext?, configuration: Configuration,
    resolver: Resolver
  ) {
    invariant(
      (endpoint.scheme == .https) == (tls?.role == .client),
      "https goes with a client's TLS context, http with none")
    self.loop = loop
    self.endpoint = endpoint
    self.tls = tls
    self.configuration = configuration
    self.resolver = resolver
    serializer = HTTPRequestSerializer(endpoint: endpoint, userAgent: configuration.userAgent)
    backOff = BackOff(configuration.backOff)
  }

  /// Opens the warm connections and keeps that many from now on.
  package func start() {
    isKeptWarm = true
    advance()
  }

  /// Ends everything: requests in flight or waiting fail, with their progress as it is.
  package func close() {
    isClosed = true
    isKeptWarm = false
    for attempt in attempts { attempt.cancel() }
    attempts = []
    for connection in connections {
      guard let completion = connection.abandon() else { continue }
      fail(completion, error(.perhapsSent, .firstByte, .clientClosed))
    }
    connections = []
    for waiting in waitingOnce + waitingOrdinary {
      fail(waiting.completion, error(.notSent, .queue, .clientClosed))
    }
    waitingOnce = []
    waitingOrdinary = []
    maintenance.set(nil)
  }

  /// A request that has not begun to leave by `deadline` does not leave at all: it fails as not sent.
  package func send(
    _ request: HTTPRequest, _ kind: Kind, before deadline: MonotonicTime? = nil,
    completion: @escaping Completion
  ) {
    let bytes: [UInt8]
    do throws(HTTPRequest.Flaw) {
      bytes = try serializer.bytes(of: request)
    } catch {
      fail(completion, self.error(.notSent, .queue, .invalidRequest(error)))
      return
    }
    guard !isClosed else {
      fail(completion, error(.notSent, .queue, .clientClosed))
      return
    }
    guard waitingOnce.count + waitingOrdinary.count < Configuration.waitingMaximum else {
      fail(completion, error(.notSent, .queue, .tooManyWaiting))
      return
    }
    let budget = Clock.monotonic().advanced(by: configuration.waitingDeadline)
    let due = min(budget, deadline ?? budget)
    let waiting = Waiting(
      request: bytes, kind: kind, completion: completion, due: due,
      firstAttempt: attemptsStarted + 1)
    switch kind {
    case .once: waitingOnce.append(waiting)
    case .ordinary: waitingOrdinary.append(waiting)
    }
    advance()
  }

  package var status: HTTPClientStatus {
    let busy = connections.count(where: \.isBusy)
    return HTTPClientStatus(
      idle: connections.count - busy, busy: busy, connecting: attempts.count,
      waiting: waitingOnce.count + waitingOrdinary.count, lastError: lastError?.description)
  }

  private func error(
    _ progress: TransportError.Progress, _ phase: TransportError.Phase,
    _ reason: TransportError.Reason
  ) -> TransportError {
    TransportError(progress, phase, reason, endpoint: endpoint.description)
  }

  /// Not at once: a caller of `send` is never called back before `send` returns.
  private func fail(_ completion: @escaping Completion, _ error: TransportError) {
    loop.schedule(at: Clock.monotonic()) { completion(.failure(error)) }
  }
}

// MARK: - Requests to connections

extension HTTPClient {
  /// Everything that may have become possible or due.
  private func advance() {
    guard !isClosed else { return }
    let now = Clock.monotonic()
    failOverdue(now)
    serve()
    settle()
    openForWaiting(now)
    openForWarmth(now)
    maintenance.set(nextMaintenance(now))
  }

  private func serve() {
    while let waiting = waitingOnce.first, let connection = bestIdle(for: .once) {
      if start(waiting, on: connection) { waitingOnce.removeFirst() }
    }
    while let waiting = waitingOrdinary.first, let connection = bestIdle(for: .ordinary) {
      if start(waiting, on: connection) { waitingOrdinary.removeFirst() }
    }
  }

  /// False when the connection turned out dead before it took a byte: another one may carry it.
  private func start(_ waiting: Waiting, on connection: ClientConnection) -> Bool {
    switch connection.begin(waiting.request, waiting.completion) {
    case .started: return true
    case .notSent(let reason):
      remove(connection, reason)
      return false
    case .perhapsSent(let reason):
      remove(connection, reason)
      fail(waiting.completion, error(.perhapsSent, .write, reason))
      return true
    }
  }

  /// The idle connection that proved itself last. A dead one is noticed here, before it is trusted
  /// with a request.
  private func bestIdle(for kind: Kind) -> ClientConnection? {
    while let best = connections.filter({ !$0.isBusy }).max(by: { $0.provenAt < $1.provenAt }) {
      switch kind {
      case .ordinary: break
      case .once:
        let age = Clock.monotonic().since(best.provenAt)
        guard age <= configuration.freshness else { return nil }
      }
      guard let flaw = best.flaw() else { return best }
      best.close()
      remove(best, flaw)
    }
    return nil
  }

  private func remove(_ connection: ClientConnection, _ reason: TransportError.Reason) {
    connections.removeAll { $0 === connection }
    onConnectionEvent?(.lost(reason))
    // A peer that accepts and then hangs up, or speaks first, is as good as one that refuses.
    let life = Clock.monotonic().since(connection.provenAt)
    if !connection.hasAnswered && life < configuration.freshness {
      failWaiting(of: connection.attempt, error(.notSent, .connect, reason))
    }
  }

  private func handle(_ connection: ClientConnection, _ event: ClientConnection.Event) {
    switch event {
    case .answered(let response, let completion, let usable):
      backOff.succeeded()
      if !usable { remove(connection, .peerClosed) }
      completion(.success(response))
    case .broken(let phase, let reason, let completion):
      let error = error(.perhapsSent, phase, reason)
      lastError = error
      remove(connection, reason)
      completion(.failure(error))
    case .lostIdle(let reason):
      remove(connection, reason)
    }
    advance()
  }
}

// MARK: - Attempts

extension HTTPClient {
  private var total: Int { connections.count + attempts.count }

  /// A waiting request whose own attempt has failed, with nothing left that could still carry it.
  private func settle() {
    guard attempts.isEmpty, !connections.contains(where: \.isBusy) else { return }
    for waiting in takeWaiting(where: { $0.failure != nil }) {
      guard let failure = waiting.failure else { continue }
      fail(waiting.completion, failure)
    }
  }

  private func takeWaiting(where condition: (Waiting) -> Bool) -> [Waiting] {
    let taken = waitingOnce.filter(condition) + waitingOrdinary.filter(condition)
    guard !taken.isEmpty else { return [] }
    waitingOnce.removeAll(where: condition)
    waitingOrdinary.removeAll(where: condition)
    return taken
  }

  private func openForWaiting(_ now: MonotonicTime) {
    let wanted =
      waitingOnce.count { $0.failure == nil } + waitingOrdinary.count { $0.failure == nil }
    // An idle connection that an order may not use gives its place up.
    if attempts.isEmpty, total >= configuration.maximumConnections,
      waitingOnce.contains(where: { $0.failure == nil })
    {
      closeOldestIdle()
    }
    while attempts.count < wanted, total < configuration.maximumConnections { open() }
  }

  private func closeOldestIdle() {
    let idle = connections.filter { !$0.isBusy }
    guard let oldest = idle.min(by: { $0.provenAt < $1.provenAt }) else { return }
    oldest.close()
    connections.removeAll { $0 === oldest }
    onConnectionEvent?(.lost(.idle))
  }

  /// Replacements are opened while the old connection still serves.
  private func openForWarmth(_ now: MonotonicTime) {
    guard isKeptWarm, backOff.allows(now) else { return }
    let missing = configuration.warmConnections - lasting - attempts.count
    guard missing > 0 else { return }
    // While the host does not answer, one knock at a time is enough.
    let opening = backOff.isTroubled ? min(missing, attempts.isEmpty ? 1 : 0) : missing
    for _ in 0..<opening where total < configuration.maximumConnections { open() }
  }

  /// Connections that are not waiting to be replaced.
  private var lasting: Int { connections.count { !$0.isRetiring } }

  private func open() {
    attemptsStarted += 1
    let attempt = ConnectionAttempt(
      number: attemptsStarted, loop: loop, endpoint: endpoint, tls: tls, resolver: resolver,
      deadlines: configuration.attemptDeadlines)
    attempts.append(attempt)
    attempt.start { [weak self, number = attempt.number] outcome in
      self?.attemptEnded(number, outcome)
    }
  }

  private func attemptEnded(_ number: Int, _ outcome: ConnectionAttempt.Outcome) {
    attempts.removeAll { $0.number == number }
    switch outcome {
    case .success(let established): adopt(established, number)
    case .failure(let error): attemptFailed(number, error)
    }
    advance()
  }

  private func adopt(_ established: ConnectionAttempt.Established, _ number: Int) {
    let connection: ClientConnection
    do throws(SystemError) {
      connection = try ClientConnection(
        attempt: number, loop: loop, stream: established.stream,
        deadlines: configuration.exchangeDeadlines,
        limits: configuration.limits
      ) { [weak self] connection, event in self?.handle(connection, event) }
    } catch {
      attemptFailed(number, self.error(.notSent, .connect, .system(error)))
      return
    }
    connections.append(connection)
    backOff.connected()
    lastError = nil
    if let failure = established.outdatedBecause {
      onConnectionEvent?(.usingOldAddresses(failure.text))
    }
    onConnectionEvent?(.connected(established.address, after: established.elapsed))
    if lasting >= configuration.warmConnections { closeReplaced() }
  }

  private func closeReplaced() {
    for connection in connections where connection.isRetiring && !connection.isBusy {
      connection.close()
      connections.removeAll { $0 === connection }
      onConnectionEvent?(.lost(.idle))
    }
  }

  private func attemptFailed(_ number: Int, _ error: TransportError) {
    lastError = error
    failWaiting(of: number, error)
    onConnectionEvent?(.failed(error))
  }

  /// The attempt came to nothing: the next ones keep their distance, and the requests that it was
  /// made for have had theirs.
  private func failWaiting(of attempt: Int, _ error: TransportError) {
    backOff.failed(Clock.monotonic())
    for index in waitingOnce.indices where waitingOnce[index].firstAttempt <= attempt {
      waitingOnce[index].failure = error
    }
    for index in waitingOrdinary.indices where waitingOrdinary[index].firstAttempt <= attempt {
      waitingOrdinary[index].failure = error
    }
  }
}

// MARK: - Time

extension HTTPClient {
  private func maintain() {
    let now = Clock.monotonic()
    for connection in connections where isStale(connection, now) {
      if lasting + attempts.count > configuration.warmConnections || !isKeptWarm {
        connection.close()
        connections.removeAll { $0 === connection }
        onConnectionEvent?(.lost(.idle))
      } else {
        connection.isRetiring = true
      }
    }
    advance()
  }

  private func failOverdue(_ now: MonotonicTime) {
    for waiting in takeWaiting(where: { $0.due <= now }) {
      fail(waiting.completion, error(.notSent, .queue, .deadline))
    }
  }

  private func isStale(_ connection: ClientConnection, _ now: MonotonicTime) -> Bool {
    !connection.isBusy && !connection.isRetiring
      && now.since(connection.provenAt) >= configuration.idleMaximum
  }

  private func nextMaintenance(_ now: MonotonicTime) -> MonotonicTime? {
    var times: [MonotonicTime] = []
    for waiting in waitingOnce + waitingOrdinary { times.append(waiting.due) }
    for connection in connections where !connection.isBusy && !connection.isRetiring {
      times.append(connection.provenAt.advanced(by: configuration.idleMaximum))
    }
    if isKeptWarm, lasting + attempts.count < configuration.warmConnections,
      let retry = backOff.notBefore, retry > now
    {
      times.append(retry)
    }
    return times.min()
  }
}
