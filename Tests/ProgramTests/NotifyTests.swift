import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// The operator's command: run for what happens, until it succeeds, and never in the way of an order.
struct NotifyTests {
  /// A daemon whose command runs this script, in which `$OUT` is a file of the test's.
  private func daemon(
    _ market: SimulatedMarket?, _ script: String, events: JSONValue? = nil,
    _ adjust: (inout Settings) -> Void = { _ in }
  ) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market, adjust)
    daemon.settings["notify.command"] = command(script, daemon)
    daemon.settings["notify.events"] = events
    return daemon
  }

  private func command(_ script: String, _ daemon: DaemonUnderTest) -> JSONValue {
    ["/bin/sh", "-c", .string("OUT='\(daemon.scratch("told"))'; " + script)]
  }

  /// The whole lines that the command has written.
  private func told(_ daemon: DaemonUnderTest) throws -> [JSONValue] {
    let bytes = RawFiles.read(Array(daemon.scratch("told").utf8)) ?? []
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")) ?? 0
    return try bytes[..<end].split(separator: UInt8(ascii: "\n")).map {
      try JSONReader.read(Array($0))
    }
  }

  private func text(_ name: String, of daemon: DaemonUnderTest) throws -> String {
    try String(contentsOfFile: daemon.scratch(name), encoding: .utf8)
  }

  private func events(_ daemon: DaemonUnderTest, count: Int) throws -> [JSONValue] {
    try daemon.until("\(count) notifications") {
      let told = try told(daemon)
      return told.count >= count ? told : nil
    }
  }

  private func waiting(_ daemon: DaemonUnderTest) throws -> [String] {
    try RawDatabase(daemon.scratch("state.db")).column(
      "SELECT event FROM notification WHERE delivered_at_ms IS NULL ORDER BY id")
  }

  @Test func `a halt is told on standard input and in variables, without a secret`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(
      market, "env > \"$OUT.env\"; (exec > \"$OUT.fd\"; ls /proc/$$/fd); cat >> $OUT")
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.operate("halt", "for \"the\" night").status == 0)
    let event = try events(daemon, count: 1)[0]
    #expect(event["event"] == "halted")
    #expect(event["message"]?.stringValue?.contains("for \"the\" night") ?? false)
    #expect(event["advice"]?.stringValue?.contains("resume") ?? false)
    #expect(event["signal_id"] == .null)
    #expect(event["mode"] == "live")
    #expect(event["account"] == "main")
    #expect(event["at"]?.stringValue.flatMap { Timestamp.parse($0) } != nil)
    #expect(try text("told.fd", of: daemon) == "0\n1\n2\n")
    let variables = try text("told.env", of: daemon)
    for line in ["EVENT=halted", "EVENT_ID=1", "MODE=live", "ACCOUNT=main", "LANG=C.UTF-8"] {
      #expect(variables.split(separator: "\n").contains(Substring(line)))
    }
    #expect(!variables.contains("MEXC_"))
    try daemon.process.line(with: "the notify command was run", "event=halted")
  }

  /// Returns when signals are refused for want of room.
  private func startOnDiskThatFills(_ daemon: DaemonUnderTest) throws -> SmallDisk {
    let disk = try SmallDisk(daemon.scratch)
    daemon.settings["store.path"] = .string(disk.path + "/state.db")
    try daemon.start()
    try daemon.waitForTrading()
    try disk.fill()
    // What the database has room for in its log is taken.
    for index in 0..<5_000 {
      if try daemon.submit(Wish("line-\(index)").text)["code"] == "storage_unavailable" { break }
    }
    return disk
  }

  @Test func `a full disk is told while nothing can be written`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, "cat >> $OUT", events: ["storage_unavailable"])
    let disk = try startOnDiskThatFills(daemon)
    let event = try events(daemon, count: 1)[0]
    #expect(event["event"] == "storage_unavailable")
    #expect(event["message"]?.stringValue?.contains("disk is full") == true, "\(event)")
    #expect(event["advice"]?.stringValue?.contains("look at the disk") == true)
    #expect(try daemon.submit(Wish("refused").text)["code"] == "storage_unavailable")
    try disk.free()
    try daemon.process.line(with: "takes writes again")
    #expect(try daemon.submit(Wish("refused").text)["code"] == "accepted")
    try daemon.waitForOrder("refused", "filled")
    try daemon.stop()
    withExtendedLifetime(disk) {}
  }

  @Test func `a disk that was full for a moment is told`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, "cat >> $OUT", events: ["storage_unavailable"])
    let disk = try startOnDiskThatFills(daemon)
    try disk.free()
    try daemon.process.line(with: "takes writes again")
    #expect(try events(daemon, count: 1)[0]["event"] == "storage_unavailable")
    try daemon.stop()
    withExtendedLifetime(disk) {}
  }

  @Test func `an order that is not found is told with its signal`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, "cat >> $OUT") { $0["exchange.recv_window_ms"] = 1_000 }
    try daemon.start()
    try daemon.waitForTrading()
    try market.faults("{\"route\": \"POST /api/v3/order\", \"fault\": \"lost_before\"}")
    _ = try daemon.submit(Wish("lost").text)
    let event = try events(daemon, count: 1)[0]
    #expect(event["event"] == "not_found")
    #expect(event["signal_id"] == "lost")
  }

  @Test func `what failed is told again, in order, also after kill -9`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(
      market, "test -e \"$OUT.go\" || exit 3; cat >> $OUT", events: ["halted", "resumed"])
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.operate("halt").status == 0)
    try daemon.process.line(with: "the notify command failed", "status 3", "advice=")
    #expect(try daemon.operate("status").output.contains("the notify command fails"))
    #expect(try daemon.operate("resume").status == 0)
    try daemon.kill9()
    #expect(try waiting(daemon) == ["halted", "resumed"])
    try daemon.scratch.write("told.go", "")
    try daemon.start()
    let told = try events(daemon, count: 2)
    #expect(told.map { $0["event"] } == ["halted", "resumed"])
    #expect(told.map { $0["id"] } == [1, 2])
    try daemon.until("an empty outbox", holds: { try waiting(daemon).isEmpty })
    #expect(try !daemon.operate("status").output.contains("the notify command fails"))
  }

  @Test func `a command that hangs is killed, and holds up no order`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(
      market, "echo $$ > \"$OUT.new\"; mv \"$OUT.new\" \"$OUT.pid\"; sleep 1000 & wait"
    ) { $0["notify.timeout_seconds"] = 600 }
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.operate("halt").status == 0)
    try daemon.until(
      "the command", holds: { FileStatus.at(path: daemon.scratch("told.pid")) != nil })
    #expect(try daemon.operate("resume").status == 0)
    #expect(try daemon.submit(Wish("meanwhile").text)["code"] == "accepted")
    try daemon.waitForOrder("meanwhile", "filled")
    try daemon.until("the halt waiting", holds: { try waiting(daemon) == ["halted"] })
    let first = try text("told.pid", of: daemon)
    // A stop does not wait for it either, and it does not go on without the daemon.
    #expect(try daemon.stop() == .exited(0))
    try daemon.process.wait(for: "the command's end") { hasEnded(first) ? true : nil }
    daemon.settings["notify.timeout_seconds"] = 1
    try daemon.start()
    try daemon.process.line(with: "the notify command failed", "killed at its time limit")
  }

  /// A process that is gone, or a zombie that nobody collects.
  private func hasEnded(_ process: String) -> Bool {
    let name = process.filter(\.isNumber)
    guard let bytes = RawFiles.read(Array("/proc/\(name)/stat".utf8)) else { return true }
    return String(decoding: bytes, as: UTF8.self).contains(") Z ")
  }

  @Test func `a missing command is said, and tried again once it is mended`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["notify.command"] = "/does/not/exist" }
    try daemon.start()
    try daemon.process.line(with: "level=warning", "notify.command", "/does/not/exist")
    try daemon.waitForTrading()
    #expect(try daemon.operate("halt").status == 0)
    try daemon.process.line(with: "the notify command failed", "could not be started")
    daemon.settings["notify.command"] = command("cat >> $OUT", daemon)
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
    #expect(try events(daemon, count: 1)[0]["event"] == "halted")
  }

  @Test func `an exchange that cannot be reached is told once`() throws {
    let daemon = try daemon(nil, "cat >> $OUT")
    try daemon.start()
    let event = try events(daemon, count: 1)[0]
    #expect(event["event"] == "exchange_unreachable")
    #expect(event["message"]?.stringValue?.contains("no connection to the exchange") ?? false)
  }

  @Test func `a key that ends soon is told once for each day that is left`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--key-days", "3"])
    let daemon = try daemon(market, "cat >> $OUT", events: ["key_expiring", "resumed"])
    try daemon.start()
    let event = try events(daemon, count: 1)[0]
    #expect(event["event"] == "key_expiring")
    #expect(event["message"]?.stringValue?.contains("3 days") ?? false)
    try daemon.kill9()
    let subjects = "SELECT subject FROM notification WHERE event = 'key_expiring'"
    #expect(try RawDatabase(daemon.scratch("state.db")).column(subjects) == ["3 days"])
  }

  @Test func `a reload brings another command and other events`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.operate("halt").status == 0)
    daemon.settings["notify.command"] = command("cat >> $OUT", daemon)
    daemon.settings["notify.events"] = ["resumed"]
    try daemon.writeConfiguration()
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(
      with: "the configuration is reloaded", "notify.command", "notify.events")
    #expect(try daemon.operate("resume").status == 0)
    #expect(try events(daemon, count: 1)[0]["event"] == "resumed")
  }
}
