import Domain
import Foundation
import Glibc

/// What a producer does with the daemon's spool, and what it finds there.
extension DaemonUnderTest {
  struct SpoolOutcome {
    /// `done` or `rejected`.
    let folder: String
    let report: JSONValue

    var code: String? { report["code"]?.stringValue }
    var status: String? { report["status"]?.stringValue }
  }

  func spool(_ path: String) -> String { scratch("spool/" + path) }

  /// Writes a file beside the others and renames it in.
  func drop(_ name: String, _ text: String) throws { try drop(name, Array(text.utf8)) }

  func drop(_ name: String, _ bytes: [UInt8]) throws {
    let staged = spool("incoming/." + name + ".tmp")
    guard FileManager.default.createFile(atPath: staged, contents: Data(bytes)),
      unsafe rename(staged, spool("incoming/" + name)) == 0
    else { throw Unusable("cannot drop \(name): errno \(errno)") }
  }

  /// What came of a file; nil while it has not arrived.
  func outcome(_ name: String) throws -> SpoolOutcome? {
    let manager = FileManager.default
    for (folder, suffix) in [("done", ".result.json"), ("rejected", ".reason.json")] {
      guard manager.fileExists(atPath: spool("\(folder)/\(name)")),
        let report = manager.contents(atPath: spool("\(folder)/\(name)\(suffix)"))
      else { continue }
      return SpoolOutcome(folder: folder, report: try JSONReader.read(Array(report)))
    }
    return nil
  }

  func waitForOutcome(_ name: String) throws -> SpoolOutcome {
    try until("an outcome of \(name)") { try outcome(name) }
  }

  func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: spool(folder)).sorted()
  }
}
