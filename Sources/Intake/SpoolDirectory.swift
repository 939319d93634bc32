package import Domain
import Glibc
package import Platform

/// The spool: finds files that are finished, hands each over once, and moves it where it belongs.
///
/// Notifications make it quick, the look around every second makes it sure: a file that arrives by
/// a link, while events overflow, or while a folder is being made again, is found then.
package final class SpoolDirectory {
  /// How long a file that nobody closed or renamed before our eyes may still be in the making.
  package static let settlingTime = Duration.seconds(5)
  /// How often it looks around without being told: the longest that a file waits whose arrival was
  /// not noticed. Looking costs a handful of system calls.
  package static let usualScanInterval = Duration.seconds(1)
  /// One line a minute for one cause.
  private static let problemInterval = Duration.seconds(60)
  /// Files handed over in one turn of the loop, so that a flood does not hold up the orders.
  private static let filesPerTurn = 64
  /// Names looked at in one turn, handed over or not.
  private static let namesPerTurn = 1_024

  /// What tells a file from another one of its name.
  private struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64
    let modified: Int64
    let size: Int64

    init(_ status: FileStatus) {
      device = status.device
      inode = status.inode
      modified = status.modifiedNanoseconds
      size = status.size
    }
  }

  package let path: String
  /// While it is paused nothing is handed over; files wait where they are. It begins paused.
  package private(set) var isPaused = true

  private let maximumBytes: Int
  private let scanInterval: Duration
  private let loop: EventLoop
  private let onFile: (SpoolFile) -> Void
  private let onProblem: (String, [LogField]) -> Void

  private var folders: SpoolFolders
  /// False while the folders of the path are not the open ones and cannot be opened: what came of a
  /// file would lie where nobody looks for it.
  private var areFoldersUsable = true
  private var watch: DirectoryWatch?
  private var tick: EventLoop.TimerID?
  private var continuation: EventLoop.TimerID?
  /// Handed over and still in `incoming`.
  private var handedOver: [[UInt8]: Identity] = [:]
  /// Names that the running scan has still to look at, the last one first.
  private var waiting: [[UInt8]] = []
  /// Something happened that the running scan may have missed.
  private var needsScan = false
  private var unsynced: [Directory] = []
  private var lastReports: [String: MonotonicTime] = [:]

  /// Opens the spool and makes its folders where they are missing. Files larger than `maximumBytes`
  /// are refused unread. `onProblem` gets a message and its fields, made for the log.
  package init(
    path: String, maximumBytes: Int, loop: EventLoop,
    scanInterval: Duration = SpoolDirectory.usualScanInterval,
    onFile: @escaping (SpoolFile) -> Void,
    onProblem: @escaping (String, [LogField]) -> Void
  ) throws(SystemError) {
    self.path = path
    self.maximumBytes = maximumBytes
    self.scanInterval = scanInterval
    self.loop = loop
    self.onFile = onFile
    self.onProblem = onProblem
    folders = try SpoolFolders(path: path)
    watch = try makeWatch()
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

  /// Whether a file that does not read as a signal may just be unfinished. Then it stays, and comes
  /// again with the next look around.
  package func deferIfFresh(_ file: SpoolFile, now: WallTime) -> Bool {
    guard file.wasFoundByScan, Self.isFresh(file.changedAt, now: now) else { return false }
    forget(file.name)
    return true
  }

  private static func isFresh(_ changed: WallTime, now: WallTime) -> Bool {
    let age = now.since(changed)
    // A change far in the future means that the clock was set back; it says nothing then.
    return age < settlingTime && age > .zero - settlingTime
  }
}

// Moving files.
extension SpoolDirectory {
  /// Moves a file from `incoming` to `active`. Returns its name there, which differs when that name
  /// was taken.
  package func claim(_ name: [UInt8]) throws(SpoolError) -> [UInt8] {
    let newName = try folders.claim(name)
    handedOver[name] = nil
    leaveUnsynced(folders.incoming, folders.active)
    return newName
  }

  /// Writes the report and moves the file beside it. Returns the file's name there, which differs
  /// when that name was taken. Nothing is lost when it fails half-way: call it again.
  @discardableResult
  package func finish(
    _ name: [UInt8], from place: SpoolPlace, to outcome: SpoolOutcome, report: [UInt8]
  ) throws(SpoolError) -> [UInt8] {
    let newName = try folders.finish(name, from: place, to: outcome, report: report)
    switch place {
    case .incoming: handedOver[name] = nil
    case .active: break
    }
    leaveUnsynced(folders.at(place), folders.at(outcome))
    return newName
  }

