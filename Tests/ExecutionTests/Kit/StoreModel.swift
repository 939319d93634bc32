import Domain

/// What the database would hold: folds the writes of committed turns, and reads them back as a
/// start of the daemon does.
struct StoreModel {
  private(set) var signals: [SignalID: SignalRecord] = [:]
  /// What the stored bytes say of the signals' sources.
  var sources: [SignalID: String] = [:]
  /// What the engine says of them beside the bytes.
  private(set) var senders: [SignalID: SignalSender] = [:]
  private(set) var orders: [OrderKey: Order] = [:]
  private(set) var sequence: [OrderKey] = []
  private var liveKeys: [OrderKey] = []
  private(set) var events: [HistoryEvent] = []
  private(set) var halt: HaltRecord?
  private(set) var careful: CarefulRecord?
  private(set) var ban: BanRecord?
  /// What the daemon kept of the venue beside the database.
  var venue: VenueFacts?
  private(set) var usage: RateUsageRecord?
  /// The rejected orders that are watched for.
  private(set) var watched: [OrderKey] = []
  /// What no honest engine writes.
  private(set) var violations: [String] = []

  mutating func commit(_ writes: [StoreWrite]) {
    for write in writes { perform(write) }
    guard writes.contains(where: mayEndOrders) else { return }
    liveKeys = liveKeys.filter { key in orders[key].map { !isOver($0) } ?? false }
  }

  /// Looking through all live orders with each write would take minutes with thousands of them.
  private func mayEndOrders(_ write: StoreWrite) -> Bool {
    if case .putOrder(let order) = write { return isOver(order) }
    if case .setWatched = write { return true }
    return false
  }

  /// One that counts as rejected may be watched for all the same.
  private func isOver(_ order: Order) -> Bool {
    order.status.isTerminal && !(order.status == .rejected && watched.contains(order.key))
  }

  private mutating func perform(_ write: StoreWrite) {
    switch write {
    case .insertSignal(let record, let sender, let mayHaveLeft):
      senders[record.signalID] = sender
      if mayHaveLeft { ofNoBoot.insert(record.signalID) }
      if signals[record.signalID] != nil { violations.append("\(record.signalID) stored twice") }
      signals[record.signalID] = record
    case .updateDecision(let id, let code, let message, let time):
      guard var record = signals[id] else {
        return violations.append("a decision on \(id), which is not stored")
      }
      record.decision = code
      record.message = message
      record.decidedAt = time
      signals[id] = record
    case .putOrder(let order):
      if let former = orders[order.key] {
        if former.status.isTerminal && !watched.contains(order.key) && former != order {
          violations.append("\(order.key.signal) changed after its end: \(former.status)")
        }
        if former.executedQuantity > order.executedQuantity {
          violations.append("\(order.key.signal) lost a fill")
        }
      } else {
        sequence.append(order.key)
        liveKeys.append(order.key)
      }
      orders[order.key] = order
    case .appendEvent(let event): events.append(event)
    case .setHalt(let record): halt = record
    case .setCareful(let record): careful = record
    case .setOwner: break
    case .setBan(let record): ban = record
    case .setRateUsage(let record): usage = record
    case .setWatched(let keys): watched = keys
    }
  }

  /// The orders of these signals may have left, under whatever boot a start is.
  private var ofNoBoot: Set<SignalID> = []

  /// The next start finds another boot than that under which the signals were taken.
  var bootIsNew = false

  /// Oldest first.
  var liveOrders: [Order] { liveKeys.compactMap { orders[$0] } }

  /// Oldest first by the civil clock, which may have been set back between two orders.
  mutating func state(at wall: WallTime) -> StoredState {
    let orders = orders
    sequence.sort { isOlder(orders[$0], orders[$1]) }
    liveKeys.sort { isOlder(orders[$0], orders[$1]) }
    var live: [StoredOrder] = []
    var reservations: [Reservation] = []
    let dayAgo = wall.advanced(by: .seconds(-24 * 60 * 60))
    let minuteAgo = wall.advanced(by: .seconds(-60))
    for key in sequence {
      guard let order = orders[key], let signal = signals[key.signal] else { continue }
      if order.status == .rejected && watched.contains(key) {
        live.append(StoredOrder(signal: signal, order: order))
      }
      if !order.status.isTerminal {
        let mayHaveLeft = order.status == .new && (bootIsNew || ofNoBoot.contains(key.signal))
        live.append(StoredOrder(signal: signal, order: order, mayHaveLeft: mayHaveLeft))
      } else if order.status.countsAsExposure && order.createdAt > dayAgo {
        reservations.append(Reservation(at: order.createdAt, quote: order.countedQuote))
      } else if !order.status.countsAsExposure && order.createdAt > minuteAgo {
        reservations.append(Reservation(at: order.createdAt, quote: nil))
      }
    }
    let hourAgo = wall.advanced(by: .seconds(-60 * 60))
    let sourceSignals = sequence.compactMap { key -> SourceSignal? in
      guard let source = sources[key.signal], let record = signals[key.signal],
        record.receivedAt > hourAgo
      else { return nil }
      return SourceSignal(source: source, at: record.receivedAt)
    }
    return StoredState(
      live: live, reservations: reservations, sourceSignals: sourceSignals, halt: halt,
      careful: careful, ban: ban,
      rateUsage: usage, venue: venue)
  }

  func history(of key: OrderKey) -> [OrderEvent] {
    events.compactMap { event in
      event.subject == .order(key) ? OrderEvent(kind: event.kind, detail: event.detail) : nil
    }
  }

  /// Whether its last arming stands: no answer has proved since that nothing came of it.
  func mayHaveLeft(_ key: OrderKey) -> Bool {
    let kinds = [OrderEvent.armedKind, "order_may_retry"]
    return history(of: key).last { kinds.contains($0.kind) }?.kind == OrderEvent.armedKind
  }

  /// The order as its history alone tells it.
  func refolded(_ key: OrderKey) -> Order? {
    var history: [(at: WallTime, event: OrderEvent)] = []
    for row in events where row.subject == .order(key) {
      guard let event = OrderEvent(kind: row.kind, detail: row.detail) else { return nil }
      history.append((row.at, event))
    }
    return try? Order(key: key, account: account, history: history)
  }
}

private func isOlder(_ left: Order?, _ right: Order?) -> Bool {
  guard let left, let right else { return false }
  return left.createdAt < right.createdAt
}
