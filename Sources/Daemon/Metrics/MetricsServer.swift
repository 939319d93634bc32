import Configuration
import Domain
import Glibc
import Platform
import Synchronization
import Transport

/// Serves the metrics on a thread and a loop of its own. The trading loop does no more for it than
/// look at a flag at the end of a turn and hand a snapshot over, at most once a second, whoever asks
/// however often.
final class MetricsServer {
  /// What the two threads share.
  fileprivate final class Shared: Sendable {
    let tradingLoop: Waker
    private let isWanted = Atomic(false)
    private let isClosed = Atomic(false)
    private let state = Mutex<(snapshot: MetricsSnapshot?, serverLoop: Waker?)>((nil, nil))

    init(_ tradingLoop: Waker) {
      self.tradingLoop = tradingLoop
    }

    func serve(from loop: Waker) { state.withLock { $0.serverLoop = loop } }

    func ask() {
      isWanted.store(true, ordering: .releasing)
      tradingLoop.post {}
    }

    func takeQuestion() -> Bool { isWanted.exchange(false, ordering: .acquiring) }

    func answer(_ snapshot: MetricsSnapshot) {
      let loop = state.withLock { state in
        state.snapshot = snapshot
        return state.serverLoop
      }
      loop?.post {}
    }

    func takeSnapshot() -> MetricsSnapshot? { state.withLock { $0.snapshot.take() } }

    var isOver: Bool { isClosed.load(ordering: .acquiring) }

    func close() {
      isClosed.store(true, ordering: .releasing)
      state.withLock { $0.serverLoop }?.post {}
    }
  }

  /// Where it listens, with the port that the kernel gave when 0 was asked for.
  let address: ListenAddress
  private let loop: EventLoop
  private let database: String
  private var shared: Shared
  /// Holds the name in the file system.
  private var socket: UnixListener?
  private var nameTimer: EventLoop.TimerID?

  /// The group may scrape it.
  private static let socketMode: UInt32 = 0o660
  /// Between two looks whether the socket still has its name.
  private static let nameInterval = Duration.seconds(5)

  /// Listens at once. `database` is the path whose files are measured. Throws when the address is
  /// taken or no thread can be had.
  init(
    _ address: ListenAddress, loop: EventLoop, database: String
  ) throws {
    self.loop = loop
    self.database = database
    shared = Shared(loop.waker)
    let listener: CInt
    switch address {
    case .port(let ip, let port):
      let descriptor = try HTTPServer.listen(ip, port)
      self.address = .port(ip, try HTTPServer.port(of: descriptor.number))
      socket = nil
      listener = descriptor.release()
    case .unix(let path):
      let socket = try UnixListener(path: path, mode: Self.socketMode)
      self.socket = socket
      self.address = address
      listener = try Self.duplicate(socket)
    }
    try Self.serve(listener, shared, database)
  }

  private static func duplicate(_ socket: UnixListener) throws(SystemError) -> CInt {
    let number = fcntl(socket.number, F_DUPFD_CLOEXEC, 0)
    guard number >= 0 else { throw .last("fcntl") }
    return number
  }

  private static func serve(
    _ listener: CInt, _ shared: Shared, _ database: String
  ) throws(SystemError) {
    do throws(SystemError) {
      try BackgroundThread.run {
        MetricsPage.serve(FileDescriptor(owning: listener), shared, database: database)
      }
    } catch {
      _ = FileDescriptor(owning: listener)
      throw error
    }
  }

  /// The server that the configuration asks for, if any. An address that is taken keeps no order from
  /// leaving: it is told, and nothing is served until the next start.
  static func start(
    _ configuration: Configuration, _ loop: EventLoop, _ logger: Logger
  ) -> MetricsServer? {
    guard let address = configuration.metrics.listen else { return nil }
    do {
      let server = try MetricsServer(address, loop: loop, database: configuration.store.path)
      logger.log(.info, "metrics are served", [LogField("address", server.address.text)])
      server.watchName(logger)
      return server
    } catch {
      logger.log(
        .error, "metrics are not served, and trading goes on: \(error)",
        [
          LogField("address", address.text),
          LogField(
            "advice",
            "choose another address in metrics.listen, or allow it by SocketBindAllow= in the "
              + "unit, then restart"),
        ])
      return nil
    }
  }

