import Domain
import Testing

/// What an order holds after its events, beside the status.
@Suite struct OrderTests {
  @Test func `starts with nothing`() throws {
    let order = try Sample.order()
    #expect(order.status == .new)
    #expect(order.createdAt == Sample.start)
    #expect(order.updatedAt == Sample.start)
    #expect(order.reservedQuote == FixedDecimal(1000))
    #expect(order.attempt == 0)
    #expect(order.executedQuantity == .zero)
    #expect(order.averagePrice == nil)
    #expect(order.acceptanceDeadline(lead: .seconds(1)) == nil)
    #expect(order.code == nil)
    #expect(order.reference == .clientOrderID(order.request.clientOrderID))
  }

  @Test func `approval settles request and reservation`() throws {
    let order = try Sample.order(after: [Sample.approved()])
    #expect(order.request.amount == .base(FixedDecimal(9)))
    #expect(order.reservedQuote == FixedDecimal(900))
    #expect(order.quote == Sample.quote)
    #expect(order.attempt == 0)
  }

  @Test func `denial keeps its reason`() throws {
    let order = try Sample.order(after: [.denied(.priceDeviation, "too far")])
    #expect(order.code == .priceDeviation)
    #expect(order.reason == "too far")
    #expect(order.status == .denied)
  }

  @Test func `arming stamps the attempt`() throws {
    let order = try Sample.order(after: [Sample.approved(), Sample.armed()])
    #expect(order.attempt == 1)
    #expect(order.stampedAt == Sample.time(50))
    #expect(order.armedAt == Sample.time(2))
    #expect(order.receiveWindow == .seconds(5))
    // The stamp, the receive window, and the second that the exchange tolerates ahead.
    #expect(order.acceptanceDeadline(lead: .seconds(1)) == Sample.time(50 + 5000 + 1000))
  }

  @Test func `may go once more after a refusal`() throws {
    let order = try Sample.order(after: [
      Sample.armed(), .outcomeLost("429", .throttled), .mayRetry("nothing was placed"),
    ])
    #expect(order.status == .new)
    #expect(!order.wasThrottled)
    var again = order
    try again.apply(Sample.armed(2), at: Sample.time(70))
    #expect(again.attempt == 2)
    #expect(again.armedAt == Sample.time(70))
  }

