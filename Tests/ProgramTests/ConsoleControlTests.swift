import Domain
import Foundation
import Glibc
import JSON
import SimulatedExchange
import TestKit
import Testing

/// What a person does at the console.
@Suite struct ConsoleControlTests {
  let market: SimulatedMarket
  let daemon: DaemonUnderTest

  init() throws {
    market = try SimulatedMarket(SimulatedMarket.calm + SimulatedMarket.roomy)
    daemon = try DaemonUnderTest.trading(market) { $0["console.control"] = true }
  }

  private func console() throws -> ConsoleUnderTest {
    let console = try ConsoleUnderTest(daemon)
    try console.logIn()
    return console
  }

  @Test func `it halts, resumes, submits and cancels`() throws {
    let console = try console()
    #expect(try console.post("/api/halt", ["reason": "a look"]).status == 200)
    #expect(try daemon.status()["state"] == "halted")
    let held = try console.send("POST", "/api/submit", body: Wish("held").text).json
    #expect(held["status"] == "rejected" && held["code"] == "halted")
    let careful = try console.post("/api/resume", ["careful_start": true])
    #expect(careful.status == 409 && careful.errorCode == "refused")
    #expect(try daemon.status()["state"] == "halted")
    #expect(try console.post("/api/resume", [:]).json["ok"] == true)
    let sent = try console.send("POST", "/api/submit", body: Wish.resting("rests").text).json
    #expect(sent["status"] == "accepted")
    try daemon.waitForOrder("rests", "open")
    #expect(try console.post("/api/cancel", ["id": "rests"]).status == 200)
    try daemon.waitForOrder("rests", "canceled")
    let again = try console.post("/api/cancel", ["id": "rests"])
    #expect(again.status == 409 && again.errorCode == "refused")
    let resolve = try console.post("/api/resolve", ["id": "rests", "not_placed": true])
    #expect(resolve.status == 409)
    #expect(try console.post("/api/cancel", ["id": "nobody"]).status == 404)
  }

  @Test func `a line end inside a string is refused on every way`() throws {
    let console = try console()
    for (id, end, byte) in [("feed", "\n", "0x0A"), ("return", "\r", "0x0D")] {
      let text = Wish(id, ["note": "a|b"]).text.replacing("|", with: end)
      let path = try daemon.scratch.write(id + ".json", text)
      let sent = try daemon.operate("--json", "submit", path)
      #expect(sent.status == 1 && sent.output.contains(#""code":"invalid_json""#), "\(sent)")
      let dry = try daemon.operate("--json", "submit", "--dry-run", path)
      #expect(dry.status == 1 && dry.output.contains(#""code":"invalid_json""#), "\(dry)")
      let signed = try daemon.operate("sign", path, "--source", "bot-1")
      #expect(signed.status == 1 && signed.errors.contains("not strict JSON"), "\(signed)")
      for target in ["/api/submit", "/api/check"] {
        let answer = try console.send("POST", target, body: text).json
        #expect(answer["code"] == "invalid_json", "\(target): \(answer)")
        #expect(answer["message"]?.stringValue?.contains(byte) == true, "\(target): \(answer)")
      }
    }
    #expect(try console.get("/api/signals")["items"] == [])
    #expect(try market.ledger().placements == 0)
    for (id, end) in [("lines", "\n"), ("pairs", "\r\n")] {
      let fields = Wish(id, ["note": "a\nb"]).fields
      let text = JSONValue.object(pairs: fields).prettyText().replacing("\n", with: end)
      #expect(text.contains(end))
      let answer = try console.send("POST", "/api/submit", body: text).json
      #expect(answer["status"] == "accepted", "\(answer)")
      let again = try daemon.operate("submit", daemon.scratch.write(id + ".json", text))
      #expect(again.status == 0 && again.output.contains("duplicate"), "\(again)")
    }
  }

