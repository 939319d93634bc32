import Domain

/// The careful start: the database is older than what was sent from here, so an order may be at the
/// exchange that it does not know. Client order ids are made from signals alone, which makes it
/// possible to look. No order leaves before every view of the exchange has said that none of that
/// name is there; one that is found is followed.
extension Engine {
  /// The search that an order which has not left begins with; `nil` when it needs none.
  func lookBeforeLeaving() -> Search? {
    careful == nil ? nil : Search(resumed: .settling, at: now.monotonic)
  }

  /// No earlier run has sent it.
  mutating func clear(_ key: OrderKey) {
    guard let live = orders[key] else { return }
    orders[key]?.search = nil
    log(.info, "no earlier run has placed the order; it may leave", live.order)
    if let verdict = live.verdict { deny(key, verdict) }
  }

  /// The exchange has an order of this name that another signal must have made.
  mutating func nameIsTaken(_ key: OrderKey, _ report: OrderReport, _ conflict: String) {
    orders[key]?.search = nil
    deny(
      key,
      Denial(
        .conflictingDuplicate,
        "the id was taken before: order \(report.orderID) at the exchange carries its client order "
          + "id but \(conflict)"))
  }

  mutating func endCaution(_ token: CommandToken) {
    careful = nil
    write(.setCareful(nil))
    record("careful_start_ended", [:], on: .daemon)
    let count = orders.keys(.waiting).count { orders[$0]?.search != nil }
    log(.info, "the careful start is ended by the operator", [("looked_up", String(count))])
    reply(
      token, ok: true,
      "the careful start is over; \(count) signals that came before are still looked up")
  }
}
