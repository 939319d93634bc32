import Domain
import JSON
import MEXC
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// Every fault of the streams, without sockets.
@Suite struct StreamFaultTests {
  private typealias Rule = StreamFaults.Rule

  private static func rule(
    _ stream: StreamFaults.Stream, _ fault: StreamFaults.Fault,
    _ trigger: FaultPlan.Trigger = .nth(2)
  ) -> StreamFaults.Rule {
    StreamFaults.Rule(stream: stream, fault: fault, trigger: trigger)
  }

  /// Bids of the first pushes at every tenth of a second, while the price rises by one after each.
  private func bids(
    _ rule: StreamFaults.Rule, until end: Int64 = 400
  ) -> [(at: Int64, bid: Int?)] {
    var rig = StreamRig(rule)
    rig.subscribe(rig.open(), to: StreamRig.tickers)
    var seen: [(at: Int64, bid: Int?)] = []
    for time in 0...end {
      if time % 100 == 50 {
        _ = rig.face.admin("POST", "price?symbol=LINKUSDT&price=\(time / 100 + 1).001")
      }
      for delivery in rig.take(at: time) {
        seen.append((time, delivery.event?.bid.map { Int($0.units / FixedDecimal(1).units) }))
      }
    }
    return seen
  }

  @Test func `a late push holds up those behind it, in their order`() {
    let seen = bids(Self.rule(.market, .lag(.milliseconds(150))))
    #expect(seen.map(\.at) == [100, 350, 350, 400])
    #expect(seen.map(\.bid) == [1, 2, 3, 4])
  }

  @Test func `a connection can lag for ever`() {
    let seen = bids(Self.rule(.market, .lag(.milliseconds(150)), .always))
    #expect(seen.map(\.at) == [250, 350])
    #expect(seen.map(\.bid) == [1, 2])
  }

  @Test func `a push comes twice`() {
    let seen = bids(Self.rule(.market, .duplicate))
    #expect(seen.map(\.at) == [100, 200, 200, 300, 400])
    #expect(seen.map(\.bid) == [1, 2, 2, 3, 4])
  }

  @Test func `a push is overtaken by the next one`() {
    let seen = bids(Self.rule(.market, .reorder(within: .seconds(1))))
    #expect(seen.map(\.at) == [100, 300, 300, 400])
    #expect(seen.map(\.bid) == [1, 3, 2, 4])
    let all = bids(Self.rule(.market, .reorder(within: .seconds(1)), .always))
    #expect(all.map(\.bid) == [2, 1, 4, 3])
  }

  @Test func `a push that nothing overtakes comes when its time is over`() {
    let seen = bids(Self.rule(.market, .reorder(within: .milliseconds(30))))
    #expect(seen.map(\.at) == [100, 230, 300, 400])
    #expect(seen.map(\.bid) == [1, 2, 3, 4])
  }

  @Test func `a push is lost`() {
    #expect(bids(Self.rule(.market, .lose)).map(\.bid) == [1, 3, 4])
  }

