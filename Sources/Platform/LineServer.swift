package import Domain
import Glibc

/// Serves many clients that send lines and get lines back, on one listening Unix socket.
///
/// A client that does not read, does not write, or writes without end costs the others nothing: its
/// buffers are bounded, its turn is short, and reading from it stops while it owes.
package final class LineServer {
  package struct ConnectionID: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  /// Far more than the tools of one machine need.
  package static let maximumClients = 256
  /// Above this a client is not read until it has taken its answers.
  package static let pausingBytes = 256 * 1024
  /// A client with this many lines without an answer is not read until some are answered.
  package static let maximumUnanswered = 256
  /// Lines handed over for one client before the next has its turn.
  package static let linesPerTurn = 64
  /// What a client may still send, and how long it may take, after the server has said its last word.
  private static let drainedBytes = 1024 * 1024
  private static let drainingTime = Duration.seconds(1)
  /// How long no client is taken after the system had no descriptor for one.
  private static let acceptPause = Duration.seconds(1)
  /// Between two looks at the socket's file.
  private static let nameInterval = Duration.seconds(5)
  /// Clients taken in one turn.
  private static let acceptsPerTurn = 32

  private var listener: UnixListener
  private let maximumLineBytes: Int
  private let loop: EventLoop
  private let handlers: Handlers
  private var connections: [ConnectionID: LineConnection] = [:]
  private var nextNumber: UInt64 = 1
  private var continuation: EventLoop.TimerID?
  private var acceptTimer: EventLoop.TimerID?
  private var nameTimer: EventLoop.TimerID?
  private var known = LineTroubles()
  private var isClosed = false

  /// Serves until `close()`. `maximumLineBytes` does not count the line end. Throws when the loop
  /// cannot watch the listener.
  package init(
    listener: UnixListener, maximumLineBytes: Int, loop: EventLoop, handlers: Handlers
  ) throws(SystemError) {
    self.listener = listener
    self.maximumLineBytes = maximumLineBytes
    self.loop = loop
    self.handlers = handlers
    try listen(on: listener)
    if let path = listener.path { watchName(path) }
  }

  deinit { close() }

  private func listen(on listener: UnixListener) throws(SystemError) {
    try loop.register(listener.number, .read) { [weak self] _ in self?.acceptClients() }
  }

  package var clientCount: Int { connections.count }

  /// What keeps clients from being served at present.
  package var troubles: [Trouble] {
    known.lasting + (known.places.map { isFull ? [$0] : [] } ?? [])
  }

  /// Takes no further client and no further line; the answers that are owed still go out.
  package func stopReading() {
    guard !isClosed else { return }
    // Not only watched for nothing: in this turn a client may have been reported already.
    loop.deregister(listener.number)
    cancel(&acceptTimer)
    cancel(&nameTimer)
    for id in connections.keys.sorted(by: { $0.number < $1.number }) {
      guard let connection = connections[id] else { continue }
      connection.hasEnded = true
      connection.hasWaitingLines = false
      connection.lines = LineBuffer(maximumLineBytes: maximumLineBytes)
      settle(id, connection)
    }
  }

  /// Cuts every client off and gives the listener up.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    cancel(&continuation)
    cancel(&acceptTimer)
    cancel(&nameTimer)
    loop.deregister(listener.number)
    for connection in connections.values { loop.deregister(connection.number) }
    connections = [:]
  }

  /// When the line that is being handed over was read from a client. It may have waited in the
  /// socket before: as far as the loop knows that it was held up, this is the earliest that it can
  /// have come.
  package func arrival(from id: ConnectionID) -> MonotonicTime? { connections[id]?.lastRead }

  /// Queues the answer to one received line: every line wants exactly one, in their order. The
  /// newline is added. A client that has gone gets nothing.
  package func answer(_ id: ConnectionID, _ line: [UInt8]) {
    guard let connection = connections[id] else { return }
    connection.unanswered = max(0, connection.unanswered - 1)
    connection.enqueue(line)
    connection.idleSince = loop.now
    settle(id, connection)
  }

  /// Says that a received line gets no answer.
  package func pass(_ id: ConnectionID) {
    guard let connection = connections[id] else { return }
    connection.unanswered = max(0, connection.unanswered - 1)
  }

  /// Takes no further line from a client and closes once it has what is queued.
  package func finish(_ id: ConnectionID) {
    guard let connection = connections[id] else { return }
    connection.isFinishing = true
    // Nobody is handed the lines that wait, so they must not ask for a turn.
    connection.hasWaitingLines = false
    settle(id, connection)
  }

  private func cancel(_ timer: inout EventLoop.TimerID?) {
    if let id = timer { loop.cancel(id) }
    timer = nil
  }
}

