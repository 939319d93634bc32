import Domain
import JSON
import MEXC
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

@Suite struct StreamCommandTests {
  private static let tickers = StreamRig.tickers
  private static let colon = "\u{FF1A}"

  private static func refusal(_ list: String, id: Int) -> String {
    #"{"id":\#(id),"code":0,"msg":"Not Subscribed successfully! [\#(list)].  Reason\#(colon) Blocked! "}"#
  }

  @Test(arguments: [
    (#"{"method":"PING"}"#, #"{"id":0,"code":0,"msg":"PONG"}"#),
    (#"{"method":"ping"}"#, #"{"id":0,"code":0,"msg":"PONG"}"#),
    (#"{"method":"Ping","id":3}"#, #"{"id":3,"code":0,"msg":"PONG"}"#),
    (
      #"{"method":"SUBSCRIPTION","params":["\#(tickers)"],"id":12}"#,
      #"{"id":12,"code":0,"msg":"\#(tickers)"}"#
    ),
    (
      #"{"method":"SUBSCRIPTION","params":["\#(tickers)","\#(StreamRig.fastTickers)"]}"#,
      #"{"id":0,"code":0,"msg":"\#(tickers),\#(StreamRig.fastTickers)"}"#
    ),
    (
      #"{"method":"UNSUBSCRIPTION","params":["\#(tickers)"],"id":4}"#,
      #"{"id":4,"code":0,"msg":"\#(tickers)"}"#
    ),
    // A name of the retired JSON streams, a market that is not listed, letters of the wrong size, an
    // interval that is none, and the account's channels without its key.
    (
      #"{"method":"SUBSCRIPTION","params":["spot@public.bookTicker.v3.api@LINKUSDT"],"id":1}"#,
      refusal("spot@public.bookTicker.v3.api@LINKUSDT", id: 1)
    ),
    (
      #"{"method":"SUBSCRIPTION","params":["spot@public.aggre.bookTicker.v3.api.pb@100ms@NOUSDT"]}"#,
      refusal("spot@public.aggre.bookTicker.v3.api.pb@100ms@NOUSDT", id: 0)
    ),
    (
      #"{"method":"SUBSCRIPTION","params":["spot@public.aggre.bookTicker.v3.api.pb@100ms@linkusdt"]}"#,
      refusal("spot@public.aggre.bookTicker.v3.api.pb@100ms@linkusdt", id: 0)
    ),
    (
      #"{"method":"SUBSCRIPTION","params":["spot@public.aggre.bookTicker.v3.api.pb@50ms@LINKUSDT"]}"#,
      refusal("spot@public.aggre.bookTicker.v3.api.pb@50ms@LINKUSDT", id: 0)
    ),
    (
      #"{"method":"SUBSCRIPTION","params":["\#(StreamRig.orders)","\#(StreamRig.balances)"],"id":2}"#,
      refusal("\(StreamRig.orders),\(StreamRig.balances)", id: 2)
    ),
    // The wrong names are told; the right ones have been subscribed to.
    (
      #"{"method":"SUBSCRIPTION","params":["\#(tickers)","wrong"],"id":5}"#, refusal("wrong", id: 5)
    ),
    (#"{"method":"SUBSCRIPTION","params":[],"id":5}"#, refusal("", id: 5)),
    (#"{"method":"SUBSCRIPTION","params":[1],"id":5}"#, refusal("", id: 0)),
    (#"{"method":"LOGIN","id":5}"#, refusal("", id: 0)),
    (#"["PING"]"#, refusal("", id: 0)), ("PING", refusal("", id: 0)), ("", refusal("", id: 0)),
  ])
  func `a command is answered with code 0`(_ exchange: (command: String, reply: String)) {
    var rig = StreamRig()
    let number = rig.open()
    #expect(rig.reply(to: exchange.command, on: number) == [exchange.reply])
  }

  @Test func `the product understands the answers to its own commands`() throws {
    var rig = StreamRig()
    let market = rig.open()
    let account = rig.open(try rig.listenKey())
    func verdict(
      _ command: MEXC.StreamCommand, _ number: Int
    ) throws -> MEXC.StreamCommand.Verdict? {
      let texts = rig.reply(to: command.text, on: number)
      return command.verdict(of: StreamReply(Array(try #require(texts.first).utf8)))
    }
    let ticker = MEXC.StreamChannel.bookTicker(pair("BTCUSDT"), .tenMilliseconds)
    let all: [MEXC.StreamChannel] = [.privateOrders, .privateDeals, .privateAccount]
    #expect(try verdict(.ping, market) == .accepted)
    #expect(try verdict(.subscribe([ticker], id: 1), market) == .accepted)
    #expect(try verdict(.unsubscribe([ticker], id: 2), market) == .accepted)
    #expect(try verdict(.subscribe(all + [ticker], id: 3), account) == .accepted)
    guard case .refused = try verdict(.subscribe(all, id: 4), market) else {
      Issue.record("private channels without a listen key")
      return
    }
  }

  @Test func `a key without the right gets no orders`() throws {
    var rig = StreamRig { $0.permissions = ["SPOT_ACCOUNT_READ"] }
    let number = rig.open(try rig.listenKey())
    let reply = rig.reply(
      to: #"{"method":"SUBSCRIPTION","params":["\#(StreamRig.orders)","\#(StreamRig.deals)"]}"#,
      on: number)
    #expect(reply == [Self.refusal("\(StreamRig.orders),\(StreamRig.deals)", id: 0)])
    rig.subscribe(number, to: StreamRig.balances)
  }

  @Test func `a connection has thirty subscriptions, and a repeated one is no other`() throws {
    let listing = SimulatorConfiguration().listings[0]
    let names = (0..<31).map { "T\($0)USDT" }
    var rig = StreamRig { configuration in
      configuration.listings = names.map { name in
        var listing = listing
        listing.rules.symbol = pair(name)
        return listing
      }
    }
    let number = rig.open()
    func channel(_ name: String) -> String {
      "spot@public.aggre.bookTicker.v3.api.pb@100ms@\(name)"
    }
    for name in names.prefix(30) { rig.subscribe(number, to: channel(name)) }
    rig.subscribe(number, to: channel(names[0]))
    let more = #"{"method":"SUBSCRIPTION","params":["\#(channel(names[30]))"],"id":9}"#
    #expect(rig.reply(to: more, on: number) == [Self.refusal(channel(names[30]), id: 9)])
    _ = rig.reply(
      to: #"{"method":"UNSUBSCRIPTION","params":["\#(channel(names[3]))"]}"#, on: number)
    rig.subscribe(number, to: channel(names[30]))
    // Each connection for itself.
    rig.subscribe(rig.open(), to: channel(names[30]))
  }

  @Test func `a client that sends more than a hundred messages a second is closed`() {
    var rig = StreamRig()
    let number = rig.open()
    for _ in 0..<100 { rig.send(#"{"method":"PING"}"#, to: number) }
    #expect(rig.take(at: 0).texts(of: number).count == 100)
    for _ in 0..<100 { rig.send(#"{"method":"PING"}"#, to: number, at: 1_000) }
    #expect(rig.take(at: 1_000).closed.isEmpty)
    rig.send(#"{"method":"PING"}"#, to: number, at: 1_999)
    #expect(rig.take(at: 1_999).closed == [number: .policyViolation])
    #expect(rig.face.streams.connections.isEmpty)
  }
}
