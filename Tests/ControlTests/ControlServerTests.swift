import Control
import Domain
import Foundation
import Glibc
import JSON
import Platform
import Store
import Testing

@Suite struct `The control socket` {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
    try bench.listen()
  }

  /// Sends bytes as they are and turns the loop until so many lines have come back.
  private func exchange(_ bytes: [UInt8], answers count: Int) throws -> [String] {
    let client = try StubbornClient(bench.controlSocket, bench.loop)
    client.send(bytes)
    try bench.turn { client.lines.count >= count }
    return client.lines
  }

  private func ask(_ text: String) throws -> JSONValue {
    let lines = try exchange(Array((text + "\n").utf8), answers: 1)
    try #require(lines.count == 1)
    return try JSONReader.read(lines[0], limits: .exchange)
  }

  @Test func `a browser hears once that this is no HTTP, and is let go`() throws {
    let client = try StubbornClient(bench.controlSocket, bench.loop)
    client.send(
      Array("POST /x HTTP/1.1\r\nHost: localhost\r\n\r\n{\"command\":\"status\"}\n".utf8))
    try bench.turn { client.isClosed }
    try #require(client.lines.count == 1)
    let answer = try JSONReader.read(client.lines[0], limits: .exchange)
    #expect(answer["error"]?["code"] == "invalid_request")
    #expect(answer["error"]?["message"]?.stringValue?.contains("this is HTTP") == true)
  }

  /// A text of the exchange may hold one, and neither our reader nor every other takes it.
  @Test func `no answer holds a NUL character`() throws {
    let answer = ControlAnswer.result(["reason": "closed: a\0b"])
    #expect(ControlAnswer(answer.line) == .result(["reason": "closed: a\u{FFFD}b"]))
  }

  @Test func `requests that are none are answered with their code`() throws {
    let rows: [(request: String, code: String, message: String)] = [
      ("garbage", "invalid_request", "not a JSON object: line 1, column 1"),
      ("[]", "invalid_request", "found an array; send one JSON object"),
      ("{}", "invalid_request", "the member \"command\" is missing"),
      (#"{"command":7}"#, "invalid_request", "\"command\" is a number; it must be a string"),
      (#"{"command":"fly"}"#, "unknown_command", "there is no command \"fly\""),
      (#"{"command":"doctor"}"#, "unknown_command", "there is no command \"doctor\""),
      (#"{"command":"status","x":1}"#, "invalid_request", "\"status\" takes no member \"x\""),
      (#"{"command":"status","command":"halt"}"#, "invalid_request", "appears twice"),
      (#"{"command":"explain"}"#, "invalid_request", "needs the \"id\" of a signal"),
      (#"{"command":"explain","id":"a b"}"#, "invalid_request", "is no signal id"),
      (#"{"command":"explain","id":"nobody"}"#, "not_found", "no signal with the id nobody"),
      (#"{"command":"signals","limit":0}"#, "invalid_request", "a whole number above 0"),
      (#"{"command":"signals","limit":1.5}"#, "invalid_request", "must be a whole number"),
      (#"{"command":"signals","open":"yes"}"#, "invalid_request", "must be true or false"),
      (#"{"command":"orders","state":"filed"}"#, "invalid_request", "did you mean \"filled\"?"),
      (#"{"command":"orders","symbol":"BTC/USDT:USDT"}"#, "invalid_request", "no spot symbol"),
      (#"{"command":"resolve","id":"a"}"#, "invalid_request", "either \"placed\" or"),
      (
        #"{"command":"resolve","id":"a","placed":"1","not_placed":true}"#, "invalid_request",
        "either \"placed\" or"
      ),
      (
        #"{"command":"resolve","id":"a","placed":"1&symbol=X"}"#, "invalid_request",
        "is no order id of the exchange"
      ),
    ]
    for (request, code, message) in rows {
      let answer = try ask(request)
      #expect(answer["ok"] == false, "\(request)")
      #expect(answer["error"]?["code"]?.stringValue == code, "\(request)")
      let text = try #require(answer["error"]?["message"]?.stringValue)
      #expect(text.contains(message), "\(request): \(text)")
    }
    #expect(bench.commands.isEmpty)
  }

  @Test func `hostile lines are answered and the connection goes on`() throws {
    let long = [UInt8](repeating: 0x61, count: 3 * ControlRequest.maximumBytes)
    let bytes =
      [0xFF, 0x00, 0x0A] + long + [0x0A]
      + Array(#"{"command":"status"}"#.utf8) + [0x0A]
    let lines = try exchange(bytes, answers: 3)
    #expect(lines.count == 3)
    #expect(
      lines[0].hasPrefix(#"{"ok":false,"error":{"code":"invalid_request","message":"not a JSON"#))
    let limit = ControlRequest.maximumBytes
    #expect(
      lines[1]
        == #"{"ok":false,"error":{"code":"invalid_request","message":"a request has at most \#(limit) bytes"}}"#
    )
    #expect(lines[2] == #"{"ok":true,"result":{"state":"active"}}"#)
  }

  @Test func `every command reaches the daemon as it is meant`() throws {
    bench.answer = CommandAnswer(ok: true, message: "done")
    try bench.write(Story.open("a-1"))
    try bench.write(Story.resolvedByHand())
    let id = try #require(SignalID("a-1"))
    let lost = try #require(SignalID("s-lost"))
    let rows: [(String, OperatorCommand)] = [
      (#"{"command":"halt"}"#, .halt(reason: "by the operator", cancel: false)),
      (
        #"{"command":"halt","reason":"lunch","cancel":true}"#,
        .halt(reason: "lunch", cancel: true)
      ),
      (#"{"command":"resume"}"#, .resume),
      (#"{"command":"resume","careful_start":true}"#, .endCarefulStart),
      (#"{"command":"cancel","id":"a-1"}"#, .cancel(id)),
      (#"{"command":"cancel_all"}"#, .cancelAll),
      (
        #"{"command":"resolve","id":"s-lost","placed":"C02__1"}"#,
        .resolvePlaced(lost, orderID: "C02__1")
      ),
      (#"{"command":"resolve","id":"s-lost","not_placed":true}"#, .resolveNotPlaced(lost)),
    ]
    for (request, command) in rows {
      #expect(try ask(request) == ["ok": true, "result": ["message": "done"]])
      #expect(bench.commands.last == command)
      // What is written is read back as the same.
      #expect(try ControlRequest.read(ControlRequest.perform(command).line) == .perform(command))
    }
    bench.answer = CommandAnswer(ok: false, message: "not now")
    #expect(
      try ask(#"{"command":"resume"}"#)
        == ["ok": false, "error": ["code": "refused", "message": "not now"]])
  }

  /// What has ended, or never began, is answered from the records: the engine knows what is under way.
  @Test func `commands about a signal that leaves nothing to do say why`() throws {
    bench.answer = CommandAnswer(ok: true, message: "done")
    try bench.write(Story.filledLimit())
    try bench.write(Story.open())
    try bench.write(Story.deniedByGuard())
    try bench.write(Story.deniedAtOnce())
    let rows: [(id: String, command: String, code: String, message: String)] = [
      ("nobody", "cancel", "not_found", "no signal with the id nobody was ever taken"),
      ("nobody", "resolve", "not_found", "no signal with the id nobody was ever taken"),
      (
        "s-filled", "cancel", "refused",
        "there is nothing to cancel: the order of signal s-filled is filled: 0.001 executed at "
          + "59900 on average"
      ),
      (
        "s-filled", "resolve", "refused",
        "there is nothing to resolve: the order of signal s-filled is filled"
      ),
      (
        "s-guard", "cancel", "refused",
        "there is nothing to cancel: the order of signal s-guard is denied: the current price"
      ),
      (
        "s-halted", "cancel", "refused",
        "signal s-halted was refused (halted) and has no order: trading is halted: lunch"
      ),
    ]
    for row in rows {
      let more = row.command == "resolve" ? #","not_placed":true"# : ""
      let answer = try ask(#"{"command":"\#(row.command)","id":"\#(row.id)"\#(more)}"#)
      #expect(answer["error"]?["code"]?.stringValue == row.code, "\(row)")
      #expect(answer["error"]?["message"]?.stringValue?.hasPrefix(row.message) == true, "\(answer)")
    }
    #expect(bench.commands.isEmpty)
    #expect(try ask(#"{"command":"cancel","id":"s-open"}"#)["ok"] == true)
  }

  /// An order that has not left may be looked for, and a refusal that proves nothing is watched for.
  @Test func `the engine judges every order that it has`() throws {
    bench.answer = CommandAnswer(ok: true, message: "done")
    try bench.write(Story("s-new", amount: .base(FixedDecimal("0.001")), price: "60000"))
    try bench.write(Story.submitted("s-sent"))
    var refused = try Story.submitted("s-watched")
    try refused.add(.outcomeLost("code 10203", .refused(code: 10_203)), after: 30)
    try refused.add(.refused(.exchangeRejected, "code 10203"), after: 9_000)
    try bench.write(refused)
    try bench.store.write(.setWatched([OrderKey(signal: refused.id)]))
    try bench.store.commit()
    for id in ["s-new", "s-sent", "s-watched"] {
      let signal = try #require(SignalID(id))
      let rows: [OperatorCommand] = [
        .cancel(signal), .resolveNotPlaced(signal), .resolvePlaced(signal, orderID: "C02__1"),
      ]
      for command in rows {
        let request = String(decoding: ControlRequest.perform(command).line, as: UTF8.self)
        #expect(try ask(request)["ok"] == true, "\(request)")
        #expect(bench.commands.last == command)
      }
    }
    // It is watched for no more.
    try bench.store.write(.setWatched([]))
    try bench.store.commit()
    let answer = try ask(#"{"command":"resolve","id":"s-watched","not_placed":true}"#)
    #expect(
      answer["error"]?["message"]
        == "there is nothing to resolve: the order of signal s-watched is rejected: code 10203")
  }

  @Test func `answers keep their order however late they come`() throws {
    let client = try StubbornClient(bench.controlSocket, bench.loop)
    let other = try StubbornClient(bench.controlSocket, bench.loop)
    client.send(
      Array(
        "{\"command\":\"resume\"}\n{\"command\":\"cancel_all\"}\n{\"command\":\"status\"}\n".utf8)
    )
    try bench.turn { bench.pending.count == 2 }
    bench.pending[1](CommandAnswer(ok: true, message: "second"))
    other.send(Array("{\"command\":\"status\"}\n".utf8))
    try bench.turn { other.lines.count == 1 }
    #expect(client.lines.isEmpty)
    bench.pending[0](CommandAnswer(ok: true, message: "first"))
    // A second answer to the same command goes nowhere.
    bench.pending[0](CommandAnswer(ok: true, message: "again"))
    try bench.turn { client.lines.count == 3 }
    #expect(
      client.lines == [
        #"{"ok":true,"result":{"message":"first"}}"#,
        #"{"ok":true,"result":{"message":"second"}}"#,
        #"{"ok":true,"result":{"state":"active"}}"#,
      ])
  }

  @Test func `an answer to somebody who has gone is dropped`() throws {
    let client = try StubbornClient(bench.controlSocket, bench.loop)
    client.send(Array("{\"command\":\"resume\"}\n".utf8))
    try bench.turn { bench.pending.count == 1 }
    client.close()
    // The server keeps the place of a client that is owed an answer.
    #expect(bench.server?.clientCount == 1)
    bench.pending[0](CommandAnswer(ok: true, message: "too late"))
    try bench.turn { bench.server?.clientCount == 0 }
    #expect(try ask(#"{"command":"status"}"#)["ok"] == true)
  }

  @Test func `peers are named, and the socket is closed to others`() throws {
    _ = try ask(#"{"command":"status"}"#)
    #expect(bench.peers.map(\.user) == [getuid()])
    #expect(bench.peers.map(\.process) == [getpid()])
    let attributes = try FileManager.default.attributesOfItem(atPath: bench.controlSocket)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func `without storage the lists say so and commands still work`() throws {
    bench.hasStorage = false
    bench.answer = CommandAnswer(ok: true, message: "halted")
    for command in ["signals", "orders"] {
      let answer = try ask(#"{"command":"\#(command)"}"#)
      #expect(answer["error"]?["code"] == "storage_unavailable")
    }
    #expect(try ask(#"{"command":"explain","id":"a"}"#)["error"]?["code"] == "storage_unavailable")
    #expect(try ask(#"{"command":"halt"}"#)["ok"] == true)
  }

  @Test func `a list of thousands reaches a client that reads slowly`() throws {
    for number in 0..<3_000 {
      let story = try Story.filledLimit(
        "many-\(number)", at: Story.morning.advanced(by: .seconds(number)))
      for write in story.writes { try bench.store.write(write) }
    }
    try bench.store.commit()
    let client = try StubbornClient(bench.controlSocket, bench.loop)
    client.send(Array("{\"command\":\"orders\",\"limit\":100000}\n".utf8))
    try bench.turn { client.lines.count == 1 }
    let rows = try #require(
      try JSONReader.read(client.lines[0], limits: .exchange)["result"]?.arrayValue)
    #expect(client.lines[0].utf8.count > 4 * LineServer.pausingBytes)
    #expect(rows.count == 3_000)
    #expect(rows.first?["signal_id"] == "many-2999")
    #expect(rows.last?["signal_id"] == "many-0")
  }
}

/// A client whose every byte the test decides, and that reads 16 KiB at a time.
final class StubbornClient {
  private let number: CInt
  private var received: [UInt8] = []
  private var isOpen = true
  /// The other side has said its last word.
  private(set) var isClosed = false
  private let loop: EventLoop

  init(_ path: String, _ loop: EventLoop) throws {
    self.loop = loop
    number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
      unsafe buffer.copyBytes(from: bytes)
    }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let number = number
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe connect(number, pointer, length)
      }
    }
    try #require(result == 0)
    try #require(fcntl(number, F_SETFL, O_NONBLOCK) == 0)
    try loop.register(number, .read) { [unowned self] _ in receive() }
  }

  deinit { close() }

  func send(_ bytes: [UInt8]) {
    let count = unsafe Glibc.send(number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    #expect(count == bytes.count)
  }

  func close() {
    guard isOpen else { return }
    isOpen = false
    loop.deregister(number)
    Glibc.close(number)
  }

  /// The whole lines that have come so far.
  var lines: [String] {
    let whole = received.lastIndex(of: 0x0A).map { received[..<$0] } ?? []
    return whole.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
  }

  private func receive() {
    var block = [UInt8](repeating: 0, count: 16 * 1024)
    let count = unsafe read(number, &block, block.count)
    if count > 0 {
      received += block[..<count]
    } else {
      // An end would be reported for ever.
      isClosed = true
      loop.deregister(number)
    }
  }
}
