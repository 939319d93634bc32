package import Domain
import JSON
import Platform

/// A backup on its way to the place of the database. Only while no daemon runs.
///
/// A kill at any moment leaves the former database or the restored one, each whole. The high-water
/// file is left alone: it tells the next start how old the backup is. Where there is none, on another
/// machine, the record in the restored database makes that start a careful one all the same.
package struct Restoration {
  package struct Outcome: Hashable, Sendable {
    /// What the backup held.
    package let audit: Audit
    /// Where the former database is kept; `nil` when there was none.
    package let kept: String?
    /// The halt that holds on.
    package let halt: HaltRecord?
    /// Why it is not known whether the former database had a halt or a back-off.
    package let unread: String?
  }

  /// The backup.
  private let file: String
  private let source: Database
  private let target: StoreLocation
  private var draft: String { target.path + ".restoring" }

  /// Opens the backup with the rights of the caller, which may be others than those that `run` needs.
  /// Throws when it is no database that this program can read.
  package init(of file: String, to path: String) throws(StoreError) {
    target = try StoreLocation(path)
    let location = try StoreLocation(file, isCopy: true)
    self.file = location.path
    if let refusal = StoreError.refusal(ofReading: location.path) { throw refusal }
    guard let status = FileStatus.at(path: location.path) else {
      throw .unusablePath("there is no file \(location.path)")
    }
    if let present = FileStatus.at(path: target.path), present.isSameFile(as: status) {
      throw .unusablePath("\(location.path) is the database itself")
    }
    do throws(StoreError) {
      source = try Opening.source(location).database
    } catch {
      throw error.ofBackup(location.path)
    }
  }

  /// Checks the backup, keeps the present database under another name, and puts the copy in its place.
  /// Throws when a daemon runs, when the backup is not whole or another's, or when the disk does not
  /// take it.
  package func run(
    for ownership: DatabaseOwnership, at now: WallTime
  ) throws(StoreError) -> Outcome {
    let lock = try StateLock(path: target.path + ".lock")
    defer { withExtendedLifetime(lock) {} }
    let former = FormerDatabase(target)
    // Of a run that was killed.
    DatabaseCopy.discard(draft)
    do throws(StoreError) {
      let (audit, halt) = try makeDraft(ownership, former.standing, at: now)
      let kept = try former.putAside()
      try StateFiles.rename(draft, to: target.path)
      try StateFiles.sync(target.folder)
      return Outcome(audit: audit, kept: kept, halt: halt, unread: former.unread)
    } catch {
      DatabaseCopy.discard(draft)
      throw error
    }
  }

  private func makeDraft(
    _ ownership: DatabaseOwnership, _ standing: [StoreWrite], at now: WallTime
  ) throws(StoreError) -> (Audit, HaltRecord?) {
    let content: (Audit, HaltRecord?)
    do throws(StoreError) {
      try DiskRoom.require(
        forCopyOf: file, in: target.folder, "the former database is kept beside it, too",
        besideWriters: false)
      try DatabaseCopy.make(of: source, at: draft)
      content = try prepare(ownership, standing, at: now)
    } catch {
      throw error.ofBackup(file)
    }
    // A file is put in place, and not a log beside it: closing the draft has folded it.
    for suffix in StoreLocation.logSuffixes where StateFiles.size(of: draft + suffix) > 0 {
      throw .ioFailure("\(draft + suffix) could not be folded into its file")
    }
    try StateFiles.sync(draft)
    return content
  }

  private func prepare(
    _ ownership: DatabaseOwnership, _ standing: [StoreWrite], at now: WallTime
  ) throws(StoreError) -> (Audit, HaltRecord?) {
    let store = try OrderStore(copyAt: draft)
    let audit = try store.reader.wholeAudit()
    switch try ownership.verdict(on: store.reader) {
    case .ours, .free: break
    case .refused(let reason): throw .unusablePath(reason)
    }
    for write in standing { try store.write(write) }
    let row = audit.head.row
    let reason = "the database was restored from \(file), which ends with row \(row) of the history"
    try store.write(.setCareful(CarefulRecord(reason: reason, since: now)))
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: now, subject: .daemon, kind: HistoryEvent.databaseRestoredKind,
          detail: ["from": .string(file), "row": .integer(row)])))
    try store.commit()
    return (audit, try store.reader.halt())
  }
}

extension StoreError {
  /// What is wrong with a backup is no fault of the database.
  fileprivate func ofBackup(_ file: String) -> StoreError {
    switch self {
    case .corrupt, .newerSchema, .unusablePath, .misuse:
      .unusablePath("\(file) cannot be restored: \(cause)")
    case .heldByAnotherDaemon, .readOnly, .full, .moved, .ioFailure: self
    }
  }
}
