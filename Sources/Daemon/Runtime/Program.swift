import Configuration
import Doctor
import Domain
import Glibc
import Keystore
import MEXC
package import Platform
import Store
import Transport

/// The daemon as a program: from its arguments to its exit status.
package enum DaemonProgram {
  /// How the exchange is reached: for requests, and for what it pushes.
  private struct Ways {
    let requests: Endpoint
    let requestTLS: TLSContext?
    let streams: Endpoint
    let streamTLS: TLSContext?
  }

  /// Why the daemon did not start.
  private enum StartError: Error {
    case configuration([Violation])
    case failure(String)
  }

  /// `arguments` without the program's name.
  package static func run(_ arguments: [String]) -> ExitCode {
    let options: CommandLineOptions
    do throws(CommandLineOptions.UsageError) {
      options = try CommandLineOptions.parse(arguments)
    } catch {
      complain(UsageMessage.text("mexc-signald", error.description))
      return .wrongUsage
    }
    switch options.action {
    case .showHelp: say(CommandLineOptions.usage)
    case .showManual: say(CommandLineOptions.manual.text)
    case .showVersion: say("mexc-signald \(Version.text)")
    case .check(let path, let isQuiet):
      return checkConfiguration(path, isQuiet: isQuiet, output: say, complaints: complain)
    case .run(let path): return serve(path)
    }
    return .done
  }

  private static func serve(_ path: String) -> ExitCode {
    let service = ServiceManager()
    let sockets = Sockets(service.activatedSockets())
    switch ConfigurationFile.load(path) {
    case .failure(let invalid):
      return refuse(invalid.withPlaces(isStart: true, givenSockets: sockets.given))
    case .success(let file):
      let logger = Logger(file.configuration.log)
      let places = PlaceCheck(file, isStart: true, givenSockets: sockets.given)
      guard places.violations.isEmpty else { return refuse(places.violations) }
      for warning in places.warnings { logger.log(.warning, "\(warning)") }
      do throws(StartError) {
        return try serve(file, service, sockets, logger)
      } catch {
        defer { logger.flush() }
        switch error {
        case .configuration(let violations):
          for violation in violations {
            logger.log(.error, "not started: \(violation)", kind: .notStarted)
          }
          return violations.allSatisfy(\.mayPass) ? .failed : .invalidConfiguration
        case .failure(let text):
          logger.log(.error, "not started: \(text)", kind: .notStarted)
          return .failed
        }
      }
    }
  }

  /// A wrong configuration waits for a person; what the machine refuses it may take at the next start.
  private static func refuse(_ violations: [Violation]) -> ExitCode {
    for violation in violations { complain("\(violation)") }
    guard violations.allSatisfy(\.mayPass) else { return .invalidConfiguration }
    complain(
      "not started: the machine refuses what the daemon needs, and the configuration is not at fault; "
        + "systemd starts the service again until the machine takes it")
    return .failed
  }

  private static func serve(
    _ file: ConfigurationFile, _ service: ServiceManager, _ sockets: Sockets, _ logger: Logger
  ) throws(StartError) -> ExitCode {
    let configuration = file.configuration
    // Files that the daemon makes are its own; what others may read is set one by one.
    umask(0o027)
    do {
      let loop = try EventLoop()
      let relay = ProcessRequestRelay()
      // Before any thread is made: threads inherit the blocked signals.
      let watch = try PosixSignalWatch(loop: loop) { request in relay.handle(request) }
      defer { watch.close() }
      logger.log(
        .info, "mexc-signald \(Version.text) starts",
        [LogField("mode", configuration.mode.rawValue), LogField("config", file.path)],
        kind: .started)
      let lock = try lockSpool(configuration.intake.directory)
      defer { withExtendedLifetime(lock) {} }
      let trader = try makeTrader(file, service, lock, loop, logger)
      try start(trader, file, service, sockets, logger)
      relay.trader = trader
      return try trader.run()
    } catch let error as StartError {
      throw error
    } catch {
      throw .failure("\(error)")
    }
  }

  private static func makeTrader(
    _ file: ConfigurationFile, _ service: ServiceManager, _ spoolLock: DirectoryLock,
    _ loop: EventLoop, _ logger: Logger
  ) throws -> Trader {
    let configuration = file.configuration
    let exchange = configuration.exchange
    let ways = try Self.ways(file)
    var violations: [Violation] = []
    let read = try readCredentials(file, loop, logger, &violations)
    let secrets = try readSourceSecrets(file, loop, &violations)
    guard violations.isEmpty else { throw StartError.configuration(violations.inOrder) }
    let store = try openStore(file, read?.credentials, logger)
    let options = clientOptions(exchange)
    return Trader(
      loop: loop, logger: logger, service: service, store: store, spoolLock: spoolLock,
      keys: KeyRotation(
        file, loop, logger, store, credentials: read?.credentials, from: read?.origin),
      configuration: configuration,
      authenticator: SourceAuthenticator(configuration, secrets: secrets),
      makeClient: {
        HTTPClient(
          loop: loop, endpoint: ways.requests, tls: ways.requestTLS, configuration: options)
      },
      makeVenue: { state, credentials in
        VenueCatalog.venue(
          in: configuration.mode, credentials: credentials, receiveWindow: exchange.receiveWindow,
          restoring: state)
      },
      makeStreams: {
        let line = StreamLine(
          loop: loop, endpoint: ways.streams, tls: ways.streamTLS, userAgent: Version.userAgent,
          jitter: Jitter(seed: UInt64.random(in: 0 ... .max)), log: { logger.log($0) })
        return VenueCatalog.streams(
          line, interval: configuration.price.streamInterval, now: Clock.now)
      },
      reload: {
        Self.renew([ways.requestTLS, ways.streamTLS], file, logger)
        return Configuration.load(file.path, again: true)
      })
  }

  private static func ways(_ file: ConfigurationFile) throws(StartError) -> Ways {
    let exchange = file.configuration.exchange
    let requests = try endpoint(file, "exchange.rest_url") { () throws(Endpoint.Flaw) in
      try Endpoint(exchange.restURL)
    }
    let requestTLS = try tlsContext(file, isSecure: requests.scheme.isSecure)
    let streams = try endpoint(file, "exchange.stream_url") { () throws(Endpoint.Flaw) in
      try Endpoint(webSocket: exchange.streamURL)
    }
    let streamTLS = try tlsContext(file, isSecure: streams.scheme.isSecure)
    return Ways(
      requests: requests, requestTLS: requestTLS, streams: streams, streamTLS: streamTLS)
  }

  private static func openStore(
    _ file: ConfigurationFile, _ credentials: MEXC.Credentials?, _ logger: Logger
  ) throws -> OrderStore {
    let configuration = file.configuration
    let store = try OrderStore(
      path: configuration.store.path, runtimeDirectory: configuration.runtimeDirectory)
    let ownership = DatabaseOwnership(configuration, from: file.path, credentials: credentials)
    if let refusal = try ownership.take(store, logger, at: Clock.now().wall) {
      throw StartError.configuration([file.violation("store.path", text: refusal)])
    }
    noteSlowIntake(store, logger)
    return store
  }

  private static func start(
    _ trader: Trader, _ file: ConfigurationFile, _ service: ServiceManager, _ sockets: Sockets,
    _ logger: Logger
  ) throws {
    let configuration = file.configuration
    try trader.start(
      signals: sockets.listener(
        "signal", path: configuration.intake.socket, mode: configuration.intake.socketMode),
      control: sockets.listener("control", path: configuration.control.socket, mode: 0o600))
    noteUnknownBoot(trader.store, logger)
    logger.log(
      .info, "ready to take signals",
      [
        LogField("directory", configuration.intake.directory),
        LogField("socket", configuration.intake.socket),
      ])
    service.ready()
  }

  private static func noteSlowIntake(_ store: OrderStore, _ logger: Logger) {
    guard let failure = store.intakeFailure else { return }
    logger.log(
      .notice,
      "signals cannot be written past the system's cache (\(failure)); each is synced with the "
        + "database before its order leaves, which takes a little longer")
  }

  private static func noteUnknownBoot(_ store: OrderStore, _ logger: Logger) {
    guard store.boot == nil else { return }
    logger.log(
      .notice,
      "the boot of this machine is not known: every commit is synced before an order leaves, which "
        + "takes longer",
      [
        LogField(
          "advice",
          "let the daemon read /proc/sys/kernel/random/boot_id, or pass its text as MEXC_BOOT_ID")
      ])
  }

  static func clientOptions(_ exchange: Configuration.Exchange) -> HTTPClient.Configuration {
    var options = HTTPClient.Configuration()
    options.warmConnections = exchange.connections
    options.userAgent = Version.userAgent
    options.backOff.share = Int.random(in: BackOffLimits.shares)
    return options
  }

  /// Two daemons with a database each would both act on one file.
  private static func lockSpool(_ directory: String) throws -> DirectoryLock {
    try Directory.make(directory, mode: 0o755)
    do throws(DirectoryLock.Failure) {
      return try DirectoryLock(path: directory + "/.lock")
    } catch {
      throw StartError.failure(
        "\(directory): \(error); stop it, or use another intake.directory")
    }
  }

  private static func endpoint(
    _ file: ConfigurationFile, _ key: String, _ make: () throws(Endpoint.Flaw) -> Endpoint
  ) throws(StartError) -> Endpoint {
    do throws(Endpoint.Flaw) {
      return try make()
    } catch {
      throw .configuration([file.violation(key, text: "\(error)")])
    }
  }

  private static func tlsContext(
    _ file: ConfigurationFile, isSecure: Bool
  ) throws(StartError) -> TLSContext? {
    guard isSecure else { return nil }
    do throws(TLSContext.Failure) {
      return try TLSContext(
        client: file.configuration.exchange.caFile.map { .file($0) } ?? .system)
    } catch {
      throw .configuration([file.violation("exchange.ca_file", text: "\(error)")])
    }
  }

  /// Who renews the file in place asks for a reload.
  private static func renew(
    _ contexts: [TLSContext?], _ file: ConfigurationFile, _ logger: Logger
  ) {
    guard let path = file.configuration.exchange.caFile else { return }
    do throws(TLSContext.Failure) {
      for context in contexts { try context?.renew() }
      logger.log(
        .info, "the authorities in exchange.ca_file are read again; new connections trust these",
        [LogField("file", path)])
    } catch {
      logger.log(
        .error, "exchange.ca_file cannot be read again; what was read before still counts",
        [
          LogField("error", "\(error)"),
          LogField("advice", "mend the file, then reload once more"),
        ])
    }
  }

  /// Paper mode needs no keys and reads none. What takes long happens beside the loop, which sees to
  /// the process's signals meanwhile. Also `nil` with a violation that says why there are none.
  private static func readCredentials(
    _ file: ConfigurationFile, _ loop: EventLoop, _ logger: Logger, _ violations: inout [Violation]
  ) throws -> (credentials: MEXC.Credentials, origin: Keystore.Credentials.Origin)? {
    let configuration = file.configuration
    guard configuration.mode != .paper else { return nil }
    do {
      guard let origin = Keystore.Credentials.origin(configuration.credentials) else {
        throw CredentialsError.missing(configuration.credentials)
      }
      // Variables are read where there is no other thread yet (getenv(3)).
      let reading = SecretsReading(loop, atOnce: origin == .environment) {
        [mode = configuration.mode] () throws(CredentialsError) in
        try Keystore.Credentials.read(origin, mode: mode)
      }
      while reading.outcome == nil { try loop.turn(until: nil) }
      guard let read = try reading.outcome?.get() else { return nil }
      logger.log(.info, "API credentials read", [LogField("from", "\(origin)")])
      return (try MEXC.Credentials(apiKey: read.apiKey, secret: read.secretKey), origin)
    } catch let error as SystemError {
      throw error
    } catch {
      violations.append(violation(file, "credentials", error))
      return nil
    }
  }

  private static func readSourceSecrets(
    _ file: ConfigurationFile, _ loop: EventLoop, _ violations: inout [Violation]
  ) throws -> [String: Secret] {
    let reading = SecretsReading(of: file.configuration, loop)
    while reading.outcome == nil { try loop.turn(until: nil) }
    do {
      return try reading.outcome?.get() ?? [:]
    } catch {
      violations.append(violation(file, "sources", error))
      return [:]
    }
  }

  private static func violation(
    _ file: ConfigurationFile, _ key: String, _ error: any Error
  ) -> Violation {
    file.violation(
      key, text: "\(error)", mayPass: (error as? CredentialsError)?.mayPass ?? false)
  }

  private static func say(_ text: String) {
    OutputLine.write(text, to: STDOUT_FILENO)
  }

  private static func complain(_ text: String) { complain(.error, text) }

  /// A line before there is a logger, or beside it: plain on a terminal, with its priority in the
  /// journal.
  private static func complain(_ level: LogLevel, _ text: String) {
    let isJournal = Logger.suitableFormat() == .journal
    OutputLine.write((isJournal ? level.journalPrefix : "") + text, to: STDERR_FILENO)
  }
}