  /// Files whose orders were under way when the daemon last stopped.
  package func listActive() throws(SystemError) -> [[UInt8]] {
    try folders.active.names().filter(SpoolName.isCandidate)
  }

  package func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] {
    try folders.active.readRegularFile(name, maximumBytes: maximumBytes).bytes
  }

  /// A report is durable when it is written. The moves become durable together, within a second: a
  /// power cut may undo the last of them, and the database still knows what they were for.
  private func leaveUnsynced(_ folders: Directory...) {
    for folder in folders where !unsynced.contains(where: { $0 === folder }) {
      unsynced.append(folder)
    }
  }

  private func sync() {
    for folder in unsynced {
      do throws(SystemError) {
        try folder.sync()
      } catch {
        report("the spool's moves could not be made durable", [LogField("error", "\(error)")])
      }
    }
    unsynced = []
  }
}

// Finding files.
extension SpoolDirectory {
  private func makeWatch() throws(SystemError) -> DirectoryWatch {
    try DirectoryWatch(path: folders.incoming.path, loop: loop) { [weak self] event in
      self?.handle(event)
    }
  }

  private func handle(_ event: DirectoryEvent) {
    switch event {
    case .appeared(let name): handOver(name, wasFoundByScan: false)
    case .overflowed: scan()
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
    guard watch == nil || !folders.areInPlace else { return }
    report(
      "a folder of the spool was taken away; it is made again",
      [LogField("directory", ByteText.printable(path))])
    watch?.close()
    watch = nil
    waiting = []
    do throws(SystemError) {
      areFoldersUsable = false
      folders = try SpoolFolders(path: path)
      areFoldersUsable = true
      watch = try makeWatch()
    } catch {
      report(
        "the spool cannot be opened; no file is taken until it can", [LogField("error", "\(error)")]
      )
    }
  }

  /// Looks at everything in `incoming`, a part of it in each turn.
  private func scan() {
    guard !isPaused, areFoldersUsable else { return }
    guard waiting.isEmpty else {
      needsScan = true
      return
    }
    needsScan = false
    do throws(SystemError) {
      let names = try folders.incoming.names()
      if !handedOver.isEmpty {
        let present = Set(names)
        handedOver = handedOver.filter { present.contains($0.key) }
      }
      waiting = names.reversed()
    } catch {
      report("the spool cannot be listed", [LogField("error", "\(error)")])
    }
    continueScan()
  }

  private func continueScan() {
    var files = 0
    var names = 0
    while files < Self.filesPerTurn, names < Self.namesPerTurn, let name = waiting.popLast() {
      names += 1
      if handOver(name, wasFoundByScan: true) { files += 1 }
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
  private func handOver(_ name: [UInt8], wasFoundByScan: Bool) -> Bool {
    guard !isPaused, SpoolName.isCandidate(name), let status = folders.incoming.status(of: name),
      handedOver[name] != Identity(status), !isInTheMaking(status, wasFoundByScan: wasFoundByScan),
      let content = read(name)
    else { return false }
    handedOver[name] = Identity(status)
    onFile(
      SpoolFile(
        name: name, content: content, changedAt: status.changed, wasFoundByScan: wasFoundByScan))
    return true
  }

  /// A second name is about to go when somebody delivers by link(2) and unlink(2); an empty file is
  /// about to be filled.
  private func isInTheMaking(_ status: FileStatus, wasFoundByScan: Bool) -> Bool {
    let isUnsettled = status.links > 1 || status.size == 0 && wasFoundByScan
    return status.kind == .regular && isUnsettled
      && Self.isFresh(status.changed, now: Clock.wall())
  }

  /// nil when there is nothing to hand over yet.
  private func read(_ name: [UInt8]) -> Result<[UInt8], FileRefusal>? {
    do throws(FileRefusal) {
      let content = try folders.incoming.readRegularFile(name, maximumBytes: maximumBytes)
      return .success(content.bytes)
    } catch {
      switch error {
      case .notRegular, .linked, .tooLarge: return .failure(error)
      // Its writer is at work; it comes again with the writer's close or the next look around.
      case .changedWhileRead, .vanished: return nil
      case .system(let reason):
        if reason.number == EACCES || reason.number == EPERM { return .failure(error) }
        // The machine's trouble, not the file's: it is tried again.
        report(
          "a file of the spool cannot be read now",
          [LogField("file", bytes: name), LogField("error", "\(reason)")])
        return nil
      }
    }
  }

  private func report(_ message: String, _ fields: [LogField]) {
    let now = Clock.monotonic()
    if let last = lastReports[message], now.since(last) < Self.problemInterval { return }
    lastReports[message] = now
    onProblem(message, fields)
  }
}
