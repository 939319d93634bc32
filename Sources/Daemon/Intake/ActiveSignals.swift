package import Domain
import Intake
import Platform

/// The files that lie in `active` at a start, each with its signal. A file lies there only after a
/// database has had its signal.
package struct ActiveSignals {
  /// A file; `signal` is `nil` when it holds none, or cannot be read.
  package struct File {
    package let name: [UInt8]
    package let signal: Signal?

    func logAsChanged(since id: SignalID, to logger: Logger) {
      logger.log(
        .warning,
        "a file in active is not what it was when it was taken; its signal's story goes on, and the "
          + "file goes where that ends",
        [LogField("signal_id", id.text), LogField("file", bytes: name)])
    }

    func logAsStranger(to logger: Logger) {
      logger.log(
        .error, "a file in active belongs to no signal that the database knows; it is left alone",
        [
          LogField("file", bytes: name),
          LogField(
            "advice",
            "was the database replaced? look at the exchange before dropping the signal again"),
        ])
    }
  }

  package let files: [File]
  /// Those named like a report of doubt whose file is not there.
  let strays: [File]

  /// Throws when the folder cannot be listed.
  init(in spool: any Spool) throws(SystemError) {
    let names = try spool.listActive()
    files = names.files.map { Self.read($0, in: spool) }
    strays = names.strays.map { Self.read($0, in: spool) }
  }

  private static func read(_ name: [UInt8], in spool: any Spool) -> File {
    guard let bytes = try? spool.readActive(name) else { return File(name: name, signal: nil) }
    return File(
      name: name, signal: try? SignalReader.read(bytes, maximumBytes: bytes.count))
  }
}
