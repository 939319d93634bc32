import Configuration
import Daemon
import Domain
import MEXC
import Platform
import Store
import TestKit
import Testing

/// A database in a folder of its own, filled as runs of any mode fill it.
final class OwnedDatabase {
  /// What became of an order.
  enum Fate {
    case waiting, denied, submitted, unknown, rejected
    case open(orderID: String)
    case filled(orderID: String)
    case validated
    /// By the operator, while it was open.
    case closed(String)
  }

  private let scratch: Scratch
  let store: OrderStore
  private(set) var time = WallTime(milliseconds: 1_790_331_072_345)

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch("state.db"))
  }

  var path: String { scratch("state.db") }

  func ownership(
    _ mode: TradingMode, account: String = "main", key: String? = nil
  ) throws -> DatabaseOwnership {
    var configuration = Configuration()
    configuration.mode = mode
    configuration.exchange.account = account
    configuration.store.path = path
    let credentials = try key.map {
      try MEXC.Credentials(
        apiKey: Secret(copying: Array($0.utf8)), secret: Secret(copying: Array("s-\($0)".utf8)))
    }
    return DatabaseOwnership(configuration, from: "c.json5", credentials: credentials)
  }

  /// What a start answers: why it is refused, or `nil`.
  func start(
    _ mode: TradingMode, account: String = "main", key: String? = nil
  ) throws -> String? {
    let quiet = Logger(level: .error, format: .logfmt, descriptor: -1)
    return try ownership(mode, account: account, key: key).take(store, quiet, at: time)
  }

  @discardableResult
  func add(
    _ id: String, _ fate: Fate, account: String = "main",
    origin: SignalOrigin = .socket("uid=1")
  ) throws -> OrderKey {
    time = time.advanced(by: .seconds(1))
    let key = OrderKey(signal: try #require(SignalID(id)))
    let request = OrderRequest(
      clientOrderID: ClientOrderID(account: account, signal: key.signal),
      symbol: try #require(Symbol(exchangeText: "BTCUSDT")), side: .buy, type: .limit,
      amount: .base(FixedDecimal(1)), price: FixedDecimal(100))
    try store.write(
      .insertSignal(
        SignalRecord(
          signalID: key.signal, symbol: request.symbol, side: .buy, type: .limit,
          contentDigest: [1], raw: Array("{}".utf8), origin: origin, receivedAt: time,
          expiresAt: time.advanced(by: .seconds(60)), clientOrderID: request.clientOrderID,
          decision: .accepted, message: "", decidedAt: time)))
    var order = try Order(
      key: key, account: store.reader.owner()?.account ?? .unstated, request: request,
      reservedQuote: FixedDecimal(100), at: time)
    try write(.created(request, reservedQuote: FixedDecimal(100)), order)
    for event in try events(of: fate, request) {
      try order.apply(event, at: time)
      try write(event, order)
    }
    try store.commit()
    return key
  }

  private func write(_ event: OrderEvent, _ order: Order) throws {
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: time, subject: .order(order.key), kind: event.kind, detail: event.detail)))
    try store.write(.putOrder(order))
  }

  private func events(of fate: Fate, _ request: OrderRequest) throws -> [OrderEvent] {
    let armed = OrderEvent.armed(
      OrderEvent.Armament(
        attempt: 1, stampedAt: time, receiveWindow: .seconds(5),
        quote: Quote(price: FixedDecimal(100), askedAt: time)))
    return switch fate {
    case .waiting: []
    case .denied: [.denied(.priceDeviation, "too far")]
    case .submitted: [armed]
    case .unknown: [armed, .outcomeLost("timed out", .answerLost)]
    case .rejected: [armed, .refused(.exchangeRejected, "code 30004")]
    case .open(let orderID): [armed, .acknowledged(orderID: orderID)]
    case .validated: [armed, .validated]
    case .closed(let words): [armed, .acknowledged(orderID: "1"), .closedByOperator(words)]
    case .filled(let orderID):
      [
        armed, .acknowledged(orderID: orderID),
        .observed(
          OrderReport(
            orderID: orderID, clientOrderID: request.clientOrderID.text, symbol: request.symbol,
            side: .buy, type: .limit, price: request.price, quantity: FixedDecimal(1),
            executedQuantity: FixedDecimal(1), executedQuote: FixedDecimal(100), status: .filled)),
      ]
    }
  }
}
