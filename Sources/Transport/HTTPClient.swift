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

  package let endpoint: Endpoint
  package let configuration: Configuration
  /// Called for every connection that comes, goes, or fails to come, soon after; for the log.
  package var onConnectionEvent: ((HTTPConnectionEvent) -> Void)?

  package let loop: EventLoop
  private let tls: TLSContext?
  private let serializer: HTTPRequestSerializer
  /// Of the latest request: the next one is written into its memory, once that one has ended.
  private var bytes: [UInt8] = []
  private let resolver: Resolver
  private lazy var maintenance = DeadlineTimer(loop) { [weak self] in self?.maintain() }

  private var connections: [ClientConnection] = []
  private var attempts: [ConnectionAttempt] = []
  private var attemptsStarted = 0
  private var queue = RequestQueue()
  private var backOff: ConnectionPauses
  private var health = ConnectionHealth()
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
    invariant(!endpoint.scheme.isWebSocket, "requests go to http or https")
    invariant(
      endpoint.scheme.isSecure == (tls?.role == .client),
      "https goes with a client's TLS context, http with none")
    self.loop = loop
    self.endpoint = endpoint
    self.tls = tls
    self.configuration = configuration
    self.resolver = resolver
    serializer = HTTPRequestSerializer(endpoint: endpoint, userAgent: configuration.userAgent)
    backOff = ConnectionPauses(configuration.backOff)
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
    dropWaiting(because: .clientClosed)
    maintenance.set(nil)
  }

  /// Requests that still wait for a connection fail as not sent, those of the kind or all; those on the
  /// wire go on.
  package func withdrawWaiting(_ kind: Kind? = nil) { dropWaiting(kind, because: .withdrawn) }

  private func dropWaiting(_ kind: Kind? = nil, because reason: TransportError.Reason) {
    for waiting in queue.take(where: { kind == nil || $0.kind == kind }) {
      fail(waiting.completion, error(.notSent, .queue, reason))
    }
  }

  /// A request that has not begun to leave by `deadline` does not leave at all: it fails as not sent.
  package func send(
    _ request: HTTPRequest, _ kind: Kind, before deadline: MonotonicTime? = nil,
    completion: @escaping Completion
  ) {
    do throws(HTTPRequest.Flaw) {
      try serializer.write(request, to: &bytes)
    } catch {
      fail(completion, self.error(.notSent, .queue, .invalidRequest(error)))
      return
    }
    guard !isClosed else {
      fail(completion, error(.notSent, .queue, .clientClosed))
      return
    }
    guard queue.count < Configuration.waitingMaximum else {
      fail(completion, error(.notSent, .queue, .tooManyWaiting))
      return
    }
    let budget = loop.now.advanced(by: configuration.waitingDeadline)
    let due = min(budget, deadline ?? budget)
    let waiting = RequestQueue.Waiting(
      request: bytes, kind: kind, completion: completion, due: due,
      firstAttempt: attemptsStarted + 1)
    // What need not wait is on the wire before anything else is seen to.
    if queue.isEmpty, due > loop.now, let connection = bestIdle(for: kind) {
      start(waiting, on: connection)
    } else {
      queue.append(waiting)
    }
    advance()
  }

  package var status: HTTPClientStatus {
    let busy = connections.count(where: \.isBusy)
    return HTTPClientStatus(
      idle: connections.count - busy, busy: busy, connecting: attempts.count,
      waiting: queue.count, lastError: health.lastError, unanswered: health.unanswered)
  }

  private func error(
    _ progress: TransportError.Progress, _ phase: TransportError.Phase,
    _ reason: TransportError.Reason
  ) -> TransportError {
    TransportError(progress, phase, reason, endpoint: endpoint.description)
  }

  /// Not at once: a caller of `send` is never called back before `send` returns, and nothing here is
  /// half done when somebody else's code runs.
  private func fail(_ completion: @escaping Completion, _ error: TransportError) {
    loop.schedule(at: loop.now) { completion(.failure(error)) }
  }

  private func tell(_ event: HTTPConnectionEvent) {
    guard let onConnectionEvent else { return }
    loop.schedule(at: loop.now) { onConnectionEvent(event) }
  }
}

// MARK: - Requests to connections

extension HTTPClient {
  /// Everything that may have become possible or due.
  private func advance() {
    guard !isClosed else { return }
    let now = loop.now
    failOverdue(now)
    serve()
    settle()
    openForWaiting()
    openForWarmth(now)
    maintenance.set(nextMaintenance(now))
  }

  private func serve() {
    for kind in [Kind.once, .urgent, .ordinary] {
      while queue.count(of: kind) > 0, let connection = bestIdle(for: kind),
        let waiting = queue.takeFirst(kind)
      {
        start(waiting, on: connection)
      }
    }
  }

