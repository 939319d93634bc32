import Domain
import JSON
import Testing

@Suite struct OrderEventJSONTests {
  /// Texts that a careless writer or reader would spoil.
  static let texts = [
    "", "plain", "\"quoted\" \\ back", "line\nbreak\r\ttab", "\u{1}\u{1F}\u{7F}\u{85}\u{2028}",
    "e\u{301} é 比特币 😀", "{\"code\":30004}", String(repeating: "x", count: 5000),
  ]

  static func requests() throws -> [OrderRequest] {
    let request = try Sample.request()
    var market = request
    (market.type, market.amount, market.price) = (.market, .quote(try FixedDecimal("50.5")), nil)
    var extreme = request
    (extreme.side, extreme.type) = (.sell, .limitMaker)
    (extreme.amount, extreme.price) = (.base(FixedDecimal(units: 1)), FixedDecimal(units: .max))
    var sale = request
    (sale.side, sale.type, sale.amount) = (.sell, .fillOrKill, .quote(FixedDecimal(units: .max)))
    var quick = request
    quick.type = .immediateOrCancel
    return [request, market, extreme, sale, quick]
  }

  static func reports() throws -> [OrderReport] {
    var bare = try Sample.report(.open)
    (bare.clientOrderID, bare.type, bare.price, bare.quantity) = (nil, nil, nil, nil)
    var odd = try Sample.report(.open, executed: FixedDecimal(units: .max), quote: .min)
    (odd.orderID, odd.clientOrderID, odd.side) = ("", "not one of ours, at all: é", .sell)
    let words = ["", "?", "??", "?PENDING", "PENDING", "open", "\u{301}x", "a\"b"]
    let statuses: [OrderReport.Status] =
      [.open, .partiallyFilled, .filled, .canceled, .partiallyCanceled]
      + words.map { .undocumented($0) }
    return [bare, odd]
      + (try statuses.map { try Sample.report($0, executed: FixedDecimal(units: 7)) })
  }

  /// Every case, with the fields that a case can leave out both there and not.
  static func events() throws -> [OrderEvent] {
    let quotes = [
      Sample.quote, Quote(price: FixedDecimal(units: 1), askedAt: WallTime(milliseconds: .max)),
    ]
    var events: [OrderEvent] = [.validated]
    for request in try requests() {
      for reserved in [nil, FixedDecimal.zero, FixedDecimal(units: .max)] {
        events.append(.created(request, reservedQuote: reserved))
        events += quotes.map {
          .approved(
            OrderEvent.Approval(
              request: request, quote: $0, reservedQuote: reserved,
              checks: PassedChecks("a=1\nb=\"2\"")))
        }
      }
    }
    events += quotes.map {
      .armed(
        OrderEvent.Armament(
          attempt: 2, stampedAt: WallTime(milliseconds: .min),
          receiveWindow: .milliseconds(4321), quote: $0))
    }
    for code in DecisionCode.allCases { events += [.denied(code, "m"), .refused(code, "m")] }
    events += try reports().map { .observed($0) }
    for text in texts {
      events += [
        .denied(.halted, text), .acknowledged(orderID: text), .refused(.exchangeRejected, text),
        .mayRetry(text), .outcomeLost(text, .throttled), .outcomeLost(text, .answerLost),
        .outcomeLost(text, .unreadable), .outcomeLost(text, .blocked),
        .outcomeLost(text, .refused(code: -1)),
        .lookedUp(view: text, answer: "missing"), .lookedUp(view: "allOrders", answer: text),
        .notFound(text), .cancelRequested(by: text), .cancelAnswered(text, isDefinite: true),
        .cancelAnswered(text, isDefinite: false), .closedByOperator(text),
        .confirmedByOperator(orderID: text), .watchEnded,
      ]
    }
    return events
  }

  @Test func `every event round trips`() throws {
    let events = try Self.events()
    #expect(Set(events.map(\.kind)).count == 17)
    for event in events {
      #expect(OrderEvent(kind: event.kind, detail: event.detail) == event)
      #expect(try event.storedAndRead() == event)
    }
  }

  @Test func `an event's text is that of its detail, and its row the same in either form`() throws {
    for event in try Self.events() + [.notFound("a\0b")] {
      var text = Array("x".utf8)
      event.appendDetail(to: &text)
      #expect(String(decoding: text, as: UTF8.self) == "x" + event.detail.compactText())
      let key = try Sample.key()
      let row = HistoryEvent(at: Sample.time(1), order: key, event: event)
      let plain = HistoryEvent(
        at: Sample.time(1), subject: .order(key), kind: event.kind, detail: event.detail)
      #expect(row == plain)
      #expect(Self.storedText(row) == Self.storedText(plain))
    }
    let first = HistoryEvent(at: Sample.time(1), order: try Sample.key(), event: .validated)
    let others: [OrderEvent] = [.notFound("m"), .closedByOperator("m"), .closedByOperator("n")]
    for other in others {
      #expect(first != HistoryEvent(at: first.at, order: try Sample.key(), event: other))
    }
    #expect(Self.storedText(first) == "{}")
  }

