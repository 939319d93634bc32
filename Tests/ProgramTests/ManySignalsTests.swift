import Control
import Domain
import Execution
import JSON
import Store
import TestKit
import Testing

/// Signals of every kind in number: each comes to exactly one order or one reason, and the exchange's
/// ledger agrees with the daemon's own record.
@Suite(.serialized)
struct ManySignalsTests {
  /// A kind of signal, and what must come of it.
  private struct Kind: Sendable {
    /// What the socket answers, and the file's report where the signal was not accepted.
    let code: String
    /// Where its order stands in the end; nil for a signal that gets no order.
    var status: String?
    /// How the order ended in the daemon's own word: `accepted` unless said otherwise.
    var final = "accepted"
    let make: @Sendable (String) -> String
  }

  /// Accepted, and ended with this order status.
  private static func order(
    _ status: String, code: String = "accepted", _ changes: KeyValuePairs<String, JSONValue?>
  ) -> Kind {
    Kind(code: "accepted", status: status, final: code) { Wish($0, changes).text }
  }

  private static func refused(
    _ code: String, _ changes: KeyValuePairs<String, JSONValue?>
  ) -> Kind {
    Kind(code: code) { Wish($0, changes).text }
  }

  /// The exchange is frozen at BTC 64000, ETH 3200, LINK 21.42, MX 2.85.
  private static let kinds: [Kind] = [
    order("filled", [:]),
    order(
      "filled",
      [
        "symbol": "ETH/USDT", "type": "market", "price": nil, "quantity": nil,
        "quote_quantity": "25", "reference_price": "3200",
      ]),
    order(
      "filled",
      ["symbol": "link_usdt", "type": "ioc", "quantity": "2", "price": "21.5"]),
    order(
      "filled", ["type": "FILL_OR_KILL", "price": "64010.01"]),
    // Rests until everything is cancelled.
    order(
      "canceled", ["type": "limit_maker", "price": "63900"]),
    order("denied", code: "price_deviation", ["price": "60000"]),
    refused("expired", ["ttl_seconds": nil, "expires_at": "2020-01-01T00:00:00Z"]),
    refused("symbol_not_allowed", ["symbol": "DOGEUSDT"]),
    refused("risk_order_quote", ["quantity": "1"]),
    Kind(code: "invalid_json") { "{\"id\": \($0), \"symbol\": \"BTCUSDT\"}" },
    refused("unknown_field", ["leverage": 10]),
    refused("price_precision", ["price": "64000.001"]),
    refused("below_minimum", ["quantity": "0.00001"]),
    refused("symbol_not_tradable", ["symbol": "PAUSEUSDT", "price": "1", "quantity": "10"]),
    refused("side_not_tradable", ["symbol": "SELLONLYUSDT", "price": "1", "quantity": "10"]),
    refused(
      "type_not_supported",
      ["symbol": "NOMARKETUSDT", "type": "market", "price": nil, "quantity": "10"]),
    refused("invalid_field", ["side": "long"]),
    order(
      "canceled", ["symbol": "ETHUSDT", "side": "SELL", "price": "3210.5", "quantity": "0.01"]),
    order(
      "filled",
      ["symbol": "MX-USDT", "side": "sell", "type": "market", "price": nil, "quantity": "10"]),
    // More than is held: the exchange refuses.
    order(
      "rejected", code: "exchange_rejected",
      ["symbol": "NOMARKETUSDT", "side": "sell", "price": "1", "quantity": "900"]),
  ]

  private struct Sent {
    let id: String
    let kind: Kind
    let text: String
    let isFile: Bool

    var file: String { id + ".json" }
  }

  private static func signals(rounds: Int) -> [Sent] {
    (0..<rounds).flatMap { round in
      kinds.enumerated().map { index, kind in
        let id = "s-\(round)-\(index)"
        return Sent(id: id, kind: kind, text: kind.make(id), isFile: round.isMultiple(of: 2))
      }
    }
  }

  private static let symbols: JSONValue = [
    "BTCUSDT", "ETHUSDT", "LINKUSDT", "MXUSDT", "PAUSEUSDT", "SELLONLYUSDT", "NOMARKETUSDT",
  ]

