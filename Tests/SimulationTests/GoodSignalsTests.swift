import Domain
import Matching
import Testing
import Transport

@testable import Simulation

/// What excuses that a signal is not traded where nothing goes wrong, and what does not.
@Suite("Good signals")
struct GoodSignalsTests {
  private static let second: Int64 = 1_000_000_000
  private let dials = World(Scenario(seed: 1), keepsWords: false).dials
  /// Costs ten of the address's weights.
  private let prices = WireCall(HTTPRequest(.get, "/api/v3/ticker/price?symbol=BTCUSDT"))

  // MARK: Pools

  /// For how long the pools have room in the three seconds after so many requests.
  private func room(after count: Int, _ call: WireCall, at time: Int64) -> Int64 {
    var use = PoolUse()
    for _ in 0..<count { use.arrived(call, at: time) }
    return use.longestRoom(from: time, to: time + 3 * Self.second, in: dials)
  }

  @Test
  func `a pool has room while half of it is free`() {
    let half = dials.ipWeight / 20
    #expect(room(after: half, prices, at: 30 * Self.second) == 3 * Self.second)
    #expect(room(after: half + 1, prices, at: 30 * Self.second) == 0)
  }

  @Test
  func `a start takes a third of a pool for used`() {
    let half = dials.ipWeight / 20
    #expect(room(after: half / 3, prices, at: 0) == 3 * Self.second)
    #expect(room(after: half, prices, at: 0) == 0)
  }

  @Test
  func `there is no room while a second's orders have left, and then there is`() {
    let order = WireCall(HTTPRequest(.post, "/api/v3/order?symbol=BTCUSDT"))
    let most = dials.ordersPerSecond
    #expect(room(after: most - 1, order, at: 30 * Self.second) == 3 * Self.second)
    let later = room(after: most, order, at: 30 * Self.second)
    #expect(later > Self.second && later < 2 * Self.second)
  }

  // MARK: Refusals

  private static let now = Moment(
    wall: WallTime(milliseconds: 1_767_225_600_000), monotonic: MonotonicTime(nanoseconds: 0))

  /// Whether a refusal with this code is explained where the account has so much of the quote asset, and
  /// bitcoin costs 64,000.
  private func isExplained(
    _ code: Int, _ type: OrderType, _ quantity: String, at price: Int?, free: Int
  ) throws -> Bool {
    var exchange = SpotExchange(seed: 1, at: Self.now)
    let isSet = exchange.setBalance("USDT", free: FixedDecimal(free))
    #expect(isSet)
    let signal = Signal(
      id: try #require(SignalID("s1")), symbol: try #require(Symbol(exchangeText: "BTCUSDT")),
      side: .buy, type: type, amount: .base(try FixedDecimal(exchangeText: quantity)),
      price: price.map { FixedDecimal($0) })
    var wishes = Wishes()
    wishes.delivered(signal, as: "sgone", at: Self.now.wall)
    let call = WireCall(HTTPRequest(.post, "/api/v3/order?newClientOrderId=sgone"))
    let answer = HTTPResponse(status: 400, body: Array(#"{"code":\#(code),"msg":""}"#.utf8))
    var refusals = ExplainedRefusals()
    refusals.took(call, answer, wishes, exchange, before: exchange.wallet)
    #expect(!refusals.isExplained("sgother"))
    return refusals.isExplained("sgone")
  }

  /// A fee of 0.05 % is part of the price.
  @Test(arguments: [10_101, 30_004, 30_005])
  func `missing funds explain a refusal where they are missing`(code: Int) throws {
    #expect(try isExplained(code, .limit, "0.1", at: 60_000, free: 6_002))
    #expect(try !isExplained(code, .limit, "0.1", at: 60_000, free: 6_003))
    #expect(try isExplained(code, .market, "0.1", at: nil, free: 6_723))
    #expect(try !isExplained(code, .market, "0.1", at: nil, free: 6_724))
    #expect(try !isExplained(700_013, .limit, "0.1", at: 60_000, free: 0))
  }

  @Test
  func `a refused type is explained where an order that must rest would trade`() throws {
    #expect(try isExplained(30_041, .limitMaker, "0.1", at: 64_000, free: 100_000))
    #expect(try !isExplained(30_041, .limitMaker, "0.1", at: 63_999, free: 100_000))
    #expect(try !isExplained(30_041, .limit, "0.1", at: 64_000, free: 100_000))
  }
}
