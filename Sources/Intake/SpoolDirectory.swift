import Domain
import Glibc
package import Platform

/// The spool: finds files that are finished, hands each over once, and moves it where it belongs.
///
/// Notifications make it quick, the look around every second makes it sure: a file that arrives by
/// a link, while events overflow, or while a folder is being made again, is found then. Without
/// inotify(7) the look around has to do.
package final class SpoolDirectory {
  /// How often it looks around without being told: the longest that a file waits whose arrival was
  /// not noticed. Looking costs a handful of system calls.
  package static let usualScanInterval = Duration.seconds(1)
  /// Files handed over in one turn of the loop, so that a flood does not hold up the orders.
  private static let filesPerTurn = 64
  /// The most that `intake.maximum_signal_bytes` can be.
  private static let largestLimit = 1_048_576
  /// Names looked at in one turn, handed over or not.
  private static let namesPerTurn = 1_024

  package let path: String
  /// While it is paused nothing is handed over; files wait where they are. It begins paused.
  package private(set) var isPaused = true
  /// Why no file is taken now; nil when nothing is in the way.
  package var failure: SystemError? { openFailure ?? listFailure }
  /// Further files wait for the next turn of the loop.
  package var hasMore: Bool { !waiting.isEmpty || watch?.hasMore == true }

  private let maximumBytes: Int
  private let scanInterval: Duration
  private let loop: EventLoop
  private let onFile: (SpoolFile) -> Void
  private let onProblem: (SpoolProblem) -> Void

  private let lock: DirectoryLock?
  private var folders: SpoolFolders
  /// Why the path's new folders cannot be opened: what came of a file would lie where nobody looks.
  private var openFailure: SystemError?
  private var listFailure: SystemError?
  private var watch: DirectoryWatch?
  /// There is no watch, and looking around has to do.
  private var watchIsExhausted = false
  private var tick: EventLoop.TimerID?
  private var continuation: EventLoop.TimerID?
  /// Handed over and still in `incoming`.
  private var handedOver: [[UInt8]: FileIdentity] = [:]
  private var unfinished: UnfinishedFiles
  /// Names that the running scan has still to look at, the last one first.
  private var waiting: [[UInt8]] = []
  /// Something happened that the running scan may have missed.
  private var needsScan = false
  private var told = RecentTexts()

  /// Opens the spool and makes its folders where they are missing. Files larger than `maximumBytes`
  /// are refused unread; a file whose end nobody tells counts as finished when it has been quiet for
  /// `quietTime`. The `lock` keeps other daemons away. Throws when a folder cannot be opened or watched.
  package init(
    path: String, lock: DirectoryLock? = nil, maximumBytes: Int, quietTime: Duration,
    loop: EventLoop,
    scanInterval: Duration = SpoolDirectory.usualScanInterval,
    onFile: @escaping (SpoolFile) -> Void, onProblem: @escaping (SpoolProblem) -> Void
  ) throws(SystemError) {
    self.path = path
    self.lock = lock
    self.maximumBytes = maximumBytes
    self.scanInterval = scanInterval
    self.loop = loop
    self.onFile = onFile
    self.onProblem = onProblem
    unfinished = UnfinishedFiles(quietTime: quietTime)
    folders = try SpoolFolders(path: path, lock: lock)
    try openWatch()
    scheduleTick()
  }

  deinit { close() }

  package func close() {
    isPaused = true
    waiting = []
    for timer in [tick, continuation].compactMap(\.self) { loop.cancel(timer) }
    tick = nil
    continuation = nil
    watch?.close()
    watch = nil
    sync()
  }

  package func pause() {
    isPaused = true
    waiting = []
    needsScan = false
  }

  /// Hands over whatever waits, in the order of the names, and from then on what arrives.
  package func resume() {
    guard isPaused else { return }
    isPaused = false
    scan()
  }

  /// Lets a handed-over file be found again by the next look around.
  package func forget(_ name: [UInt8]) {
    handedOver[name] = nil
  }

  /// Whether a file that does not read as a signal may just be unfinished: then it stays, and comes
  /// again with its writer's close or a later look around. `breaksOff` says that what it holds may
  /// be the beginning of one.
  package func leaveUnfinished(_ file: SpoolFile, breaksOff: Bool) -> Bool {
    guard unfinished.mayBecomeASignal(file, breaksOff: breaksOff) else { return false }
    forget(file.name)
    return true
  }
}

// Moving files.
extension SpoolDirectory {
  /// Moves a file from `incoming` to `active`. Returns its name there, which differs when that name
  /// was taken. A file that has taken its name since stays, and is handed over. Throws when the file is gone or the file system refuses.
  package func claim(_ file: TakenFile) throws(SpoolError) -> [UInt8] {
    let newName = try folders.claim(file)
    isGone(file)
    return newName
  }

