import Domain
import JSON
import Matching

/// The account, as one request asks for it: balances, fills, fees, and what the key may do.
struct AccountRoutes {
  let configuration: SimulatorConfiguration
  let exchange: SpotExchange
  let call: RouteCall

  /// `variety` draws the variants of answers.
  func answer(_ route: Route, by variety: inout SplitMix64) throws(Refusal) -> JSONValue {
    switch route {
    case .selfSymbols:
      let allowed = exchange.listings.filter { $0.isAPITradable && $0.isKeyAllowed }
      return Wire.wrapped(
        .array(allowed.map { .string($0.symbol.text) }), at: call.now.wall, by: &variety)
    case .account: return balances()
    case .uid: return ["uid": "209300001"]
    case .kycStatus: return ["status": "2"]
    case .keyInfo: return keyInfo()
    case .coins: return coins()
    case .tradeFee: return try tradeFee(by: &variety)
    case .myTrades: return try myTrades()
    case .ping, .time, .defaultSymbols, .exchangeInfo, .depth, .recentTrades,
      .aggregateTrades, .klines, .averagePrice, .dayTicker, .priceTicker, .bookTicker, .contracts,
      .placeOrder,
      .testOrder,
      .placeBatch, .queryOrder, .cancelOrder, .openOrders, .cancelOpenOrders,
      .cancelEverything, .allOrders,
      .makeListenKey, .extendListenKey, .closeListenKey, .listListenKeys:
      return [:]
    }
  }

  private func balances() -> JSONValue {
    let held = exchange.wallet.assets.filter {
      $0.holding.free.isPositive || $0.holding.locked.isPositive
    }
    return [
      "makerCommission": nil, "takerCommission": nil, "buyerCommission": nil,
      "sellerCommission": nil, "canTrade": .bool(configuration.isAccountOpen), "canWithdraw": true,
      "canDeposit": true,
      "updateTime": nil, "accountType": "SPOT",
      "balances": .array(
        held.map { asset, holding in
          [
            "asset": .string(asset), "free": Wire.number(holding.free),
            "locked": Wire.number(holding.locked), "available": Wire.number(holding.free),
          ]
        }), "permissions": ["SPOT"],
    ]
  }

  private func keyInfo() -> JSONValue {
    [
      "note": "simulated", "accessKey": .string(configuration.key),
      "status": .string(configuration.keyStatus),
      "permissions": .string(configuration.permissions.joined(separator: ",")),
      "ipWhiteList": "", "createTime": "2026-01-01T00:00:00.000+00:00",
      "remainingValidity": .integer(configuration.keyDays),
    ]
  }

  /// Coins without networks: nothing can be paid in or out here.
  private func coins() -> JSONValue {
    var names: [String] = []
    for listing in exchange.listings {
      for asset in [listing.rules.baseAsset, listing.rules.quoteAsset]
      where !names.contains(asset) {
        names.append(asset)
      }
    }
    return .array(
      names.map { ["coin": .string($0), "name": .string($0), "networkList": []] })
  }

  private func tradeFee(by variety: inout SplitMix64) throws(Refusal) -> JSONValue {
    let symbol = try call.parameters.symbol(listedAt: exchange)
    guard let listing = exchange.listing(symbol) else { throw .symbolNotSupported }
    // Numbers, unlike every other amount; a zero is printed in the exchange's own way.
    func rate(_ value: FixedDecimal) -> JSONValue {
      .number(value.isZero ? "0E-18" : value.description)
    }
    return Wire.wrapped(
      ["makerCommission": rate(listing.makerFee), "takerCommission": rate(listing.takerFee)],
      at: call.now.wall, by: &variety)
  }

  private func myTrades() throws(Refusal) -> JSONValue {
    let symbol = try call.parameters.symbol(listedAt: exchange)
    let limit = try call.parameters.limit(default: 100, maximum: 100)
    let times = try call.parameters.times(default: Parameters.reach, at: call.now.wall)
    let asset = exchange.listing(symbol)?.rules.quoteAsset ?? ""
    let trades = exchange.records.trades(
      symbol, orderID: call.parameters["orderId"], in: times, limit: limit,
      at: call.now.monotonic)
    return .array(trades.map { Wire.trade($0, of: exchange.orders[$0.order], fee: asset) })
  }
}
