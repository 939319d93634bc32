import Domain
import Foundation
import JSON
import Testing

@Suite struct `The story of a signal` {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
    try bench.listen()
  }

  private func explain(_ story: Story) throws -> String {
    try bench.write(story)
    return try bench.tool("explain", story.id.text, "--utc").output
  }

  @Test func `a limit order that filled`() throws {
    #expect(
      try explain(.filledLimit()) == """
        signal           s-filled
        origin           file s-filled.json
        decision         accepted
        order            filled: 0.001 BTCUSDT at an average of 59900, 59.9 in quote
        client order id  x-s-filled
        order id         C02__1

        2026-09-25T10:11:12.345Z  received from file s-filled.json: limit buy 0.001 BTCUSDT at 60000; expires 2026-09-25T10:12:12.345Z
        2026-09-25T10:11:12.345Z  accepted; its order will be known as x-s-filled
        2026-09-25T10:11:12.345Z  approved as limit buy 0.001 BTCUSDT at 60000: price 60010 is 1.67 bps from the reference 60000, at most 100 allowed; the price is 120 ms old; quote used 60010, 120 ms old; the risk limits hold 60 in quote
        2026-09-25T10:11:12.346Z  attempt 1 goes out, stamped 2026-09-25T10:11:12.352Z and acceptable for 5000 ms; quote used 60010, 121 ms old
        2026-09-25T10:11:12.375Z  the exchange has it as order C02__1
        2026-09-25T10:11:12.875Z  order C02__1 is partially filled at the exchange: 0.0004 of 0.001 executed at an average of 60000, 24 in quote
        2026-09-25T10:11:13.875Z  order C02__1 is filled at the exchange: 0.001 of 0.001 executed at an average of 59900, 59.9 in quote
        """)
  }

  @Test func `a market order that the price guard refused`() throws {
    #expect(
      try explain(.deniedByGuard()) == """
        signal           s-guard
        origin           file s-guard.json
        decision         price_deviation
        order            denied
        reason           the current price 61000 is 166.67 bps from the reference 60000; at most 100 bps are allowed
        client order id  x-s-guard

        2026-09-25T10:11:12.345Z  received from file s-guard.json: market buy BTCUSDT for 50 in quote; expires 2026-09-25T10:12:12.345Z
        2026-09-25T10:11:12.345Z  accepted; its order will be known as x-s-guard
        2026-09-25T10:11:12.435Z  denied (price_deviation): the current price 61000 is 166.67 bps from the reference 60000; at most 100 bps are allowed
        """)
  }

  @Test func `a signal that was refused at once`() throws {
    #expect(
      try explain(.deniedAtOnce()) == """
        signal    s-halted
        origin    file s-halted.json
        decision  halted
        reason    trading is halted: lunch; 'mexc-signalctl resume' resumes it
        order     none

        2026-09-25T10:11:12.345Z  received from file s-halted.json: limit buy 0.001 BTCUSDT at 60000; expires 2026-09-25T10:12:12.345Z
        2026-09-25T10:11:12.345Z  denied (halted): trading is halted: lunch; 'mexc-signalctl resume' resumes it
        """)
  }

  @Test func `an order that was lost, not found, and closed by hand`() throws {
    #expect(
      try explain(.resolvedByHand()) == """
        signal           s-lost
        origin           file s-lost.json
        decision         not_found
        order            not_found
        reason           the operator says that it was never placed
        client order id  x-s-lost

        2026-09-25T10:11:12.345Z  received from file s-lost.json: limit buy 0.001 BTCUSDT at 60000; expires 2026-09-25T10:12:12.345Z
        2026-09-25T10:11:12.345Z  accepted; its order will be known as x-s-lost
        2026-09-25T10:11:12.345Z  approved as limit buy 0.001 BTCUSDT at 60000: price 60010 is 1.67 bps from the reference 60000, at most 100 allowed; the price is 120 ms old; quote used 60010, 120 ms old; the risk limits hold 60 in quote
        2026-09-25T10:11:12.346Z  attempt 1 goes out, stamped 2026-09-25T10:11:12.352Z and acceptable for 5000 ms; quote used 60010, 121 ms old
        2026-09-25T10:11:14.345Z  outcome unknown (no answer: the connection was closed); it is looked up and never sent again
        2026-09-25T10:11:14.845Z  looked up (order by client order id): no answer: timed out
        2026-09-25T10:12:22.345Z  looked up (order by client order id): not there
        2026-09-25T10:12:22.345Z  looked up (open orders): not there
        2026-09-25T10:12:22.345Z  looked up (recent orders): not there
        2026-09-25T10:12:22.345Z  looked up (trades): not there
        2026-09-25T10:12:22.345Z  not found: sent once, its answer was lost, and it was never seen
        2026-09-25T10:12:32.345Z  the same id came again from socket uid 1000 with other content, which was refused
        2026-09-25T10:12:42.345Z  closed by the operator: the operator says that it was never placed
        """)
  }

  @Test func `what an order waits for stands below its status, as long as it waits`() throws {
    let story = try Story.open()
    #expect(try !explain(story).contains("waits for"))
    bench.reasons[story.id] = "a current price"
    let text = try bench.tool("explain", story.id.text).output
    #expect(text.contains("\nwaits for        a current price\n"), "\(text)")
    let document = try bench.tool("explain", story.id.text, "--json").document
    #expect(document["waits_for"] == "a current price")
  }

  @Test func `programs get the records with exact money and readable times`() throws {
    try bench.write(Story.filledLimit())
    let story = try bench.tool("explain", "s-filled", "--json").document
    #expect(
      story["signal"] == [
        "id": "s-filled", "received_at": "2026-09-25T10:11:12.345Z",
        "origin": "file s-filled.json", "symbol": "BTCUSDT", "side": "buy", "type": "limit",
        "decision": "accepted", "message": "", "client_order_id": "x-s-filled",
        "expires_at": "2026-09-25T10:12:12.345Z", "decided_at": "2026-09-25T10:11:12.345Z",
        "raw": #"{"id":"s-filled","price":"60000"}"#,
      ])
    #expect(
      story["order"] == [
        "signal_id": "s-filled", "leg": 0, "client_order_id": "x-s-filled",
        "order_id": "C02__1", "symbol": "BTCUSDT", "side": "buy", "type": "limit",
        "quantity": "0.001", "quote_quantity": nil, "price": "60000", "status": "filled",
        "code": nil, "reason": "",
        "executed_quantity": "0.001", "executed_quote": "59.9", "average_price": "59900",
        "reserved_quote": "60", "attempt": 1, "cancel_requested": false,
        "closed_by_operator": false, "guard_price": "60010",
        "guard_asked_at": "2026-09-25T10:11:12.225Z", "armed_at": "2026-09-25T10:11:12.346Z",
        "created_at": "2026-09-25T10:11:12.345Z", "updated_at": "2026-09-25T10:11:13.875Z",
      ])
    let timeline = try #require(story["timeline"]?.arrayValue)
    #expect(
      timeline.map { $0["kind"]?.stringValue } == [
        "signal_received", "order_created", "order_approved", "order_armed",
        "order_acknowledged", "order_observed", "order_observed",
      ])
    #expect(
      timeline[3] == [
        "at": "2026-09-25T10:11:12.346Z", "kind": "order_armed",
        "text": .string(
          "attempt 1 goes out, stamped 2026-09-25T10:11:12.352Z and acceptable for 5000 ms; "
            + "quote used 60010, 121 ms old"),
        "detail": [
          "attempt": 1, "timestamp": "2026-09-25T10:11:12.352Z", "recv_window_ms": 5_000,
          "quote": "60010", "quote_asked_at": "2026-09-25T10:11:12.225Z",
        ],
      ])
  }

  @Test func `every kind of event is told`() throws {
    var rows: [(OrderEvent, String)] = [
      (.validated, "the exchange checked the order and placed nothing"),
      (.refused(.exchangeRejected, "code 1: no"), "refused (exchange_rejected): code 1: no"),
      (.mayRetry("not sent: x"), "provably not placed, so it may be sent once more: not sent: x"),
      (
        .outcomeLost("429", .throttled),
        "answered by a rate limit (429); whether it was placed is being looked up"
      ),
      (.cancelRequested(by: "halt"), "cancel asked for by halt"),
      (.cancelAnswered("taken", isDefinite: true), "cancel answered by the exchange: taken"),
      (
        .cancelAnswered("no answer", isDefinite: false),
        "cancel answered by the exchange: no answer; asked for again while it stands"
      ),
    ]
    let estimate = OrderReport(
      orderID: "C1", clientOrderID: nil, symbol: try #require(Symbol(exchangeText: "BTCUSDT")),
      side: .buy, type: .market, price: nil, quantity: try FixedDecimal("0.09"),
      executedQuantity: try FixedDecimal("0.1"), executedQuote: FixedDecimal(5), status: .filled)
    var undocumented = estimate
    undocumented.status = .undocumented("PENDING")
    undocumented.executedQuantity = .zero
    rows += [
      (
        .observed(estimate),
        "order C1 is filled at the exchange: 0.1 executed at an average of 50, 5 in quote"
      ),
      (
        .observed(undocumented),
        "order C1 is 'PENDING' (undocumented) at the exchange: nothing executed"
      ),
    ]
    var story = try Story("s", amount: .quote(FixedDecimal(5)), price: nil)
    for (event, _) in rows { story.remark(event.kind, event.detail) }
    story.remark("noted_later", ["x": "\u{1B}[2J"])
    story.remark("noted", [:])
    try bench.write(story)
    let timeline = try bench.tool("explain", "s", "--json").document["timeline"]?.arrayValue
    let texts = try #require(timeline).dropFirst(2).compactMap { $0["text"]?.stringValue }
    #expect(texts == rows.map(\.1) + [#"noted later {"x":"\u001b[2J"}"#, "noted"])
    // Nothing that was stored can move the cursor.
    #expect(
      try bench.tool("explain", "s", "--utc").output.unicodeScalars.allSatisfy {
        $0.value >= 0x20 || $0 == "\n"
      })
  }
}