  @Test func `a body that is no command's is refused`() throws {
    let console = try console()
    for (target, body) in [
      ("/api/halt", "[]"), ("/api/halt", "{"), ("/api/halt", #"{"command":"resume"}"#),
      ("/api/halt", #"{"reason":1}"#), ("/api/cancel", "{}"), ("/api/resume", #"{"now":true}"#),
      ("/api/resume", #"{"careful_start":1}"#),
      ("/api/credentials/test", #"{"apiKey":"a"}"#),
      ("/api/credentials/test", #"{"apiKey":"a","secretKey":"b","other":1}"#),
    ] {
      let answer = try console.send("POST", target, body: body)
      #expect(answer.status == 400 && answer.errorCode == "invalid_request", "\(target) \(body)")
    }
  }

  @Test func `it only looks unless the configuration lets it do more`() throws {
    daemon.settings["console.control"] = false
    let console = try console()
    #expect(try console.get("/api/session")["control"] == false)
    for target in ["halt", "resume", "cancel", "resolve", "submit", "credentials"] {
      let answer = try console.send("POST", "/api/" + target, body: "{}")
      #expect(answer.status == 403 && answer.errorCode == "control_off", "\(target)")
    }
    #expect(try daemon.status()["state"] == "active")
    #expect(try console.send("POST", "/api/check", body: Wish("a").text).status == 200)
  }

  @Test func `a signal is looked at before it is sent`() throws {
    let console = try console()
    func check(_ wish: Wish) throws -> JSONValue {
      try console.send("POST", "/api/check", body: wish.text).json
    }
    try daemon.waitForTrading()
    let good = try check(Wish("a"))
    #expect(good["ok"] == true && good["code"] == "accepted", "\(good)")
    #expect(["leaves", "asks_price"].contains(good["next"]?.stringValue), "\(good)")
    for (wish, code) in [
      (Wish("a", ["side": "hold"]), "invalid_field"),
      (Wish("a", ["colour": "red"]), "unknown_field"),
      (Wish("a", ["symbol": "DOGEUSDT"]), "symbol_not_allowed"),
      (Wish("a", ["quantity": "1"]), "risk_order_quote"),
    ] {
      #expect(try check(wish)["code"]?.stringValue == code)
    }
    #expect(try console.get("/api/signals")["items"] == [])
    #expect(try market.ledger().placements == 0)

    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    try daemon.waitForOrder("a", "filled")
    #expect(try check(Wish("a"))["code"] == "duplicate")
    #expect(try check(Wish("a", ["quantity": "0.002"]))["code"] == "conflicting_duplicate")
    // The price of the first one is still fresh.
    let next = try check(Wish("b"))
    #expect(next["next"] == "leaves" && next["not_judged"] == .null, "\(next)")
    #expect(next["checks"]?.stringValue?.contains("the price is") == true, "\(next)")
    let far = try check(Wish("c", ["price": "70000", "reference_price": "70000"]))
    #expect(far["code"] == "price_deviation", "\(far)")
    #expect(try daemon.operate("halt", "--reduce-only").status == 0)
    #expect(try check(Wish("b"))["code"] == "halted")
    #expect(try market.ledger().placements == 1)

    try daemon.kill9()
    let alone = try check(Wish("b"))
    #expect(alone["ok"] == true)
    #expect(alone["not_judged"]?.stringValue?.contains("does not answer") == true, "\(alone)")
  }

  @Test func `the daemon judges whatever text it would be sent`() throws {
    let console = try console()
    func check(_ body: [UInt8]) throws -> ConsoleUnderTest.Answer {
      let head = console.request("POST", "/api/check", ["Content-Length": "\(body.count)"])
      let connection = try PlainHTTP.Connection(port: console.port)
      try connection.send(Array(head.utf8) + body)
      return try ConsoleUnderTest.Answer(connection.readAll())
    }
    let text = Array(Wish("long").text.utf8)
    for count in [8_200, 65_536] {
      let long = text + [UInt8](repeating: 0x09, count: count - text.count)
      let answer = try check(long).json
      #expect(answer["ok"] == true && answer["code"] == "accepted", "\(answer)")
    }
    let note = String(repeating: "x", count: 9_000)
    let refused = try check(Array(Wish("b", ["note": .string(note)]).text.utf8)).json
    #expect(refused["code"] == "invalid_field" && refused["field"] == "note", "\(refused)")
    for body in [[0x22, 0xFF, 0x22], text + [0]] as [[UInt8]] {
      let answer = try check(body).json
      #expect(answer["code"] == "invalid_json" && answer["not_judged"] == .null, "\(answer)")
    }
    for body in [#"{"heartbeat":"x"}"#, #"{"explain":"a"}"#] {
      let answer = try check(Array(body.utf8))
      #expect(answer.status == 409 && answer.errorCode == "refused", "\(answer.text)")
    }
    let asked = try console.send("POST", "/api/submit", body: #"{"explain":"a"}"#)
    #expect(asked.status == 409 && asked.errorCode == "refused", "\(asked.text)")
  }

  @Test func `without a daemon, what the configuration fixes is judged`() throws {
    daemon.settings["sources"] = [
      "lim": ["sides": ["buy"], "symbols": ["BTCUSDT"], "maximum_order_quote": "50"],
      "bot-1": ["secret": true],
    ]
    let console = try console()
    try daemon.kill9()
    func check(_ wish: Wish) throws -> JSONValue {
      try console.send("POST", "/api/check", body: wish.text).json
    }
    let rows: [(wish: Wish, code: String)] = [
      (Wish("a", ["quantity": "170141183460469231731"]), "above_maximum"),
      (Wish("a", ["source": "lim", "side": "sell"]), "source_limit"),
      (Wish("a", ["source": "lim", "symbol": "ETHUSDT"]), "source_limit"),
      (Wish("a", ["source": "lim"]), "source_limit"),
      (Wish("a", ["source": "bot-1"]), "unauthenticated"),
      (Wish("a", ["ttl_seconds": nil, "expires_at": "2020-01-01T00:00:00Z"]), "expired"),
      (Wish("a", ["created_at": "2020-01-01T00:00:00Z"]), "expired"),
      (Wish("a", ["created_at": "2099-01-01T00:00:00Z"]), "invalid_field"),
    ]
    for (wish, code) in rows {
      let answer = try check(wish)
      #expect(answer["ok"] == false && answer["code"]?.stringValue == code, "\(answer)")
    }
    for wish in [Wish("a"), Wish("a", ["source": "bot-1", "signature": "00"])] {
      let answer = try check(wish)
      #expect(answer["ok"] == true && answer["code"] == "accepted", "\(answer)")
      #expect(answer["not_judged"]?.stringValue?.contains("signature, ") == true, "\(answer)")
      for name in ["field", "next", "checks", "notional", "client_order_id"] {
        #expect(answer[name] == .null, "\(name): \(answer)")
      }
    }
    let other = try console.send("POST", "/api/check", body: #"{"heartbeat":"lim"}"#)
    #expect(other.status == 409 && other.errorCode == "refused", "\(other.text)")
  }

  @Test func `an API key is tested stage by stage, and nothing is written`() throws {
    daemon.settings["risk.symbols"] = ["BTCUSDT", "NOSUCHUSDT"]
    let console = try console()
    let rules = try market.ledger().requests("GET /api/v3/exchangeInfo")
    let names = ["format", "connectivity", "authentication", "permissions"]
    let key = SimulatorConfiguration.demoKey
    let secret = SimulatorConfiguration.demoSecret
    let rows: [(String, String, failed: [String])] = [
      (key, secret, []), (key, String(secret.reversed()), ["authentication", "permissions"]),
      ("mx0" + String(key.dropFirst(3).reversed()), secret, ["authentication", "permissions"]),
      (key + " ", secret, ["format", "authentication", "permissions"]),
      (secret, key, ["format", "authentication", "permissions"]),
    ]
    for (key, secret, failed) in rows {
      for path in ["/api/credentials/test", "/api/mexc/test-credentials"] {
        let answer = try console.post(path, ["apiKey": .string(key), "secretKey": .string(secret)])
        #expect(answer.status == 200)
        let report = try answer.json
        let stages = try #require(report["stages"]?.arrayValue)
        #expect(stages.compactMap { $0["stage"]?.stringValue } == names)
        #expect(
          stages.filter { $0["ok"] == false }.compactMap { $0["stage"]?.stringValue } == failed)
        #expect(report["ok"] == .bool(failed.isEmpty))
        for stage in stages { #expect(stage["detail"]?.stringValue?.isEmpty == false) }
      }
    }
    let ledger = try market.ledger()
    #expect(ledger.orders.isEmpty)
    #expect(ledger.requests("GET /api/v3/exchangeInfo") == rules)
    market.process.signal(SIGKILL)
    try market.process.waitForEnd()
    let away = try console.post(
      "/api/credentials/test", ["apiKey": .string(key), "secretKey": .string(secret)]
    ).json
    #expect(away["stages"]?.arrayValue?.map { $0["ok"] == true } == [true, false, false, false])
    #expect(away["stages"]?.arrayValue?[1]["advice"]?.stringValue?.isEmpty == false)
  }

  @Test func `an API key is written as the operator's tool writes it`() throws {
    daemon.settings["credentials.file"] = .string(daemon.scratch("credentials"))
    let console = try console()
    let pair: [(String, JSONValue)] = [
      ("apiKey", .string(SimulatorConfiguration.demoKey)),
      ("secretKey", .string(SimulatorConfiguration.demoSecret)),
    ]
    let asked = try console.post("/api/credentials", .object(pairs: pair))
    #expect(asked.status == 409 && asked.errorCode == "passphrase_needed")
    let wrong = try console.post(
      "/api/credentials", ["apiKey": "a", "secretKey": "b", "passphrase": "open"])
    #expect(wrong.status == 409 && wrong.errorCode == "not_written")
    let done = try console.post(
      "/api/credentials", .object(pairs: pair + [("passphrase", "open sesame")]))
    #expect(done.status == 200, "\(done.text)")
    let passphrase = try daemon.scratch.write("passphrase", "open sesame\n")
    let check = try daemon.operate("keys", "check", "--passphrase-file", passphrase)
    #expect(check.status == 0, "\(check.errors)")
    // Where the passphrase is the daemon's own file, nobody is asked for it.
    daemon.settings["credentials.passphrase_file"] = .string(passphrase)
    try console.kill9()
    try console.restart()
    #expect(try console.post("/api/credentials", .object(pairs: pair)).status == 200)
  }
}
