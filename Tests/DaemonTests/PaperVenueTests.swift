import Daemon
import Domain
import Execution
import MEXC
import Testing
import Transport

/// Paper orders fill by the youngest price, as they are judged by it.
@Suite struct PaperVenueTests {
  private let symbol: Symbol
  private let rules: Instrument
  private var venue: PaperVenue

  init() throws {
    symbol = try #require(Symbol(exchangeText: "BTCUSDT"))
    rules = Instrument(
      venue: MEXCSpot.spotTraits.name, symbol: symbol, baseAsset: "BTC", quoteAsset: "USDT",
      isTradable: true, sides: .both, types: [.limit, .market],
      tickSize: try FixedDecimal("0.01"), stepSize: try FixedDecimal("0.0001"),
      quoteStep: try FixedDecimal("0.01"), minimumQuantity: try FixedDecimal("0.001"),
      minimumNotional: FixedDecimal(1), minimumNotionalMarket: FixedDecimal(1),
      maximumNotional: nil, maximumNotionalMarket: nil, priceBand: nil)
    let state = StoredState(
      venue: VenueFacts(rules: [VenueFacts.Rules(instrument: rules, readAt: Self.at(0).wall)]))
    venue = Self.venue(state)
  }

  private static func venue(_ state: StoredState) -> PaperVenue {
    PaperVenue(over: MEXCSpot(credentials: nil, receiveWindow: .seconds(5)), restoring: state)
  }

  private static func at(_ milliseconds: Int) -> Moment {
    Moment(
      wall: WallTime(milliseconds: 1_790_000_000_000),
      monotonic: MonotonicTime(nanoseconds: 5_000_000_000)
    ).advanced(by: .milliseconds(milliseconds))
  }

  private mutating func ask(_ time: Int) {
    _ = venue.begin(.prices([symbol]), stampedAt: Self.at(time).wall, now: Self.at(time))
  }

  private mutating func tell(_ price: Int, _ time: Int) {
    let body = #"{"symbol":"BTCUSDT","price":"\#(price)"}"#
    _ = venue.answer(
      to: .prices([symbol]),
      .success(HTTPResponse(status: 200, headers: [], body: Array(body.utf8))),
      earliest: Self.at(time).wall, now: Self.at(time))
  }

  private mutating func push(
    _ bid: Int, _ ask: Int, of time: Int, sentAt: Int? = nil, at arrival: Int
  ) {
    let price = MarketPrice(
      at: MEXCSpot.spotTraits.name, bid: FixedDecimal(bid), ask: FixedDecimal(ask),
      knownAt: Self.at(time), sentAt: sentAt.map { Self.exchange($0) }, origin: .pushed)
    venue.learn(symbol, price, now: Self.at(arrival))
  }

  /// The exchange's clock, which is an hour ahead of the machine's.
  private static func exchange(_ time: Int) -> WallTime { at(3_600_000 + time).wall }

  /// Reads the exchange's clock without a delay.
  private mutating func readClock(_ time: Int) {
    _ = venue.begin(.serverTime, stampedAt: Self.at(time).wall, now: Self.at(time))
    let body = #"{"serverTime":\#(Self.exchange(time).milliseconds)}"#
    _ = venue.answer(
      to: .serverTime,
      .success(HTTPResponse(status: 200, headers: [], body: Array(body.utf8))),
      earliest: Self.at(time).wall, now: Self.at(time))
  }

  private mutating func tellRules(_ time: Int) {
    let body = """
      {"symbols":[{"symbol":"BTCUSDT","status":"1","baseAsset":"BTC","quoteAsset":"USDT",\
      "isSpotTradingAllowed":true,"orderTypes":["LIMIT","MARKET"],"quotePrecision":2,\
      "baseSizePrecision":"0.0001","quoteAmountPrecision":"1","maxQuoteAmount":"1000000",\
      "baseAssetPrecision":4,"quoteAssetPrecision":2,"quoteAmountPrecisionMarket":"1",\
      "maxQuoteAmountMarket":"1000000","tradeSideType":1}]}
      """
    let request = ExchangeRequest.instruments([symbol])
    let answer = venue.answer(
      to: request, .success(HTTPResponse(status: 200, headers: [], body: Array(body.utf8))),
      earliest: Self.at(time).wall, now: Self.at(time))
    guard case .instruments(let listed, _) = answer, listed.count == 1 else {
      Issue.record("\(answer)")
      return
    }
  }

