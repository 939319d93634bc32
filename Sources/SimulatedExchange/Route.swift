/// Every request that the simulated exchange knows, as `METHOD path`.
package enum Route: String, CaseIterable, Hashable, Sendable {
  case ping = "GET /api/v3/ping"
  case time = "GET /api/v3/time"
  case defaultSymbols = "GET /api/v3/defaultSymbols"
  case exchangeInfo = "GET /api/v3/exchangeInfo"
  case depth = "GET /api/v3/depth"
  case recentTrades = "GET /api/v3/trades"
  case aggregateTrades = "GET /api/v3/aggTrades"
  case klines = "GET /api/v3/klines"
  case averagePrice = "GET /api/v3/avgPrice"
  case dayTicker = "GET /api/v3/ticker/24hr"
  case priceTicker = "GET /api/v3/ticker/price"
  case bookTicker = "GET /api/v3/ticker/bookTicker"
  /// Of the futures API; clients that load all markets at once ask for it.
  case contracts = "GET /api/v1/contract/detail"
  case selfSymbols = "GET /api/v3/selfSymbols"
  case account = "GET /api/v3/account"
  case uid = "GET /api/v3/uid"
  case kycStatus = "GET /api/v3/kyc/status"
  case keyInfo = "GET /api/v3/apiKeyInfo"
  case coins = "GET /api/v3/capital/config/getall"
  case tradeFee = "GET /api/v3/tradeFee"
  case placeOrder = "POST /api/v3/order"
  case testOrder = "POST /api/v3/order/test"
  case placeBatch = "POST /api/v3/batchOrders"
  case queryOrder = "GET /api/v3/order"
  case cancelOrder = "DELETE /api/v3/order"
  case openOrders = "GET /api/v3/openOrders"
  case cancelOpenOrders = "DELETE /api/v3/openOrders"
  case cancelEverything = "DELETE /api/v3/order/all"
  case allOrders = "GET /api/v3/allOrders"
  case myTrades = "GET /api/v3/myTrades"
  case makeListenKey = "POST /api/v3/userDataStream"
  case extendListenKey = "PUT /api/v3/userDataStream"
  case closeListenKey = "DELETE /api/v3/userDataStream"
  case listListenKeys = "GET /api/v3/userDataStream"

  package init?(method: String, path: String) {
    self.init(rawValue: "\(method) \(path)")
  }

  static func knows(path: String) -> Bool {
    allCases.contains { $0.rawValue.split(separator: " ").last == path[...] }
  }

  /// Who may send it: anybody, or a key with this permission.
  package enum Access: Hashable, Sendable {
    case anybody
    case key(permission: String)
  }

  package var access: Access {
    switch self {
    case .ping, .time, .defaultSymbols, .exchangeInfo, .depth, .recentTrades,
      .aggregateTrades, .klines, .averagePrice, .dayTicker, .priceTicker, .bookTicker, .contracts:
      .anybody
    case .selfSymbols, .account, .uid, .kycStatus, .keyInfo, .coins, .tradeFee, .myTrades,
      .makeListenKey, .extendListenKey, .closeListenKey, .listListenKeys:
      .key(permission: "SPOT_ACCOUNT_READ")
    case .queryOrder, .openOrders, .allOrders: .key(permission: "SPOT_DEAL_READ")
    case .placeOrder, .testOrder, .placeBatch, .cancelOrder, .cancelOpenOrders,
      .cancelEverything:
      .key(permission: "SPOT_DEAL_WRITE")
    }
  }

  /// Whether it asks for new orders, or for the judgement of one.
  var placesOrders: Bool { self == .placeOrder || self == .testOrder || self == .placeBatch }

  var needsContentType: Bool { !rawValue.hasPrefix("GET ") }

  /// Weights of the MEXC spot v3 pages of 2026. Where the pages disagree about which pool a signed
  /// request is charged to, it is charged to both: a client that stays within that stays within all.
  package var cost: RateLimits.Cost {
    switch self {
    case .ping, .time, .defaultSymbols, .aggregateTrades, .klines, .averagePrice, .contracts:
      .init(ipWeight: 1)
    case .depth: .init(ipWeight: 3)
    case .recentTrades: .init(ipWeight: 5)
    case .priceTicker, .bookTicker: .init(ipWeight: 10)
    case .exchangeInfo, .dayTicker: .init(ipWeight: 25)
    case .selfSymbols, .uid, .kycStatus, .keyInfo, .testOrder, .makeListenKey, .extendListenKey,
      .closeListenKey, .listListenKeys:
      .init(ipWeight: 1, uidWeight: 1)
    case .queryOrder: .init(ipWeight: 2, uidWeight: 2)
    case .openOrders: .init(ipWeight: 3, uidWeight: 3)
    case .allOrders, .myTrades, .coins: .init(ipWeight: 10, uidWeight: 10)
    case .account: .init(ipWeight: 10, uidWeight: 10, isAccountRead: true)
    case .tradeFee: .init(ipWeight: 20, uidWeight: 20)
    case .placeOrder, .cancelOrder, .cancelOpenOrders, .cancelEverything:
      .init(ipWeight: 1, uidWeight: 1, isOrder: true)
    case .placeBatch: .init(ipWeight: 1, uidWeight: 1, isOrder: true, isBatch: true)
    }
  }
}