  @Test func `throttling is remembered until it is settled`() throws {
    let throttled = OrderEvent.outcomeLost("429", .throttled)
    #expect(try Sample.order(after: [Sample.armed(), throttled]).wasThrottled)
    #expect(try !Sample.order(after: [Sample.armed(), throttled, Sample.lost]).wasThrottled)
    #expect(
      try !Sample.order(after: [Sample.armed(), throttled, Sample.observed(.open)]).wasThrottled)
  }

  @Test func `only a definite answer ends a cancel`() throws {
    var order = try Sample.order(after: Sample.events(to: .open))
    try order.apply(.cancelRequested(by: "operator"), at: Sample.time(5))
    #expect(order.cancelRequested)
    try order.apply(.cancelAnswered("taken", isDefinite: false), at: Sample.time(6))
    #expect(order.cancelRequested)
    try order.apply(.cancelAnswered("unknown order", isDefinite: true), at: Sample.time(7))
    #expect(!order.cancelRequested)
    #expect(order.status == .open)
  }

  // MARK: Late finds

  @Test(arguments: [OrderStatus.rejected, .notFound])
  func `a late find voids the verdict`(_ verdict: OrderStatus) throws {
    let events = try Sample.events(to: verdict)
    let before = try Sample.order(after: events)
    #expect(before.code == (verdict == .rejected ? .exchangeRejected : .notFound))
    #expect(!before.reason.isEmpty)

    let found = try Sample.order(after: events + [Sample.observed(.filled, executed: 10)])
    #expect(found.status == .filled)
    #expect(found.code == nil)
    #expect(found.reason == "")
    #expect(found.reference == .orderID("C02__1"))
    #expect(found.executedQuantity == FixedDecimal(10))

    let acknowledged = try Sample.order(after: events + [.acknowledged(orderID: "C02__2")])
    #expect(acknowledged.status == .open)
    #expect(acknowledged.code == nil)
    #expect(acknowledged.reference == .orderID("C02__2"))
  }

  @Test func `a late find wins over the operator`() throws {
    let closed =
      try Sample.events(to: .notFound) + [.closedByOperator("checked by hand")]
    let before = try Sample.order(after: closed)
    #expect(before.status == .notFound)
    #expect(before.closedByOperator)
    #expect(before.reason == "checked by hand")
    let found = try Sample.order(after: closed + [Sample.observed(.open)])
    #expect(found.status == .open)
    #expect(!found.closedByOperator)
    #expect(found.reason == "")
  }

  @Test func `what the operator closed is at its end when the watch is over`() throws {
    let missing = try Sample.events(to: .notFound)
    #expect(throws: IllegalTransition.self) { try Sample.order(after: missing + [.watchEnded]) }
    let over = try Sample.order(after: missing + [.closedByOperator("checked"), .watchEnded])
    #expect(over.status == .canceled)
    #expect(over.code == .notFound)
    #expect(over.reason == "checked")
    #expect(over.closedByOperator)
  }

  // MARK: The operator's word

  @Test(arguments: [
    (OrderStatus.open, OrderStatus.canceled), (.partiallyFilled, .partiallyCanceled),
    (.unknown, .notFound), (.notFound, .notFound),
  ])
  func `the operator closes an order in doubt`(_ status: OrderStatus, _ next: OrderStatus) throws {
    let events = try Sample.events(to: status)
    let before = try Sample.order(after: events)
    let closed = try Sample.order(after: events + [.closedByOperator("gone")])
    #expect(closed.status == next)
    #expect(closed.closedByOperator)
    #expect(closed.reason == "gone")
    #expect(closed.code == (next == .notFound ? .notFound : nil))
    #expect(closed.executedQuantity == before.executedQuantity)
  }

  @Test func `the operator confirms an order until the exchange tells of it`() throws {
    let events = try Sample.events(to: .unknown) + [.confirmedByOperator(orderID: "C02__1")]
    let confirmed = try Sample.order(after: events)
    #expect(confirmed.status == .open)
    #expect(confirmed.confirmedByOperator)
    #expect(confirmed.unknownOutcome == nil)
    #expect(confirmed.reference == .orderID("C02__1"))
    let read = try Sample.order(after: events + [Sample.observed(.open)])
    #expect(!read.confirmedByOperator)
  }

  @Test func `the reason of a doubt is kept until it is settled`() throws {
    let refused = OrderEvent.outcomeLost("code 30099: no", .refused(code: 30_099))
    #expect(
      try Sample.order(after: [Sample.armed(), refused]).unknownOutcome == .refused(code: 30_099))
    #expect(
      try Sample.order(after: [Sample.armed(), refused, Sample.lost]).unknownOutcome == .answerLost)
    #expect(
      try Sample.order(after: [Sample.armed(), refused, Sample.observed(.open)]).unknownOutcome
        == nil)
  }

  // MARK: Fills

  @Test func `fills never decrease`() throws {
    var order = try Sample.order(after: Sample.events(to: .submitted))
    for (executed, held) in [(3, 3), (5, 5), (2, 5), (0, 5), (6, 6)] {
      try order.apply(Sample.observed(.partiallyFilled, executed: executed), at: Sample.time(9))
      #expect(order.executedQuantity == FixedDecimal(held))
      #expect(order.executedQuote == FixedDecimal(100 * held))
    }
    try order.apply(Sample.observed(.filled, executed: 0), at: Sample.time(9))
    #expect(order.executedQuantity == FixedDecimal(6))
  }

  @Test func `a stale view never undoes a partial fill`() throws {
    let events = try Sample.events(to: .partiallyFilled)
    for status in [OrderReport.Status.open, .undocumented("HALF_OPEN"), .partiallyFilled] {
      let order = try Sample.order(after: events + [Sample.observed(status)])
      #expect(order.status == .partiallyFilled)
      #expect(order.executedQuantity == FixedDecimal(4))
      #expect(order.executedQuote == FixedDecimal(400))
    }
  }

  @Test func `a cancel keeps the fill that was seen`() throws {
    // The view of the cancel does not show the fill that an earlier view showed.
    let order = try Sample.order(
      after: Sample.events(to: .partiallyFilled) + [Sample.observed(.canceled)])
    #expect(order.status == .partiallyCanceled)
    #expect(order.executedQuantity == FixedDecimal(4))
  }

  @Test func `a fill makes an order partially filled whatever the word`() throws {
    for status in [OrderReport.Status.open, .undocumented("HALF_OPEN")] {
      let order = try Sample.order(
        after: Sample.events(to: .open) + [Sample.observed(status, executed: 4)])
      #expect(order.status == .partiallyFilled)
      #expect(order.executedQuantity == FixedDecimal(4))
    }
  }

  @Test(arguments: [
    ("0.3", "20999.7", "69999"), ("3", "1", "0.333333333333333333"),
    ("3", "2", "0.666666666666666666"), ("0.00001", "0.6987654", "69876.54"), ("7", "0", "0"),
  ])
  func `average price is quote per base`(_ quantity: String, _ quote: String, _ price: String)
    throws
  {
    let report = try Sample.report(
      .partiallyFilled, executed: FixedDecimal(quantity), quote: FixedDecimal(quote))
    let order = try Sample.order(after: [Sample.armed(), .observed(report)])
    #expect(order.averagePrice?.description == price)
  }

  @Test func `average price that does not fit is none`() throws {
    let report = try Sample.report(
      .partiallyFilled, executed: FixedDecimal(units: 1), quote: FixedDecimal(units: .max))
    let order = try Sample.order(after: [Sample.armed(), .observed(report)])
    #expect(order.averagePrice == nil)
    #expect(order.executedQuote == FixedDecimal(units: .max))
  }

  @Test func `takes the exchange's identifier`() throws {
    let order = try Sample.order(after: [Sample.armed(), .acknowledged(orderID: "C02__9")])
    #expect(order.orderID == "C02__9")
    #expect(order.reference == .orderID("C02__9"))
  }
}
