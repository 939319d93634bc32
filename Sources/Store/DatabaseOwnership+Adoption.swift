package import Domain
import JSON

/// The operator's word on a database: whose it is when its orders do not tell, and that another API
/// key is of the same account. Nothing but this word can say either: a renewed key and a key of
/// another account look alike.
extension DatabaseOwnership {
  /// Why the word is not taken, in words for a person.
  package struct Objection: Error {
    package let text: String
  }

  /// What holds from now on, in words for a person. Throws when the database cannot be read or
  /// written.
  package func adopt(_ store: OrderStore, at now: WallTime) throws(StoreError) -> Result<
    String, Objection
  > {
    let traces = try store.reader.modeTraces()
    if traces.isEmpty {
      return .success("nothing to say: no order of it has left, so the next start takes it")
    }
    if let owner = try store.reader.owner() {
      guard isOurs(owner) else { return .failure(Objection(text: otherOwner(owner, traces))) }
      guard owner.key != nil else { return .success("nothing to say: it belongs to \(name)") }
      try forgetKey(of: owner, in: store, at: now)
      try store.commit()
      return .success(
        "it belongs to \(name), and to the next API key that the exchange accepts"
          + Self.lookedUp(traces.reduce(0) { $0 + $1.underWay }))
    }
    if let objection = objection(to: traces) { return .failure(objection) }
    try record(in: store, because: "the operator says so", at: now)
    let rest = try endForeignOrders(in: store, at: now)
    try store.commit()
    return .success("it belongs to \(name) from now on" + rest)
  }

  /// The operator's word to the daemon that runs: the API key that it reads next is of the same
  /// account. Between turns. Throws when the database cannot be read or written.
  package func expectRenewedKey(_ store: OrderStore, at now: WallTime) throws(StoreError) {
    guard let owner = try store.reader.owner(), owner.key != nil else { return }
    try forgetKey(of: owner, in: store, at: now)
    try store.commit()
  }

  /// The next key that the exchange accepts will be noted. Part of the store's present turn.
  private func forgetKey(of owner: DatabaseOwner, in store: OrderStore, at now: WallTime)
    throws(StoreError)
  {
    var owner = owner
    owner.key = nil
    try store.write(.setOwner(owner))
    try store.write(
      .appendEvent(
        HistoryEvent(at: now, subject: .daemon, kind: "api_key_forgotten", detail: [:])))
  }

  private func objection(to traces: [ModeTrace]) -> Objection? {
    let modes = Set(traces.map(\.mode))
    // Nobody would look at the exchange for them any more. An order without an answer tells no mode.
    let isAtRisk = traces.contains { trace in
      trace.mode == nil && trace.sent > 0
        || trace.mode != .paper && trace.underWay > 0 && modes.contains(.live)
    }
    if mode != .live && isAtRisk {
      return Objection(
        text:
          "orders in it may be open at the exchange; say that it belongs to mode live, start in "
          + "that mode until they are at their end, and give mode \(mode.rawValue) a database of "
          + "its own by another store.path")
    }
    if !modes.contains(mode) && !modes.contains(nil) {
      return Objection(
        text: "none of its orders is of mode \(mode.rawValue): it holds \(Self.words(traces)); "
          + "give mode \(mode.rawValue) a database of its own by another store.path")
    }
    return nil
  }

  /// Ends what belongs to no mode that goes on: paper orders, whose exchange was a part of a run in
  /// paper mode, and orders that have not left, which nobody meant for this mode. Returns what was
  /// done as the rest of a sentence.
  private func endForeignOrders(
    in store: OrderStore, at now: WallTime
  ) throws(StoreError) -> String {
    var (paper, waiting, others) = (0, 0, 0)
    for stored in try store.loadState(now: now).live {
      let order = stored.order
      if order.status == .new && !stored.mayHaveLeft {
        waiting += 1
        let reason = "it had not left when the database was said to belong to \(name)"
        try write(.denied(.canceled, reason), to: order, in: store, at: now)
        try store.write(.updateDecision(order.key.signal, .canceled, reason, at: now))
      } else if mode != .paper, let report = order.endOnPaper {
        paper += 1
        try write(.observed(report), to: order, in: store, at: now)
      } else {
        others += 1
      }
    }
    let ended =
      (paper == 0 ? "" : "; \(Self.count(paper, "order")) on paper canceled")
      + (waiting == 0 ? "" : "; \(Self.count(waiting, "order")) that had not left canceled")
    return ended + Self.lookedUp(others)
  }

  private func write(
    _ event: OrderEvent, to order: Order, in store: OrderStore, at now: WallTime
  ) throws(StoreError) {
    var order = order
    do throws(IllegalTransition) {
      try order.apply(event, at: now)
    } catch {
      throw .misuse("\(order.key.signal): \(error)")
    }
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: now, subject: .order(order.key), kind: event.kind, detail: event.detail)))
    try store.write(.putOrder(order))
  }

  private static func lookedUp(_ orders: Int) -> String {
    orders == 0
      ? "" : "; \(count(orders, "order")) under way, looked up at the exchange by the next start"
  }
}

extension Order {
  /// The last word of the paper exchange about an order that rests there; `nil` for any other order.
  fileprivate var endOnPaper: OrderReport? {
    guard let orderID, orderID.hasPrefix(TradingMode.paperOrderIDPrefix) else { return nil }
    let quantity: FixedDecimal? = if case .base(let amount) = request.amount { amount } else { nil }
    return OrderReport(
      orderID: orderID, clientOrderID: request.clientOrderID.text, symbol: request.symbol,
      side: request.side, type: request.type, price: request.price, quantity: quantity,
      executedQuantity: executedQuantity, executedQuote: executedQuote, status: .canceled)
  }
}
