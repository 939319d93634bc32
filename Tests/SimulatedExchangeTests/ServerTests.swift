import Domain
import JSON
import Matching
import Platform
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// Every fault over a real socket, as a client meets it.
struct ServerTests {
  private struct TimeUp: Error {}

  /// A server and a client on one loop.
  private final class Rig {
    let loop: EventLoop
    let server: SimulatorServer
    let client: HTTPClient

    init(faults: FaultPlan.Rule...) throws {
      loop = try EventLoop()
      var configuration = SimulatorConfiguration()
      configuration.rules = .certain
      configuration.faults = FaultPlan(faults)
      server = try SimulatorServer(loop: loop, port: 0, configuration: configuration)
      client = HTTPClient(
        loop: loop, endpoint: try Endpoint("http://127.0.0.1:\(server.port)"), tls: nil)
    }

    /// Places an order and waits for what comes of it.
    func place(_ name: String) throws -> Result<HTTPResponse, TransportError> {
      try send(.placeOrder, limitBuy + "&newClientOrderId=" + name)
    }

    func send(_ route: Route, _ query: String = "") throws -> Result<HTTPResponse, TransportError> {
      var signer = TestClient()
      signer.stamp = Clock.wall().milliseconds - moment().wall.milliseconds
      let wire = signer.signed(route, query)
      let method = try #require(HTTPRequest.Method(rawValue: wire.method))
      return try send(HTTPRequest(method, wire.path + "?" + wire.query, headers: wire.headers))
    }

    func send(_ request: HTTPRequest) throws -> Result<HTTPResponse, TransportError> {
      var answer: Result<HTTPResponse, TransportError>?
      client.send(request, .ordinary) { answer = $0 }
      try run { answer != nil }
      return try #require(answer)
    }

    func run(until condition: () -> Bool) throws {
      let deadline = Clock.monotonic().advanced(by: .seconds(20))
      while !condition() {
        guard Clock.monotonic() < deadline else { throw TimeUp() }
        try loop.turn(until: deadline)
      }
    }

    var orders: Int { server.face.exchange.orders.count }
  }

  private func status(_ answer: Result<HTTPResponse, TransportError>) -> Int? {
    try? answer.get().status
  }

  private static func rule(_ fault: FaultPlan.Fault) -> FaultPlan.Rule {
    .init(route: .placeOrder, fault: fault, trigger: .nth(1))
  }

  @Test(arguments: [
    (fault: FaultPlan.Fault.lostBefore(reset: false), orders: 0),
    (fault: .lostBefore(reset: true), orders: 0),
    (fault: .lostAfter(reset: false), orders: 1),
    (fault: .lostAfter(reset: true), orders: 1),
    (fault: .truncated(atByte: 0), orders: 1),
    (fault: .truncated(atByte: 40), orders: 1),
    (fault: .truncated(atByte: 180), orders: 1),
    (fault: .garbage, orders: 1),
  ])
  func `an answer that never comes whole leaves the order where it is`(
    _ loss: (fault: FaultPlan.Fault, orders: Int)
  ) throws {
    let rig = try Rig(faults: Self.rule(loss.fault))
    let answer = try rig.place("lost")
    #expect(status(answer) == nil)
    #expect(rig.orders == loss.orders)
    // The next request goes through as if nothing had been.
    #expect(status(try rig.place("next")) == 200)
    #expect(rig.orders == loss.orders + 1)
  }

