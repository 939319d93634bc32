import Domain

/// Takes every order that was touched, or has become due, as far as it can go.
enum OrderDriving {
  static func drive(_ parts: inout EngineParts, _ reaction: inout Reaction) {
    var changed: Set<OrderKey> = []
    var touched = parts.orders.takeTouched()
    repeat {
      for key in touched { step(key, &parts, &reaction) }
      changed.formUnion(touched)
      OrderPlacing.leave(&parts, &reaction)
      OrderPolling.drive(touched, &parts, &reaction)
      touched = parts.orders.takeTouched()
    } while !touched.isEmpty
    for key in parts.orders.oldestFirst(changed) { conclude(key, &parts, &reaction) }
  }

  private static func step(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    switch parts.orders[key]?.phase {
    case .waiting: OrderPlacing.consider(key, &parts, &reaction)
    case .lookedFor, .unknown, .missing: OrderSearching.drive(key, &parts, &reaction)
    case .working: OrderCancelling.drive(key, &parts, at: reaction.now.monotonic)
    case .armed, .ended, nil: break
    }
  }

  /// Says what is in doubt about it, and asks to look at it again when something is due.
  private static func conclude(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let life = parts.orders[key] else { return }
    let now = reaction.now.monotonic
    var next: MonotonicTime?
    func wake(at time: MonotonicTime?) {
      if let time, time > now { next = MonotonicTime.earlier(next, time) }
    }
    wake(at: life.due)
    // A test order is never placed, and asked again when its answer is lost.
    if parts.configuration.mode != .validate {
      let isDoubtful = isDoubtful(life, parts, at: now)
      wake(at: parts.doubts.consider(life, isDoubtful: isDoubtful, &reaction))
      if !isDoubtful { wake(at: life.looks.hopelessFrom) }
    }
    if let next { parts.orders.setAlarm(key, at: next) }
  }

  /// Whether nobody can say what became of it, or where it stands.
  private static func isDoubtful(
    _ life: OrderLife, _ parts: EngineParts, at now: MonotonicTime
  ) -> Bool {
    let key = life.key
    switch life.phase {
    case .armed, .unknown, .missing: return true
    case .working:
      let reconciliation = parts.reconciliation
      return reconciliation.pending.contains(key) || reconciliation.unreadable[key] != nil
        || reconciliation.failing.contains(key) && life.looks.isHopeless(at: now)
    case .lookedFor, .waiting, .ended: return false
    }
  }
}
