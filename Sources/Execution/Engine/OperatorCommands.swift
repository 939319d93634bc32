import Domain

/// The operator's hand.
enum OperatorCommands {
  static func perform(
    _ command: OperatorCommand, _ token: CommandToken, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    switch command {
    case .halt(let reason, let cancel, let scope):
      halt(reason, scope, cancels: cancel, token, &parts, &reaction)
    case .resume: resume(token, &parts, &reaction)
    case .endCarefulStart: endCarefulStart(token, &parts, &reaction)
    case .cancel(let id): cancel(id, token, &parts, &reaction)
    case .cancelAll:
      reaction.reply(token, ok: true, cancelEverything(by: "operator", &parts, &reaction))
    case .resolvePlaced(let id, let orderID):
      OrderResolution.verify(id, orderID, token, &parts, &reaction)
    case .resolveNotPlaced(let id):
      OrderResolution.closeNotPlaced(id, token, &parts, &reaction)
    }
  }

  private static func halt(
    _ reason: String, _ scope: HaltScope, cancels: Bool, _ token: CommandToken,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    if parts.trading.isHaltedBeyond(scope) {
      return reaction.reply(
        token, ok: false, "trading is halted for sells too; 'resume' first, if they may leave")
    }
    parts.halt(reason, of: scope, &reaction)
    let also = cancels ? "; " + cancelEverything(by: "halt", &parts, &reaction) : ""
    let what =
      switch scope {
      case .all: "halted: no new order until 'resume'"
      case .buys: "reducing: no new order but sells until 'resume'"
      }
    reaction.reply(token, ok: true, what + also)
  }

  private static func resume(
    _ token: CommandToken, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard parts.trading.halt != nil else {
      if parts.trading.careful != nil { return CarefulStart.end(token, &parts, &reaction) }
      return reaction.reply(token, ok: true, "trading was not halted")
    }
    parts.trading.resume(&reaction)
    reaction.reply(
      token, ok: true,
      parts.trading.careful == nil
        ? "resumed" : "resumed; the careful start goes on until one more 'resume'")
  }

  /// Whoever asks may not have seen a halt that came meanwhile.
  private static func endCarefulStart(
    _ token: CommandToken, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    if let halt = parts.trading.halt {
      return reaction.reply(
        token, ok: false,
        "\(halt.scope.words): \(halt.reason); resume that first, the careful start goes on")
    }
    guard parts.trading.careful != nil else {
      return reaction.reply(token, ok: true, "there was no careful start to end")
    }
    CarefulStart.end(token, &parts, &reaction)
  }

  /// Says how many orders are being cancelled, those among them for which it was asked before. What
  /// counts as not placed is cancelled, too, should it appear after all, and nothing is said of it. What
  /// nobody looks for waits for the operator's word.
  private static func cancelEverything(
    by whom: String, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) -> String {
    parts.scheduler.withdrawOrders("its cancel was asked for", &reaction)
    var count = 0
    var missing = 0
    for life in parts.orders.all {
      let isMissing = life.order.status == .notFound
      if isMissing && life.search == nil { continue }
      guard requestCancel(of: life.order, by: whom, &parts, &reaction) else { continue }
      if life.order.isClosedAsNotPlaced { continue }
      if isMissing { missing += 1 } else { count += 1 }
    }
    let now = count == 1 ? "1 order is being cancelled" : "\(count) orders are being cancelled"
    return switch missing {
    case 0: now
    case 1: now + "; 1 that is not found is cancelled as soon as it is found"
    default: now + "; \(missing) that are not found are cancelled as soon as they are found"
    }
  }

  /// Whether it stands. One that stood already is asked for at once, should it wait after a refusal.
  @discardableResult
  private static func requestCancel(
    of order: Order, by whom: String, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) -> Bool {
    guard order.cancelRequested else {
      return parts.fold(.cancelRequested(by: whom), into: order.key, &reaction)
    }
    parts.orders.update(order.key) { $0.following?.cancelAgain() }
    return true
  }

  private static func cancel(
    _ id: SignalID, _ token: CommandToken, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let orders = parts.orders(of: id)
    guard let order = orders.first else {
      return reaction.reply(
        token, ok: false, "signal \(id) has no order that could be cancelled")
    }
    switch order.status {
    case .notFound where parts.orders[order.key]?.search == nil:
      reaction.reply(token, ok: false, "the order was never seen; 'resolve' it instead")
    case .notFound:
      requestCancel(of: order, by: "operator", &parts, &reaction)
      let wayOut = order.closedByOperator ? "" : "; or 'resolve' it"
      reaction.reply(
        token, ok: true,
        "the order of signal \(id) is not found; it is cancelled as soon as it is found\(wayOut)")
    case .rejected where parts.orders[order.key]?.search != nil:
      requestCancel(of: order, by: "operator", &parts, &reaction)
      reaction.reply(
        token, ok: true,
        "the order of signal \(id) was rejected without proof; should it appear, it is cancelled")
    case .new, .submitted, .open, .partiallyFilled, .unknown:
      if order.status == .submitted {
        parts.scheduler.withdrawOrders("the cancel of an order was asked for", &reaction)
      }
      requestCancel(of: order, by: "operator", &parts, &reaction)
      let when = order.status.isInFlight ? "as soon as it is found at the exchange" : "now"
      reaction.reply(
        token, ok: true,
        "the order of signal \(id) is being cancelled \(when)" + doubt(about: order.key, parts))
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated:
      reaction.reply(token, ok: false, "the order of signal \(id) is \(order.status.rawValue)")
    }
  }

  /// What a cancel of an order that cannot be read comes to.
  private static func doubt(about key: OrderKey, _ parts: EngineParts) -> String {
    guard parts.reconciliation.failing.contains(key),
      let last = parts.orders[key]?.looks.last
    else { return "" }
    let wayOut =
      last.isAnswer
      ? ": look there, and 'mexc-signalctl resolve \(key.signal) --not-placed' once it is gone"
      : ", which is out of reach"
    return "; where it stands cannot be read (\(last.reason)), so that it shows as cancelled only "
      + "when the exchange tells it\(wayOut)"
  }
}
