import Domain
import Execution
import Intake
import MEXC
import Platform
import SimulatedExchange
import Store
import Transport

/// The running daemon: one loop, the engine of the present epoch, and the edges around it.
///
/// An epoch is the life of an engine between two readings of the store. When the disk refuses a
/// commit the epoch ends: what the engine believed is dropped, and a new one is built from what is
/// durable, as after a restart.
final class Trader {
  let loop: EventLoop
  let logger: Logger
  let service: ServiceManager
  let store: OrderStore
  let startedAt = Clock.now()
  private(set) var configuration: Configuration
  private let makeClient: () -> HTTPClient
  private let makeVenue: () -> MEXCSpot
  private let reload: () -> Result<Configuration, InvalidConfiguration>

  private var turn: Turn?
  private var link: ExchangeLink?
  private var desk: SignalDesk?
  private var control: ControlServer?
  private var commands: [CommandToken: (CommandAnswer) -> Void] = [:]
  private var nextToken = 1
  private var storageError: StoreError?
  private var watchdog: EventLoop.TimerID?
  private var stopDeadline: MonotonicTime?
  private var lastStatus = ""
  private(set) var exitCode: ExitCode?

  private static let storageRetryInterval: Duration = .seconds(1)
  /// In-flight placements have this long to be answered before the daemon stops all the same; what
  /// is not answered is looked up after the next start.
  private static let stopTime: Duration = .seconds(10)

  init(
    loop: EventLoop, logger: Logger, service: ServiceManager, store: OrderStore,
    configuration: Configuration, makeClient: @escaping () -> HTTPClient,
    makeVenue: @escaping () -> MEXCSpot,
    reload: @escaping () -> Result<Configuration, InvalidConfiguration>
  ) {
    self.loop = loop
    self.logger = logger
    self.service = service
    self.store = store
    self.configuration = configuration
    self.makeClient = makeClient
    self.makeVenue = makeVenue
    self.reload = reload
  }

  /// Opens the edges and begins the first epoch.
  func start(signals: UnixListener, control listener: UnixListener) throws(SystemError) {
    let desk = try SignalDesk(
      loop: loop, logger: logger, configuration: configuration, store: store, listener: signals)
    desk.storeFailed = { [weak self] error in self?.lostStorage(error) }
    self.desk = desk
    control = try ControlServer(listener: listener, loop: loop, handlers: controlHandlers)
    beginEpoch()
    feedWatchdog()
  }

  /// Turns the loop until the daemon has ended.
  func run() throws(SystemError) -> ExitCode {
    while exitCode == nil {
      logger.flush()
      try loop.turn(until: deadline)
      turn?.finish()
      endIfDone()
      showStatus()
    }
    logger.flush()
    return exitCode ?? .failed
  }

  private var deadline: MonotonicTime? {
    [turn?.engine.nextDeadline, stopDeadline].compactMap(\.self).min()
  }

  // MARK: Epochs

  private func beginEpoch() {
    do throws(StoreError) {
      let now = Clock.now()
      let state = try store.loadState(now: now.wall)
      let engine = Engine(
        configuration.engineConfiguration(cost: MEXCSpot.cost), restoring: state,
        signals: try signals(of: state), at: now)
      open(engine, state)
    } catch {
      lostStorage(error)
    }
  }

  /// The stored signals, read again from their bytes.
  private func signals(of state: StoredState) throws(StoreError) -> [SignalID: Signal] {
    var signals: [SignalID: Signal] = [:]
    for live in state.live {
      let record = live.signal
      do throws(SignalRefusal) {
        signals[record.signalID] = try SignalReader.read(
          record.raw, maximumBytes: record.raw.count)
      } catch {
        throw .corrupt("signal \(record.signalID) does not read any more: \(error.message)")
      }
    }
    return signals
  }

  private func open(_ engine: Engine, _ state: StoredState) {
    let paper = configuration.mode == .paper ? PaperExchange() : nil
    let link = ExchangeLink(
      client: makeClient(), venue: makeVenue(), paper: paper, openOrders: state.live.map(\.order),
      logger: logger
    ) { [weak self] id, answer in self?.turn?.feed(.answer(id, answer)) }
    let turn = Turn(engine: engine, store: store, performers: performers(link))
    self.link = link
    self.turn = turn
    link.start()
    desk?.turn = turn
    if !state.live.isEmpty {
      logger.log(
        .info, "orders of an earlier run are looked up before trading opens",
        [LogField("orders", state.live.count)])
    }
    if let halt = state.halt {
      logger.log(.warning, "trading is halted since an earlier run: \(halt.reason)")
    }
    turn.feed(.tick)
    desk?.open()
  }

  private func performers(_ link: ExchangeLink) -> Turn.Performers {
    Turn.Performers(
      send: { [weak link] dispatch in link?.send(dispatch) },
      answer: { [weak self] receipt, answer in self?.desk?.answer(receipt, answer) },
      settle: { [weak self] outcome in self?.desk?.settle(outcome) },
      answerCommand: { [weak self] token, answer in
        self?.commands.removeValue(forKey: token)?(answer)
      },
      log: { [logger] entry in logger.log(entry) },
      storageFailed: { [weak self] error in self?.lostStorage(error) })
  }

  // MARK: The disk

