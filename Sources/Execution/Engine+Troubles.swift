package import Domain

/// Everything that is not as it should be: the one place that decides it. What it costs grows with
/// the number of troubles and of configured symbols, so it is for whoever asks, not for every turn.
extension Engine {
  /// The most serious first.
  package func troubles(at now: Moment) -> [Trouble] {
    var list = [haltTrouble].compactMap(\.self)
    list += isTradingOpen ? [] : waits(at: now)
    list += [backOffTrouble(at: now), carefulTrouble].compactMap(\.self)
    list += orders.keys(.missing).compactMap { missingTrouble($0) }
    list += gate.unreadable.keys.sorted().compactMap { unreconciledTrouble($0) }
    list += failingLooks.sorted().compactMap { failingTrouble($0, at: now) }
    list += orders.keys(.sought).compactMap { unknownTrouble($0) }
    list += (configuration.risk.symbols ?? []).compactMap { symbolTrouble($0) }
    return list
  }

  // MARK: The daemon

  private var haltTrouble: Trouble? {
    halt.map { halt in
      Trouble(
        subject: .daemon, message: "trading is halted since \(halt.since.text): \(halt.reason)",
        advice: "when the cause is gone, 'mexc-signalctl resume'")
    }
  }

  private func backOffTrouble(at now: Moment) -> Trouble? {
    guard let ban, let end = limiter.silentUntil else { return nil }
    let until = now.wall.advanced(by: end.since(now.monotonic)).text
    return Trouble(
      subject: .daemon,
      message: ban.isBan
        ? "the exchange banned this address; nothing is sent before \(until) (\(ban.reason))"
        : "the exchange demands a back-off; nothing is sent before \(until) (\(ban.reason))",
      advice: "look for other programs that use the exchange from this address")
  }

  private var carefulTrouble: Trouble? {
    careful.map { careful in
      Trouble(
        subject: .daemon,
        message: "careful start since \(careful.since.text): every signal is looked for at the "
          + "exchange before its order may leave (\(careful.reason))",
        advice: "compare the orders with the exchange's own list, then 'mexc-signalctl resume'")
    }
  }

  /// What keeps orders from leaving before the start gate opens.
  private func waits(at now: Moment) -> [Trouble] {
    var list: [Trouble] = []
    if !gate.clock.isMet || clock == nil {
      list.append(wait("the exchange's clock is not known", gate.clock, .clock, at: now))
    }
    if !gate.instruments.isMet {
      list.append(wait("the symbols' rules are not known", gate.instruments, nil, at: now))
    }
    if !gate.tradableSymbols.isMet {
      list.append(
        wait(
          "the pairs that the API key may trade are not known", gate.tradableSymbols,
          .tradableSymbols, at: now))
    }
    if let first = gate.unreconciled.min(), let live = orders[first] {
      let reason = live.looks.last?.reason
      list.append(
        Trouble(
          subject: .daemon,
          message: "no order leaves yet: \(gate.unreconciled.count) orders of an earlier run are "
            + "still looked up, first that of signal \(first.signal)"
            + (reason.map { " (\($0))" } ?? ""),
          advice: live.looks.last?.advice ?? "wait: they are looked up as fast as the limits allow")
      )
    }
    return list
  }

  private func wait(
    _ what: String, _ need: StartGate.Need, _ purpose: Purpose?, at now: Moment
  ) -> Trouble {
    let prefix = "no order leaves yet: \(what)"
    if let failure = need.lastFailure {
      return Trouble(
        subject: .daemon, message: "\(prefix) (\(failure.reason))", advice: failure.advice)
    }
    if let until = turn(of: purpose, at: now) {
      return Trouble(
        subject: .daemon,
        message: "\(prefix), and what this or an earlier run has used of the rate limits counts "
          + "until \(until.text)",
        advice: "wait: it goes on by itself")
    }
    return Trouble(
      subject: .daemon, message: "\(prefix); the exchange is being asked",
      advice: "wait: it goes on by itself")
  }