  /// What one unit costs that is bought now.
  private mutating func cost(_ time: Int) throws -> FixedDecimal {
    let name = try #require(ClientOrderID("b\(time)"))
    let order = OrderRequest(
      clientOrderID: name, symbol: symbol, side: .buy, type: .market,
      amount: .base(FixedDecimal(1)), price: nil)
    _ = venue.begin(.place([order]), stampedAt: Self.at(time).wall, now: Self.at(time))
    let look = venue.begin(
      .order(symbol, .clientOrderID(name)), stampedAt: Self.at(time).wall, now: Self.at(time))
    guard case .answered(.order(let report)) = look else {
      Issue.record("\(look)")
      return .zero
    }
    return report.executedQuote
  }

  @Test mutating func `a price that was asked for before a book came does not replace it`() throws {
    ask(0)
    push(99, 101, of: 50, at: 50)
    tell(95, 200)
    #expect(try cost(250) == FixedDecimal(101))
  }

  @Test mutating func `a book that was held up does not replace a younger price`() throws {
    ask(100)
    tell(95, 200)
    push(99, 101, of: 50, at: 250)
    #expect(try cost(300) == FixedDecimal(95))
  }

  @Test mutating func `the younger one counts, whatever its origin`() throws {
    push(99, 101, of: 0, at: 0)
    ask(50)
    tell(95, 200)
    push(97, 98, of: 210, at: 220)
    #expect(try cost(250) == FixedDecimal(98))
  }

  /// A book that is no price leaves the market as it was.
  @Test mutating func `a book that cannot be believed keeps no price out`() throws {
    ask(0)
    push(101, 99, of: 50, at: 50)
    tell(95, 200)
    #expect(try cost(250) == FixedDecimal(95))
  }

  @Test mutating func `a book that came before the symbol's rules counts once they are there`()
    throws
  {
    venue = Self.venue(StoredState())
    push(99, 101, of: 0, at: 0)
    tellRules(100)
    #expect(try cost(200) == FixedDecimal(101))
  }

  @Test mutating func `before the rules, too, the younger one counts, whatever its origin`() throws
  {
    venue = Self.venue(StoredState())
    push(99, 101, of: 0, at: 0)
    ask(50)
    tell(95, 100)
    tellRules(150)
    #expect(try cost(200) == FixedDecimal(95))
  }

  /// That it was sent long before says the exchange's clock alone.
  @Test mutating func `a book that was late on the way does not replace a younger price`() throws {
    readClock(0)
    ask(0)
    push(99, 101, of: 50, sentAt: -30_000, at: 50)
    tell(95, 200)
    #expect(try cost(250) == FixedDecimal(95))
    push(96, 97, of: 260, sentAt: 250, at: 260)
    #expect(try cost(300) == FixedDecimal(97))
  }

  @Test mutating func `a book of which nothing tells how old it is does not count`() throws {
    ask(0)
    push(99, 101, of: 50, sentAt: 50, at: 50)
    tell(95, 200)
    #expect(try cost(250) == FixedDecimal(95))
  }

  @Test(arguments: [(0, 1, 101), (-601_000, 1, 95), (0, 60_000, 95)])
  mutating func `the clock that an earlier run read counts while it is of use`(
    readAt: Int, error: Int, price: Int
  ) throws {
    let kept = VenueFacts.Clock(
      time: Self.exchange(readAt), readAt: Self.at(readAt).monotonic,
      error: .milliseconds(error))
    venue = Self.venue(
      StoredState(
        venue: VenueFacts(
          rules: [VenueFacts.Rules(instrument: rules, readAt: Self.at(0).wall)], clock: kept)))
    ask(0)
    push(99, 101, of: 50, sentAt: 45, at: 50)
    tell(95, 200)
    #expect(try cost(250) == FixedDecimal(price))
  }
}
