import Control
import Domain
import Foundation
import JSON
import Platform
import TestKit
import Testing

/// How lists look on a terminal.
struct ListTests {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
    try bench.write(Story.filledLimit())
    try bench.write(Story.open(at: Story.morning.advanced(by: .seconds(1))))
    try bench.write(Story.deniedAtOnce())
  }

  private func lines(_ arguments: String..., width: Int) throws -> [Substring] {
    let run = ToolRun()
    let status = runOperator(
      ["--config", bench.configuration] + arguments,
      terminal: OperatorTerminal(
        output: { run.say($0) }, complaints: { _ in }, width: width))
    #expect(status == .done)
    return run.output.split(separator: "\n")
  }

  @Test func `a list fits the terminal`() throws {
    let whole = try lines("signals", width: 200)
    #expect(whole[2].hasSuffix("'mexc-signalctl resume' resumes it"))
    let cut = try lines("signals", width: 110)
    #expect(cut.allSatisfy { $0.count <= 110 })
    #expect(cut[2].contains("trading is") && cut[2].hasSuffix("…"))
    #expect(try lines("signals", "--wide", width: 110) == whole)
  }

  @Test func `no number and no time is cut`() throws {
    let cut = try lines("orders", "--utc", width: 20)
    #expect(cut[2].hasPrefix("2026-09-25T10:11:12.345Z  s-filled  BTCUSDT  buy"))
    #expect(cut[2].contains("  60000  ") && cut[2].contains("  59900  "))
  }

  @Test func `a list begins at a time`() throws {
    #expect(try bench.tool("signals", "--since", "2026-09-25T10:11:13Z", "--json").items.count == 1)
    #expect(try bench.tool("orders", "--since", "2026-09-25T10:11:12Z", "--json").items.count == 2)
    #expect(try bench.tool("orders", "--utc", "--since", "2026-09-25", "--json").items.count == 2)
    #expect(try bench.tool("orders", "--since", "2h", "--json").items.isEmpty)
    try bench.listen()
    #expect(try bench.tool("signals", "--since", "2026-09-25T10:11:13Z", "--json").items.count == 1)
    #expect(
      try bench.tool("signals", "--since", "noon").complaints
        == "mexc-signalctl: --since takes a time like 2026-09-25T10:11:12Z or 2026-09-25, or how "
        + "long ago, like 90s, 30m, 2h, 7d; see 'mexc-signalctl --help'")
  }

  @Test func `a page before an id that the list does not know is an error`() throws {
    func check() throws {
      for (list, kind, id) in [
        ("signals", "signal", "nope"), ("orders", "order of a signal", "nope"),
        ("orders", "order of a signal", "s-denied"),
      ] {
        let says =
          "no \(kind) with the id \(id) is on record, so nothing can be listed from before it"
        let run = try bench.tool(list, "--before", id)
        #expect(run.status == .failed)
        #expect(run.output.isEmpty)
        #expect(run.complaints == "mexc-signalctl: " + says)
        let json = try bench.tool(list, "--before", id, "--json")
        #expect(json.status == .failed)
        #expect(try json.document["error"] == ["code": "not_found", "message": .string(says)])
      }
      #expect(try bench.tool("signals", "--before", "s-filled", "--json").items.isEmpty)
    }
    try check()
    try bench.listen()
    try check()
  }

  /// Its first try never left, and it is on the wire again.
  private func triedAgain(_ id: String) throws -> Story {
    var story = try Story.submitted(id)
    try bench.write(story)
    try story.retry(after: 30)
    try bench.write(story)
    #expect(try reason(of: id) == "never left")
    try story.armAgain(after: 40)
    return story
  }

  private func expectNoReason(_ id: String) throws {
    #expect(try reason(of: id) == "")
    let told = try bench.tool("explain", id, "--json").document
    #expect(told["order"]?["reason"] == "")
  }

  @Test func `an order that is on the wire again has no reason of a try before`() throws {
    try bench.write(triedAgain("s-again"))
    try expectNoReason("s-again")
  }

  @Test func `an order that was only checked has no reason of a try before`() throws {
    var story = try triedAgain("s-checked")
    try story.add(.validated, after: 50)
    try bench.write(story)
    try expectNoReason("s-checked")
  }

  private func reason(of id: String) throws -> String? {
    let row = try bench.tool("orders", "--json").items.first {
      $0["signal_id"]?.stringValue == id
    }
    return row?["reason"]?.stringValue
  }

  @Test func `a state is known in any case`() throws {
    #expect(try bench.tool("orders", "--state", "FILLED", "--json").items.count == 1)
    #expect(try bench.tool("signals", "--state", "Halted", "--json").items.count == 1)
  }
}
