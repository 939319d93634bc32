import Domain

/// Everything that is not as it should be: the one place that decides it. What it costs grows with
/// the number of troubles and of configured symbols, so it is for whoever asks, not for every turn.
struct Troubles {
  private let parts: EngineParts
  private let now: Moment

  init(_ parts: EngineParts, at now: Moment) {
    self.parts = parts
    self.now = now
  }

  /// The most serious first.
  var list: [Trouble] {
    let orders = parts.orders
    var list = [halt].compactMap(\.self)
    list += parts.key.troubles(parts.configuration)
    list += parts.isTradingOpen ? [] : waits
    list += [keptPairs, backOff, carefulStart].compactMap(\.self)
    list += [parts.venue.clockOffset.trouble, keptClock].compactMap(\.self)
    list += Breakers.Kind.allCases.compactMap { breaker($0) }
    list += parts.watch.troubles
    list += orders.keys(.missing).compactMap { missing($0) }
    list += parts.reconciliation.unreadable.keys.sorted().compactMap { unreconciled($0) }
    list += parts.reconciliation.failing.sorted().compactMap { failing($0) }
    list += orders.keys(.unknown).compactMap { unknown($0) }
    list += orders.standingCancels.map { standing($0.order, $0.cause) }
    list += (parts.configuration.risk.symbols ?? []).compactMap { symbol($0) }
    return list
  }

  // MARK: The daemon

  private var halt: Trouble? {
    parts.trading.halt.map { halt in
      Trouble(
        subject: .daemon,
        message: "\(halt.scope.words) since \(halt.since.text): \(halt.reason)",
        advice: "when the cause is gone, 'mexc-signalctl resume'")
    }
  }

  private var backOff: Trouble? {
    guard let backOff = parts.scheduler.backOff, let end = parts.scheduler.limiter.backOffUntil
    else { return nil }
    let until = now.wall.advanced(by: end.since(now.monotonic)).text
    return Trouble(
      subject: .daemon,
      message: backOff.isBan
        ? "the exchange banned this address; nothing is sent before \(until) (\(backOff.reason))"
        : "the exchange demands a back-off; nothing is sent before \(until) (\(backOff.reason))",
      advice: backOff.advice)
  }

  private func breaker(_ kind: Breakers.Kind) -> Trouble? {
    let breaker = parts.scheduler.breakers[kind]
    guard let end = breaker.openUntil else { return nil }
    let next: String
    if breaker.isProbing {
      next = "the others wait, and one tries now"
    } else if end > now.monotonic {
      let until = now.wall.advanced(by: end.since(now.monotonic)).text
      next = "the others wait, and one tries at \(until)"
    } else if hasWaiting(kind) {
      next = "the next one tries"
    } else {
      return nil
    }
    return Trouble(
      subject: .daemon,
      message: "\(breaker.failures) \(kind.words) in a row failed (\(breaker.reason)); \(next)",
      advice: Breakers.Kind.advice)
  }

  private func hasWaiting(_ kind: Breakers.Kind) -> Bool {
    switch kind {
    case .placements: parts.orders.leavingCount > 0
    // One that is to be cancelled again in a while is in no queue.
    case .cancels:
      parts.orders.keys(.working).contains { parts.orders[$0]?.order.cancelRequested == true }
    }
  }

  private var carefulStart: Trouble? {
    parts.trading.careful.map { careful in
      Trouble(
        subject: .daemon,
        message: "careful start since \(careful.since.text): every signal is looked for at the "
          + "exchange before its order may leave (\(careful.reason))",
        advice: "compare the orders with the exchange's own list, then 'mexc-signalctl resume'")
    }
  }

  /// What keeps orders from leaving before the start gate opens.
  private var waits: [Trouble] {
    let venue = parts.venue
    var list: [Trouble] = []
    if !venue.clockNeed.isMet || venue.clock == nil {
      list.append(
        wait("the exchange's clock is not known", venue.clockNeed) { $0 == .clock })
    }
    if !venue.instrumentsNeed.isMet {
      list.append(
        wait("the symbols' rules are not known", venue.instrumentsNeed) { purpose in
          if case .instruments = purpose { true } else { false }
        })
    }
    if !venue.pairsNeed.isMet {
      list.append(
        wait("the pairs that the API key may trade are not known", venue.pairsNeed) {
          $0 == .tradableSymbols
        })
    }
    if !parts.key.isJudged {
      // A failure that is known is of the former key.
      list.append(
        wait(
          "what the API key may do is not known",
          advice: "wait: it goes on by itself, also without an answer"
        ) { $0 == .keyInformation })
    }
    let pending = parts.reconciliation.pending
    if let first = pending.min(), let life = parts.orders[first] {
      let reason = life.looks.last?.reason
      list.append(
        Trouble(
          subject: .daemon,
          message: "no order leaves yet: \(pending.count) orders of an earlier run are still "
            + "looked up, first that of signal \(first.signal)"
            + (reason.map { " (\($0))" } ?? ""),
          advice: life.looks.last?.advice ?? "wait: they are looked up as fast as the limits allow")
      )
    }
    return list
  }

  /// Orders go on with the pairs that were read before, and the exchange refuses them all.
  private var keptPairs: Trouble? {
    let need = parts.venue.pairsNeed
    guard need.isMet, let failure = need.lastFailure, failure.isOfKey else { return nil }
    return Trouble(
      subject: .daemon,
      message: "the pairs that the API key may trade cannot be read again (\(failure.reason))",
      advice: failure.advice)
  }

