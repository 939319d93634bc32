import Domain

/// The turn that is written, and those before it that the intake log has and the database has not.
///
/// A short turn is kept in memory until its commit says what it needs; the right to write is taken before,
/// so that nothing leaves that another program could keep from being recorded. A failed write undoes it
/// whole, and every later one throws the same error.
final class OpenTurn {
  enum State {
    /// → kept, open, failed
    case idle
    /// In memory. → idle, open, failed
    case kept
    /// In a transaction, behind everything that was committed. → idle, failed
    case open
    /// Undone. → idle
    case failed(StoreError)
  }

  private let reader: StoreReader
  private let writer: TurnWriter
  private(set) var state = State.idle
  private(set) var unwritten = UnwrittenTurns()
  /// The last failure has taken what was committed before it and had not left.
  private(set) var hasGivenUp = false
  /// Called in every transaction before anything is written.
  var transactionBegan: () throws(StoreError) -> Void = {}

  init(_ reader: StoreReader, _ writer: TurnWriter) {
    self.reader = reader
    self.writer = writer
  }

  /// Whether it has written anything, or failed.
  var isUnderWay: Bool {
    switch state {
    case .idle: false
    case .kept, .open, .failed: true
    }
  }

  /// Whether turns were committed that the database does not have.
  var isBehind: Bool { !unwritten.committed.isEmpty }

  /// Writes into the turn, which may be `kept` in memory. Throws when the disk does not take it; then the
  /// turn cannot be committed.
  func write(_ write: StoreWrite, mayBeKept: Bool) throws(StoreError) {
    if case .failed(let error) = state { throw error }
    do throws(StoreError) {
      if case .idle = state {
        if mayBeKept { try keep() } else { try open() }
      }
      if case .kept = state {
        if unwritten.hasRoom { return unwritten.append(write) }
        try open()
      }
      try writer.write(write)
    } catch {
      fail(error)
      throw error
    }
  }

  private func keep() throws(StoreError) {
    try reserve()
    state = .kept
  }

  /// Has a transaction in which nothing is written yet, and the right to write. Throws when another
  /// program has the database.
  private func reserve() throws(StoreError) {
    if reader.database.mayWrite { return }
    try reader.database.checkPlace()
    if reader.database.isInTransaction {
      do throws(StoreError) {
        try writer.run(reader.statements.takeRightToWrite)
        return
      } catch {
        // Another program is writing, or has written since: the turn begins anew.
        endTransaction()
      }
    }
    try writer.run(reader.statements.begin)
    try transactionBegan()
  }

  /// Begins the transaction of the turn to come: it reads, and keeps nobody from writing. What SQLite
  /// looks after before is most of the work.
  func beginAhead() {
    guard !isUnderWay, !reader.database.isInTransaction else { return }
    do throws(StoreError) {
      try writer.run(reader.statements.beginReading)
      _ = try reader.seal()
    } catch {
      endTransaction()
    }
  }

  /// Folds a log of so many pages into the file; only while every commit is synced.
  func foldLog(from pages: Int32) {
    guard reader.database.pagesInLog >= pages else { return }
    release()
    reader.database.foldLog()
  }

  /// Throws when the file or its log was removed, moved or replaced. Only between turns.
  func checkFiles() throws(StoreError) {
    // A log that is gone is folded.
    release()
    try reader.database.checkFiles()
  }

  /// Ends a transaction in which nothing was written: the log is folded outside of any.
  private func release() {
    if !isUnderWay, !isBehind { endTransaction() }
  }

  /// Has the turn in a transaction, if it is under way. Throws when the disk does not take it; then the
  /// turn cannot be committed.
  func bringIn() throws(StoreError) {
    guard case .kept = state else { return }
    do throws(StoreError) { try open() } catch {
      fail(error)
      throw error
    }
  }

  /// Opens a transaction for the turn. Throws when the disk does not take it; then the turn is undone.
  func open() throws(StoreError) {
    try begin()
    state = .open
    try undoing { () throws(StoreError) in
      for write in unwritten.takeOpen() { try writer.write(write) }
    }
  }

  /// Opens a transaction, and writes into it what was committed and the database does not have. Throws
  /// when the disk does not take it; then the turn is undone.
  func begin() throws(StoreError) {
    try undoing { () throws(StoreError) in
      try reserve()
      guard isBehind else { return }
      unwritten.compare(withEnd: try writer.head().row)
      for write in unwritten.committed { try writer.write(write) }
    }
  }

  /// Where `work` throws, the turn is undone.
  func undoing(_ work: () throws(StoreError) -> Void) throws(StoreError) {
    do throws(StoreError) { try work() } catch {
      undo()
      throw error
    }
  }

  /// The intake log has it. Throws when the database cannot be read.
  func commitKept() throws(StoreError) {
    unwritten.commit(after: try writer.head().row)
    state = .idle
    hasGivenUp = false
  }

  /// The database has it, and everything before.
  func committed() {
    unwritten.written()
    state = .idle
  }

  /// What was committed is in the database, and may be nowhere on the disk.
  func giveUp() { hasGivenUp = true }

  private func fail(_ error: StoreError) {
    undo()
    state = .failed(error)
  }

  /// Forgets what the turn has written, and what was committed before it and has not left.
  func undo() {
    state = .idle
    writer.forget()
    let count = unwritten.count
    unwritten.undo()
    if unwritten.count < count { hasGivenUp = true }
    endTransaction()
  }

  /// SQLite itself has rolled back after some errors; otherwise this does. Rolling back fails only when
  /// there is nothing to roll back.
  private func endTransaction() {
    if reader.database.isInTransaction { _ = try? reader.statements.rollback.run() }
  }
}