// Taking clients.
extension LineServer {
  private func acceptClients() {
    for _ in 0..<Self.acceptsPerTurn {
      guard !isClosed else { return }
      if let client = listener.accept() {
        known.accepting = nil
        admit(client)
        continue
      }
      switch errno {
      case EAGAIN:
        known.accepting = nil
        return
      // The client gave up while it waited (accept(2)).
      case ECONNABORTED, EPROTO: continue
      default:
        pauseAccepting(SystemError.last("accept4"))
        return
      }
    }
  }

  /// Without a free descriptor the listener stays readable; watching it on would spin.
  private func pauseAccepting(_ error: SystemError) {
    loop.change(listener.number, to: [])
    let resumption = loop.now.advanced(by: Self.acceptPause)
    acceptTimer = loop.schedule(at: resumption) { [weak self] in
      guard let self, !self.isClosed else { return }
      self.acceptTimer = nil
      self.loop.change(self.listener.number, to: .read)
      // Nobody may be waiting any more, and then the trouble is over.
      self.acceptClients()
    }
    known.accepting = .cannotAccept(error)
    complain(.cannotAccept(error))
  }

  private func watchName(_ path: String) {
    nameTimer = loop.schedule(at: loop.now.advanced(by: Self.nameInterval)) { [weak self] in
      guard let self, !self.isClosed else { return }
      self.checkName(path)
      self.watchName(path)
    }
  }

  private func checkName(_ path: String) {
    guard !listener.hasItsName else {
      known.name = nil
      return
    }
    guard listener.isHandedOver else { return listenAgain(at: path) }
    // Told once, and shown for as long as it lasts: its name hardly comes back without another socket.
    guard known.name == nil else { return }
    known.name = .handedNameLost(path: path)
    complain(.handedNameLost(path: path))
  }

  /// Who is connected stays so; who connected to the old socket last is still taken.
  private func listenAgain(at path: String) {
    acceptClients()
    do {
      let next = try listener.again(at: path)
      try listen(on: next)
      cancel(&acceptTimer)
      loop.deregister(listener.number)
      listener = next
      known.name = nil
      known.accepting = nil
      complain(.nameLost(path: path))
    } catch {
      known.name = .cannotListen("\(error)")
      complain(.cannotListen("\(error)"))
    }
  }

  private func complain(_ trouble: Trouble) {
    if known.isToBeTold(trouble, at: loop.now) { handlers.troubled(trouble) }
  }

  private func admit(_ client: consuming FileDescriptor) {
    guard let peer = PeerCredentials.of(client.number),
      connections.count < Self.maximumClients || makeRoom(), !isClosed
    else { return }
    let connection = LineConnection(
      owning: client, peer: peer, maximumLineBytes: maximumLineBytes, now: loop.now)
    let id = ConnectionID(number: nextNumber)
    nextNumber += 1
    connections[id] = connection
    guard watch(id, connection, for: .read) else { return }
    handlers.connected(id, peer)
  }

  private var places: LinePlaces {
    LinePlaces(
      of: connections.map { id, connection in
        LinePlaces.Client(
          number: id.number, peer: connection.peer, need: connection.need,
          idleSince: connection.idleSince)
      })
  }

  /// Ends the first of those that may go. False when there is none.
  private func makeRoom() -> Bool {
    let places = places
    guard let holder = places.holder else { return false }
    clients: for number in places.dispensable(at: loop.now) {
      let id = ConnectionID(number: number)
      guard let connection = connections[id] else { continue }
      // What it has sent must not be lost, and the rest of one line can take several reads.
      for _ in 0...maximumLineBytes / LineConnection.readBytes {
        guard read(connection) else { break }
        deliver(id, connection)
        settle(id, connection)
        if connections[id] == nil { return true }
        if !connection.need.isLateLine(at: loop.now) { continue clients }
      }
      drop(id, connection)
      complain(.idleClosed(holder))
      return true
    }
    known.places = .tooManyClients(holder)
    complain(.tooManyClients(holder))
    return false
  }

  private var isFull: Bool {
    connections.count >= Self.maximumClients && places.dispensable(at: loop.now).isEmpty
  }

