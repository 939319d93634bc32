import Control
import Cryptography
import Domain
import JSON
import Platform
import Store
import Testing

@Suite struct `The operator's arguments` {
  @Test func `every command is understood`() throws {
    let id = try #require(SignalID("a:1"))
    let everything = ListFilter(
      openOnly: true, state: "unknown", symbol: Symbol(exchangeText: "BTCUSDT"), before: id,
      limit: 7)
    let rows: [([String], ControlRequest)] = [
      (["status"], .status),
      (["signals"], .report(.signals(ListFilter()))),
      (
        ["signals", "--state", "price_deviation"],
        .report(.signals(ListFilter(state: "price_deviation")))
      ),
      (
        [
          "orders", "--open", "--state", "unknown", "--symbol", "btc/usdt", "--before", "a:1",
          "--limit=7",
        ],
        .report(.orders(everything))
      ),
      (["orders", "--limit", "99999999"], .report(.orders(ListFilter(limit: 5_000)))),
      (["explain", "a:1"], .report(.explain(id))),
      (["cancel", "a:1"], .perform(.cancel(id))),
      (["cancel-all"], .perform(.cancelAll)),
      (["resolve", "a:1", "--placed", "C02__1"], .perform(.resolvePlaced(id, orderID: "C02__1"))),
      // As advices have it, with its placeholder.
      (
        ["resolve", "a:1", "--placed", "ORDER_ID"],
        .perform(.resolvePlaced(id, orderID: "ORDER_ID"))
      ),
      (["resolve", "--not-placed", "a:1"], .perform(.resolveNotPlaced(id))),
      (["halt"], .perform(.halt(reason: "by the operator", cancel: false))),
      (["halt", "   "], .perform(.halt(reason: "by the operator", cancel: false))),
      (
        ["halt", "going", "--cancel", "to", "lunch"],
        .perform(.halt(reason: "going to lunch", cancel: true))
      ),
      (["halt", "--", "--cancel"], .perform(.halt(reason: "--cancel", cancel: false))),
      (["resume"], .perform(.resume)),
      (["adopt", "--renewed-key"], .expectRenewedKey),
    ]
    for (arguments, request) in rows {
      let options = try OperatorOptions.parse(arguments)
      #expect(options.action == .request(request), "\(arguments)")
      #expect(!options.json && options.configurationPath == nil && options.socketPath == nil)
      // The line that is sent is read back as the same request.
      #expect(try ControlRequest.read(request.line) == request, "\(arguments)")
    }
    #expect(try OperatorOptions.parse(["verify"]).action == .verify(notedHash: nil))
    let hash = String(repeating: "0aF", count: 21) + "1"
    #expect(
      try OperatorOptions.parse(["verify", "--head", hash]).action
        == .verify(notedHash: Hexadecimal.bytes(of: hash)))
    #expect(try OperatorOptions.parse(["tail"]).action == .tail(TailFilter(), from: .now))
    let filter = TailFilter(signal: id, symbol: Symbol(exchangeText: "BTCUSDT"), level: .warning)
    #expect(
      try OperatorOptions.parse([
        "tail", "--signal", "a:1", "--symbol", "btc/usdt", "--level=warning", "--since", "17",
      ]).action == .tail(filter, from: .row(17)))
    #expect(
      try OperatorOptions.parse(["tail", "--since", "1970-01-01T00:00:01Z"]).action
        == .tail(TailFilter(), from: .time(WallTime(milliseconds: 1_000))))
    #expect(
      try OperatorOptions.parse(["backup", "f"]).action == .backup(place: "f", keep: nil))
    #expect(
      try OperatorOptions.parse(["backup", "--keep", "14", "d"]).action
        == .backup(place: "d", keep: 14))
    #expect(try OperatorOptions.parse(["restore", "f"]).action == .restore(file: "f"))
    #expect(try OperatorOptions.parse(["adopt", "--config", "c"]).action == .adopt)
    #expect(try OperatorOptions.parse(["doctor"]).action == .doctor)
    let submit = try OperatorOptions.parse(["submit", "--json", "-", "--config=c", "--socket", "s"])
    #expect(submit.action == .submit(path: "-"))
    #expect(submit.json && submit.configurationPath == "c" && submit.socketPath == "s")
    let sign = try OperatorOptions.parse(["--config=c", "sign", "f", "--source", "bot-1"])
    #expect(sign.action == .sign(path: "f", source: "bot-1", passphraseFile: nil))
    #expect(
      try OperatorOptions.parse(["status", "-h", "--version"]).action == .showCommandHelp(.status))
    #expect(try OperatorOptions.parse(["-h"]).action == .showHelp)
    #expect(try OperatorOptions.parse(["--version"]).action == .showVersion)
    #expect(
      try OperatorOptions.parse(["keys", "set", "--passphrase-file", "p"]).action
        == .keys(KeysCommand(verb: .set, passphraseFile: "p")))
    let removal = ["keys", "remove", "--source", "bot-1", "--passphrase-file", "p"]
    #expect(
      try OperatorOptions.parse(removal).action
        == .keys(KeysCommand(verb: .remove, source: "bot-1", passphraseFile: "p")))
    #expect(
      try OperatorOptions.parse(["keys", "check"]).action == .keys(KeysCommand(verb: .check)))
    #expect(
      try OperatorOptions.parse(["keys", "remove"]).action == .keys(KeysCommand(verb: .remove)))
    #expect(
      try OperatorOptions.parse(["keys", "change-passphrase", "--new-passphrase-file=n"]).action
        == .keys(KeysCommand(verb: .changePassphrase, newPassphraseFile: "n")))
  }

  /// An emergency stop is not refused for its words.
  @Test(arguments: [(600, ""), (499, "é"), (498, "é")])
  func `the reason of a halt that is too long is cut`(count: Int, end: String) throws {
    let text = String(repeating: "x", count: count) + end
    let options = try OperatorOptions.parse(["halt", text])
    let kept = String(repeating: "x", count: min(count, 500)) + (count == 498 ? end : "")
    #expect(options.action == .request(.perform(.halt(reason: kept, cancel: false))))
    let line: JSONValue = ["command": "halt", "reason": .string(text)]
    let read = try ControlRequest.read(Array(line.compactText().utf8))
    #expect(read == .perform(.halt(reason: kept, cancel: false)))
  }

  @Test func `wrong usage says what is wrong`() {
    let decisions = ControlRequest.signalStates.dropFirst(ControlRequest.orderStates.count)
      .joined(separator: ", ")
    let rows: [([String], String)] = [
      ([], "a command is missing"),
      (["--json"], "a command is missing"),
      (["verify", "x"], "'verify' takes no further words"),
      (
        ["keys"],
        "'keys' takes one of set, check, remove, change-passphrase, and nothing else: keys and "
          + "secrets are never arguments"
      ),
      (
        ["keys", "set", "mx0secret"],
        "'keys' takes one of set, check, remove, change-passphrase, and nothing else: keys and "
          + "secrets are never arguments"
      ),
      (
        ["keys", "set", "--socket", "s"],
        "'keys' uses the credentials file of the configuration; give --config, not --socket"
      ),
      (
        ["keys", "set", "--new-passphrase-file", "n"],
        "--new-passphrase-file goes with 'keys change-passphrase'"
      ),
      (
        ["keys", "remove", "--passphrase-file", "n"],
        "'keys remove' takes no --passphrase-file without --source"
      ),
      (["adopt", "--renewed-key", "x"], "'adopt' takes no further words"),
      (["adopt", "--config", "c", "x"], "'adopt' takes no further words"),
      (["adopt"], "'adopt' speaks of the database of a configuration; give --config"),
      (
        ["verify", "--head", "0a"],
        "--head takes the 64 hexadecimal digits that 'verify' prints"
      ),
      (
        ["verify", "--socket", "s"],
        "'verify' reads the database of the configuration; give --config, not --socket"
      ),
      (["tail", "x"], "'tail' takes no further words"),
      (["tail", "--level", "loud"], "--level takes one of error, warning, notice, info, debug"),
      (
        ["tail", "--since", "yesterday"],
        "--since takes the number of a row, or a time like 2026-09-25T10:11:12Z or 2026-09-25, or "
          + "how long ago, like 90s, 30m, 2h, 7d"
      ),
      (
        ["tail", "--symbol", "BTC-PERP"], "\"BTC-PERP\" is no spot symbol; write one like BTCUSDT"
      ),
      (
        ["tail", "--socket", "s"],
        "'tail' reads the database of the configuration; give --config, not --socket"
      ),
      (["backup"], "'backup' takes one file"),
      (["backup", "--keep", "0", "d"], "--keep takes a whole number above 0"),
      (["restore", "a", "b"], "'restore' takes one file"),
      (
        ["restore", "a", "--socket", "s"],
        "'restore' is of the database of the configuration; give --config, not --socket"
      ),
      (["sumbit", "x"], "unknown command 'sumbit'; did you mean 'submit'?"),
      (["fly"], "unknown command 'fly'"),
      (["mx0secret"], "unknown command"),
      ([String(repeating: "4", count: 32)], "unknown command"),
      (["a\nb"], "unknown command 'a\\nb'"),
      (["--mx0secret", "status"], "unknown option"),
      (["--fast", "status"], "unknown option '--fast'"),
      (["--jsn", "status"], "unknown option '--jsn'; did you mean --json?"),
      (["--open", "signals"], "--open stands after its command, for instance 'signals --open'"),
      (["status", "--limit", "3"], "'status' takes no --limit"),
      (["status", "now"], "'status' takes no further words"),
      (["cancel-all", "a"], "'cancel-all' takes no further words"),
      (["--config"], "--config needs a value"),
      (["--config=", "status"], "--config needs a value"),
      (["--socket", "a", "--socket", "b", "status"], "--socket is given twice"),
      (["--json=1", "status"], "--json takes no value"),
      (["explain"], "'explain' takes the id of one signal"),
      (["explain", "a", "b"], "'explain' takes the id of one signal"),
      (
        ["explain", "a b"],
        "\"a b\" is no signal id; an id has 1 to 64 of A-Z a-z 0-9 . _ : -"
      ),
      (["resolve", "a"], "'resolve' takes either --placed ORDER_ID or --not-placed"),
      (
        ["resolve", "a", "--placed", "1", "--not-placed"],
        "'resolve' takes either --placed ORDER_ID or --not-placed"
      ),
      (["resolve", "a", "--placed", "1 2"], "\"1 2\" is no order id of the exchange"),
      (["resolve", "a", "--placed", "é"], "\"é\" is no order id of the exchange"),
      (["signals", "--limit", "0"], "--limit takes a whole number above 0"),
      (["signals", "--limit", "all"], "--limit takes a whole number above 0"),
      (
        ["signals", "--symbol", "BTC-PERP"],
        "\"BTC-PERP\" is no spot symbol; write one like BTCUSDT"
      ),
      (
        ["orders", "--state", "halted"],
        "there is no state \"halted\"; orders are new, submitted, "
          + "open, partially_filled, filled, canceled, partially_canceled, rejected, expired, "
          + "unknown, not_found, denied, validated"
      ),
      (["signals", "--state", "hlted"], "there is no state \"hlted\"; did you mean \"halted\"?"),
      (
        ["signals", "--state", "qqq"],
        "there is no state \"qqq\"; orders are new, submitted, open, partially_filled, filled, "
          + "canceled, partially_canceled, rejected, expired, unknown, not_found, denied, "
          + "validated; signals also \(decisions)"
      ),
      (["submit"], "'submit' takes one file, or - for standard input"),
      (["submit", "a", "b"], "'submit' takes one file, or - for standard input"),
      (["sign"], "'sign' takes one file, or - for standard input"),
      (
        ["--socket", "s", "sign", "a"],
        "'sign' reads the secrets of the configuration; give --config, not --socket"
      ),
      (
        ["--socket", "s", "submit", "a"],
        "'submit' uses the signal socket of the configuration; give --config, not --socket"
      ),
    ]
    for (arguments, message) in rows {
      let error = #expect(throws: OperatorUsageError.self) {
        try OperatorOptions.parse(arguments)
      }
      #expect(error?.description == message, "\(arguments)")
      #expect(error?.json == arguments.contains("--json"))
    }
  }

  @Test func `the white space before a halt's reason is none of it`() throws {
    let text = String(repeating: " ", count: 600) + "lunch"
    let options = try OperatorOptions.parse(["halt", text])
    #expect(options.action == .request(.perform(.halt(reason: "lunch", cancel: false))))
  }
}
