import Domain
import MEXC
import Testing
import Transport

@Suite struct StreamChannelTests {
  @Test func `channels are named as the exchange names them`() throws {
    let bitcoin = try symbol("BTCUSDT")
    let expected: [(StreamChannel, String)] = [
      (
        .bookTicker(bitcoin, .hundredMilliseconds),
        "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT"
      ),
      (
        .bookTicker(bitcoin, .tenMilliseconds),
        "spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDT"
      ),
      (
        .bookTicker(try symbol("币安人生USDT"), .hundredMilliseconds),
        "spot@public.aggre.bookTicker.v3.api.pb@100ms@币安人生USDT"
      ),
      (
        .bookTicker(try symbol("GOLD(XAUT)USDT"), .hundredMilliseconds),
        "spot@public.aggre.bookTicker.v3.api.pb@100ms@GOLD(XAUT)USDT"
      ),
      (.privateOrders, "spot@private.orders.v3.api.pb"),
      (.privateDeals, "spot@private.deals.v3.api.pb"),
      (.privateAccount, "spot@private.account.v3.api.pb"),
    ]
    for (channel, text) in expected {
      #expect(channel.text == text)
      #expect(StreamChannel(text: text) == channel)
    }
  }

  @Test(arguments: [
    "", "spot@private.orders.v3.api", "spot@private.orders.v3.api.pb@BTCUSDT",
    "SPOT@private.orders.v3.api.pb", "spot@public.aggre.bookTicker.v3.api.pb",
    "spot@public.aggre.bookTicker.v3.api.pb@100ms", "spot@public.aggre.bookTicker.v3.api.pb@100ms@",
    "spot@public.aggre.bookTicker.v3.api.pb@50ms@BTCUSDT",
    "spot@public.aggre.bookTicker.v3.api.pb@100@BTCUSDT",
    "spot@public.aggre.bookTicker.v3.api.pb@100ms@btcusdt",
    "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT@5",
    "spot@public.aggre.bookTicker.v3.api.pb@BTCUSDT@100ms",
    "spot@public.bookTicker.v3.api.pb@BTCUSDT", "spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDT",
  ])
  func `another channel is none of ours`(text: String) {
    #expect(StreamChannel(text: text) == nil)
  }
}

@Suite struct StreamCommandTests {
  private func bookTickers(_ count: Int) throws -> [StreamChannel] {
    try (0..<count).map { .bookTicker(try symbol("A\($0)USDT"), .hundredMilliseconds) }
  }

  @Test func `commands are the documented texts`() throws {
    #expect(StreamCommand.ping.text == #"{"method":"PING"}"#)
    let orders = StreamCommand.subscribe([.privateOrders, .privateDeals], id: 7)
    #expect(
      orders.text
        == #"{"method":"SUBSCRIPTION","params":["spot@private.orders.v3.api.pb","#
        + #""spot@private.deals.v3.api.pb"],"id":7}"#)
    let book = StreamCommand.unsubscribe(
      [.bookTicker(try symbol("BTCUSDT"), .tenMilliseconds)], id: 8)
    #expect(
      book.text
        == #"{"method":"UNSUBSCRIPTION","params":"#
        + #"["spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDT"],"id":8}"#)
  }

  @Test func `many channels are divided among commands that the exchange takes`() throws {
    let channels = try bookTickers(30)
    let subscriptions = StreamCommand.subscribing(to: channels, firstID: 3)
    try check(subscriptions, of: channels, from: 3) { .subscribe($0, id: $1) }
    let ends = StreamCommand.unsubscribing(from: channels, firstID: 90)
    try check(ends, of: channels, from: 90) { .unsubscribe($0, id: $1) }
    #expect(StreamCommand.subscribing(to: [], firstID: 1) == [])
    let long = try symbol(String(repeating: "币", count: 64))
    let longest = StreamCommand.subscribing(
      to: [.bookTicker(long, .hundredMilliseconds)], firstID: .max)
    #expect(longest.count == 1)
    #expect(longest.allSatisfy { $0.text.utf8.count <= 1_024 })
  }

