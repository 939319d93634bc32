import Daemon
import Domain
import Glibc
import Intake
import Platform
import SimulatedExchange

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
  private var movesOn = false

  /// As the real one: a look around every second, and a file that nobody was told to be finished is
  /// left alone for five.
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
    for name in spool.names(in: .incoming).prefix(Self.filesPerScan) { look(name, byScan: true) }
  }

  /// An event of the folder's watch.
  func appeared(_ name: String) { look(name, byScan: false) }

  private func look(_ name: String, byScan: Bool) {
    guard !isPaused, process.isAlive,
      let file = spool.file(.init(folder: .incoming, name: name)), handedOver[name] != file.token
    else { return }
    if byScan && file.content.isEmpty && isFresh(file.changedAt, world.machineNow.wall) { return }
    handedOver[name] = file.token
    if process.plant == .moveBeforeCommit {
      // The file is gone from the mailbox before anything remembers it.
      _ = try? spool.move(.init(folder: .incoming, name: name), to: .done)
      spool.sync()
    }
    onFile(
      SpoolFile(
        name: Array(name.utf8), content: .success(file.content), changedAt: file.changedAt,
        wasFoundByScan: byScan))
  }

  // MARK: As the desk uses it

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

  func deferIfFresh(_ file: SpoolFile, now: WallTime) -> Bool {
    guard file.wasFoundByScan, isFresh(file.changedAt, now) else { return false }
    forget(file.name)
    return true
  }

  private func isFresh(_ changed: WallTime, _ now: WallTime) -> Bool {
    let age = now.since(changed)
    return age < SpoolDirectory.settlingTime && age > .zero - SpoolDirectory.settlingTime
  }

  func claim(_ name: [UInt8]) throws(SpoolError) -> [UInt8] {
    let text = String(decoding: name, as: UTF8.self)
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
    _ name: [UInt8], from place: SpoolPlace, to outcome: SpoolOutcome, report: [UInt8]
  ) throws(SpoolError) -> [UInt8] {
    let text = String(decoding: name, as: UTF8.self)
    guard process.survives(.beforeMove) else { throw .vanished }
    let source = SimulatedSpool.Place(
      folder: place == .incoming ? .incoming : .active, name: text)
    let target: SimulatedSpool.Folder = outcome == .done ? .done : .rejected
    process.oracle.filesMoves(spool.file(source), to: target)
    let newName = try spool.move(source, to: target)
    if place == .incoming { handedOver[text] = nil }
    world.note("finished", text, target == .done ? "done" : "rejected")
    guard process.survives(.afterMove) else { throw .vanished }
    return Array(newName.utf8)
  }

  func listActive() throws(SystemError) -> [[UInt8]] {
    spool.names(in: .active).map { Array($0.utf8) }
  }

  func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] {
    let text = String(decoding: name, as: UTF8.self)
    guard let file = spool.file(.init(folder: .active, name: text)) else { throw .vanished }
    return file.content
  }
}
