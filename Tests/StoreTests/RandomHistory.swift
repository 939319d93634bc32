import Domain
import Store
import TestKit
import Testing

/// Writes so many orders with up to so many events each that fit; answers the orders as they were
/// held. Every event is a turn of its own.
func recordAnything(
  in store: OrderStore, seed: Int, orders: Int, events: Int
) throws -> [Order] {
  var random = SeededGenerator(seed: UInt64(seed))
  return try (0..<orders).map { number in
    let id = "s\(number)"
    var recorded = try Recorded(
      id, in: store, at: noon.advanced(by: .milliseconds(Int64(number) * 10_000)))
    for _ in 0..<events {
      let event = try anyEvent(id, &random)
      var copy = recorded.order
      guard (try? copy.apply(event, at: noon)) != nil else { continue }
      try recorded.take(event, in: store)
    }
    return recorded.order
  }
}

/// One event of any kind; many do not fit the order's status and are refused by it.
private func anyEvent(_ id: String, _ random: inout SeededGenerator) throws -> OrderEvent {
  let filled = "0.\(Int.random(in: 1...4, using: &random))"
  let reports: [OrderReport.Status] = [
    .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .undocumented("LIMBO"),
  ]
  let status = try #require(reports.randomElement(using: &random))
  let words = "words \(UInt8.random(in: 0...255, using: &random))"
  let events: [OrderEvent] = [
    .approved(
      OrderEvent.Approval(
        request: try makeRequest(id, amount: filled), quote: try makeQuote(),
        reservedQuote: try money("4000.002"), checks: PassedChecks(words))),
    .denied(.priceDeviation, words), .denied(.expired, words),
    .armed(
      OrderEvent.Armament(
        attempt: Int.random(in: 1...2, using: &random), stampedAt: noon,
        receiveWindow: .milliseconds(4_999), quote: try makeQuote("0.000000000000000001"))),
    .acknowledged(orderID: "C02__\(id)"), .validated, .refused(.exchangeRejected, words),
    .mayRetry(words),
    .outcomeLost(words, Bool.random(using: &random) ? .throttled : .refused(code: 30_099)),
    .observed(try makeReport(id, status, executed: filled, quote: "123.456")),
    .observed(try makeReport(id, .open)), .lookedUp(view: "order", answer: words),
    .notFound(words), .cancelRequested(by: words),
    .cancelAnswered(words, isDefinite: Bool.random(using: &random)), .closedByOperator(words),
  ]
  return try #require(events.randomElement(using: &random))
}