  @Test
  func `a thousand mixed signals`() throws {
    let market = try SimulatedMarket(
      SimulatedMarket.calm + SimulatedMarket.roomy + ["--balance", "NOMARKET=5"])
    let daemon = try DaemonUnderTest.trading(market) { settings in
      settings["risk.symbols"] = Self.symbols
      settings["rate_limits.ip_weight"] = 100_000
      settings["rate_limits.uid_weight"] = 100_000
      settings["rate_limits.orders_per_second"] = 5_000
      settings["exchange.recv_window_ms"] = 60_000
      settings["price.maximum_age_ms"] = 60_000
      settings["log.level"] = "info"
    }
    // With what is sent again below: 1,000.
    let signals = Self.signals(rounds: 45)
    try send(signals, to: daemon)
    let again = Array(signals.filter { $0.kind.code == "accepted" }.prefix(60))
    try sendAgain(again, to: daemon)
    try sendInConflict(Array(again.prefix(40)), to: daemon)

    try waitUntilQuiet(daemon, resting: 2 * 45)
    _ = try daemon.result(.perform(.cancelAll))
    try daemon.until("every order to end", holds: { try daemon.status()["open_orders"] == 0 })
    try check(signals, daemon, market)
    #expect(try daemon.stop() == .exited(0))
  }

