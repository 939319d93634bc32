import Domain
import Foundation
import Glibc
import Testing

/// No room on the disk: said clearly, nothing taken that cannot be kept, and everything goes on when
/// there is room again.
@Suite(.serialized)
struct FullDiskTests {
  /// A file system of a few megabytes: one of its own where that may be mounted, else the shared
  /// memory of a container, which is as small.
  private final class SmallDisk {
    let path: String
    private let isMounted: Bool
    private static let sharedMaximum: UInt64 = 256 << 20

    init(_ scratch: Scratch) throws {
      let own = scratch("disk")
      try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
      let mount = try ChildProcess(
        "/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", own])
      isMounted = try mount.waitForEnd() == .exited(0)
      if isMounted {
        path = own
        return
      }
      path = "/dev/shm/" + (scratch.path as NSString).lastPathComponent
      let room = try FileManager.default.attributesOfFileSystem(forPath: "/dev/shm")
      guard let size = room[.systemSize] as? NSNumber, size.uint64Value <= Self.sharedMaximum else {
        throw Unusable("a small file system is needed: let the tests mount a tmpfs")
      }
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
      if isMounted {
        _ = try? ChildProcess("/bin/umount", ["-l", path]).waitForEnd()
      } else {
        try? FileManager.default.removeItem(atPath: path)
      }
    }

    private var filler: String { path + "/filler" }

    /// Takes all the room there is.
    func fill() throws {
      let number = unsafe open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard number >= 0 else { throw Unusable("open: errno \(errno)") }
      defer { close(number) }
      let block = [UInt8](repeating: 1, count: 4_096)
      while unsafe write(number, block, block.count) > 0 {}
      guard errno == ENOSPC else { throw Unusable("fill: errno \(errno)") }
    }

    func free() throws { try FileManager.default.removeItem(atPath: filler) }
  }

  @Test
  func everythingWaitsForRoomAndGoesOn() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let disk = try SmallDisk(daemon.scratch)
    daemon.settings["store.path"] = .string(disk.path + "/state.db")
    daemon.settings["intake.directory"] = .string(disk.path + "/spool")
    daemon.spoolPath = disk.path + "/spool"
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.drop("before.json", Wish("before").text)
    #expect(try daemon.waitForOutcome("before.json").status == "filled")
    try daemon.drop("resting.json", Wish.resting("resting").text)
    try daemon.waitForOrder("resting", "open")
    // Files that were written before the disk was full, and come to light while it is.
    for index in 0..<5 {
      try RawFiles.write(
        Array(daemon.spool("incoming/file-\(index).json.tmp").utf8),
        Array(Wish("file-\(index)").text.utf8))
    }

    try disk.fill()
    let placed = try market.ledger().placements
    // What the database has room for in its log is taken; then no more.
    var taken: [String] = []
    for index in 0... {
      let answer = try daemon.submit(Wish("line-\(index)").text)
      if answer["code"] == "storage_unavailable" {
        #expect(answer["status"] == "rejected")
        break
      }
      #expect(answer["code"] == "accepted", "\(answer)")
      taken.append("line-\(index)")
      guard index < 5_000 else { throw TimeUp("the disk to be full", daemon.journal.last ?? "") }
    }
    try daemon.process.line(with: "level=error", "no signal is taken", "disk is full")
    #expect(try daemon.status()["reason"]?.stringValue?.contains("disk is full") == true)
    for index in 0..<5 {
      try RawFiles.rename(
        Array(daemon.spool("incoming/file-\(index).json.tmp").utf8),
        to: Array(daemon.spool("incoming/file-\(index).json").utf8))
    }
    #expect(try daemon.submit(Wish("refused").text)["code"] == "storage_unavailable")
    #expect(try daemon.names(in: "incoming").count == 5)
    #expect(try market.ledger().placements <= placed + taken.count)

    try disk.free()
    try daemon.process.line(with: "takes writes again")
    for id in taken { try daemon.waitForOrder(id, "filled") }
    for index in 0..<5 {
      #expect(try daemon.waitForOutcome("file-\(index).json").status == "filled")
    }
    #expect(try daemon.submit(Wish("refused").text)["code"] == "accepted")
    try daemon.waitForOrder("refused", "filled")
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("resting.json").status == "filled")

    let ledger = try market.ledger()
    #expect(ledger.orders.count == 2 + taken.count + 5 + 1)
    #expect(ledger.placements == ledger.orders.count)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(daemon.lives.count == 1)
    #expect(try daemon.stop() == .exited(0))
    withExtendedLifetime(disk) {}
  }
}
