import Foundation
import JSON
import Testing

/// What the process may do, and what it was started with, is less than usual.
struct ProcessLimitTests {
  private static let reason = "allows no larger file"

  /// As of a quota: there is no room, and there may be some later.
  @Test func `a database that may not grow takes no signal until it may`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    // The intake log is as large as it will be; the database's own log grows with each signal.
    try limitFiles(of: daemon, to: "400000")
    var taken = ["before"]
    var code = ""
    while code != "storage_unavailable", taken.count < 100 {
      let id = "s\(taken.count)"
      code = try daemon.submit(Wish(id).text)["code"]?.stringValue ?? ""
      if code == "accepted" { taken.append(id) }
    }
    let line = try daemon.process.line(
      with: "level=error", "no signal is taken and no order leaves")
    #expect(line.contains("the disk is full") && line.contains(Self.reason), "\(line)")
    try daemon.drop("waits.json", Wish("waits").text)
    try limitFiles(of: daemon, to: "unlimited")
    try daemon.process.line(with: "takes writes again")
    #expect(try daemon.waitForOutcome("waits.json").status == "filled")
    for id in taken { try daemon.waitForOrder(id, "filled") }
    let ledger = try market.ledger()
    #expect(ledger.placements == taken.count + 1)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(daemon.lives.count == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  @Test func `a start that may make no database says why`() throws {
    let daemon = try DaemonUnderTest(nil)
    daemon.preparation = "ulimit -f 128"
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(1))
    let said = try daemon.process.lines
    #expect(said.contains { $0.contains("not started: ") && $0.contains(Self.reason) }, "\(said)")
  }

  /// A file that got the number of a closed one would have messages written into it.
  @Test func `a standard descriptor that was closed is open to nothing`() throws {
    let daemon = try DaemonUnderTest(SimulatedMarket())
    daemon.preparation = "exec 0<&-"
    try daemon.start()
    let path = try "/proc/\(daemon.process.pid)/fd/0"
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "/dev/null")
  }

  private func limitFiles(of daemon: DaemonUnderTest, to limit: String) throws {
    let prlimit = try ChildProcess(
      "/usr/bin/prlimit", ["--pid", "\(daemon.process.pid)", "--fsize=\(limit):unlimited"])
    #expect(try prlimit.waitForEnd() == .exited(0))
  }
}