  @Test func `a stream falls silent, for a time or for ever`() {
    let pause = bids(Self.rule(.market, .silent(.milliseconds(150))))
    #expect(pause.map(\.at) == [100, 400])
    #expect(pause.map(\.bid) == [1, 4])
    #expect(bids(Self.rule(.market, .silent(nil)), until: 2_000).map(\.bid) == [1])
    var rig = StreamRig(Self.rule(.market, .silent(nil), .always))
    let number = rig.open()
    rig.subscribe(number, to: StreamRig.tickers)
    #expect(
      rig.reply(to: #"{"method":"PING"}"#, on: number, at: 500)
        == [#"{"id":0,"code":0,"msg":"PONG"}"#])
    // Words keep it open, as if there were data.
    #expect(rig.take(at: 60_499).isEmpty)
    #expect(rig.take(at: 60_500).closed == [number: .normal])
  }

  @Test func `a book stops moving and is pushed on`() {
    let seen = bids(Self.rule(.market, .stale))
    #expect(seen.map(\.at) == [100, 200, 300, 400])
    #expect(seen.map(\.bid) == [1, 1, 3, 4])
    #expect(bids(Self.rule(.market, .stale, .always)).map(\.bid) == [1, 1, 1, 1])
  }

  private func wrongBooks(_ fault: StreamFaults.Fault, seed: UInt64 = 1) -> [BookTickerPush] {
    var rig = StreamRig(Self.rule(.market, fault, .always)) { $0.seed = seed }
    rig.subscribe(rig.open(), to: StreamRig.tickers)
    return rig.live(from: 0, until: 2_000).compactMap { _, delivery in
      guard case .binary(let bytes) = delivery.action, let body = try? PushMessage(bytes).body
      else { return nil }
      if case .noPrice = StreamEvent(bytes) { return try? BookTickerPush(body.bytes) }
      return nil
    }
  }

  @Test func `bid and ask change places`() {
    let books = wrongBooks(.crossed)
    #expect(books.count == 20)
    #expect(books.allSatisfy { $0.bidPrice == "21.421" && $0.askPrice == "21.419" })
  }

  @Test func `a side of the book is empty or 0`() {
    let books = wrongBooks(.empty)
    #expect(books.count == 20)
    let prices = Set(books.map { "\($0.bidPrice)|\($0.askPrice)" })
    #expect(prices == ["|", "0|0", "|21.421", "0|21.421", "21.419|", "21.419|0"])
  }

  @Test func `a frame is no push`() {
    var rig = StreamRig(Self.rule(.market, .garbage, .always))
    rig.subscribe(rig.open(), to: StreamRig.tickers)
    let events = rig.pushes(from: 0, until: 5_000).map(\.1)
    #expect(events.count == 50)
    for event in events {
      guard case .unreadable = event else {
        Issue.record("it was read: \(event)")
        continue
      }
    }
    // What is no push is not counted as one.
    #expect(rig.face.streams.counts.pushes.isEmpty)
  }

  @Test(arguments: [
    (fault: StreamFaults.Fault.drop, action: StreamDelivery.Action.reset),
    (fault: .close, action: .close(.goingAway, reason: "")),
  ])
  func `a connection ends instead of a push`(
    _ sample: (fault: StreamFaults.Fault, action: StreamDelivery.Action)
  ) {
    var rig = StreamRig(Self.rule(.market, sample.fault))
    let first = rig.open()
    let second = rig.open()
    for number in [first, second] { rig.subscribe(number, to: StreamRig.tickers) }
    // The pushes of all connections are counted.
    #expect(rig.take(at: 100).map(\.connection) == [second, first])
    #expect(rig.face.streams.connections.map(\.number) == [first])
    var again = StreamRig(Self.rule(.market, sample.fault, .always))
    let number = again.open()
    again.subscribe(number, to: StreamRig.tickers)
    #expect(
      again.take(at: 100) == [StreamDelivery(connection: number, action: sample.action)])
  }

  @Test func `every listen key dies instead of a push`() throws {
    var rig = StreamRig(Self.rule(.user, .expire))
    let keys = [try rig.listenKey(), try rig.listenKey()]
    let numbers = keys.map { rig.open($0) }
    let market = rig.open()
    for number in numbers { rig.subscribe(number, to: StreamRig.orders) }
    rig.place(limitBuy)
    let told = rig.take(at: 0)
    #expect(told.closed == [numbers[0]: .normal, numbers[1]: .normal])
    #expect(told.allSatisfy { $0.event == nil })
    #expect(rig.face.streams.connections.map(\.number) == [market])
    for key in keys {
      let client = TestClient(stamp: 1)
      let answer = rig.face.answer(
        client.signed(.extendListenKey, "listenKey=" + key), at: 1)
      #expect(answer.code == 730708)
      let number = rig.open(key)
      #expect(rig.take(at: 1).texts(of: number) == [StreamText.invalidListenKey])
    }
    rig.subscribe(rig.open(try rig.listenKey()), to: StreamRig.orders)
    rig.place(limitBuy)
    #expect(rig.take(at: 2).compactMap(\.event?.order).count == 1)
  }

  @Test func `a subscription is refused with code 0`() throws {
    var rig = StreamRig(
      Self.rule(.user, .refuse),
      StreamFaults.Rule(stream: .market, symbol: "BTCUSDT", fault: .refuse))
    let number = try rig.openAccount()
    let names = "\(StreamRig.orders),\(StreamRig.deals)"
    let command =
      #"{"method":"SUBSCRIPTION","params":["\#(StreamRig.orders)","\#(StreamRig.deals)"],"id":8}"#
    #expect(
      rig.reply(to: command, on: number)
        == [
          StreamText.reply(StreamText.refusal(names.split(separator: ",").map(String.init)), id: 8)
        ])
    #expect(rig.face.streams.counts.refusedSubscriptions == 2)
    let market = rig.open()
    rig.subscribe(market, to: StreamRig.tickers)
    let bitcoin = StreamRig.tickers.replacing("LINK", with: "BTC")
    let wish = #"{"method":"SUBSCRIPTION","params":["\#(bitcoin)"]}"#
    #expect(
      rig.reply(to: wish, on: market) == [StreamText.reply(StreamText.refusal([bitcoin]), id: 0)])
  }

  @Test func `an upgrade is answered with 503`() throws {
    var rig = StreamRig(Self.rule(.user, .unavailable, .next(2)))
    #expect(rig.refusal() == nil)
    let key = try rig.listenKey()
    #expect(rig.refusal(key) == 503)
    #expect(rig.refusal("dead") == 503)
    #expect(rig.refusal(key) == nil)
    #expect(rig.face.streams.counts.refusedUpgrades == 2)
  }

  @Test func `an account's pushes meet the same faults`() throws {
    var rig = StreamRig(
      Self.rule(.user, .lose, .nth(1)), Self.rule(.market, .drop, .always),
      StreamFaults.Rule(stream: nil, symbol: "LINKUSDT", fault: .duplicate, trigger: .always))
    let number = rig.open(try rig.listenKey())
    rig.subscribe(number, to: StreamRig.orders)
    for name in ["a", "b"] { rig.place(limitBuy + "&newClientOrderId=" + name) }
    let seen = rig.take(at: 0).map { $0.event?.order?.clientOrderID }
    #expect(seen == ["b", "b"])
    #expect(rig.face.ledger()["counts"]?["faults"] == ["stream_duplicate": 1, "stream_lose": 1])
  }

  @Test func `a share of the pushes is lost, by the seed`() {
    func seen(_ seed: UInt64) -> [Int64] {
      var rig = StreamRig(Self.rule(.market, .lose, .probability(millionths: 300_000))) {
        $0.seed = seed
      }
      rig.subscribe(rig.open(), to: StreamRig.fastTickers)
      return rig.live(from: 0, until: 2_000).map(\.at)
    }
    #expect((110...170).contains(seen(1).count))
    #expect(seen(1) == seen(1))
    #expect(seen(1) != seen(2))
  }

  @Test func `a plan that is put in force touches the streams that are open`() throws {
    var rig = StreamRig()
    rig.subscribe(rig.open(), to: StreamRig.tickers)
    #expect(rig.take(at: 100).count == 1)
    let plan = #"{"rules": [{"stream": "market", "fault": "stream_lose", "next": 2}]}"#
    #expect(rig.face.admin("POST", "faults", body: plan).status == 200)
    #expect(rig.live(from: 101, until: 500).map(\.at) == [400, 500])
    #expect(rig.face.ledger()["counts"]?["faults"]?["stream_lose"] == 2)
  }

  // MARK: The plan's text

  @Test func `a plan for streams is read whole`() throws {
    let kinds: [(String, StreamFaults.Fault)] = [
      (#""stream_unavailable""#, .unavailable), (#""stream_refuse""#, .refuse),
      (#""stream_drop""#, .drop), (#""stream_close""#, .close),
      (#""stream_expire""#, .expire),
      (#""stream_lag", "delay_ms": 300"#, .lag(.milliseconds(300))),
      (#""stream_duplicate""#, .duplicate),
      (#""stream_reorder""#, .reorder(within: .seconds(1))),
      (#""stream_reorder", "within_ms": 20"#, .reorder(within: .milliseconds(20))),
      (#""stream_lose""#, .lose), (#""stream_silent""#, .silent(nil)),
      (#""stream_silent", "for_ms": 7"#, .silent(.milliseconds(7))),
      (#""stream_garbage""#, .garbage), (#""stream_stale""#, .stale),
      (#""stream_crossed""#, .crossed), (#""stream_empty""#, .empty),
    ]
    for (text, fault) in kinds {
      let rules = #"{"rules": [{"stream": "user", "fault": \#(text), "nth": 3}]}"#
      let plan = try FaultPlan(json: Array(rules.utf8))
      #expect(
        plan == FaultPlan(streams: StreamFaults([Self.rule(.user, fault, .nth(3))])), "\(text)")
    }
    let mixed = """
      {"rules": [{"route": "*", "fault": "empty"},
        {"stream": "*", "symbol": "BTCUSDT", "fault": "stream_drop", "probability": 0.5}]}
      """
    #expect(
      try FaultPlan(json: Array(mixed.utf8))
        == FaultPlan(
          [.init(route: nil, fault: .empty)],
          streams: StreamFaults([
            .init(
              stream: nil, symbol: "BTCUSDT", fault: .drop,
              trigger: .probability(millionths: 500_000))
          ])))
  }

  @Test(arguments: [
    (#"{"stream": "both", "fault": "stream_drop"}"#, #""stream" is market, user, or "*""#),
    (#"{"stream": 1, "fault": "stream_drop"}"#, #""stream" is a text"#),
    (#"{"stream": "user"}"#, #""fault" is missing"#),
    (
      #"{"stream": "user", "fault": "late"}"#,
      #"there is no fault "late" of streams; there are stream_unavailable, stream_refuse, "#
        + "stream_drop, stream_close, stream_expire, stream_lag, stream_duplicate, stream_reorder, "
        + "stream_lose, stream_silent, stream_garbage, stream_stale, stream_crossed, stream_empty"
    ),
    (#"{"stream": "user", "fault": "stream_lag"}"#, #""delay_ms" is missing"#),
    (
      #"{"stream": "user", "fault": "stream_drop", "delay_ms": 1}"#,
      #"the key "delay_ms" is unknown, or does not go with this fault"#
    ),
    (
      #"{"stream": "user", "route": "*", "fault": "stream_drop"}"#,
      #"the key "route" is unknown, or does not go with this fault"#
    ),
  ])
  func `a rule for streams that is wrong is refused with its flaw`(
    _ sample: (rule: String, flaw: String)
  ) {
    #expect(throws: FaultPlan.Flaw(description: "rule 1: " + sample.flaw)) {
      try FaultPlan(json: Array(#"{"rules": [\#(sample.rule)]}"#.utf8))
    }
  }

  @Test func `every fault is in the help`() {
    for kind in [
      "unavailable", "refuse", "drop", "close", "expire", "lag", "duplicate", "reorder", "lose",
      "silent",
      "garbage", "stale", "crossed", "empty",
    ] {
      #expect(SimulatorProgram.help.contains("  stream_\(kind) "))
    }
  }
}
