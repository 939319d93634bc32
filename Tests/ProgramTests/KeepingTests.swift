import Domain
import JSON
import TestKit
import Testing

/// What the daemon keeps, and for how long. The civil clocks of the machine and of the exchange are set
/// on together, as if the days had passed.
struct KeepingTests {
  private static let day = Duration.seconds(86_400)

  /// A market and a daemon, each with a civil clock.
  private final class Rig {
    private let scratch: Scratch
    let marketClock: SteppedClock
    let market: SimulatedMarket
    let clock: SteppedClock
    let daemon: DaemonUnderTest

    init(_ adjust: (inout Settings) -> Void = { _ in }) throws {
      scratch = try Scratch()
      marketClock = try SteppedClock(scratch)
      market = try SimulatedMarket(environment: marketClock.environment)
      daemon = try DaemonUnderTest(market, adjust)
      clock = try SteppedClock(daemon.scratch)
      daemon.environment.merge(clock.environment) { $1 }
      try daemon.start()
      try daemon.waitForTrading()
    }

    /// Starts the daemon again so many days later.
    func restart(after days: Int) throws {
      #expect(try daemon.stop() == .exited(0))
      for clock in [clock, marketClock] { try clock.set(ahead: KeepingTests.day * days) }
      try daemon.start()
      try daemon.waitForTrading()
    }

    func names(_ folder: String) throws -> [String] { try daemon.names(in: folder).sorted() }
  }

  // MARK: Files

  private static let tidied = "files older than intake.keep_days"

  @Test(arguments: [(nil, 31, true), (40, 31, false), (1, 2, true)])
  func `keep days`(_ setting: JSONValue?, _ days: Int, _ isRemoved: Bool) throws {
    let rig = try Rig { if let setting { $0["intake.keep_days"] = setting } }
    let daemon = rig.daemon
    try daemon.drop("filled.json", Wish("filled").text)
    try daemon.drop("denied.json", Wish("denied", ["symbol": "XRPUSDT"]).text)
    try daemon.drop("rests.json", Wish.resting("rests").text)
    #expect(try daemon.waitForOutcome("filled.json").status == "filled")
    #expect(try daemon.waitForOutcome("denied.json").code == "symbol_not_allowed")
    try daemon.waitForOrder("rests", "open")
    try daemon.drop(".left-alone", "text")
    try rig.restart(after: days)
    try daemon.process.line(with: Self.tidied, isRemoved ? "removed=4" : "removed=0")
    let done = ["filled.json", "filled.json.result.json"]
    let rejected = ["denied.json", "denied.json.reason.json"]
    #expect(try rig.names("done") == (isRemoved ? [] : done))
    #expect(try rig.names("rejected") == (isRemoved ? [] : rejected))
    #expect(try rig.names("active") == ["rests.json"])
    #expect(try rig.names("incoming") == [".left-alone"])
    // The file is gone, and the id still counts.
    #expect(try daemon.submit(Wish("filled").text)["code"] == "duplicate")
  }

  @Test func `a clock that disagrees with the exchange's makes no file old`() throws {
    let rig = try Rig()
    let daemon = rig.daemon
    try daemon.drop("filled.json", Wish("filled").text)
    #expect(try daemon.waitForOutcome("filled.json").status == "filled")
    #expect(try daemon.stop() == .exited(0))
    try rig.clock.set(ahead: Self.day * 400)
    try daemon.start()
    let line = try daemon.process.line(
      with: "level=warning", "old files and signals are not removed")
    #expect(line.contains("check the clock of this machine"), "\(line)")
    #expect(try rig.names("done").count == 2)
  }

  /// It is searched for seven days, and its report is written anew when it turns up.
  @Test func `the report of an order that was not found stays while it is searched for`() throws {
    let rig = try Rig { $0["intake.keep_days"] = 1 }
    let daemon = rig.daemon
    try daemon.drop("filled.json", Wish("filled").text)
    #expect(try daemon.waitForOutcome("filled.json").status == "filled")
    try rig.market.faults("{\"route\": \"POST /api/v3/order\", \"fault\": \"lost_before\"}")
    try daemon.drop("lost.json", Wish("lost").text)
    try daemon.waitForOrder("lost", "not_found")
    #expect(try daemon.operate("resolve", "lost", "--not-placed").status == 0)
    #expect(try daemon.waitForOutcome("lost.json").status == "not_found")
    try rig.restart(after: 2)
    try daemon.process.line(with: Self.tidied, "removed=2")
    #expect(try rig.names("done") == ["lost.json", "lost.json.result.json"])
  }

  // MARK: Signals

  private static let compacted = "the history of signals older than store.retention_days is removed"

  @Test(arguments: [(nil, 366, true), (500, 366, false), (1, 2, true)])
  func `retention days`(_ setting: JSONValue?, _ days: Int, _ isRemoved: Bool) throws {
    let rig = try Rig { if let setting { $0["store.retention_days"] = setting } }
    let daemon = rig.daemon
    #expect(try daemon.submit(Wish("filled").text)["code"] == "accepted")
    try daemon.waitForOrder("filled", "filled")
    let denied = Wish("denied", ["symbol": "XRPUSDT"])
    #expect(try daemon.submit(denied.text)["code"] == "symbol_not_allowed")
    #expect(try daemon.submit(Wish.resting("rests").text)["code"] == "accepted")
    try daemon.waitForOrder("rests", "open")
    let before = try daemon.operate("verify")
    #expect(before.status == 0)
    try rig.restart(after: days)
    try daemon.process.line(with: Self.compacted, isRemoved ? "signals=2" : "signals=0")

    let story = try daemon.operate("explain", "filled")
    #expect(story.status == 0)
    #expect(
      story.output.contains("its history was removed by the retention rule") == isRemoved,
      "\(story.output)")
    #expect(story.output.contains("filled: 0.001 BTCUSDT"), "\(story.output)")
    #expect(try daemon.orderStatus("filled") == "filled")
    let verified = try daemon.operate("verify")
    #expect(verified.status == 0)
    #expect(
      verified.output.contains("removed 2 signals by the retention rule") == isRemoved,
      "\(verified.output)")
    #expect(try daemon.explain("rests")["order"]?["status"] == "open")
    try expectKnown(rig)
    try rig.daemon.kill9()
    try daemon.start()
    try daemon.waitForTrading()
    try expectKnown(rig)
    #expect(try rig.market.ledger().placements == 2)
  }

  /// A copy is answered as ever, another content is refused, and nothing is traded.
  private func expectKnown(_ rig: Rig) throws {
    let copy = try rig.daemon.submit(Wish("filled").text)
    #expect(copy["code"] == "duplicate")
    #expect(copy["message"]?.stringValue?.contains("it is filled") == true, "\(copy)")
    #expect(copy["client_order_id"]?.stringValue?.isEmpty == false)
    let denied = try rig.daemon.submit(Wish("denied", ["symbol": "XRPUSDT"]).text)
    #expect(denied["code"] == "duplicate")
    #expect(denied["message"]?.stringValue?.contains("symbol_not_allowed") == true, "\(denied)")
    let other = try rig.daemon.submit(Wish("filled", ["quantity": "0.002"]).text)
    #expect(other["code"] == "conflicting_duplicate")
    #expect(try rig.daemon.operate("cancel", "filled").status == 1)
  }
}
