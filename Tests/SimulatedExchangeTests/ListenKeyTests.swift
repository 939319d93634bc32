import Domain
import JSON
import MEXC
import Platform
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

@Suite struct ListenKeyTests {
  private static let minute: Int64 = 60_000

  private func call(
    _ face: inout SpotFace, _ route: Route, _ key: String? = nil, at milliseconds: Int64 = 0
  ) -> TestAnswer {
    let client = TestClient(stamp: milliseconds)
    return face.answer(
      client.signed(route, key.map { "listenKey=" + $0 } ?? ""), at: milliseconds)
  }

  private func make(_ face: inout SpotFace, at milliseconds: Int64 = 0) throws -> String {
    try #require(call(&face, .makeListenKey, at: milliseconds)["listenKey"])
  }

  @Test func `a key lives sixty minutes from its making`() throws {
    var face = SpotFace.certain()
    let key = try make(&face)
    #expect(key.count == 64)
    #expect(face.listenKeys.isAlive(key, at: moment(60 * Self.minute - 1).monotonic))
    #expect(!face.listenKeys.isAlive(key, at: moment(60 * Self.minute).monotonic))
    #expect(!face.listenKeys.isAlive("another", at: moment(0).monotonic))
    let late = call(&face, .extendListenKey, key, at: 60 * Self.minute)
    #expect(late.status == 400)
    #expect(late.code == 730708)
    #expect(call(&face, .closeListenKey, key, at: 60 * Self.minute).code == 730708)
  }

  @Test func `an extended key lives sixty minutes from then`() throws {
    var face = SpotFace.certain()
    let key = try make(&face)
    #expect(call(&face, .extendListenKey, key, at: 59 * Self.minute)["listenKey"] == key)
    #expect(face.listenKeys.isAlive(key, at: moment(119 * Self.minute - 1).monotonic))
    #expect(!face.listenKeys.isAlive(key, at: moment(119 * Self.minute).monotonic))
  }

  @Test func `a closed key is dead`() throws {
    var face = SpotFace.certain()
    let key = try make(&face)
    let other = try make(&face)
    #expect(key != other)
    #expect(call(&face, .closeListenKey, key)["listenKey"] == key)
    #expect(!face.listenKeys.isAlive(key, at: moment(0).monotonic))
    #expect(face.listenKeys.isAlive(other, at: moment(0).monotonic))
    #expect(call(&face, .closeListenKey, key).code == 730708)
    #expect(call(&face, .extendListenKey, key).code == 730708)
  }

  @Test func `a call without its key is refused`() {
    var face = SpotFace.certain()
    #expect(call(&face, .extendListenKey).code == 700004)
    #expect(call(&face, .closeListenKey).code == 700004)
  }

  @Test func `an account has at most sixty keys, and is told which`() throws {
    var face = SpotFace.certain()
    var keys: [String] = []
    for _ in 0..<60 { keys.append(try make(&face)) }
    #expect(call(&face, .makeListenKey).status == 400)
    let list = call(&face, .listListenKeys).json
    #expect(list?["listenKey"]?.arrayValue?.map(\.stringValue) == keys)
    #expect(list?["total"] == 60)
    #expect(list?["available"] == 0)
    // The dead ones count no more.
    #expect(call(&face, .listListenKeys, at: 61 * Self.minute).json?["available"] == 60)
    #expect(try !keys.contains(make(&face, at: 61 * Self.minute)))
  }

  @Test func `the calls are signed, and cost what clients count`() {
    var face = SpotFace.certain()
    for route in [Route.makeListenKey, .extendListenKey, .closeListenKey, .listListenKeys] {
      #expect(route.cost == RateLimits.Cost(ipWeight: 1, uidWeight: 1))
      #expect(route.access == .key(permission: "SPOT_ACCOUNT_READ"))
      #expect(face.answer(TestClient().plain(route)).code == 700004)
    }
    #expect(face.answer(TestClient(contentType: nil).signed(.makeListenKey)).code == 700013)
  }

  @Test func `keys repeat themselves with the seed, and end with a reset`() throws {
    var one = SpotFace.certain()
    var two = SpotFace.certain()
    let key = try make(&one)
    #expect(try make(&two) == key)
    var other = SpotFace.certain { $0.seed = 2 }
    #expect(try make(&other) != key)
    _ = one.admin("POST", "reset")
    #expect(call(&one, .extendListenKey, key).code == 730708)
  }

  @Test func `the product's own calls are understood, and their answers by it`() throws {
    var face = SpotFace.certain()
    let credentials = try Credentials(
      apiKey: Secret(copying: Array(SimulatorConfiguration.demoKey.utf8)),
      secret: Secret(copying: Array(SimulatorConfiguration.demoSecret.utf8)))
    var exchange = MEXCSpot(credentials: credentials, receiveWindow: .seconds(5))
    func answer(_ request: ExchangeRequest) throws -> ExchangeAnswer {
      let now = moment()
      let signed = exchange.httpRequest(for: request, stampedAt: now.wall)
      let made = try #require(signed)
      let parts = made.target.split(separator: "?", maxSplits: 1).map(String.init)
      let received = WireRequest(
        method: made.method.rawValue, path: parts[0], query: parts[1], headers: made.headers)
      return exchange.answer(to: request, .success(face.process(received, at: now)), now: now.wall)
    }
    #expect(try answer(.openAccountStream) == .accountStreamReady)
    #expect(try answer(.extendAccountStream) == .accountStreamReady)
    let key = try #require(exchange.listenKey?.target("")).dropFirst("?listenKey=".count)
    #expect(call(&face, .closeListenKey, String(key)).code == nil)
    guard case .failed(.refused(let error)) = try answer(.extendAccountStream) else {
      Issue.record("a dead key is extended")
      return
    }
    #expect(error.code == 730708)
  }
}
