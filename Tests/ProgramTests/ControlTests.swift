import Domain
import Foundation
import JSON
import TestKit
import Testing

/// The operator's hand, by the operator's own program.
struct ControlTests {
  @Test
  func `a halt outlives a kill`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let halt = try daemon.operate("halt", "the", "screens", "are", "red")
    #expect(halt.status == 0, "\(halt.errors)")
    try daemon.kill9()
    try daemon.start()
    try daemon.process.line(with: "trading is halted since an earlier run", "screens are red")
    let refused = try daemon.submit(Wish("refused").text)
    #expect(refused["code"] == "halted")
    #expect(refused["message"]?.stringValue?.contains("the screens are red") == true)
    #expect(try daemon.status()["state"] == "halted")
    #expect(try daemon.operate("resume").status == 0)
    #expect(try daemon.status()["state"] == "active")
    #expect(try daemon.submit(Wish("taken").text)["code"] == "accepted")
    try daemon.waitForOrder("taken", "filled")
    #expect(try market.ledger().orders.count == 1)
  }

  @Test
  func `a signal that was refused is refused when it comes again`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.operate("halt", "lunch").status == 0)
    #expect(try daemon.submit(Wish("a").text)["code"] == "halted")
    let file = try daemon.scratch.write("a.json", Wish("a").text)
    for again in [
      try daemon.operate("submit", file), try daemon.operate("submit", "--dry-run", file),
    ] {
      #expect(again.status == 1)
      #expect(again.output.contains("refused (halted): trading is halted: lunch"), "\(again)")
    }
    #expect(try market.ledger().orders.isEmpty)
  }

  @Test
  func `a halt needs no exchange`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try market.stop()
    #expect(try daemon.submit(Wish("waiting").text)["code"] == "accepted")
    #expect(try daemon.operate("halt").status == 0)
    // What has not left does not leave any more.
    try daemon.waitForOrder("waiting", "denied")
    #expect(try daemon.explain("waiting")["signal"]?["decision"] == "halted")
    #expect(try daemon.submit(Wish("refused").text)["code"] == "halted")
    try market.start()
    #expect(try market.ledger().placements == 0)
  }

  @Test
  func `cancels reach the exchange`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    for id in ["one", "two", "three", "four"] {
      try daemon.drop("\(id).json", Wish.resting(id).text)
      try daemon.waitForOrder(id, "open")
    }
    let statuses = { () throws -> [String] in
      try market.ledger().orders.compactMap { $0["status"]?.stringValue }
    }
    #expect(try daemon.operate("cancel", "one").status == 0)
    #expect(try daemon.waitForOutcome("one.json").status == "canceled")
    #expect(try statuses() == ["CANCELED", "NEW", "NEW", "NEW"])
    #expect(try daemon.operate("cancel", "one").status == 1)
    #expect(try daemon.operate("cancel", "nobody").status == 1)

    #expect(try daemon.operate("cancel-all").status == 0)
    #expect(try daemon.waitForOutcome("four.json").status == "canceled")
    #expect(try daemon.waitForOutcome("two.json").folder == "done")
    #expect(try daemon.waitForOutcome("three.json").folder == "done")
    #expect(try statuses() == ["CANCELED", "CANCELED", "CANCELED", "CANCELED"])

    #expect(try daemon.submit(Wish.resting("five").text)["code"] == "accepted")
    try daemon.waitForOrder("five", "open")
    #expect(try daemon.operate("halt", "--cancel", "enough").status == 0)
    try daemon.waitForOrder("five", "canceled")
    #expect(try daemon.status()["state"] == "halted")
    #expect(try statuses().last == "CANCELED")
  }

  /// A partial fill survives a cancel in the record, as at the exchange.
  @Test
  func `a partial fill is kept when the rest is cancelled`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try daemon.drop("part.json", Wish.resting("part").text)
    try daemon.waitForOrder("part", "open")
    let name = try #require(try daemon.explain("part")["order"]?["client_order_id"]?.stringValue)
    try market.admin("POST fill?client_order_id=\(name)&quantity=0.0004")
    try daemon.waitForOrder("part", "partially_filled")
    #expect(try daemon.operate("cancel", "part").status == 0)
    let outcome = try daemon.waitForOutcome("part.json")
    #expect(outcome.status == "partially_canceled")
    #expect(outcome.folder == "done")
    #expect(outcome.report["executed_quantity"] == "0.0004")
    #expect(outcome.report["average_price"] == "63900")
  }

  @Test
  func `the story is the same with and without the daemon`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("told").text)["code"] == "accepted")
    try daemon.waitForOrder("told", "filled")
    #expect(try daemon.submit(Wish("far", ["price": "60000"]).text)["code"] == "accepted")
    try daemon.waitForOrder("far", "denied")

    var online: [String] = []
    let commands = [
      ["--json", "explain", "told"], ["--json", "explain", "far"], ["--json", "signals"],
      ["--json", "orders"], ["explain", "told"],
    ]
    for command in commands { online.append(try run(daemon, command)) }
    let story = try JSONReader.read(Array(online[0].utf8))
    let kinds = (story["timeline"]?.arrayValue ?? []).compactMap { $0["kind"]?.stringValue }
    #expect(
      kinds == [
        "signal_received", "order_created", "order_approved", "order_armed",
        "order_acknowledged", "order_observed",
      ])
    for text in ["received from socket", "quote used 64000", "the exchange has it", "filled"] {
      #expect(online[4].contains(text), "\(online[4])")
    }
    let refusal = try JSONReader.read(Array(online[1].utf8))
    #expect(refusal["signal"]?["decision"] == "price_deviation")
    #expect(refusal["signal"]?["message"]?.stringValue?.contains("64000") == true)
    try daemon.kill9()
    for (command, before) in zip(commands, online) {
      #expect(try run(daemon, command) == before, "\(command)")
    }
    #expect(try daemon.operate("status").status == 1)
    #expect(try daemon.operate("halt").status == 1)
    #expect(try daemon.operate("explain", "nobody").status == 1)
    #expect(try daemon.operate("explain").status == 2)
  }

  private func run(_ daemon: DaemonUnderTest, _ arguments: [String]) throws -> String {
    let process = try ChildProcess(
      BuiltProgram.control.path, ["--config", daemon.scratch("config.json5")] + arguments)
    #expect(try process.waitForEnd() == .exited(0), "\(arguments): \(process.tail)")
    return process.output
  }

  @Test
  func `halted but for sells, sells leave and buys do not`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let halt = try daemon.operate("halt", "--reduce-only", "dusk")
    #expect(halt.status == 0 && halt.output.contains("no new order but sells"))
    #expect(try daemon.status()["state"] == "reducing")
    #expect(try daemon.status()["halt_scope"] == "buys")
    #expect(try daemon.operate("status").status == 1)
    #expect(try daemon.submit(Wish("buy").text)["code"] == "halted")
    #expect(try daemon.submit(Wish("sell", ["side": "sell"]).text)["code"] == "accepted")
    try daemon.waitForOrder("sell", "filled")
    try daemon.kill9()
    try daemon.start()
    try daemon.process.line(with: "trading is halted but for sells since an earlier run: dusk")
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish("again").text)["code"] == "halted")
    #expect(try daemon.operate("resume").status == 0)
    #expect(try daemon.submit(Wish("later").text)["code"] == "accepted")
  }

  @Test
  func `whoever sends signals reads their stories`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let client = try daemon.connect()
    #expect(try client.ask(Wish("mine").text)["code"] == "accepted")
    try daemon.waitForOrder("mine", "filled")
    let story = try client.ask(#"{"explain":"mine"}"#)
    #expect(story["ok"] == true)
    #expect(story["result"]?["order"]?["status"] == "filled")
    #expect(try client.ask(#"{"explain":"nobody"}"#)["error"]?["code"] == "not_found")
    for line in [#"{"explain":5}"#, #"{"explain":"mine","halt":true}"#, #"{"command":"halt"}"#] {
      let answer = try client.ask(line)
      #expect(answer["status"] == "rejected", "\(line)")
    }
    #expect(try daemon.status()["state"] == "active")
  }

  @Test
  func `submit prints the answer`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let path = try daemon.scratch.write("signal.json", Wish("submitted").text)
    let first = try daemon.operate("--json", "submit", path)
    #expect(first.status == 0)
    let answer = try JSONReader.read(Array(first.output.utf8))
    #expect(answer["code"] == "accepted")
    try daemon.waitForOrder("submitted", "filled")
    #expect(try daemon.operate("submit", path).status == 0, "a duplicate is harmless")
    let bad = try daemon.scratch.write("bad.json", "{}")
    #expect(try daemon.operate("submit", bad).status == 1)
    #expect(try daemon.operate("submit", "/nonexistent").status == 1)
    #expect(try market.ledger().orders.count == 1)
  }

  // MARK: Two daemons

  /// The second is turned away with the reason, and the first does not notice.
  @Test(arguments: ["store.path", "intake.directory", "intake.socket", "control.socket"])
  func `a second daemon is turned away`(_ shared: String) throws {
    let market = try SimulatedMarket()
    let first = try DaemonUnderTest.trading(market)
    let second = try DaemonUnderTest(market)
    second.settings[shared] = first.settings[shared]
    try second.launch()
    #expect(try second.process.waitForEnd() == .exited(1))
    let path = try #require(first.settings[shared]?.stringValue)
    let last = try #require(try second.process.lines.last { $0.contains("level=error") })
    #expect(last.contains("not started"), "\(last)")
    #expect(last.contains(path), "\(last)")

    #expect(try first.submit(Wish("first").text)["code"] == "accepted")
    try first.waitForOrder("first", "filled")
    try first.drop("file.json", Wish("file").text)
    #expect(try first.waitForOutcome("file.json").status == "filled")
    #expect(try first.operate("status").status == 0)
  }
}