  /// The default limits of both programs, and more orders than they let through in a second.
  @Test
  func `the default limits are never exceeded`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--balance", "NOMARKET=5"])
    let daemon = try DaemonUnderTest.trading(market) { $0["risk.symbols"] = Self.symbols }
    let signals = Self.signals(rounds: 3)
    try send(signals, to: daemon)
    try waitUntilQuiet(daemon, resting: 2 * 3)
    _ = try daemon.result(.perform(.cancelAll))
    try daemon.until("every order to end", holds: { try daemon.status()["open_orders"] == 0 })
    try check(signals, daemon, market)
    #expect(try daemon.stop() == .exited(0))
  }

  // MARK: Sending

  /// Files one after the other; socket lines over several connections without waiting between them.
  private func send(_ signals: [Sent], to daemon: DaemonUnderTest) throws {
    for signal in signals where signal.isFile { try daemon.drop(signal.file, signal.text) }
    let lines = signals.filter { !$0.isFile }
    let parts = 4
    for part in 0..<parts {
      let mine = lines.enumerated().filter { $0.offset % parts == part }.map(\.element)
      let client = try daemon.connect()
      for signal in mine { try client.send(signal.text) }
      for signal in mine {
        let answer = try client.answer()
        #expect(answer["code"]?.stringValue == signal.kind.code, "\(signal.id): \(answer)")
        let status = signal.kind.code == "accepted" ? "accepted" : "rejected"
        #expect(answer["status"]?.stringValue == status)
        if signal.kind.code != "invalid_json" {
          #expect(answer["id"]?.stringValue == signal.id)
        }
      }
    }
    for signal in signals where signal.isFile {
      try daemon.until("\(signal.file) being taken") { () throws -> Bool? in
        try daemon.names(in: "incoming").contains(signal.file) ? nil : true
      }
    }
  }

  /// Each the other way than the first time, so that nothing but the id says that it is the same.
  private func sendAgain(_ signals: [Sent], to daemon: DaemonUnderTest) throws {
    for signal in signals {
      if signal.isFile {
        let answer = try daemon.submit(signal.text)
        #expect(answer["code"] == "duplicate", "\(signal.id): \(answer)")
        #expect(answer["status"] == "duplicate")
      } else {
        try daemon.drop("again-" + signal.file, signal.text)
        let outcome = try daemon.waitForOutcome("again-" + signal.file)
        #expect(outcome.folder == "done")
        #expect(outcome.code == "duplicate")
      }
    }
  }

  private func sendInConflict(_ signals: [Sent], to daemon: DaemonUnderTest) throws {
    let other = { (id: String) in Wish(id, ["quantity": "0.002"]).text }
    for signal in signals {
      let answer = try daemon.submit(other(signal.id))
      #expect(answer["code"] == "conflicting_duplicate", "\(signal.id): \(answer)")
      #expect(answer["status"] == "rejected")
    }
  }

  private func waitUntilQuiet(_ daemon: DaemonUnderTest, resting: Int) throws {
    var status = JSONValue.null
    do {
      try daemon.until("all but \(resting) orders to end") { () throws -> Bool? in
        status = try daemon.status()
        let isQuiet =
          status["waiting"] == 0 && status["in_flight"] == 0
          && status["open_orders"] == .integer(resting)
        return isQuiet ? true : nil
      }
    } catch {
      throw TimeUp("all but \(resting) orders to end; it is \(status.compactText())")
    }
  }

  // MARK: Checking

  private func check(
    _ signals: [Sent], _ daemon: DaemonUnderTest, _ market: SimulatedMarket
  ) throws {
    let ledger = try market.ledger()
    try checkRecord(signals, daemon, ledger)
    for signal in signals where signal.isFile { try checkFile(signal, daemon) }
    #expect(try daemon.names(in: "active") == [])
    #expect(try daemon.names(in: "incoming") == [])

    let accepted = signals.filter { $0.kind.status != nil && $0.kind.status != "denied" }
    let refused = accepted.filter { $0.kind.status == "rejected" }
    #expect(ledger.orders.count == accepted.count - refused.count)
    #expect(ledger.placements == accepted.count, "nothing was sent twice")
    #expect(ledger.count("bad_signatures") == 0)
    #expect(ledger.count("bad_timestamps") == 0)
    #expect(ledger.count("throttled_429") == 0)
    #expect(ledger.count("banned_418") == 0)
    #expect(ledger.count("duplicate_client_order_ids") == 0)
    #expect(ledger.count("unknown_routes") == 0)
    let counts = ledger.document["accepted_by_client_order_id"]?.objectValue ?? []
    #expect(counts.count == ledger.orders.count)
    #expect(counts.allSatisfy { $0.value == 1 })

    let status = try daemon.status()
    #expect(status["unknown"] == 0)
    #expect(status["not_found"] == 0)
    #expect(status["dropped_log_lines"] == 0)
  }

  /// The daemon's record of each signal, and the exchange's of its order.
  private func checkRecord(
    _ signals: [Sent], _ daemon: DaemonUnderTest, _ ledger: Ledger
  ) throws {
    let rows = try daemon.result(.report(.signals(ListFilter(limit: ListFilter.limitMaximum))))
    let records = Dictionary(
      uniqueKeysWithValues: (rows.arrayValue ?? []).map { ($0["id"]?.stringValue ?? "", $0) })
    let orders = Dictionary(
      grouping: ledger.orders, by: { $0["client_order_id"]?.stringValue ?? "" })
    // What was no readable signal leaves no record.
    let unread = ["invalid_json", "unknown_field", "invalid_field"]
    #expect(records.count == signals.count { !unread.contains($0.kind.code) })
    for signal in signals {
      let record = records[signal.id]
      if unread.contains(signal.kind.code) {
        #expect(record == nil)
        continue
      }
      let decision = signal.kind.code == "accepted" ? signal.kind.final : signal.kind.code
      #expect(record?["decision"]?.stringValue == decision, "\(signal.id)")
      #expect(record?["order_status"]?.stringValue == signal.kind.status, "\(signal.id)")
      let placed = orders[record?["client_order_id"]?.stringValue ?? ""] ?? []
      let isPlaced = ["filled", "canceled"].contains(signal.kind.status)
      #expect(placed.count == (isPlaced ? 1 : 0), "\(signal.id)")
      if let order = placed.first {
        #expect(order["order_id"] == record?["order_id"])
        let amounts = [order["executed_quantity"], record?["executed_quantity"]]
          .compactMap { $0?.stringValue }.compactMap { try? FixedDecimal($0) }
        #expect(amounts.count == 2 && amounts[0] == amounts[1], "\(signal.id)")
      }
    }
  }

  private func checkFile(_ signal: Sent, _ daemon: DaemonUnderTest) throws {
    let outcome = try daemon.waitForOutcome(signal.file)
    let isDone = ["filled", "canceled"].contains(signal.kind.status)
    #expect(outcome.folder == (isDone ? "done" : "rejected"), "\(signal.id)")
    #expect(
      outcome.code == (signal.kind.code == "accepted" ? signal.kind.final : signal.kind.code))
    if let status = signal.kind.status { #expect(outcome.status == status, "\(signal.id)") }
    #expect(outcome.report["message"]?.stringValue?.isEmpty == false)
  }
}
