import Domain

/// The operator's hand.
extension Engine {
  mutating func perform(_ command: OperatorCommand, _ token: CommandToken) {
    switch command {
    case .halt(let reason, let cancel):
      stopTrading(reason)
      let count = cancel ? cancelEverything(by: "halt") : 0
      let also = cancel ? "; \(count) orders are being cancelled" : ""
      reply(token, ok: true, "halted: no new order until 'resume'" + also)
    case .resume: resume(token)
    case .cancel(let id): cancel(id, token)
    case .cancelAll:
      let count = cancelEverything(by: "operator")
      reply(token, ok: true, "\(count) orders are being cancelled")
    case .resolvePlaced(let id, let orderID): verify(id, orderID, token)
    case .resolveNotPlaced(let id): closeNotPlaced(id, token)
    }
  }

  mutating func reply(_ token: CommandToken, ok: Bool, _ message: String) {
    effects.append(.answerCommand(token, CommandAnswer(ok: ok, message: message)))
  }

  /// Durable: only the operator's `resume` ends it.
  mutating func stopTrading(_ reason: String) {
    if halt?.reason == reason { return }
    let record = HaltRecord(reason: reason, since: now.wall)
    halt = record
    write(.setHalt(record))
    self.record("halted", ["reason": .string(reason)], on: .daemon)
    log(
      .error, "trading is halted: \(reason)",
      [("advice", "when the cause is gone, 'mexc-signalctl resume'")])
  }

  private mutating func resume(_ token: CommandToken) {
    guard halt != nil else {
      if careful != nil { return endCaution(token) }
      return reply(token, ok: true, "trading was not halted")
    }
    halt = nil
    write(.setHalt(nil))
    record("resumed", [:], on: .daemon)
    log(.info, "trading is resumed by the operator")
    reply(
      token, ok: true,
      careful == nil ? "resumed" : "resumed; the careful start goes on until one more 'resume'")
  }

  private mutating func cancelEverything(by whom: String) -> Int {
    var count = 0
    for live in orders.all
    where !live.order.cancelRequested && live.order.status != .notFound {
      if apply(.cancelRequested(by: whom), to: live.key) { count += 1 }
    }
    return count
  }

  private mutating func cancel(_ id: SignalID, _ token: CommandToken) {
    let key = OrderKey(signal: id)
    guard let order = orders[key]?.order else {
      return reply(token, ok: false, "signal \(id) has no order that could be cancelled")
    }
    switch order.status {
    case .notFound:
      reply(token, ok: false, "the order was never seen; 'resolve' it instead")
    case .new, .submitted, .open, .partiallyFilled, .unknown:
      if !order.cancelRequested { apply(.cancelRequested(by: "operator"), to: key) }
      let when = order.status.isInFlight ? "as soon as it is found at the exchange" : "now"
      reply(token, ok: true, "the order of signal \(id) is being cancelled \(when)")
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated:
      reply(token, ok: false, "the order of signal \(id) is \(order.status.rawValue)")
    }
  }

  // MARK: Resolving an order that was not found

  private mutating func verify(_ id: SignalID, _ orderID: String, _ token: CommandToken) {
    let key = OrderKey(signal: id)
    guard let order = orders[key]?.order, order.status == .notFound || order.status == .unknown
    else { return reply(token, ok: false, "signal \(id) has no order that is looked for") }
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
      return reply(
        token, ok: false, "the exchange does not confirm order \(orderID): \(answer.failureText)")
    }
    if let conflict = order.conflict(with: report) {
      return reply(token, ok: false, "order \(orderID) \(conflict); it is not this signal's")
    }
    observe(key, report)
    reply(token, ok: true, "order \(orderID) is confirmed; it is followed from now on")
  }

  private mutating func closeNotPlaced(_ id: SignalID, _ token: CommandToken) {
    let key = OrderKey(signal: id)
    guard let order = orders[key]?.order, order.status == .notFound else {
      return reply(token, ok: false, "signal \(id) has no order that counts as not found")
    }
    apply(.closedByOperator("the operator says that it was never placed"), to: key)
    log(.warning, "closed by the operator as never placed", order)
    guard orders[key]?.search != nil else {
      settle(key, .notFound, order.reason)
      return reply(token, ok: true, "closed: the pause is lifted")
    }
    reply(
      token, ok: true,
      "closed: the pause is lifted; should the order appear after all, it counts and an alarm is "
        + "raised")
  }
}
