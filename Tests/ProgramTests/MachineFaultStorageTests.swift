import Domain
import Foundation
import Glibc
import JSON
import TestKit
import Testing

/// The database is kept from the daemon by another program. Commits fail at once then, which must
/// neither lose a signal nor send one twice.
struct MachineFaultStorageTests {
  /// A `sqlite3` that somebody left inside a transaction.
  private final class Squatter {
    private let process: ChildProcess
    private let gate: String
    private let scratch: Scratch

    init(_ daemon: DaemonUnderTest, _ transaction: String) throws {
      scratch = daemon.scratch
      gate = daemon.scratch("gate-\(UUID().uuidString)")
      try RawFiles.makePipe(gate)
      process = try ChildProcess(
        "/usr/bin/sqlite3",
        [
          daemon.scratch("state.db"), ".timeout 60000", "BEGIN \(transaction);",
          ".system echo inside; cat \(gate)", "COMMIT;",
        ], environment: ["PATH": "/usr/bin:/bin", "HOME": daemon.scratch.path])
      #expect(try process.firstOutputLine() == "inside")
    }

    /// What waits at the gate would outlive a test that failed.
    deinit { open() }

    /// False while nobody reads (fifo(7)).
    @discardableResult
    private func open() -> Bool {
      let number = unsafe Glibc.open(gate, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
      guard number >= 0 else { return false }
      close(number)
      return true
    }

    /// Lets go, and is gone.
    func leave() throws {
      // Who reads may still be on the way to the gate.
      try process.wait(for: "a reader at the gate") { open() ? true : nil }
      #expect(try process.waitForEnd() == .exited(0))
    }
  }

  private static let advice = "stop the other program"

