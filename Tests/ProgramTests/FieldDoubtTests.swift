import Domain
import Foundation
import JSON
import Platform
import TestKit
import Testing

/// A producer that watches the folders hears of doubt, and of its end.
struct FieldDoubtTests {
  private static let statusName = "a.json.status.json"

  /// The verdict "not found" comes after the window and the settle time.
  private func trading(_ market: SimulatedMarket, settle: JSONValue = 1) throws -> DaemonUnderTest {
    try DaemonUnderTest.trading(market) {
      $0["exchange.recv_window_ms"] = 1_000
      $0["exchange.settle_seconds"] = settle
    }
  }

  /// Every placement is dropped unread.
  private func dropPlacements(_ market: SimulatedMarket) throws {
    try market.faults("{\"route\": \"POST /api/v3/order\", \"fault\": \"lost_before\"}")
  }

  /// What stands beside the file in `active`; nil when nothing does.
  private func doubt(_ daemon: DaemonUnderTest) throws -> JSONValue? {
    let path = Array(daemon.spool("active/" + Self.statusName).utf8)
    return try RawFiles.read(path).map { try JSONReader.read($0) }
  }

  private func waitForDoubt(_ daemon: DaemonUnderTest, _ status: String) throws -> JSONValue {
    try daemon.until("a doubt: \(status)") { () throws -> JSONValue? in
      guard let doubt = try doubt(daemon), doubt["status"]?.stringValue == status else {
        return nil
      }
      return doubt
    }
  }

  private func waitForActive(_ names: [String], _ daemon: DaemonUnderTest) throws {
    try daemon.until("active holding \(names)", holds: { try daemon.names(in: "active") == names })
  }

  // MARK: The operator's word

  @Test(arguments: [false, true])
  func `the operator's word ends the story`(_ isRestarted: Bool) throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try dropPlacements(market)
    try daemon.drop("a.json", Wish("a").text)
    _ = try waitForDoubt(daemon, "not_found")
    if isRestarted {
      try daemon.kill9()
      try daemon.start()
      try daemon.waitForTrading()
      #expect(try daemon.names(in: "active") == ["a.json", Self.statusName])
    }
    let answer = try daemon.operate("resolve", "a", "--not-placed")
    #expect(answer.status == 0, "\(answer.errors)")
    let outcome = try daemon.waitForOutcome("a.json")
    #expect(outcome.folder == "done")
    #expect(outcome.code == "not_found")
    #expect(outcome.status == "not_found")
    #expect(outcome.report["client_order_id"]?.stringValue != nil)
    #expect(outcome.report["message"]?.stringValue?.contains("operator") == true)
    try waitForActive([], daemon)
    try market.faults()

