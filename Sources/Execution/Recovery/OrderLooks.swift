import Domain

/// Looks at orders, whatever asked for them. Those that fail: each kind is said, the order is looked
/// up again with a back-off, and one that an earlier run left pauses its own symbol at most.
enum OrderLooks {
  /// What a look that failed says of the order; `nil` where it is none of its business.
  static func judge(
    _ key: OrderKey, _ failure: ExchangeFailure, _ parts: inout EngineParts, at now: MonotonicTime
  ) -> LookFailure? {
    let readAt = parts.venue.clockReadAt
    return parts.orders.update(key) { life in
      life.looks.judge(failure, clockReadAt: readAt, at: now)
    } ?? nil
  }

  /// The same of an answer; `nil` unless it is the firewall's.
  static func blocked(
    _ key: OrderKey, _ answer: ExchangeAnswer, _ parts: inout EngineParts, at now: MonotonicTime
  ) -> LookFailure? {
    guard case .failed(let failure) = answer, case .blocked = failure else { return nil }
    return judge(key, failure, &parts, at: now)
  }

  /// The firewall lets looks at it pass.
  static func answered(_ key: OrderKey, _ parts: inout EngineParts) {
    guard parts.orders[key]?.looks.wasBlocked == true else { return }
    parts.orders.update(key) { $0.looks.endBlocks() }
  }

  static func failed(
    _ key: OrderKey, _ view: String, _ failure: LookFailure, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    let answers = parts.answers
    guard let news = parts.orders.update(key, { $0.looks.add(failure, answers, at: now) }) else {
      return
    }
    parts.reconciliation.failed(key)
    if news.isForTheHistory {
      parts.fold(
        .lookedUp(view: view, answer: "no answer: \(failure.reason)"), into: key, &reaction)
    }
    guard let life = parts.orders[key] else { return }
    if parts.reconciliation.pending.contains(key), life.looks.isHopeless(at: now) {
      return goOnWithout(life, life.looks.last ?? failure, &parts, &reaction)
    }
    guard news.isForTheJournal else { return }
    reaction.log(
      failure.isOfKey ? .error : .warning,
      "where the order stands cannot be read: \(failure.reason); looking again", life.order,
      [("advice", failure.advice)])
  }

  /// The exchange shows what cannot be: trading is halted until a person has looked, and the order is
  /// in doubt until what is shown fits it, or the operator's word ends that.
  static func disputed(
    _ key: OrderKey, _ view: String, _ failure: LookFailure, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let isNew = halt(for: key, failure, &parts, &reaction)
    // The operator has seen it, and closed the order.
    if !isNew, parts.orders[key]?.order.isClosedAsNotPlaced == true { return }
    failed(key, view, failure, &parts, &reaction)
  }

  /// Whether it was not halted for this before.
  @discardableResult
  static func halt(
    for key: OrderKey, _ failure: LookFailure, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) -> Bool {
    // What the operator closed it for is written with it, also by an earlier run.
    let wasSeen =
      parts.orders[key].map {
        $0.order.isClosedAsNotPlaced && $0.order.reason.contains(failure.reason)
      } ?? false
    let isNew = parts.orders.update(key) { $0.looks.isNewToHalt(failure.reason) } ?? true
    if wasSeen { return false }
    if isNew { parts.halt(failure.reason, &reaction) }
    return isNew
  }

  /// The exchange told where the order stands, or that it does not have it.
  static func succeeded(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    reconciled(key, &parts, &reaction)
    if parts.reconciliation.read(key) { parts.orders.update(key) { $0.looks.end() } }
  }

  /// Nothing has to wait for an order of an earlier run any more.
  static func reconciled(
    _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let symbol = parts.reconciliation.reconciled(key), let life = parts.orders[key],
      life.looks.last != nil
    else { return }
    reaction.log(
      .info, "where the order stands is known again; \(symbol) is not paused by it", life.order)
  }

  private static func goOnWithout(
    _ life: OrderLife, _ failure: LookFailure, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let keys = parts.reconciliation.pending.filter { parts.orders[$0]?.symbol == life.symbol }
    parts.reconciliation.goOnWithout(life.symbol, Array(keys))
    for key in keys { parts.orders.touch(key) }
    parts.pauseChanged(life.symbol)
    let pauses = parts.configuration.risk.pauseOnNotFound != .none
    let consequence =
      parts.trading.halt?.scope == .all
      ? "trading is halted"
      : pauses ? "\(life.symbol) is paused, other symbols trade" : "its symbol trades"
    reaction.log(
      failure.isOfKey ? .error : .warning,
      "an order of an earlier run cannot be reconciled: \(failure.reason); \(consequence), and it is "
        + "looked up again", life.order,
      [("advice", advice(on: life.order, after: failure))])
  }

  // MARK: The way out

  static func wayOut(of key: OrderKey) -> String {
    "Look at the order on the exchange's website, then 'mexc-signalctl resolve \(key.signal) "
      + "--placed ORDER_ID' if it is there, or '--not-placed' if it is not."
  }

  /// That it is there is not taken of one that was not sent, or was refused.
  private static func wayOut(of order: Order) -> String {
    switch order.status {
    case .new, .rejected:
      "Look at the order on the exchange's website, cancel it there by hand if it is there, then "
        + "'mexc-signalctl resolve \(order.key.signal) --not-placed'."
    case .submitted, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .expired,
      .unknown, .notFound, .denied, .validated:
      wayOut(of: order.key)
    }
  }

  /// The operator's word is taken only where the exchange answers.
  private static func wayOut(of order: Order, after failure: LookFailure) -> String {
    failure.isAnswer
      ? wayOut(of: order)
      : "Wait: the exchange is out of reach, and the order is looked up again by itself."
  }

  static func advice(on order: Order, after failure: LookFailure) -> String {
    let wayOut = wayOut(of: order, after: failure)
    guard failure.isAnswer else { return wayOut }
    return failure.advice + (failure.advice.hasSuffix(".") ? " " : ". ") + wayOut
  }

  // MARK: Pauses

  /// Throws: a denial while an earlier order of the symbol cannot be read, each pausing its symbol.
  static func checkReadable(_ symbol: Symbol, _ parts: EngineParts) throws(Denial) {
    let unreadable = parts.reconciliation.unreadable
    guard parts.configuration.risk.pauseOnNotFound != .none, !unreadable.isEmpty else { return }
    let keys = unreadable.filter { $0.value == symbol }.keys.sorted()
    guard let key = keys.first(where: { parts.orders[$0]?.looks.last != nil }) ?? keys.first
    else { return }
    let life = parts.orders[key]
    let last = life?.looks.last
    let advice = life.flatMap { life in last.map { wayOut(of: life.order, after: $0) } }
    throw Denial(
      .halted,
      "\(symbol) is paused: the order of signal \(key.signal) cannot be reconciled with the "
        + "exchange (\(last?.reason ?? "it is still looked up")). "
        + (advice ?? "Wait: it is looked up by itself."))
  }
}
