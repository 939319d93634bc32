import Domain
import Foundation
import Platform
import Store
import TestKit
import Testing

/// A user who may read the configuration, and not the database.
struct DatabaseRightsTests {
  @Test func `who may not read the database is told what to do`() throws {
    let daemon = try DaemonUnderTest(nil)
    let scratch = daemon.scratch
    let manager = FileManager.default
    let path = try scratch.write("config.json5", daemon.settings.text, mode: 0o644)
    // For everybody, so that nothing but the files stands in the way.
    try manager.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch.path)
    let database = scratch("state.db")
    let copy = scratch("copy.db")
    do { _ = try OrderStore(path: database) }
    _ = try Backup.make(of: database, at: copy)
    for file in [database, copy] { try daemon.makeUnreadable(file) }
    let rows: [(arguments: [String], file: String)] = [
      (["verify"], database), (["tail"], database), (["orders", "--follow"], database),
      (["orders"], database), (["report", "--output", scratch("report.html")], database),
      (["backup", scratch("other.db")], database), (["restore", copy], copy),
      (["adopt"], database),
    ]
    for (arguments, file) in rows {
      let run = try Stranger.run([BuiltProgram.control.path, "--config", path] + arguments)
      #expect(try run.waitForEnd() == .exited(1), "\(arguments)")
      try run.line(with: "reading \(file) is not permitted for this user; use sudo")
    }
  }
}
