import Domain
import TestKit
import Testing

/// Random lives of orders: what holds for all of them.
@Suite struct OrderHistoryTests {
  typealias History = [(at: WallTime, event: OrderEvent)]

  static let sequences = 3_000

  @Test func `an order is what its history adds up to`() throws {
    var random = SeededGenerator(seed: 0x5EED_0006)
    var reached: Set<OrderStatus> = []
    var kinds: Set<String> = []
    var events = 0
    for _ in 0..<Self.sequences {
      let (order, history) = try Self.life(using: &random)
      let read = try history.map { step in
        (at: step.at, event: try #require(try step.event.storedAndRead()))
      }
      let rebuilt = try Order(key: order.key, account: Sample.account, history: read)
      if rebuilt != order { Issue.record("\(history.map(\.event.kind))") }
      reached.insert(order.status)
      kinds.formUnion(history.map(\.event.kind))
      events += history.count
    }
    #expect(reached == Set(OrderStatus.allCases))
    #expect(kinds.count == 17)
    #expect(events > 10 * Self.sequences)
  }

  @Test func `every life keeps its promises`() throws {
    var random = SeededGenerator(seed: 0x5EED_0007)
    var finds = 0
    for _ in 0..<Self.sequences {
      let (_, history) = try Self.life(using: &random)
      var order = try #require(
        try Order(key: Sample.key(), account: Sample.account, history: [history[0]]))
      for step in history.dropFirst() {
        let before = order
        try order.apply(step.event, at: step.at)
        let broken = Self.brokenPromises(before, step.event, order)
        if !broken.isEmpty {
          Issue.record("\(broken) at \(step.event.kind) of \(history.map(\.event.kind))")
        }
        if [.rejected, .notFound].contains(before.status) && order.status != before.status {
          finds += 1
        }
      }
    }
    #expect(finds > 100)
  }

  private static func brokenPromises(
    _ before: Order, _ event: OrderEvent, _ after: Order
  ) -> [String] {
    var broken: [String] = []
    if after.executedQuantity < before.executedQuantity { broken.append("quantity decreased") }
    if after.executedQuote < before.executedQuote { broken.append("quote decreased") }
    if before.status.isTerminal && before.status != .rejected && after.status != before.status {
      broken.append("left its end")
    }
    if before.status == .partiallyFilled && after.status == .open { broken.append("fill undone") }
    if after.executedQuantity.isPositive && [.open, .canceled].contains(after.status) {
      broken.append("fill forgotten")
    }
    if after.status.isWorking && after.code != nil { broken.append("works under a refusal") }
    if after.status == .submitted && before.status != .submitted && event.kind != "order_armed" {
      broken.append("submitted without arming")
    }
    if before.attempt > 0 && after.status == .new && before.status != .new
      && event.kind != "order_may_retry"
    {
      broken.append("new again without a definite refusal")
    }
    if after.status == .denied && ![.new, .denied].contains(before.status) {
      broken.append("denied after leaving")
    }
    return broken
  }

  @Test func `a history begins with the creation`() throws {
    let key = try Sample.key()
    let created = OrderEvent.created(try Sample.request(), reservedQuote: FixedDecimal(1000))
    #expect(try Order(key: key, account: Sample.account, history: []) == nil)
    #expect(
      try Order(
        key: key, account: Sample.account, history: [(at: Sample.start, event: Sample.armed())])
        == nil)
    #expect(
      try Order(key: key, account: Sample.account, history: [(at: Sample.start, event: created)])
        == Sample.order())
    for next in [created, .closedByOperator("m")] {
      let error = #expect(throws: IllegalTransition.self) {
        try Order(
          key: key, account: Sample.account,
          history: [(at: Sample.start, event: created), (at: Sample.start, event: next)])
      }
      #expect(error?.status == .new)
      #expect(error?.event == next.kind)
    }
  }

  // MARK: Making lives

  /// An order that was offered forty random events, and those of them that it took.
  private static func life(
    using random: inout SeededGenerator
  ) throws -> (order: Order, history: History) {
    let request = try OrderEventJSONTests.requests().randomElement(using: &random)
    let creation = OrderEvent.created(
      try #require(request), reservedQuote: Bool.random(using: &random) ? FixedDecimal(500) : nil)
    var history: History = [(at: Sample.start, event: creation)]
    var order = try #require(
      try Order(key: Sample.key(), account: Sample.account, history: history))
    for place in 1...40 {
      let event = try event(using: &random)
      // Only a database that has forgotten something looks for an order that has not left.
      if order.status == .new, event.isOfLook, Int.random(in: 0..<50, using: &random) > 0 {
        continue
      }
      let at = Sample.time(Int64(place))
      let before = order
      do throws(IllegalTransition) {
        try order.apply(event, at: at)
        history.append((at: at, event: event))
      } catch {
        if error.status != before.status || error.event != event.kind || order != before {
          Issue.record("\(error), yet it changed or names another")
        }
      }
    }
    return (order, history)
  }

  private static func event(using random: inout SeededGenerator) throws -> OrderEvent {
    let text = "m\(Int.random(in: 0..<1000, using: &random))"
    let coin = Bool.random(using: &random)
    switch Int.random(in: 0..<25, using: &random) {
    case 0: return .created(try Sample.request(), reservedQuote: nil)
    case 1: return try Sample.approved()
    case 2:
      // Rare, since it ends a life at its beginning.
      guard Int.random(in: 0..<4, using: &random) == 0 else { return .mayRetry(text) }
      return .denied(coin ? .expired : .priceUnavailable, text)
    case 3, 4: return Sample.armed(Int.random(in: 1...3, using: &random))
    case 5: return .acknowledged(orderID: text)
    case 6:
      guard Int.random(in: 0..<4, using: &random) == 0 else { return Sample.lost }
      return .validated
    case 7: return .refused(.exchangeRejected, text)
    case 8: return .mayRetry(text)
    case 9, 10: return .outcomeLost(text, coin ? .throttled : .answerLost)
    case 11, 12, 13, 14, 15: return .observed(try report(using: &random))
    case 16: return .lookedUp(view: text, answer: "missing")
    case 17, 18: return .notFound(text)
    case 19: return .cancelRequested(by: text)
    case 20: return .cancelAnswered(text, isDefinite: coin)
    case 21: return .closedByOperator(text)
    case 22: return .confirmedByOperator(orderID: text)
    case 23: return .watchEnded
    default: return .lookedUp(view: "openOrders", answer: text)
    }
  }

  /// Any word with any fill: views of the exchange may be stale and may contradict each other.
  private static func report(using random: inout SeededGenerator) throws -> OrderReport {
    let statuses: [OrderReport.Status] = [
      .open, .open, .partiallyFilled, .partiallyFilled, .filled, .canceled, .partiallyCanceled,
      .undocumented("ODD"),
    ]
    let executed = Int.random(in: 0...10, using: &random) * Int.random(in: 0...1, using: &random)
    var report = try Sample.report(
      try #require(statuses.randomElement(using: &random)), executed: FixedDecimal(executed),
      quote: FixedDecimal(99 * executed))
    report.orderID = "C02__\(Int.random(in: 1...2, using: &random))"
    return report
  }
}

extension OrderEvent {
  fileprivate var isOfLook: Bool {
    switch self {
    case .acknowledged, .observed, .notFound, .confirmedByOperator: true
    case .created, .approved, .denied, .armed, .validated, .refused, .mayRetry, .outcomeLost,
      .lookedUp, .cancelRequested, .cancelAnswered, .closedByOperator, .watchEnded:
      false
    }
  }
}
