package import Domain
import JSON
package import Platform

/// The durable state: signals, orders, their history, and what is kept over a restart.
///
/// One connection, used by one thread. A turn's writes are of one transaction: it opens with the first
/// `write` and ends with `commit` or `rollback`. Reads see the turn's own writes.
///
/// A turn that the intake log carries is kept in memory over its commit, and is in the database with
/// `flush`, the next read or the next turn. A process that dies before has left what a start needs to
/// know (`IntakeLog`).
///
/// A failed write undoes the whole turn at once. Later writes of that turn, and its `commit`, throw
/// the same error, so that half a turn is never committed. `commit` and `rollback` end the turn
/// whatever happened; afterwards the store can be used again.
package final class OrderStore {
  /// Reads over the same connection: the turn's own writes are seen.
  package let reader: StoreReader
  package let writer: TurnWriter
  private var database: Database { reader.database }
  private let turn: OpenTurn
  /// How many times an order was armed by commits that are not synced yet.
  package var unsyncedArmings: Int64 { highWater.unsynced }
  /// Names the boot of this machine; `nil` when it is not known.
  package let boot: String?
  private let highWater: HighWater
  /// Where there is none, or it cannot be written, every commit is synced.
  private var intake: IntakeLog?
  /// Why the disk does not carry it.
  package private(set) var intakeFailure: SystemError?
  /// The first turn of a run says what this run knows of orders that wait, and is synced.
  private var isFirstTurn = true
  private var isLogSynced = false
  /// Whether everything that was committed is synced.
  package var isSynced: Bool { isLogSynced && !isBehind }
  /// What the opening found in the high-water file, or the start elsewhere, before the first turn.
  package var continuity = Continuity.unbroken
  /// How long the last successful commit took, durable on disk included; 0 before the first.
  package private(set) var lastCommitNanoseconds: Int64 = 0
  /// Told how long each successful commit took.
  package var committed: (Duration) -> Void = { _ in }

  /// Opens the state for writing and takes the right to write it, for the life of this object.
  /// Makes the file, with mode 0600, never a folder, and brings its schema up to date. Throws when
  /// another process has the right, or the file cannot be used. `boot` names the machine's boot; in
  /// `runtimeDirectory`, which lasts as long as the boot, stands what a failing disk would lose.
  package init(
    path: String, boot: String? = BootID.read(), runtimeDirectory: String? = nil
  ) throws(StoreError) {
    self.boot = boot
    let location = try StoreLocation(path)
    let lock = try StateLock(path: location.path + ".lock")
    try location.makeFile()
    reader = try Opening.writer(location, lock)
    writer = TurnWriter(reader, boot: boot)
    turn = OpenTurn(reader, writer)
    let markPath = HighWaterFile.path(beside: location.path)
    let reading = try HighWaterFile.read(markPath)
    highWater = try HighWater(
      reader, boot: boot, path: markPath, doubtFile: runtimeDirectory.map { DoubtFile(in: $0) })
    continuity = try highWater.compare(with: reading)
    takeOverInFirstTurn()
    let opening = try IntakeOpening(
      beside: location.path, reader, boot: boot, isUnbroken: continuity == .unbroken)
    (intake, intakeFailure) = (opening.log, opening.failure)
    if opening.isLost { continuity = .intakeLost }
  }

  /// Opens the state in a file system that is registered with SQLite under this name and answers
  /// for its own locks: a simulated disk. Throws as the other one does.
  package init(
    path: String, fileSystem: String, boot: String? = nil, intake: (any IntakeMedium)? = nil
  ) throws(StoreError) {
    self.boot = boot
    reader = try Opening.writer(StoreLocation(path, in: fileSystem), nil)
    writer = TurnWriter(reader, boot: boot)
    turn = OpenTurn(reader, writer)
    highWater = HighWater(reader, boot: boot)
    takeOverInFirstTurn()
    if let intake, boot != nil {
      self.intake = try IntakeLog(from: intake, writingTo: intake, reader, boot: boot)
    }
  }

  /// Opens a copy that no other process knows of, for writing: without a lock and a mark of its own.
  /// Brings its schema up to date. Throws when it cannot be opened or brought up to date.
  init(copyAt path: String) throws(StoreError) {
    boot = nil
    reader = try Opening.writer(StoreLocation(path), nil)
    writer = TurnWriter(reader, boot: boot)
    turn = OpenTurn(reader, writer)
    highWater = HighWater(reader, boot: boot)
    takeOverInFirstTurn()
  }

  deinit { highWater.close() }

  /// Throws when the file or its log was removed, moved or replaced. Every turn looks after the file.
  /// Only between turns.
  package func checkFiles() throws(StoreError) { try turn.checkFiles() }

  /// Whether `commit` has something to do: writes to make durable, or an error to tell.
  package var hasUncommittedWrites: Bool { turn.isUnderWay }
  /// Whether `flush` has something to do, and with how many turns.
  package var isBehind: Bool { turn.isBehind }
  package var turnsBehind: Int { turn.unwritten.count }
  /// Whether the last failure has taken what was committed before it and had not left.
  package var hasGivenUp: Bool { turn.hasGivenUp }

  /// Writes into the open turn. Throws when the disk does not take it; then the turn cannot be
  /// committed.
  package func write(_ write: StoreWrite) throws(StoreError) {
    let mayBeCarried = intake?.hasAnnounced == true || intake != nil && write.isOfArming
    try turn.write(write, mayBeKept: mayBeCarried && !isFirstTurn)
  }

  /// Brings into the database what was committed to the intake log. Throws when it does not take it; then
  /// it is tried again with the next turn, read or flush.
  package func flush() throws(StoreError) {
    guard turn.isBehind, !turn.isUnderWay else { return }
    try turn.begin()
    try commitTransaction(.written)
  }

  /// Has the database see everything that was written, for who reads over `reader`. Throws as `flush`.
  package func bringIn() throws(StoreError) {
    try turn.bringIn()
    try flush()
  }

  /// Ends the turn; does nothing when there are no writes. What follows from it and nobody waits for is
  /// left to `catchUp`.
  ///
  /// `.written` is for a turn that only arms orders whose signals are synced: it outlives the process.
  /// It becomes synced with the next turn that is. `.recorded` is for one that accepts signals, too.
  /// Where the intake log carries the turn, that is waited for if it arms an order, and the database has
  /// the turn with `flush` and synced later. Without a known boot every turn is synced: nothing would
  /// tell a start what an unsynced arming is worth.
  ///
  /// When it throws, nothing of the turn may be acted on. In most cases nothing of it is in the
  /// store; when it could not be synced all of it is, and after a crash it may be found: the disk may
  /// hold what it would not confirm. Whoever goes on reads the state anew.
  package func commit(_ durability: Durability = .synced) throws(StoreError) {
    var signals: [SignalID] = []
    defer { intake?.turnEnded(with: signals) }
    switch turn.state {
    case .idle: return
    case .failed(let error):
      turn.undo()
      throw error
    case .kept:
      signals = turn.unwritten.signals
      if try commitToIntake(signals, durability) { return }
      try turn.open()
    case .open: break
    }
    signals = writer.signals
    try commitTransaction(durability)
  }

  /// Whether the intake log carries the turn: it accepts the signal that was announced, or none, and
  /// arms one order at most.
  private func commitToIntake(
    _ signals: [SignalID], _ durability: Durability
  ) throws(StoreError) -> Bool {
    let armed = turn.unwritten.armed
    guard let intake, durability < .synced, armed.count <= 1,
      armed.isEmpty || intake.takesNote && turn.unwritten.insertOnly(armed),
      signals.isEmpty ? durability == .written && !armed.isEmpty : intake.covers(signals)
    else { return false }
    try turn.undoing { () throws(StoreError) in
      try highWater.check()
      // Nothing leaves on what arms nothing: `flush` waits for it.
      if let id = armed.first {
        try intake.note(id)
        try waitForIntake()
      }
      try turn.commitKept()
    }
    return true
  }

  private func commitTransaction(_ durability: Durability) throws(StoreError) {
    let armed = writer.takeArmed()
    let signals = writer.takeSignals()
    let start = Clock.monotonic()
    try turn.undoing { () throws(StoreError) in
      try highWater.check()
      try writer.run(reader.statements.commit)
    }
    let wasBehind = turn.isBehind
    turn.committed()
    intake?.recorded()
    isLogSynced = false
    let isCovered = durability == .recorded && intake?.covers(signals) == true
    let needsSync = boot == nil || isFirstTurn || durability > .written && !isCovered
    if armed > 0 { highWater.armed(armed, try writer.head(), isSynced: needsSync) }
    do throws(StoreError) {
      if needsSync { try sync() } else if wasBehind || isCovered { try waitForIntake() }
    } catch {
      if wasBehind { turn.giveUp() }
      throw error
    }
    isFirstTurn = false
    let time = Clock.monotonic().since(start)
    lastCommitNanoseconds = time.wholeNanoseconds
    committed(time)
  }

  private func sync() throws(StoreError) {
    do throws(SQLiteError) { try database.syncLog() } catch { try lose("\(error)") }
    isLogSynced = true
    intake?.synced()
    try highWater.synced(to: try writer.head())
  }

  private func waitForIntake() throws(StoreError) {
    do throws(StoreError) { try intake?.wait() } catch { try lose("\(error)") }
  }

  /// The disk may not hold what was written: nothing that it shows is trusted any more. Throws.
  private func lose(_ reason: String) throws(StoreError) {
    writer.forget()
    highWater.syncFailed(of: isFirstTurn ? nil : intake?.name)
    throw .ioFailure(reason)
  }

  /// Writes a signal down as it was read, beside the caller, for the commit of the turn that accepts it.
  /// Throws when the disk does not take it.
  package func announce(
    _ id: SignalID, _ raw: [UInt8], from origin: SignalOrigin, arrivedAt: WallTime,
    readAt: WallTime
  ) throws(StoreError) {
    try intake?.announce(id, raw, from: origin, arrivedAt: arrivedAt, readAt: readAt)
  }

  /// The log is folded into the file when it has so many pages of 4 KiB: 2 MiB.
  private static let foldedPages: Int32 = 512

  /// Has the high-water mark of the last arming written, beside the caller, folds a log that has grown
  /// long, and begins the next turn's transaction. Nobody waits for it, and it keeps the disk busy: call
  /// it when what waited for the commit is done. What is not caught up with is at the next call.
  package func catchUp() {
    highWater.submit()
    intake?.tidy()
    if isSynced { turn.foldLog(from: Self.foldedPages) }
    if !isFirstTurn { turn.beginAhead() }
  }

  /// The last row of the history and its hash; what the open turn has written counts. Throws when
  /// the database cannot be read.
  package func head() throws(StoreError) -> ChainHead {
    try bringIn()
    return try writer.head()
  }

  /// Forgets the turn's writes. What was read again is read again with the next `loadState`.
  package func rollback() {
    turn.undo()
    intake?.readingUndone()
  }

  /// The room that a probe asks for: that of a signal as long as signals are by default allowed to
  /// be. A smaller write can succeed on a full disk, in space that the log has already taken.
  private static let probeBytes = 65_536

  /// A durable write of its own, taken back at once, to see whether a disk that was full or
  /// read-only takes writes again. Only between turns. Throws when it does not.
  package func probe() throws(StoreError) {
    for filler in [String(repeating: " ", count: Self.probeBytes), nil] {
      try wholeTurn { () throws(StoreError) in try writer.put(.probe, filler.map { .string($0) }) }
    }
    try highWater.write(highWater.mark)
  }

  /// A turn of its own for what nobody waits for: it is not synced, unless the log has grown as far as
  /// it may. Only between turns. Throws when the database does not take it; then it is undone.
  func upkeep<Result>(
    _ work: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let result = try wholeTurn(.written, work)
    if database.pagesInLog >= Self.foldedPages { try sync() }
    catchUp()
    return result
  }

  /// Only between turns. Throws when the database does not take it; then it is undone.
  func wholeTurn<Result>(
    _ durability: Durability = .synced, _ work: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    if turn.isUnderWay { throw .misuse("a turn in the middle of a turn") }
    let result: Result
    do throws(StoreError) {
      try turn.open()
      result = try work()
    } catch {
      rollback()
      throw error
    }
    try commit(durability)
    return result
  }

  /// Whether there is or was such a signal. Throws when the database cannot be read.
  package func isKnown(_ id: SignalID) throws(StoreError) -> Bool {
    try bringIn()
    return try reader.isKnown(id)
  }

  /// As `isKnown`, or the database has lost it and `loadState` reads it again. Throws as that does.
  package func hasTrace(of id: SignalID) throws(StoreError) -> Bool {
    if try isKnown(id) { return true }
    return try lost(intake?.former).contains { $0.id == id }
  }

  /// The record of a signal; `nil` when there is none. Throws when the database cannot be read.
  package func signal(_ id: SignalID) throws(StoreError) -> SignalRecord? {
    try bringIn()
    return try reader.signal(id)
  }

  /// The order that its history adds up to; `nil` when there is none. Throws when it cannot be read.
  package func order(_ key: OrderKey) throws(StoreError) -> Order? {
    try bringIn()
    return try reader.order(key)
  }

  /// What is left of a signal that was removed; `nil` when it is none. Throws when it cannot be read.
  package func compactedSignal(_ id: SignalID) throws(StoreError) -> CompactedSignal? {
    try bringIn()
    return try reader.compactedSignal(id)
  }

  /// What a start needs to know. Throws `.corrupt` for a row that its history does not add up to.
  package func loadState(now: WallTime) throws(StoreError) -> StoredState {
    try bringIn()
    var state = try StartReader(reader, unarmedInFirstTurn()).state(at: now)
    state.unrecorded = try lost(intake?.readAgain())
    return state
  }

  /// What of the intake log is read again; also after the first turn, which brings nothing back.
  private func lost(_ former: [IntakeRecord]?) throws(StoreError) -> [IntakeRecord] {
    let unarmed = try unarmedOrders(hasForgotten: highWater.wasInDoubt)
    return former?.filter { unarmed.mayHaveLeft($0.id, takenUnder: $0.boot) } ?? []
  }

  /// The first turn writes with every order that waits whether it may have left.
  private func unarmedInFirstTurn() throws(StoreError) -> UnarmedOrders {
    try unarmedOrders(hasForgotten: isFirstTurn && continuity != .unbroken)
  }

  private func unarmedOrders(hasForgotten: Bool) throws(StoreError) -> UnarmedOrders {
    try reader.unarmedOrders(
      boot: boot, hasForgotten: hasForgotten, noted: intake?.formerNote?.signal)
  }

  // MARK: The beginning and the end of a run

  private func takeOverInFirstTurn() {
    turn.transactionBegan = { [unowned self] () throws(StoreError) in
      if isFirstTurn { try takeOverWaitingOrders() }
    }
  }

  /// Armings can be lost again from here on.
  private func takeOverWaitingOrders() throws(StoreError) {
    try writer.run(reader.statements.takeOverWaitingOrders, try unarmedInFirstTurn().values)
    try writer.put(.cleanStop, nil)
    // A copy keeps the name: what stands in the log beside its original may be missing in it.
    if let intake { try writer.put(.intake, intake.setting) }
  }

  /// Syncs everything and writes down that it is: until the next turn no power cut can take an arming of
  /// this boot back. Only between turns. Throws when the disk does not take it.
  package func noteCleanStop() throws(StoreError) {
    try wholeTurn { () throws(StoreError) in
      try writer.put(.cleanStop, CleanStop(row: try head().row, boot: boot).json)
    }
    highWater.flush()
    isFirstTurn = true
  }

  /// Notes where the history stands now, and forgets an intake log that is lost, so that a break is not
  /// found a second time. Only after what it means is on record. Throws when it cannot be written.
  package func renewMark() throws(StoreError) {
    if continuity == .intakeLost {
      try wholeTurn { () throws(StoreError) in try writer.put(.intake, nil) }
    } else if isFirstTurn {
      try wholeTurn { () throws(StoreError) in }
    }
    try highWater.renew(to: try head())
    highWater.clearDoubt()
  }

  /// Returns when the last mark is on the disk, or has failed.
  package func finishMarks() { highWater.flush() }
}
