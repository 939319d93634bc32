import Domain
import Foundation
import JSON
import TestKit
import Testing

/// Where the spool lies: files are moved by renaming, which no file system does across its border.
struct MachineFaultSpoolTests {
  /// A folder in the machine's shared memory, which is a file system of its own.
  private final class SharedMemory {
    let path: String

    init(_ scratch: Scratch) throws {
      path = "/dev/shm/" + (scratch.path as NSString).lastPathComponent
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      #expect(try Self.device(path) != Self.device(scratch.path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private static func device(_ path: String) throws -> Int? {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      return (attributes[.systemNumber] as? NSNumber)?.intValue
    }
  }

  @Test func `a spool on another file system than the database`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let memory = try SharedMemory(daemon.scratch)
    let spool = memory.path + "/spool"
    daemon.settings["intake.directory"] = .string(spool)
    daemon.spoolPath = spool
    try daemon.start()
    try daemon.drop("filled.json", Wish("filled").text)
    #expect(try daemon.waitForOutcome("filled.json").status == "filled")
    try daemon.drop("bad.json", "{}")
    #expect(try daemon.waitForOutcome("bad.json").folder == "rejected")
    try daemon.drop("resting.json", Wish.resting("resting").text)
    try daemon.waitForOrder("resting", "open")
    #expect(try daemon.names(in: "active") == ["resting.json"])
    try daemon.kill9()
    try daemon.start()
    try daemon.waitForTrading()
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("resting.json").status == "filled")
    #expect(try market.ledger().placements == 2)
    #expect(try daemon.stop() == .exited(0))
    // A machine that boots has forgotten its shared memory: what was remembered is not placed again.
    try FileManager.default.removeItem(atPath: spool)
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.drop("filled.json", Wish("filled").text)
    let again = try daemon.waitForOutcome("filled.json")
    #expect(again.code == "duplicate")
    #expect(again.folder == "done")
    #expect(try market.ledger().placements == 2)
    #expect(try daemon.stop() == .exited(0))
    withExtendedLifetime(memory) {}
  }

  /// Told before a signal is taken: later every order's file would be stuck.
  @Test(arguments: ["active", "done", "rejected"])
  func `a link in place of a folder is refused at the start`(_ folder: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let memory = try SharedMemory(daemon.scratch)
    try FileManager.default.createDirectory(
      atPath: daemon.spool("incoming"), withIntermediateDirectories: true)
    try daemon.drop("waits.json", Wish("waits").text)
    try FileManager.default.createSymbolicLink(
      atPath: daemon.spool(folder), withDestinationPath: memory.path)
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    try daemon.process.line(
      with: "intake.directory: \(daemon.spool(folder)) is a symbolic link, which is not followed")
    #expect(try daemon.names(in: "incoming") == ["waits.json"])
    try FileManager.default.removeItem(atPath: daemon.spool(folder))
    try expectGoingOn(daemon, market)
    withExtendedLifetime(memory) {}
  }

  /// Where mounting is not allowed, nobody can have made such a folder, and the daemon starts.
  @Test(arguments: ["active", "done", "rejected"])
  func `a folder on a mount of its own is refused at the start`(_ folder: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    for name in ["incoming", folder] {
      try FileManager.default.createDirectory(
        atPath: daemon.spool(name), withIntermediateDirectories: true)
    }
    try daemon.drop("waits.json", Wish("waits").text)
    let path = daemon.spool(folder)
    // The same file system, mounted a second time: renaming stops at the mount all the same.
    let mount = try ChildProcess("/bin/mount", ["--bind", path, path])
    if try mount.waitForEnd() == .exited(0) {
      defer { _ = try? ChildProcess("/bin/umount", ["-l", path]).waitForEnd() }
      try expectRefusal(daemon, folder)
    }
    try expectGoingOn(daemon, market)
  }

  /// The folder that is dropped into is no exception.
  @Test func `an incoming on a mount of its own is refused at the start`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let path = daemon.spool("incoming")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try daemon.drop("waits.json", Wish("waits").text)
    let mount = try ChildProcess("/bin/mount", ["--bind", path, path])
    if try mount.waitForEnd() == .exited(0) {
      defer { _ = try? ChildProcess("/bin/umount", ["-l", path]).waitForEnd() }
      try expectRefusal(daemon, "active")
      for name in ["active", "done", "rejected"] {
        try FileManager.default.createDirectory(
          atPath: daemon.spool(name), withIntermediateDirectories: false)
      }
      try expectRefusal(daemon, "active")
    }
    try expectGoingOn(daemon, market)
  }

  /// No file is taken whose outcome would lie where nobody looks for it; other signals go on.
  @Test func `a folder that is mounted over meanwhile`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("before.json", Wish("before").text)
    #expect(try daemon.waitForOutcome("before.json").status == "filled")
    let mount = try ChildProcess(
      "/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", daemon.spool("done")])
    if try mount.waitForEnd() == .exited(0) {
      defer { _ = try? ChildProcess("/bin/umount", ["-l", daemon.spool("done")]).waitForEnd() }
      let line = try daemon.process.line(with: "level=error", "the spool cannot be opened")
      #expect(line.contains("no file is taken until it can"), "\(line)")
      #expect(line.contains("must be on one mount"), "\(line)")
      let shown = try daemon.operate("status")
      #expect(shown.status == 1)
      #expect(shown.output.contains("problem: no file is taken"), "\(shown.output)")
      try daemon.drop("waits.json", Wish("waits").text)
      // Longer than it takes to look around.
      try market.faults(
        """
        {"route": "GET /api/v3/ticker/price", "fault": "error_before", "status": 503}
        """)
      let hasty = Wish(
        "hasty", ["symbol": "ETHUSDT", "price": "3200", "quantity": "0.01", "ttl_seconds": 3])
      #expect(try daemon.submit(hasty.text)["code"] == "accepted")
      try daemon.process.line(with: "denied:", "signal_id=hasty")
      try market.faults()
      #expect(try daemon.names(in: "incoming") == ["waits.json"])
    } else {
      try daemon.drop("waits.json", Wish("waits").text)
    }
    let outcome = try daemon.waitForOutcome("waits.json")
    #expect(outcome.status == "filled")
    #expect(outcome.folder == "done")
    #expect(try daemon.names(in: "done").contains("before.json"))
    #expect(daemon.lives.count == 1)
  }

  /// A start would fail for ever: what looks at the configuration alone says so, too.
  private func expectRefusal(_ daemon: DaemonUnderTest, _ folder: String) throws {
    let words =
      "\(daemon.spool("incoming")) and \(daemon.spool(folder)) would be on different mounts"
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    try daemon.process.line(with: "intake.directory: " + words)
    let check = try ChildProcess(
      BuiltProgram.daemon.path, ["--config", daemon.writeConfiguration(), "--check-config"])
    #expect(try check.waitForEnd() == .exited(78))
    #expect(check.tail.contains(words), "\(check.tail)")
    let doctor = try DoctorRun(daemon)
    #expect(doctor.failed.contains("spool"), "\(doctor.text)")
    #expect(try daemon.names(in: "incoming") == ["waits.json"])
  }

  private func expectGoingOn(_ daemon: DaemonUnderTest, _ market: SimulatedMarket) throws {
    try daemon.start()
    #expect(try daemon.waitForOutcome("waits.json").status == "filled")
    #expect(try market.ledger().placements == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  @Test(arguments: ["linked", "edited"])
  func `a file in active that somebody has changed goes where its story ends`(how: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("resting.json", Wish.resting("resting").text)
    try daemon.waitForOrder("resting", "open")
    try daemon.kill9()
    let path = daemon.spool("active/resting.json")
    if how == "linked" {
      try FileManager.default.linkItem(atPath: path, toPath: daemon.scratch("copy.json"))
    } else {
      try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    }
    try daemon.start()
    try daemon.waitForTrading()
    if how == "edited" {
      try daemon.process.line(with: "level=warning", "is not what it was", "resting.json")
    }
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("resting.json").status == "filled")
    #expect(try daemon.names(in: "active") == [])
    #expect(!daemon.journal.contains { $0.contains("belongs to no signal") })
  }

  @Test func `a file that is gone from active is told of`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("resting.json", Wish.resting("resting").text)
    try daemon.waitForOrder("resting", "open")
    try FileManager.default.removeItem(atPath: daemon.spool("active/resting.json"))
    try market.price("BTCUSDT", "63900")
    try daemon.process.line(with: "level=warning", "not in active any more", "signal_id=resting")
    try daemon.waitForOrder("resting", "filled")
  }
}