  /// They name all channels in their order, and none could have named one more.
  private func check(
    _ commands: [StreamCommand], of channels: [StreamChannel], from first: Int,
    _ command: ([StreamChannel], Int) -> StreamCommand
  ) throws {
    #expect(commands.count > 1)
    var rest = channels[...]
    for (place, next) in commands.enumerated() {
      let id = first + place
      let count = try #require(
        (1...rest.count).first { command(Array(rest.prefix($0)), id) == next })
      #expect(next.text.utf8.count <= 1_024)
      if count < rest.count {
        #expect(command(Array(rest.prefix(count + 1)), id).text.utf8.count > 1_024)
      }
      rest = rest.dropFirst(count)
    }
    #expect(rest.isEmpty)
  }

  @Test func `only what was asked for, given back, is consent`() throws {
    let command = StreamCommand.subscribe([.privateOrders, .privateDeals], id: 7)
    let orders = "spot@private.orders.v3.api.pb"
    let deals = "spot@private.deals.v3.api.pb"
    let blocked = "Not Subscribed successfully! [\(orders),\(deals)].  Reason： Blocked! "
    let expected: [(String, StreamCommand.Verdict?)] = [
      (#"{"id":7,"code":0,"msg":"\#(orders),\#(deals)"}"#, .accepted),
      (#"{"msg":"\#(deals),\#(orders)","code":0,"id":7}"#, .accepted),
      (#"{"id":7,"code":0,"msg":"\#(blocked)"}"#, .refused(blocked)),
      (#"{"id":7,"code":0,"msg":"\#(orders)"}"#, .refused(orders)),
      (#"{"id":7,"code":0,"msg":"\#(orders),\#(deals),x"}"#, .refused("\(orders),\(deals),x")),
      (#"{"id":7,"code":0,"msg":""}"#, .refused("")),
      (#"{"id":7,"code":1,"msg":"\#(orders),\#(deals)"}"#, .refused("\(orders),\(deals)")),
      (#"{"id":8,"code":0,"msg":"\#(orders),\#(deals)"}"#, nil),
      (#"{"id":0,"code":0,"msg":"PONG"}"#, nil), ("Invalid listen key", nil), ("{}", nil),
    ]
    for (text, verdict) in expected {
      #expect(command.verdict(of: StreamReply(Array(text.utf8))) == verdict, "\(text)")
    }
    let end = StreamCommand.unsubscribe([.privateOrders], id: 9)
    let reply = StreamReply.acknowledgement(id: 9, code: 0, text: orders)
    #expect(end.verdict(of: reply) == .accepted)
    #expect(StreamCommand.ping.verdict(of: .pong) == .accepted)
    #expect(StreamCommand.ping.verdict(of: reply) == nil)
  }

  @Test func `a long refusal is cut`() throws {
    let command = StreamCommand.subscribe([.privateOrders], id: 1)
    let text = String(repeating: "x", count: 10_000)
    let verdict = command.verdict(of: .acknowledgement(id: 1, code: 0, text: text))
    #expect(verdict == .refused(String(repeating: "x", count: 500)))
  }
}

@Suite struct StreamReplyTests {
  @Test(arguments: [
    (#"{"id":0,"code":0,"msg":"PONG"}"#, StreamReply.pong), (#"{"code":0,"msg":"PONG"}"#, .pong),
    (
      #"{"id":3,"code":0,"msg":"a"}"#, .acknowledgement(id: 3, code: 0, text: "a")
    ),
    (#"{"id":3,"code":1,"msg":"PONG"}"#, .acknowledgement(id: 3, code: 1, text: "PONG")),
    ("Invalid listen key", .listenKeyInvalid), ("Invalid listen key\n", .listenKeyInvalid),
    ("", .unreadable("")), ("PONG", .unreadable("PONG")), ("[]", .unreadable("[]")),
    (#"{"msg":"PONG"}"#, .unreadable(#"{"msg":"PONG"}"#)),
    (#"{"id":1,"code":"0","msg":"a"}"#, .unreadable(#"{"id":1,"code":"0","msg":"a"}"#)),
    (#"{"code":0,"msg":"a"}"#, .unreadable(#"{"code":0,"msg":"a"}"#)),
    (#"{"id":1.5,"code":0,"msg":"a"}"#, .unreadable(#"{"id":1.5,"code":0,"msg":"a"}"#)),
    (#"{"id":1,"code":0,"msg":["a"]}"#, .unreadable(#"{"id":1,"code":0,"msg":["a"]}"#)),
  ])
  func `a text frame is what it says`(text: String, reply: StreamReply) {
    #expect(StreamReply(Array(text.utf8)) == reply)
  }

  @Test func `a frame that is no text is shown in a bounded line`() {
    #expect(StreamReply([0xFF, 0x41]) == .unreadable("\u{FFFD}A"))
    let long = StreamReply(Array(String(repeating: "é", count: 5_000).utf8))
    #expect(long == .unreadable(String(repeating: "é", count: 200)))
  }

  @Test(arguments: hiddenKeys)
  func `the listen key is in no reply`(text: String) throws {
    let remark = "(a text that repeats the request is not shown)"
    let echo = QueryEcho(target: hiddenTarget)
    let frame = #"{"id":1,"code":0,"msg":"no: \#(text)"}"#
    #expect(
      StreamReply(Array(frame.utf8), hiding: echo)
        == .acknowledgement(id: 1, code: 0, text: remark))
    #expect(StreamReply(Array("\(text)?".utf8), hiding: echo) == .unreadable(remark))
    let plain = #"{"id":1,"code":0,"msg":"spot@private.orders.v3.api.pb"}"#
    #expect(
      StreamReply(Array(plain.utf8), hiding: echo)
        == .acknowledgement(id: 1, code: 0, text: "spot@private.orders.v3.api.pb"))
  }
}