  /// Nothing leaves any more and nothing is taken. A disk that can recover is tried every second;
  /// one that cannot be trusted ends the daemon, and the next start looks at what is really there.
  private func lostStorage(_ error: StoreError) {
    desk?.turn = nil
    desk?.pause()
    turn = nil
    link?.close()
    link = nil
    failCommands(error)
    if storageError != error {
      storageError = error
      logger.log(
        .error, "no signal is taken and no order leaves: \(error)",
        [LogField("code", DecisionCode.storageUnavailable.rawValue)])
    }
    switch error {
    case .full, .readOnly, .heldByAnotherDaemon:
      guard exitCode == nil else { return }
      loop.schedule(at: Clock.monotonic().advanced(by: Self.storageRetryInterval)) {
        [weak self] in self?.tryStorage()
      }
    case .corrupt, .ioFailure, .newerSchema, .unusablePath, .misuse: exitCode = .failed
    }
  }

  private func failCommands(_ error: StoreError) {
    let waiting = commands
    commands = [:]
    for token in waiting.keys.sorted(by: { $0.number < $1.number }) {
      waiting[token]?(CommandAnswer(ok: false, message: "not done: \(error)"))
    }
  }

  private func tryStorage() {
    if stopDeadline != nil { return }
    do throws(StoreError) {
      try store.probe()
      storageError = nil
      logger.log(.info, "the database takes writes again; orders are reconciled")
      beginEpoch()
    } catch {
      lostStorage(error)
    }
  }

  // MARK: The operator

  private var controlHandlers: ControlHandlers {
    ControlHandlers(
      status: { [weak self] in self?.statusReport() ?? .null },
      store: { [weak self] in self.flatMap { $0.storageError == nil ? $0.store : nil } },
      perform: { [weak self] command, done in self?.perform(command, done) },
      onPeer: { [logger] peer in
        logger.log(
          .debug, "a client connected to the control socket",
          [LogField("peer_pid", peer.process), LogField("peer_uid", peer.user)])
      },
      onTrouble: { [logger] trouble in
        logger.log(
          .warning, "a client of the control socket was turned away",
          [LogField("reason", "\(trouble)")])
      })
  }

  private func perform(_ command: OperatorCommand, _ done: @escaping (CommandAnswer) -> Void) {
    guard let turn else {
      let reason = storageError.map { "\($0)" } ?? "the daemon is stopping"
      return done(CommandAnswer(ok: false, message: "not done: \(reason)"))
    }
    let token = CommandToken(number: nextToken)
    nextToken += 1
    commands[token] = done
    turn.feed(.command(command, token))
  }

  private func statusReport() -> JSONValue {
    let facts = StatusReport.Facts(
      mode: configuration.mode, startedAt: startedAt, storageError: storageError,
      connections: link?.status, lastCommitNanoseconds: store.lastCommitNanoseconds,
      droppedLogLines: logger.dropped, halt: turn?.engine.halt, ban: turn?.engine.ban)
    let now = Clock.now()
    return StatusReport.json(turn?.status(at: now), facts, at: now)
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

  private func showStatus() {
    let text: String
    if let storageError {
      text = "not trading: \(storageError)"
    } else if stopDeadline != nil {
      text = "stopping"
    } else if let engine = turn?.engine, let halt = engine.halt {
      text = "halted: \(halt.reason)"
    } else if turn?.engine.isTradingOpen == true {
      text = "trading (\(configuration.mode.rawValue))"
    } else {
      text = "waiting for the exchange"
    }
    guard text != lastStatus else { return }
    lastStatus = text
    service.status(text)
  }

  func handle(_ request: SignalRequest) {
    switch request {
    case .stop: stop()
    case .reload: reloadConfiguration()
    }
  }

  /// Closes the intake and lets placements in flight be answered.
  private func stop() {
    guard stopDeadline == nil else {
      logger.log(.warning, "told to stop again; not waiting any longer")
      stopDeadline = Clock.monotonic()
      return
    }
    logger.log(.info, "stopping: no further signal is taken, orders in flight are awaited")
    service.stopping()
    stopDeadline = Clock.monotonic().advanced(by: Self.stopTime)
    desk?.stopTaking()
    turn?.feed(.stop)
  }

  private func endIfDone() {
    guard let stopDeadline, exitCode == nil else { return }
    let isWaiting = turn?.engine.hasPlacementOutstanding ?? false
    guard !isWaiting || Clock.monotonic() >= stopDeadline else { return }
    if isWaiting {
      logger.log(
        .warning, "stopped before every placement was answered; the next start looks them up")
    }
    turn = nil
    link?.close()
    desk?.close()
    control?.close()
    logger.log(.info, "stopped")
    exitCode = .done
  }

  private func reloadConfiguration() {
    service.reloading()
    defer { service.ready() }
    switch reload() {
    case .failure(let invalid):
      for violation in invalid.violations {
        logger.log(.error, "the configuration is not reloaded: \(violation)")
      }
    case .success(let new): takeOver(new)
    }
  }

  private func takeOver(_ new: Configuration) {
    let taken = Configuration.changesTakenOver(from: configuration, to: new)
    let waiting = Configuration.changesNeedingRestart(from: configuration, to: new)
    do throws(ReloadRefusal) {
      configuration = try configuration.takingOver(from: new)
    } catch {
      return logger.log(
        .error, "the configuration is not reloaded: " + error.reasons.joined(separator: "; "))
    }
    logger.level = configuration.log.level
    turn?.feed(.reconfigure(configuration.engineConfiguration(cost: MEXCSpot.cost)))
    logger.log(
      .info, "the configuration is reloaded",
      [LogField("changed", taken.isEmpty ? "nothing" : taken.joined(separator: ","))])
    if !waiting.isEmpty {
      logger.log(
        .warning, "some changes wait for a restart",
        [LogField("keys", waiting.joined(separator: ","))])
    }
  }
}