  /// When the rate limits let a request go that waits; `nil` when none does.
  private func turn(of purpose: Purpose?, at now: Moment) -> WallTime? {
    let item = queue.items.first { item in
      if let purpose { return item.purpose == purpose }
      if case .instruments = item.purpose { return true }
      return false
    }
    guard let item else { return nil }
    var limiter = limiter
    let turn = limiter.admission(
      of: configuration.cost(item.request), in: item.purpose.group, at: now.monotonic)
    return turn > now.monotonic ? now.wall.advanced(by: turn.since(now.monotonic)) : nil
  }

  // MARK: Orders

  private func missingTrouble(_ key: OrderKey) -> Trouble? {
    guard let order = orders[key]?.order, !order.closedByOperator else { return nil }
    let paused =
      switch configuration.risk.pauseOnNotFound {
      case .symbol: "; \(order.ticket.symbol) is paused"
      case .all: "; all trading is paused"
      case .none: ""
      }
    return Trouble(
      subject: order.subject,
      message: "the order of signal \(key.signal) was sent and is not to be found at the exchange"
        + paused,
      advice: Self.wayOut(of: key))
  }

  private func unreconciledTrouble(_ key: OrderKey) -> Trouble? {
    guard let live = orders[key], let failure = live.looks.last else { return nil }
    let paused = configuration.risk.pauseOnNotFound == .none ? "" : "; \(live.symbol) is paused"
    return Trouble(
      subject: live.order.subject,
      message: "the order of signal \(key.signal) cannot be reconciled with the exchange "
        + "(\(failure.reason))" + paused, advice: "\(failure.advice) \(Self.wayOut(of: key))")
  }

  private func failingTrouble(_ key: OrderKey, at now: Moment) -> Trouble? {
    guard gate.unreadable[key] == nil, let live = orders[key], let last = live.looks.last,
      live.looks.isHopeless(at: now.monotonic)
    else { return nil }
    return Trouble(
      subject: live.order.subject,
      message: "where the order of signal \(key.signal) stands cannot be read (\(last.reason)); it "
        + "is looked up again", advice: last.advice)
  }

  private func unknownTrouble(_ key: OrderKey) -> Trouble? {
    guard let order = orders[key]?.order, order.status == .unknown else { return nil }
    return Trouble(
      subject: order.subject,
      message: "whether the order of signal \(key.signal) was placed is not known yet; it is "
        + "looked up, and never sent again (\(order.reason))",
      advice: "wait: it is found, or declared not found after the receive window and the settle "
        + "time")
  }

  // MARK: Symbols

  private func symbolTrouble(_ symbol: Symbol) -> Trouble? {
    guard let known = instruments[symbol] else { return nil }
    func trouble(_ message: String, _ advice: String) -> Trouble {
      Trouble(
        subject: .symbol(symbol), message: "\(message); signals for it are refused",
        advice: advice)
    }
    let rules: Instrument
    switch known {
    case .listed(let instrument): rules = instrument
    case .unreadable(let reason, _):
      return trouble(
        "the exchange's rules for \(symbol) cannot be read: \(reason)",
        "nothing at first: they are read again; take it off risk.symbols if it stays")
    case .notListed:
      return trouble(
        "the exchange does not list \(symbol)", "check its spelling, or take it off risk.symbols")
    }
    if let tradableSymbols, !tradableSymbols.contains(symbol) {
      return trouble(
        "the API key may not trade \(symbol)",
        "add the pair to the key's list on the exchange's website, or take it off risk.symbols")
    }
    return rules.isTradable
      ? nil
      : trouble(
        "\(symbol) is not open to trading over the API now",
        "wait until the exchange opens it, or take it off risk.symbols")
  }
}

extension Order {
  fileprivate var subject: Trouble.Subject {
    .order(key, ticket.clientOrderID, ticket.symbol)
  }
}