  /// Frees the address a moment later.
  deinit {
    if let nameTimer { loop.cancel(nameTimer) }
    shared.close()
  }

  // MARK: The socket's name

  private func watchName(_ logger: Logger, isTold: Bool = false) {
    guard case .unix(let path) = address else { return }
    nameTimer = loop.schedule(at: loop.now.advanced(by: Self.nameInterval)) { [weak self] in
      guard let self else { return }
      watchName(logger, isTold: restoreName(path, logger, isTold: isTold))
    }
  }

  /// Says whether the journal has heard that the socket cannot be made again.
  private func restoreName(_ path: String, _ logger: Logger, isTold: Bool) -> Bool {
    guard let socket, !socket.hasItsName else { return false }
    do {
      try listenAgain(at: path, socket)
      tell(.nameLost(path: path), to: logger)
      return false
    } catch {
      if !isTold { tell(.cannotListen("\(error)"), to: logger) }
      return true
    }
  }

  private func tell(_ trouble: LineServer.Trouble, to logger: Logger) {
    logger.log(.warning, "metrics socket: \(trouble)")
  }

  /// A scraper that is connected has to connect again.
  private func listenAgain(at path: String, _ socket: UnixListener) throws {
    let next = try socket.again(at: path)
    let sharedNext = Shared(loop.waker)
    try Self.serve(try Self.duplicate(next), sharedNext, database)
    shared.close()
    shared = sharedNext
    self.socket = next
  }

  /// Called at the end of each turn of the trading loop.
  func endOfTurn(_ snapshot: () -> MetricsSnapshot) {
    if shared.takeQuestion() { shared.answer(snapshot()) }
  }
}

/// The server's side, on its own thread.
private final class MetricsPage {
  /// A snapshot younger than this answers a scrape as well.
  private static let lifetime: Duration = .seconds(1)
  /// A few scrapers and a person with a browser.
  private static let maximumConnections = 16
  /// A scraper that takes longer is dropped.
  private static let deadline: Duration = .seconds(10)

  private let loop: EventLoop
  private let shared: MetricsServer.Shared
  private let database: String
  private var waiting: [Responder] = []
  private var page: (bytes: [UInt8], until: MonotonicTime)?

  private init(_ loop: EventLoop, _ shared: MetricsServer.Shared, _ database: String) {
    self.loop = loop
    self.shared = shared
    self.database = database
  }

  /// Returns when the server is gone, or the kernel has no descriptor or memory left.
  static func serve(
    _ listener: consuming FileDescriptor, _ shared: MetricsServer.Shared, database: String
  ) {
    do throws(SystemError) {
      let loop = try EventLoop()
      let page = MetricsPage(loop, shared, database)
      var configuration = HTTPServer.Configuration()
      configuration.maximumConnections = maximumConnections
      configuration.requestDeadline = deadline
      configuration.idleMaximum = deadline
      let server = try HTTPServer(
        loop: loop, listener: listener, configuration: configuration
      ) { request, responder in page.take(request, responder) }
      shared.serve(from: loop.waker)
      while !shared.isOver {
        try loop.turn(until: nil)
        page.deliver()
      }
      server.close()
    } catch {
      return
    }
  }

  private func take(_ request: ReceivedRequest, _ responder: Responder) {
    guard request.path == "/metrics" else {
      return responder.respond(
        404, headers: [("Content-Type", "text/plain")], body: Array("the page is /metrics\n".utf8))
    }
    guard request.method == "GET" else {
      return responder.respond(405, headers: [("Allow", "GET")])
    }
    if let page, loop.now < page.until { return respond(page.bytes, responder) }
    if waiting.isEmpty { shared.ask() }
    waiting.append(responder)
  }

  private func deliver() {
    guard let snapshot = shared.takeSnapshot() else { return }
    let bytes = MetricsText.render(snapshot, files: sizes())
    page = (bytes, loop.now.advanced(by: Self.lifetime))
    let responders = waiting
    waiting = []
    for responder in responders { respond(bytes, responder) }
  }

  private func respond(_ bytes: [UInt8], _ responder: Responder) {
    responder.respond(
      200, headers: [("Content-Type", ExpositionText.contentType)], body: bytes)
  }

  private func sizes() -> [(String, Int64)] {
    [("database", database), ("log", database + "-wal")].compactMap { name, path in
      FileStatus.at(path: path).map { (name, $0.size) }
    }
  }
}
