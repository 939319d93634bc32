import Daemon
import Domain
import Glibc
import Intake
import Matching
import Platform

/// The spool's folders in memory: names and contents that a power cut takes back until they are
/// synced, events that get lost or come twice, and a look around every second.
final class SimulatedSpool {
  enum Folder: Hashable {
    case incoming, active, done, rejected
  }

  final class File {
    let token: Int
    var content: [UInt8]
    var isSynced: Bool
    let changedAt: WallTime
    /// The signal that was put in; `nil` for a file that is none.
    let signalID: SignalID?

    init(
      token: Int, content: [UInt8], signalID: SignalID?, isSynced: Bool, changedAt: WallTime
    ) {
      self.signalID = signalID
      self.token = token
      self.content = content
      self.isSynced = isSynced
      self.changedAt = changedAt
    }
  }

  struct Place: Hashable {
    let folder: Folder
    let name: String
  }

  private enum Change {
    case add(Place, File)
    case move(Place, Place)
  }

  private(set) var files: [Place: File] = [:]
  /// What stands beside files in `active` whose order is in doubt, by the file's name.
  var statuses: [String: [UInt8]] = [:]
  private var durable: [Place: File] = [:]
  private var unsynced: [Change] = []
  private let world: World
  private var nextToken = 1

  init(_ world: World) {
    self.world = world
  }

  func names(in folder: Folder) -> [String] {
    files.keys.filter { $0.folder == folder }.map(\.name).sorted()
  }

  func file(_ place: Place) -> File? { files[place] }

  // MARK: The producer's side

  /// Writes a file and renames it into `incoming`. Returns the file's token; `nil` when the name is
  /// taken.
  func deliver(
    _ name: String, _ content: [UInt8], of signalID: SignalID?, isSynced: Bool
  ) -> Int? {
    let place = Place(folder: .incoming, name: name)
    guard files[place] == nil else { return nil }
    let file = File(
      token: nextToken, content: content, signalID: signalID, isSynced: isSynced,
      changedAt: world.machineNow.wall)
    nextToken += 1
    record(.add(place, file))
    if isSynced { sync() }
    return file.token
  }

  // MARK: Moves

  func move(_ source: Place, to folder: Folder) throws(SpoolError) -> String {
    guard files[source] != nil else { throw .vanished }
    if world.happens(.moveFails) {
      throw .blocked(SystemError("renameat2", source.name, number: ENOSPC))
    }
    var name = source.name
    var number = 1
    while files[Place(folder: folder, name: name)] != nil {
      number += 1
      name = "\(source.name).\(number)"
    }
    record(.move(source, Place(folder: folder, name: name)))
    return name
  }

  private func record(_ change: Change) {
    unsynced.append(change)
    Self.apply(change, to: &files)
  }

  private static func apply(_ change: Change, to files: inout [Place: File]) {
    switch change {
    case .add(let place, let file): files[place] = file
    case .move(let from, let to):
      guard let file = files.removeValue(forKey: from) else { return }
      files[to] = file
    }
  }

  /// The folders, as a journal keeps them: all changes up to now.
  func sync() {
    for change in unsynced { Self.apply(change, to: &durable) }
    unsynced = []
  }

  /// A journalling file system keeps a beginning of the unsynced changes, and of unsynced contents
  /// often nothing but the length 0. Returns the tokens of files that are gone or empty.
  func losePower(_ draw: inout SplitMix64) -> [Int] {
    let before = files
    let kept = draw.below(unsynced.count + 1)
    for change in unsynced.prefix(kept) { Self.apply(change, to: &durable) }
    unsynced = []
    files = durable
    var hurt: [Int] = []
    let present = Set(files.values.map(\.token))
    for (_, file) in before where !present.contains(file.token) { hurt.append(file.token) }
    for place in files.keys.sorted(by: { $0.name < $1.name }) {
      guard let file = files[place], !file.isSynced else { continue }
      if draw.chance(2, in: 3) {
        file.content = []
        hurt.append(file.token)
      }
      file.isSynced = true
    }
    return hurt.sorted()
  }
}

/// The spool as one process sees it.
final class SpoolView: Spool {
  private let spool: SimulatedSpool
  private let world: World
  private let process: SimulatedProcess
  private let onFile: (SpoolFile) -> Void
  private var isPaused = true
  private var isClosed = false
  /// Tokens handed over and still in `incoming`, by name.
  private var handedOver: [String: Int] = [:]
  private var unfinished = UnfinishedFiles(quietTime: .seconds(5))

  /// As the real one.
  private static let scanInterval = second
  private static let filesPerScan = 64

  init(
    _ spool: SimulatedSpool, _ world: World, _ process: SimulatedProcess,
    onFile: @escaping (SpoolFile) -> Void
  ) {
    self.spool = spool
    self.world = world
    self.process = process
    self.onFile = onFile
    tick()
  }

  private func tick() {
    world.plan(in: Self.scanInterval) { [weak self] in
      guard let self, !self.isClosed, self.process.isAlive else { return }
      self.spool.sync()
      self.scan()
      self.tick()
    }
  }

  private func scan() {
    let names = spool.names(in: .incoming)
    unfinished.keepOnly(Set(names.map { Array($0.utf8) }))
    for name in names.prefix(Self.filesPerScan) { look(name, .lookedAround) }
  }

