import Configuration
import Doctor
import Domain
import JSON
import Platform
import Store

/// A backup that takes the place of the database. Only while no daemon runs.
struct RestoreCommand {
  let context: CommandContext

  func run(_ file: String) throws(CommandFailure) -> ExitCode {
    let configuration = try context.settings()
    let outcome: Restoration.Outcome
    do throws(StoreError) {
      let restoration = try Restoration(of: file, to: configuration.store.path)
      // What root made beside the database, the daemon's user could not open.
      DaemonUser(configuration).become()
      outcome = try restoration.run(
        for: DatabaseOwnership(
          configuration, from: context.configurationPath, of: file, keyDigest: nil),
        at: Clock.now().wall)
    } catch {
      throw .control(ControlFailure(error, "the restore failed: "))
    }
    context.show(
      outcome.document(file, configuration.store.path),
      outcome.text(file, configuration.store.path))
    return .done
  }
}

extension Restoration.Outcome {
  private static let consequence =
    "the next start is a careful one: every signal is looked for at the exchange before it may "
    + "leave, and what waited when the backup was made is not sent; compare the orders with the "
    + "exchange's, then 'mexc-signalctl resume'"

  fileprivate func document(_ file: String, _ database: String) -> JSONValue {
    [
      "ok": true, "message": .string("\(database) was restored from \(file); " + Self.consequence),
      "events": .integer(audit.events), "orders": .integer(audit.orders),
      "head": audit.headDocument, "kept": .text(kept), "halted": .text(halt?.reason),
      "former_unread": .text(unread),
    ]
  }

  fileprivate func text(_ file: String, _ database: String) -> String {
    var lines = ["\(database) was restored from \(file)"] + audit.lines
    if let kept { lines.append("kept    \(kept), the former database") }
    if let halt { lines.append("halted  \(halt.reason)") }
    if let unread {
      lines.append(
        "unread  the former database (\(unread)): if it was halted, that does not hold on, nor does a "
          + "back-off that the exchange demands; 'mexc-signalctl halt' once the daemon runs")
    }
    return (lines + [Self.consequence]).map(ByteText.printable).joined(separator: "\n")
  }
}
