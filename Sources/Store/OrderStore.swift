import Cryptography
package import Domain
import JSON
package import Platform

/// The durable state: signals, orders, their history, and what is kept over a restart.
///
/// One connection, used by one thread. A turn's writes are one transaction: it opens with the first
/// `write` and ends with `commit` or `rollback`. Reads see the turn's own writes.
///
/// A failed write undoes the whole turn at once. Later writes of that turn, and its `commit`, throw
/// the same error, so that half a turn is never committed. `commit` and `rollback` end the turn
/// whatever happened; afterwards the store can be used again.
package final class OrderStore {
  private enum Turn {
    /// → open, failed
    case idle
    /// → idle, failed
    case open
    /// Undone; waits for `commit` or `rollback`. → idle
    case failed(StoreError)
  }

  /// Reads over the same connection: the turn's own writes are seen.
  package let reader: StoreReader
  package let writer: TurnWriter
  private var database: Database { reader.database }
  private var turn = Turn.idle
  /// How many times an order was armed by commits that are not synced yet.
  package var unsyncedArmings: Int64 { highWater.unsynced }
  /// Names the boot of this machine; `nil` when it is not known.
  package let boot: String?
  private let highWater: HighWater
  /// `nil` where the boot is not known or the disk does not carry it: then every commit is synced.
  private var intake: IntakeLog?
  /// Why the disk does not carry it.
  package private(set) var intakeFailure: SystemError?
  /// Of the database in the intake log, until it is written down.
  private var newName: String?
  /// The first turn of a run says what this run knows of orders that wait, and is synced.
  private var isFirstTurn = true
  package private(set) var isSynced = false
  /// The end of the history when it was last synced.
  private var lastSynced: HighWaterMark.Synced?
  /// The mark is of rows that a power cut took: the next sync puts one in its place that is not.
  private var hasLostTail = false
  /// What the opening found in the high-water file.
  package private(set) var continuity = Continuity.unbroken
  /// How long the last successful commit took, durable on disk included; 0 before the first.
  package private(set) var lastCommitNanoseconds: Int64 = 0
  /// Told how long each successful commit took.
  package var committed: (Duration) -> Void = { _ in }

  /// Opens the state for writing and takes the right to write it, for the life of this object.
  /// Makes the file, with mode 0600, and brings its schema up to date; never makes a folder. Throws
  /// when another process has the right, or the file cannot be opened, made or brought up to date.
  /// `boot` names the machine's boot; in `runtimeDirectory`, which lasts as long as the boot, stands
  /// what a failing disk would lose.
  package init(
    path: String, boot: String? = BootID.read(), runtimeDirectory: String? = nil
  ) throws(StoreError) {
    self.boot = boot
    let location = try StoreLocation(path)
    let lock = try StateLock(path: location.path + ".lock")
    try location.makeFile()
    reader = try Opening.writer(location, lock)
    writer = TurnWriter(reader, boot: boot)
    let markPath = HighWaterFile.path(beside: location.path)
    let reading = try HighWaterFile.read(markPath)
    highWater = try HighWater(
      path: markPath, doubtFile: runtimeDirectory.map { DoubtFile(in: $0) })
    try compare(with: reading)
    let file: IntakeFile
    do throws(SystemError) {
      file = try IntakeFile(path: IntakeFile.path(beside: location.path))
    } catch {
      intakeFailure = error
      return
    }
    try openIntake(file)
  }

  /// Opens the state in a file system that is registered with SQLite under this name and answers
  /// for its own locks: a simulated disk. Throws as the other one does.
  package init(
    path: String, fileSystem: String, boot: String? = nil, intake: (any IntakeMedium)? = nil
  ) throws(StoreError) {
    self.boot = boot
    reader = try Opening.writer(StoreLocation(path, in: fileSystem), nil)
    writer = TurnWriter(reader, boot: boot)
    highWater = HighWater()
    if let intake { try openIntake(intake) }
  }

  /// The name that the intake log knows the database by is written with the first turn of its first run.
  private func openIntake(_ medium: any IntakeMedium) throws(StoreError) {
    guard let boot else { return }
    let known = try reader.setting(.intake) { $0["database"]?.stringValue }
    let name = known ?? Hexadecimal.text(of: Digest.randomBytes(16))
    if known == nil { newName = name }
    intake = try IntakeLog(medium, of: Array(name.utf8), boot: boot)
  }

  /// Opens a copy that no other process knows of, for writing: without a lock and a mark of its own.
  /// Brings its schema up to date. Throws when it cannot be opened or brought up to date.
  init(copyAt path: String) throws(StoreError) {
    boot = nil
    reader = try Opening.writer(StoreLocation(path), nil)
    writer = TurnWriter(reader, boot: boot)
    highWater = HighWater()
  }

  deinit { highWater.close() }

  /// Throws when the file was removed, moved or replaced. Every turn looks at its beginning.
  package func checkPlace() throws(StoreError) { try database.checkPlace() }

  /// Whether `commit` has something to do: writes to make durable, or an error to tell.
  package var hasUncommittedWrites: Bool {
    switch turn {
    case .idle: false
    case .open, .failed: true
    }
  }

  private func begin() throws(StoreError) {
    // The kernel's worker that follows the write with a flush waits for this processor.
    if intake?.hasAnnounced == true { Processor.yield() }
    try database.checkPlace()
    try writer.run(reader.statements.begin)
    turn = .open
    if isFirstTurn { try takeOverWaitingOrders() }
  }

  /// Writes into the open turn. Throws when the disk does not take it; then the turn cannot be
  /// committed.
  package func write(_ write: StoreWrite) throws(StoreError) {
    switch turn {
    case .failed(let error): throw error
    case .idle, .open: break
    }
    do throws(StoreError) {
      if case .idle = turn { try begin() }
      try writer.write(write)
    } catch {
      undo()
      turn = .failed(error)
      throw error
    }
  }

  /// Ends the turn; does nothing when there are no writes. What follows from it and nobody waits for is
  /// left to `catchUp`.
  ///
  /// `.written` is for a turn that only arms orders whose signals are synced: it outlives the process.
  /// It becomes synced with the next turn that is. `.recorded` is for one that accepts signals, too:
  /// where the one that was announced is all of them, it is waited for, and the database is synced
  /// later. Without a known boot every turn is synced: nothing would tell a start what an unsynced
  /// arming is worth.
  ///
  /// When it throws, nothing of the turn may be acted on. In most cases nothing of it is in the
  /// store; when it could not be synced all of it is, and after a crash it may be found: the disk may
  /// hold what it would not confirm. Whoever goes on reads the state anew.
  package func commit(_ durability: Durability = .synced) throws(StoreError) {
    let last = turn
    turn = .idle
    switch last {
    case .idle: return
    case .failed(let error): throw error
    case .open: break
    }
    let armed = writer.takeArmed()
    let signals = writer.takeSignals()
    defer { intake?.turnEnded(with: signals) }
    let start = Clock.monotonic()
    do throws(StoreError) {
      try highWater.check()
      try writer.run(reader.statements.commit)
    } catch {
      undo()
      throw error
    }
    isSynced = false
    let isCovered = durability == .recorded && intake?.covers(signals) == true
    let needsSync = boot == nil || isFirstTurn || durability > .written && !isCovered
    if armed > 0 {
      highWater.armed(armed, try writer.head(), synced: needsSync ? nil : lastSynced)
    }
    if needsSync { try sync() }
    if isCovered && !needsSync { try waitForIntake() }
    isFirstTurn = false
    let time = Clock.monotonic().since(start)
    lastCommitNanoseconds = time.wholeNanoseconds
    committed(time)
  }

  private func sync() throws(StoreError) {
    do throws(SQLiteError) {
      try database.syncLog()
      highWater.synced()
      intake?.synced()
      isSynced = true
    } catch {
      try lose("\(error)")
    }
    let end = try head()
    lastSynced = boot.map { HighWaterMark.Synced(head: end, boot: $0) }
    if hasLostTail { try writeMark() }
  }

  private func waitForIntake() throws(StoreError) {
    do throws(StoreError) { try intake?.wait() } catch { try lose("\(error)") }
  }

  /// The disk may not hold what was written: nothing that it shows is trusted any more. Throws.
  private func lose(_ reason: String) throws(StoreError) {
    writer.forget()
    highWater.syncFailed()
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

  /// Has the high-water mark of the last arming written, beside the caller, and folds a log that has
  /// grown long. Nobody waits for either, and both keep the disk busy: call it when what waited for the
  /// commit is done. What is not caught up with is at the next call.
  package func catchUp() {
    highWater.submit()
    intake?.clearRefused()
    if isSynced { database.foldLog(from: Self.foldedPages) }
  }

  /// The last row of the history and its hash; what the open turn has written counts. Throws when
  /// the database cannot be read.
  package func head() throws(StoreError) -> ChainHead { try writer.head() }

  /// Forgets the turn's writes.
  package func rollback() {
    undo()
    turn = .idle
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
    if database.pagesInLog >= Self.foldedPages {
      try sync()
      catchUp()
    }
    return result
  }

  /// Only between turns. Throws when the database does not take it; then it is undone.
  func wholeTurn<Result>(
    _ durability: Durability = .synced, _ work: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    guard case .idle = turn else { throw .misuse("a turn in the middle of a turn") }
    let result: Result
    do throws(StoreError) {
      try begin()
      result = try work()
    } catch {
      rollback()
      throw error
    }
    try commit(durability)
    return result
  }

  /// Stops the file from growing beyond so many pages of 4 KiB; further writes throw `.full`. Lasts
  /// as long as this object. Throws when the limit cannot be set.
  package func limitSize(pages: Int) throws(StoreError) {
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute("PRAGMA max_page_count = \(pages);", step: "limit the size")
    }
  }

  /// Lets the connection keep so much of the file in memory, for who writes it in bulk. Lasts as long as
  /// this object. Throws when it cannot be set.
  package func enlargeCache(megabytes: Int) throws(StoreError) {
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute(
        "PRAGMA cache_size = -\(megabytes * 1_024);", step: "enlarge the cache")
    }
  }

  /// SQLite itself has rolled back after some errors; otherwise this does. Rolling back fails only
  /// when there is nothing to roll back.
  private func undo() {
    writer.forget()
    if database.isInTransaction { _ = try? reader.statements.rollback.run() }
  }

  // MARK: Reading

  /// The record of a signal; `nil` when there is none. Throws when the database cannot be read.
  package func signal(_ id: SignalID) throws(StoreError) -> SignalRecord? { try reader.signal(id) }

  /// The order that its history adds up to; `nil` when there is none. Throws when the database
  /// cannot be read.
  package func order(_ key: OrderKey) throws(StoreError) -> Order? { try reader.order(key) }

  /// What is left of a signal that was removed; `nil` when it is not one. Throws when the database
  /// cannot be read.
  package func compactedSignal(_ id: SignalID) throws(StoreError) -> CompactedSignal? {
    try reader.compactedSignal(id)
  }

  /// What a start needs to know. A row that its history does not add up to is `.corrupt`. Throws
  /// when the database cannot be read.
  package func loadState(now: WallTime) throws(StoreError) -> StoredState {
    let unarmed = try unarmedOrders()
    var state = try StartReader(reader, unarmed).state(at: now)
    state.unrecorded =
      intake?.readAgain().filter { unarmed.mayHaveLeft(takenUnder: $0.boot) } ?? []
    return state
  }

  private func unarmedOrders() throws(StoreError) -> UnarmedOrders {
    try reader.unarmedOrders(
      boot: boot, hasForgotten: isFirstTurn && continuity != .unbroken)
  }

  // MARK: The beginning and the end of a run

  /// In the first turn of a run: armings can be lost again from here on.
  private func takeOverWaitingOrders() throws(StoreError) {
    try writer.run(reader.statements.takeOverWaitingOrders, try unarmedOrders().values)
    try writer.put(.cleanStop, nil)
    if let newName { try writer.put(.intake, ["database": .string(newName)]) }
  }

  /// Syncs everything and writes down that it is: until the next turn no power cut can take an arming of
  /// this boot back. Only between turns. Throws when the disk does not take it.
  package func noteCleanStop() throws(StoreError) {
    try wholeTurn { () throws(StoreError) in
      try writer.put(.cleanStop, CleanStop(row: try head().row, boot: boot).json)
    }
    isFirstTurn = true
  }

  // MARK: The high-water mark

  private func compare(with reading: HighWaterMark.Reading) throws(StoreError) {
    if case .mark(let mark) = reading { highWater.begin(with: mark) }
    if let doubt = highWater.doubt { return continuity = .broken(doubt) }
    continuity = try ContinuityCheck(reader, boot: boot).continuity(by: reading)
    guard continuity == .unbroken else { return }
    switch reading {
    case .missing: try writeMark()
    case .mark(let mark):
      if mark.head.row > 0 { hasLostTail = try !reader.holds(mark.head) }
    case .unreadable: break
    }
  }

  /// Notes where the history stands now, so that a break is not found a second time. Only after
  /// what it means is on record. Throws when it cannot be written.
  package func renewMark() throws(StoreError) {
    if isFirstTurn { try wholeTurn { () throws(StoreError) in } }
    try writeMark()
    highWater.clearDoubt()
  }

  private func writeMark() throws(StoreError) {
    hasLostTail = false
    try highWater.write(
      HighWaterMark(
        number: highWater.mark.number + 1, armed: try reader.armedCount(), head: try head()))
  }

  /// Returns when the last mark is on the disk, or has failed.
  package func finishMarks() { highWater.flush() }
}
