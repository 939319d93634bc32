import Domain

/// Orders whose state is still to be read from the exchange, or cannot be.
struct Reconciliation: Sendable {
  /// Orders of an earlier run that nothing was read of yet: no order leaves before they are.
  private(set) var pending: Set<OrderKey> = []
  /// Orders of an earlier run that are not waited for, as their state or that of another of their
  /// symbol cannot be read: each pauses its own symbol only, until it is read.
  private(set) var unreadable: [OrderKey: Symbol] = [:]
  /// Orders whose last look did not tell where they stand.
  private(set) var failing: Set<OrderKey> = []
  /// Lists that could not be used, by symbol.
  private var failedLists: [Symbol: FailedList] = [:]

  mutating func expect(_ key: OrderKey) { pending.insert(key) }

  mutating func failed(_ key: OrderKey) { failing.insert(key) }

  /// Whether its last look had failed.
  mutating func read(_ key: OrderKey) -> Bool { failing.remove(key) != nil }

  /// Nothing has to wait for an order of an earlier run any more; the symbol that it had paused.
  mutating func reconciled(_ key: OrderKey) -> Symbol? {
    pending.remove(key)
    return unreadable.removeValue(forKey: key)
  }

  /// One order that cannot be read must not keep all others waiting. As it pauses its symbol, nobody
  /// has to wait for the symbol's other orders either.
  mutating func goOnWithout(_ symbol: Symbol, _ keys: [OrderKey]) {
    for key in keys { unreadable[key] = symbol }
    pending.subtract(keys)
  }

  mutating func forget(_ key: OrderKey) {
    pending.remove(key)
    unreadable[key] = nil
    failing.remove(key)
  }

  // MARK: Lists

  func mayUseList(of symbol: Symbol, at now: MonotonicTime) -> Bool {
    failedLists[symbol].map { $0.until <= now } ?? true
  }

  /// The symbols whose lists are not asked for, and until when.
  func unusableLists(at now: MonotonicTime) -> [(symbol: Symbol, until: MonotonicTime)] {
    failedLists.filter { $0.value.until > now }.map { ($0.key, $0.value.until) }
      .sorted { $0.symbol < $1.symbol }
  }

  mutating func listWasRead(_ symbol: Symbol) { failedLists[symbol] = nil }

  mutating func listFailed(_ symbol: Symbol, isBlocked: Bool = false, at now: MonotonicTime) {
    failedLists[symbol, default: FailedList()].failed(isBlocked: isBlocked, at: now)
  }
}
