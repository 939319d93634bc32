import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// What somebody on the machine, or a page of another site in the operator's browser, would try.
@Suite struct ConsoleAttackTests {
  let daemon: DaemonUnderTest
  let console: ConsoleUnderTest

  /// Nothing here needs a daemon that runs.
  init() throws {
    daemon = try DaemonUnderTest(nil) { $0["console.control"] = true }
    console = try ConsoleUnderTest(daemon)
  }

  @Test func `who has no session sees nothing and does nothing`() throws {
    for target in ["/api/status", "/api/signals", "/api/signals/a", "/api/events", "/api/session"] {
      let answer = try console.send("GET", target)
      #expect(answer.status == 401 && answer.errorCode == "no_session", "\(target)")
    }
    for target in ["/", "/signals", "/config", "/signals/a", "/login"] {
      let answer = try console.send("GET", target)
      #expect(answer.status == 401, "\(target)")
      #expect(!answer.text.contains("csrf-token"), "\(target)")
    }
    for target in ["halt", "resume", "cancel", "submit", "credentials", "credentials/test"] {
      #expect(try console.send("POST", "/api/" + target, body: "{}").status == 401, "\(target)")
    }
    for (method, target) in [
      ("GET", "/api/nothing"), ("GET", "/favicon.ico"), ("PUT", "/api/halt"),
      ("POST", "/api/status"), ("HEAD", "/api/status"),
    ] {
      #expect(try console.send(method, target).status == 401, "\(method) \(target)")
    }
    try console.logIn()
    let name = try #require(console.session).prefix { $0 != "=" }
    for value in ["", "../address", token(of: "0")] {
      console.session = name + "=" + value
      #expect(try console.send("GET", "/api/status").status == 401, "\(value)")
    }
  }

  private func token(of digit: String) -> String { String(repeating: digit, count: 64) }