  /// Writes the reports and moves each file beside its own; says its name there, which differs when that
  /// name was taken, or why it stays. Nothing is lost when one fails half-way: call it again. A
  /// report of that name without its file does not take the name when it is the same or `replaces` says
  /// so of the former content and the new one.
  package func finish(
    _ moves: [SpoolMove],
    replacing replaces: (_ former: [UInt8], _ report: [UInt8]) -> Bool = { _, _ in false }
  ) -> [Result<[UInt8], SpoolError>] {
    let results = folders.finish(moves, replacing: replaces)
    for (move, result) in zip(moves, results) {
      if case .success = result, move.place == .incoming { isGone(move.file) }
    }
    return results
  }

  private func isGone(_ file: TakenFile) {
    if let identity = file.identity, handedOver[file.name] != identity { return }
    handedOver[file.name] = nil
    unfinished.isGone(file.name)
  }

  /// Replaces the reports of a file that ended before under this name or one made from it: each that
  /// `isMeant`. False when there is none. Throws when one cannot be written, or when none was found and
  /// not all could be read.
  package func amend(
    _ name: [UInt8], in outcome: SpoolOutcome, report: [UInt8], where isMeant: ([UInt8]) -> Bool
  ) throws(SystemError) -> Bool {
    try folders.amend(name, in: outcome, report: report, where: isMeant)
  }

  /// Writes beside a file in `active` that its order is in doubt; it replaces what was said before.
  /// Throws when the report cannot be written.
  package func writeStatus(_ name: [UInt8], _ report: [UInt8]) throws(SystemError) {
    try folders.writeStatus(name, report)
  }

  /// Nothing happens when there is none. Throws when there is one and it cannot be removed.
  package func removeStatus(_ name: [UInt8]) throws(SystemError) {
    try folders.removeStatus(name)
  }

  /// Files whose orders were under way when the daemon last stopped, and names like that of a
  /// report of doubt whose file is not there. Throws when the folder cannot be listed.
  package func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) {
    try folders.listActive()
  }

  /// The content of a file in `active`, which was taken under an earlier limit perhaps, and may have been
  /// given a second name by who makes copies of the folder. Throws why it cannot be read.
  package func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] {
    try folders.active.readRegularFile(
      name, maximumBytes: Self.largestLimit, mayBeLinked: true
    ).bytes
  }

  /// Removes a file from `active`. Throws when it is not there or cannot be removed.
  package func removeActive(_ name: [UInt8]) throws(SystemError) {
    try folders.active.remove(name)
  }

  private func sync() {
    if let error = folders.sync() {
      report(
        .error, "the spool's moves could not be made durable", [LogField("error", "\(error)")])
    }
  }
}

// Watching the folder.
extension SpoolDirectory {
  /// Without a watch to be had, because others hold them all, the look around has to do.
  private func openWatch() throws(SystemError) {
    do throws(SystemError) {
      watch = try DirectoryWatch(path: folders.incoming.path, loop: loop) { [weak self] event in
        self?.handle(event)
      }
      if watchIsExhausted {
        onProblem(SpoolProblem(.info, "inotify can be used again: files are noticed at once"))
      }
      watchIsExhausted = false
    } catch  where DirectoryWatch.isExhaustion(error) {
      if !watchIsExhausted { onProblem(.withoutInotify(error, at: path)) }
      watchIsExhausted = true
    }
  }

  private func handle(_ event: DirectoryEvent) {
    switch event {
    case .written(let name): if SpoolName.isCandidate(name) { unfinished.wasWritten(name) }
    case .closed(let name):
      unfinished.wasClosed(name)
      handOver(name, .closed)
    case .movedIn(let name):
      if SpoolName.isCandidate(name) { unfinished.wasMovedIn(name) }
      handOver(name, .movedIn)
    // Often the mode is put right after the close.
    case .attributesSet(let name): handOver(name, .lookedAround)
    case .overflowed:
      unfinished.mistrustAll()
      scan()
    case .lost: watch = nil
    }
  }

  private func scheduleTick() {
    let time = Clock.monotonic().advanced(by: scanInterval)
    tick = loop.schedule(at: time) { [weak self] in
      guard let self else { return }
      self.sync()
      self.restoreFolders()
      if self.waiting.isEmpty { self.scan() }
      self.scheduleTick()
    }
  }

  private func restoreFolders() {
    let isWatched = watch != nil || watchIsExhausted
    let displaced = folders.displaced
    if isWatched && openFailure == nil && displaced == nil {
      // One system call a second, until somebody gives a watch back.
      if watch == nil { try? openWatch() }
      return
    }
    report(
      .error, "\(displaced ?? "a folder of the spool") was taken away; it is made again",
      [LogField("directory", ByteText.printable(path))])
    watch?.close()
    watch = nil
    waiting = []
    unfinished.mistrustAll()
    do throws(SystemError) {
      try reopenFolders()
      try openWatch()
    } catch {
      report(
        .error, "the spool cannot be opened; no file is taken until it can",
        [LogField("error", "\(error)")])
    }
  }

