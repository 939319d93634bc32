import Daemon
import Domain
import Matching
import Store

/// The real store on the simulated disk, with every write and commit watched, and the crashes between
/// them.
final class WatchedStore: StateStore {
  private let base: OrderStore
  private let world: World
  private let disk: SimulatedDisk
  private unowned let process: SimulatedProcess
  private var written: [StoreWrite] = []
  /// How many of the last turns the database does not have yet: a kill takes them.
  var turnsBehind: Int { base.turnsBehind }
  /// Writes that a planted fault holds back until the next commit.
  private var heldBack: [StoreWrite] = []
  private var latency: SplitMix64

  init(_ base: OrderStore, _ world: World, _ disk: SimulatedDisk, _ process: SimulatedProcess) {
    self.base = base
    self.world = world
    self.disk = disk
    self.process = process
    latency = SplitMix64(
      seed: world.scenario.seed &+ UInt64(process.life), stream: "commit latency")
  }

  private static let dead = StoreError.ioFailure("the process is dead")

  func announce(
    _ id: SignalID, _ raw: [UInt8], from origin: SignalOrigin, arrivedAt: WallTime,
    readAt: WallTime
  ) throws(StoreError) {
    guard process.isAlive else { throw Self.dead }
    process.oracle.departures.taken(process.oracle.name(of: id))
    try base.announce(id, raw, from: origin, arrivedAt: arrivedAt, readAt: readAt)
  }

  func write(_ write: StoreWrite) throws(StoreError) {
    guard process.survives(.beforeWrite) else { throw Self.dead }
    if case .insertSignal(let record, _, _) = write {
      process.oracle.departures.taken(record.clientOrderID.text)
    }
    if process.plant?.swallows(write) == true { return }
    if holdsBack {
      heldBack.append(write)
      return
    }
    try watching { () throws(StoreError) in try base.write(write) }
    written.append(write)
  }

  private var holdsBack: Bool {
    process.plant == .sendBeforeCommit || process.plant == .acknowledgeBeforeCommit
  }

  func commit(_ durability: Durability) throws(StoreError) {
    if holdsBack { return try commitLate() }
    try commitNow(durability)
  }

  /// Commits the turn before this one.
  private func commitLate() throws(StoreError) {
    let isIntake = heldBack.contains { if case .insertSignal = $0 { true } else { false } }
    if process.plant == .acknowledgeBeforeCommit && !isIntake || heldBack.isEmpty {
      for write in heldBack { try send(write) }
      heldBack = []
      return try commitNow()
    }
    let turn = heldBack
    heldBack = []
    try commitNow()
    for write in turn { try send(write) }
  }

  private func send(_ write: StoreWrite) throws(StoreError) {
    try watching { () throws(StoreError) in try base.write(write) }
    written.append(write)
  }

  private func commitNow(_ durability: Durability = .synced) throws(StoreError) {
    guard !written.isEmpty || base.hasUncommittedWrites else { return try base.commit(durability) }
    guard process.survives(.beforeCommit) else {
      written = []
      throw Self.dead
    }
    trouble()
    world.pass(durability == .written ? Self.unsyncedDuration : duration())
    let turn = written
    written = []
    do throws(StoreError) {
      try watching { () throws(StoreError) in try base.commit(durability) }
    } catch {
      world.note("commit failed", "", "\(turn.count) writes")
      process.oracle.commitFailed(turn)
      if disk.isHalted { process.diedOnDisk() }
      throw error
    }
    world.note("committed", "", "\(turn.count) writes")
    process.oracle.committed(turn, isSynced: base.isSynced, by: process)
    if disk.isHalted { process.diedOnDisk() }
    guard process.survives(.afterCommit) else { throw Self.dead }
  }

  var hasUncommittedWrites: Bool { base.hasUncommittedWrites }
  var isBehind: Bool { base.isBehind }
  var hasGivenUp: Bool { base.hasGivenUp }

  func rollback() {
    let count = turnsBehind
    base.rollback()
    process.oracle.backOff.turnWasUndone()
    written = []
    process.oracle.turnsWereLost(count - turnsBehind)
  }

