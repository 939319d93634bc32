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
    let unread = (gate.unreconciled.union(gate.unreadable.keys))
      .filter { orders[$0]?.order.status.isWorking == true }.sorted()
    let doubtful = orders.keys(.sought) + orders.keys(.missing) + unread
    for key in doubtful { consider(key) }
    guard doubts.count > doubtful.count else { return }
    let over = Set(doubts.keys).subtracting(doubtful)
    for key in over.sorted() {
      guard let record = doubts.removeValue(forKey: key) else { continue }
      if record.told != nil || record.mayStand { effects.append(.doubt(key.signal, nil)) }
    }
  }

  private mutating func consider(_ key: OrderKey) {
    guard let order = orders[key]?.order else { return }
    var record =
      doubts[key] ?? DoubtRecord(since: now.monotonic, told: nil, mayStand: false)
    defer { doubts[key] = record }
    // The operator's word ends the signal's story.
    let isNamed = order.status != .notFound || !order.closedByOperator
    let due = record.since.advanced(by: Self.doubtAfter)
    if isNamed && order.status != .notFound && due > now.monotonic && record.told == nil {
      return wake(at: due)
    }
    let doubt = isNamed ? doubt(about: order) : nil
    guard doubt != record.told || doubt == nil && record.mayStand else { return }
    effects.append(.doubt(key.signal, doubt))
    record.told = doubt
    record.mayStand = false
  }

  private func doubt(about order: Order) -> Doubt {
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
          "the exchange has the order, and has not said since the last start where it stands",
          "'mexc-signalctl explain \(id)' and the journal say what the look-ups bring"
        )
      }
    return Doubt(
      status: order.status, code: order.status == .notFound ? .notFound : .accepted,
      message: message, clientOrderID: order.ticket.clientOrderID,
      since: order.armedAt ?? order.updatedAt, advice: advice)
  }
}