  /// A client that is watched for nothing leaves the loop: epoll(7) would go on reporting that it
  /// hung up. Its end is then seen by the next answer. False when it had to be dropped.
  private func watch(
    _ id: ConnectionID, _ connection: LineConnection, for interest: EventLoop.Interest
  ) -> Bool {
    let before = connection.interest
    connection.interest = interest
    if interest == before { return true }
    if interest.isEmpty {
      loop.deregister(connection.number)
      return true
    }
    if !before.isEmpty {
      loop.change(connection.number, to: interest)
      return true
    }
    do throws(SystemError) {
      try loop.register(connection.number, interest) { [weak self] readiness in
        self?.handle(id, readiness)
      }
      return true
    } catch {
      complain(.cannotAccept(error))
      drop(id, connection)
      return false
    }
  }
}

// Moving bytes.
extension LineServer {
  private func handle(_ id: ConnectionID, _ readiness: EventLoop.Readiness) {
    guard let connection = connections[id] else { return }
    if connection.isDraining {
      if !connection.drain(atMost: Self.drainedBytes) { drop(id, connection) }
      return
    }
    if readiness.readable && wantsToRead(connection) { _ = read(connection) }
    deliver(id, connection)
    settle(id, connection)
  }

  /// False when nothing has come from the client, nor its end.
  private func read(_ connection: LineConnection) -> Bool {
    switch connection.read() {
    case .bytes:
      connection.hasWaitingLines = true
      connection.lastRead = loop.heldUpSince ?? loop.now
      connection.idleSince = loop.now
    case .nothing: return false
    case .end:
      connection.hasEnded = true
      connection.hasWaitingLines = true
    }
    return true
  }

  private func isPaused(_ connection: LineConnection) -> Bool {
    connection.queuedBytes > Self.pausingBytes
      || connection.unanswered >= Self.maximumUnanswered
  }

  private func wantsToRead(_ connection: LineConnection) -> Bool {
    !connection.hasEnded && !connection.isFinishing && !connection.hasWaitingLines
      && !isPaused(connection)
  }

  /// Hands over the lines of one turn.
  private func deliver(_ id: ConnectionID, _ connection: LineConnection) {
    guard connection.hasWaitingLines else { return }
    for _ in 0..<Self.linesPerTurn {
      guard connections[id] != nil, !connection.isFinishing, connection.hasWaitingLines,
        !isPaused(connection)
      else { return }
      var input = connection.nextLine(at: loop.now)
      if input == nil && connection.hasEnded { input = connection.lines.finish() }
      guard let input else { return }
      connection.unanswered += 1
      handlers.received(id, input)
    }
  }

  /// Brings a connection to rest: sends, watches for what it waits for, closes what is done.
  private func settle(_ id: ConnectionID, _ connection: LineConnection) {
    guard connections[id] != nil, !connection.isDraining || connection.hasEnded else { return }
    connection.flush()
    let isDone =
      connection.isFinishing
      || connection.hasEnded && !connection.hasWaitingLines && connection.unanswered == 0
    if isDone && connection.queuedBytes == 0 {
      if connection.hasEnded { drop(id, connection) } else { drain(id, connection) }
      return
    }
    if connection.hasWaitingLines && !isPaused(connection) { continueSoon() }
    var interest: EventLoop.Interest = []
    if wantsToRead(connection) { interest.insert(.read) }
    if connection.queuedBytes > 0 { interest.insert(.write) }
    _ = watch(id, connection, for: interest)
  }

  private func drain(_ id: ConnectionID, _ connection: LineConnection) {
    connection.beginDraining()
    guard watch(id, connection, for: .read) else { return }
    let end = loop.now.advanced(by: Self.drainingTime)
    loop.schedule(at: end) { [weak self] in
      guard let self, let connection = self.connections[id] else { return }
      self.drop(id, connection)
    }
  }

  private func drop(_ id: ConnectionID, _ connection: LineConnection) {
    loop.deregister(connection.number)
    connections[id] = nil
    known.places = nil
    handlers.disconnected(id)
  }

  /// Lines that wait in a buffer make no descriptor ready, so the next turn is asked for.
  private func continueSoon() {
    guard continuation == nil else { return }
    continuation = loop.schedule(at: loop.now) { [weak self] in
      guard let self else { return }
      self.continuation = nil
      let waiting = self.connections.filter { $0.value.hasWaitingLines }
      for id in waiting.keys.sorted(by: { $0.number < $1.number }) {
        guard let connection = self.connections[id] else { continue }
        self.deliver(id, connection)
        self.settle(id, connection)
      }
    }
  }
}
