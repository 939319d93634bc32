import Domain
import Foundation
import JSON
import MEXC
import Matching
import Platform
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// Streams over real sockets, as a client meets them.
@Suite struct StreamServerTests {
  /// A certificate that is its own authority, and its key.
  private static func makeCertificate() throws -> Scratch {
    let scratch = try Scratch()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments =
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
      + ["-keyout", scratch("key.pem"), "-out", scratch("certificate.pem"), "-days", "30"]
      + ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Unusable("openssl makes no certificate") }
    return scratch
  }

  /// One client's connection, and what it heard.
  private final class Client {
    let socket: WebSocketClient
    private(set) var events: [WebSocketEvent] = []

    init(_ socket: WebSocketClient) {
      self.socket = socket
      socket.onEvent = { [weak self] in self?.events.append($0) }
      socket.start()
    }

    var isOpen: Bool { events.first == .opened }
    var end: WebSocketEnd? {
      if case .closed(let end) = events.last { end } else { nil }
    }
    var texts: [String] {
      events.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }
    var pushes: [StreamEvent] {
      events.compactMap { if case .binary(let bytes) = $0 { StreamEvent(bytes) } else { nil } }
    }
    var bids: [FixedDecimal] { pushes.compactMap(\.bid) }
  }

  /// A server on a loop, with clients of both kinds.
  private final class Rig {
    let loop: EventLoop
    let server: SimulatorServer
    private let http: HTTPClient
    private let trust: TLSContext?

    init(
      secure: Bool = false, _ faults: StreamFaults.Rule...,
      change: (inout SimulatorConfiguration) -> Void = { _ in }
    ) throws {
      loop = try EventLoop()
      var configuration = SimulatorConfiguration()
      configuration.rules = .certain
      configuration.faults = FaultPlan(streams: StreamFaults(faults))
      change(&configuration)
      var context: TLSContext?
      if secure {
        let files = try StreamServerTests.makeCertificate()
        context = try TLSContext(
          serverCertificate: files("certificate.pem"), key: files("key.pem"))
        trust = try TLSContext(client: .file(files("certificate.pem")))
      } else {
        trust = nil
      }
      server = try SimulatorServer(
        loop: loop, port: 0, tls: context, configuration: configuration)
      let scheme = secure ? "https" : "http"
      http = HTTPClient(
        loop: loop, endpoint: try Endpoint("\(scheme)://127.0.0.1:\(server.port)"), tls: trust)
    }

    func connect(_ key: String? = nil) throws -> Client {
      let scheme = trust == nil ? "ws" : "wss"
      let target = "/ws" + (key.map { "?listenKey=" + $0 } ?? "")
      return Client(
        WebSocketClient(
          loop: loop, endpoint: try Endpoint(webSocket: "\(scheme)://127.0.0.1:\(server.port)"),
          target: target, tls: trust, configuration: .init(idleMaximum: patience)))
    }

    /// An open connection, subscribed to these.
    func stream(_ key: String? = nil, to names: String...) throws -> Client {
      let client = try connect(key)
      try until("open") { client.isOpen }
      let list = names.map { "\"\($0)\"" }.joined(separator: ",")
      client.socket.send(text: #"{"method":"SUBSCRIPTION","params":[\#(list)],"id":1}"#)
      try until("subscribed") { !client.texts.isEmpty }
      #expect(client.texts == [StreamText.reply(names.joined(separator: ","), id: 1)])
      return client
    }

    @discardableResult
    func send(_ route: Route, _ query: String = "") throws -> TestAnswer {
      var signer = TestClient()
      signer.stamp = Clock.wall().milliseconds - moment().wall.milliseconds
      let wire = signer.signed(route, query)
      return try send(wire)
    }

    @discardableResult
    func admin(_ target: String, body: String = "") throws -> TestAnswer {
      let parts = target.split(separator: "?").map(String.init)
      return try send(
        WireRequest(
          method: "POST", path: "/__admin/" + parts[0], query: parts.count > 1 ? parts[1] : "",
          body: Array(body.utf8)))
    }

    private func send(_ wire: WireRequest) throws -> TestAnswer {
      let method = try #require(HTTPRequest.Method(rawValue: wire.method))
      let target = wire.path + (wire.query.isEmpty ? "" : "?" + wire.query)
      var answer: Result<HTTPResponse, TransportError>?
      http.send(
        HTTPRequest(method, target, headers: wire.headers, body: wire.body), .ordinary
      ) { answer = $0 }
      try until("an answer") { answer != nil }
      return TestAnswer(try #require(answer).get())
    }

    func listenKey() throws -> String {
      try #require(try send(.makeListenKey)["listenKey"])
    }

    func until(_ what: String, _ condition: () -> Bool) throws {
      guard try loop.turns(until: condition) else { throw TimeUp(what) }
    }
  }

  @Test(arguments: [false, true])
  func `a market's stream pushes, answers and ends, plain and under TLS`(secure: Bool) throws {
    let rig = try Rig(secure: secure)
    let client = try rig.stream(to: StreamRig.fastTickers)
    try rig.until("pushes") { client.bids.count >= 3 }
    #expect(Set(client.bids) == [decimal("21.419")])
    client.socket.send(text: #"{"method":"PING"}"#)
    try rig.until("a pong") { client.texts.last == StreamText.reply("PONG", id: 0) }
    try rig.admin("price?symbol=LINKUSDT&price=30")
    try rig.until("the new price") { client.bids.last == decimal("29.999") }
    client.socket.close()
    try rig.until("the end") { client.end != nil }
    #expect(client.end == .closedByOwner)
    try rig.until("the server to know") { rig.server.face.streams.connections.isEmpty }
    #expect(rig.server.face.streamsDue(at: Clock.now()) == nil)
  }

  @Test(arguments: [false, true])
  func `an account's stream tells of orders, plain and under TLS`(secure: Bool) throws {
    let rig = try Rig(secure: secure)
    let client = try rig.stream(
      try rig.listenKey(), to: StreamRig.orders, StreamRig.deals, StreamRig.balances)
    try rig.send(.placeOrder, limitBuy + "&newClientOrderId=a")
    try rig.until("the order") { client.pushes.compactMap(\.order).count == 1 }
    try rig.admin("fill?client_order_id=a")
    try rig.until("the fill") {
      client.pushes.compactMap(\.trade).count == 1 && client.pushes.compactMap(\.order).count == 2
    }
    #expect(client.pushes.compactMap(\.order).map(\.status) == [.open, .filled])
    let order = rig.server.face.exchange.orders[0]
    #expect(client.pushes.compactMap(\.order).allSatisfy { $0.orderID == order.orderID })
  }

  @Test func `an order that is processed late is pushed then`() throws {
    let rig = try Rig { configuration in
      configuration.faults = FaultPlan([
        .init(
          route: .placeOrder, fault: .late(.milliseconds(50), processedAfter: true))
      ])
    }
    let client = try rig.stream(try rig.listenKey(), to: StreamRig.orders)
    try rig.send(.placeOrder, limitBuy + "&newClientOrderId=a")
    try rig.until("the order") { !client.pushes.isEmpty }
    #expect(client.pushes.compactMap(\.order).map(\.clientOrderID) == ["a"])
  }

  @Test func `a dead listen key is told, then the connection ends`() throws {
    let rig = try Rig()
    let client = try rig.connect("dead")
    try rig.until("the end") { client.end != nil }
    #expect(client.isOpen)
    #expect(client.texts == ["Invalid listen key"])
    #expect(client.end == .closedByPeer(.normal, ""))
  }

  @Test func `a listen key that is closed ends its stream`() throws {
    let rig = try Rig()
    let key = try rig.listenKey()
    let client = try rig.stream(key, to: StreamRig.orders)
    try rig.send(.closeListenKey, "listenKey=" + key)
    try rig.until("the end") { client.end != nil }
    #expect(client.end == .closedByPeer(.normal, "the listen key has expired"))
  }

  @Test func `a client that commands in binary is closed`() throws {
    let rig = try Rig()
    let client = try rig.stream(to: StreamRig.tickers)
    client.socket.send(binary: [1])
    try rig.until("the end") { client.end != nil }
    #expect(client.end == .closedByPeer(.unsupportedData, ""))
  }

  private func refusalStatus(_ client: Client) -> Int? {
    guard case .refused(.status(let status, _, _, _)) = client.end else { return nil }
    return status
  }

  @Test func `an upgrade is refused with a status`() throws {
    let rig = try Rig(StreamFaults.Rule(stream: .market, fault: .unavailable, trigger: .next(1)))
    let refused = try rig.connect()
    try rig.until("the end") { refused.end != nil }
    #expect(refusalStatus(refused) == 503)
    let key = try rig.listenKey()
    let clients = try (0..<5).map { _ in try rig.connect(key) }
    try rig.until("open") { clients.allSatisfy(\.isOpen) }
    let sixth = try rig.connect(key)
    try rig.until("the end") { sixth.end != nil }
    #expect(refusalStatus(sixth) == 400)
    let without = try Rig { $0.hasStreams = false }
    let nowhere = try without.connect()
    try without.until("the end") { nowhere.end != nil }
    #expect(refusalStatus(nowhere) == 404)
  }

  @Test func `a request that asks for no upgrade opens nothing`() throws {
    let rig = try Rig()
    var answer: Result<HTTPResponse, TransportError>?
    let client = HTTPClient(
      loop: rig.loop, endpoint: try Endpoint("http://127.0.0.1:\(rig.server.port)"), tls: nil)
    client.send(HTTPRequest(.get, "/ws"), .ordinary) { answer = $0 }
    try rig.until("an answer") { answer != nil }
    #expect(try answer?.get().status == 426)
    #expect(rig.server.face.streams.counts.opened.isEmpty)
  }

  @Test func `a server that closes lets its streams go`() throws {
    let rig = try Rig()
    let client = try rig.stream(to: StreamRig.tickers)
    rig.server.close()
    try rig.until("the end") { client.end != nil }
    #expect(rig.server.face.streams.connections.isEmpty)
  }

  // MARK: Faults

  private static func rule(
    _ fault: StreamFaults.Fault, _ trigger: FaultPlan.Trigger = .nth(3)
  ) -> StreamFaults.Rule {
    StreamFaults.Rule(stream: .market, fault: fault, trigger: trigger)
  }

  @Test func `a connection is reset`() throws {
    let rig = try Rig(Self.rule(.drop))
    let client = try rig.stream(to: StreamRig.fastTickers)
    try rig.until("the end") { client.end != nil }
    guard case .lost = client.end else {
      Issue.record("\(String(describing: client.end))")
      return
    }
    #expect(client.bids.count <= 2)
  }

  @Test func `a connection is closed with 1001`() throws {
    let rig = try Rig(Self.rule(.close))
    let client = try rig.stream(to: StreamRig.fastTickers)
    try rig.until("the end") { client.end != nil }
    #expect(client.end == .closedByPeer(.goingAway, ""))
    #expect(client.bids.count == 2)
  }

  @Test func `a push is late by its time`() throws {
    let rig = try Rig(
      StreamFaults.Rule(stream: .user, fault: .lag(.milliseconds(80)), trigger: .always))
    let client = try rig.stream(try rig.listenKey(), to: StreamRig.orders)
    let start = Clock.monotonic()
    try rig.send(.placeOrder, limitBuy)
    try rig.until("the order") { !client.pushes.isEmpty }
    #expect(Clock.monotonic().since(start) >= .milliseconds(80))
  }

  /// The pushes of an account's orders `a`, `b` and `c` under a fault of the second.
  private func names(_ fault: StreamFaults.Fault, count: Int) throws -> [String?] {
    let rig = try Rig(StreamFaults.Rule(stream: .user, fault: fault, trigger: .nth(2)))
    let client = try rig.stream(try rig.listenKey(), to: StreamRig.orders)
    for name in ["a", "b", "c"] {
      try rig.send(.placeOrder, limitBuy + "&newClientOrderId=" + name)
    }
    client.socket.send(text: #"{"method":"PING"}"#)
    try rig.until("a pong") { client.texts.count == 2 }
    try rig.until("the orders") { client.pushes.count == count }
    return client.pushes.map { $0.order?.clientOrderID }
  }

  @Test func `pushes are doubled, overtaken, lost, garbled, or come no more`() throws {
    #expect(try names(.duplicate, count: 4) == ["a", "b", "b", "c"])
    #expect(try names(.reorder(within: patience), count: 3) == ["a", "c", "b"])
    #expect(try names(.lose, count: 2) == ["a", "c"])
    #expect(try names(.garbage, count: 3) == ["a", nil, "c"])
    #expect(try names(.silent(nil), count: 1) == ["a"])
  }

  @Test func `books stand still, cross and are empty`() throws {
    let rig = try Rig(Self.rule(.stale, .always))
    let stale = try rig.stream(to: StreamRig.fastTickers)
    try rig.until("a push") { !stale.pushes.isEmpty }
    try rig.admin("price?symbol=LINKUSDT&price=30")
    let count = stale.pushes.count
    try rig.until("more pushes") { stale.pushes.count > count + 2 }
    #expect(Set(stale.bids) == [decimal("21.419")])
    for kind in ["stream_crossed", "stream_empty"] {
      try rig.admin("faults", body: #"{"rules": [{"stream": "market", "fault": "\#(kind)"}]}"#)
      let count = stale.bids.count
      let start = stale.pushes.count
      try rig.until("pushes") { stale.pushes.count > start + 3 }
      #expect(stale.bids.count == count)
      let last = try #require(stale.pushes.last)
      guard case .noPrice = last else {
        Issue.record("a price: \(last)")
        continue
      }
    }
  }

  @Test func `a subscription is refused with code 0`() throws {
    let rig = try Rig(Self.rule(.refuse, .always))
    let client = try rig.connect()
    try rig.until("open") { client.isOpen }
    client.socket.send(
      text: #"{"method":"SUBSCRIPTION","params":["\#(StreamRig.tickers)"],"id":4}"#)
    try rig.until("a reply") { !client.texts.isEmpty }
    #expect(client.texts == [StreamText.reply(StreamText.refusal([StreamRig.tickers]), id: 4)])
  }
}
