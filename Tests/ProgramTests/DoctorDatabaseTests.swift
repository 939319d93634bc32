import Glibc
import Store
import TestKit
import Testing

/// The doctor refuses what a start would refuse to trade on, and no more.
struct DoctorDatabaseTests {
  private func examined(_ prepare: (DaemonUnderTest) throws -> Void) throws -> DoctorRun {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    try prepare(daemon)
    let run = try DoctorRun(daemon)
    withExtendedLifetime(market) {}
    return run
  }

  private func make(_ daemon: DaemonUnderTest, _ sql: String) throws {
    try daemon.scratch.write("state.db", "")
    try RawDatabase(daemon.scratch("state.db")).execute(sql)
  }

  @Test func `another program's database`() throws {
    let run = try examined { daemon in try make(daemon, "CREATE TABLE song (name TEXT)") }
    #expect(run.failed == ["database"], "\(run.text)")
    let stage = try run.stage("database")
    #expect(stage.detail.contains("belongs to another program"))
    #expect(stage.advice.contains("set store.path to a file of its own"))
  }

  @Test(arguments: [true, false])
  func `a log whose database is gone or empty`(_ isEmpty: Bool) throws {
    let run = try examined { daemon in
      if isEmpty { try daemon.scratch.write("state.db", "") }
      try daemon.scratch.write("state.db-wal", "turns")
    }
    #expect(run.failed == ["database"], "\(run.text)")
    #expect(
      try run.stage("database").detail.contains("is gone but its write-ahead log is there"))
  }

  @Test func `an older program's database is brought up to date by a start`() throws {
    let run = try examined { daemon in
      try make(daemon, "PRAGMA application_id = \(0x4D58_7367); PRAGMA user_version = 1;")
    }
    #expect(run.failed == [], "\(run.text)")
    let stage = try run.stage("database")
    #expect(stage.detail.contains("older program") && stage.advice.contains("start the daemon"))
  }

  /// It sees what the daemon's user sees, which more rights of its own do not change.
  @Test(.enabled(if: geteuid() == 0))
  func `root is not sent to sudo`() throws {
    let run = try examined { daemon in
      let database = daemon.scratch("state.db")
      do { _ = try OrderStore(path: database) }
      try daemon.makeUnreadable(database)
      try #require(unsafe chown(daemon.scratch.path, 65_534, 65_534) == 0)
    }
    let stage = try run.stage("database")
    #expect(!stage.ok && stage.detail.contains("is not permitted for this user"), "\(run.text)")
    #expect(!stage.advice.contains("sudo"), "\(run.text)")
  }

  @Test func `an empty file is filled by a start`() throws {
    let run = try examined { daemon in try daemon.scratch.write("state.db", "") }
    #expect(run.failed == [], "\(run.text)")
  }
}
