import Configuration
import Domain
import JSON
import Platform
import Store

/// A checked copy of the database, and its way back. Neither asks the daemon.
extension Operator {
  /// `keep` goes with a folder: so many backups stay in it.
  func backup(to place: String, keep: Int?) throws(Failure) -> ExitCode {
    let database = (try configuration() ?? Configuration()).store.path
    let folder = BackupFolder(place, of: database)
    if folder == nil, keep != nil || place.hasSuffix("/") {
      throw .control(ControlFailure(code: .refused, message: "there is no folder \(place)"))
    }
    let backup: Backup
    do throws(StoreError) {
      backup = try Backup.make(of: database, at: folder?.file(at: Clock.now().wall) ?? place)
    } catch {
      throw .control(Self.failure(error, "no backup was made: "))
    }
    let removed = try keep.map { number throws(Failure) in try folder?.thinned(to: number) ?? [] }
    terminal.output(
      options.json
        ? backup.document(removed ?? []).compactText() : backup.text(of: database, removed ?? []))
    return .done
  }

  func restore(_ file: String) throws(Failure) -> ExitCode {
    let path = options.configurationPath ?? Configuration.standardPath
    let configuration = try configuration() ?? Configuration()
    let outcome: Restoration.Outcome
    do throws(StoreError) {
      let restoration = try Restoration(of: file, to: configuration.store.path)
      // What root made beside the database, the daemon's user could not open.
      DaemonUser(configuration).become()
      outcome = try restoration.run(
        for: DatabaseOwnership(
          venue: Configuration.venue, mode: configuration.tradingMode,
          account: configuration.exchange.account, path: file,
          statement: "mexc-signalctl --config \(path) adopt", keyDigest: nil),
        at: Clock.now().wall)
    } catch {
      throw .control(Self.failure(error, "the restore failed: "))
    }
    terminal.output(
      options.json
        ? outcome.document(file, configuration.store.path).compactText()
        : outcome.text(file, configuration.store.path))
    return .done
  }

  private static func failure(_ error: StoreError, _ beginning: String) -> ControlFailure {
    switch error {
    case .unusablePath(let text): ControlFailure(code: .refused, message: beginning + text)
    case .heldByAnotherDaemon, .corrupt, .readOnly, .full, .ioFailure, .newerSchema, .misuse:
      ControlFailure(code: .storageUnavailable, message: beginning + error.description)
    }
  }
}

extension BackupFolder {
  fileprivate func thinned(to number: Int) throws(Operator.Failure) -> [String] {
    do throws(SystemError) {
      return try removeAllBut(number)
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

extension Restoration.Outcome {
  private static let consequence =
    "the next start is a careful one: every signal is looked for at the exchange before it may "
    + "leave; compare the orders with the exchange's, then 'mexc-signalctl resume'"

  fileprivate func document(_ file: String, _ database: String) -> JSONValue {
    [
      "ok": true, "message": .string("\(database) was restored from \(file); " + Self.consequence),
      "events": .integer(audit.events), "orders": .integer(audit.orders),
      "head": audit.headDocument, "kept": .text(kept), "halted": .text(halt?.reason),
    ]
  }

  fileprivate func text(_ file: String, _ database: String) -> String {
    var lines = ["\(database) was restored from \(file)"] + audit.lines
    if let kept { lines.append("kept    \(kept), the former database") }
    if let halt { lines.append("halted  \(halt.reason)") }
    return (lines + [Self.consequence]).map(ByteText.printable).joined(separator: "\n")
  }
}

extension Audit {
  fileprivate var headDocument: JSONValue {
    ["row": .integer(head.row), "hash": .string(head.hashText)]
  }

  fileprivate var lines: [String] {
    ["events  \(events)", "orders  \(orders)", "head    row \(head.row), \(head.hashText)"]
  }
}
