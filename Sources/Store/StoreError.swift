import CSQLite
import Glibc
import Platform

/// Why the store did not do what it was asked. Each case forces another decision; the text says what
/// happened, `description` also what to do.
package enum StoreError: Error, Hashable, CustomStringConvertible, Sendable {
  /// Another program has the right to write.
  case heldByAnotherDaemon(String)
  /// The content cannot be trusted: nothing may be sent on the strength of it.
  case corrupt(String)
  /// The file system or the file takes no writes.
  case readOnly(String)
  /// No room; worth trying again when there is.
  case full(String)
  /// The file was removed, moved or replaced while it was open; it may come back.
  case moved(String)
  /// The disk or the memory failed.
  case ioFailure(String)
  /// Written by a newer program.
  case newerSchema(found: Int, known: Int)
  /// Nothing usable stands at the path, or it may not be used.
  case unusablePath(String)
  /// The program asked for what the store forbids, for instance a second signal with the same id.
  case misuse(String)

  package var description: String {
    switch self {
    case .heldByAnotherDaemon(let what):
      "the database is in use: \(what); stop the other program, or use another store.path"
    case .corrupt(let what):
      "the database is damaged: \(what); keep a copy of the file and the -wal beside it, restore a "
        + "backup, and compare with the orders at the exchange before trading on"
    case .readOnly(let what):
      "the database cannot be written: \(what); make the file system and the file writable for the "
        + "daemon's user"
    case .full(let what):
      "the disk is full: \(what); free some space in the database's file system"
    case .moved(let path):
      "the database was removed, moved or replaced: \(path) is not the file any more that was opened; "
        + "put that one back, with the files beside it; a restart goes on with what stands there now"
    case .ioFailure(let what):
      "the disk or the memory failed: \(what); look into the kernel's log, and check the disk"
    case .newerSchema(let found, let known):
      "the database has schema version \(found) and this program knows versions up to \(known); "
        + "install the newer program again"
    case .unusablePath(let what): "the database cannot be used: \(what)"
    case .misuse(let what): "the database refused a change: \(what); this is a fault of the program"
    }
  }

  /// Whether the disk may hold a commit that it did not confirm.
  package var mayBeKept: Bool {
    switch self {
    case .ioFailure: true
    case .heldByAnotherDaemon, .corrupt, .readOnly, .full, .moved, .newerSchema, .unusablePath,
      .misuse:
      false
    }
  }

  /// Whether the disk failed, or what it holds is damaged: nothing goes on beside it.
  package var isDiskFailure: Bool {
    switch self {
    case .corrupt, .ioFailure: true
    case .heldByAnotherDaemon, .readOnly, .full, .moved, .newerSchema, .unusablePath, .misuse: false
    }
  }

  /// What happened alone, where it did not happen to the daemon's own database.
  package var cause: String {
    switch self {
    case .heldByAnotherDaemon(let what), .corrupt(let what), .readOnly(let what), .full(let what),
      .moved(let what), .ioFailure(let what), .unusablePath(let what), .misuse(let what):
      what
    case .newerSchema(let found, let known):
      "it has schema version \(found) and this program knows versions up to \(known)"
    }
  }
}

extension StoreError {
  /// Runs `body`, sorting what SQLite throws.
  static func sorting<Result>(
    _ body: () throws(SQLiteError) -> Result
  ) throws(StoreError) -> Result {
    do throws(SQLiteError) {
      return try body()
    } catch {
      throw StoreError(error)
    }
  }

  /// Sorts SQLite's result codes by the decision that they force.
  package init(_ error: SQLiteError) {
    let text = error.description
    switch error.code {
    case SQLITE_FULL: self = .full(text)
    case SQLITE_READONLY: self = .readOnly(text)
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: self = .corrupt(text)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .heldByAnotherDaemon(text)
    case SQLITE_NOMEM, SQLITE_NOLFS: self = .ioFailure(text)
    case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_PERM: self = Self.ofFile(error)
    // What is left speaks of our own statements: a constraint, a trigger, a wrong call.
    default: self = .misuse(text)
    }
  }

  /// Behind a failure with EFBIG.
  private static let largestSize =
    ", as the process (LimitFSIZE=, 'ulimit -f') or the file system allows no larger file"

  /// SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC, which are macros that Swift does not see.
  private static let syncFailures = [SQLITE_IOERR | 4 << 8, SQLITE_IOERR | 5 << 8]

  /// SQLite folds most failures of the file system into few codes; `errno` tells them apart.
  private static func ofFile(_ error: SQLiteError) -> StoreError {
    let text = error.description
    // After a sync that failed, whatever for, the cache may show what the disk does not have.
    if syncFailures.contains(error.extendedCode) { return .ioFailure(text) }
    return refusal(error.systemError, text)
      ?? (error.code == SQLITE_IOERR ? .ioFailure(text) : .unusablePath(text))
  }

  /// Of a file system that takes no writes, or no more; `nil` for every other number.
  private static func refusal(_ number: CInt, _ text: String) -> StoreError? {
    switch number {
    case ENOSPC, EDQUOT: .full(text)
    case EFBIG: .full(text + largestSize)
    case EROFS: .readOnly(text)
    default: nil
    }
  }

  /// SQLite tells of a file that may not be read no more than that it cannot be opened. `nil` where this
  /// process may, and where there is none.
  package static func refusal(ofReading path: String) -> StoreError? {
    guard unsafe faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0,
      errno == EACCES || errno == EPERM
    else { return nil }
    // Root that has put its rights down, to see what another user sees, is root's all the same.
    let advice = getuid() == 0 ? "" : "; use sudo"
    return .unusablePath("reading \(path) is not permitted for this user" + advice)
  }

  /// Of opening a file that must be a regular one.
  init(_ error: SystemError, opening path: String) {
    self =
      error.number == EINVAL
      ? .unusablePath("\(path) is not a regular file")
      : StoreError(number: error.number, "\(error.call.text) \(path)")
  }

  /// A failed system call on one of the store's files.
  init(number: CInt, _ what: String) {
    let text = unsafe "\(what): \(String(cString: strerror(number)))"
    self = Self.refusal(number, text) ?? (number == EIO ? .ioFailure(text) : .unusablePath(text))
  }
}
