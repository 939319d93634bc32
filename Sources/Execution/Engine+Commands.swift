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
      reply(
        token, ok: true, "the order of signal \(id) is being cancelled \(when)" + doubt(about: key))
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated:
      reply(token, ok: false, "the order of signal \(id) is \(order.status.rawValue)")
    }
  }

  /// What a cancel of an order that cannot be read comes to.
  private func doubt(about key: OrderKey) -> String {
    guard failingLooks.contains(key), let reason = orders[key]?.looks.last?.reason else {
      return ""
    }
    return "; where it stands cannot be read (\(reason)), so that it shows as cancelled only when "
      + "the exchange tells it: look there, and 'mexc-signalctl resolve \(key.signal) --not-placed' "
      + "once it is gone"
  }
}
