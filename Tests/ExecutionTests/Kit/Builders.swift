import Domain
import Execution
import TestKit
import Testing

extension SeededGenerator {
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

func decimal(_ text: String) -> FixedDecimal {
  guard let value = try? FixedDecimal(text) else { fatalError("'\(text)' is no decimal") }
  return value
}

func symbol(_ text: String) -> Symbol {
  guard let symbol = Symbol(exchangeText: text) else { fatalError("'\(text)' is no symbol") }
  return symbol
}

func signalID(_ text: String) -> SignalID {
  guard let id = SignalID(text) else { fatalError("'\(text)' is no signal id") }
  return id
}

func key(_ text: String) -> OrderKey { OrderKey(signal: signalID(text)) }

func clientOrderID(of id: SignalID) -> ClientOrderID {
  guard let name = ClientOrderID("sg" + id.text) else { fatalError("'\(id)' names no order") }
  return name
}

let account = TradingAccount(venue: traits.name, name: "main")

let btc = symbol("BTCUSDT")
let eth = symbol("ETHUSDT")
let sol = symbol("SOLUSDT")

func instrument(
  _ symbol: Symbol, at venue: VenueName = traits.name,
  change: (inout Instrument) -> Void = { _ in }
) -> Instrument {
  var instrument = Instrument(
    venue: venue, symbol: symbol, baseAsset: String(symbol.text.dropLast(4)),
    quoteAsset: "USDT", isTradable: true, sides: .both, types: [.limit, .market, .limitMaker],
    tickSize: decimal("0.01"), stepSize: decimal("0.0001"), quoteStep: decimal("0.01"),
    minimumQuantity: decimal("0.001"), minimumNotional: decimal("5"),
    minimumNotionalMarket: decimal("6"), maximumNotional: decimal("5000"),
    maximumNotionalMarket: decimal("4000"), priceBand: nil)
  change(&instrument)
  return instrument
}

/// Weights as MEXC's documents print them; signed reads count in both pools.
func cost(of request: ExchangeRequest) -> RequestCost {
  switch request {
  case .serverTime: RequestCost(ipWeight: 1, uidWeight: 0)
  case .instruments: RequestCost(ipWeight: 25, uidWeight: 0)
  case .prices: RequestCost(ipWeight: 10, uidWeight: 0)
  case .tradableSymbols, .keyInformation: RequestCost(ipWeight: 1, uidWeight: 1)
  case .accountRights: RequestCost(ipWeight: 10, uidWeight: 10, isAccountRead: true)
  case .place(let orders):
    RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true, isBatch: orders.count > 1)
  case .validate: RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)
  case .order: RequestCost(ipWeight: 2, uidWeight: 2)
  case .openOrders: RequestCost(ipWeight: 3, uidWeight: 3)
  case .recentOrders, .trades: RequestCost(ipWeight: 10, uidWeight: 10)
  case .cancel: RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)
  case .openAccountStream, .extendAccountStream: RequestCost(ipWeight: 1, uidWeight: 1)
  }
}

let traits = VenueTraits(
  name: "test", cost: cost, limitsPairs: true, accountReadsPerSecond: 2, stampLead: .seconds(1),
  listReach: .seconds(6 * 24 * 60 * 60), worthAList: 6)

/// Of a venue that tells of the account's orders by itself.
let streamTraits: VenueTraits = {
  var traits = traits
  traits.accountStreamRefresh = .seconds(25 * 60)
  return traits
}()

/// Of a venue that takes several orders of a symbol in one request.
let batchTraits: VenueTraits = {
  var traits = traits
  traits.ordersPerSecond = 3
  traits.ordersPerPlacement = 20
  traits.batchesPerSecond = 2
  return traits
}()

func makeConfiguration(
  change: (inout EngineConfiguration) -> Void = { _ in }
) -> EngineConfiguration {
  var configuration = EngineConfiguration(
    mode: .live, account: account.name,
    price: .init(maximumAge: .seconds(2), maximumDeviation: decimal("100")),
    risk: .init(
      symbols: [btc, eth, sol], maximumOrderQuote: decimal("1000"), maximumOpenOrders: 50,
      maximumOrdersPerMinute: 60, maximumDailyQuote: decimal("20000"), pauseOnNotFound: .symbol),
    rateLimits: .init(
      ipWeight: 300, uidWeight: 500, window: .seconds(10), ordersPerSecond: 12,
      utilisation: decimal("0.95")),
    receiveWindow: .seconds(5), settleTime: .seconds(60), defaultTimeToLive: .seconds(60),
    venue: traits)
  change(&configuration)
  return configuration
}

/// A limit buy of 1 at 100, which is worth 100.
func limit(
  _ id: String, _ symbol: Symbol = btc, side: Side = .buy, type: OrderType = .limit,
  quantity: String = "1", price: String = "100", change: (inout Signal) -> Void = { _ in }
) -> Signal {
  var signal = Signal(
    id: signalID(id), symbol: symbol, side: side, type: type, amount: .base(decimal(quantity)),
    price: decimal(price))
  change(&signal)
  return signal
}

func market(
  _ id: String, _ symbol: Symbol = btc, side: Side = .buy, amount: Signal.Amount,
  reference: String? = nil, change: (inout Signal) -> Void = { _ in }
) -> Signal {
  var signal = Signal(
    id: signalID(id), symbol: symbol, side: side, type: .market, amount: amount,
    referencePrice: reference.map(decimal))
  change(&signal)
  return signal
}

/// One order whose answer was lost and that no view has shown.
func withMissingOrder() -> EngineHarness {
  let harness = EngineHarness.open()
  harness.exchange.script = { dispatch, _ in
    dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
  }
  harness.submit(limit("a"))
  harness.advance(by: .seconds(70))
  #expect(harness.status("a") == .notFound)
  return harness
}

func refusal(
  _ code: Int, _ action: ExchangeError.Action, refuses: Bool = true
) -> ExchangeAnswer {
  .failed(
    .refused(
      ExchangeError(
        code: code, text: "text \(code)", action: action, refusesPlacement: refuses,
        advice: "advice \(code)")))
}

let noSuchOrder = ExchangeAnswer.orderMissing(
  ExchangeError(
    code: -2013, text: "Order does not exist.", action: .query, refusesPlacement: false,
    advice: ""))

func throttled(_ wait: Duration, isBan: Bool = false) -> ExchangeAnswer {
  .failed(.throttled(ThrottleNotice(wait: wait, isBan: isBan, text: isBan ? "418" : "429")))
}