  private func start(_ waiting: RequestQueue.Waiting, on connection: ClientConnection) {
    switch connection.begin(waiting.request, waiting.completion) {
    case .started: health.asked(at: loop.now)
    case .notSent(let reason):
      // It died between the look at it and the first byte: another one may carry the request.
      queue.putBack(waiting)
      remove(connection, reason)
    case .perhapsSent(let reason):
      fail(waiting.completion, error(.perhapsSent, .write, reason))
      remove(connection, reason)
    }
  }

  /// The one that is to carry it. A dead one is noticed here, before it is trusted with a request.
  private func bestIdle(for kind: Kind) -> ClientConnection? {
    guard connections.count(where: \.isBusy) < configuration.places(for: kind) else { return nil }
    while let best = idle(for: kind) {
      let age = loop.now.since(best.provenAt)
      if kind == .once, age > configuration.freshness { return nil }
      guard let flaw = best.flaw() else { return best }
      best.close()
      remove(best, flaw)
    }
    return nil
  }

  private func idle(for kind: Kind) -> ClientConnection? {
    let idle = connections.filter { !$0.isBusy }
    let last = idle.max { $0.provenAt < $1.provenAt }
    switch kind {
    case .ordinary, .urgent, .once: return last
    case .proof: return idle.filter { $0 !== last }.max { $0.provenAt < $1.provenAt } ?? last
    }
  }

  private func remove(_ connection: ClientConnection, _ reason: TransportError.Reason) {
    connections.removeAll { $0 === connection }
    tell(.lost(reason))
    guard !connection.hasAnswered else { return }
    let isFresh = loop.now.since(connection.provenAt) < configuration.freshness
    // That a peer ends what was not used for long says nothing of its address.
    if isFresh || connection.hasCarriedRequest {
      resolver.distrust(knownAt: connection.provenAt)
    }
    guard isFresh else { return }
    // A peer that accepts and then hangs up, or speaks first, is as good as one that refuses.
    backOff.failed(loop.now)
    if !connection.hasCarriedRequest {
      queue.attemptFailed(connection.attempt, error(.notSent, .connect, reason))
    }
  }

  private func handle(_ connection: ClientConnection, _ event: ClientConnection.Event) {
    switch event {
    case .answered(let response, let completion, let usable):
      backOff.succeeded()
      health.answered()
      if !usable { remove(connection, .peerClosed) }
      completion(.success(response))
    case .broken(let phase, let reason, let completion):
      let error = error(.perhapsSent, phase, reason)
      health.broken(error)
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
    for waiting in queue.take(where: { $0.failure != nil }) {
      guard let failure = waiting.failure else { continue }
      fail(waiting.completion, failure)
    }
  }

  private func openForWaiting() {
    // An idle connection that an order may not use gives its place up.
    if attempts.isEmpty, total >= configuration.maximumConnections,
      queue.untriedPlacements > 0
    {
      closeOldestIdle()
    }
    open(for: queue.untriedPlacements, in: configuration.places(for: .once))
    open(for: queue.untriedUrgent, in: configuration.places(for: .urgent))
    open(for: queue.untried, in: configuration.places(for: .ordinary))
  }

  private func open(for waiting: Int, in places: Int) {
    while attempts.count < waiting, total < places { open() }
  }

  private func closeOldestIdle() {
    let idle = connections.lazy.filter { !$0.isBusy }
    guard let oldest = idle.min(by: { $0.provenAt < $1.provenAt }) else { return }
    oldest.close()
    connections.removeAll { $0 === oldest }
    tell(.lost(.idle))
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
    health.connected()
    if let failure = established.outdatedBecause {
      tell(.usingOldAddresses(failure.text))
    }
    tell(.connected(established.address, after: established.elapsed))
    if lasting >= configuration.warmConnections { closeReplaced() }
  }

  private func closeReplaced() {
    for connection in connections where connection.isRetiring && !connection.isBusy {
      connection.close()
      connections.removeAll { $0 === connection }
      tell(.lost(.idle))
    }
  }

  private func attemptFailed(_ number: Int, _ error: TransportError) {
    health.failed(error)
    backOff.failed(loop.now)
    queue.attemptFailed(number, error)
    tell(.failed(error))
  }
}

// MARK: - Time

extension HTTPClient {
  private func maintain() {
    let now = loop.now
    for connection in connections where isStale(connection, now) {
      if lasting + attempts.count > configuration.warmConnections || !isKeptWarm {
        connection.close()
        connections.removeAll { $0 === connection }
        tell(.lost(.idle))
      } else {
        connection.isRetiring = true
      }
    }
    advance()
  }

  private func failOverdue(_ now: MonotonicTime) {
    for waiting in queue.takeDue(at: now) {
      fail(waiting.completion, error(.notSent, .queue, .deadline))
    }
  }

  private func isStale(_ connection: ClientConnection, _ now: MonotonicTime) -> Bool {
    !connection.isBusy && !connection.isRetiring
      && now.since(connection.provenAt) >= configuration.idleMaximum
  }

  private func nextMaintenance(_ now: MonotonicTime) -> MonotonicTime? {
    var times: [MonotonicTime] = []
    if let due = queue.nextDue { times.append(due) }
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
