import Configuration
import Daemon
import Domain
import Execution
import Glibc
import MEXC
import Matching
import Platform
import Store

/// Between which two steps a process can die.
package enum CrashPoint: String, CaseIterable, Hashable, Sendable {
  case atStart = "at start"
  case onEvent = "on an event"
  case beforeWrite = "before a write"
  case beforeCommit = "before a commit"
  case insideCommit = "inside a commit"
  case afterCommit = "after a commit"
  case beforeSend = "before a request leaves"
  case afterSend = "after a request left"
  case beforeReply = "before a reply"
  case afterReply = "after a reply"
  case beforeMove = "before a file moves"
  case afterMove = "after a file moved"
}

/// One life of the daemon: the production core on the simulated machine.
final class SimulatedProcess {
  enum End {
    case killed, powerLost
    /// By the operator.
    case stopped
    /// It ended by itself, because it could not trust its disk.
    case exited
  }

  let life: Int
  let mode: TradingMode
  let oracle: Oracle
  let plant: Plant?
  private(set) var isAlive = true
  private(set) var end: End?
  private let world: World
  let disk: SimulatedDisk
  private let network: SimulatedNetwork
  private let reach: Reach
  private var endInCommit: End?
  private(set) var store: WatchedStore?
  private(set) var spoolView: SpoolView?
  private(set) var gateway: SignalGateway?
  private(set) var epochs: Epochs?
  private(set) var noteKey: (ExchangeAnswer) -> Void = { _ in }
  private var nextToken = 1
  /// Those that are not answered yet, by their tokens.
  private var commands: [Int: OperatorCommand] = [:]

  static let account = "main"

  init(
    life: Int, mode: TradingMode, world: World, oracle: Oracle, disk: SimulatedDisk,
    network: SimulatedNetwork, reach: Reach
  ) {
    self.life = life
    self.mode = mode
    self.world = world
    self.oracle = oracle
    self.disk = disk
    self.network = network
    self.reach = reach
    plant = world.scenario.plant
    disk.intake.losesNotes = plant == .noteForgotten
  }

  /// What every life shares: about places where deaths can strike, and a file that outlasts them.
  final class Reach {
    var crashes: [CrashPoint: Int] = [:]
    let facts: KeptFacts

    init(_ world: World) {
      facts = KeptFacts(world)
    }
  }

  func start(_ spool: SimulatedSpool, _ logger: Logger) {
    world.note("starts", "", "life \(life)")
    guard survives(.atStart) else { return }
    oracle.departures.runBegins()
    do {
      let base = try OrderStore(
        path: SimulatedDisk.path, fileSystem: disk.name, boot: "boot \(world.boots)",
        intake: disk.intake)
      guard try mayUse(base, logger), survives(.atStart) else { return die(.exited) }
      noteKey = ownership.noteKey(in: base, logger) { [world] in world.machineNow.wall }
      let store = WatchedStore(base, world, disk, self)
      self.store = store
      let time = Timekeeper(
        now: { [world] in world.machineNow },
        schedule: { [weak self, world] moment, action in
          world.plan(at: world.trueTime(of: moment)) { if self?.isAlive == true { action() } }
        })
      let gateway = try SignalGateway(
        time: time, logger: logger, account: Self.account, maximumBytes: 65_536, store: store
      ) { [self] onFile, _ throws(SystemError) in
        let view = SpoolView(spool, world, self, onFile: onFile)
        spoolView = view
        return view
      }
      self.gateway = gateway
      try CarefulStart.prepare(base, gateway.files.readActive(), logger, at: world.machineNow.wall)
      if let record = try base.reader.careful() {
        world.fail(.historyIsState, "", "a careful start without a loss: \(record.reason)")
      }
      let epochs = Epochs(store: store, gateway: gateway, time: time, edges: edges)
      self.epochs = epochs
      epochs.begin()
      finishTurn()
    } catch {
      world.note("does not start", "", "\(error)")
      if case StoreError.corrupt(let what) = error {
        world.fail(.historyIsState, "", "the database is damaged: \(what)")
      }
      die(.exited)
    }
  }

  /// As the daemon's own start judges it. A database that is not in use is taken; the operator changes
  /// back before this run uses it.
  private func mayUse(_ store: OrderStore, _ logger: Logger) throws(StoreError) -> Bool {
    let refusal = try ownership.take(store, logger, at: world.machineNow.wall)
    oracle.startWasJudged(mode, refusal: refusal)
    return plant == .modeIgnored || mode == oracle.configuration.mode && refusal == nil
  }

  private var ownership: DatabaseOwnership {
    var configuration = Configuration()
    configuration.mode = mode
    configuration.exchange.account = Self.account
    configuration.store.path = SimulatedDisk.path
    return DatabaseOwnership(
      configuration, from: "", at: world.scenario.venue.traits(in: mode).name,
      credentials: mode == .paper ? nil : network.credentials)
  }

  func finishTurn() {
    guard isAlive else { return }
    epochs?.driver?.finish()
    if let driver = epochs?.driver { reach.facts.endOfTurn(driver.engine) }
  }

  /// When the engine wants to be called, in true time.
  var deadline: Int64? {
    guard isAlive, let moment = epochs?.driver?.nextDeadline else { return nil }
    return world.trueTime(of: moment)
  }

  // MARK: Edges