  @Test func `what the operator says of the key needs the database as signals do`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let squatter = try Squatter(daemon, "IMMEDIATE")
    let refused = try daemon.operate("adopt", "--renewed-key")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("the database is in use"), "\(refused.errors)")
    try daemon.process.line(with: "level=error", "no signal is taken and no order leaves")
    try squatter.leave()
    try daemon.process.line(with: "takes writes again")
    #expect(try daemon.operate("adopt", "--renewed-key").status == 0)
    #expect(try daemon.submit(Wish("next").text)["code"] == "accepted")
    try daemon.waitForOrder("next", "filled")
  }

  @Test(arguments: ["IMMEDIATE", "EXCLUSIVE"])
  func `a locked database takes no signal and sends none`(_ transaction: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("resting.json", Wish.resting("resting").text)
    try daemon.waitForOrder("resting", "open")
    let squatter = try Squatter(daemon, transaction)

    let refused = try daemon.submit(Wish("refused").text)
    #expect(refused["status"] == "rejected")
    #expect(refused["code"] == "storage_unavailable")
    let line = try daemon.process.line(
      with: "level=error", "no signal is taken and no order leaves")
    #expect(line.contains("the database is in use"), "\(line)")
    #expect(line.contains(Self.advice), "\(line)")
    #expect(line.contains("code=storage_unavailable"), "\(line)")
    try daemon.drop("waits.json", Wish("waits").text)
    #expect(try daemon.submit(Wish("refused").text)["code"] == "storage_unavailable")
    let reason = try #require(try daemon.status()["reason"]?.stringValue)
    #expect(reason.contains("the database is in use"), "\(reason)")
    #expect(try daemon.operate("status").status == 1)
    #expect(try daemon.names(in: "incoming") == ["waits.json"])
    #expect(try market.ledger().placements == 1)

    try squatter.leave()
    try daemon.process.line(with: "takes writes again")
    #expect(try daemon.waitForOutcome("waits.json").status == "filled")
    #expect(try daemon.submit(Wish("refused").text)["code"] == "accepted")
    try daemon.waitForOrder("refused", "filled")
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("resting.json").status == "filled")
    let ledger = try market.ledger()
    #expect(ledger.orders.count == 3)
    #expect(ledger.placements == 3)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(daemon.journal.count { $0.contains("no signal is taken") } == 1)
    #expect(daemon.lives.count == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  /// The order is at the exchange, and its acknowledgement cannot be written down.
  @Test func `a lock between an order and its answer`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market)
    try market.faults(
      """
      {"route": "POST /api/v3/order", "fault": "late", "delay_ms": 2000, "next": 1}
      """)
    #expect(try daemon.submit(Wish("placed").text)["code"] == "accepted")
    try daemon.until("the order at the exchange", holds: { try market.ledger().orders.count == 1 })
    let squatter = try Squatter(daemon, "IMMEDIATE")
    try daemon.process.line(with: "level=error", "the database is in use", Self.advice)
    #expect(try daemon.submit(Wish("next").text)["code"] == "storage_unavailable")
    try squatter.leave()
    try daemon.process.line(with: "takes writes again")
    try daemon.waitForOrder("placed", "filled")
    #expect(try daemon.submit(Wish("next").text)["code"] == "accepted")
    try daemon.waitForOrder("next", "filled")
    let ledger = try market.ledger()
    #expect(ledger.orders.count == 2)
    #expect(ledger.placements == 2)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(daemon.lives.count == 1)
  }

  /// Whoever cleans up, or restores a copy under a daemon that runs.
  @Test(arguments: [false, true])
  func `a database that is moved away takes no signal until it is back`(isReplaced: Bool) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    let path = Array(daemon.scratch("state.db").utf8)
    let elsewhere = Array(daemon.scratch("elsewhere.db").utf8)
    try RawFiles.rename(path, to: elsewhere)
    if isReplaced { try RawFiles.write(path, []) }
    #expect(try daemon.submit(Wish("refused").text)["code"] == "storage_unavailable")
    let line = try daemon.process.line(with: "level=error", "no signal is taken")
    #expect(line.contains("removed, moved or replaced"), "\(line)")
    #expect(line.contains("put that one back"), "\(line)")
    try daemon.drop("waits.json", Wish("waits").text)
    #expect(try daemon.operate("status").status == 1)
    #expect(try market.ledger().placements == 1)

    try RawFiles.rename(elsewhere, to: path)
    try daemon.process.line(with: "takes writes again")
    #expect(try daemon.waitForOutcome("waits.json").status == "filled")
    #expect(try daemon.submit(Wish("before").text)["code"] == "duplicate")
    #expect(try market.ledger().placements == 2)
    #expect(try daemon.stop() == .exited(0))
  }

  @Test func `a database that is removed is missed though nothing is written`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try RawFiles.rename(
      Array(daemon.scratch("state.db").utf8), to: Array(daemon.scratch("elsewhere.db").utf8))
    try daemon.process.line(with: "level=error", "no signal is taken", "removed, moved or replaced")
    #expect(try daemon.operate("status").status == 1)
  }

  @Test func `a log that is removed is put into the database before the daemon ends`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("kept").text)["code"] == "accepted")
    try daemon.waitForOrder("kept", "filled")
    #expect(try daemon.operate("halt").status == 0)
    try FileManager.default.removeItem(atPath: daemon.scratch("state.db-wal"))
    try daemon.process.line(with: "level=error", "its log was removed", "is in the database now")
    #expect(try daemon.process.waitForEnd() == .exited(1))

    try daemon.start()
    #expect(try daemon.status()["state"] == "halted")
    #expect(try daemon.submit(Wish("kept").text)["code"] == "duplicate")
    #expect(try daemon.stop() == .exited(0))
    #expect(try daemon.operate("verify").status == 0)
    #expect(try market.ledger().placements == 1)
  }

  @Test func `a lock at the start is told and waited for`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    #expect(try daemon.stop() == .exited(0))
    try daemon.drop("waits.json", Wish("waits").text)
    let squatter = try Squatter(daemon, "IMMEDIATE")
    try daemon.start()
    try daemon.process.line(with: "level=error", "the database is in use", Self.advice)
    #expect(try daemon.submit(Wish("refused").text)["code"] == "storage_unavailable")
    #expect(try daemon.names(in: "incoming") == ["waits.json"])
    #expect(try market.ledger().placements == 1)
    try squatter.leave()
    #expect(try daemon.waitForOutcome("waits.json").status == "filled")
    #expect(try daemon.submit(Wish("before").text)["code"] == "duplicate")
    #expect(try market.ledger().placements == 2)
    #expect(daemon.lives.count == 2)
  }
}
