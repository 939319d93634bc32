package import Domain
import JSON
package import Platform
import Store

/// The back-off that the exchange demands, kept where it lasts as long as the boot: it binds this machine's
/// address, and a daemon that starts with another database, as for another mode, must know of it. Daemons
/// with runtime directories of their own do not know of each other's.
package final class BackOffFile {
  private static let name = Array("exchange-back-off".utf8)
  private static let maximumBytes = 65_536

  private let folder: String
  /// Whose back-off it is; another service's is none.
  private let exchange: String
  private let logger: Logger

  package init(in folder: String, exchange: String, _ logger: Logger) {
    self.folder = folder
    self.exchange = exchange
    self.logger = logger
  }

  /// What lasts longer: the one that the database knows, or the one that was kept.
  package func longer(than known: BanRecord?, at now: Moment) -> BanRecord? {
    guard let kept = read(), let rest = kept.remaining(at: now) else { return known }
    return rest.wait > known?.remaining(at: now)?.wait ?? .zero ? kept : known
  }

  /// `nil` takes it away.
  package func keep(_ record: BanRecord?) {
    do throws(SystemError) {
      let directory = try Directory(path: folder)
      if isOfAnother(directory) { return }
      if let record {
        let content: JSONValue = ["exchange": .string(exchange), "back_off": record.json]
        try directory.writeWhole(
          Self.name, Array(content.compactText().utf8), mode: 0o600, durability: .none)
      } else if directory.contains(Self.name) {
        try directory.remove(Self.name)
      }
    } catch {
      logger.log(
        .warning, "a start with another database does not know the exchange's back-off: \(error)",
        [LogField("advice", "let the daemon's user write to \(folder)")])
    }
  }

  /// Another service's stays: its daemon writes its own.
  private func isOfAnother(_ directory: borrowing Directory) -> Bool {
    let content = try? directory.readRegularFile(Self.name, maximumBytes: Self.maximumBytes)
    let source = content.flatMap { try? JSONReader.read($0.bytes) }?["exchange"]?.stringValue
    return source.map { $0 != exchange } ?? false
  }

  private func read() -> BanRecord? {
    guard let directory = try? Directory(path: folder), directory.contains(Self.name) else {
      return nil
    }
    guard
      let content = try? directory.readRegularFile(Self.name, maximumBytes: Self.maximumBytes),
      let json = try? JSONReader.read(content.bytes), let source = json["exchange"]?.stringValue,
      let record = json["back_off"].flatMap({ BanRecord($0) })
    else {
      logger.log(
        .warning,
        "the file that keeps the exchange's back-off cannot be read, and is ignored; what the "
          + "database knows of a back-off counts",
        [
          LogField("file", directory.path(of: Self.name)),
          LogField("advice", "remove the file; it is written again when it is needed"),
        ])
      return nil
    }
    return source == exchange ? record : nil
  }
}