  @Test func `a code opens once, and a wrong or revoked one never`() throws {
    let link = try console.link()
    let answer = try console.send("GET", link)
    #expect(answer.status == 303 && answer.header("Location") == "/")
    let cookie = try #require(answer.header("Set-Cookie"))
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
      #expect(cookie.contains("; " + attribute))
    }
    #expect(cookie.firstMatch(of: #/^mexc_console_[0-9a-f]{8}=[0-9a-f]{64};/#) != nil)
    let revoked = try console.link()
    let used = try console.send("GET", link)
    #expect(used.status == 401 && used.header("Set-Cookie") == nil)
    for code in ["", "a", token(of: "f"), "..%2f..%2faddress"] {
      #expect(try console.send("GET", "/login?code=" + code).status == 401, "\(code)")
    }
    try console.logIn()
    #expect(try console.get("/api/session")["ok"] == true)
    #expect(try daemon.operate("console", "--revoke").status == 0)
    #expect(try console.send("GET", "/api/session").status == 401)
    #expect(try console.send("GET", revoked).status == 401)
    try console.logIn()
    #expect(try console.post("/api/logout", [:]).status == 200)
    #expect(try console.send("GET", "/api/session").status == 401)
  }

  /// A browser keeps one cookie of a name for a host and path, whatever the port.
  @Test func `who opens another console of this machine stays logged in at the first`() throws {
    let other = try ConsoleUnderTest(DaemonUnderTest(nil))
    var jar: [String: String] = [:]
    for console in [console, other] {
      try console.logIn()
      let pair = try #require(console.session).split(separator: "=", maxSplits: 1)
      jar[String(pair[0])] = String(pair[1])
    }
    let cookies = jar.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    for console in [console, other] {
      console.session = cookies
      #expect(try console.send("GET", "/api/session").status == 200)
    }
  }

  /// An address that leads to one machine today leads to another one tomorrow.
  @Test func `a console at the same path of another machine has a name of its own`() throws {
    func name() throws -> Substring { try #require(console.session).prefix { $0 != "=" } }
    try console.logIn()
    let first = try name()
    let page = try console.send("GET", "/submit").text
    #expect(page.contains("data-console=\"\(first.suffix(8))\""))
    try console.kill9()
    try console.restart()
    #expect(try console.send("GET", "/api/session").status == 200)
    try console.kill9()
    try FileManager.default.removeItem(atPath: daemon.scratch("state.db.console"))
    try console.restart()
    try console.logIn()
    #expect(try name() != first)
  }

  @Test func `wrong codes are slowed down, and only so many wait`() throws {
    let began = Clock.monotonic()
    for _ in 0..<3 { #expect(try console.send("GET", "/login?code=x").status == 401) }
    // 250, 500 and 1000 milliseconds.
    #expect(Clock.monotonic().since(began) >= .milliseconds(1_700))
    var waiting: [PlainHTTP.Connection] = []
    for _ in 0..<24 {
      let connection = try PlainHTTP.Connection(port: console.port)
      try connection.send(console.request("GET", "/login?code=x"))
      waiting.append(connection)
    }
    let statuses = try waiting.map { try ConsoleUnderTest.Answer($0.readAll()).status }
    #expect(Set(statuses).isSubset(of: [401, 429]) && statuses.contains(429))
    // A right one does not wait for them.
    try console.logIn()
  }

  @Test func `a name that leads here by a trick is refused`() throws {
    try console.logIn()
    let port = console.port
    let foreign = [
      "attacker.example", "attacker.example:\(port)", "127.0.0.1.attacker.example:\(port)",
      "localhost.attacker.example", "10.0.0.1:\(port)", "0.0.0.0:\(port)", "[::]:\(port)",
      "localhost:\(port)/", "user@localhost:\(port)", "127.1:\(port)",
    ]
    for host in foreign {
      for target in ["/api/status", "/", "/console.js", "/login?code=x"] {
        let answer = try console.send("GET", target, headers: ["Host": host])
        #expect(answer.status == 403 && answer.errorCode == "foreign_host", "\(host) \(target)")
      }
    }
    for host in ["localhost:\(port)", "LOCALHOST", "127.0.0.1", "[::1]:9999"] {
      let answer = try console.send("GET", "/api/session", headers: ["Host": host])
      #expect(answer.status == 200, "\(host)")
    }
  }

  @Test func `a page of another site gets nothing done`() throws {
    try console.logIn()
    for origin in [
      "http://attacker.example", "null", "http://127.0.0.1", "https://127.0.0.1:\(console.port)",
      "http://localhost:\(console.port)", "http://127.0.0.1:\(console.port).attacker.example",
    ] {
      for (method, target) in [("POST", "/api/halt"), ("GET", "/api/status")] {
        let answer = try console.send(
          method, target, headers: ["Origin": origin], body: method == "POST" ? "{}" : "")
        #expect(answer.status == 403 && answer.errorCode == "foreign_origin", "\(origin)")
        #expect(answer.header("Access-Control-Allow-Origin") == nil)
      }
    }
    for site in ["cross-site", "same-site"] {
      for mode in ["cors", "no-cors"] {
        let answer = try console.send(
          "GET", "/api/status", headers: ["Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode])
        #expect(answer.status == 403, "\(site) \(mode)")
      }
      let form = try console.send(
        "POST", "/api/halt", headers: ["Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"],
        body: "{}")
      #expect(form.status == 403)
    }
    // A form's own types, and a request without the page's token.
    for type in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""] {
      let answer = try console.send(
        "POST", "/api/halt", headers: ["Content-Type": type], body: "{}")
      #expect(answer.status == 415, "\(type)")
    }
    for token in ["", "0", token(of: "0")] {
      let answer = try console.send(
        "POST", "/api/halt", headers: ["X-CSRF-Token": token], body: "{}")
      #expect(answer.status == 403 && answer.errorCode == "missing_token", "\(token)")
    }
  }

  @Test func `every answer forbids frames, foreign parts and copies`() throws {
    let open = try ["/api/status", "/", "/console.css", "/nothing"].map {
      try console.send("GET", $0)
    }
    try console.logIn()
    for answer in try open
      + ["/", "/api/session", "/api/status"].map({ try console.send("GET", $0) })
    {
      let policy = answer.header("Content-Security-Policy") ?? ""
      #expect(policy.hasPrefix("default-src 'none'; script-src 'self';"))
      #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
      #expect(answer.header("X-Frame-Options") == "DENY")
      #expect(answer.header("Cache-Control") == "no-store")
      #expect(answer.header("X-Content-Type-Options") == "nosniff")
      #expect(answer.header("Referrer-Policy") != nil)
    }
  }

  @Test func `no path leads to a file, and no method to another path's work`() throws {
    try console.logIn()
    for path in [
      "/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/api/../config.json5",
      "/api/signals/../../etc/passwd", "/api/signals/%2e%2e%2f%2e%2e", "/api/signals/%00", "//",
      "/console.css/", "/console.js%00.css", "/api/signals/", "/state.db.console/address",
      "/api/status/", "/API/status",
    ] {
      #expect(try console.send("GET", path).status == 404, "\(path)")
    }
    for (method, path) in [
      ("GET", "/api/halt"), ("POST", "/api/status"), ("DELETE", "/api/signals"), ("PUT", "/"),
      ("HEAD", "/"), ("OPTIONS", "/api/halt"), ("TRACE", "/"),
    ] {
      let answer = try console.send(method, path)
      #expect(answer.status == 405, "\(method) \(path)")
      #expect(answer.header("Allow") != nil)
    }
  }

  @Test func `slow, huge and many requests hold nobody up`() throws {
    try console.logIn()
    let huge = "X-Filler: " + String(repeating: "a", count: 70_000) + "\r\n"
    let head = try ConsoleUnderTest.Answer(
      PlainHTTP.bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\(huge)\r\n", port: console.port))
    #expect(head.status == 431)
    let body = try console.send("POST", "/api/check", headers: ["Content-Length": "99999999"])
    #expect(body.status == 413)
    for garbage in ["\r\n\r\nGET", "GET /\r\n\r\n", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\n\r\n"] {
      let answer = try PlainHTTP.bytes(garbage + "\r\n\r\n", port: console.port)
      #expect(String(decoding: answer.prefix(12), as: UTF8.self) == "HTTP/1.1 400", "\(garbage)")
    }
    // More than it keeps, none of which ever finishes its request.
    var slow: [PlainHTTP.Connection] = []
    for _ in 0..<150 {
      let connection = try PlainHTTP.Connection(port: console.port)
      slow.append(connection)
      try? connection.send("GET /api/status HTTP/1.1\r\nHost: loc")
    }
    #expect(try console.send("GET", "/api/session").status == 200)
    var streams: [EventReader] = []
    for _ in 0..<16 {
      let stream = try console.events()
      _ = try stream.next("status")
      streams.append(stream)
    }
    let answer = try console.send("GET", "/api/events")
    #expect(answer.status == 503 && answer.errorCode == "too_many_pages")
    #expect(try console.send("GET", "/api/session").status == 200)
  }

  @Test func `a stream ends with its session`() throws {
    try console.logIn()
    let stream = try console.events()
    _ = try stream.next("status")
    #expect(try daemon.operate("console", "--revoke").status == 0)
    while try stream.next() != nil {}
  }

  @Test func `neither codes nor sessions nor keys are told to anybody`() throws {
    let link = try console.link()
    _ = try console.send("GET", link)
    try console.logIn()
    let pair: JSONValue = ["apiKey": "mx0KEYthatNOBODYsees", "secretKey": "SECRETthatNOBODYsees"]
    _ = try console.post("/api/credentials/test", pair)
    _ = try console.post("/api/credentials", pair)
    _ = try console.send("GET", "/login?code=wrongCODEofNOBODY")
    let secrets = [
      String(link.split(separator: "=")[1]),
      String(console.session?.split(separator: "=")[1] ?? "?"),
      "KEYthatNOBODYsees", "SECRETthatNOBODYsees", "wrongCODEofNOBODY",
    ]
    let said = console.process.lines.joined() + console.process.output
    #expect(said.contains("a code for the console was refused"))
    for secret in secrets {
      #expect(!said.contains(secret))
      for file in try daemon.scratch.files() {
        #expect(!file.path.contains(secret))
        #expect(file.content.range(of: Data(secret.utf8)) == nil, "\(file.path)")
      }
    }
    #expect(
      FileStatus.at(path: daemon.scratch("state.db.console"))?.mode == 0o700)
  }
}
