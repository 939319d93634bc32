import Domain
import Glibc
import Platform

/// The four folders on disk, and the moves between them. A move never overwrites anything.
final class SpoolFolders {
  let incoming: Directory
  let active: Directory
  let done: Directory
  let rejected: Directory
  private let lock: DirectoryLock?
  /// Folders with moves that a power cut may undo.
  private var unsynced: [Directory] = []
  /// Files that were moved in another's place and could not be moved back yet.
  private var misplaced: [(name: [UInt8], folder: Directory, original: [UInt8])] = []

  /// Reports are for the same group as the folders they lie in.
  private static let reportMode: UInt32 = 0o640

  /// Makes what is missing; what is there keeps its owner and mode. Producers write to `incoming`
  /// as members of the folder's group. Fails when a file could not be moved from one to the other, and
  /// when the lock was taken away and another process has the one in its place.
  init(path: String, lock: DirectoryLock?) throws(SystemError) {
    try Directory.make(path, mode: 0o755)
    incoming = try Directory(making: path + "/incoming", mode: 0o770)
    active = try Directory(making: path + "/active", mode: 0o750)
    done = try Directory(making: path + "/done", mode: 0o750)
    rejected = try Directory(making: path + "/rejected", mode: 0o750)
    for target in [active, done, rejected] where !incoming.canRename(to: target) {
      throw SystemError(
        "rename",
        "\(incoming.path) to \(target.path), which must be on one mount with it (a bind mount is "
          + "another mount, of the same file system too)",
        number: EXDEV)
    }
    self.lock = lock
    do throws(DirectoryLock.Failure) {
      try lock?.renew()
    } catch {
      switch error {
      case .system(let error): throw error
      case .heldByAnother: throw SystemError("flock", "\(path): \(error)", number: EWOULDBLOCK)
      }
    }
  }

  /// What is not in its place any more.
  var displaced: String? {
    if ![incoming, active, done, rejected].allSatisfy(\.isInPlace) {
      return "a folder of the spool"
    }
    return lock?.isInPlace == false ? "the lock of the spool" : nil
  }

  func at(_ place: SpoolPlace) -> Directory {
    switch place {
    case .incoming: incoming
    case .active: active
    }
  }

  func at(_ outcome: SpoolOutcome) -> Directory {
    switch outcome {
    case .done: done
    case .rejected: rejected
    }
  }

  /// A report is durable when it is written. The moves become durable together, within a second: a
  /// power cut may undo the last of them, and the database still knows what they were for.
  private func leaveUnsynced(_ folders: Directory...) {
    for folder in folders where !unsynced.contains(where: { $0 === folder }) {
      unsynced.append(folder)
    }
  }

  /// Makes all moves durable, and moves back what lies where it does not belong; says what could not
  /// be.
  func sync() -> SystemError? {
    var failure = giveBack()
    for folder in unsynced {
      do throws(SystemError) {
        try folder.sync()
      } catch {
        failure = error
      }
    }
    unsynced = []
    return failure
  }

  /// A file that has changed so lately by this process's clock was stamped by the same one.
  private static let lately = Duration.milliseconds(100)
  private static let comparisonInterval = Duration.seconds(1)
  /// How far the file system's clock was ahead of this process's.
  private var comparison: (ahead: Duration, at: MonotonicTime)?

  /// The time by the clock that stamps the files, or by this process's where no folder can be
  /// touched. To ask the file system is a write: not where the file's last change has just been by this
  /// process's clock, and once a second.
  func time(of status: FileStatus) -> WallTime {
    let own = Clock.now()
    let age = own.wall.since(status.lastChange(before: own.wall))
    if age >= .zero && age < Self.lately { return own.wall }
    if let comparison, own.monotonic.since(comparison.at) < Self.comparisonInterval {
      return own.wall.advanced(by: comparison.ahead)
    }
    guard let time = active.fileSystemTime() else { return own.wall }
    comparison = (time.since(own.wall), own.monotonic)
    return time
  }

  // MARK: Writers

  private var tellsOwnWriters = false

  /// Whether the kernel surely tells that somebody has this file open for writing: where it does not
  /// say so then, nobody has. Of other users' files, and on most network file systems, it tells nothing.
  func tellsWriters(of status: FileStatus) -> Bool {
    guard status.owner == Accounts.ownUser else { return false }
    if !tellsOwnWriters { tellsOwnWriters = tellsOfDraft() }
    return tellsOwnWriters
  }

  /// Asks for a file that is known to be open.
  private func tellsOfDraft() -> Bool {
    let name = Directory.temporaryName
    guard
      let draft = try? FileDraft(
        in: active, temporary: name, for: name, [], mode: Self.reportMode)
    else { return false }
    return withExtendedLifetime(draft) {
      do throws(FileRefusal) {
        _ = try active.readRegularFile(name, maximumBytes: 0, unlessOpenForWriting: true)
        return false
      } catch {
        return error == .openForWriting
      }
    }
  }