/// A POSIX signal may arrive before the trader that handles it exists.
private final class ProcessRequestRelay {
  private var early: [ProcessRequest] = []
  weak var trader: Trader? {
    didSet {
      for request in early { trader?.handle(request) }
      early = []
    }
  }

  func handle(_ request: ProcessRequest) {
    if let trader { trader.handle(request) } else { early.append(request) }
  }
}

/// The listening sockets: systemd's where it has made them, else our own.
private struct Sockets {
  private let activated: [ServiceManager.ActivatedSocket]

  init(_ activated: [ServiceManager.ActivatedSocket]) {
    self.activated = activated
  }

  /// The names of those that systemd has made.
  var given: Set<String> { Set(["signal", "control"].filter { socket($0) != nil }) }

  func listener(_ name: String, path: String, mode: UInt32) throws -> UnixListener {
    guard let socket = socket(name) else { return try UnixListener(path: path, mode: mode) }
    return try UnixListener(adopting: socket.descriptor)
  }

  /// A socket unit names its sockets by `FileDescriptorName=`; a single unnamed one is for signals.
  private func socket(_ name: String) -> ServiceManager.ActivatedSocket? {
    let named = activated.first { $0.name == name }
    let only = name == "signal" && activated.count == 1 && activated[0].name != "control"
    return named ?? (only ? activated[0] : nil)
  }
}
