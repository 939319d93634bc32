import Domain
import Foundation
import JSON
import TestKit
import Testing

/// A database that was restored from a backup does not know what was sent since.
struct CarefulStartTests {
  private static let files = ["state.db", "state.db-wal", "state.db-shm"]

  /// Replaces the database by an older copy of it, or takes it away.
  private func restore(_ copy: [String: Data], in daemon: DaemonUnderTest) throws {
    for name in Self.files {
      try? FileManager.default.removeItem(atPath: daemon.scratch(name))
      guard let content = copy[name] else { continue }
      try content.write(to: URL(fileURLWithPath: daemon.scratch(name)))
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o600], ofItemAtPath: daemon.scratch(name))
    }
  }

  private func copy(of daemon: DaemonUnderTest) -> [String: Data] {
    var copy: [String: Data] = [:]
    for name in Self.files {
      copy[name] = FileManager.default.contents(atPath: daemon.scratch(name))
    }
    return copy
  }

  @Test(arguments: ["restored", "lost"])
  func `an order that the database forgot is found not placed again`(_ what: String) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    try daemon.stop()
    let backup = what == "lost" ? [:] : copy(of: daemon)

    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish("forgotten").text)["code"] == "accepted")
    try daemon.waitForOrder("forgotten", "filled")
    try daemon.stop()
    try restore(backup, in: daemon)
    #expect(try daemon.operate("verify").status == 1)

    try daemon.start()
    try daemon.process.line(with: "level=error", "older than what was sent from here")
    try daemon.waitForTrading()
    #expect(try daemon.status()["careful_start"] == true)
    #expect(try daemon.status()["state"] == "active")
    let shown = try daemon.operate("status")
    #expect(shown.status == 1)
    #expect(shown.output.contains("problem: careful start since "), "\(shown.output)")
    #expect(try daemon.submit(Wish("forgotten").text)["code"] == "accepted")
    try daemon.waitForOrder("forgotten", "filled")
    try daemon.process.line(with: "level=warning", "this database did not know", "forgotten")
    #expect(try market.ledger().placements == 2)
    #expect(try market.ledger().count("duplicate_client_order_ids") == 0)
    let story = try daemon.explain("forgotten")
    #expect(story["order"]?["attempt"] == 0)
    #expect(story["order"]?["executed_quantity"] == "0.001")

    // It stays careful over a restart, until the operator says so.
    try daemon.stop()
    try daemon.start()
    try daemon.process.line(with: "level=warning", "careful start")
    #expect(try daemon.submit(Wish("after").text)["code"] == "accepted")
    try daemon.waitForOrder("after", "filled")
    #expect(try market.ledger().placements == 3)
    let resumed = try daemon.operate("resume")
    #expect(resumed.output.contains("the careful start is over"))
    #expect(try daemon.status()["careful_start"] == false)
    try daemon.stop()
    #expect(try daemon.operate("verify").status == 0)
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.status()["careful_start"] == false)
    try daemon.stop()
  }

  @Test func `a copy of the database without its mark begins carefully`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    try daemon.stop()
    let copy = copy(of: daemon)
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish("forgotten").text)["code"] == "accepted")
    try daemon.waitForOrder("forgotten", "filled")
    try daemon.kill9()
    try restore(copy, in: daemon)
    try FileManager.default.removeItem(atPath: daemon.scratch("state.db.high-water"))

    try daemon.start()
    try daemon.process.line(with: "level=error", "no high-water file")
    try daemon.waitForTrading()
    #expect(try daemon.status()["careful_start"] == true)
    #expect(FileManager.default.fileExists(atPath: daemon.scratch("state.db.high-water")))
    #expect(try daemon.submit(Wish("forgotten").text)["code"] == "accepted")
    try daemon.waitForOrder("forgotten", "filled")
    #expect(try market.ledger().placements == 2)
    #expect(try daemon.operate("resume").output.contains("the careful start is over"))
    try daemon.stop()
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.status()["careful_start"] == false)
    try daemon.stop()
  }

  @Test func `a signal in active of which the database knows nothing begins carefully`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.waitForTrading()
    let name = "resting.json"
    let text = Wish("resting", ["price": "63900"]).text
    try daemon.drop(name, text)
    try daemon.waitForOrder("resting", "open")
    try daemon.kill9()
    for file in Self.files + ["state.db.high-water", "state.db.intake"] {
      try? FileManager.default.removeItem(atPath: daemon.scratch(file))
    }

    try daemon.start()
    try daemon.process.line(with: "level=error", "no trace of signal resting", name)
    try daemon.waitForTrading()
    #expect(try daemon.status()["careful_start"] == true)
    try daemon.drop("again.json", text)
    try daemon.process.line(with: "level=warning", "this database did not know", "resting")
    try daemon.waitForOrder("resting", "open")
    #expect(try market.ledger().placements == 1)
    try daemon.stop()

    // Its signal is known now.
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.operate("resume").output.contains("the careful start is over"))
    try daemon.stop()
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.status()["careful_start"] == false)
    try daemon.stop()
  }
}
