import Domain
import Foundation
import Glibc
import JSON
import Store
import TestKit
import Testing

/// A database serves one mode and one account: a start with another one is refused before anything is
/// sent or changed, and says what to do.
struct DatabaseOwnerTests {
  private static let switches: [(from: String, to: String)] = [
    ("live", "paper"), ("paper", "live"), ("live", "validate"), ("validate", "live"),
    ("paper", "validate"), ("validate", "paper"),
  ]

  /// What the database holds, in every row that a run could change.
  private func content(of daemon: DaemonUnderTest) throws -> [String] {
    let base = try RawDatabase(daemon.scratch("state.db"))
    return try base.column("SELECT id || hex(hash) FROM event ORDER BY id")
      + base.column("SELECT signal_id || status || updated_at_ms FROM orders ORDER BY signal_id")
      + base.column("SELECT key || value FROM setting ORDER BY key")
      + base.column("SELECT mode || account || since_ms || hex(key_digest) FROM owner")
  }

  /// Starts it and waits for the refusal.
  private func refusedStart(of daemon: DaemonUnderTest) throws -> String {
    let requests = try daemon.market?.ledger().count("requests")
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    let line = try #require(try daemon.process.lines.first { $0.contains("not started: ") })
    #expect(line.contains("level=error"), "\(line)")
    #expect(line.contains("store.path: "), "\(line)")
    #expect(try daemon.market?.ledger().count("requests") == requests)
    return line
  }

  private func resting(in mode: String, _ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest.trading(market) {
      $0["mode"] = .string(mode)
      // By a pushed book, paper orders at the last price rest.
      $0["price.source"] = "rest"
    }
    #expect(try daemon.submit(Wish.resting("rests").text)["code"] == "accepted")
    try daemon.waitForOrder("rests", mode == "validate" ? "validated" : "open")
    return daemon
  }

  @Test(arguments: switches)
  func `another mode is refused`(from: String, to: String) throws {
    let market = try SimulatedMarket()
    let daemon = try resting(in: from, market)
    try daemon.stop()
    let before = try content(of: daemon)
    let atExchange = try market.ledger().orders

    daemon.settings["mode"] = .string(to)
    for _ in 1...2 {
      let line = try refusedStart(of: daemon)
      #expect(line.contains("belongs to mode \(from) and account"), "\(line)")
      #expect(line.contains("the configuration says mode \(to)"), "\(line)")
      #expect(line.contains("give mode \(to) a database of its own by another store.path"))
      #expect(line.contains("or go back to mode \(from)"), "\(line)")
    }
    #expect(try daemon.operate("cancel", "rests").errors.contains("the daemon is not running"))
    #expect(try daemon.operate("adopt").status == 1)
    #expect(try content(of: daemon) == before)
    #expect(try market.ledger().orders == atExchange)

    daemon.settings["mode"] = .string(from)
    try daemon.start()
    try daemon.waitForTrading()
    if from != "validate" {
      #expect(try daemon.orderStatus("rests") == "open")
      #expect(try daemon.operate("cancel", "rests").status == 0)
      try daemon.waitForOrder("rests", "canceled")
    }
    #expect(try daemon.submit(Wish("more").text)["code"] == "accepted")
    try daemon.waitForOrder("more", from == "validate" ? "validated" : "filled")
    try daemon.stop()
  }

  @Test func `another mode trades with a database of its own`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("rests.json", Wish.resting("rests").text)
    try daemon.waitForOrder("rests", "open")
    try daemon.stop()

