import Configuration
import Control
import Domain
import Execution
import Intake
import JSON
import MEXC
import Platform
import Store
import Transport

/// The running daemon: one loop, the engine's epochs, and the edges around them.
final class Trader {
  private let loop: EventLoop
  private let logger: Logger
  private let service: ServiceManager
  let store: OrderStore
  private let keys: KeyRotation
  private let spoolLock: DirectoryLock
  private let startedAt = Clock.now()
  private(set) var configuration: Configuration
  private var authenticator: SourceAuthenticator {
    didSet { gateway?.authenticator = authenticator }
  }
  private let makeClient: () -> HTTPClient
  /// Takes what an earlier run left.
  private let makeVenue: (StoredState, MEXC.Credentials?) -> any Venue
  private let makeStreams: () -> ExchangeStreams
  private let reload: ConfigurationReload
  private let venueFacts: VenueFactsFile

  private var epochs: Epochs?
  private var client: HTTPClient?
  private weak var link: ExchangeLink?
  private var streams: ExchangeStreams?
  private var gateway: SignalGateway?
  private var control: ControlServer?
  private var housekeeping: Housekeeping?
  private var databaseWatch: DatabaseWatch?
  private let metrics = Metrics()
  private var metricsServer: MetricsServer?
  private var notifier: Notifier?
  private let commands = PendingCommands()
  private var pushPause = PushPause()
  private var watchdog: EventLoop.TimerID?
  private var stopDeadline: MonotonicTime?
  private let statusLine: StatusLine
  private(set) var exitCode: ExitCode?

  /// In-flight placements have this long to be answered before the daemon stops all the same; what
  /// is not answered is looked up after the next start.
  private static let stopTime: Duration = .seconds(10)

  /// Nothing tells when a reader of the journal has room again.
  private static let logRetryInterval: Duration = .milliseconds(100)
  /// How long a signal that was just accepted waits for its price before the database is seen to.
  private static let priceWait: Duration = .microseconds(500)

  init(
    loop: EventLoop, logger: Logger, service: ServiceManager, store: OrderStore,
    spoolLock: DirectoryLock, keys: KeyRotation, configuration: Configuration,
    authenticator: SourceAuthenticator,
    makeClient: @escaping () -> HTTPClient,
    makeVenue: @escaping (StoredState, MEXC.Credentials?) -> any Venue,
    makeStreams: @escaping () -> ExchangeStreams,
    reload: @escaping () -> Result<Configuration, InvalidConfiguration>
  ) {
    self.loop = loop
    self.logger = logger
    self.service = service
    self.store = store
    self.keys = keys
    self.spoolLock = spoolLock
    self.configuration = configuration
    self.authenticator = authenticator
    self.makeClient = makeClient
    self.makeVenue = makeVenue
    self.makeStreams = makeStreams
    self.reload = ConfigurationReload(loop, logger, reload)
    venueFacts = VenueFactsFile(
      beside: configuration.store.path, source: configuration.exchange.restURL, logger)
    statusLine = StatusLine(loop) { service.status($0) }
    keys.changed = { [weak self, unowned keys] in
      guard let self else { return }
      link?.change(to: self.makeVenue(StoredState(), keys.credentials), heard: keys.listener())
      driver?.feed(.keyChanged)
    }
  }

  /// Opens the edges and begins the first epoch.
  func start(signals: UnixListener, control listener: UnixListener) throws {
    let time = Timekeeper(loop)
    let intake = configuration.intake
    let gateway = try SignalGateway(
      time: time, logger: logger, account: configuration.exchange.account,
      maximumBytes: intake.maximumSignalBytes, store: store
    ) { [loop, spoolLock] onFile, onProblem throws(SystemError) in
      try SpoolDirectory(
        path: intake.directory, lock: spoolLock, maximumBytes: intake.maximumSignalBytes,
        quietTime: intake.quietTime, loop: loop, onFile: onFile, onProblem: onProblem)
    }
    try gateway.listen(on: signals, loop: loop)
    gateway.authenticator = authenticator
    gateway.stories = SenderStories(
      store: { [weak self] in self?.usableStore },
      waitsFor: { [weak self] id in self?.driver?.waitReason(of: id) })
    gateway.metrics = metrics
    gateway.readPrices = { [loop, weak self] in
      self?.pushPause.signalCame(at: loop.now)
      loop.handleCoalesced()
    }
    self.gateway = gateway
    store.committed = { [metrics] in metrics.committed(in: $0) }
    metricsServer = MetricsServer.start(configuration, loop, logger)
    notifier = try Notifier(
      loop: loop, logger: logger, store: store, metrics: metrics,
      settings: { [unowned self] in self.configuration },
      facts: { [unowned self] in
        NotifyConditions.Facts(
          connections: self.client?.status, key: self.driver?.engine.keyInformation,
          storageError: self.storageError)
      },
      storeFailed: { [weak self] error in self?.epochs?.lose(error) })
    control = try ControlServer(
      listener: listener, loop: loop, intake: intake, handlers: controlHandlers)
    let epochs = Epochs(store: store, gateway: gateway, time: time, edges: edges)
    self.epochs = epochs
    keys.storeFailed = { [weak epochs] error in epochs?.lose(error) }
    try CarefulStart.prepare(store, gateway.files.readActive(), logger, at: time.now().wall)
    epochs.begin()
    housekeeping = Housekeeping(
      loop: loop, logger: logger, store: store, spool: intake.directory,
      settings: { [unowned self] in self.configuration },
      clockOffset: { [weak self] in self?.clockOffset },
      storeFailed: { [weak epochs] error in epochs?.lose(error) })
    databaseWatch = DatabaseWatch(loop: loop, store: store) { [weak epochs] error in
      // While the store does not work, each try to use it looks.
      if epochs?.storageError == nil { epochs?.lose(error) }
    }
    feedWatchdog()
  }