  private func reopenFolders() throws(SystemError) {
    do throws(SystemError) {
      folders = try SpoolFolders(path: path, lock: lock)
      openFailure = nil
    } catch {
      openFailure = error
      throw error
    }
  }
}

// Finding files.
extension SpoolDirectory {
  /// Looks at everything in `incoming`, a part of it in each turn.
  private func scan() {
    guard !isPaused, openFailure == nil else { return }
    guard waiting.isEmpty else {
      needsScan = true
      return
    }
    needsScan = false
    do throws(SystemError) {
      let names = try folders.incoming.names()
      let present = Set(names)
      if !handedOver.isEmpty { handedOver = handedOver.filter { present.contains($0.key) } }
      unfinished.keepOnly(present)
      waiting = names.reversed()
      listFailure = nil
    } catch {
      listFailure = error
      report(.error, "the spool cannot be listed", [LogField("error", "\(error)")])
    }
    continueScan()
  }

  private func continueScan() {
    var files = 0
    var names = 0
    while files < Self.filesPerTurn, names < Self.namesPerTurn, let name = waiting.popLast() {
      names += 1
      if handOver(name, .lookedAround) { files += 1 }
    }
    guard !isPaused, continuation == nil, !waiting.isEmpty || needsScan else { return }
    continuation = loop.schedule(at: Clock.monotonic()) { [weak self] in
      guard let self else { return }
      self.continuation = nil
      if self.waiting.isEmpty && self.needsScan { self.scan() } else { self.continueScan() }
    }
  }

  /// Hands one file over, unless it was already, or may still be in the making. True when it did.
  @discardableResult
  private func handOver(_ name: [UInt8], _ finding: SpoolFile.Finding) -> Bool {
    guard !isPaused, SpoolName.isCandidate(name) else { return false }
    guard let status = folders.incoming.status(of: name) else {
      noteMissing(name)
      return false
    }
    let identity = FileIdentity(status)
    if handedOver[name] == identity { return false }
    let now = folders.time(of: status)
    let age = now.since(status.lastChange(before: now))
    let isBeingWritten = status.kind == .regular && unfinished.isBeingWritten(name)
    if isBeingWritten, unfinished.isFresh(age) || !folders.tellsWriters(of: status) {
      tellOpen(name)
      return false
    }
    if status.kind == .regular,
      unfinished.isInTheMaking(name, links: status.links, isEmpty: status.size == 0, age: age)
    {
      return false
    }
    guard let content = read(name, status, finding, age) else { return false }
    // The kernel is asked of what can be read, and of nothing else.
    if isBeingWritten, case .failure = content {
      tellOpen(name)
      return false
    }
    handedOver[name] = identity
    onFile(
      SpoolFile(
        name: name, content: content, arrivedAt: Clock.wall().advanced(by: .zero - age), age: age,
        finding: finding, identity: identity))
    return true
  }

  /// A folder that may be listed and not entered hides every file.
  private func noteMissing(_ name: [UInt8]) {
    let error = SystemError.last("fstatat", folders.incoming.path(of: name))
    guard error.number != ENOENT else { return }
    listFailure = error
    report(.error, "the spool's files cannot be looked at", [LogField("error", "\(error)")])
  }

  /// nil when there is nothing to hand over yet.
  private func read(
    _ name: [UInt8], _ status: FileStatus, _ finding: SpoolFile.Finding, _ age: Duration
  ) -> Result<[UInt8], FileRefusal>? {
    let isGuess = finding == .lookedAround
    do throws(FileRefusal) {
      let content = try folders.incoming.readRegularFile(
        name, maximumBytes: maximumBytes, unlessOpenForWriting: isGuess, status: status)
      return .success(content.bytes)
    } catch {
      switch error {
      case .notRegular, .linked: return .failure(error)
      case .tooLarge: return isGuess && unfinished.isFresh(age) ? nil : .failure(error)
      // Its mode, owner or group may be put right in a moment.
      case .forbidden: return unfinished.isFresh(age) ? nil : .failure(error)
      case .openForWriting:
        tellOpen(name)
        return nil
      // Its writer is at work; it comes again with the writer's close or the next look around.
      case .changedWhileRead, .vanished: return nil
      case .system(let reason):
        // The machine's trouble, not the file's: it is tried again.
        report(
          .error, "a file of the spool cannot be read now",
          [LogField("file", bytes: name), LogField("error", "\(reason)")])
        return nil
      }
    }
  }

  /// A file that stays open for writing is told once.
  private func tellOpen(_ name: [UInt8]) {
    if unfinished.isNews(open: name, at: Clock.monotonic()) { onProblem(.stillOpen(name)) }
  }

  private func report(_ level: LogLevel, _ message: String, _ fields: [LogField]) {
    if told.isRecent(message, at: Clock.monotonic()) { return }
    onProblem(SpoolProblem(level, message, fields))
  }
}
