import Domain

/// Looks at orders that fail: each kind is said, the order is looked up again with a back-off, and
/// one that an earlier run left pauses its own symbol at most.
extension Engine {
  mutating func lookFailed(_ key: OrderKey, _ view: String, _ failure: LookFailure) {
    guard var live = orders[key] else { return }
    let news = live.looks.add(failure, at: now.monotonic)
    orders[key] = live
    failingLooks.insert(key)
    if news.isForTheHistory {
      apply(.lookedUp(view: view, answer: "no answer: \(failure.reason)"), to: key)
    }
    if gate.unreconciled.contains(key), live.looks.isHopeless(at: now.monotonic) {
      return goOnWithout(live, failure)
    }
    guard news.isForTheJournal else { return }
    log(
      failure.isKeyError ? .error : .warning,
      "where the order stands cannot be read: \(failure.reason); looking again", live.order,
      [("advice", failure.advice)])
  }

  /// The exchange told where the order stands, or that it does not have it.
  mutating func lookSucceeded(_ key: OrderKey) {
    reconciled(key)
    if failingLooks.remove(key) != nil { orders[key]?.looks.end() }
  }

  /// Nothing has to wait for an order of an earlier run any more.
  mutating func reconciled(_ key: OrderKey) {
    gate.unreconciled.remove(key)
    guard let symbol = gate.unreadable.removeValue(forKey: key), let live = orders[key],
      live.looks.last != nil
    else { return }
    log(.info, "where the order stands is known again; \(symbol) is not paused by it", live.order)
  }

  /// One order that cannot be read must not keep all others waiting. As it pauses its symbol, nobody
  /// has to wait for the symbol's other orders either.
  private mutating func goOnWithout(_ live: LiveOrder, _ failure: LookFailure) {
    for key in gate.unreconciled where orders[key]?.symbol == live.symbol {
      gate.unreadable[key] = live.symbol
    }
    gate.unreconciled.subtract(gate.unreadable.keys)
    let pauses = configuration.risk.pauseOnNotFound != .none
    log(
      failure.isKeyError ? .error : .warning,
      "an order of an earlier run cannot be reconciled: \(failure.reason); "
        + (pauses ? "\(live.symbol) is paused, other symbols trade, " : "its symbol trades, ")
        + "and it is looked up again", live.order,
      [("advice", "\(failure.advice) \(Self.wayOut(of: live.key))")])
  }

  static func wayOut(of key: OrderKey) -> String {
    "Look at the order on the exchange's website, then 'mexc-signalctl resolve \(key.signal) "
      + "--placed ORDER_ID' if it is there, or '--not-placed' if it is not."
  }

  /// Earlier orders that cannot be read, each with the pause that it makes.
  func checkUnreadable(_ symbol: Symbol) throws(Denial) {
    guard configuration.risk.pauseOnNotFound != .none, !gate.unreadable.isEmpty else { return }
    let keys = gate.unreadable.filter { $0.value == symbol }.keys.sorted()
    guard let key = keys.first(where: { orders[$0]?.looks.last != nil }) ?? keys.first
    else { return }
    let reason = orders[key]?.looks.last?.reason ?? "it is still looked up"
    throw Denial(
      .halted,
      "\(symbol) is paused: the order of signal \(key.signal) cannot be reconciled with the "
        + "exchange (\(reason)); \(Self.wayOut(of: key))")
  }
}