  /// Turns the loop until the daemon has ended.
  func run() throws(SystemError) -> ExitCode {
    while exitCode == nil {
      logger.flush()
      loop.coalescing = coalescing
      try loop.turn(until: deadline)
      driver?.commitAndSend()
      // A price may have come meanwhile, or comes from near by: its order goes before all the rest.
      if driver?.isAskingPrices == true {
        try loop.turn(until: store.isBehind ? loop.now.advanced(by: Self.priceWait) : loop.now)
        driver?.commitAndSend()
      }
      // Whoever takes an order on this machine, such as a proxy, need not wait for all the rest.
      if driver?.hasSent == true { Processor.yield() }
      driver?.finish()
      if let driver { venueFacts.endOfTurn(driver) }
      takeOver(reload.takeOutcome())
      keys.endOfTurn()
      metricsServer?.endOfTurn(metricsSnapshot)
      notifier?.endOfTurn()
      endIfDone()
      statusLine.show(
        mode: configuration.mode.rawValue, isOpen: driver?.isTradingOpen ?? false
      ) { troubles(at: $0) }
    }
    logger.flush()
    return exitCode ?? .failed
  }

  private var coalescing: Duration {
    guard let streams, driver?.awaitsPushedPrices == false else { return .zero }
    return pushPause.length(
      gathering: streams.coalescing, maximumAge: configuration.price.maximumAge, at: loop.now)
  }

  private var deadline: MonotonicTime? {
    let retry = logger.hasBacklog ? loop.now.advanced(by: Self.logRetryInterval) : nil
    return MonotonicTime.earlier(MonotonicTime.earlier(driver?.nextDeadline, stopDeadline), retry)
  }

  private var driver: EngineDriver<StoreError>? { epochs?.driver }

  private var engineConfiguration: EngineConfiguration {
    configuration.engineConfiguration(
      venue: VenueCatalog.traits(in: configuration.mode))
  }

  private var storageError: StoreError? { epochs?.storageError }

  private var clockOffset: Duration? {
    driver?.status(at: Clock.now()).clockOffsetMilliseconds.map { .milliseconds($0) }
  }

  // MARK: Epochs

  private var edges: Epochs.Edges {
    Epochs.Edges(
      configuration: { [unowned self] in self.engineConfiguration },
      venueFacts: { [venueFacts] in venueFacts.begin() },
      backOffFile: BackOffFile(
        in: configuration.runtimeDirectory, exchange: configuration.exchange.restURL, logger),
      openLink: { [unowned self] state, deliver in self.openLink(state, deliver) },
      answerCommand: { [commands] token, answer in commands.answer(token, answer) },
      log: { [logger] entry in logger.log(entry) },
      began: { [weak self, report = StartReport(configuration.mode, logger)] state in
        report.log(state)
        self?.commands.haltAgain(self?.driver)
      },
      ended: { [weak self] error in
        self?.client = nil
        self?.streams = nil
        self?.commands.fail(error)
        self?.notifier?.lookAround()
      },
      died: { [weak self] _ in self?.exitCode = .failed })
  }

  private func openLink(
    _ state: StoredState, _ deliver: @escaping (Input) -> Void
  ) -> any Dispatching {
    let client = makeClient()
    var told = RecentTexts()
    client.onConnectionEvent = { [logger] event in
      let text = "exchange connection: \(event)"
      let level: LogLevel =
        switch event {
        case .connected, .lost: .debug
        // During an outage every attempt fails, some of them each second.
        case .failed, .usingOldAddresses:
          told.isRecent(text, at: Clock.monotonic()) ? .debug : .warning
        }
      logger.log(level, text)
    }
    self.client = client
    let streams = makeStreams()
    streams.priceSource = { [weak self] in self?.configuration.price.source ?? .auto }
    self.streams = streams
    let link = ExchangeLink(
      client: client, venue: makeVenue(state, keys.credentials),
      streams: streams, now: Clock.now, metrics: metrics, heard: keys.listener(), deliver: deliver)
    self.link = link
    return link
  }

  // MARK: The operator

  private var usableStore: StoreReader? { epochs?.isReadable == false ? nil : store.reader }

