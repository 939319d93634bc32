import Domain
import JSON
import Matching

/// The names under which the account's streams can be opened (MEXC spot v3, "Listen key").
struct ListenKeys: Sendable {
  /// From its making, or from when it was last extended.
  static let life = Duration.seconds(3_600)
  /// Keys of one account that live at the same time.
  static let maximum = 60

  private struct Entry {
    let key: String
    var end: MonotonicTime
  }

  /// The oldest first; the dead are taken out when somebody looks.
  private var entries: [Entry] = []
  private var fate: SplitMix64
  private(set) var made = 0
  private(set) var extended = 0

  init(seed: UInt64) {
    fate = SplitMix64(seed: seed, stream: "listen keys")
  }

  /// Whether a stream can be opened, or kept open, with it.
  func isAlive(_ key: String, at now: MonotonicTime) -> Bool {
    end(of: key).map { now < $0 } ?? false
  }

  /// When it dies; `nil` for a key that is none, or was closed.
  func end(of key: String) -> MonotonicTime? {
    entries.first { $0.key == key }?.end
  }

  mutating func answer(_ route: Route, _ call: RouteCall) throws(Refusal) -> JSONValue {
    let now = call.now.monotonic
    entries.removeAll { $0.end <= now }
    switch route {
    case .makeListenKey: return try make(at: now)
    case .extendListenKey:
      let place = try place(of: try call.parameters.required("listenKey"))
      entries[place].end = now.advanced(by: Self.life)
      extended += 1
      return ["listenKey": .string(entries[place].key)]
    case .closeListenKey:
      let place = try place(of: try call.parameters.required("listenKey"))
      return ["listenKey": .string(entries.remove(at: place).key)]
    case .listListenKeys:
      return [
        "listenKey": .array(entries.map { .string($0.key) }), "total": .integer(Self.maximum),
        "available": .integer(Self.maximum - entries.count),
      ]
    case .ping, .time, .defaultSymbols, .exchangeInfo, .depth, .recentTrades, .aggregateTrades,
      .klines, .averagePrice, .dayTicker, .priceTicker, .bookTicker, .contracts, .selfSymbols,
      .account, .uid, .kycStatus, .keyInfo, .coins, .tradeFee, .placeOrder, .testOrder,
      .placeBatch, .queryOrder, .cancelOrder, .openOrders, .cancelOpenOrders, .cancelEverything,
      .allOrders, .myTrades:
      return [:]
    }
  }

  /// Every key is as unknown as one that has come to its end.
  mutating func expire() { entries = [] }

  private mutating func make(at now: MonotonicTime) throws(Refusal) -> JSONValue {
    guard entries.count < Self.maximum else { throw .tooManyListenKeys }
    let key = (0..<4).map { _ in fate.hexadecimal }.joined()
    entries.append(Entry(key: key, end: now.advanced(by: Self.life)))
    made += 1
    return ["listenKey": .string(key)]
  }

  private func place(of key: String) throws(Refusal) -> Int {
    guard let place = entries.firstIndex(where: { $0.key == key }) else { throw .deadListenKey }
    return place
  }
}

extension Refusal {
  fileprivate static let deadListenKey = Refusal(730708, "listen key information error")
  /// What the exchange answers at its limit is not documented.
  fileprivate static let tooManyListenKeys = Refusal(
    730000, "Request failed. Please contact the customer service")
}

extension SplitMix64 {
  /// 16 digits.
  fileprivate var hexadecimal: String {
    mutating get {
      let text = String(next(), radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
  }
}