  /// A moment in which the exchange cannot be asked is no news, and a back-off is told by itself.
  private var keptClock: Trouble? {
    let need = parts.venue.clockNeed
    guard parts.scheduler.backOff == nil, need.isMet, let failure = need.lastFailure,
      need.hasFailed(for: .seconds(10), at: now.monotonic)
    else { return nil }
    return Trouble(
      subject: .daemon,
      message: "the exchange's clock cannot be read again (\(failure.reason)); orders go on with "
        + "the last reading",
      advice: failure.advice)
  }

  private func wait(
    _ what: String, _ need: Need, _ isItsRequest: (Purpose) -> Bool
  ) -> Trouble {
    guard let failure = need.lastFailure else {
      return wait(what, advice: "wait: it goes on by itself", isItsRequest)
    }
    return Trouble(
      subject: .daemon, message: "no order leaves yet: \(what) (\(failure.reason))",
      advice: failure.advice)
  }

  /// For an answer that nothing but time keeps away; a back-off is told by itself.
  private func wait(
    _ what: String, advice: String, _ isItsRequest: (Purpose) -> Bool
  ) -> Trouble {
    var message = "no order leaves yet: \(what)"
    if let turn = parts.scheduler.turnWithinLimits(where: isItsRequest, at: now.monotonic) {
      let until = now.wall.advanced(by: turn.since(now.monotonic)).text
      message +=
        ", and what this or an earlier run has used of the rate limits counts until \(until)"
    } else if parts.scheduler.backOff == nil {
      message += "; the exchange is being asked"
    }
    return Trouble(subject: .daemon, message: message, advice: advice)
  }

  // MARK: Orders

  private func missing(_ key: OrderKey) -> Trouble? {
    guard let order = parts.orders[key]?.order, !order.isClosedAsNotPlaced else { return nil }
    let paused =
      switch parts.configuration.risk.pauseOnNotFound {
      case .symbol: "; \(order.request.symbol) is paused"
      case .all: "; all trading is paused"
      case .none: ""
      }
    return Trouble(
      subject: order.subject,
      message: "the order of signal \(key.signal) was sent, or may have been, and is not to be "
        + "found at the exchange" + paused,
      advice: OrderLooks.wayOut(of: key))
  }

  private func unreconciled(_ key: OrderKey) -> Trouble? {
    guard let life = parts.orders[key], let failure = life.looks.last else { return nil }
    let pauses = parts.configuration.risk.pauseOnNotFound != .none
    return Trouble(
      subject: life.order.subject,
      message: "the order of signal \(key.signal) cannot be reconciled with the exchange "
        + "(\(failure.reason))" + (pauses ? "; \(life.symbol) is paused" : ""),
      advice: OrderLooks.advice(on: life.order, after: failure))
  }

  private func failing(_ key: OrderKey) -> Trouble? {
    guard parts.reconciliation.unreadable[key] == nil, let life = parts.orders[key],
      let last = life.looks.last, life.looks.areWorthALine
    else { return nil }
    // What everybody waits for is told with that.
    if parts.reconciliation.pending.contains(key), !life.looks.isHopeless(at: now.monotonic) {
      return nil
    }
    return Trouble(
      subject: life.order.subject,
      message: "where the order of signal \(key.signal) stands cannot be read (\(last.reason)); it "
        + "is looked up again",
      advice: last.isLasting ? OrderLooks.advice(on: life.order, after: last) : last.advice)
  }

  private func unknown(_ key: OrderKey) -> Trouble? {
    guard let order = parts.orders[key]?.order, order.status == .unknown else { return nil }
    return Trouble(
      subject: order.subject,
      message: "whether the order of signal \(key.signal) was placed is not known yet; it is "
        + "looked up, and never sent again (\(order.reason))",
      advice: "wait: it is found, or declared not found after the receive window and the settle "
        + "time")
  }

  private func standing(_ order: Order, _ cause: FruitlessCancels.Cause) -> Trouble {
    Trouble(
      subject: order.subject,
      message: "the order of signal \(order.key.signal) is to be cancelled and still stands "
        + "(\(cause.reason)); the cancel is asked for again at most once a minute",
      advice: cause.advice)
  }

  // MARK: Symbols

  private func symbol(_ symbol: Symbol) -> Trouble? {
    guard let known = parts.venue.instruments[symbol] else { return nil }
    func trouble(_ message: String, _ advice: String) -> Trouble {
      Trouble(
        subject: .symbol(symbol), message: "\(message); signals for it are refused",
        advice: advice)
    }
    let rules: Instrument
    switch known {
    case .listed(let instrument): rules = instrument
    case .unreadable(let reason):
      return trouble(
        "the exchange's rules for \(symbol) cannot be read: \(reason)",
        "nothing at first: they are read again; take it off risk.symbols if it stays")
    case .notListed:
      return trouble(
        "the exchange does not list \(symbol)", "check its spelling, or take it off risk.symbols")
    }
    if let tradable = parts.venue.tradableSymbols, !tradable.contains(symbol) {
      return trouble(
        "the API key may not trade \(symbol)",
        "add the pair to the key's list on the exchange's website, or take it off risk.symbols")
    }
    let advice = "wait until the exchange opens it, or take it off risk.symbols"
    guard rules.isTradable else {
      return trouble("\(symbol) is not open to trading over the API now", advice)
    }
    return rules.sides == .none
      ? trouble("the exchange takes neither buys nor sells of \(symbol) now", advice) : nil
  }
}

extension Order {
  fileprivate var subject: Trouble.Subject {
    .order(key, request.clientOrderID, request.symbol)
  }
}
