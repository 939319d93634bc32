import Domain

/// What must be durable, folded from the writes of the turns that were committed: held against the
/// real store after every recovery.
struct Shadow {
  private let account: TradingAccount
  var signals: [SignalID: SignalRecord] = [:]
  var orders: [OrderKey: Order] = [:]
  /// The orders by the name that the exchange knows them by.
  private var keys: [String: OrderKey] = [:]
  var halt: HaltRecord?
  var ban: BanRecord?

  init(of account: TradingAccount) {
    self.account = account
  }

  func order(named name: String) -> Order? { keys[name].flatMap { orders[$0] } }

  /// Folds one write in; says what contradicts what is held.
  mutating func apply(_ write: StoreWrite) -> String? {
    switch write {
    case .insertSignal(let record, _, _):
      guard signals.updateValue(record, forKey: record.signalID) == nil else {
        return "signal \(record.signalID) was recorded twice"
      }
    case .updateDecision(let id, let code, let message, let time):
      guard signals[id] != nil else { return "a decision on an unknown signal \(id)" }
      signals[id]?.decision = code
      signals[id]?.message = message
      signals[id]?.decidedAt = time
    case .appendEvent(let event): return fold(event)
    case .putOrder(let order):
      guard orders[order.key] == order else {
        return "the history of \(order.key.signal) adds up to another order than its row"
      }
    case .setHalt(let record): halt = record
    case .setBan(let record): ban = record
    case .setCareful, .setOwner, .setRateUsage, .setWatched: break
    }
    return nil
  }

  private mutating func fold(_ event: HistoryEvent) -> String? {
    guard case .order(let key) = event.subject,
      let change = OrderEvent(kind: event.kind, detail: event.detail)
    else { return nil }
    if case .created(let request, let reserved) = change {
      guard orders[key] == nil else { return "order \(key.signal) was made twice" }
      keys[request.clientOrderID.text] = key
      orders[key] = Order(
        key: key, account: account, request: request, reservedQuote: reserved, at: event.at)
      return nil
    }
    do {
      try orders[key]?.apply(change, at: event.at)
      return orders[key] == nil ? "an event of an unknown order \(key.signal)" : nil
    } catch { return "order \(key.signal): \(error)" }
  }
}
