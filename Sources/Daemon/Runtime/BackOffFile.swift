import Cryptography
package import Domain
import JSON
package import Platform
import Store

/// The back-off that the exchange demands, kept where it lasts as long as the boot: it binds this machine's
/// address, and a daemon that starts with another database, as for another mode, must know of it. Daemons
/// with runtime directories of their own do not know of each other's.
package final class BackOffFile {
  private static let maximumBytes = 65_536

  private let folder: String
  /// Of each service one.
  private let name: [UInt8]
  /// Whose back-off it is; another service's is none.
  private let exchange: String
  private let logger: Logger
  /// What this daemon kept last, or goes on from, as it is read; what else is found there is another's.
  private var own: BanRecord?

  package init(in folder: String, exchange: String, _ logger: Logger) {
    self.folder = folder
    self.exchange = exchange
    let digest = Hexadecimal.text(of: Array(Digest.sha256(Array(exchange.utf8)).prefix(4)))
    name = Array("exchange-back-off.\(digest)".utf8)
    self.logger = logger
  }

  /// What lasts longer: the one that the database knows, or the one that was kept, which is this daemon's
  /// to change and to end from then on.
  package func longer(than known: BanRecord?, at now: Moment) -> BanRecord? {
    let kept = read()
    own = kept
    guard let kept, let rest = kept.remaining(at: now) else { return known }
    return rest.wait > known?.remaining(at: now)?.wait ?? .zero ? kept : known
  }

  /// `nil` takes it away. What another daemon with the same folder has kept stays where it lasts longer.
  package func keep(_ record: BanRecord?, at now: Moment) {
    let wait = record?.remaining(at: now)?.wait ?? .zero
    if let kept = read(), kept != own, kept.remaining(at: now)?.wait ?? .zero > wait { return }
    do throws(SystemError) {
      let directory = try Directory(path: folder)
      if let record {
        let content: JSONValue = ["exchange": .string(exchange), "back_off": record.json]
        try directory.writeWhole(
          name, Array(content.compactText().utf8), mode: 0o600, durability: .none)
      } else if directory.contains(name) {
        try directory.remove(name)
      }
      // It is rounded when it is written.
      own = record.flatMap { BanRecord($0.json) }
    } catch {
      logger.log(
        .warning, "a start with another database does not know the exchange's back-off: \(error)",
        [LogField("advice", "let the daemon's user write to \(folder)")])
    }
  }

  private func read() -> BanRecord? {
    guard let directory = try? Directory(path: folder), directory.contains(name) else {
      return nil
    }
    guard
      let content = try? directory.readRegularFile(name, maximumBytes: Self.maximumBytes),
      let json = try? JSONReader.read(content.bytes), let source = json["exchange"]?.stringValue,
      let record = json["back_off"].flatMap({ BanRecord($0) })
    else {
      logger.log(
        .warning,
        "the file that keeps the exchange's back-off cannot be read, and is ignored; what the "
          + "database knows of a back-off counts",
        [
          LogField("file", directory.path(of: name)),
          LogField("advice", "remove the file; it is written again when it is needed"),
        ])
      return nil
    }
    return source == exchange ? record : nil
  }
}
