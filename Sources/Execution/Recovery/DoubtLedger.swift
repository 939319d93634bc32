import Domain

/// Tells the signals' senders of orders whose outcome nobody knows, when that changes.
struct DoubtLedger: Sendable {
  /// What the engine has said of one order that is, or may become, a doubt.
  private struct Record: Sendable {
    /// When the order was first seen to be without an outcome.
    var since: MonotonicTime
    /// What was said last; `nil` for nothing.
    var told: Doubt?
    /// An earlier run may have said something that still stands somewhere.
    var mayStand: Bool
  }

  private var records: [OrderKey: Record] = [:]

  /// Most answers that are late come within this time, or are found by the first looks.
  private static let doubtAfter: Duration = .seconds(3)

  /// An order of an earlier run that may have been in doubt then.
  mutating func remember(_ key: OrderKey, at now: MonotonicTime) {
    records[key] = Record(since: now, told: nil, mayStand: true)
  }

  /// What is to be said of an order that is doubtful or not. Returns when to look again.
  mutating func consider(
    _ life: OrderLife, isDoubtful: Bool, _ reaction: inout Reaction
  ) -> MonotonicTime? {
    guard isDoubtful else {
      resolve(life.key, &reaction)
      return nil
    }
    let now = reaction.now.monotonic
    let order = life.order
    var record = records[life.key] ?? Record(since: now, told: nil, mayStand: false)
    defer { records[life.key] = record }
    // What is closed as not placed ends the signal's story.
    let isNamed = !order.isClosedAsNotPlaced
    let due = record.since.advanced(by: Self.doubtAfter)
    if isNamed && order.status != .notFound && due > now && record.told == nil { return due }
    let doubt = isNamed ? Self.doubt(about: life) : nil
    guard doubt != record.told || doubt == nil && record.mayStand else { return nil }
    reaction.add(.doubt(life.key.signal, doubt))
    record.told = doubt
    record.mayStand = false
    return nil
  }

  /// Whatever was said stands no more.
  mutating func resolve(_ key: OrderKey, _ reaction: inout Reaction) {
    guard let record = records.removeValue(forKey: key) else { return }
    if record.told != nil || record.mayStand { reaction.add(.doubt(key.signal, nil)) }
  }

  private static func doubt(about life: OrderLife) -> Doubt {
    let order = life.order
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
          (life.looks.last?.isLasting == true ? OrderLooks.wayOut(of: order.key) : "wait;")
            + " do not send the signal under another id"
        )
      case .new, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .rejected,
        .expired, .denied, .validated:
        (
          "the exchange has the order, and where it stands cannot be read "
            + "(\(life.looks.last?.reason ?? "it has not been told since the start"))",
          life.looks.last.map { OrderLooks.advice(on: order, after: $0) }
            ?? "wait: it is looked up again; 'mexc-signalctl explain \(id)' says what came of it"
        )
      }
    return Doubt(
      status: order.status, code: order.status == .notFound ? .notFound : .accepted,
      message: message, clientOrderID: order.request.clientOrderID,
      since: order.armedAt ?? order.updatedAt, advice: advice)
  }
}
