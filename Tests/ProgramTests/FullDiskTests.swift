import Domain
import Foundation
import Glibc
import JSON
import TestKit
import Testing

/// No room on the disk: said clearly, nothing taken that cannot be kept, and everything goes on when
/// there is room again.
@Suite(.serialized)
struct FullDiskTests {
  @Test
  func `everything waits for room and goes on`() throws {
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
    let taken = try submitUntilRefused(daemon)
    #expect(try daemon.status()["reason"]?.stringValue?.contains("disk is full") == true)
    #expect(try daemon.status()["open_orders"] == .null)
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

  /// What the database has room for in its log is taken; then no more. Returns what was taken.
  private func submitUntilRefused(_ daemon: DaemonUnderTest) throws -> [String] {
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
    return taken
  }

  @Test func `a halt holds without the disk and is on it when there is room`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let disk = try SmallDisk(daemon.scratch)
    daemon.settings["store.path"] = .string(disk.path + "/state.db")
    try daemon.start()
    try daemon.waitForTrading()
    try disk.fill()
    _ = try submitUntilRefused(daemon)
    let refusal = try daemon.operate("halt")
    #expect(refusal.status == 1)
    #expect("\(refusal)".contains("halted while this daemon runs"), "\(refusal)")
    // Sells are held back, too, until somebody resumes.
    let narrower = try daemon.operate("halt", "--reduce-only")
    #expect("\(narrower)".contains("halted for sells too"), "\(narrower)")

    try disk.free()
    try daemon.process.line(with: "takes writes again")
    try daemon.until(
      "the halt", holds: { try daemon.submit(Wish("after").text)["code"] == "halted" })
    #expect(try daemon.status()["state"] == "halted")
    try daemon.kill9()
    try daemon.start()
    #expect(try daemon.status()["state"] == "halted")
    #expect(try daemon.operate("resume").status == 0)
    #expect(try daemon.status()["state"] == "active")
    withExtendedLifetime(disk) {}
  }
}
