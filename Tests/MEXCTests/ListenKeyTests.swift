import Domain
import MEXC
import Testing
import Transport

private let keyText = "pqia91ma19a5s61cv6a81va65sd099v8a65a1a5s61cv6a81va65sdf19v8a65a1"
private let echo = #"{"listenKey":"\#(keyText)"}"#

/// The key of the account's stream: made, and kept alive.
@Suite struct ListenKeyTests {
  private let stamp = WallTime(milliseconds: 1_644_489_390_087)

  /// An exchange that has given a key.
  private func opened() throws -> MEXCSpot {
    var exchange = MEXCSpot(
      credentials: try documentedCredentials(), receiveWindow: .milliseconds(4_000))
    #expect(
      exchange.answer(to: .openAccountStream, response(200, echo), now: noon) == .accountStreamReady
    )
    return exchange
  }

  private func extended(_ status: Int, _ body: String) throws -> ExchangeAnswer {
    var exchange = try opened()
    return exchange.answer(to: .extendAccountStream, response(status, body), now: noon)
  }

  @Test func `the calls are signed, with the key in the query`() throws {
    let credentials = try documentedCredentials()
    var exchange = try opened()
    let expected: [(ExchangeRequest, HTTPRequest.Method, String)] = [
      (.openAccountStream, .post, ""), (.extendAccountStream, .put, "listenKey=\(keyText)&"),
    ]
    for (asked, method, parameters) in expected {
      let made = exchange.httpRequest(for: asked, stampedAt: stamp)
      let request = try #require(made)
      let signed = parameters + "recvWindow=4000&timestamp=1644489390087"
      #expect(request.method == method)
      #expect(
        request.target
          == "/api/v3/userDataStream?\(signed)&signature=\(credentials.signature(of: signed))")
      #expect(request.headers.first("X-MEXC-APIKEY") == "mx0aBYs33eIilxBWC5")
      #expect(request.headers.first("Content-Type") == "application/json")
      #expect(request.body.isEmpty)
      #expect(MEXCSpot.cost(of: asked) == RequestCost(ipWeight: 1, uidWeight: 1))
    }
    var stranger = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let unsigned = stranger.httpRequest(for: .openAccountStream, stampedAt: stamp)
    #expect(unsigned == nil)
    #expect(stranger.listenKey == nil)
  }

  @Test func `good answers are read`() throws {
    #expect(try opened().listenKey?.target("/ws") == "/ws?listenKey=\(keyText)")
    for body in [echo, "{}", #"{"code":0,"listenKey":null}"#] {
      #expect(try extended(200, body) == .accountStreamReady, "\(body)")
    }
  }

  @Test func `a new key takes the place of the former`() throws {
    var exchange = try opened()
    let answer = exchange.answer(
      to: .openAccountStream, response(200, #"{"listenKey":"another"}"#), now: noon)
    #expect(answer == .accountStreamReady)
    #expect(exchange.listenKey?.target("") == "?listenKey=another")
  }

  @Test(arguments: [
    "{}", "[]", #"{"listenKey":""}"#, #"{"listenKey":null}"#, #"{"listenKey":["a"]}"#,
    #"{"listenKey":7}"#, #"{"listenKey":"a b"}"#, #"{"listenKey":"é"}"#,
    #"{"listenKey":"\#(String(repeating: "a", count: 513))"}"#,
  ])
  func `an answer without a key makes none`(body: String) throws {
    var exchange = try opened()
    let answer = exchange.answer(to: .openAccountStream, response(200, body), now: noon)
    guard case .failed(.unreadable) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(exchange.listenKey?.target("") == "?listenKey=\(keyText)")
  }

  @Test func `an answer about another key says nothing about ours`() throws {
    let answer = try extended(200, #"{"listenKey":"somebody-elses"}"#)
    guard case .failed(.unreadable(let text)) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(!text.contains("somebody"))
  }

  @Test func `failures are what they are of any request`() throws {
    let dead = #"{"code":730708,"msg":"listen key information error \#(keyText)"}"#
    guard case .failed(.refused(let error)) = try extended(400, dead) else {
      Issue.record("a dead key is not refused")
      return
    }
    #expect(error.code == 730708)
    #expect(error.text == "listen key information error …")
    guard case .failed(.refused) = try extended(400, #"{"code":10072}"#),
      case .failed(.throttled) = try extended(429, "{}"),
      case .failed(.blocked) = try extended(403, "<html>"),
      case .failed(.unreadable) = try extended(503, ""),
      // An internal failure is no word about the key, whatever carries its code.
      case .failed(.unreadable) = try extended(400, #"{"code":503}"#),
      case .failed(.unreadable) = try extended(401, "<html>")
    else {
      Issue.record("a failure taken for another")
      return
    }
    var exchange = try opened()
    let lost = TransportError(.perhapsSent, .firstByte, .deadline, endpoint: "https://a")
    guard
      case .failed(.noAnswer) = exchange.answer(
        to: .openAccountStream, .failure(lost), now: noon)
    else {
      Issue.record("an answer was made up")
      return
    }
  }

  @Test(arguments: ["abc+defg/hijk", "abc%2Bdefg%2Fhijk"])
  func `an error that repeats the key shows it in no form`(form: String) throws {
    var exchange = try opened()
    let made = exchange.answer(
      to: .openAccountStream, response(200, #"{"listenKey":"abc+defg/hijk"}"#), now: noon)
    #expect(made == .accountStreamReady)
    let refusal = exchange.answer(
      to: .extendAccountStream, response(400, #"{"code":730708,"msg":"dead: \#(form)"}"#),
      now: noon)
    guard case .failed(.refused(let error)) = refusal else {
      Issue.record("a dead key is not refused")
      return
    }
    #expect(error.text == "dead: …")
  }

  @Test func `the key shows in no description and no error`() throws {
    var texts: [String] = []
    for value in [
      try opened().listenKey as Any, try opened(),
      try extended(503, #"{"code":5,"msg":"\#(keyText)"}"#),
      try extended(400, #"{"code":1,"msg":"\#(keyText)","data":{"k":"\#(keyText)"}}"#),
      try extended(429, #"{"msg":"\#(keyText)"}"#), try extended(403, #"{"msg":"\#(keyText)"}"#),
    ] as [Any] {
      var dumped = ""
      dump(value, to: &dumped)
      texts += ["\(value)", String(reflecting: value), dumped]
    }
    for text in texts { #expect(!text.contains("pqia91"), "\(text)") }
  }
}

/// How often the key is extended, held against the exchange's rules (MEXC spot v3, "Listen key").
@Suite struct ListenKeyRefreshTests {
  /// The exchange advises to extend it every 30 minutes, maintained clients do it every 20.
  private static let advised: ClosedRange<Duration> = .seconds(20 * 60)...(.seconds(30 * 60))

  @Test func `a key is extended as often as the exchange advises`() throws {
    let refresh = try #require(MEXCSpot.spotTraits.accountStreamRefresh)
    #expect(Self.advised.contains(refresh))
  }
}