    daemon.settings["mode"] = "paper"
    daemon.settings["price.source"] = "rest"
    daemon.settings["store.path"] = .string(daemon.scratch("paper.db"))
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.operate("cancel", "rests").status == 1)
    try daemon.drop("paper.json", Wish("paper").text)
    #expect(try daemon.waitForOutcome("paper.json").status == "filled")
    try daemon.stop()
    #expect(try daemon.names(in: "active") == ["rests.json"])

    daemon.settings["mode"] = "live"
    daemon.settings["store.path"] = .string(daemon.scratch("state.db"))
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.operate("cancel", "rests").status == 0)
    #expect(try daemon.waitForOutcome("rests.json").status == "canceled")
    #expect(try market.ledger().placements == 1)
    try daemon.stop()
  }

  /// It binds the machine's address, whatever the mode.
  @Test func `another mode knows of a ban, and so does its database`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try DaemonUnderTest.trading(market) { $0["mode"] = "validate" }
    try market.demandBackOff(status: 418, seconds: 600)
    // Its look-up of a price is what is told to wait.
    let hasty = Wish("hasty", ["ttl_seconds": 1])
    _ = try daemon.submit(hasty.text)
    try daemon.process.line(with: "the exchange banned this address")
    try daemon.stop()

    daemon.settings["mode"] = "live"
    daemon.settings["store.path"] = .string(daemon.scratch("live.db"))
    try daemon.start()
    #expect(try daemon.status()["rate"]?["banned_until"]?.isNull == false)
    #expect(try daemon.submit(hasty.text)["code"] == "rate_limited")
    try daemon.kill9()
    try daemon.start()
    #expect(try daemon.status()["rate"]?["banned_until"]?.isNull == false)
    try daemon.stop()
    let ledger = try market.ledger()
    #expect(ledger.count("banned_418") == 1)
    #expect(ledger.count("inside_ban") == 0)
  }

  @Test func `another account is refused`() throws {
    let market = try SimulatedMarket()
    let daemon = try resting(in: "live", market)
    try daemon.stop()
    daemon.settings["exchange.account"] = "second"
    let line = try refusedStart(of: daemon)
    #expect(line.contains("the configuration says account"), "\(line)")
    daemon.settings["exchange.account"] = nil
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.stop()
  }

  @Test func `a start that used nothing binds nobody`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    for mode in ["paper", "live", "validate", "live"] {
      daemon.settings["mode"] = .string(mode)
      try daemon.start()
      try daemon.kill9()
    }
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    try daemon.kill9()
    daemon.settings["mode"] = "paper"
    _ = try refusedStart(of: daemon)
  }

  @Test func `a copy elsewhere is the same database`() throws {
    let market = try SimulatedMarket()
    let daemon = try resting(in: "live", market)
    try daemon.stop()
    try FileManager.default.createDirectory(
      atPath: daemon.scratch("elsewhere"), withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      atPath: daemon.scratch("state.db"), toPath: daemon.scratch("elsewhere/copy.db"))
    daemon.settings["store.path"] = .string(daemon.scratch("elsewhere/copy.db"))
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.orderStatus("rests") == "open")
    try daemon.stop()
    daemon.settings["mode"] = "paper"
    _ = try refusedStart(of: daemon)
  }

  @Test func `a reload says that a restart will be refused`() throws {
    let market = try SimulatedMarket()
    let daemon = try resting(in: "live", market)
    daemon.settings["mode"] = "paper"
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
    let line = try daemon.process.line(with: "some changes wait for a restart")
    #expect(line.contains("a restart with another mode or exchange.account is refused"), "\(line)")
    let count = try daemon.process.lines.count
    daemon.settings["store.path"] = .string(daemon.scratch("paper.db"))
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
    let next = try daemon.process.line(with: "some changes wait for a restart", from: count)
    #expect(!next.contains("is refused"), "\(next)")
    try daemon.stop()
  }

  @Test func `the tool says whose database it reads`() throws {
    let market = try SimulatedMarket()
    let daemon = try resting(in: "live", market)
    try daemon.stop()
    daemon.settings["mode"] = "paper"
    let listing = try daemon.operate("orders")
    #expect(listing.status == 0)
    #expect(listing.errors.contains("of mode live and account \"main\""), "\(listing.errors)")
  }
}