  /// An event of the folder's watch.
  func appeared(_ name: String) {
    unfinished.wasMovedIn(Array(name.utf8))
    look(name, .movedIn)
  }

  private func look(_ name: String, _ finding: SpoolFile.Finding) {
    guard !isPaused, process.isAlive,
      let file = spool.file(.init(folder: .incoming, name: name)), handedOver[name] != file.token
    else { return }
    let bytes = Array(name.utf8)
    let now = world.machineNow.wall
    let age = now.since(file.changedAt)
    if unfinished.isInTheMaking(bytes, isEmpty: file.content.isEmpty, age: age) { return }
    handedOver[name] = file.token
    if process.plant == .moveBeforeCommit {
      // The file is gone from the mailbox before anything remembers it.
      _ = try? spool.move(.init(folder: .incoming, name: name), to: .done)
      spool.sync()
    }
    onFile(
      SpoolFile(
        name: bytes, content: .success(file.content),
        arrivedAt: process.plant == .fileIsFresh ? now : file.changedAt, age: age,
        finding: finding))
  }

  // MARK: As the gateway uses it

  /// Its folders stay where they are.
  var failure: SystemError? { nil }
  var hasMore: Bool { false }

  func resume() {
    guard isPaused else { return }
    isPaused = false
    world.plan(in: 0) { [weak self] in
      guard let self, !self.isClosed, self.process.isAlive else { return }
      self.scan()
    }
  }

  func pause() { isPaused = true }

  func close() {
    isPaused = true
    isClosed = true
  }

  func forget(_ name: [UInt8]) { handedOver[String(decoding: name, as: UTF8.self)] = nil }

  func leaveUnfinished(_ file: SpoolFile, breaksOff: Bool) -> Bool {
    guard unfinished.mayBecomeASignal(file, breaksOff: breaksOff) else { return false }
    forget(file.name)
    return true
  }

  func claim(_ file: TakenFile) throws(SpoolError) -> [UInt8] {
    let text = String(decoding: file.name, as: UTF8.self)
    guard process.survives(.beforeMove) else { throw .vanished }
    let place = SimulatedSpool.Place(folder: .incoming, name: text)
    process.oracle.filesMoves(spool.file(place), to: .active)
    let newName = try spool.move(place, to: .active)
    handedOver[text] = nil
    world.note("claimed", text)
    guard process.survives(.afterMove) else { throw .vanished }
    return Array(newName.utf8)
  }

  func finish(
    _ moves: [SpoolMove], replacing replaces: ([UInt8], [UInt8]) -> Bool
  ) -> [Result<[UInt8], SpoolError>] {
    moves.map { move in
      Result { () throws(SpoolError) in try finish(move) }
    }
  }

  private func finish(_ move: SpoolMove) throws(SpoolError) -> [UInt8] {
    let text = String(decoding: move.file.name, as: UTF8.self)
    guard process.survives(.beforeMove) else { throw .vanished }
    let source = SimulatedSpool.Place(
      folder: move.place == .incoming ? .incoming : .active, name: text)
    let target: SimulatedSpool.Folder = move.outcome == .done ? .done : .rejected
    process.oracle.filesMoves(spool.file(source), to: target)
    let newName = try spool.move(source, to: target)
    if move.place == .incoming { handedOver[text] = nil }
    world.note("finished", text, target == .done ? "done" : "rejected")
    guard process.survives(.afterMove) else { throw .vanished }
    return Array(newName.utf8)
  }

  func amend(
    _ name: [UInt8], in outcome: SpoolOutcome, report: [UInt8], where isMeant: ([UInt8]) -> Bool
  ) throws(SystemError) -> Bool {
    guard process.survives(.beforeMove) else { return false }
    world.note("amended", String(decoding: name, as: UTF8.self))
    return process.survives(.afterMove)
  }

  func writeStatus(_ name: [UInt8], _ report: [UInt8]) throws(SystemError) {
    let text = String(decoding: name, as: UTF8.self)
    guard process.survives(.beforeMove) else { return }
    if world.happens(.moveFails) { throw SystemError("renameat", text, number: ENOSPC) }
    spool.statuses[text] = report
    world.note("doubt", text)
    _ = process.survives(.afterMove)
  }

  func removeStatus(_ name: [UInt8]) throws(SystemError) {
    let text = String(decoding: name, as: UTF8.self)
    guard process.survives(.beforeMove), spool.statuses[text] != nil else { return }
    if world.happens(.moveFails) { throw SystemError("unlinkat", text, number: EROFS) }
    spool.statuses[text] = nil
    world.note("doubt is over", text)
    _ = process.survives(.afterMove)
  }

  func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) {
    let names = spool.names(in: .active)
    let strays = Set(spool.statuses.keys).subtracting(names).sorted()
    return (names.map { Array($0.utf8) }, strays.map { SpoolName.status(of: Array($0.utf8)) })
  }

  func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] {
    let text = String(decoding: name, as: UTF8.self)
    guard let file = spool.file(.init(folder: .active, name: text)) else { throw .vanished }
    return file.content
  }

  /// Only reports of doubt are removed: a file without one makes the simulation stop.
  func removeActive(_ name: [UInt8]) throws(SystemError) {
    for text in spool.statuses.keys where SpoolName.status(of: Array(text.utf8)) == name {
      spool.statuses[text] = nil
    }
  }
}
