import Configuration
import Daemon
import Domain
import Execution
import Intake
import Matching
package import Platform
import SimulatedExchange
import Store

/// What one seed came to.
package struct Outcome: Sendable {
  package let scenario: Scenario
  package let digest: UInt64
  package let violation: Violation?
  package let signals: Int
  package let deliveries: Int
  package let orders: Int
  package let placements: Int
  package let requests: Int
  package let events: Int
  package let lives: Int
  package let droppedWrites: Int
  package let tornWrites: Int
  /// Power cuts between the sending of an order and the sync of its arming.
  package let cutsBeforeSync: Int
  /// By `Fault.allCases`.
  package let hits: [Int]
  package let crashes: [CrashPoint: Int]
  /// In words, when they were asked for.
  package let story: [String]
}

/// One seed from its beginning to its end.
package final class SimulationRun {
  private let world: World
  private let oracle: Oracle
  private let disk = SimulatedDisk()
  private let spool: SimulatedSpool
  private let network: SimulatedNetwork
  private let logger: Logger
  private let reach: SimulatedProcess.Reach
  private var process: SimulatedProcess?
  private var lives = 0
  private var steps = 0
  private var hurt: Set<Int> = []
  private var ends: SplitMix64
  /// Whether the machine restarts when the operator has stopped the daemon.
  private var reboots: SplitMix64
  private var producer: Producer?
  private var hand: OperatorHand?
  private lazy var otherModes = OtherModes(world) { [unowned self] run in start(run) }

  /// More than any honest run needs: one that does not come to rest is a fault.
  private static let stepsMaximum = 400_000

  /// `template` is an empty database of the present schema.
  package init(
    _ scenario: Scenario, template: [UInt8], logger: Logger, keepsWords: Bool = false
  ) {
    world = World(scenario, keepsWords: keepsWords)
    reach = SimulatedProcess.Reach(world)
    oracle = Oracle(world)
    spool = SimulatedSpool(world)
    network = SimulatedNetwork(world, oracle)
    self.logger = logger
    ends = world.stream("ends")
    reboots = world.stream("reboots")
    oracle.nowAtExchange = { [unowned network] order in
      network.face.exchange.orders[order.number]
    }
    if !world.dials.startsEmpty { disk.fill(template) }
  }

  package func run() -> Outcome {
    if world.scenario.plant == .syncLies { disk.set(.syncLies, after: 0, count: 0) }
    if ends.below(40) == 0 {
      oracle.checkDurable = { [unowned self] key, order in self.checkDurable(key, order) }
    }
    let producer = Producer(world, oracle, network, spool) { [unowned self] in self.process }
    let hand = OperatorHand(world, oracle, otherModes) { [unowned self] in self.process }
    self.producer = producer
    self.hand = hand
    producer.begin()
    hand.begin()
    startProcess()
    turn(until: world.dials.length)
    calmDown()
    if world.violation == nil { checkEnd() }
    return outcome(producer)
  }

  // MARK: Phases

  private func turn(until end: Int64) {
    while world.violation == nil, world.time < end {
      let deadline = process?.deadline ?? otherModes.process?.deadline
      let next = min(world.nextTime ?? .max, deadline ?? .max)
      guard next < end else { break }
      if let deadline, deadline <= world.nextTime ?? .max {
        world.advance(to: deadline)
      } else {
        world.runNext()
        // Inputs that come close together share a turn of the loop.
        while let time = world.nextTime, time - world.time < 20_000 { world.runNext() }
      }
      step()
    }
    if world.violation == nil { world.advance(to: end) }
  }

  private func step() {
    let running = process ?? otherModes.process
    running?.finishTurn()
    if let running { running.oracle.backOff.turnEnded(isAlive: running.isAlive) }
    world.clockShiftInTurn = 0
    if let running, !running.isAlive { bury(running) }
    steps += 1
    if steps > Self.stepsMaximum {
      world.fail(.nothingInFlightForEver, "", "it does not come to rest")
    }
  }

  /// The faults are over: everything must be found out, and come to rest.
  private func calmDown() {
    guard world.violation == nil else { return }
    world.faultsAreOn = false
    disk.set(
      world.scenario.plant == .syncLies ? .syncLies : .none, after: 0, count: 0)
    network.freezeMarket()
    world.note("the faults are over", "")
    // Requests that are still held come in, and the longest life of a signal ends.
    turn(until: world.time + 45 * second)
    process?.command(.resume)
    awaitEndOfBackOffs()
    if world.dials.breaksASymbol { breakASymbol() }
    let settle = world.dials.settleTime + world.dials.receiveWindow + .seconds(1 + 30 + 10)
    turn(until: max(world.time + settle.wholeNanoseconds, lastVisible + 75 * second))
    turn(until: world.time + restOfBackOff() + 15 * second)
    awaitSafetyNet()
  }

  /// A push may have been lost just before the faults were over: the safety net finds what it told. And a
  /// watched order that showed late is looked for more rarely when the clock was set forward by hours.
  private func awaitSafetyNet() {
    let limit = world.time + Oracle.safetyNet
    func missed() -> SimulatedOrder? { EndOfRun(oracle).firstMissed(network) }
    while world.violation == nil, world.time < limit, missed() != nil {
      turn(until: world.time + 5 * second)
    }
    guard world.violation == nil, let missed = missed(),
      oracle.shadow.order(named: missed.clientOrderID ?? "")?.status.isWorking == true
    else { return }
    world.fail(
      .noFillMissed, missed.clientOrderID ?? "",
      "the exchange says \(missed.status.rawValue), \(missed.executed) executed, and "
        + "\(Oracle.safetyNet / second) s were not enough to see it")
  }

  /// Longer than every wait of an honest start: the pools, and looks until they are hopeless. Pools of
  /// a fifth take that much longer to look for many orders.
  private var startTime: Int64 { (world.dials.hasTightPools ? 300 : 90) * second }

  /// A start at which the orders of one symbol cannot be read: the others trade all the same.
  private func breakASymbol() {
    guard world.violation == nil, let process, process.isAlive else { return }
    let open = oracle.shadow.orders.values.filter { $0.status.isWorking }
    guard let symbol = open.map(\.request.symbol).min() else { return }
    let ways = BrokenLooks.Way.allCases
    network.broken = BrokenLooks(
      symbol: symbol.text, until: .max, way: ways[ends.below(ways.count)])
    process.kill()
    bury(process)
    turn(until: world.time + startTime)
    let engine = self.process?.epochs?.driver?.engine
    if world.violation == nil, engine?.isTradingOpen != true {
      let why = engine?.troubles(at: world.machineNow).first?.message ?? "the daemon does not run"
      world.fail(
        .othersTrade, symbol.text,
        "trading stays closed, and only \(symbol) cannot be read: \(why)")
    }
    network.broken = nil
  }

  /// Behind one may stand another: what is asked first after a firewall's pause may be answered with the ban
  /// that still holds. No new one comes once the faults are over.
  private func awaitEndOfBackOffs() {
    for _ in 0..<4 {
      let rest = restOfBackOff()
      if rest == 0 { return }
      turn(until: world.time + rest)
    }
  }

  private func restOfBackOff() -> Int64 {
    guard let end = process?.epochs?.driver?.engine.ban?.monotonicUntil else { return 0 }
    return max(0, world.trueTime(of: end) - world.time) + 10 * second
  }

  /// When the last hidden order shows, in true time.
  private var lastVisible: Int64 {
    var last = world.time
    for order in network.face.exchange.orders {
      if case .from(let time) = order.visibility {
        last = max(last, time.nanoseconds - 3_600 * second)
      }
    }
    return last
  }

  private func checkEnd() {
    if let store = process?.store {
      oracle.compareWhole(store)
      EndOfRun(oracle).check(network, spool, hurt)
      GoodSignals(oracle).check()
    } else {
      world.fail(.nothingInFlightForEver, "", "the daemon is not running")
    }
  }

  // MARK: Lives

  private func startProcess() {
    if otherModes.isWanted {
      otherModes.begin()
      if let process = otherModes.process, !process.isAlive { bury(process) }
      return
    }
    lives += 1
    oracle.pools.starts(world)
    let process = SimulatedProcess(
      life: lives, mode: .live, world: world, oracle: oracle, disk: disk, network: network,
      reach: reach)
    self.process = process
    process.start(spool, logger)
    if !process.isAlive { bury(process) }
  }

  /// A run in another mode.
  private func start(_ run: OtherModes.Run) -> SimulatedProcess {
    lives += 1
    if run.own != nil { oracle.pools.otherRunBegins() }
    let process = SimulatedProcess(
      life: lives, mode: run.mode, world: world, oracle: run.own?.oracle ?? oracle,
      disk: run.own?.disk ?? disk, network: network, reach: reach)
    process.start(run.own?.spool ?? spool, logger)
    return process
  }

  private func bury(_ dead: SimulatedProcess) {
    if otherModes.end(dead) {
      oracle.pools.otherRunEnds(at: world.time)
    } else {
      guard process === dead else { return }
      process = nil
    }
    let isPowerLoss = dead.end == .powerLost
    if !isPowerLoss { dead.oracle.turnsWereLost(dead.store?.turnsBehind ?? 0) }
    dead.oracle.departures.runEnded(
      noted: dead.disk.intake.notedSignal.map(dead.oracle.name(of:)))
    dead.bury()
    let restarts = isPowerLoss || dead.end == .stopped && reboots.below(2) == 0
    oracle.pools.died(world, machineRestarts: restarts)
    if isPowerLoss {
      let seed = ends.next()
      oracle.powerWasLost()
      disk.losePower(seed: seed, lossPercent: 80 + ends.below(21))
      for token in spool.losePower(&ends) { hurt.insert(token) }
      otherModes.losePower(&ends)
    }
    if restarts {
      world.boot()
      oracle.departures.machineRestarts()
    }
    disk.restart()
    dead.disk.restart()
    var pause = Int64(isPowerLoss ? 1_000 + ends.below(8_000) : 50 + ends.below(3_000))
    // Longer than most signals live, and over before the last look at everything.
    if world.happens(.longPause) { pause += Int64(world.below(35_000, for: .longPause)) }
    world.plan(in: pause * millisecond) { [weak self] in self?.startProcess() }
  }

  // MARK: The strictest look

  /// What a power cut at this instant would leave, opened as a start would.
  private func checkDurable(_ key: OrderKey, _ order: Order) {
    let copy = disk.durableCopy()
    defer { withExtendedLifetime(copy) {} }
    do {
      let store = try OrderStore(
        path: SimulatedDisk.path, fileSystem: copy.name, boot: "the next boot",
        intake: copy.intake)
      let found = try store.order(key)
      // Its arming may be gone, where a start then looks for it before anything.
      let state = try store.loadState(now: world.machineNow.wall)
      let isLookedFor =
        state.live.contains { $0.order.key == key && $0.mayHaveLeft }
        || state.unrecorded.contains { $0.id == key.signal }
      if found != order && !isLookedFor {
        world.fail(
          .armedBeforeSent, order.request.clientOrderID.text,
          "a power cut now would leave it \(found?.status.rawValue ?? "unknown")")
      }
    } catch {
      world.fail(.armedBeforeSent, order.request.clientOrderID.text, "a power cut now: \(error)")
    }
  }

  private func outcome(_ producer: Producer) -> Outcome {
    process?.bury()
    world.cancelPlans()
    return Outcome(
      scenario: world.scenario, digest: world.trace.digest, violation: world.violation,
      signals: producer.made, deliveries: producer.deliveries,
      orders: network.face.exchange.orders.count, placements: oracle.placements,
      requests: network.arrived, events: world.trace.count,
      lives: lives, droppedWrites: disk.droppedWrites, tornWrites: disk.tornWrites,
      cutsBeforeSync: oracle.cutsBeforeSync,
      hits: world.hits, crashes: reach.crashes, story: Story.tell(world))
  }
}