  // MARK: Moves

  /// Moves a file to `active`, and says under which name: never under one that a report of doubt
  /// could have. Where another file has taken its name, or nobody has it any more, what was read
  /// is written to `active` anew.
  func claim(_ file: TakenFile) throws(SpoolError) -> [UInt8] {
    let isFree: ([UInt8]) -> Bool = { [active] in
      !SpoolName.looksLikeStatus($0) && !active.contains($0)
    }
    var (newName, isMoved) = try move(file, from: incoming, to: active, isFree: isFree)
    if !isMoved, let content = file.content {
      // The other file may still have the first one.
      newName = Self.freeName(file.name, isFree)
      do throws(SystemError) {
        try Self.write(content, as: newName, in: active)
      } catch {
        throw .blocked(error)
      }
    }
    leaveUnsynced(incoming, active)
    return newName
  }

  /// Writes the reports and moves each file beside its own. The reports are all written, and open, before
  /// the first is made durable: the disk makes many durable for little more than one.
  func finish(
    _ moves: [SpoolMove], replacing replaces: (_ former: [UInt8], _ report: [UInt8]) -> Bool
  ) -> [Result<[UInt8], SpoolError>] {
    let drafts = moves.enumerated().map { draft($1, $0) }
    return zip(moves, drafts).map { move, draft in
      Result { () throws(SpoolError) in
        try finish(move, draft) { replaces($0, move.report) }
      }
    }
  }

  /// `nil` where it cannot be written: then it is tried once more when its turn comes. `number` tells it
  /// from others that wait.
  private func draft(_ move: SpoolMove, _ number: Int) -> FileDraft? {
    let temporary = SpoolName.numbered(Directory.temporaryName, number + 2)
    return try? FileDraft(
      in: at(move.outcome), temporary: temporary, for: temporary, move.report,
      mode: Self.reportMode)
  }

  /// Writes the report, unless it is in a draft, then moves the file beside it: a file that has
  /// arrived has its report. A report that a crash left without its file is taken up again: it has the
  /// same content, or `replaces` knows it for an earlier one of the same end. Where another file has
  /// taken its name, or nobody has it any more, the report stands alone.
  private func finish(
    _ move: SpoolMove, _ draft: FileDraft?, _ replaces: ([UInt8]) -> Bool
  ) throws(SpoolError) -> [UInt8] {
    let (file, place, outcome, report) = (move.file, move.place, move.outcome, move.report)
    let target = at(outcome)
    var draft = draft
    if !at(place).contains(file.name) {
      let error = SystemError.last("fstatat", at(place).path(of: file.name))
      guard error.number == ENOENT else { throw .blocked(error) }
      guard file.identity != nil else { throw .vanished }
    }
    let reportName = { SpoolName.fitting($0, suffix: outcome.reportSuffix) }
    let (newName, _) = try self.move(file, from: at(place), to: target) { candidate in
      !target.contains(candidate)
        && Self.isFree(reportName(candidate), in: target) { $0 == report || replaces($0) }
    } beforehand: { candidate throws(SystemError) in
      if let written = draft.take() {
        try written.place(as: reportName(candidate), .content)
      } else {
        try Self.write(report, as: reportName(candidate), in: target, .content)
      }
    }
    leaveUnsynced(at(place), target)
    return newName
  }

  // MARK: Reports of what is not over, and of what came after

  /// Writes beside a file in `active` that its order is in doubt. Another start writes it again.
  func writeStatus(_ name: [UInt8], _ report: [UInt8]) throws(SystemError) {
    try Self.write(report, as: SpoolName.status(of: name), in: active, .none)
  }

  func removeStatus(_ name: [UInt8]) throws(SystemError) {
    do throws(SystemError) {
      try active.remove(SpoolName.status(of: name))
    } catch  where error.number == ENOENT {
    }
  }

