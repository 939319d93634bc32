import Domain

/// What the engine has said of one order that is, or may become, a doubt.
struct DoubtRecord: Sendable {
  /// When the order was first seen to be without an outcome.
  var since: MonotonicTime
  /// What was said last; nil for nothing.
  var told: Doubt?
  /// An earlier run may have said something that still stands somewhere.
  var mayStand: Bool
}

/// Tells the signals' senders of orders whose outcome nobody knows, when that changes.
extension Engine {
  /// Most answers that are late come within this time, or are found by the first looks.
  private static let doubtAfter: Duration = .seconds(3)

  /// An order of an earlier run that may have been in doubt then.
  mutating func remember(doubtOf order: Order) {
    doubts[order.key] = DoubtRecord(since: now.monotonic, told: nil, mayStand: true)
  }

  mutating func driveDoubts() {
    // A test order is never placed, and asked again when its answer is lost.
    if configuration.mode == .validate { return }
    let doubtful = orders.keys(.sought) + orders.keys(.missing) + unreadWorking
    for key in doubtful { consider(key) }
    guard doubts.count > doubtful.count else { return }
    let over = Set(doubts.keys).subtracting(doubtful)
    for key in over.sorted() {
      guard let record = doubts.removeValue(forKey: key) else { continue }
      if record.told != nil || record.mayStand { effects.append(.doubt(key.signal, nil)) }
    }
  }

  /// Orders that the exchange has, and of which it does not tell where they stand.
  private var unreadWorking: [OrderKey] {
    let failing = failingLooks.filter { orders[$0]?.looks.isHopeless(at: now.monotonic) == true }
    return gate.unreconciled.union(gate.unreadable.keys).union(failing)
      .filter { orders[$0]?.order.status.isWorking == true }.sorted()
  }

  private mutating func consider(_ key: OrderKey) {
    guard let live = orders[key] else { return }
    let order = live.order
    var record =
      doubts[key] ?? DoubtRecord(since: now.monotonic, told: nil, mayStand: false)
    defer { doubts[key] = record }
    // The operator's word ends the signal's story.
    let isNamed = order.status != .notFound || !order.closedByOperator
    let due = record.since.advanced(by: Self.doubtAfter)
    if isNamed && order.status != .notFound && due > now.monotonic && record.told == nil {
      return wake(at: due)
    }
    let doubt = isNamed ? doubt(about: live) : nil
    guard doubt != record.told || doubt == nil && record.mayStand else { return }
    effects.append(.doubt(key.signal, doubt))
    record.told = doubt
    record.mayStand = false
  }

  private func doubt(about live: LiveOrder) -> Doubt {
    let order = live.order
    let id = order.key.signal
    let (message, advice): (String, String) =
      switch order.status {
      case .notFound:
        (
          order.reason,
          "look at the exchange's own list of orders, then 'mexc-signalctl resolve \(id) --placed "
            + "ORDER_ID' or '--not-placed'; do not send the signal under another id before"
        )
      case .submitted:
        (
          "the order was sent, and the exchange has not answered yet",
          "wait; do not send the signal under another id"
        )
      case .unknown:
        (
          "the order was sent, and its answer proves nothing (\(order.reason)); it is looked up "
            + "until the exchange says what became of it",
          "wait; do not send the signal under another id"
        )
      case .new, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .rejected,
        .expired, .denied, .validated:
        (
          "the exchange has the order, and where it stands cannot be read "
            + "(\(live.looks.last?.reason ?? "it has not been told since the start"))",
          live.looks.last.map { "\($0.advice) \(Self.wayOut(of: order.key))" }
            ?? "wait: it is looked up again; 'mexc-signalctl explain \(id)' says what came of it"
        )
      }
    return Doubt(
      status: order.status, code: order.status == .notFound ? .notFound : .accepted,
      message: message, clientOrderID: order.ticket.clientOrderID,
      since: order.armedAt ?? order.updatedAt, advice: advice)
  }
}
