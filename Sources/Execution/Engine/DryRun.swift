package import Domain
import JSON

/// What would become of a signal that came at this moment. A copy of the engine judges it, and nothing
/// that the copy wants done is done.
package struct DryRun: Sendable {
  package enum Next: String, Hashable, Sendable {
    /// It is refused, or was taken before.
    case nothing
    /// Its order would be on the wire at once.
    case leaves
    /// Its price is asked for first, or its symbol's rules, and every check is still to come that needs
    /// them.
    case asksPrice = "asks_price"
    /// It passes the checks of this moment, and its order cannot leave yet.
    case waits
  }

  package let answer: SignalAnswer
  package let next: Next
  /// Its order as it would be; `nil` when there would be none.
  package let order: Order?
  /// The checks that need a price, with what went into them; `nil` when they were not made.
  package let checks: String?

  /// `nil` when the engine answers nothing, as one that is stopping.
  package init?(
    of arrival: SignalArrival, _ known: KnownSignal?, on engine: Engine, at now: Moment
  ) {
    var copy = engine
    let effects = copy.apply(.signal(arrival, known: known), at: now)
    guard let answer = Self.answer(to: arrival, in: effects) else { return nil }
    self.answer = answer
    checks = Self.checks(in: effects)
    order = answer.status == .accepted ? copy.liveOrder(OrderKey(signal: arrival.signal.id)) : nil
    next = Self.next(order, copy)
  }

  /// A signal that is accepted can be denied in the same breath.
  private static func answer(to arrival: SignalArrival, in effects: [Effect]) -> SignalAnswer? {
    let id = arrival.signal.id
    for case .settled(let outcome) in effects where outcome.signalID == id {
      return SignalAnswer(
        id: id.text, status: .rejected, code: outcome.code, message: outcome.message)
    }
    for case .answer(arrival.receipt, let answer) in effects { return answer }
    return nil
  }

  private static func checks(in effects: [Effect]) -> String? {
    for case .write(.appendEvent(let event)) in effects where event.kind == OrderEvent.approvedKind
    {
      return event.detail["checks"]?.stringValue
    }
    return nil
  }

  private static func next(_ order: Order?, _ engine: Engine) -> Next {
    guard let order else { return .nothing }
    if order.status == .submitted { return .leaves }
    return order.quote == nil && engine.isTradingOpen && engine.careful == nil ? .asksPrice : .waits
  }
}
