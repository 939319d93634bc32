import Cryptography
import Domain
import JSON
import MEXC
import Platform
import Store

/// Fills a database with what a daemon leaves of its signals, by the store's own writes.
struct PastSignals {
  enum End {
    case filled, open
  }

  private static let perCommit = 20_000
  /// Holds the indexes of a million signals: their names fall anywhere.
  private static let cacheMegabytes = 1_024
  private static let price = FixedDecimal(64_000)

  private let store: OrderStore
  private let account: TradingAccount
  private let symbol: Symbol
  private let active: Directory

  /// In the database and the spool of a daemon's folder, which `account` owns from then on.
  init(in directory: String, account: String, at now: WallTime) throws {
    guard let symbol = Symbol(exchangeText: "BTCUSDT") else {
      throw BenchError.failed("BTCUSDT is no symbol")
    }
    let account = TradingAccount(venue: MEXCSpot.spotTraits.name, name: account)
    self.symbol = symbol
    self.account = account
    active = try Directory(making: directory + "/spool/active", mode: 0o750)
    store = try OrderStore(path: directory + "/state.db")
    try store.writer.enlargeCache(megabytes: Self.cacheMegabytes)
    try store.write(
      .setOwner(DatabaseOwner(account: account, mode: .live, since: now)))
    try store.commit()
  }

  /// Signals that came one after the other between the two moments.
  func write(_ count: Int, _ end: End, from first: WallTime, to last: WallTime) throws {
    let span = last.since(first).wholeMilliseconds
    for number in 0..<count {
      let time = first.advanced(by: .milliseconds(span * Int64(number) / Int64(count)))
      try write(number, end, at: time)
      if (number + 1) % Self.perCommit == 0 {
        try store.commit()
        store.catchUp()
      }
    }
    try store.commit()
    store.finishMarks()
  }

  /// Scattered, as names that programs make up are: each falls on another page of an index.
  private static func name(_ number: Int, _ end: End) -> String {
    let scattered = UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15
    return (end == .filled ? "past-" : "open-") + String(scattered, radix: 16)
  }

  private func write(_ number: Int, _ end: End, at time: WallTime) throws {
    guard let id = SignalID(Self.name(number, end)) else {
      throw BenchError.failed("signal \(number) has no id")
    }
    let document: JSONValue = [
      "id": .string(id.text), "symbol": "BTCUSDT", "side": "buy", "type": "limit",
      "quantity": "0.001", "price": "64000.00", "reference_price": "64000.00",
      "source": "mexc-bench",
    ]
    let raw = Array(document.compactText().utf8)
    let file = Array("\(id).json".utf8)
    if end == .open {
      try active.writeWhole(
        file, raw, mode: 0o640, durability: .none, temporary: Directory.temporaryName)
    }
    let name = ClientOrderID(account: account.name, signal: id)
    let request = OrderRequest(
      clientOrderID: name, symbol: symbol, side: .buy, type: .limit,
      amount: .base(try FixedDecimal("0.001")), price: Self.price)
    try store.write(
      .insertSignal(
        SignalRecord(
          signalID: id, symbol: symbol, side: .buy, type: .limit,
          contentDigest: Digest.sha256(raw), raw: raw, origin: .file(file),
          receivedAt: time, expiresAt: time.advanced(by: .seconds(60)), clientOrderID: name,
          decision: .accepted, message: "", decidedAt: time),
        from: SignalSender(source: "mexc-bench")))
    try append(
      HistoryEvent.receivedKind, ["signal": .string(document.compactText())], .signal(id), time)
    let quote = try FixedDecimal("64")
    var order = Order(
      key: OrderKey(signal: id), account: account, request: request, reservedQuote: quote, at: time)
    try record(.created(request, reservedQuote: quote), of: order, at: time)
    for event in try events(of: request, number, end, at: time) {
      try order.apply(event, at: time)
      try record(event, of: order, at: time)
    }
    try store.write(.putOrder(order))
  }

  private func events(
    of request: OrderRequest, _ number: Int, _ end: End, at time: WallTime
  ) throws -> [OrderEvent] {
    let quote = Quote(price: Self.price, askedAt: time)
    let amount = try FixedDecimal("0.001")
    let spent = try FixedDecimal("64")
    let isFilled = end == .filled
    let report = OrderReport(
      orderID: "C02__\(number)", clientOrderID: request.clientOrderID.text, symbol: symbol,
      side: .buy, type: .limit, price: Self.price, quantity: amount,
      executedQuantity: isFilled ? amount : .zero, executedQuote: isFilled ? spent : .zero,
      status: isFilled ? .filled : .open)
    return [
      .approved(
        OrderEvent.Approval(
          request: request, quote: quote, reservedQuote: spent,
          checks: PassedChecks(
            "price 64000 is 0 bps from the reference 64000, at most 100 allowed"))),
      .armed(
        OrderEvent.Armament(
          attempt: 1, stampedAt: time, receiveWindow: .seconds(5), quote: quote)),
      .acknowledged(orderID: report.orderID), .observed(report),
    ]
  }

  private func record(_ event: OrderEvent, of order: Order, at time: WallTime) throws {
    if case .created = event { try store.write(.putOrder(order)) }
    try append(event.kind, event.detail, .order(order.key), time)
  }

  private func append(
    _ kind: String, _ detail: JSONValue, _ subject: HistoryEvent.Subject, _ time: WallTime
  ) throws {
    try store.write(
      .appendEvent(HistoryEvent(at: time, subject: subject, kind: kind, detail: detail)))
  }
}
