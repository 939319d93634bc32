import Domain
import Foundation
import Glibc
import JSON
import Platform
import SimulatedExchange
import TestKit
import Testing

/// The page for a person: the real console beside the real daemon.
@Suite struct ConsoleTests {
  let market: SimulatedMarket
  let daemon: DaemonUnderTest

  init() throws {
    market = try SimulatedMarket(SimulatedMarket.calm + SimulatedMarket.roomy)
    daemon = try DaemonUnderTest.trading(market)
  }

  private func console() throws -> ConsoleUnderTest {
    let console = try ConsoleUnderTest(daemon)
    try console.logIn()
    return console
  }

  @Test func `it answers as the operator's tool does`() throws {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    try daemon.drop("b.json", Wish.resting("b", ["symbol": "BTCUSDT"]).text)
    _ = try daemon.waitForOutcome("a.json")
    try daemon.waitForOrder("b", "open")
    for (path, arguments) in [
      ("/api/signals", ["signals"]), ("/api/orders?open=true", ["orders", "--open"]),
      ("/api/signals?state=filled&limit=1", ["signals", "--state", "filled", "--limit", "1"]),
      ("/api/orders?before=b", ["orders", "--before", "b"]),
      (
        "/api/signals?symbol=btc-usdt&before=b",
        ["signals", "--symbol", "BTCUSDT", "--before", "b"]
      ),
    ] {
      let told = try operate(arguments)
      #expect(try console.get(path) == told, "\(path)")
      #expect(told["items"]?.arrayValue?.isEmpty == false, "\(path)")
    }
    #expect(try console.get("/api/signals/a") == operate(["explain", "a"]))
    let status = try console.get("/api/status")
    #expect(status["state"] == "active" && status["mode"] == "live")
    #expect(status["open_orders"]?.integerValue == 1)
  }

  @Test func `a story says what its order waits for`() throws {
    let console = try console()
    try market.demandBackOff(status: 429, seconds: 120)
    try daemon.drop("first.json", Wish("first").text)
    try daemon.process.line(with: "wait_ms=")
    #expect(try daemon.submit(Wish("waits").text)["status"] == "accepted")
    let told = try operate(["explain", "waits"])
    #expect(told["waits_for"]?.stringValue?.contains("back-off") == true, "\(told)")
    #expect(try console.get("/api/signals/waits")["waits_for"] == told["waits_for"])
    try daemon.kill9()
    // Without a daemon nothing waits, and the rest is told.
    let story = try console.get("/api/signals/waits")
    #expect(story["signal"] == told["signal"] && story["waits_for"] == nil, "\(story)")
    #expect(try console.send("GET", "/api/signals/nobody").status == 404)
  }

  private func operate(_ arguments: [String]) throws -> JSONValue {
    let process = try ChildProcess(
      BuiltProgram.control.path,
      ["--config", daemon.writeConfiguration(), "--json"] + arguments)
    try process.waitForEnd()
    return try JSONReader.read(Array(process.output.utf8), limits: .exchange)
  }

  @Test func `a wrong question gets its reason`() throws {
    let console = try console()
    for (path, status, code) in [
      ("/api/signals/nobody", 404, "not_found"), ("/api/signals/a%20b", 404, "not_found"),
      ("/api/signals?state=filed", 400, "invalid_request"),
      ("/api/orders?limit=0", 400, "invalid_request"),
      ("/api/orders?sort=price", 400, "invalid_request"),
      ("/api/orders?open=maybe", 400, "invalid_request"),
      ("/api/charts?hours=0", 400, "invalid_request"),
      ("/api/charts?hours=x", 400, "invalid_request"), ("/api/nothing", 404, "not_found"),
      ("/api/signals?symbol=%FF", 400, "invalid_request"),
      ("/api/orders?state=%ZZ", 400, "invalid_request"),
      ("/api/orders?%FF=1", 400, "invalid_request"),
      ("/api/signals?limit=1&limit=2", 400, "invalid_request"),
      ("/api/signals?symbol=&symbol=BTCUSDT", 400, "invalid_request"),
      ("/api/charts?hours=%FF", 400, "invalid_request"),
      ("/api/charts?hours=1&hours=2", 400, "invalid_request"),
      ("/api/events?after=%FF", 400, "invalid_request"),
    ] {
      let answer = try console.send("GET", path)
      #expect(answer.status == status, "\(path)")
      #expect(try answer.json["ok"] == false && answer.errorCode == code, "\(path)")
    }
  }

