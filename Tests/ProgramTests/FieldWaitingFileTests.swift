import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// A signal that waited is as old as it is: in a file since its last change, in a socket as far as
/// the daemon knows that it was held up.
@Suite(.serialized)
struct FieldWaitingFileTests {
  /// Longer than the time to live of these tests, with what a busy machine adds.
  private static let wait = Duration.seconds(4)

  private func daemon(
    _ market: SimulatedMarket, _ adjust: (inout Settings) -> Void = { _ in }
  ) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market) {
      $0["intake.default_ttl_seconds"] = 3
      adjust(&$0)
    }
    try FileManager.default.createDirectory(
      atPath: daemon.spool("incoming"), withIntermediateDirectories: true)
    return daemon
  }

  /// A market order without a word about its life.
  private func bare(_ id: String, _ changes: KeyValuePairs<String, JSONValue?> = [:]) -> Wish {
    var wish = Wish(id, ["ttl_seconds": nil, "price": nil, "quantity": nil])
    wish.fields.append(("quote_quantity", "20"))
    for (name, value) in changes { if let value { wish.fields.append((name, value)) } }
    return wish
  }

  private func expectExpired(_ name: String, _ daemon: DaemonUnderTest) throws {
    let outcome = try daemon.waitForOutcome(name)
    #expect(outcome.code == "expired", "\(outcome.report)")
    #expect(outcome.folder == "rejected")
  }

  @Test func `what waited while the daemon was down is expired`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    try daemon.drop("old.json", bare("old").text)
    try daemon.drop("limit.json", Wish("limit", ["ttl_seconds": 2]).text)
    try daemon.drop("patient.json", bare("patient", ["ttl_seconds": 600]).text)
    let created = Clock.wall().milliseconds
    try daemon.drop(
      "dated.json", bare("dated", ["ttl_seconds": 600, "created_at": .integer(created)]).text)
    // Its own time says nothing: anybody can set it.
    let future = [
      timespec(tv_sec: 4_102_444_800, tv_nsec: 0), timespec(tv_sec: 4_102_444_800, tv_nsec: 0),
    ]
    try daemon.drop("future.json", bare("future").text)
    #expect(unsafe utimensat(AT_FDCWD, daemon.spool("incoming/future.json"), future, 0) == 0)
    try daemon.pass(Self.wait)
    try daemon.start()
    try daemon.waitForTrading()
    for name in ["old", "limit", "future"] { try expectExpired(name + ".json", daemon) }
    for name in ["patient", "dated"] {
      #expect(try daemon.waitForOutcome(name + ".json").status == "filled")
    }
    #expect(try market.ledger().placements == 2)
    let story = try daemon.operate("explain", "old")
    #expect(story.output.contains("where it had waited for"), "\(story.output)")
    #expect(try daemon.stop() == .exited(0))
  }

  @Test func `what waited while the daemon was frozen is expired`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    try daemon.start()
    try daemon.waitForTrading()
    let before = try daemon.connect()
    #expect(try before.ask(Wish("first").text)["code"] == "accepted")
    try daemon.process.signal(SIGSTOP)
    try daemon.drop("file.json", bare("file").text)
    try daemon.drop("patient.json", bare("patient", ["ttl_seconds": 600]).text)
    // One client that is known, one that waits to be let in.
    try before.send(bare("line").text)
    let waiting = try daemon.connect()
    try waiting.send(bare("other-line").text)
    try waiting.send(bare("patient-line", ["ttl_seconds": 600]).text)
    // The loop may have meant to sleep for a second, and another is within what busy machines do.
    try daemon.pass(Self.wait + .seconds(2))
    try daemon.process.signal(SIGCONT)
    try expectExpired("file.json", daemon)
    #expect(try before.answer()["code"] == "expired")
    #expect(try waiting.answer()["code"] == "expired")
    #expect(try waiting.answer()["code"] == "accepted")
    #expect(try daemon.waitForOutcome("patient.json").status == "filled")
    // What comes from now on is new.
    try daemon.until("a line being new") { () throws -> Bool? in
      let id = "new-\(Clock.monotonic().nanoseconds)"
      return try before.ask(bare(id).text)["code"] == "accepted" ? true : nil
    }
    try daemon.drop("new.json", bare("new").text)
    #expect(try daemon.waitForOutcome("new.json").status == "filled")
    #expect(try daemon.stop() == .exited(0))
  }

  @Test func `what waited for room on the disk is expired`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    let disk = try SmallDisk(daemon.scratch)
    daemon.settings["store.path"] = .string(disk.path + "/state.db")
    try daemon.start()
    try daemon.waitForTrading()
    try disk.fill()
    for index in 0... {
      if try daemon.submit(Wish("fill-\(index)").text)["code"] == "storage_unavailable" { break }
    }
    try daemon.drop("old.json", bare("old").text)
    try daemon.drop("patient.json", bare("patient", ["ttl_seconds": 600]).text)
    try daemon.pass(Self.wait)
    #expect(try daemon.names(in: "incoming") == ["old.json", "patient.json"])
    try disk.free()
    try expectExpired("old.json", daemon)
    #expect(try daemon.waitForOutcome("patient.json").status == "filled")
    #expect(try daemon.stop() == .exited(0))
  }

  @Test func `a file with an old time of its own is new`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    try daemon.start()
    try daemon.waitForTrading()
    let staged = daemon.spool("incoming/.staged")
    try RawFiles.write(Array(staged.utf8), Array(bare("old-time").text.utf8))
    let past = Int(Clock.wall().milliseconds / 1_000) - 3 * 3_600
    let times = [timespec(tv_sec: past, tv_nsec: 0), timespec(tv_sec: past, tv_nsec: 0)]
    #expect(unsafe utimensat(AT_FDCWD, staged, times, 0) == 0)
    try RawFiles.rename(Array(staged.utf8), to: Array(daemon.spool("incoming/a.json").utf8))
    #expect(try daemon.waitForOutcome("a.json").status == "filled")
  }

  /// The daemon's clock and the one that stamps files need not be the same, and either may be wrong:
  /// a file's age is counted by the second alone.
  @Test(arguments: [Duration.seconds(7_200), .seconds(-86_400), .seconds(9), .seconds(-9)])
  func `a clock that is off changes no file's age`(_ step: Duration) throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    let clock = try SteppedClock(daemon.scratch)
    daemon.environment.merge(clock.environment) { $1 }
    try daemon.drop("old.json", bare("old").text)
    try daemon.pass(Self.wait)
    try clock.set(ahead: step)
    try daemon.start()
    try daemon.waitForTrading()
    try expectExpired("old.json", daemon)
    try daemon.drop("new.json", bare("new").text)
    #expect(try daemon.waitForOutcome("new.json").status == "filled")
    try clock.set(ahead: .zero)
    try daemon.drop("after.json", bare("after").text)
    #expect(try daemon.waitForOutcome("after.json").status == "filled")
    #expect(try market.ledger().placements == 2)
  }

  /// What was once taken has the end that was written down then.
  @Test func `a restart gives no fresh life either`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    try daemon.start()
    try daemon.waitForTrading()
    market.freeze()
    let unseen = ["symbol": "ETHUSDT"] as KeyValuePairs<String, JSONValue?>
    var wish = bare("taken")
    wish.fields.removeAll { $0.0 == "symbol" }
    for (name, value) in unseen { if let value { wish.fields.append((name, value)) } }
    try daemon.drop("taken.json", wish.text)
    try daemon.until("the file being taken", holds: { try daemon.names(in: "active").count == 1 })
    try daemon.kill9()
    try daemon.pass(Self.wait)
    market.thaw()
    try daemon.start()
    try expectExpired("taken.json", daemon)
    #expect(try market.ledger().placements == 0)
  }

  @Test func `files that wait are taken in the order of their names`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    let names = ["c", "a", "b2", "b10", "-", "é"]
    for (index, name) in names.enumerated() {
      try daemon.drop(name + ".json", Wish("w\(index)").text)
    }
    try daemon.start()
    for name in names { _ = try daemon.waitForOutcome(name + ".json") }
    let accepted = try daemon.process.lines.filter { $0.contains("msg=\"accepted\"") }
    let order = accepted.compactMap { line in
      names.indices.first { line.contains("signal_id=w\($0) ") }
    }
    #expect(order.map { names[$0] } == ["-", "a", "b10", "b2", "c", "é"])
  }

  // MARK: intake.require_created_at

  @Test func `created_at can be required`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("before").text)["code"] == "accepted")
    try daemon.waitForOrder("before", "filled")
    daemon.settings["intake.require_created_at"] = true
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(with: "reloaded", "intake.require_created_at")

    try expectRequired(daemon)
    // A signal that was taken before is that signal still.
    #expect(try daemon.submit(Wish("before").text)["code"] == "duplicate")
    // The id of what is refused stays free.
    let now = Clock.wall().milliseconds
    try daemon.drop("mended.json", Wish("file").with("created_at", .integer(now)).text)
    #expect(try daemon.waitForOutcome("mended.json").status == "filled")
    let line = try daemon.submit(Wish("line").with("created_at", .integer(now)).text)
    #expect(line["code"] == "accepted", "\(line)")

    try daemon.stop()
    try daemon.start()
    try expectRequired(daemon, "again")
    daemon.settings["intake.require_created_at"] = false
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(with: "reloaded", "intake.require_created_at")
    #expect(try daemon.submit(Wish("after").text)["code"] == "accepted")
    #expect(try daemon.stop() == .exited(0))
  }

  private func expectRequired(_ daemon: DaemonUnderTest, _ prefix: String = "") throws {
    try daemon.drop("\(prefix)file.json", Wish("\(prefix)file").text)
    let outcome = try daemon.waitForOutcome("\(prefix)file.json")
    let expiring = Wish("\(prefix)line", ["ttl_seconds": nil])
      .with("expires_at", .integer(Clock.wall().milliseconds + 600_000))
    for report in [outcome.report, try daemon.submit(expiring.text)] {
      #expect(report["code"] == "invalid_field", "\(report)")
      #expect(report["message"]?.stringValue?.contains("created_at") == true, "\(report)")
    }
  }
}
