import Domain
import Foundation
import JSON
import Store
import TestKit
import Testing

/// A backup that is made under load, and what comes of it when it is restored.
struct BackupTests {
  private static let first = (1...8).map { "first-\($0)" }
  private static let second = (1...8).map { "second-\($0)" }

  /// A daemon that died after it had gone on from its backup `copy.db`.
  private func daemonWithBackup(_ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest.trading(market)
    for id in Self.first { try daemon.drop(id + ".json", Wish(id).text) }
    let backup = try daemon.operate("backup", daemon.scratch("copy.db"))
    #expect(backup.status == 0, "\(backup.errors)")
    for id in Self.second { try daemon.drop(id + ".json", Wish(id).text) }
    for id in Self.first + Self.second {
      #expect(try daemon.waitForOutcome(id + ".json").code == "accepted")
    }
    return daemon
  }

  /// Made into text, the name would be another file's.
  @Test func `an argument that is not UTF-8 is wrong usage`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let configuration = try daemon.writeConfiguration()
    let folder = daemon.scratch("copies")
    try daemon.scratch.folder("copies")
    for program in try [BuiltProgram.control.path, BuiltProgram.daemon.path] {
      let script =
        "cd \"$2\" && exec \"$0\" --config \"$1\" backup \"$(printf 'caf\\351.db')\""
      let process = try ChildProcess("/bin/sh", ["-c", script, program, configuration, folder])
      #expect(try process.waitForEnd() == .exited(2))
      #expect(process.tail.contains("argument 4 'caf\\xe9.db' is not UTF-8"), "\(process.tail)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
  }

  /// The database may lie there, too, and takes no signal without room.
  @Test func `a copy that would leave no room is not begun`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let disk = try SmallDisk(daemon.scratch)
    #expect(try daemon.operate("backup", daemon.scratch("copy.db")).status == 0)
    let size = try FileManager.default.attributesOfItem(atPath: daemon.scratch("copy.db"))
    let bytes = try #require((size[.size] as? NSNumber)?.intValue)
    // The copy itself fits.
    try disk.fill(leaving: bytes + 65_536)
    let backup = try daemon.operate("backup", "--keep", "2", disk.path)
    #expect(backup.status == 1)
    #expect(backup.errors.contains("no backup was made: the disk is full"), "\(backup.errors)")
    #expect(backup.errors.contains("remove old backups there"), "\(backup.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["filler"])
    try disk.free()
    #expect(try daemon.operate("backup", "--keep", "2", disk.path).status == 0)
    #expect(try daemon.stop() == .exited(0))
    withExtendedLifetime(disk) {}
  }

  private func expectNoSecondOrder(_ market: SimulatedMarket, _ daemon: DaemonUnderTest) throws {
    for id in Self.first + Self.second { try daemon.drop("again-\(id).json", Wish(id).text) }
    for id in Self.first + Self.second {
      _ = try daemon.waitForOutcome("again-\(id).json")
      try daemon.waitForOrder(id, "filled")
    }
    let ledger = try market.ledger()
    #expect(ledger.placements == Self.first.count + Self.second.count)
    #expect(ledger.orders.count == ledger.placements)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
  }

  @Test func `no signal that left after the backup leaves again when it is restored`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemonWithBackup(market)
    let refused = try daemon.operate("restore", daemon.scratch("copy.db"))
    #expect(refused.status == 1)
    #expect(refused.errors.contains("the database is in use"), "\(refused.errors)")
    try daemon.kill9()
    let restored = try daemon.operate("restore", "--json", daemon.scratch("copy.db"))
    #expect(restored.status == 0, "\(restored.errors)")
    #expect(FileManager.default.fileExists(atPath: daemon.scratch("state.db.before-restore-1")))

    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.status()["careful_start"] == true)
    try expectNoSecondOrder(market, daemon)
    #expect(try daemon.operate("resume").output.contains("the careful start is over"))
    #expect(try daemon.submit(Wish("after").text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
    try daemon.stop()
    #expect(try daemon.operate("verify").status == 0)
  }

  @Test func `on a second machine no signal that left from the first leaves again`() throws {
    let market = try SimulatedMarket()
    let first = try daemonWithBackup(market)
    try first.kill9()
    let second = try DaemonUnderTest(market)
    let restored = try second.operate("restore", first.scratch("copy.db"))
    #expect(restored.status == 0, "\(restored.errors)")
    try second.start()
    try second.process.line(with: "level=warning", "careful start")
    try second.waitForTrading()
    #expect(try second.status()["careful_start"] == true)
    try expectNoSecondOrder(market, second)
    #expect(try second.operate("resume").status == 0)
    #expect(try second.status()["careful_start"] == false)
    try second.stop()
    #expect(try second.operate("verify").status == 0)
  }

  /// The database and what lies beside it.
  private func files(of daemon: DaemonUnderTest) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: daemon.scratch.path)
      .filter { $0.hasPrefix("state.db") }
  }

  @Test func `a restore that is killed at any moment leaves a whole database`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemonWithBackup(market)
    // What it knew stands partly in its log.
    try daemon.kill9()
    let library = daemon.scratch("kill-at-call.so")
    try PreloadedLibrary.compile("kill-at-call.c", to: library)
    let path = try daemon.writeConfiguration()
    let manager = FileManager.default
    try manager.createDirectory(atPath: daemon.scratch("former"), withIntermediateDirectories: true)
    for name in try files(of: daemon) {
      try manager.copyItem(atPath: daemon.scratch(name), toPath: daemon.scratch("former/" + name))
    }
    let former = try StoreReader(path: daemon.scratch("state.db")).head().row
    let backup = try StoreReader(path: daemon.scratch("copy.db")).head().row
    var heads: [Int64] = []
    for number in 1... {
      for name in try files(of: daemon) { try manager.removeItem(atPath: daemon.scratch(name)) }
      for name in try manager.contentsOfDirectory(atPath: daemon.scratch("former")) {
        try manager.copyItem(
          atPath: daemon.scratch("former/" + name), toPath: daemon.scratch(name))
      }
      let process = try ChildProcess(
        BuiltProgram.control.path, ["--config", path, "restore", daemon.scratch("copy.db")],
        environment: ["LD_PRELOAD": library, "KILL_AT": String(number)])
      let ending = try process.waitForEnd()
      let store = try OrderStore(path: daemon.scratch("state.db"))
      #expect(try store.reader.audit().isClean, "killed at call \(number)")
      heads.append(try store.head().row)
      if ending == .exited(0) { break }
      #expect(ending == .killed(SIGKILL), "\(process.tail)")
    }
    // The former one up to a moment, and the restored one from then on.
    #expect(Set(heads) == [former, backup + 1])
    #expect(heads == heads.sorted(by: >))
    #expect(heads.count > 20)
  }
}
