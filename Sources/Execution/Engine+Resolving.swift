import Domain

/// The operator's word on an order in doubt: one that was not found, or one that the exchange cannot
/// be asked about.
extension Engine {
  /// `--placed`: verified at the exchange, and taken on trust only where it cannot be asked.
  mutating func verify(_ id: SignalID, _ orderID: String, _ token: CommandToken) {
    let key = OrderKey(signal: id)
    guard let order = orders[key]?.order,
      order.status == .notFound || order.status == .unknown || failingLooks.contains(key)
    else { return reply(token, ok: false, "signal \(id) has no order in doubt") }
    if let known = order.orderID, known != orderID, !order.confirmedByOperator {
      return reply(token, ok: false, "the order of signal \(id) is \(known), not \(orderID)")
    }
    queue.add(
      .order(order.ticket.symbol, .orderID(orderID)),
      for: .verify(key, orderID: orderID, token))
  }

  mutating func takeVerification(
    _ key: OrderKey, _ orderID: String, _ token: CommandToken, _ answer: ExchangeAnswer
  ) {
    guard let order = orders[key]?.order else {
      return reply(token, ok: false, "the order was settled meanwhile")
    }
    guard case .order(let report) = answer else {
      if let failure = LookFailure(answer), failure.isAnswer, mayTakeTheWord(on: key) {
        return confirm(key, orderID, token, failure.reason)
      }
      return reply(
        token, ok: false, "the exchange does not confirm order \(orderID): \(answer.failureText)")
    }
    if let conflict = order.conflict(with: report) {
      return reply(token, ok: false, "order \(orderID) \(conflict); it is not this signal's")
    }
    observe(key, report, "order by order id")
    if gate.unreadable[key] != nil, let reason = orders[key]?.looks.last?.reason {
      return confirm(key, orderID, token, reason)
    }
    reply(token, ok: true, "order \(orderID) is confirmed; it is followed from now on")
  }

  /// The exchange answers, and not with where the order stands.
  private func mayTakeTheWord(on key: OrderKey) -> Bool {
    guard let live = orders[key], let last = live.looks.last,
      live.order.status.isWorking || live.order.status == .unknown
    else { return false }
    return last.isAnswer && live.looks.isHopeless(at: now.monotonic)
  }

  private mutating func confirm(
    _ key: OrderKey, _ orderID: String, _ token: CommandToken, _ reason: String
  ) {
    guard apply(.confirmedByOperator(orderID: orderID), to: key), let order = orders[key]?.order
    else { return reply(token, ok: false, "the order was settled meanwhile") }
    orders[key]?.search = nil
    orders[key]?.poll.restart(at: now.monotonic)
    reconciled(key)
    log(
      .warning, "the operator says that the order is at the exchange, which cannot be asked", order,
      [("order_id", orderID), ("reason", reason)])
    reply(
      token, ok: true,
      "order \(orderID) is taken on your word, as the exchange cannot be asked (\(reason)): "
        + "\(order.ticket.symbol) is not paused by it, and it is looked up until it can be read")
  }

  /// `--not-placed`: the exchange does not have it, or has it no more.
  mutating func closeNotPlaced(_ id: SignalID, _ token: CommandToken) {
    let key = OrderKey(signal: id)
    guard let order = orders[key]?.order else {
      return reply(token, ok: false, "signal \(id) has no order in doubt")
    }
    switch order.status {
    case .notFound: closeMissing(key, "the operator says that it was never placed", token)
    case .unknown where mayTakeTheWord(on: key):
      let message = "the operator says that it was never placed" + unasked(key)
      write(.updateDecision(id, .notFound, message, at: now.wall))
      closeMissing(key, message, token)
      orders[key]?.search?.phase = .watching(since: now.monotonic)
    case .open, .partiallyFilled:
      guard mayTakeTheWord(on: key) else {
        return reply(
          token, ok: false,
          "the exchange has the order of signal \(id) and can be asked about it; 'cancel' it")
      }
      closeWorking(key, token)
    case .new, .submitted, .unknown, .filled, .canceled, .partiallyCanceled, .rejected, .expired,
      .denied, .validated:
      reply(
        token, ok: false,
        "signal \(id) has no order that counts as not found, or that the exchange cannot be asked "
          + "about")
    }
  }

  private func unasked(_ key: OrderKey) -> String {
    orders[key]?.looks.last.map { "; the exchange could not be asked (\($0.reason))" } ?? ""
  }

  private mutating func closeMissing(_ key: OrderKey, _ message: String, _ token: CommandToken) {
    guard apply(.closedByOperator(message), to: key), let order = orders[key]?.order else { return }
    log(.warning, "closed by the operator as never placed", order)
    reconciled(key)
    guard orders[key]?.search != nil else {
      settle(key, .notFound, order.reason)
      return reply(token, ok: true, "closed: the pause is lifted")
    }
    orders[key]?.isClosed = true
    effects.append(
      .settled(
        Outcome(
          signalID: key.signal, code: .notFound,
          message: "\(order.reason); it is watched for until seven days have passed",
          order: order)))
    reply(
      token, ok: true,
      "closed: the pause is lifted; should the order appear after all, it counts and an alarm is "
        + "raised")
  }

  /// An order that the exchange had ends as cancelled, with what was read of it. The limits go on
  /// counting it.
  private mutating func closeWorking(_ key: OrderKey, _ token: CommandToken) {
    let message = "the operator says that the exchange has it no more" + unasked(key)
    guard apply(.closedByOperator(message), to: key), let order = orders[key]?.order else { return }
    log(
      .warning, "closed by the operator as no longer at the exchange; it is not looked up any more",
      order, [("executed", order.executedQuantity.description)])
    settle(key, .accepted, message)
    reply(
      token, ok: true,
      "closed as \(order.status.rawValue), with \(order.executedQuantity) executed when it was last "
        + "read: \(order.ticket.symbol) is not paused by it, and it is not looked up any more")
  }
}