    // The symbol trades, and the signal is what it was.
    #expect(try daemon.submit(Wish("next").text)["code"] == "accepted")
    try daemon.waitForOrder("next", "filled")
    try daemon.drop("a.json", Wish("a").text)
    let again = try daemon.until("the second report") { () throws -> JSONValue? in
      let path = Array(daemon.spool("done/a.json.2.result.json").utf8)
      return try RawFiles.read(path).map { try JSONReader.read($0) }
    }
    #expect(again["code"] == "duplicate")
    #expect(try daemon.submit(Wish("a").text)["code"] == "duplicate")
    try daemon.kill9()
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.names(in: "active") == [])
    #expect(try daemon.submit(Wish("a").text)["code"] == "duplicate")
    #expect(try daemon.orderStatus("a") == "not_found")
    #expect(try market.ledger().orders.count == 1)
  }

  /// A kill between the operator's word and the move, or a database of before: the next start moves
  /// the file.
  @Test func `a file of a closed signal is moved at the start`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try dropPlacements(market)
    try daemon.drop("a.json", Wish("a").text)
    _ = try waitForDoubt(daemon, "not_found")
    #expect(try daemon.operate("resolve", "a", "--not-placed").status == 0)
    _ = try daemon.waitForOutcome("a.json")
    try daemon.kill9()
    let manager = FileManager.default
    try manager.moveItem(atPath: daemon.spool("done/a.json"), toPath: daemon.spool("active/a.json"))
    try manager.removeItem(atPath: daemon.spool("done/a.json.result.json"))
    try daemon.scratch.write("spool/active/" + Self.statusName, "{\"id\": \"a\"}")
    try daemon.start()
    #expect(try daemon.waitForOutcome("a.json").code == "not_found")
    try waitForActive([], daemon)
  }

  /// The exchange has the order, and the operator is told to say that it has not.
  private func closeHidden(_ daemon: DaemonUnderTest, _ market: SimulatedMarket) throws {
    try market.admin(
      "POST faults",
      body: """
        {"rules": [
          {"route": "POST /api/v3/order", "next": 1, "fault": "hidden", "for_ms": 8000},
          {"route": "POST /api/v3/order", "next": 1, "fault": "lost_after"}]}
        """)
    try daemon.drop("a.json", Wish("a").text)
    _ = try waitForDoubt(daemon, "not_found")
    #expect(try daemon.operate("resolve", "a", "--not-placed").status == 0)
  }

  private func waitForLateFind(_ daemon: DaemonUnderTest) throws {
    // A start looks at once at what is watched.
    try daemon.until("the late find") { () throws -> Bool? in
      if try daemon.orderStatus("a") == "filled" { return true }
      try daemon.kill9()
      try daemon.start()
      try daemon.waitForTrading()
      try daemon.pass(.milliseconds(500))
      return nil
    }
  }

  /// The exchange shows the order after all: that wins, raises its alarm, and the report says so.
  @Test func `a late find replaces the report`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try trading(market)
    try closeHidden(daemon, market)
    #expect(try daemon.waitForOutcome("a.json").code == "not_found")
    try waitForLateFind(daemon)
    try daemon.until("the report of the truth") { () throws -> Bool? in
      try daemon.outcome("a.json")?.status == "filled" ? true : nil
    }
    try daemon.process.line(with: "counted as not placed")
    #expect(try daemon.names(in: "active") == [])
    #expect(try daemon.submit(Wish("a").text)["code"] == "duplicate")
    #expect(try market.ledger().placements == 1)
  }

  /// A producer that uses one name for ever has files of any number; what the disk refuses is tried again.
  @Test func `a late find replaces a report of any number, as soon as the folder takes it`() throws
  {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try trading(market)
    for number in 1...70 {
      let name = "spool/done/a.json" + (number == 1 ? "" : ".\(number)")
      try daemon.scratch.write(name, "{}")
      try daemon.scratch.write(name + ".result.json", "{\"id\": \"earlier-\(number)\"}")
    }
    try closeHidden(daemon, market)
    #expect(try daemon.waitForOutcome("a.json.71").code == "not_found")
    let obstacle = daemon.spool("done/.unfinished.tmp")
    try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
    try waitForLateFind(daemon)
    let line = try daemon.process.line(with: "level=error", "could not be replaced")
    #expect(line.contains("signal_id=a ") && line.contains("status="), "\(line)")
    #expect(try daemon.operate("status").output.contains("still says that no order was placed"))
    #expect(try daemon.outcome("a.json.71")?.code == "not_found")
    try FileManager.default.removeItem(atPath: obstacle)
    try daemon.until(
      "the report of the truth", holds: { try daemon.outcome("a.json.71")?.status == "filled" })
    #expect(try !daemon.operate("status").output.contains("still says that no order was placed"))
    #expect(!daemon.journal.contains { $0.contains("is not in done any more") })
    #expect(try market.ledger().placements == 1)
  }

  // MARK: Doubt

  @Test func `doubt is told while it lasts`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market, settle: 6)
    try dropPlacements(market)
    let start = Clock.wall()
    try daemon.drop("a.json", Wish("a").text)
    let unknown = try waitForDoubt(daemon, "unknown")
    let name = try daemon.explain("a")["order"]?["client_order_id"]
    for (field, value) in [("id", "a"), ("code", "accepted")] as [(String, JSONValue)] {
      #expect(unknown[field] == value, "\(unknown)")
    }
    #expect(unknown["client_order_id"] == name)
    for field in ["message", "advice"] {
      #expect(unknown[field]?.stringValue?.isEmpty == false, "\(unknown)")
    }
    let since = try #require(unknown["since"]?.stringValue.flatMap { Timestamp.parse($0) })
    #expect(since >= start.advanced(by: .seconds(-1)))
    #expect(Clock.wall().since(since) >= .seconds(3))
    #expect(try daemon.names(in: "active") == ["a.json", Self.statusName])

    // Over a restart, and then the verdict.
    try daemon.kill9()
    try daemon.start()
    #expect(try daemon.names(in: "active") == ["a.json", Self.statusName])
    let missing = try waitForDoubt(daemon, "not_found")
    #expect(missing["code"] == "not_found")
    #expect(missing["client_order_id"] == name)
    #expect(missing["advice"]?.stringValue?.contains("resolve a") == true, "\(missing)")
    try daemon.kill9()
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try doubt(daemon)?["status"] == "not_found")
    #expect(try daemon.names(in: "active") == ["a.json", Self.statusName])
    #expect(!daemon.journal.contains { $0.contains("belongs to no signal") })
  }

  @Test func `doubt that ends is taken back`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent)
    let daemon = try trading(market, settle: 60)
    try market.admin(
      "POST faults",
      body: """
        {"rules": [
          {"route": "POST /api/v3/order", "next": 1, "fault": "hidden", "for_ms": 6000},
          {"route": "POST /api/v3/order", "next": 1, "fault": "lost_after"}]}
        """)
    try daemon.drop("a.json", Wish.resting("a").text)
    _ = try waitForDoubt(daemon, "unknown")
    // Found: the doubt is over, the story is not.
    try daemon.waitForOrder("a", "open")
    try waitForActive(["a.json"], daemon)
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
    #expect(try daemon.names(in: "done") == ["a.json", "a.json.result.json"])
    try waitForActive([], daemon)
  }

  /// An answer that is only late is no doubt.
  @Test func `a short wait is not told`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try market.faults(
      "{\"route\": \"POST /api/v3/order\", \"fault\": \"lost_after\", \"next\": 1}")
    try daemon.drop("a.json", Wish("a").text)
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
    #expect(try daemon.names(in: "active") == [])
    // A producer's own file may have such a name.
    try daemon.drop("x.json.status.json", Wish.resting("x").text)
    try daemon.waitForOrder("x", "open")
    try waitForActive(["x.json.status.json.2"], daemon)
    try daemon.kill9()
    try daemon.start()
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("x.json.status.json.2").status == "filled")
  }

  /// What an earlier run has left behind without its file.
  @Test func `a stale report is removed at the start`() throws {
    let market = try SimulatedMarket()
    let daemon = try trading(market)
    try daemon.drop("a.json", Wish.resting("a").text)
    try daemon.waitForOrder("a", "open")
    try waitForActive(["a.json"], daemon)
    try daemon.kill9()
    for name in [Self.statusName, "gone.json.status.json"] {
      try daemon.scratch.write("spool/active/" + name, "{\"id\": \"a\", \"status\": \"unknown\"}")
    }
    try daemon.start()
    try waitForActive(["a.json"], daemon)
    try market.price("BTCUSDT", "63900")
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
  }
}