  @Test(arguments: [
    (fault: FaultPlan.Fault.errorBefore(status: 503), status: 503, orders: 0),
    (fault: .errorAfter(status: 504), status: 504, orders: 1),
    (fault: .forbidden, status: 403, orders: 0),
    (fault: .empty, status: 200, orders: 1),
    (fault: .redirect(location: "http://127.0.0.1:9/"), status: 302, orders: 0),
    (fault: .trickle(piece: 7, every: .milliseconds(1)), status: 200, orders: 1),
    (fault: .late(.milliseconds(30), processedAfter: false), status: 200, orders: 1),
    (fault: .late(.milliseconds(30), processedAfter: true), status: 200, orders: 1),
    (fault: .hidden(nil), status: 200, orders: 1),
    (fault: .wrongEcho, status: 200, orders: 1),
  ])
  func `an answer that misleads comes with its status`(
    _ misfortune: (fault: FaultPlan.Fault, status: Int, orders: Int)
  ) throws {
    let rig = try Rig(faults: Self.rule(misfortune.fault))
    let answer = try rig.place("odd")
    #expect(status(answer) == misfortune.status)
    #expect(rig.orders == misfortune.orders)
    if misfortune.fault == .empty { #expect(try answer.get().body.isEmpty) }
    if misfortune.fault == .forbidden {
      #expect(try answer.get().header("Content-Type") == "text/html")
    }
  }

  @Test func `a request on a connection that carried the demand for a back-off is counted`() throws
  {
    let rig = try Rig()
    #expect(status(try rig.send(.ping)) == 200)
    #expect(rig.server.face.counts.sentThoughTold == 0)
    _ = try rig.send(
      HTTPRequest(.post, Administration.prefix + "rate?status=429&seconds=60"))
    for count in 0...2 {
      #expect(status(try rig.send(.ping)) == 429)
      #expect(rig.server.face.counts.sentThoughTold == count)
    }
  }

  /// A client that is gone may leave its port to the next one.
  @Test func `a new connection from the same port was told nothing`() throws {
    let rig = try Rig()
    _ = try rig.send(
      HTTPRequest(.post, Administration.prefix + "rate?status=429&seconds=60"))
    let first = try PortBoundClient(0, to: rig.server.port)
    #expect(try first.ping(rig.run).hasPrefix("HTTP/1.1 429"))
    first.reset()
    let second = try PortBoundClient(first.port, to: rig.server.port)
    #expect(second.port == first.port)
    #expect(try second.ping(rig.run).hasPrefix("HTTP/1.1 429"))
    #expect(rig.server.face.counts.sentThoughTold == 0)
    second.reset()
  }

  @Test func `a request processed late has no effect before its time`() throws {
    let rig = try Rig(
      faults: Self.rule(.late(.milliseconds(60), processedAfter: true)))
    let start = Clock.now()
    #expect(status(try rig.place("late")) == 200)
    #expect(Clock.monotonic().since(start.monotonic) >= .milliseconds(60))
    let accepted = try #require(rig.server.face.exchange.orders.first?.acceptedAt)
    // One less: the wall clock is cut to whole milliseconds.
    #expect(accepted.since(start.wall) >= .milliseconds(59))
  }

  @Test func `a late request is processed although its client has gone`() throws {
    let rig = try Rig(faults: Self.rule(.late(.milliseconds(300), processedAfter: true)))
    var wire = TestClient()
    wire.stamp = Clock.wall().milliseconds - moment().wall.milliseconds
    let request = wire.signed(.placeOrder, limitBuy + "&newClientOrderId=ghost")
    rig.client.send(
      HTTPRequest(.post, request.path + "?" + request.query, headers: request.headers), .ordinary
    ) { _ in }
    try rig.run { rig.server.face.counts.byRoute[.placeOrder] == 1 }
    #expect(rig.orders == 0)
    rig.client.close()
    try rig.run { rig.orders == 1 }
    #expect(rig.server.face.exchange.orders[0].clientOrderID == "ghost")
  }

  @Test func `an extra answer stands behind the right one`() throws {
    let rig = try Rig(faults: Self.rule(.extra))
    let answer = try rig.place("extra")
    let body = try JSONReader.read(try answer.get().body)
    #expect(body["symbol"]?.stringValue == "LINKUSDT")
    let next = try JSONReader.read(try rig.place("next").get().body)
    #expect(next["symbol"]?.stringValue == "LINKUSDT")
    #expect(rig.orders == 2)
  }

  @Test func `a client that minds the rules sees none of them`() throws {
    let rig = try Rig()
    #expect(status(try rig.send(.account)) == 200)
    #expect(status(try rig.place("one")) == 200)
    #expect(status(try rig.send(.queryOrder, "symbol=LINKUSDT&origClientOrderId=one")) == 200)
    #expect(status(try rig.send(.cancelOrder, "symbol=LINKUSDT&origClientOrderId=one")) == 200)
    let face = rig.server.face
    #expect(face.count("bad_signatures") == 0)
    #expect(face.count("accepted_orders") == 1)
    #expect(face.count("requests") == 4)
  }
}
