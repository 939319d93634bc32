import Domain

/// The careful start: the database is older than what was sent from here, so an order may be at the
/// exchange that it does not know. Client order ids are made from signals alone, which makes it
/// possible to look. No order leaves before every view of the exchange has said that none of that
/// name is there; one that is found is followed.
enum CarefulStart {
  /// The phase that an order which has not left begins with. What was refused when it came is looked for
  /// all the same.
  static func firstPhase(
    _ trading: TradingState, verdict: Denial?, at now: MonotonicTime
  ) -> OrderLife.Phase {
    trading.careful == nil && verdict == nil
      ? .waiting(Waiting())
      : .lookedFor(
        Search(resumed: .settling, at: now), ifAbsent: verdict.map { .denied($0) } ?? .mayLeave)
  }

  /// No earlier run has sent it.
  static func clear(
    _ life: OrderLife, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard case .lookedFor(_, let absence) = life.phase else { return }
    switch absence {
    case .mayLeave:
      parts.orders.update(life.key) { $0.clear() }
      reaction.log(.info, "no earlier run has placed the order; it may leave", life.order)
    case .denied(let verdict):
      parts.orders.update(life.key) { $0.clear() }
      OrderPlacing.deny(life.key, verdict, &parts, &reaction)
    case .notFound:
      OrderSearching.declareNotFound(
        life.order,
        "it waited when the daemon or the machine went down, and may have left without a record of it",
        &parts, &reaction)
    }
  }

  /// The exchange has an order of this name that another signal must have made.
  static func nameIsTaken(
    _ key: OrderKey, _ report: OrderReport, _ conflict: String, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    parts.orders.update(key) { $0.clear() }
    let denial = Denial(
      .conflictingDuplicate,
      "the id was taken before: order \(report.orderID) at the exchange carries its client order "
        + "id but \(conflict)")
    OrderPlacing.deny(key, denial, &parts, &reaction)
  }

  /// The operator ends it; what came before is still looked up.
  static func end(
    _ token: CommandToken, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    parts.trading.endCarefulStart(&reaction)
    let count = parts.orders.count(.lookedFor)
    reaction.log(
      .info, "the careful start is ended by the operator", [("looked_up", String(count))])
    reaction.reply(
      token, ok: true,
      "the careful start is over; \(count) signals that came before are still looked up")
  }
}
