import Control
import Domain
import Foundation
import Glibc
import JSON
import Platform
import Testing

@Suite struct `Submitting a signal` {
  private let bench: ControlBench
  private let intake: LineStub

  init() throws {
    bench = try ControlBench()
    intake = try LineStub(path: bench.signalSocket, loop: bench.loop, answer: nil)
  }

  private func file(_ text: String) throws -> String {
    let path = bench.folder + "/signal.json"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  @Test func `a file of many lines becomes one line`() throws {
    intake.answer = """
      {"id":"a","status":"accepted","code":"accepted","message":"Taken.","client_order_id":"x-1"}
      """
    let path = try file("{\r\n  \"id\": \"a\\nb\",\n  \"side\": \"buy\"\n}\n")
    let plain = try bench.tool("submit", path)
    #expect(plain.status == .done)
    #expect(plain.output == "a accepted: Taken.\nclient order id x-1")
    #expect(intake.lines == [#"{    "id": "a\nb",   "side": "buy" } "#])
    let json = try bench.tool("--json", "submit", path)
    #expect(json.status == .done)
    #expect(try json.document == AnswerDocument.of(JSONReader.read(intake.answer ?? "")))
    #expect(try json.document["ok"] == true)
  }

  @Test func `a dry run asks and sends nothing`() throws {
    try bench.listen()
    defer { bench.close() }
    let text = "{\"id\": \"a\",\n\"note\": \"ü\"}"
    let path = try file(text)
    bench.verdict = [
      "ok": true, "code": "accepted", "message": "its order would leave", "checks": "price 1",
      "not_judged": nil,
    ]
    let taken = try bench.tool("submit", "--dry-run", path)
    #expect(taken.status == .done, "\(taken.complaints)")
    #expect(taken.output == "its order would leave\nchecks: price 1")
    #expect(bench.judged == [text])
    bench.verdict = [
      "ok": false, "code": "halted", "message": "trading is halted", "checks": nil,
      "not_judged": "the rest",
    ]
    let refused = try bench.tool("submit", path, "--dry-run")
    #expect(refused.status == .failed)
    #expect(
      refused.output == "it would be refused (halted): trading is halted\nnot judged: the rest")
    let json = try bench.tool("--json", "submit", "--dry-run", path)
    #expect(
      try json.document == [
        "ok": false, "code": "halted", "message": "trading is halted", "checks": nil,
        "not_judged": "the rest", "error": ["code": "halted", "message": "trading is halted"],
      ])
    try Data([0x22, 0xFF, 0x22]).write(to: URL(fileURLWithPath: path))
    let other = try bench.tool("submit", "--dry-run", path)
    #expect(
      other.status == .failed && other.output.contains("refused (invalid_json): Not strict JSON"),
      "\(other.output)")
    #expect(bench.judged.count == 3)
    #expect(intake.lines.isEmpty)
  }

  @Test func `a dry run asks about the longest signal, whatever is in it`() throws {
    try bench.listen(signalBytes: 65_536)
    defer { bench.close() }
    let text = String(repeating: "\u{1}", count: 65_536)
    let run = try bench.tool("submit", "--dry-run", file(text))
    #expect(run.status == .done, "\(run.complaints)")
    #expect(bench.judged == [text])
  }

  @Test func `a dry run of a text that is longer than any question is too large`() throws {
    try bench.listen()
    defer { bench.close() }
    let path = try file(String(repeating: "x", count: ControlRequest.maximumBytes))
    let run = try bench.tool("--json", "submit", "--dry-run", path)
    #expect(run.status == .failed)
    let document = try run.document
    #expect(document["ok"] == false && document["code"] == "too_large", "\(document)")
    #expect(document["message"]?.stringValue == DecisionCode.tooLarge.meaning)
    #expect(bench.judged.isEmpty)
  }

  @Test func `a dry run of a text that no question can hold has the text's own fault`() throws {
    try bench.listen()
    defer { bench.close() }
    let rows: [(text: [UInt8], fault: String)] = [
      (Array(#"{"id":"a"}"#.utf8) + [0], "line 1, column 11: something follows"),
      (Array(#"{"id":"a"#.utf8) + [0, 0x22], "line 1, column 9: a string holds the character U+0"),
      (Array("{\n\"id\":\"".utf8) + [0xFF, 0x22], "line 2, column 7: the bytes are not valid"),
    ]
    for (text, fault) in rows {
      let path = bench.folder + "/signal.json"
      try Data(text).write(to: URL(fileURLWithPath: path))
      let run = try bench.tool("--json", "submit", "--dry-run", path)
      #expect(run.status == .failed)
      let document = try run.document
      #expect(document["ok"] == false && document["code"] == "invalid_json", "\(document)")
      #expect(document["error"]?["code"] == "invalid_json")
      let message = document["message"]?.stringValue ?? ""
      #expect(message.hasPrefix("Not strict JSON: " + fault), "\(message)")
    }
    #expect(bench.judged.isEmpty)
  }

  @Test func `what the socket takes beside signals is told apart`() throws {
    try bench.listen()
    defer { bench.close() }
    intake.answer = #"{"id":null,"status":"accepted","code":"heartbeat","message":"Heard."}"#
    let heartbeat = try file(#"{"heartbeat":"x"}"#)
    #expect(try bench.tool("submit", heartbeat).output == "accepted (heartbeat): Heard.")
    let dry = try bench.tool("submit", "--dry-run", heartbeat)
    #expect(dry.status == .failed)
    #expect(
      dry.complaints
        == "mexc-signalctl: this is a heartbeat and no signal: there is nothing to check")
    let story = try file(#"{"explain":"t0"}"#)
    #expect(
      try bench.tool("submit", "--dry-run", story).complaints.hasSuffix(
        "this is a request for a signal's story and no signal: there is nothing to check"))
    let sent = try bench.tool("submit", story)
    #expect(sent.status == .failed)
    #expect(
      sent.complaints == "mexc-signalctl: this asks for a signal's story and is no signal; "
        + "'mexc-signalctl explain ID' tells it")
    #expect(bench.judged.isEmpty && intake.lines == [#"{"heartbeat":"x"}"#])
    // With a field of a signal it is meant as one, and the daemon tells what is wrong with it.
    let mixed = try bench.tool("submit", "--dry-run", file(#"{"heartbeat":"x","id":"a"}"#))
    #expect(mixed.status == .done && bench.judged.count == 1)
  }

  @Test func `a line end inside a string is refused as it stands in the file`() throws {
    for (end, byte) in [("\n", "0x0A"), ("\r", "0x0D"), ("\r\n", "0x0D")] {
      let run = try bench.tool("--json", "submit", file("{\n \"id\":\"a\(end)b\"}"))
      #expect(run.status == .failed)
      let document = try run.document
      #expect(document["status"] == "rejected" && document["code"] == "invalid_json")
      let message = document["message"]?.stringValue ?? ""
      #expect(message.hasPrefix("Not strict JSON: line 2, column 9: "), "\(message)")
      #expect(message.contains(byte), "\(message)")
    }
    #expect(intake.lines.isEmpty)
  }

  @Test func `the exit status tells what the answer is`() throws {
    let path = try file("{}")
    let rows: [(answer: String, status: ExitCode, output: String)] = [
      (
        #"{"id":"a","status":"duplicate","code":"duplicate","message":"taken before"}"#, .done,
        "a duplicate: taken before"
      ),
      (
        #"{"id":"a","status":"duplicate","code":"duplicate","message":"taken","state":"filled"}"#,
        .done, "a duplicate: taken"
      ),
      (
        #"{"id":"a","status":"duplicate","code":"duplicate","message":"no","state":"expired"}"#,
        .failed, "a duplicate: no"
      ),
      (
        #"{"id":"a","status":"duplicate","code":"duplicate","message":"no","state":"halted"}"#,
        .failed, "a duplicate: no"
      ),
      (
        #"{"id":null,"status":"rejected","code":"invalid_field","message":"id: is missing"}"#,
        .failed, "rejected (invalid_field): id: is missing"
      ),
    ]
    for (answer, status, output) in rows {
      intake.answer = answer
      let run = try bench.tool("submit", path)
      #expect(run.status == status)
      #expect(run.output == output)
      #expect(run.complaints.isEmpty)
    }
    #expect(
      try bench.tool("submit", path, "--json").document == [
        "ok": false, "id": nil, "status": "rejected", "code": "invalid_field",
        "message": "id: is missing",
        "error": ["code": "invalid_field", "message": "id: is missing"],
      ])
    intake.answer = rows[3].answer
    #expect(
      try bench.tool("submit", path, "--json").document["error"] == [
        "code": "halted", "message": "no",
      ])
    intake.answer = "[]"
    #expect(
      try bench.tool("submit", path).complaints
        == "mexc-signalctl: what answers on \(bench.signalSocket) is not this daemon; check "
        + "intake.socket")
  }

  @Test func `a line that nobody has read yet is waited for, which is said`() throws {
    intake.close()
    try FileManager.default.removeItem(atPath: bench.signalSocket)
    let listener = try UnixListener(path: bench.signalSocket, mode: 0o600)
    let run = bench.begin(
      ["--config", bench.configuration, "submit", try file(#"{"id":"a"}"#)],
      answerTime: .seconds(1))
    try bench.turn { !run.complaints.isEmpty || run.status != nil }
    #expect(run.complaints == "mexc-signalctl: the daemon has not answered yet; waiting")
    let daemon = try LineStub(
      listener, loop: bench.loop,
      answer: #"{"id":"a","status":"accepted","code":"accepted","message":"Taken."}"#)
    defer { daemon.close() }
    try bench.turn { run.status != nil }
    #expect(run.status == .done)
    #expect(run.output == "a accepted: Taken.")
    #expect(daemon.lines == [#"{"id":"a"}"#])
  }

  @Test func `standard input is read to its end`() throws {
    intake.answer = #"{"id":"p","status":"accepted","code":"accepted","message":"Taken."}"#
    var numbers: [CInt] = [0, 0]
    try #require(unsafe pipe(&numbers) == 0)
    defer { Glibc.close(numbers[0]) }
    let text = Array(#"{"id":"p"}"#.utf8)
    #expect(unsafe write(numbers[1], text, text.count) == text.count)
    Glibc.close(numbers[1])
    let run = try bench.run(
      ["submit", "-", "--config", bench.configuration], standardInput: numbers[0])
    #expect(run.output == "p accepted: Taken.")
    #expect(intake.lines == [#"{"id":"p"}"#])
    // Only what was opened is closed.
    #expect(fcntl(numbers[0], F_GETFD) >= 0)
  }

  @Test func `an empty file still gets an answer, and a huge one the daemon's`() throws {
    intake.answer = #"{"id":null,"status":"rejected","code":"too_large","message":"too long"}"#
    #expect(try bench.tool("submit", file("")).status == .failed)
    #expect(
      try bench.tool("submit", file(String(repeating: "x", count: 3_000_000))).output
        == "rejected (too_large): too long")
    #expect(intake.lines == [" ", "(too long)"])
    let huge = try bench.tool("submit", file(String(repeating: "x", count: 16_777_217)))
    #expect(huge.status == .failed)
    #expect(
      huge.complaints == "mexc-signalctl: \(bench.folder)/signal.json is larger than 16777216 "
        + "bytes; that is no signal")
  }

  @Test func `what cannot be read or reached is one sentence`() throws {
    let none = bench.folder + "/none.json"
    #expect(
      try bench.tool("submit", none).complaints
        == "mexc-signalctl: cannot read \(none): No such file or directory")
    #expect(
      try bench.tool("submit", bench.folder).complaints
        == "mexc-signalctl: cannot read \(bench.folder): Is a directory")
    let path = try file("{}")
    let mute = try bench.run(
      ["--config", bench.configuration, "submit", path, "--json"],
      answerTime: .milliseconds(50))
    #expect(try mute.document["error"]?["code"] == "no_answer")
    #expect(
      try mute.document["error"]?["message"]?.stringValue?.hasSuffix(
        "send the same signal again: it is never acted on twice") == true)
    intake.close()
    try FileManager.default.removeItem(atPath: bench.signalSocket)
    let absent = try bench.tool("submit", path, "--json")
    #expect(absent.status == .failed)
    #expect(try absent.document["error"]?["code"] == "not_running")
    // No --socket leads to the signal socket.
    #expect(
      try absent.document["error"]?["message"]?.stringValue?.hasSuffix(
        "or name the right --config") == true)
  }
}