  private var edges: Epochs.Edges {
    Epochs.Edges(
      configuration: { [oracle, plant, mode, world] in
        var configuration = oracle.configuration
        configuration.mode = mode
        configuration.venue = world.scenario.venue.traits(in: mode)
        plant?.alter(&configuration)
        return configuration
      },
      venueFacts: { [reach] in reach.facts.begin() },
      openLink: { [unowned self] state, deliver in
        WatchedLink(self, world, network, state, deliver: deliver)
      },
      answerCommand: { [weak self] token, answer in self?.answered(token, answer) },
      log: { [world] entry in
        let id = entry.fields.first { $0.key == "signal_id" }?.value ?? ""
        world.note("log", id, entry.message)
      },
      began: { [world] state in world.note("epoch begins", "", "\(state.live.count) live") },
      ended: { [world] error in world.note("epoch ends", "", "\(error)") },
      died: { [weak self] error in self?.storeDied(error) })
  }

  private func storeDied(_ error: StoreError) {
    switch error {
    case .misuse(let what): world.fail(.storeIsUsedWell, "", what)
    case .corrupt(let what): world.fail(.historyIsState, "", what)
    case .heldByAnotherDaemon, .readOnly, .full, .moved, .ioFailure, .newerSchema, .unusablePath:
      break
    }
    die(.exited)
  }

  func command(_ command: OperatorCommand) {
    guard isAlive, let driver = epochs?.driver else { return }
    let token = CommandToken(number: nextToken)
    nextToken += 1
    world.note("command", "", "\(command)")
    commands[token.number] = command
    if plant == .cancelIsSaidOnly, case .cancel = command {
      return answered(token, CommandAnswer(ok: true, message: ""))
    }
    driver.feed(.command(command, token))
  }

  private func answered(_ token: CommandToken, _ answer: CommandAnswer) {
    world.note("command answered", "", "\(token.number) \(answer.ok) \(answer.message)")
    if let command = commands.removeValue(forKey: token.number) {
      CommandsCheck(oracle).answered(command, answer)
    }
  }

  // MARK: Deaths

  /// Whether the process is still there after this point.
  func survives(_ point: CrashPoint) -> Bool {
    guard isAlive else { return false }
    if world.happens(.kill) {
      die(.killed, at: point)
    } else if world.happens(.powerLoss) {
      die(.powerLost, at: point)
    }
    return isAlive
  }

  /// From outside, between two steps.
  func kill() { die(.killed) }

  private func die(_ end: End, at point: CrashPoint) {
    reach.crashes[point, default: 0] += 1
    world.note("dies", "", "\(end) \(point.rawValue)")
    die(end)
  }

  /// The operator stops it: nothing but what is durable counts afterwards.
  func stop() {
    guard isAlive else { return }
    world.note("stopped by the operator", "")
    store?.noteCleanStop()
    die(.stopped)
  }

  private func die(_ end: End) {
    guard isAlive else { return }
    isAlive = false
    self.end = end
    disk.halt()
  }

  /// The next operations of the disk may be the last ones.
  func mayDieInCommit() {
    if world.happens(.kill) {
      endInCommit = .killed
    } else if world.happens(.powerLoss) {
      endInCommit = .powerLost
    }
    if endInCommit != nil { disk.halt(atOperation: 1 + world.below(8, for: .kill)) }
  }

  func diedOnDisk() {
    die(endInCommit ?? .killed, at: .insideCommit)
  }

  /// Lets go of everything that a process holds.
  func bury() {
    epochs?.end()
    gateway?.close()
    epochs = nil
    gateway = nil
    spoolView = nil
    noteKey = { _ in }
    store = nil
  }
}

/// The production link over the simulated network, with the deaths around every request.
final class WatchedLink: Dispatching {
  private var link: ExchangeLink?
  private var streams: SimulatedStreams?
  private var requests: [RequestID: ExchangeRequest] = [:]
  private let process: SimulatedProcess
  private let world: World

  init(
    _ process: SimulatedProcess, _ world: World, _ network: SimulatedNetwork,
    _ state: StoredState, deliver: @escaping (Input) -> Void
  ) {
    self.process = process
    self.world = world
    let carrier = SimulatedCarrier(network, process)
    if world.dials.hasStreams && process.mode == .live {
      streams = SimulatedStreams(network, process)
    }
    link = ExchangeLink(
      client: carrier,
      venue: world.scenario.venue.venue(
        in: process.mode, credentials: network.credentials,
        receiveWindow: world.dials.receiveWindow, restoring: state),
      streams: streams, now: { world.machineNow }
    ) { [weak self] input in
      // Books come by the thousand: deaths strike where more happens.
      if case .price = input { return deliver(input) }
      guard let self, process.survives(.onEvent) else { return }
      guard case .answer(let id, let answer) = input else { return deliver(input) }
      process.noteKey(answer)
      let request = self.requests.removeValue(forKey: id)
      let altered = request.flatMap { process.plant?.alter(answer, to: $0) } ?? answer
      deliver(.answer(id, altered))
    }
  }

  func start() { link?.start() }

  func withdrawUnsent(_ withdrawal: Withdrawal) { link?.withdrawUnsent(withdrawal) }

  func watchPrices(_ symbols: Set<Symbol>) { link?.watchPrices(symbols) }

  func connectAccountStream() { link?.connectAccountStream() }

  func send(_ dispatch: Dispatch) {
    guard process.survives(.beforeSend) else { return }
    var dispatch = dispatch
    if process.plant == .stampOfSending {
      dispatch.stampedAt = dispatch.stampedAt.advanced(by: .milliseconds(1))
    }
    if process.plant == .safetyLooksStop, streams?.isAccountUp == true,
      process.epochs?.driver?.engine.isTradingOpen == true,
      case .order(_, .orderID) = dispatch.request
    {
      return
    }
    if let plant = process.plant { dispatch.request = plant.alter(dispatch.request) }
    requests[dispatch.id] = dispatch.request
    link?.send(dispatch)
    _ = process.survives(.afterSend)
  }

  func close() {
    link?.close()
    link = nil
  }
}
