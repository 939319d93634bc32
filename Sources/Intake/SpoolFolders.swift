import Glibc
import Platform

/// The four folders on disk, and the moves between them. A move never overwrites anything.
struct SpoolFolders {
  let incoming: Directory
  let active: Directory
  let done: Directory
  let rejected: Directory

  /// Reports are for the same group as the folders they lie in.
  private static let reportMode: UInt32 = 0o640

  /// Makes what is missing; what is there keeps its owner and mode. Producers write to `incoming`
  /// as members of the folder's group. Fails when a file could not be moved from one to the other.
  init(path: String) throws(SystemError) {
    try Directory.make(path, mode: 0o755)
    incoming = try Directory(making: path + "/incoming", mode: 0o770)
    active = try Directory(making: path + "/active", mode: 0o750)
    done = try Directory(making: path + "/done", mode: 0o750)
    rejected = try Directory(making: path + "/rejected", mode: 0o750)
    for target in [active, done, rejected] where !incoming.canRename(to: target) {
      throw SystemError(
        "rename", "\(incoming.path) to \(target.path), which must be in one file system with it",
        number: EXDEV)
    }
  }

  var areInPlace: Bool {
    [incoming, active, done, rejected].allSatisfy(\.isInPlace)
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

  /// Moves a file to `active`, and says under which name.
  func claim(_ name: [UInt8]) throws(SpoolError) -> [UInt8] {
    try move(name, from: incoming, to: active) { !active.contains($0) }
  }

  /// Writes the report, then moves the file beside it: a file that has arrived has its report. A
  /// report that a crash left without its file is recognised by its content and taken up again.
  func finish(
    _ name: [UInt8], from place: SpoolPlace, to outcome: SpoolOutcome, report: [UInt8]
  ) throws(SpoolError) -> [UInt8] {
    let target = at(outcome)
    guard at(place).contains(name) else { throw .vanished }
    let reportName = { SpoolName.fitting($0, suffix: outcome.reportSuffix) }
    return try move(name, from: at(place), to: target) { candidate in
      !target.contains(candidate) && Self.isFree(reportName(candidate), for: report, in: target)
    } beforehand: { candidate throws(SystemError) in
      try target.writeWhole(
        reportName(candidate), report, mode: Self.reportMode, syncingDirectory: false)
    }
  }

  private static func isFree(
    _ name: [UInt8], for report: [UInt8], in folder: Directory
  ) -> Bool {
    guard folder.contains(name) else { return true }
    do throws(FileRefusal) {
      return try folder.readRegularFile(name, maximumBytes: report.count).bytes == report
    } catch {
      return false
    }
  }

  private func move(
    _ name: [UInt8], from source: Directory, to target: Directory,
    isFree: ([UInt8]) -> Bool,
    beforehand: ([UInt8]) throws(SystemError) -> Void = { _ in }
  ) throws(SpoolError) -> [UInt8] {
    while true {
      let free = Self.firstFree { isFree(SpoolName.numbered(name, $0)) }
      let candidate = SpoolName.numbered(name, free)
      do throws(SystemError) {
        try beforehand(candidate)
        try source.rename(name, to: target, as: candidate)
        return candidate
      } catch {
        switch error.number {
        // Somebody took the name just now.
        case EEXIST: continue
        case ENOENT where !source.contains(name): throw .vanished
        default: throw .blocked(error)
        }
      }
    }
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
