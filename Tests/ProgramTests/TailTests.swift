import Domain
import Glibc
import JSON
import TestKit
import Testing

/// The operator's tool beside a daemon, showing what happens.
struct TailTests {
  private func tail(_ daemon: DaemonUnderTest, _ arguments: String...) throws -> ChildProcess {
    try ChildProcess(
      BuiltProgram.control.path,
      ["--config", daemon.scratch("config.json5"), "tail"] + arguments)
  }

  @Test func `a list goes on with what is added and what changes`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("first").text)["code"] == "accepted")
    try daemon.waitForOrder("first", "filled")
    let process = try ChildProcess(
      BuiltProgram.control.path,
      ["--config", daemon.scratch("config.json5"), "signals", "--follow", "--json"])
    func wait(for id: String, _ status: JSONValue) throws {
      try process.wait(for: "\(id) \(status)") {
        try events(process).contains { $0["id"]?.stringValue == id && $0["order_status"] == status }
          ? true : nil
      }
    }
    try wait(for: "first", "filled")
    #expect(try daemon.submit(Wish("rests", ["price": "63500"]).text)["code"] == "accepted")
    try wait(for: "rests", "open")
    #expect(try daemon.operate("cancel", "rests").status == 0)
    try wait(for: "rests", "canceled")
    #expect(try events(process).filter { $0["id"] == "first" }.count == 1)
    process.signal(SIGTERM)
    #expect(try process.waitForEnd() == .exited(0))
    try daemon.stop()
  }

  private func waitForEvent(_ kind: String, of id: String, in process: ChildProcess) throws {
    try process.wait(for: "\(kind) of \(id)") {
      let found = try events(process).contains {
        $0["signal_id"]?.stringValue == id && $0["kind"]?.stringValue == kind
      }
      return found ? true : nil
    }
  }

  private func events(_ process: ChildProcess) throws -> [JSONValue] {
    let whole = process.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return try whole.map { try JSONReader.read(Array($0.utf8)) }
  }

  @Test func `a dropped signal is told event by event, over a restart and a restore`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let process = try tail(daemon, "--json", "--since", "0")
    try daemon.drop("a.json", Wish("a").text)
    try waitForEvent("order_observed", of: "a", in: process)
    #expect(try daemon.operate("backup", daemon.scratch("copy.db")).status == 0)
    let kinds = try events(process).filter { $0["signal_id"] == "a" }
      .compactMap { $0["kind"]?.stringValue }
    #expect(kinds.first == "signal_received")
    #expect(kinds.contains("order_armed"))
    let rows = try events(process).compactMap { $0["row"]?.integerValue }
    #expect(rows == Array(1...Int64(rows.count)))
    let armed = try #require(try events(process).first { $0["kind"] == "order_armed" })
    #expect(armed["symbol"] == "BTCUSDT" && armed["leg"] == 0 && armed["level"] == "info")
    #expect(armed["text"]?.stringValue?.hasPrefix("attempt 1 goes out") == true)

    try daemon.stop()
    try daemon.start()
    try daemon.drop("b.json", Wish("b").text)
    try waitForEvent("order_observed", of: "b", in: process)
    try daemon.stop()
    #expect(try daemon.operate("restore", daemon.scratch("copy.db")).status == 0)
    try daemon.start()
    try process.line(with: "another database stands at")
    try daemon.drop("c.json", Wish("c").text)
    try waitForEvent("order_observed", of: "c", in: process)
    process.signal(SIGINT)
    #expect(try process.waitForEnd() == .exited(0))
    try daemon.stop()
  }

  @Test(arguments: [["tail", "--since", "0"], ["signals", "--follow"]])
  func `it ends where a full disk does not take what it shows`(_ command: [String]) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    let process = try ChildProcess(
      "/bin/sh",
      [
        "-c", "exec \"$0\" \"$@\" >/dev/full", BuiltProgram.control.path, "--config",
        daemon.scratch("config.json5"),
      ] + command)
    #expect(try process.waitForEnd() == .exited(1))
    #expect(process.tail.contains("the output is not complete"), "\(process.tail)")
    try daemon.stop()
  }

  @Test func `it shows what was asked for and ends with its reader`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let process = try tail(daemon, "--since", "0", "--symbol", "ETHUSDT")
    let reader = try ChildProcess(
      "/bin/sh",
      [
        "-c", "\"$0\" \"$@\" | /usr/bin/head -n 1", BuiltProgram.control.path, "--config",
        daemon.scratch("config.json5"), "tail", "--since", "0",
      ])
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    try reader.wait(for: "a line") { reader.output.isEmpty ? nil : true }
    try daemon.drop(
      "b.json", Wish("b", ["symbol": "ETHUSDT", "price": "3000", "quantity": "0.01"]).text)
    _ = try daemon.waitForOutcome("b.json")
    #expect(try reader.waitForEnd() == .exited(0))
    try process.wait(for: "the events of b") {
      process.output.contains("  b  received from file b.json") ? true : nil
    }
    #expect(!process.output.contains("  a  "))
    process.signal(SIGTERM)
    #expect(try process.waitForEnd() == .exited(0))
    try daemon.stop()
  }
}