  @Test func `every page and part is there, and names nothing from elsewhere`() throws {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    var parts: Set<String> = []
    for page in ["/", "/signals", "/orders", "/charts", "/config", "/submit", "/signals/a"] {
      let answer = try console.send("GET", page)
      #expect(answer.status == 200, "\(page)")
      #expect(answer.text.contains("<main id=\"main\""), "\(page)")
      #expect(!answer.text.contains("://") && !answer.text.contains("onclick"), "\(page)")
      for found in answer.text.matches(of: #/(?:src|href)="(/[a-z]+\.(?:js|css))"/#) {
        parts.insert(String(found.1))
      }
    }
    #expect(parts.count == 9)
    for part in parts { #expect(try console.send("GET", part).status == 200, "\(part)") }
  }

  @Test func `every key of the configuration is explained, and what is not its default is marked`()
    throws
  {
    let console = try console()
    let report = try console.get("/api/configuration")
    #expect(report["ok"] == true)
    let keys = try #require(report["keys"]?.arrayValue)
    #expect(keys.count > 40)
    for key in keys {
      let name = key["key"]?.stringValue ?? ""
      #expect(key["meaning"]?.stringValue?.isEmpty == false, "\(name)")
      #expect((key["is_default"] == true) == (key["value"] == key["default"]), "\(name)")
    }
    let mode = keys.first { $0["key"] == "mode" }
    #expect(mode?["value"] == "live" && mode?["is_default"] == false)
    try daemon.scratch.write("config.json5", "{mode: 'lively'}")
    let wrong = try console.get("/api/configuration")
    #expect(wrong["ok"] == false)
    #expect(wrong["violations"]?.arrayValue?.first?.stringValue?.contains("config.json5:1") == true)
  }

  @Test func `events come as they happen, and none is lost over a break`() throws {
    let console = try console()
    let first = try console.events()
    #expect(try first.next("status").data["state"] == "active")
    try daemon.drop("a.json", Wish("a").text)
    let taken = try first.next("history") { $0["signal_id"] == "a" }
    #expect(taken.data["kind"] == "signal_received")
    let row = try #require(taken.id)
    #expect(taken.data["row"]?.integerValue == row)
    try console.kill9()
    try daemon.drop("b.json", Wish("b").text)
    _ = try daemon.waitForOutcome("b.json")
    try console.restart()
    // The session outlives the console.
    let second = try console.events(after: row)
    #expect(try second.next("status").data["state"] == "active")
    var last = row
    while true {
      let event = try second.next("history")
      let next = try #require(event.id)
      #expect(next == last + 1)
      last = next
      if event.data["signal_id"] == "b", event.data["kind"] == "order_observed" { break }
    }
  }

  @Test func `a place in another history is given up, and the present one told anew`() throws {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    let events = try console.events(after: 1_000_000)
    _ = try events.next("reset")
    let told = try events.next("history") { $0["signal_id"] == "a" }
    #expect(try #require(told.id) < 1_000_000)
  }

  /// Signals that are dropped until the history is longer than this.
  private func trade(beyond row: Int64, _ name: String) throws {
    func events() throws -> Int64 {
      let verified = try JSONReader.read(Array(daemon.operate("--json", "verify").output.utf8))
      return try #require(verified["events"]?.integerValue)
    }
    var number = 0
    while try events() <= row {
      number += 1
      try daemon.drop("\(name)\(number).json", Wish("\(name)\(number)").text)
      _ = try daemon.waitForOutcome("\(name)\(number).json")
    }
  }

  /// The restored history goes on beyond what the pages have seen, with other events.
  @Test func `another history that is longer is told anew, to who stays and who comes back`() throws
  {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    let copy = daemon.scratch("copy.db")
    #expect(try daemon.operate("backup", copy).status == 0)
    let stays = try console.events()
    var leaves: EventReader? = try console.events()
    try daemon.drop("b.json", Wish("b").text)
    let ofB: (JSONValue) -> Bool = { $0["signal_id"] == "b" && $0["kind"] == "order_observed" }
    _ = try stays.next("history", where: ofB)
    let row = try #require(try leaves?.next("history", where: ofB).id)
    leaves = nil
    try daemon.stop()
    // A page that is read at that moment is in its way.
    var isRestored = false
    for _ in 0..<100 where !isRestored {
      isRestored = try daemon.operate("restore", copy).status == 0
    }
    #expect(isRestored)
    try daemon.start()
    try trade(beyond: row, "c")
    _ = try stays.next("reset")
    let back = try console.events(after: row)
    _ = try back.next("reset")
    _ = try back.next("history") { $0["signal_id"] == "c1" }
  }

  /// Asks so much that nothing more may wait for the thread that reads. That waits for the pipe: the
  /// configuration is one.
  private func crowd(_ console: ConsoleUnderTest) throws -> FileDescriptor {
    try daemon.scratch.remove("config.json5")
    try daemon.scratch.fifo("config.json5")
    // Open for both, it lets itself be opened, and nothing comes out of it (fifo(7)).
    let pipe = FileDescriptor(
      owning: unsafe open(daemon.scratch("config.json5"), O_RDWR | O_CLOEXEC))
    for _ in 0..<200 {
      let question = FileDescriptor(
        owning: try PlainHTTP.ask(
          console.request("GET", "/api/configuration"), port: console.port))
      // Answered without that thread, behind the question.
      _ = try console.get("/api/session")
      var poll = pollfd(fd: question.number, events: Int16(POLLIN), revents: 0)
      if unsafe Glibc.poll(&poll, 1, 0) == 1 { return pipe }
      // With a reset the connection is free for others, and what was asked waits on.
      var reset = linger(l_onoff: 1, l_linger: 0)
      let size = socklen_t(MemoryLayout<linger>.size)
      unsafe setsockopt(question.number, SOL_SOCKET, SO_LINGER, &reset, size)
    }
    throw Unusable("the console takes every question")
  }

  @Test func `a page that comes while too much is asked is told its history afterwards`() throws {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    let pipe = try crowd(console)
    let page = try console.events()
    // The history is asked for right behind it.
    _ = try page.next("status")
    try daemon.scratch.remove("config.json5")
    _ = consume pipe
    _ = try page.next("history") { $0["signal_id"] == "a" }
  }

  @Test func `a page that comes while there is no database is told the last events only`() throws {
    let console = try console()
    try trade(beyond: 30, "a")
    try daemon.stop()
    try daemon.scratch.move("state.db", "away.db")
    let page = try console.events()
    _ = try page.next("status")
    // Read behind the page's first look.
    #expect(try console.send("GET", "/api/signals").status != 200)
    try daemon.scratch.move("away.db", "state.db")
    let first = try page.next("history")
    #expect(try #require(first.id) > 1)
  }

  @Test func `pages that were closed make room for others at once`() throws {
    let console = try console()
    for _ in 0..<3 {
      let pages = try (0..<16).map { _ in try console.events() }
      for page in pages { _ = try page.next("status") }
      #expect(try console.send("GET", "/api/events").errorCode == "too_many_pages")
    }
  }

  @Test func `it serves without a daemon, says so, and sees it come back`() throws {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    let events = try console.events()
    _ = try events.next("status") { $0["state"] == "active" }
    try daemon.kill9()
    let away = try events.next("status") { $0["error"] != nil }
    #expect(away.data["error"]?["code"] == "not_running")
    let status = try console.send("GET", "/api/status")
    #expect(status.status == 503 && status.errorCode == "not_running")
    #expect(try console.get("/api/signals")["items"]?.arrayValue?.first?["id"] == "a")
    #expect(try console.get("/api/signals/a")["order"]?["status"] == "filled")
    try daemon.start()
    _ = try events.next("status") { $0["state"] == "active" }
  }

  @Test func `numbers over time add up to what happened`() throws {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    try daemon.drop("b.json", Wish("b", ["symbol": "DOGEUSDT"]).text)
    _ = try daemon.waitForOutcome("a.json")
    _ = try daemon.waitForOutcome("b.json")
    let report = try console.get("/api/charts?hours=1")
    #expect(report["signals"]?.integerValue == 2)
    let parts = try #require(report["parts"]?.arrayValue)
    #expect(parts.count == 24)
    func sum(_ name: String) -> Int64 {
      parts.reduce(0) { $0 + ($1["outcomes"]?[name]?.integerValue ?? 0) }
    }
    #expect(sum("filled") == 1 && sum("denied") == 1 && sum("open") == 0)
    #expect(parts.contains { $0["filled_quote"] == "64" })
    #expect(parts.contains { $0["latency_ms"]?["median"]?.integerValue != nil })
  }

  @Test func `a page of a hundred thousand signals is found without reading the others`() throws {
    let console = try console()
    try daemon.drop("a.json", Wish("a").text)
    _ = try daemon.waitForOutcome("a.json")
    try daemon.stop()
    try RawDatabase(daemon.scratch("state.db")).execute(
      """
      WITH RECURSIVE copy (number) AS (
        SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < 100000)
      INSERT INTO signal SELECT printf('copy-%08d', number), symbol, side, type, decision, message,
        origin_kind, origin, content_digest, raw, received_at_ms + number, expires_at_ms,
        decided_at_ms, printf('sgcopy%08d', number), boot,
        counted_source, is_numbered
      FROM copy CROSS JOIN signal WHERE signal.id = 'a'
      """)
    var before = ""
    for _ in 0..<20 {
      let page = try #require(
        try console.get("/api/signals?limit=500" + before)["items"]?.arrayValue)
      #expect(page.count == 500)
      before = "&before=" + (page.last?["id"]?.stringValue ?? "")
    }
    let last = try console.get("/api/signals?limit=5&before=copy-00000003")["items"]?.arrayValue
    #expect(last?.compactMap { $0["id"]?.stringValue } == ["copy-00000002", "copy-00000001", "a"])
  }
}
