import Domain
import Foundation
import JSON
import TestKit
import Testing

/// Databases of the second schema, which does not say whose they are.
struct OlderDatabaseTests {
  /// A daemon with a database as the second schema left it: with one resting and one filled order,
  /// or in validate mode with two that were validated.
  private func older(_ mode: String, _ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market) { $0["mode"] = .string(mode) }
    try run(daemon, ids: ["rests", "fills"])
    try forgetOwner(of: daemon)
    return daemon
  }

  private func run(_ daemon: DaemonUnderTest, ids: [String]) throws {
    let isValidating = daemon.settings["mode"] == "validate"
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish.resting(ids[0]).text)["code"] == "accepted")
    #expect(try daemon.submit(Wish(ids[1]).text)["code"] == "accepted")
    try daemon.waitForOrder(ids[0], isValidating ? "validated" : "open")
    try daemon.waitForOrder(ids[1], isValidating ? "validated" : "filled")
    try daemon.kill9()
  }

  private func forgetOwner(of daemon: DaemonUnderTest) throws {
    try RawDatabase(daemon.scratch("state.db")).execute(
      FormerSchema.withoutCompaction
        + "DROP TABLE owner; ALTER TABLE signal DROP COLUMN boot; PRAGMA user_version = 2;")
  }

  private func refusal(of daemon: DaemonUnderTest) throws -> String {
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    return try #require(try daemon.process.lines.first { $0.contains("not started: ") })
  }

  private func owner(of daemon: DaemonUnderTest) throws -> [String] {
    try RawDatabase(daemon.scratch("state.db")).column("SELECT mode || ' ' || account FROM owner")
  }

  @Test(arguments: ["paper", "validate", "live"])
  func `its orders say the mode`(mode: String) throws {
    let market = try SimulatedMarket()
    let daemon = try older(mode, market)
    for other in ["paper", "validate", "live"] where other != mode {
      daemon.settings["mode"] = .string(other)
      let line = try refusal(of: daemon)
      #expect(line.contains("were made in mode \(mode)"), "\(line)")
      #expect(line.contains("by another store.path, or go back to mode \(mode)"), "\(line)")
      #expect(try owner(of: daemon).isEmpty)
    }
    daemon.settings["mode"] = .string(mode)
    daemon.settings["exchange.account"] = "second"
    #expect(try refusal(of: daemon).contains("another exchange.account"))
    daemon.settings["exchange.account"] = nil
    try run(daemon, ids: ["rests-2", "fills-2"])
    #expect(try owner(of: daemon) == ["\(mode) main"])
    if mode != "validate" {
      #expect(try daemon.operate("orders", "--open").output.contains("rests "))
    }
    #expect(try daemon.operate("verify").status == 0)
  }

  @Test func `an empty one is taken over`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["risk.symbols"] = ["ETHUSDT"] }
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish("denied").text)["code"] == "symbol_not_allowed")
    try daemon.stop()
    try forgetOwner(of: daemon)
    daemon.settings["mode"] = "paper"
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try owner(of: daemon) == ["paper main"])
    try daemon.stop()
  }

  /// Run on paper, then live on the same database, as older programs let it happen.
  private func mixed(_ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market) { $0["mode"] = "paper" }
    try run(daemon, ids: ["paper-rests", "paper-fills"])
    try RawDatabase(daemon.scratch("state.db")).execute(
      "DROP TRIGGER owner_stays; UPDATE owner SET mode = 'live';")
    daemon.settings["mode"] = "live"
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish.resting("live-rests").text)["code"] == "accepted")
    try daemon.waitForOrder("live-rests", "open")
    try daemon.stop()
    try forgetOwner(of: daemon)
    return daemon
  }

  @Test func `what is not certain is asked and said once`() throws {
    let market = try SimulatedMarket()
    let daemon = try mixed(market)
    for mode in ["paper", "validate", "live"] {
      daemon.settings["mode"] = .string(mode)
      let line = try refusal(of: daemon)
      #expect(line.contains("nothing says for certain which mode"), "\(line)")
      #expect(line.contains("2 orders of mode paper"), "\(line)")
      #expect(line.contains("1 order of mode live"), "\(line)")
      #expect(line.contains("adopt' and start again"), "\(line)")
      guard mode != "live" else { continue }
      let adopted = try daemon.operate("adopt")
      #expect(adopted.status == 1)
      #expect(adopted.errors.contains("may be open at the exchange"), "\(adopted.errors)")
    }
    let adopted = try daemon.operate("adopt")
    #expect(adopted.status == 0, "\(adopted.errors)")
    #expect(adopted.output.contains("belongs to mode live and account \"main\" from now on"))
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.orderStatus("paper-rests") == "canceled")
    #expect(try daemon.orderStatus("live-rests") == "open")
    #expect(try daemon.status()["open_orders"] == 1)
    #expect(try daemon.operate("cancel", "live-rests").status == 0)
    try daemon.waitForOrder("live-rests", "canceled")
    try daemon.stop()
    #expect(try market.ledger().placements == 1)
    #expect(try daemon.operate("verify").status == 0)
    daemon.settings["mode"] = "paper"
    #expect(try refusal(of: daemon).contains("belongs to mode live"))
  }
}
