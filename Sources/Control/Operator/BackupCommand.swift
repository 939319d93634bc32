import Configuration
import Domain
import JSON
import Platform
import Store

/// A checked copy of the database. Does not ask the daemon.
struct BackupCommand {
  let context: CommandContext

  /// `keep` goes with a folder: so many backups stay in it.
  func run(to place: String, keep: Int?) throws(CommandFailure) -> ExitCode {
    let database = try context.settings().store.path
    let folder = BackupFolder(place, of: database)
    if folder == nil, keep != nil || place.hasSuffix("/") {
      throw .control(ControlFailure(code: .refused, message: "there is no folder \(place)"))
    }
    let now = Clock.now().wall
    let leftovers = folder?.removeLeftovers(at: now) ?? []
    let backup: Backup
    do throws(StoreError) {
      backup = try Backup.make(of: database, at: folder?.file(at: now) ?? place)
    } catch {
      throw .control(ControlFailure(error, "no backup was made: "))
    }
    let old = try keep.map { number throws(CommandFailure) in
      try folder?.thinned(to: number, upTo: backup.path) ?? []
    }
    let removed = leftovers + (old ?? [])
    context.show(backup.document(removed), backup.text(of: database, removed))
    return .done
  }
}

extension BackupFolder {
  fileprivate func thinned(
    to number: Int, upTo newest: String
  ) throws(CommandFailure) -> [String] {
    do throws(SystemError) {
      return try removeAllBut(number, upTo: newest)
    } catch {
      throw .control(
        ControlFailure(
          code: .unreachable,
          message: "the backup was made, and an old one is not removed: \(error)"))
    }
  }
}

extension Backup {
  fileprivate func document(_ removed: [String]) -> JSONValue {
    [
      "ok": true, "path": .string(path), "bytes": .integer(bytes),
      "events": audit.map { .integer($0.events) } ?? .null,
      "orders": audit.map { .integer($0.orders) } ?? .null,
      "head": audit?.headDocument ?? .null, "removed": .array(removed.map { .string($0) }),
    ]
  }

  fileprivate func text(of database: String, _ removed: [String]) -> String {
    var lines = ["\(path): a whole copy of \(database)", "size    \(bytes) bytes"]
    lines += audit?.lines ?? ["of an older program: only the file as such was checked"]
    lines += removed.map { "removed \($0)" }
    return lines.map(ByteText.printable).joined(separator: "\n")
  }
}

/// What a backup and its restore tell of the history.
extension Audit {
  var headDocument: JSONValue {
    ["row": .integer(head.row), "hash": .string(head.hashText)]
  }

  var lines: [String] {
    ["events  \(events)", "orders  \(orders)", "head    row \(head.row), \(head.hashText)"]
  }
}

extension ControlFailure {
  /// `beginning` says what did not come to be.
  init(_ error: StoreError, _ beginning: String) {
    switch error {
    case .unusablePath(let text): self.init(code: .refused, message: beginning + text)
    case .heldByAnotherDaemon, .corrupt, .readOnly, .full, .moved, .ioFailure, .newerSchema,
      .misuse:
      self.init(code: .storageUnavailable, message: beginning + error.description)
    }
  }
}
