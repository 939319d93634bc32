import Domain
import JSON
import MEXC
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// How connections begin and end.
@Suite struct StreamLifeTests {
  private static let second: Int64 = 1_000
  private static let minute: Int64 = 60_000
  private static let hour: Int64 = 3_600_000
  private static let ping = #"{"method":"PING"}"#

  @Test func `a connection without a valid subscription is closed after thirty seconds`() {
    var rig = StreamRig()
    let number = rig.open()
    _ = rig.reply(to: #"{"method":"SUBSCRIPTION","params":["wrong"]}"#, on: number)
    // Words do not keep it open.
    _ = rig.reply(to: Self.ping, on: number, at: 29 * Self.second)
    #expect(rig.face.streamsDue(at: moment(29 * Self.second)) == moment(30_000).monotonic)
    #expect(rig.take(at: 30 * Self.second - 1).isEmpty)
    #expect(rig.take(at: 30 * Self.second).closed == [number: .normal])
    #expect(rig.face.streamsDue(at: moment(30 * Self.second)) == nil)
  }

  @Test func `the thirty seconds begin again with the last unsubscription`() {
    var rig = StreamRig()
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    _ = rig.take(at: 40 * Self.second)
    rig.send(
      #"{"method":"UNSUBSCRIPTION","params":["\#(StreamRig.tickers)"]}"#, to: number,
      at: 50 * Self.second)
    #expect(rig.take(at: 80 * Self.second - 1).closed.isEmpty)
    #expect(rig.take(at: 80 * Self.second).closed == [number: .normal])
  }

  @Test func `a connection without data is closed after sixty seconds unless it pings`() throws {
    var rig = StreamRig()
    let quiet = try rig.openAccount()
    let pinging = try rig.openAccount()
    _ = rig.reply(to: Self.ping, on: pinging, at: 20 * Self.second)
    #expect(rig.take(at: 60 * Self.second - 1).closed.isEmpty)
    #expect(rig.take(at: 60 * Self.second).closed == [quiet: .normal])
    rig.place(limitBuy, at: 70 * Self.second)
    #expect(rig.take(at: 79 * Self.second).filter { $0.connection == pinging }.count == 2)
    // The push was data.
    #expect(rig.take(at: 139 * Self.second - 1).closed.isEmpty)
    #expect(rig.take(at: 139 * Self.second).closed == [pinging: .normal])
  }

  @Test func `a connection lives for a day`() {
    var rig = StreamRig()
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    for minute in 1..<Int64(24 * 60) {
      rig.send(Self.ping, to: number, at: minute * Self.minute - 30 * Self.second)
      #expect(rig.take(at: minute * Self.minute - 1).closed.isEmpty)
    }
    rig.send(Self.ping, to: number, at: 24 * Self.hour - 30 * Self.second)
    #expect(rig.take(at: 24 * Self.hour - 1).closed.isEmpty)
    #expect(rig.take(at: 24 * Self.hour).closed == [number: .normal])
  }

  @Test func `a dead listen key is told in plain text before the end`() throws {
    var rig = StreamRig()
    let key = try rig.listenKey()
    for (dead, time) in [("nonsense", 0), ("", 0), (key, Self.hour)] {
      #expect(rig.refusal(dead) == nil)
      let number = rig.open(dead, at: time)
      let deliveries = rig.take(at: time)
      #expect(
        deliveries.map(\.action) == [
          .text("Invalid listen key"), .close(.normal, reason: ""),
        ])
      #expect(deliveries.allSatisfy { $0.connection == number })
      #expect(StreamReply(Array("Invalid listen key".utf8)) == .listenKeyInvalid)
    }
  }

  @Test func `a listen key that expires takes its connections along`() throws {
    var rig = StreamRig()
    let key = try rig.listenKey()
    let extended = try rig.listenKey()
    let numbers = [rig.open(key), rig.open(key), rig.open(extended), rig.open()]
    for number in numbers.prefix(3) { rig.subscribe(number, to: StreamRig.orders) }
    for half in 1..<Int64(120) {
      for number in numbers { rig.send(Self.ping, to: number, at: half * 30 * Self.second) }
    }
    try rig.call(.extendListenKey, key: extended, at: 59 * Self.minute)
    _ = rig.take(at: Self.hour - 1)
    #expect(rig.take(at: Self.hour).closed == [numbers[0]: .normal, numbers[1]: .normal])
    try rig.call(.closeListenKey, key: extended, at: Self.hour + 1)
    #expect(rig.take(at: Self.hour + 1).closed == [numbers[2]: .normal])
  }

  @Test func `a listen key opens five connections at a time`() throws {
    var rig = StreamRig()
    let key = try rig.listenKey()
    var numbers: [Int] = []
    for _ in 0..<5 {
      #expect(rig.refusal(key) == nil)
      numbers.append(rig.open(key))
    }
    #expect(rig.refusal(key) == 400)
    #expect(rig.refusal(try rig.listenKey()) == nil)
    #expect(rig.refusal() == nil)
    rig.face.streamEnded(numbers[2])
    #expect(rig.refusal(key) == nil)
  }

  @Test func `what the streams did stands in the ledger`() throws {
    var rig = StreamRig()
    let market = rig.open()
    rig.subscribe(market, to: StreamRig.tickers)
    _ = rig.reply(to: #"{"method":"SUBSCRIPTION","params":["wrong","other"]}"#, on: market)
    let key = try rig.listenKey()
    try rig.call(.extendListenKey, key: key, at: 1)
    let account = rig.open(key)
    rig.subscribe(account, to: StreamRig.orders)
    rig.place(limitBuy, at: 50)
    _ = rig.live(from: 50, until: 1_050)
    rig.face.streamEnded(account)
    for _ in 0..<5 { _ = rig.open(key, at: 1_050) }
    #expect(rig.refusal(key) == 400)
    #expect(
      rig.face.ledger()["counts"]?["streams"]?.compactText()
        == """
        {"connections_opened":{"market":1,"user":6},"connections":6,"refused_upgrades":1,\
        "subscriptions":2,"refused_subscriptions":2,"pushes":{"\(StreamRig.orders)":1,\
        "\(StreamRig.tickers)":10},"listen_keys_made":1,"listen_keys_extended":1}
        """)
  }

  @Test func `a reset closes every stream, and numbers are not used twice`() throws {
    var rig = StreamRig()
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    _ = rig.face.admin("POST", "reset")
    #expect(rig.take(at: 0).closed == [number: .goingAway])
    #expect(rig.take(at: 0).isEmpty)
    let next = rig.open()
    #expect(next > number)
    #expect(rig.face.ledger()["counts"]?["streams"]?["connections_opened"]?["market"] == 1)
  }

  @Test func `without streams there is nothing behind the path`() {
    let request = WireRequest(method: "GET", path: "/ws")
    var without = SpotFace.certain { $0.hasStreams = false }
    #expect(!without.isAboutStreams(request))
    #expect(without.answer(request).status == 404)
    let with = SpotFace.certain()
    #expect(with.isAboutStreams(request))
    #expect(!with.isAboutStreams(WireRequest(method: "POST", path: "/ws")))
    #expect(!with.isAboutStreams(WireRequest(method: "GET", path: "/ws/")))
  }
}
