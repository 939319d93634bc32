import Domain
import Matching
import TestKit
import Testing

struct ExchangeChangesTests {
  private func exchange(_ rules: ExchangeRules = .certain) -> SpotExchange {
    var exchange = SpotExchange(rules: rules, seed: 1, at: moment())
    exchange.recordChanges()
    return exchange
  }

  private typealias Status = SimulatedOrder.Status

  /// Cause and status of each change since the last call.
  private func taken(_ exchange: inout SpotExchange) -> [(SpotExchange.Change.Cause, Status)] {
    exchange.takeChanges().map { ($0.cause, $0.order.status) }
  }

  private func expect(
    _ exchange: inout SpotExchange, _ wanted: [(SpotExchange.Change.Cause, Status)],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let changes = taken(&exchange)
    #expect(
      changes.map(\.0) == wanted.map(\.0) && changes.map(\.1) == wanted.map(\.1),
      "\(changes)", sourceLocation: sourceLocation)
  }

  @Test func `every change of an order is kept once, in order`() throws {
    var exchange = exchange()
    _ = try exchange.place(.limit(.buy, "2", at: "20", id: "a"), at: moment(10))
    expect(&exchange, [(.accepted, .new)])
    _ = try exchange.fillOpenOrder(.clientOrderID("a"), quantity: decimal("0.5"), at: moment(20))
    expect(&exchange, [(.filled(trade: 0), .partiallyFilled)])
    _ = try exchange.cancel(pair("LINKUSDT"), .clientOrderID("a"), at: moment(30))
    expect(&exchange, [(.canceled, .partiallyCanceled)])
    expect(&exchange, [])
  }

  @Test func `an order that trades at once has been accepted before it fills`() throws {
    var exchange = exchange()
    _ = try exchange.place(.limit(.buy, "10", at: "22"), at: moment())
    _ = try exchange.place(.market(.buy, .quote(decimal("100"))), at: moment())
    _ = try exchange.place(.limit(.buy, "1", at: "20", type: .fillOrKill), at: moment())
    expect(
      &exchange,
      [
        (.accepted, .new), (.filled(trade: 0), .filled), (.accepted, .new),
        (.filled(trade: 1), .filled), (.accepted, .new), (.canceled, .canceled),
      ])
  }

  @Test func `a market order that finds too little ends with what it got`() throws {
    var rules = ExchangeRules.certain
    rules.thinPercent = 100
    var exchange = exchange(rules)
    for _ in 0..<20 {
      let order = try exchange.place(.market(.sell, .base(decimal("10"))), at: moment())
      guard order.status == .partiallyCanceled else {
        _ = exchange.takeChanges()
        continue
      }
      expect(
        &exchange,
        [
          (.accepted, .new), (.filled(trade: exchange.trades.count - 1), .partiallyFilled),
          (.canceled, .partiallyCanceled),
        ])
      return
    }
    Issue.record("no order was filled in part")
  }

  @Test func `a change has what the account held right after it`() throws {
    var exchange = exchange()
    let before = exchange.wallet["USDT"]
    _ = try exchange.place(.limit(.buy, "10", at: "22"), at: moment())
    let changes = exchange.takeChanges()
    #expect(changes[0].wallet["USDT"].locked.isPositive)
    #expect(changes[0].wallet["LINK"].free < exchange.wallet["LINK"].free)
    #expect(changes[1].wallet == exchange.wallet)
    #expect(exchange.wallet["USDT"].free < before.free)
    #expect(changes[1].wallet["USDT"].locked.isZero)
  }

  @Test func `nothing is kept for nobody`() throws {
    var exchange = SpotExchange(rules: .certain, seed: 1, at: moment())
    _ = try exchange.place(.limit(.buy, "2", at: "20"), at: moment())
    #expect(exchange.takeChanges().isEmpty)
    exchange.recordChanges()
    #expect(exchange.takeChanges().isEmpty)
  }

  @Test(arguments: [
    (price: "21.42", bid: "21.419", ask: "21.421"), (price: "21.4205", bid: "21.42", ask: "21.421"),
    (price: "0.002", bid: "0.001", ask: "0.003"), (price: "0.001", bid: "0.001", ask: "0.002"),
    (price: "0.0005", bid: "0.001", ask: "0.002"),
  ])
  func `the book is the ticks around the last price`(
    _ sample: (price: String, bid: String, ask: String)
  ) throws {
    var exchange = exchange()
    #expect(exchange.listing(pair("LINKUSDT"))?.rules.tickSize == decimal("0.001"))
    _ = exchange.setPrice(pair("LINKUSDT"), to: decimal(sample.price), at: moment())
    let book = try #require(exchange.book(pair("LINKUSDT")))
    #expect(book.bid == decimal(sample.bid))
    #expect(book.ask == decimal(sample.ask))
  }
}
