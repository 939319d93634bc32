import Domain

/// A start: every stored order goes on in the phase that its status leaves open.
enum Restoring {
  static func restore(
    _ state: StoredState, _ signals: [SignalID: Signal], _ parts: inout EngineParts,
    at now: Moment
  ) {
    parts.scheduler.restoreUsage(
      state, window: parts.configuration.rateLimits.window, at: now)
    if let stored = state.ban { parts.scheduler.restoreBackOff(stored, at: now) }
    for stored in state.live {
      invariant(signals[stored.signal.signalID] != nil, "every live order comes with its signal")
      guard let signal = signals[stored.signal.signalID] else { continue }
      restore(stored, signal, &parts, at: now)
    }
  }

  private static func restore(
    _ stored: StoredOrder, _ signal: Signal, _ parts: inout EngineParts, at now: Moment
  ) {
    let order = stored.order
    guard let phase = phase(of: stored, parts, at: now) else { return }
    // A civil clock that was set back since must not give it more than the life that it had.
    let record = stored.signal
    let left = min(
      record.expiresAt.since(now.wall), record.expiresAt.since(record.receivedAt))
    parts.orders.insert(
      OrderLife(
        number: parts.nextOrderNumber(), signal: signal,
        expiry: Expiry(wall: record.expiresAt, monotonic: now.monotonic.advanced(by: left)),
        order: order, phase: phase))
    // An exchange on paper holds a resting order only by the rules of its symbol.
    parts.venue.name(order.request.symbol)
    parts.signals[signal.id] = SignalLife(
      id: signal.id, plan: Plan.entry(of: signal.id),
      isTold: order.isClosedAsNotPlaced || record.isFoundLate)
    // Where the exchange cannot be asked, the operator's word stands in for its answer; of a test order
    // it has nothing to tell.
    let isKnown =
      order.status == .new || order.status == .notFound || order.isClosedAsNotPlaced
      || order.confirmedByOperator
      || parts.configuration.mode == .validate
    if !isKnown { parts.reconciliation.expect(order.key) }
    _ = parts.trading.note(order)
    if parts.configuration.mode != .validate { parts.doubts.remember(order.key, at: now.monotonic) }
  }

  /// `nil` for an order at its end.
  private static func phase(
    of stored: StoredOrder, _ parts: EngineParts, at now: Moment
  ) -> OrderLife.Phase? {
    let order = stored.order
    switch order.status {
    // Only live orders leave the machine, and none whose signal came too late.
    case .new
    where stored.mayHaveLeft && !stored.isRefused && parts.configuration.mode == .live
      && stored.signal.expiresAt > stored.signal.receivedAt:
      return .lookedFor(Search(resumed: .settling, at: now.monotonic), ifAbsent: .notFound)
    case .new:
      let verdict = stored.isRefused ? Denial(stored.signal.decision, stored.signal.message) : nil
      return CarefulStart.firstPhase(parts.trading, verdict: verdict, at: now.monotonic)
    // A placement that was armed when the daemon ended may have left: its outcome is unknown.
    case .submitted, .unknown:
      return .unknown(Search(resumed: .settling, at: now.monotonic))
    case .open, .partiallyFilled: return .working(Following(firstLookAt: now.monotonic))
    case .notFound,
      .rejected where order.isClosedAsNotPlaced:
      let since = now.monotonic(of: order.updatedAt)
      return .missing(Search(resumed: .watching(since: since), at: now.monotonic))
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated:
      return nil
    }
  }
}
