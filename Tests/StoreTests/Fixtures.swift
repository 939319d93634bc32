import Domain
import Foundation
import Store
import TestKit
import Testing

extension Scratch {
  var database: String { self("state.db") }

  func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  func put(_ bytes: [UInt8], at path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }
}

extension StoreReader {
  /// What concerns no signal, oldest first.
  func daemonHistory() throws(StoreError) -> [HistoryEvent] {
    try HistoryReader(self).rows(after: 0, limit: 1_000).map(\.event)
      .filter { $0.subject == .daemon }
  }
}

func money(_ text: String) throws -> FixedDecimal {
  try FixedDecimal(text)
}

func time(_ milliseconds: Int64) -> WallTime {
  WallTime(milliseconds: milliseconds)
}

/// 2023-11-14T22:13:20.123Z
let noon = time(1_700_000_000_123)

func signalID(_ text: String) throws -> SignalID {
  try #require(SignalID(text))
}

func symbol(_ text: String) throws -> Symbol {
  try #require(Symbol(exchangeText: text))
}

func makeSignal(
  _ id: String, symbol: String = "BTCUSDT", decision: DecisionCode = .accepted,
  receivedAt: WallTime = noon, origin: SignalOrigin = .file(Array("a.json".utf8)),
  raw: [UInt8]? = nil
) throws -> SignalRecord {
  SignalRecord(
    signalID: try signalID(id), symbol: try StoreTests.symbol(symbol), side: .buy, type: .limit,
    contentDigest: [UInt8](repeating: 7, count: 32), raw: raw ?? Array("{\"id\":\"\(id)\"}".utf8),
    origin: origin, receivedAt: receivedAt, expiresAt: receivedAt.advanced(by: .seconds(60)),
    clientOrderID: try #require(ClientOrderID("sg-\(id)")), decision: decision, message: "ok",
    decidedAt: receivedAt.advanced(by: .milliseconds(1)))
}

func makeRequest(
  _ id: String, symbol: String = "BTCUSDT", amount: String = "0.5"
) throws -> OrderRequest {
  OrderRequest(
    clientOrderID: try #require(ClientOrderID("sg-\(id)")), symbol: try StoreTests.symbol(symbol),
    side: .buy, type: .limit, amount: .base(try money(amount)), price: try money("20000.01"))
}

let main = TradingAccount(venue: "mexc-spot", name: "main")

func makeQuote(_ price: String = "20001.5", at: WallTime = noon) throws -> Quote {
  Quote(price: try money(price), askedAt: at)
}

func makeReport(
  _ id: String, _ status: OrderReport.Status, executed: String = "0", quote: String = "0"
) throws -> OrderReport {
  OrderReport(
    orderID: "C02__\(id)", clientOrderID: "sg-\(id)", symbol: try symbol("BTCUSDT"), side: .buy,
    type: .limit, price: try money("20000.01"), quantity: try money("0.5"),
    executedQuantity: try money(executed), executedQuote: try money(quote), status: status)
}

/// An order and the writes that record it, step by step.
struct Recorded {
  var order: Order
  var clock: WallTime

  /// Writes signal, creation and row in one turn, and commits it into the database.
  init(
    _ id: String, in store: OrderStore, symbol: String = "BTCUSDT", at: WallTime = noon,
    reserved: String? = "10000.005", raw: [UInt8]? = nil
  ) throws {
    let request = try makeRequest(id, symbol: symbol)
    let reservedQuote = try reserved.map(money)
    order = try Order(
      key: OrderKey(signal: try signalID(id)), account: store.reader.owner()?.account ?? .unstated,
      request: request, reservedQuote: reservedQuote, at: at)
    clock = at
    try store.write(.insertSignal(makeSignal(id, symbol: symbol, receivedAt: at, raw: raw)))
    try record(.created(request, reservedQuote: reservedQuote), in: store)
  }

  /// Applies, writes and commits one event; a millisecond passes first.
  mutating func take(
    _ event: OrderEvent, in store: OrderStore, _ durability: Durability = .synced
  ) throws {
    clock = clock.advanced(by: .milliseconds(1))
    try order.apply(event, at: clock)
    try record(event, in: store, durability)
  }

  mutating func arm(in store: OrderStore, _ durability: Durability = .synced) throws {
    try take(
      .armed(
        OrderEvent.Armament(
          attempt: 1, stampedAt: clock, receiveWindow: .seconds(5), quote: makeQuote())),
      in: store, durability)
  }

  private func record(
    _ event: OrderEvent, in store: OrderStore, _ durability: Durability = .synced
  ) throws {
    let entry = HistoryEvent(
      at: clock, subject: .order(order.key), kind: event.kind, detail: event.detail)
    try store.write(.appendEvent(entry))
    try store.write(.putOrder(order))
    try store.commit(durability)
    try store.flush()
  }
}
