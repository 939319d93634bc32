import Domain
import Testing

@testable import Execution

@Suite struct PriceBookTests {
  private var book = PriceBook(of: traits.name)
  private let age: Duration = .seconds(2)

  private func price(
    bid: String? = nil, ask: String? = nil, last: String? = nil, at offset: Duration = .zero,
    _ origin: MarketPrice.Origin = .pushed
  ) -> MarketPrice {
    MarketPrice(
      at: traits.name, bid: bid.map(decimal), ask: ask.map(decimal), last: last.map(decimal),
      knownAt: moment(offset), origin: origin)
  }

  private func value(_ side: Side = .buy, at offset: Duration = .zero) -> FixedDecimal? {
    book.fresh(btc, for: side, maximumAge: age, at: monotonic(offset))?.price
  }

  // MARK: One price

  @Test mutating func `a price of another venue is none`() {
    book.take(
      btc, MarketPrice(at: "elsewhere", last: decimal("1"), knownAt: moment(), origin: .pushed))
    #expect(value() == nil)
    book.take(btc, price(last: "2"))
    book.take(
      btc,
      MarketPrice(
        at: "elsewhere", last: decimal("3"), knownAt: moment(.milliseconds(1)), origin: .pushed))
    #expect(value(at: .milliseconds(1)) == decimal("2"))
  }

  @Test func `a buy is judged by the ask and a sell by the bid`() {
    let price = price(bid: "99", ask: "101", last: "50")
    #expect(price.price(for: .buy) == decimal("101"))
    #expect(price.price(for: .sell) == decimal("99"))
  }

  @Test(arguments: [Side.buy, .sell])
  func `a book that is crossed, locked or empty is no price`(side: Side) {
    #expect(price(bid: "101", ask: "99", last: "100").price(for: side) == nil)
    #expect(price(bid: "100", ask: "100", last: "100").price(for: side) == nil)
    #expect(price(bid: "0", ask: "100", last: "100").price(for: side) == nil)
    #expect(price(bid: "-1", ask: "100", last: "100").price(for: side) == nil)
    #expect(price().price(for: side) == nil)
  }

  @Test(arguments: [Side.buy, .sell])
  func `without a whole book the last price counts`(side: Side) {
    #expect(price(last: "100").price(for: side) == decimal("100"))
    #expect(price(bid: "99", last: "100").price(for: side) == decimal("100"))
    #expect(price(ask: "101", last: "100").price(for: side) == decimal("100"))
    #expect(price(ask: "101").price(for: side) == nil)
    #expect(price(last: "0").price(for: side) == nil)
  }

  // MARK: Age

  @Test mutating func `a price is used while it is younger than its maximum age`() {
    book.take(btc, price(last: "100"))
    #expect(value(at: .milliseconds(1_999)) == decimal("100"))
    #expect(value(at: .seconds(2)) == nil)
    #expect(book.isFresh(btc, maximumAge: age, at: monotonic(.milliseconds(1_999))))
    #expect(!book.isFresh(btc, maximumAge: age, at: monotonic(.seconds(2))))
    #expect(!book.isFresh(eth, maximumAge: age, at: monotonic(.zero)))
  }

  @Test mutating func `an older price never takes the place of a younger one`() {
    book.take(btc, price(last: "100", at: .seconds(1)))
    book.take(btc, price(last: "90", at: .milliseconds(999)))
    #expect(value(at: .seconds(1)) == decimal("100"))
    // A look-up that was asked before the push is older, whenever it is answered.
    book.want(btc)
    #expect(book.begin() == [btc])
    let missing = book.take(
      [SymbolPrice(symbol: btc, price: decimal("80"))], of: [btc], askedAt: moment())
    #expect(missing == [])
    #expect(value(at: .seconds(1)) == decimal("100"))
    book.take(btc, price(last: "110", at: .seconds(1)))
    #expect(value(at: .seconds(1)) == decimal("110"))
  }

  /// The market's state that came last counts, even where it gives no price.
  @Test mutating func `a younger book that cannot be believed takes an older price's place`() {
    book.take(btc, price(last: "100"))
    book.take(btc, price(bid: "101", ask: "99", at: .seconds(1)))
    #expect(value(at: .seconds(1)) == nil)
    #expect(!book.isFresh(btc, maximumAge: age, at: monotonic(.seconds(1))))
  }

  @Test mutating func `a way that failed makes every price suspect`() {
    book.take(btc, price(last: "100"))
    book.forgetAll()
    #expect(value() == nil)
  }

  // MARK: The look-up

  @Test mutating func `one look up is under way, and nobody asks for what it brings`() {
    book.want(btc)
    book.want(eth)
    book.want(btc)
    #expect(book.wanted == [btc, eth])
    #expect(book.begin() == [btc, eth])
    #expect(book.underWay == [btc, eth])
    book.want(btc)
    book.want(sol)
    #expect(book.wanted == [sol])
    let missing = book.take(
      [
        SymbolPrice(symbol: btc, price: decimal("100")),
        SymbolPrice(symbol: eth, price: decimal("0")),
      ], of: [btc, eth, sol], askedAt: moment())
    #expect(missing == [eth, sol])
    #expect(book.underWay == nil)
    #expect(book.wanted == [sol])
  }

  @Test mutating func `a price that is pushed satisfies who waits for one`() {
    book.want(eth)
    book.want(btc)
    book.take(btc, price(last: "100"))
    #expect(book.wanted == [eth])
    book.want(btc)
    #expect(book.wanted == [eth, btc])
  }

  @Test mutating func `an answered price, or a book that cannot be believed, satisfies nobody`() {
    book.want(btc)
    book.take(btc, price(last: "100", .asked))
    #expect(book.wanted == [btc])
    book.take(btc, price(bid: "101", ask: "99", at: .milliseconds(1)))
    #expect(book.wanted == [btc])
    // Nor does one that is older than what is known.
    book.take(btc, price(last: "100"))
    #expect(book.wanted == [btc])
  }

  @Test mutating func `failures are followed by longer pauses until a look up succeeds`() {
    var pauses: [Int64] = []
    for number in 0..<7 {
      book.want(btc)
      _ = book.begin()
      book.failed("code 1", isAnswered: number == 0, at: monotonic(.zero))
      pauses.append(book.notBefore?.since(monotonic(.zero)).wholeMilliseconds ?? -1)
      #expect(book.underWay == nil)
      #expect(book.toldFailure == (number == 0 ? "code 1" : nil))
    }
    #expect(pauses == [100, 200, 400, 800, 1_600, 3_200, 3_200])
    _ = book.take([], of: [btc], askedAt: moment())
    #expect(book.notBefore == nil)
    #expect(book.failures == 0 && book.failure == nil)
    book.failed("timed out", isAnswered: false, at: monotonic(.zero))
    #expect(book.failures == 1 && book.failure == "timed out")
    #expect(book.notBefore == monotonic(.milliseconds(100)))
  }
}