  private var controlHandlers: ControlHandlers {
    ControlHandlers(
      status: { [weak self] in self?.statusReport() ?? .null },
      store: { [weak self] in self?.usableStore },
      waitsFor: { [weak self] id in self?.driver?.waitReason(of: id) },
      perform: { [weak self] command, done in
        guard let self else { return }
        commands.perform(command, by: driver, otherwise: storageError, done)
      },
      expectRenewedKey: { [keys] done in keys.expectRenewedKey(done) },
      dryRun: { [weak self] text throws(ControlFailure) in
        try self?.gateway?.dryRun(Array(text.utf8)) ?? .null
      },
      onPeer: { [logger] peer in
        logger.log(
          .debug, "a client connected to the control socket",
          [LogField("peer_pid", peer.process), LogField("peer_uid", peer.user)])
      },
      onTrouble: { [logger] trouble in
        logger.log(.warning, "control socket: \(trouble)", trouble.fields)
      })
  }

  private func statusReport() -> JSONValue {
    let now = Clock.now()
    return StatusReport.json(driver?.status(at: now), facts(at: now), at: now)
  }

  private func metricsSnapshot() -> MetricsSnapshot {
    let now = Clock.now()
    return MetricsSnapshot(
      counts: metrics.counts, engine: driver?.status(at: now), facts: facts(at: now),
      notificationsWaiting: notifier?.waiting)
  }

  private func facts(at now: Moment) -> StatusReport.Facts {
    StatusReport.Facts(
      configuration: configuration, startedAt: startedAt, troubles: troubles(at: now),
      connections: client?.status, streams: streams?.status(at: now) ?? [],
      priceSource: priceSource(at: now.monotonic),
      lastCommitNanoseconds: store.lastCommitNanoseconds,
      droppedLogLines: logger.dropped, loopTurns: loop.turns, ban: epochs?.backOff(at: now))
  }

  private func priceSource(at now: MonotonicTime) -> String {
    if driver?.engine.symbolsWithoutPush(at: now) == [] { return "stream" }
    return configuration.price.source == .stream ? "none" : "rest"
  }

  // MARK: The service

  /// Half the interval, as sd_watchdog_enabled(3) advises; a timer of the loop, so that it speaks
  /// only while the loop turns.
  private func feedWatchdog() {
    guard let interval = service.watchdogInterval else { return }
    service.watchdog()
    watchdog = loop.schedule(at: Clock.monotonic().advanced(by: interval / 2)) { [weak self] in
      self?.feedWatchdog()
    }
  }

  private func troubles(at now: Moment) -> [Trouble] {
    Troubles.list(
      driver?.engine, storageError, client?.status, isStopping: stopDeadline != nil, at: now)
      + (gateway?.troubles ?? [])
      + (configuration.price.source == .stream ? streamTroubles(at: now.monotonic) : [])
      + (notifier?.trouble.map { [$0] } ?? [])
  }

  private func streamTroubles(at now: MonotonicTime) -> [Trouble] {
    streams?.troubles(unpriced: driver?.engine.openSymbolsWithoutPush(at: now) ?? []) ?? []
  }

  func handle(_ request: ProcessRequest) {
    switch request {
    case .stop: stop()
    case .reload: reloadConfiguration()
    }
  }

  /// Closes the intake and lets placements in flight be answered.
  private func stop() {
    guard stopDeadline == nil else {
      logger.log(.notice, "told to stop again; not waiting any longer")
      stopDeadline = Clock.monotonic()
      return
    }
    logger.log(.info, "stopping: no further signal is taken, orders in flight are awaited")
    service.stopping()
    stopDeadline = Clock.monotonic().advanced(by: Self.stopTime)
    gateway?.stopTaking()
    epochs?.stop()
  }

  private func endIfDone() {
    guard let stopDeadline, exitCode == nil else { return }
    let isWaiting = driver?.engine.hasPlacementOutstanding ?? false
    guard !isWaiting || Clock.monotonic() >= stopDeadline else { return }
    if isWaiting {
      logger.log(
        .warning, "stopped before every placement was answered; the next start looks them up")
    }
    epochs?.end()
    noteCleanStop()
    client = nil
    streams = nil
    housekeeping = nil
    databaseWatch = nil
    metricsServer = nil
    notifier = nil
    gateway?.close()
    control?.close()
    logger.log(.info, "stopped", kind: .stopped)
    exitCode = .done
  }

  private func noteCleanStop() {
    do throws(StoreError) {
      if let storageError { throw storageError }
      try store.noteCleanStop()
    } catch {
      logger.log(
        .warning,
        "that everything is on the disk cannot be written down: \(error); if the machine restarts now, "
          + "signals that wait are looked for and not sent")
    }
  }

  private func reloadConfiguration() {
    service.reloading()
    reload.begin(over: configuration, authenticator)
    takeOver(reload.takeOutcome())
  }

  private func takeOver(_ outcome: ConfigurationReload.Outcome?) {
    switch outcome {
    case nil: return
    case .unreadable: return service.ready()
    case .refused: break
    case .read(let next, let secrets):
      var new = SourceAuthenticator(next, secrets: secrets)
      if let gateway { new.remember(gateway.authenticator) }
      authenticator = new
      configuration = next
      notifier?.reconfigured()
      driver?.feed(.reconfigure(engineConfiguration))
    }
    keys.reload(configuration.credentials) { [service] in service.ready() }
  }
}