  private static func storedText(_ event: HistoryEvent) -> String {
    var text: [UInt8] = []
    event.appendDetail(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  @Test func `kinds are stable`() throws {
    #expect(
      Set(try Self.events().map(\.kind)) == [
        "order_created", "order_approved", "order_denied", "order_armed", "order_acknowledged",
        "order_validated", "order_refused", "order_may_retry", "order_outcome_lost",
        "order_observed", "order_looked_up", "order_not_found", "cancel_requested",
        "cancel_answered", "order_closed_by_operator", "order_confirmed_by_operator",
        "order_watch_ended",
      ])
  }

  @Test func `details are stable`() throws {
    #expect(
      OrderEvent.created(try Sample.request(), reservedQuote: nil).detail.compactText()
        == #"{"client_order_id":"sgabc","symbol":"BTCUSDT","side":"buy","type":"limit","#
        + #""quantity":"10","price":"100","reserved_quote":null}"#)
    #expect(
      Sample.armed().detail.compactText()
        == #"{"attempt":1,"timestamp":1700000000050,"recv_window_ms":5000,"quote":"101","#
        + #""quote_asked_at":1700000000000}"#)
    #expect(
      try Sample.observed(.undocumented("ODD"), executed: 2).detail.compactText()
        == #"{"order_id":"C02__1","client_order_id":"sgabc","symbol":"BTCUSDT","side":"buy","#
        + #""type":"limit","price":"100","quantity":"10","executed_quantity":"2","#
        + #""executed_quote":"200","status":"?ODD"}"#)
    #expect(
      OrderEvent.outcomeLost("m", .refused(code: 30_099)).detail.compactText()
        == #"{"message":"m","throttled":false,"exchange_code":30099}"#)
    #expect(
      OrderEvent.outcomeLost("m", .unreadable).detail.compactText()
        == #"{"message":"m","throttled":false,"unreadable":true}"#)
    #expect(
      OrderEvent.outcomeLost("m", .answerLost).detail.compactText()
        == #"{"message":"m","throttled":false}"#)
    #expect(Sample.refused.detail["code"] == "exchange_rejected")
    #expect(OrderEvent.validated.detail == [:])
  }

  /// A detail with a member missing, or with something else in its place, is no event: an amount
  /// that cannot be read must not pass for one that is not there.
  @Test func `damaged details are no events`() throws {
    let absent: Set<String> = ["reserved_quote", "price"]
    let absentFromReports: Set<String> = ["client_order_id", "type", "quantity"]
    // Versions that told only a rate limit from the rest did not write these.
    let absentFromDoubts: Set<String> = ["blocked", "unreadable", "exchange_code"]
    for event in try Self.events() {
      let members = try #require(event.detail.objectValue)
      for (place, member) in members.enumerated() {
        var cut = members
        cut.remove(at: place)
        let mayGo =
          absent.contains(member.name)
          || event.kind == "order_observed" && absentFromReports.contains(member.name)
          || event.kind == "order_outcome_lost" && absentFromDoubts.contains(member.name)
        let read = OrderEvent(kind: event.kind, detail: .object(cut))
        #expect((read != nil) == mayGo, "\(event.kind) without \(member.name)")
        for damage: JSONValue in [[], .number("1.5"), ["a": 1]] {
          var damaged = members
          damaged[place] = JSONMember(name: member.name, value: damage)
          #expect(
            OrderEvent(kind: event.kind, detail: .object(damaged)) == nil,
            "\(event.kind) with \(member.name) \(damage)")
        }
      }
    }
  }

  @Test(arguments: [
    ("price", "abc"), ("price", "1e3"), ("reserved_quote", ""), ("quantity", "-"),
    ("symbol", "btcusdt"), ("side", "BUY"), ("type", "stop"), ("client_order_id", "a b"),
  ])
  func `damaged words are no events`(_ name: String, _ word: String) throws {
    let event = OrderEvent.created(try Sample.request(), reservedQuote: FixedDecimal(1))
    let members = try #require(event.detail.objectValue).map {
      $0.name == name ? JSONMember(name: name, value: .string(word)) : $0
    }
    #expect(OrderEvent(kind: event.kind, detail: .object(members)) == nil)
  }

  /// As versions wrote it that told only a rate limit from the rest.
  @Test(arguments: [(false, UnknownOutcome.answerLost), (true, .throttled)])
  func `an older doubt is read`(_ throttled: Bool, _ cause: UnknownOutcome) {
    let detail: JSONValue = ["message": "m", "throttled": .bool(throttled)]
    #expect(
      OrderEvent(kind: "order_outcome_lost", detail: detail) == .outcomeLost("m", cause))
  }

  @Test(arguments: ["open ", "OPEN", "", "pending"])
  func `statuses that nobody wrote are no events`(_ word: String) throws {
    let event = try Sample.observed(.open)
    let members = try #require(event.detail.objectValue).map {
      $0.name == "status" ? JSONMember(name: "status", value: .string(word)) : $0
    }
    #expect(OrderEvent(kind: event.kind, detail: .object(members)) == nil)
  }

  @Test(arguments: [
    "", "order", "order_", "ORDER_VALIDATED", "signal_received", "order_validated ",
  ])
  func `other kinds are no events`(_ kind: String) {
    #expect(OrderEvent(kind: kind, detail: ["message": "m"]) == nil)
    #expect(OrderEvent(kind: kind, detail: .null) == nil)
  }
}

extension OrderEvent {
  /// The event as it comes back from a text.
  func storedAndRead() throws -> OrderEvent? {
    OrderEvent(
      kind: kind, detail: try JSONReader.read(detail.compactText(), limits: .exchange))
  }
}
