import Control
import Domain
import JSON
import Platform
import Store
import Testing

/// Lists of what is so rare that all of the history would have to be looked through.
@Suite struct `Lists that would hold the daemon up` {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
    for number in 0..<1_000 {
      let story = try Story.filledLimit(
        "many-\(number)", at: Story.morning.advanced(by: .seconds(number)))
      for write in story.writes { try bench.store.write(write) }
    }
    try bench.store.commit()
    try bench.listen(listSteps: 2_000)
  }

  private func ask(_ text: String) throws -> JSONValue {
    let client = try StubbornClient(bench.controlSocket, bench.loop)
    client.send(Array((text + "\n").utf8))
    try bench.turn { client.lines.count == 1 }
    return try JSONReader.read(client.lines[0], limits: .exchange)
  }

  @Test(arguments: [#""state":"rejected""#, #""symbol":"ETHUSDT""#])
  func `the daemon refuses them and goes on`(_ filter: String) throws {
    for command in ["signals", "orders"] {
      let answer = try ask(#"{"command":"\#(command)",\#(filter)}"#)
      #expect(answer["error"]?["code"] == "refused", "\(answer)")
      #expect(answer["error"]?["message"]?.stringValue?.contains("--since") == true)
      let narrow = try ask(
        #"{"command":"\#(command)",\#(filter),"since":"2026-09-25T10:27:30Z"}"#)
      #expect(narrow["result"]?.arrayValue?.isEmpty == true, "\(narrow)")
      let usual = try ask(#"{"command":"\#(command)","limit":5}"#)
      #expect(usual["result"]?.arrayValue?.count == 5)
    }
    #expect(try ask(#"{"command":"status"}"#)["ok"] == true)
    // The connection that was bounded writes and reads as before.
    try bench.write(Story.open("after"))
    #expect(try bench.store.reader.signals(filter: ListFilter(state: "rejected")).isEmpty)
  }

  @Test func `who may read the database reads them there`() throws {
    try bench.write(Story.open("rare", at: Story.morning.advanced(by: .seconds(-1))))
    let run = try bench.tool("orders", "--symbol", "ETHUSDT", "--json")
    #expect(run.status == .done)
    #expect(try run.items.map { $0["signal_id"]?.stringValue } == ["rare"])
    let plain = try bench.tool("orders", "--symbol", "ETHUSDT")
    #expect(
      plain.complaints.hasPrefix(
        "mexc-signalctl: the daemon would have to look for it for too long; read from "))
  }

  @Test func `who may not hears what to do`() throws {
    let run = try bench.run([
      "--config", bench.configuration, "--socket", bench.folder + "/./control.sock", "orders",
      "--symbol", "ETHUSDT",
    ])
    #expect(run.status == .failed)
    #expect(run.output.isEmpty)
    #expect(run.complaints.contains("narrow it with --since, or ask on this machine"))
  }
}