  func flush() throws(StoreError) {
    guard process.isAlive else { throw Self.dead }
    guard base.isBehind else { return }
    trouble()
    world.pass(Self.unsyncedDuration)
    do throws(StoreError) {
      try watching { () throws(StoreError) in try base.flush() }
    } catch {
      world.note("flush failed", "", "")
      if disk.isHalted { process.diedOnDisk() }
      throw error
    }
    if disk.isHalted { process.diedOnDisk() }
    guard process.survives(.afterCommit) else { throw Self.dead }
  }

  func catchUp() {
    guard process.isAlive else { return }
    base.catchUp()
    if disk.isHalted { process.diedOnDisk() }
  }

  /// Where it fails, what the database did not have yet may be given up.
  private func watching<Result>(
    _ work: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let count = turnsBehind
    do throws(StoreError) { return try work() } catch {
      process.oracle.turnsWereLost(count - turnsBehind)
      throw error
    }
  }

  /// Of a commit that is not synced, nanoseconds.
  private static let unsyncedDuration: Int64 = 15_000

  /// A commit and its sync, nanoseconds.
  private func duration() -> Int64 {
    if world.happens(.slowDisk) { return Int64(world.below(3_000, for: .slowDisk)) * millisecond }
    return Int64(100 + latency.below(300)) * 1_000
  }

  private func trouble() {
    if world.happens(.diskFull) { breakDisk(.full, .diskFull) }
    if world.happens(.writeFails) { breakDisk(.writeFails, .writeFails) }
    if world.happens(.syncFails) { breakDisk(.syncFails, .syncFails) }
    process.mayDieInCommit()
  }

  private func breakDisk(_ trouble: SimulatedDisk.Trouble, _ fault: Fault) {
    let isOnce = world.below(2, for: fault) == 0
    disk.set(trouble, after: 1 + world.below(6, for: fault), count: isOnce ? 1 : 0)
    world.plan(in: Int64(world.below(4_000, for: fault)) * millisecond) { [disk] in
      disk.set(.none, after: 0, count: 0)
    }
  }

  // MARK: The rest passes through

  /// Whether it succeeds is of no account: the next start makes do without.
  func noteCleanStop() {
    if process.epochs?.driver != nil {
      do throws(StoreError) {
        try base.noteCleanStop()
        process.oracle.departures.runEndsInOrder()
      } catch {}
    }
    if disk.isHalted { process.diedOnDisk() }
  }

  func probe() throws(StoreError) {
    guard process.isAlive else { throw Self.dead }
    try watching { () throws(StoreError) in try base.probe() }
  }

  func bringIn() throws(StoreError) {
    guard process.isAlive else { throw Self.dead }
    try watching { () throws(StoreError) in try base.bringIn() }
  }

  func loadState(now: WallTime) throws(StoreError) -> StoredState {
    var state = try watching { () throws(StoreError) in try base.loadState(now: now) }
    process.plant?.doubt(&state)
    process.oracle.recovered(state, from: self)
    process.plant?.alter(&state)
    return state
  }

  func isKnown(_ id: SignalID) throws(StoreError) -> Bool {
    guard process.isAlive else { throw Self.dead }
    return try watching { () throws(StoreError) in try base.isKnown(id) }
  }

  func signal(_ id: SignalID) throws(StoreError) -> SignalRecord? {
    guard process.isAlive else { throw Self.dead }
    return try watching { () throws(StoreError) in try base.signal(id) }
  }

  func order(_ key: OrderKey) throws(StoreError) -> Order? {
    guard process.isAlive else { throw Self.dead }
    return try watching { () throws(StoreError) in try base.order(key) }
  }

  func compactedSignal(_ id: SignalID) throws(StoreError) -> CompactedSignal? {
    guard process.isAlive else { throw Self.dead }
    return try watching { () throws(StoreError) in try base.compactedSignal(id) }
  }

  // MARK: For the oracle

  func storedOrder(_ key: OrderKey) throws(StoreError) -> Order? { try base.order(key) }
  func storedSettings() throws(StoreError) -> StoredState {
    try base.loadState(now: world.machineNow.wall)
  }
  func storedSignal(_ id: SignalID) throws(StoreError) -> SignalRecord? { try base.signal(id) }
}
