import Domain
import JSON
import TestKit
import Testing

/// A crash between a file's report and its move leaves the report alone, and the file is judged again.
@Suite struct OrphanedReportTests {
  private static let name = "again.json"
  private static let reported = [name, name + ".result.json"]

  private func message(_ outcome: DaemonUnderTest.SpoolOutcome) -> String? {
    outcome.report["message"]?.stringValue
  }

  @Test func `a duplicate has one report although its order goes on meanwhile`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let wish = Wish.resting("a")
    #expect(try daemon.submit(wish.text)["code"] == "accepted")
    try daemon.waitForOrder("a", "open")
    try daemon.drop(Self.name, wish.text)
    let first = try daemon.waitForOutcome(Self.name)
    #expect(first.status == "duplicate")
    #expect(message(first)?.contains("open") == true)

    #expect(try daemon.operate("cancel", "a").status == 0)
    try daemon.waitForOrder("a", "canceled")
    try RawFiles.rename(
      Array(daemon.spool("done/" + Self.name).utf8),
      to: Array(daemon.spool("incoming/" + Self.name).utf8))
    let second = try daemon.waitForOutcome(Self.name)
    #expect(second.status == "duplicate")
    #expect(message(second)?.contains("canceled") == true)
    #expect(try daemon.names(in: "done") == Self.reported)
    #expect(try daemon.names(in: "incoming") == [])
  }

  @Test func `a duplicate leaves what is said of the order itself alone`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop(Self.name, Wish("a").text)
    #expect(try daemon.waitForOutcome(Self.name).status == "filled")
    // A producer that collects its files and leaves the reports.
    try RawFiles.rename(
      Array(daemon.spool("done/" + Self.name).utf8), to: Array(daemon.scratch("collected").utf8))
    try daemon.drop(Self.name, Wish("a").text)
    #expect(try daemon.waitForOutcome(Self.name + ".2").status == "duplicate")
    let kept = RawFiles.read(Array(daemon.spool("done/" + Self.name + ".result.json").utf8))
    #expect(try kept.map { try JSONReader.read($0) }?["status"] == "filled")
  }
}
