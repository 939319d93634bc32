import Control
import Domain
import Foundation
import Glibc
import JSON
import Platform
import Testing

@Suite struct `The operator's tool` {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
  }

  // MARK: With a daemon

  @Test func `status prints what the daemon says, for people and for programs`() throws {
    try bench.listen()
    bench.status = [
      "state": "active", "mode": "live", "uptime_seconds": 3_725, "clock_offset_ms": -12,
      "clock_error_ms": nil, "last_commit_us": 237, "resident_bytes": 19_000_000,
      "reason": nil, "problems": [],
      "streams": [], "rate": ["ip_used": 12, "banned_until": nil], "is_open": true,
      "halt_reason": "", "odd": "a\u{1B}[31mb",
    ]
    let plain = try bench.tool("status")
    #expect(plain.status == .done)
    #expect(
      plain.output == """
        state         active
        mode          live
        uptime        1 h 2 min
        clock offset  -12 ms
        clock error   none
        last commit   237 µs
        resident      18 MiB
        streams       none
        rate          ip used 12, banned until none
        is open       yes
        halt reason   none
        odd           a\\u001b[31mb
        """)
    #expect(plain.complaints.isEmpty)
    let json = try bench.tool("--json", "status")
    #expect(try json.document == AnswerDocument.of(bench.status))
    #expect(try json.document["ok"] == true)
    // A socket is enough.
    #expect(try bench.run(["--socket", bench.controlSocket, "status"]).output == plain.output)
  }

  @Test func `limits stand beside their uses`() throws {
    try bench.listen()
    bench.status = [
      "state": "active", "problems": [],
      "risk": [
        "open_orders": 4, "open_orders_limit": 50, "minute_orders": 2, "minute_orders_limit": 60,
        "daily_quote": "120.5", "daily_quote_limit": "1000",
      ],
      "rate": [
        "ip_used": 12, "ip_limit": 285, "uid_used": 1, "uid_limit": 475, "window_seconds": 10,
        "order_used": 3, "order_limit": 11, "ceiling_percent": 90,
        "banned_until": "2026-09-25T10:11:12.345Z",
      ],
    ]
    let block = """
      state  active
      risk   open orders 4 of 50, orders 2 of 60 in 60 s, quote 120.5 of 1000 in 24 h
      rate   weight by address 12 of 285 in 10 s, weight by account 1 of 475 in 10 s, orders 3 of 11 in 1 s, 90 % of the exchange's limits after it refused what they allow, back-off until 2026-09-25T10:11:12.345Z
      """
    #expect(try bench.tool("status").output == block)
    bench.status = [
      "risk": ["daily_quote": nil, "daily_quote_limit": nil], "state": "active",
    ]
    #expect(
      try bench.tool("status").output == """
        risk   quote ? of any in 24 h
        state  active
        """)
  }

  @Test func `a count that nobody knows is not called none`() throws {
    try bench.listen()
    bench.status = [
      "state": "halted", "open_orders": nil, "halt_scope": nil,
      "rate": ["ip_used": nil, "ip_limit": nil, "banned_until": nil],
    ]
    #expect(
      try bench.tool("status").output == """
        state        halted
        open orders  not known
        halt scope   none
        rate         use not known
        """)
  }

  @Test func `what is not as it should be comes first and fails`() throws {
    try bench.listen()
    bench.status = [
      "state": "active", "reason": "a; b",
      "problems": [
        ["subject": "daemon", "message": "a", "advice": "b"],
        ["subject": "symbol", "message": "c\u{1B}", "advice": "d"],
        ["subject": "order", "message": "e is paused", "advice": "Look at it."],
      ],
    ]
    let plain = try bench.tool("status")
    #expect(plain.status == .failed)
    #expect(
      plain.output == """
        problem: a; b
        problem: c\\u001b; d
        problem: e is paused. Look at it.

        state  active
        """)
    let json = try bench.tool("--json", "status")
    #expect(json.status == .failed)
    #expect(try json.document == AnswerDocument.of(bench.status, isOK: false))
    for (state, problems, status) in [
      ("active", [] as JSONValue, ExitCode.done), ("halted", [], .failed),
      ("reducing", [], .failed), ("active", [["message": "a"]], .failed),
    ] {
      bench.status = ["state": .string(state), "problems": problems]
      let quiet = try bench.tool("status", "--quiet")
      #expect(quiet.status == status)
      #expect(quiet.output.isEmpty && quiet.complaints.isEmpty)
    }
    bench.close()
    let gone = try bench.tool("status", "--quiet", "--json")
    #expect(gone.status == .failed)
    #expect(gone.output.isEmpty && gone.complaints.isEmpty)
    #expect(try bench.tool("orders", "--quiet").status == .wrongUsage)
  }

  @Test func `commands are passed on and answered`() throws {
    try bench.listen()
    bench.answer = CommandAnswer(ok: true, message: "halted: no new order until 'resume'")
    let plain = try bench.tool("halt", "--cancel", "lunch", "time")
    #expect(plain.status == .done)
    #expect(plain.output == "halted: no new order until 'resume'")
    #expect(bench.commands == [.halt(reason: "lunch time", cancel: true)])
    let json = try bench.tool("resume", "--json")
    #expect(
      try json.document == ["ok": true, "message": "halted: no new order until 'resume'"])

    bench.answer = CommandAnswer(ok: false, message: "the daemon is stopping")
    let refused = try bench.tool("halt")
    #expect(refused.status == .failed)
    #expect(refused.output.isEmpty)
    #expect(refused.complaints == "mexc-signalctl: the daemon is stopping")
    let refusedJSON = try bench.tool("halt", "--json")
    #expect(refusedJSON.status == .failed)
    #expect(
      try refusedJSON.document
        == ["ok": false, "error": ["code": "refused", "message": "the daemon is stopping"]])
    #expect(refusedJSON.complaints.isEmpty)
  }

  @Test func `lists are tables with the newest first`() throws {
    try bench.listen()
    #expect(try bench.tool("signals").output == "no signals")
    #expect(try bench.tool("orders").output == "no orders")
    #expect(try bench.tool("orders", "--json").document == ["ok": true, "items": []])
    try bench.write(Story.filledLimit())
    try bench.write(Story.open(at: Story.morning.advanced(by: .seconds(1))))
    try bench.write(Story.deniedAtOnce())
    #expect(
      try bench.tool("orders", "--utc").output == """
        CREATED                   SIGNAL    SYMBOL   SIDE  TYPE   AMOUNT  PRICE  STATUS  EXECUTED  AVERAGE  ORDER ID  REASON
        2026-09-25T10:11:13.345Z  s-open    ETHUSDT  buy   limit    0.01   2000  open           0        -  C02__2    -
        2026-09-25T10:11:12.345Z  s-filled  BTCUSDT  buy   limit   0.001  60000  filled     0.001    59900  C02__1    -
        """)
    #expect(
      try bench.tool("signals", "--limit", "2", "--symbol", "BTC_USDT", "--utc").output == """
        RECEIVED                  ID        SYMBOL   SIDE  TYPE   STATE   EXECUTED  AVERAGE  MESSAGE
        2026-09-25T10:11:12.345Z  s-halted  BTCUSDT  buy   limit  halted         -        -  trading is halted: lunch; 'mexc-signalctl resume' resumes it
        2026-09-25T10:11:12.345Z  s-filled  BTCUSDT  buy   limit  filled     0.001    59900  -
        """)
    let open = try bench.tool("signals", "--open", "--json").items
    #expect(open.count == 1)
    #expect(
      open.first == [
        "id": "s-open", "received_at": "2026-09-25T10:11:13.345Z", "symbol": "ETHUSDT",
        "side": "buy", "type": "limit", "decision": "accepted", "message": "",
        "order_status": "open", "client_order_id": "x-s-open", "order_id": "C02__2",
        "executed_quantity": "0", "average_price": nil, "expires_at": "2026-09-25T10:12:13.345Z",
        "decided_at": "2026-09-25T10:11:13.345Z",
      ])
    let filled = try bench.tool("orders", "--state", "Filled", "--json").items
    #expect(
      filled == [
        [
          "signal_id": "s-filled", "leg": 0, "client_order_id": "x-s-filled",
          "order_id": "C02__1", "symbol": "BTCUSDT", "side": "buy", "type": "limit",
          "quantity": "0.001", "quote_quantity": nil, "price": "60000", "status": "filled",
          "code": nil, "reason": "",
          "executed_quantity": "0.001", "executed_quote": "59.9", "average_price": "59900",
          "reserved_quote": "60", "attempt": 1, "cancel_requested": false,
          "created_at": "2026-09-25T10:11:12.345Z", "updated_at": "2026-09-25T10:11:13.875Z",
        ]
      ])
  }

  // MARK: Without one

  @Test func `the records are read without a daemon, and the rest says so`() throws {
    try bench.write(Story.filledLimit())
    let list = try bench.tool("orders")
    #expect(list.status == .done)
    #expect(list.output.contains("s-filled"))
    #expect(
      list.complaints
        == "mexc-signalctl: the daemon is not running; read from \(bench.database)")
    let offline = try bench.tool("explain", "s-filled", "--json")
    #expect(offline.complaints.isEmpty)
    try bench.listen()
    #expect(try bench.tool("explain", "s-filled", "--json").document == offline.document)
    bench.close()

    let advice =
      "the daemon is not running: there is no socket \(bench.controlSocket); see 'systemctl status "
      + "mexc-signald', or name the right --config or --socket"
    for arguments in [["status"], ["halt"], ["resume"], ["cancel", "a"], ["cancel-all"]] {
      let run = try bench.run(["--config", bench.configuration] + arguments)
      #expect(run.status == .failed)
      #expect(run.complaints == "mexc-signalctl: " + advice)
      #expect(run.output.isEmpty)
    }
    // A socket alone names no database.
    let socketOnly = try bench.run(["--socket", bench.controlSocket, "--json", "orders"])
    #expect(socketOnly.status == .failed)
    #expect(
      try socketOnly.document
        == ["ok": false, "error": ["code": "not_running", "message": .string(advice)]])
  }

  @Test func `what cannot be found or read is said`() throws {
    let unknown = try bench.tool("explain", "nobody")
    #expect(unknown.status == .failed)
    #expect(
      unknown.complaints.hasSuffix(
        "mexc-signalctl: no signal with the id nobody was ever taken; 'mexc-signalctl signals' "
          + "lists them, and what was no readable signal is not kept"))
    let missing = try bench.run(["--config", bench.folder + "/none", "status", "--json"])
    #expect(missing.status == .invalidConfiguration)
    #expect(try missing.document["error"]?["code"] == "invalid_configuration")
    #expect(
      missing.complaints
        == "\(bench.folder)/none: cannot be read (No such file or directory); name a readable file"
    )
    let usage = try bench.tool("fly", "--json")
    #expect(usage.status == .wrongUsage)
    #expect(
      try usage.document
        == ["ok": false, "error": ["code": "wrong_usage", "message": "unknown command 'fly'"]])
    #expect(
      usage.complaints == "mexc-signalctl: unknown command 'fly'; see 'mexc-signalctl --help'")
  }

  /// A file that is being edited, while the daemon runs on.
  @Test func `an invalid file does not keep a command from a socket that is named`() throws {
    try bench.listen()
    bench.answer = CommandAnswer(ok: true, message: "halted")
    bench.status = ["state": "active", "mode": "live", "problems": []]
    try "{ mode: ".write(toFile: bench.configuration, atomically: false, encoding: .utf8)
    let named = try bench.tool("--socket", bench.controlSocket, "halt", "lunch")
    #expect(named.status == .done)
    #expect(named.output == "halted")
    #expect(named.complaints.contains("config.json5"))
    #expect(bench.commands == [.halt(reason: "lunch", cancel: false)])
    for arguments in [["halt"], ["status"], ["cancel-all"], ["resume"]] {
      let lost = try bench.run(["--config", bench.configuration] + arguments)
      #expect(lost.status == .invalidConfiguration)
      let advice = lost.complaints.split(separator: "\n").last ?? ""
      #expect(advice.contains("a daemon that runs goes on with what it has read"), "\(advice)")
      #expect(advice.contains("'mexc-signalctl --socket "), "\(advice)")
    }
    let json = try bench.tool("halt", "--json").document["error"]?["message"]?.stringValue
    #expect(json?.contains("'mexc-signalctl --socket ") == true)
    #expect(bench.commands.count == 1)

    let unasked = try bench.tool("doctor")
    #expect(unasked.status == .failed)
    #expect(unasked.output.contains("whether a daemon runs is not known, and all of this"))
    #expect(!unasked.output.contains("no daemon answers"))
    let asked = try bench.tool("--socket", bench.controlSocket, "doctor", "--json")
    #expect(try asked.document["daemon"]?["mode"] == "live")
    #expect(try asked.document["daemon_error"] == .null)
  }

  @Test func `help and version are told`() throws {
    #expect(try bench.run(["--help"]).output == HelpText.all)
    #expect(try bench.run(["--version"]).output == "mexc-signalctl \(Version.text)")
  }

  @Test func `a stranger on a socket that was named is told by that name`() throws {
    let stranger = try LineStub(path: bench.controlSocket, loop: bench.loop, answer: "220 hello")
    let run = try bench.run(["--socket", bench.controlSocket, "status"])
    #expect(
      run.complaints
        == "mexc-signalctl: what answers on \(bench.controlSocket) is not this daemon; check "
        + "--socket")
    stranger.close()
  }

  @Test func `a stranger and a mute on the socket are recognised`() throws {
    let stranger = try LineStub(path: bench.controlSocket, loop: bench.loop, answer: "220 hello")
    #expect(
      try bench.tool("status").complaints
        == "mexc-signalctl: what answers on \(bench.controlSocket) is not this daemon; check "
        + "control.socket")
    stranger.answer = nil
    let mute = try bench.run(
      ["--config", bench.configuration, "resume", "--json"], answerTime: .milliseconds(50))
    #expect(mute.status == .failed)
    #expect(
      try mute.document == [
        "ok": false,
        "error": [
          "code": "no_answer",
          "message": .string(
            "no answer in time; what became of the request is not known; look with "
              + "'mexc-signalctl status' before you repeat it"),
        ],
      ])
    // The tool may have given up before this thread read what it sent.
    try bench.turn { stranger.lines.count == 2 }
    #expect(stranger.lines == [#"{"command":"status"}"#, #"{"command":"resume"}"#])
  }
}
