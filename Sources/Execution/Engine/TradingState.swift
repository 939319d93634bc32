import Domain
import JSON

/// Whether orders may leave, as far as people and past orders decide it: the halt, the careful start,
/// the symbols that are paused, the end of the daemon.
struct TradingState: Sendable {
  private(set) var halt: HaltRecord?
  /// Set while the database is known to be older than what was sent from here.
  private(set) var careful: CarefulRecord?
  /// It is over, and the database still has it.
  private var isCarefulOnRecord = false
  /// From when on a "no" of every view is proof that no earlier run has sent an order.
  let earlierRunsAreVisible: MonotonicTime
  /// No order leaves any more; what is under way is finished.
  private(set) var isStopping = false
  /// Orders that were not found and that no operator has closed, by symbol, oldest first.
  private var missing: [Symbol: [OrderKey]] = [:]
  private var wasOpen = false

  /// `settling` is how long an order that left right before `now` may stay invisible.
  init(_ state: StoredState, settling: Duration, at now: MonotonicTime) {
    halt = state.halt
    careful = state.careful
    // An order that left right before this start was stamped then.
    earlierRunsAreVisible = now.advanced(by: settling)
  }

  mutating func stop() { isStopping = true }

  /// Whether the start gate has opened or closed since the last call.
  mutating func note(isOpen: Bool) -> Bool {
    defer { wasOpen = isOpen }
    return isOpen != wasOpen
  }

  // MARK: The halt

  /// Whether a halt of everything holds already: one of buys alone would loosen it.
  func isHaltedBeyond(_ scope: HaltScope) -> Bool { halt?.scope == .all && scope == .buys }

  /// Durable: only the operator's `resume` ends it. Whether anything has changed.
  mutating func halt(
    _ reason: String, of scope: HaltScope, _ reaction: inout Reaction
  ) -> Bool {
    if halt?.reason == reason, halt?.scope == scope { return false }
    if isHaltedBeyond(scope) { return false }
    let record = HaltRecord(reason: reason, since: reaction.now.wall, scope: scope)
    halt = record
    reaction.write(.setHalt(record))
    reaction.record(
      HistoryEvent.haltedKind,
      ["reason": .string(reason), "scope": .string(scope.rawValue)], on: .daemon)
    reaction.log(
      .error, "\(scope.words): \(reason)",
      [("advice", "when the cause is gone, 'mexc-signalctl resume'")], kind: .tradingHalted)
    return true
  }

  mutating func resume(_ reaction: inout Reaction) {
    halt = nil
    reaction.write(.setHalt(nil))
    reaction.record(HistoryEvent.resumedKind, [:], on: .daemon)
    reaction.log(.info, "trading is resumed by the operator", kind: .tradingResumed)
  }

  /// For signals that come from now on.
  mutating func endCarefulStart(_ reaction: inout Reaction) {
    careful = nil
    isCarefulOnRecord = true
    reaction.record("careful_start_ended", [:], on: .daemon)
  }

  /// Only when those that came before were looked for: a start in between is a careful one again.
  mutating func forgetCarefulStart(_ reaction: inout Reaction) {
    guard isCarefulOnRecord else { return }
    isCarefulOnRecord = false
    reaction.write(.setCareful(nil))
  }

  // MARK: Paused symbols

  /// Takes note of where an order stands. Whether a symbol is paused by it from now on.
  mutating func note(_ order: Order) -> Bool {
    let symbol = order.request.symbol
    let pauses = order.status == .notFound && !order.closedByOperator
    let isKnown = missing[symbol]?.contains(order.key) ?? false
    if pauses && !isKnown {
      missing[symbol, default: []].append(order.key)
      return true
    }
    if !pauses && isKnown { forget(order.key, of: symbol) }
    return false
  }

  mutating func forget(_ key: OrderKey, of symbol: Symbol) {
    missing[symbol]?.removeAll { $0 == key }
    if missing[symbol]?.isEmpty == true { missing[symbol] = nil }
  }

  /// Throws: a denial while no order of this side may leave.
  func checkHalt(_ side: Side) throws(Denial) {
    guard let halt, halt.scope.holdsBack(side) else { return }
    throw Denial(
      .halted,
      "\(halt.scope.words): \(halt.reason); 'mexc-signalctl resume' resumes it")
  }

  /// Throws: a denial while no order of the symbol may leave.
  func checkPause(
    _ symbol: Symbol, _ scope: PauseScope
  ) throws(Denial) {
    let paused: Symbol? =
      switch scope {
      case .none: nil
      case .symbol: symbol
      case .all: missing.keys.min()
      }
    guard let paused, let key = missing[paused]?.first else { return }
    let (what, order) =
      scope == .all
      ? ("all trading", "the order of signal \(key.signal) in \(paused)")
      : (paused.text, "the order of signal \(key.signal)")
    throw Denial(
      .halted,
      "\(what) is paused: \(order) was sent, or may have been, and is not to be found at the "
        + "exchange. \(OrderLooks.wayOut(of: key))")
  }
}
