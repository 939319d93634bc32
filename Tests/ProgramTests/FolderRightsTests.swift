import Foundation
import Glibc
import JSON
import TestKit
import Testing

/// Folders of the spool that the daemon may not enter for a while, though it may list them.
@Suite struct FolderRightsTests {
  private static let listOnly: mode_t = 0o400

  private func trading(_ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market)
    daemon.giveUpRights()
    try daemon.start()
    try daemon.waitForTrading()
    return daemon
  }

  private func waitForProblem(_ words: String, of daemon: DaemonUnderTest) throws {
    try daemon.until("a problem: \(words)") { () throws -> Bool? in
      let problems = try daemon.status()["problems"]?.arrayValue ?? []
      return problems.contains { $0["message"]?.stringValue?.contains(words) == true } ? true : nil
    }
  }

  @Test func `incoming that cannot be entered is told, and looked at again`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.process.signal(SIGSTOP)
    try daemon.drop("a.json", Wish("a").text)
    try daemon.setMode(daemon.spool("incoming"), Self.listOnly)
    try daemon.process.signal(SIGCONT)
    try daemon.process.line(with: "level=error", "the spool's files cannot be looked at")
    try waitForProblem("no file is taken", of: daemon)
    try daemon.setMode(daemon.spool("incoming"), 0o770)
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
    #expect(try daemon.status()["problems"]?.arrayValue == [])
  }

  @Test func `a result waits for active, and comes without a restart`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.drop("a.json", Wish.resting("a").text)
    try daemon.waitForOrder("a", "open")
    try daemon.until("the file in active", holds: { try daemon.names(in: "active") == ["a.json"] })
    try daemon.setMode(daemon.spool("active"), Self.listOnly)
    try market.price("BTCUSDT", "63000")
    try daemon.waitForOrder("a", "filled")
    try waitForProblem("that the daemon is done with cannot be moved", of: daemon)
    try daemon.setMode(daemon.spool("active"), 0o750)
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
    #expect(try daemon.names(in: "active") == [])
  }
}