  /// Files in `active`, and the reports of doubt among them whose file is not there.
  func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) {
    let names = try active.names().filter { $0.first != UInt8(ascii: ".") }
    let reports = Set(names.map(SpoolName.status)).intersection(names)
    let (strays, files) = names.filter { !reports.contains($0) }
      .reduce(into: ([[UInt8]](), [[UInt8]]())) { lists, name in
        if SpoolName.looksLikeStatus(name) { lists.0.append(name) } else { lists.1.append(name) }
      }
    return (files, strays)
  }

  private static let reportMaximumBytes = 65_536

  /// Replaces the reports of a file that ended before under this name or one made from it: each that
  /// `isMeant`. False when there is none.
  func amend(
    _ name: [UInt8], in outcome: SpoolOutcome, report: [UInt8], where isMeant: ([UInt8]) -> Bool
  ) throws(SystemError) -> Bool {
    let names = try reports(of: name, in: outcome, where: isMeant)
    for name in names { try Self.write(report, as: name, in: at(outcome)) }
    return !names.isEmpty
  }

  /// A file may have any number, and one more of each move: the whole folder is looked through. Fails when
  /// none is found and one could not be read.
  private func reports(
    of name: [UInt8], in outcome: SpoolOutcome, where isMeant: ([UInt8]) -> Bool
  ) throws(SystemError) -> [[UInt8]] {
    // Of its own: where a listing stands belongs to the descriptor.
    let folder = try Directory(path: at(outcome).path)
    let original = name
    let ending = Array(outcome.reportSuffix.utf8)
    var found: [[UInt8]] = []
    var failure: SystemError?
    var names = try folder.nextNames()
    while !names.isEmpty {
      for name in names
      where SpoolName.isMade(name, from: original) && name.suffix(ending.count) == ending[...] {
        do throws(SystemError) {
          if let former = try Self.report(name, in: folder), isMeant(former) { found.append(name) }
        } catch {
          failure = error
        }
      }
      names = try folder.nextNames()
    }
    if found.isEmpty, let failure { throw failure }
    return found
  }

  /// nil when it is none. Fails when that cannot be told.
  private static func report(
    _ name: [UInt8], in folder: Directory
  ) throws(SystemError) -> [UInt8]? {
    do throws(FileRefusal) {
      // Who makes copies of the folder may have given it a second name.
      return try folder.readRegularFile(
        name, maximumBytes: reportMaximumBytes, mayBeLinked: true
      ).bytes
    } catch {
      switch error {
      case .system(let error): throw error
      case .forbidden: throw SystemError("openat", folder.path(of: name), number: EACCES)
      case .notRegular, .linked, .tooLarge, .changedWhileRead, .openForWriting, .vanished:
        return nil
      }
    }
  }

  /// The daemon alone writes to these folders, so one temporary name does for all.
  private static func write(
    _ bytes: [UInt8], as name: [UInt8], in folder: Directory,
    _ durability: Directory.Durability = .full
  ) throws(SystemError) {
    try folder.writeWhole(
      name, bytes, mode: reportMode, durability: durability, temporary: Directory.temporaryName)
  }

  private static func isFree(
    _ name: [UInt8], in folder: Directory, orHolds mayBeReplaced: ([UInt8]) -> Bool
  ) -> Bool {
    guard folder.contains(name) else { return true }
    do throws(FileRefusal) {
      let former = try folder.readRegularFile(name, maximumBytes: reportMaximumBytes)
      return mayBeReplaced(former.bytes)
    } catch {
      return false
    }
  }

  /// The name that was free in `target`, and whether the file has it now.
  private func move(
    _ file: TakenFile, from source: Directory, to target: Directory,
    isFree: ([UInt8]) -> Bool,
    beforehand: ([UInt8]) throws(SystemError) -> Void = { _ in }
  ) throws(SpoolError) -> (name: [UInt8], isMoved: Bool) {
    while true {
      let candidate = Self.freeName(file.name, isFree)
      do throws(SystemError) {
        try beforehand(candidate)
        return (candidate, try rename(file, from: source, to: target, as: candidate))
      } catch {
        switch error.number {
        // Somebody took the name just now.
        case EEXIST: continue
        case ENOENT where !source.contains(file.name):
          guard file.identity != nil else { throw .vanished }
          return (candidate, false)
        default: throw .blocked(error)
        }
      }
    }
  }

  /// False when another file has its name: that one stays where it is. It is looked at once more after
  /// the move, since it may take the name between a look and the move.
  private func rename(
    _ file: TakenFile, from source: Directory, to target: Directory, as candidate: [UInt8]
  ) throws(SystemError) -> Bool {
    if file.isReplaced(in: source, as: file.name) { return false }
    try source.rename(file.name, to: target, as: candidate)
    guard file.isAnother(in: target, as: candidate) else { return true }
    misplaced.append((candidate, target, file.name))
    _ = giveBack()
    return false
  }

  /// Moves files back to `incoming`, where they came from; says what could not be.
  private func giveBack() -> SystemError? {
    var failure: SystemError?
    misplaced.removeAll { file in
      let back = Self.freeName(file.original) { !incoming.contains($0) }
      do throws(SystemError) {
        try file.folder.rename(file.name, to: incoming, as: back)
        return true
      } catch {
        failure = error
        return error.number == ENOENT
      }
    }
    return failure
  }

  private static func freeName(_ name: [UInt8], _ isFree: ([UInt8]) -> Bool) -> [UInt8] {
    SpoolName.numbered(name, firstFree { isFree(SpoolName.numbered(name, $0)) })
  }

  /// A free number whose neighbour below is taken. Found by doubling and halving: a producer that
  /// uses one name for ever would make counting slower with every signal.
  private static func firstFree(_ isFree: (Int) -> Bool) -> Int {
    if isFree(1) { return 1 }
    var taken = 1
    var free = 2
    while !isFree(free) {
      taken = free
      free *= 2
    }
    while free - taken > 1 {
      let middle = (taken + free) / 2
      if isFree(middle) { free = middle } else { taken = middle }
    }
    return free
  }
}
