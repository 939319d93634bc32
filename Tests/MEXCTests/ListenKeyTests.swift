import Domain
import MEXC
import Testing
import Transport

private let keyText = "pqia91ma19a5s61cv6a81va65sd099v8a65a1a5s61cv6a81va65sdf19v8a65a1"

@Suite struct ListenKeyTests {
  private let stamp = WallTime(milliseconds: 1_644_489_390_087)

  private func key() throws -> ListenKey {
    try #require(ListenKey(keyText))
  }

  private func answer(_ request: ListenKeyRequest, _ status: Int, _ body: String) throws
    -> ListenKeyAnswer
  {
    var exchange = MEXCSpot(
      credentials: try documentedCredentials(), receiveWindow: .seconds(5))
    return exchange.answer(to: request, response(status, body), now: noon)
  }

  @Test func `the calls are signed, with the key in the query`() throws {
    let credentials = try documentedCredentials()
    let exchange = MEXCSpot(credentials: credentials, receiveWindow: .milliseconds(4_000))
    let expected: [(ListenKeyRequest, HTTPRequest.Method, String)] = [
      (.make, .post, ""), (.extend(try key()), .put, "listenKey=\(keyText)&"),
      (.close(try key()), .delete, "listenKey=\(keyText)&"),
    ]
    for (asked, method, parameters) in expected {
      let request = try #require(exchange.httpRequest(for: asked, stampedAt: stamp))
      let signed = parameters + "recvWindow=4000&timestamp=1644489390087"
      #expect(request.method == method)
      #expect(
        request.target
          == "/api/v3/userDataStream?\(signed)&signature=\(credentials.signature(of: signed))")
      #expect(request.headers.first("X-MEXC-APIKEY") == "mx0aBYs33eIilxBWC5")
      #expect(request.headers.first("Content-Type") == "application/json")
      #expect(request.body.isEmpty)
    }
    let stranger = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    #expect(stranger.httpRequest(for: .make, stampedAt: stamp) == nil)
    #expect(MEXCSpot.listenKeyCost == RequestCost(ipWeight: 1, uidWeight: 1))
  }

  @Test func `good answers are read`() throws {
    let echo = #"{"listenKey":"\#(keyText)"}"#
    guard case .made(let made) = try answer(.make, 200, echo) else {
      Issue.record("no key was made")
      return
    }
    #expect(made.target("/ws") == "/ws?listenKey=\(keyText)")
    for body in [echo, "{}", #"{"code":0,"listenKey":null}"#] {
      guard case .extended = try answer(.extend(key()), 200, body) else {
        Issue.record("not extended by \(body)")
        continue
      }
      guard case .closed = try answer(.close(key()), 200, body) else {
        Issue.record("not closed by \(body)")
        continue
      }
    }
  }

  @Test(arguments: [
    "{}", "[]", #"{"listenKey":""}"#, #"{"listenKey":null}"#, #"{"listenKey":["a"]}"#,
    #"{"listenKey":7}"#, #"{"listenKey":"a b"}"#, #"{"listenKey":"é"}"#,
    #"{"listenKey":"\#(String(repeating: "a", count: 513))"}"#,
  ])
  func `an answer without a key makes none`(body: String) throws {
    guard case .failed(.unreadable) = try answer(.make, 200, body) else {
      Issue.record("a key was made")
      return
    }
  }

  @Test func `an answer about another key says nothing about ours`() throws {
    let other = #"{"listenKey":"somebody-elses"}"#
    for request in [ListenKeyRequest.extend(try key()), .close(try key())] {
      guard case .failed(.unreadable(let text)) = try answer(request, 200, other) else {
        Issue.record("taken for ours")
        continue
      }
      #expect(!text.contains("somebody"))
    }
  }

  @Test func `a dead key is told from other failures`() throws {
    let dead = #"{"code":730708,"msg":"listen key information error \#(keyText)"}"#
    for request in [ListenKeyRequest.extend(try key()), .close(try key())] {
      guard case .dead(let error) = try answer(request, 400, dead) else {
        Issue.record("not dead")
        continue
      }
      #expect(error.code == 730708)
      #expect(error.text == "listen key information error …")
    }
    // No key was named, so that none is dead.
    guard case .failed(.refused(let error)) = try answer(.make, 400, dead) else {
      Issue.record("dead before it was made")
      return
    }
    #expect(error.code == 730708)
    guard case .failed(.refused) = try answer(.extend(key()), 400, #"{"code":10072}"#),
      case .failed(.throttled) = try answer(.extend(key()), 429, "{}"),
      case .failed(.blocked) = try answer(.extend(key()), 403, "<html>"),
      case .failed(.unreadable) = try answer(.extend(key()), 503, "")
    else {
      Issue.record("a failure taken for another")
      return
    }
  }

  @Test func `a lost answer is none`() throws {
    var exchange = MEXCSpot(credentials: try documentedCredentials(), receiveWindow: .seconds(5))
    let lost = TransportError(.perhapsSent, .firstByte, .deadline, endpoint: "https://a")
    guard case .failed(.noAnswer) = exchange.answer(to: .make, .failure(lost), now: noon) else {
      Issue.record("an answer was made up")
      return
    }
  }

  @Test func `the key shows in no description and no error`() throws {
    var texts: [String] = []
    for value in [
      try key(), ListenKeyRequest.extend(try key()), ListenKeyAnswer.made(try key()),
      try answer(.extend(key()), 503, #"{"code":5,"msg":"\#(keyText)"}"#),
      try answer(
        .extend(key()), 400, #"{"code":1,"msg":"\#(keyText)","data":{"k":"\#(keyText)"}}"#),
      try answer(.extend(key()), 429, #"{"msg":"\#(keyText)"}"#),
      try answer(.extend(key()), 403, #"{"msg":"\#(keyText)"}"#),
    ] as [Any] {
      var dumped = ""
      dump(value, to: &dumped)
      texts += ["\(value)", String(reflecting: value), dumped]
    }
    for text in texts { #expect(!text.contains("pqia91"), "\(text)") }
  }
}
