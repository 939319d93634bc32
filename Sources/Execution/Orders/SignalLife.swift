import Domain

/// What is to be done for a signal: the orders that it becomes, leg 0 being the entry.
struct Plan: Hashable, Sendable {
  let legs: [OrderKey]

  static func entry(of id: SignalID) -> Plan {
    Plan(legs: [OrderKey(signal: id, leg: 0)])
  }
}

/// One accepted signal, from its plan to the end of its last leg. It, and not an order, says when the
/// signal's story is over and what is told of it.
struct SignalLife: Sendable {
  /// How one leg ended.
  struct End: Sendable {
    var code: DecisionCode
    var message: String
    var order: Order
  }

  let id: SignalID
  let plan: Plan
  private var ends: [OrderKey: End] = [:]
  /// Its sender was told an outcome when it was closed as not placed; what comes replaces that.
  private var isTold: Bool

  init(id: SignalID, plan: Plan, isTold: Bool = false) {
    self.id = id
    self.plan = plan
    self.isTold = isTold
  }

  var isOver: Bool { plan.legs.allSatisfy { ends[$0] != nil } }

  /// The signal's outcome, once no leg is left; a signal is told by the first leg that did not end as
  /// it should, else by its entry.
  mutating func legEnded(_ end: End) -> Outcome? {
    ends[end.order.key] = end
    guard isOver else { return nil }
    let inOrder = plan.legs.compactMap { ends[$0] }
    guard let told = inOrder.first(where: { $0.code != .accepted }) ?? inOrder.first else {
      return nil
    }
    // That it was closed was told, and holds.
    if isTold && told.order.isClosedAsNotPlaced { return nil }
    return outcome(told)
  }

  /// What is said while the order is still watched for: it is closed as not placed.
  mutating func close(_ end: End) -> Outcome {
    defer { isTold = true }
    return Outcome(
      signalID: id, code: end.code, message: end.message, order: end.order, replacesEarlier: false)
  }

  /// A closed signal whose order shows up after all.
  func reopened(_ end: End) -> Outcome {
    Outcome(
      signalID: id, code: end.code, message: end.message, order: end.order, replacesEarlier: true)
  }

  private func outcome(_ end: End) -> Outcome {
    Outcome(
      signalID: id, code: end.code, message: end.message, order: end.order,
      replacesEarlier: isTold)
  }
}
