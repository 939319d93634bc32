import Domain

/// The operator's word on an order in doubt: one that was not found, or one of which the exchange does
/// not tell where it stands.
enum OrderResolution {
  // MARK: It is there

  /// `--placed`: verified at the exchange, and taken on trust only where that does not tell where it
  /// stands.
  static func verify(
    _ id: SignalID, _ orderID: String, _ token: CommandToken, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard let order = parts.orders(of: id).first else {
      return reaction.reply(token, ok: false, "signal \(id) has no order in doubt")
    }
    guard isInDoubt(order, parts) else {
      return reaction.reply(token, ok: false, noDoubt(about: order, parts))
    }
    if let known = order.orderID, known != orderID, !order.confirmedByOperator {
      return reaction.reply(
        token, ok: false, "the order of signal \(id) is \(known), not \(orderID)")
    }
    parts.scheduler.add(
      .order(order.request.symbol, .orderID(orderID)),
      for: .verify(order.key, orderID: orderID, token))
  }

  private static func isInDoubt(_ order: Order, _ parts: EngineParts) -> Bool {
    order.status == .notFound || order.status == .unknown
      || parts.reconciliation.failing.contains(order.key)
  }

  static func takeVerification(
    _ key: OrderKey, _ orderID: String, _ token: CommandToken,
    _ answer: Result<OrderLook, ExchangeFailure>, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard let order = parts.orders[key]?.order else {
      return reaction.reply(token, ok: false, "the order was settled meanwhile")
    }
    let report: OrderReport
    switch answer {
    case .success(.found(let found)): report = found
    case .success(.missing(let error)):
      return reaction.reply(
        token, ok: false,
        "the exchange does not confirm order \(orderID): \(error.words)")
    case .failure(let failure):
      let look = OrderLooks.judge(key, failure, &parts, at: reaction.now.monotonic)
      if let look, isAnswer(look, like: parts.orders[key]?.looks.last),
        mayTakeTheWord(on: key, parts, at: reaction.now.monotonic)
      {
        return confirm(key, orderID, token, look.reason, &parts, &reaction)
      }
      if let look, !look.isAnswer {
        return reaction.reply(token, ok: false, outOfReach(look))
      }
      return reaction.reply(
        token, ok: false, "the exchange does not confirm order \(orderID): \(failure.text)")
    }
    if let conflict = order.conflict(with: report) {
      // No other signal's order has its name: the operator may say that it is this one all the same.
      if report.bears(order.request.clientOrderID),
        mayTakeTheWord(on: key, parts, at: reaction.now.monotonic)
      {
        return confirm(key, orderID, token, "it \(conflict)", &parts, &reaction)
      }
      return reaction.reply(
        token, ok: false, "order \(orderID) \(conflict); it is not this signal's")
    }
    guard order.attempt > 0 || order.isIdentified(by: report) else {
      return reaction.reply(
        token, ok: false,
        "order \(orderID) carries no client order id, and nothing else would show that it is the "
          + "order of signal \(key.signal), as this database has not sent one")
    }
    OrderLooks.answered(key, &parts)
    OrderPolling.observe(key, report, OrderPolling.singleLook, &parts, &reaction)
    if parts.reconciliation.unreadable[key] != nil,
      let reason = parts.orders[key]?.looks.last?.reason
    {
      return confirm(key, orderID, token, reason, &parts, &reaction)
    }
    reaction.reply(token, ok: true, "order \(orderID) is confirmed; it is followed from now on")
  }

  /// Whether the exchange answers, though perhaps not this look, as it does not the others at the order.
  private static func isAnswer(_ look: LookFailure, like last: LookFailure?) -> Bool {
    look.isAnswer || look.kind == last?.kind && last?.isAnswer == true
  }

  /// The exchange answers, and not with where the order stands.
  private static func mayTakeTheWord(
    on key: OrderKey, _ parts: EngineParts, at now: MonotonicTime
  ) -> Bool {
    guard let status = parts.orders[key]?.order.status, status.isWorking || status == .unknown
    else { return false }
    return isReadInVain(key, parts, at: now)
  }

  private static func isReadInVain(
    _ key: OrderKey, _ parts: EngineParts, at now: MonotonicTime
  ) -> Bool {
    guard let looks = parts.orders[key]?.looks else { return false }
    guard looks.last?.isAnswer == true, looks.isHopeless(at: now) else { return false }
    // What was answered before may have been the last word before the way to the exchange failed.
    return looks.unansweredAt.map { parts.answers.isReached(since: $0, at: now) } ?? true
  }

  private static func confirm(
    _ key: OrderKey, _ orderID: String, _ token: CommandToken, _ reason: String,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard parts.fold(.confirmedByOperator(orderID: orderID), into: key, &reaction),
      let order = parts.orders[key]?.order
    else { return reaction.reply(token, ok: false, "the order was settled meanwhile") }
    parts.orders.update(key) { life in
      if !life.looks.isBlocked { life.following?.restart(at: reaction.now.monotonic) }
    }
    OrderLooks.reconciled(key, &parts, &reaction)
    reaction.log(
      .warning,
      "the operator says that the order is at the exchange, which does not tell where it stands",
      order, [("order_id", orderID), ("reason", reason)])
    reaction.reply(
      token, ok: true,
      "order \(orderID) is taken on your word, as the exchange does not tell where it stands "
        + "(\(reason)): \(order.request.symbol) is not paused by it, and it is looked up until it "
        + "can be read")
  }

  // MARK: It is not there

  /// `--not-placed`: the exchange does not have it, or has it no more.
  static func closeNotPlaced(
    _ id: SignalID, _ token: CommandToken, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let order = parts.orders(of: id).first else {
      return reaction.reply(token, ok: false, "signal \(id) has no order in doubt")
    }
    let key = order.key
    let mayTake = mayTakeTheWord(on: key, parts, at: reaction.now.monotonic)
    switch order.status {
    case .notFound:
      let message = neverPlaced(key, parts)
      closeMissing(key, message, token, &parts, &reaction)
    case .unknown where mayTake:
      let message = neverPlaced(key, parts)
      reaction.write(.updateDecision(id, .notFound, message, at: reaction.now.wall))
      closeMissing(key, message, token, &parts, &reaction)
    case .open where mayTake, .partiallyFilled where mayTake:
      closeWorking(key, token, &parts, &reaction)
    case .open, .partiallyFilled, .unknown:
      reaction.reply(token, ok: false, objection(to: order, parts))
    case .new where isReadInVain(key, parts, at: reaction.now.monotonic):
      closeUnsent(order, token, &parts, &reaction)
    case .rejected where isReadInVain(key, parts, at: reaction.now.monotonic):
      closeRefusal(key, token, &parts, &reaction)
    case .new where parts.orders[key]?.looks.last != nil,
      .rejected where parts.orders[key]?.looks.last != nil:
      reaction.reply(token, ok: false, objection(to: order, parts))
    case .new, .submitted, .filled, .canceled, .partiallyCanceled, .rejected, .expired,
      .denied, .validated:
      reaction.reply(token, ok: false, noDoubt(about: order, parts))
    }
  }

  /// Why there is nothing that the operator's word could end.
  private static func noDoubt(about order: Order, _ parts: EngineParts) -> String {
    let id = order.key.signal
    if case .lookedFor? = parts.orders[order.key]?.phase { return stillLookedUp(order) }
    switch order.status {
    case .open, .partiallyFilled, .unknown, .notFound: return "signal \(id) has no order in doubt"
    case .new, .submitted:
      return "there is nothing to resolve: the order of signal \(id) is not lost, it is "
        + order.status.words
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated:
      let reason = order.status.told(order.reason)
      return "there is nothing to resolve: the order of signal \(id) is \(order.status.words)"
        + (reason.isEmpty ? "" : ": \(reason)")
    }
  }

  /// Why the operator's word on an order that may be in doubt is not taken now.
  private static func objection(to order: Order, _ parts: EngineParts) -> String {
    let id = order.key.signal
    guard let last = parts.orders[order.key]?.looks.last else {
      return order.status == .unknown || parts.reconciliation.pending.contains(order.key)
        ? stillLookedUp(order)
        : "the exchange has the order of signal \(id) and can be asked about it; 'cancel' it"
    }
    if !last.isAnswer { return outOfReach(last) }
    return "where the order of signal \(id) stands could not be read (\(last.reason)), and it is "
      + "looked up again; ask again in some seconds"
  }

  private static func stillLookedUp(_ order: Order) -> String {
    "the order of signal \(order.key.signal) is still looked up; ask again when that is done"
  }

  private static func outOfReach(_ failure: LookFailure) -> String {
    "the exchange is out of reach (\(failure.reason)); ask again when it answers"
  }

  /// What the order that is closed does not pause any more, another one may.
  private static func pauseLeft(on symbol: Symbol, _ parts: EngineParts) -> String {
    do throws(Denial) {
      try OrderLooks.checkReadable(symbol, parts)
      try parts.trading.checkPause(symbol, parts.configuration.risk.pauseOnNotFound)
      return "Nothing is paused by it."
    } catch {
      return error.message.prefix(1).uppercased() + error.message.dropFirst()
    }
  }

  private static func neverPlaced(_ key: OrderKey, _ parts: EngineParts) -> String {
    "the operator says that it was never placed" + unasked(key, parts)
  }

  private static func unasked(_ key: OrderKey, _ parts: EngineParts) -> String {
    parts.orders[key]?.looks.last
      .map { "; the exchange did not tell where it stands (\($0.reason))" } ?? ""
  }

  private static func closeMissing(
    _ key: OrderKey, _ message: String, _ token: CommandToken, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard parts.fold(.closedByOperator(message), into: key, &reaction),
      let life = parts.orders[key]
    else { return }
    reaction.log(.warning, "closed by the operator as never placed", life.order)
    OrderLooks.succeeded(key, &parts, &reaction)
    let pause = pauseLeft(on: life.symbol, parts)
    guard life.search != nil else {
      OrderSearching.endWatch(life, &parts, &reaction)
      return reaction.reply(token, ok: true, "closed. \(pause)")
    }
    parts.close(life.order, .notFound, life.order.closingWords, &reaction)
    reaction.reply(
      token, ok: true,
      "closed; should the order appear after all, it counts and an alarm is raised. \(pause)")
  }

  /// An earlier run may have sent it, and the exchange does not tell: it is not sent now. What was refused
  /// when it came is refused.
  private static func closeUnsent(
    _ order: Order, _ token: CommandToken, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let key = order.key
    guard let life = parts.orders[key], life.search != nil else {
      return reaction.reply(token, ok: false, "the order was not sent and may still leave")
    }
    let message = neverPlaced(key, parts)
    if case .lookedFor(_, ifAbsent: .denied) = life.phase {
      if isLookedUpNow(life) { return reaction.reply(token, ok: false, askAgain(order)) }
      tellStory(message, key, &parts, &reaction)
      reaction.log(.warning, "it is not looked for any more: \(message)", order)
      CarefulStart.clear(life, &parts, &reaction)
      return reaction.reply(token, ok: true, "closed: it is denied, as when it came")
    }
    guard parts.fold(.notFound(message), into: key, &reaction) else { return }
    reaction.write(.updateDecision(key.signal, .notFound, message, at: reaction.now.wall))
    closeMissing(key, message, token, &parts, &reaction)
  }

  /// A refusal that proves nothing stands, as its sender was told: only the watch for the order ends.
  private static func closeRefusal(
    _ key: OrderKey, _ token: CommandToken, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let life = parts.orders[key] else { return }
    if isLookedUpNow(life) { return reaction.reply(token, ok: false, askAgain(life.order)) }
    let message = neverPlaced(key, parts)
    tellStory(message, key, &parts, &reaction)
    reaction.log(
      .warning, "it stays rejected and is not looked for any more: \(message)", life.order)
    parts.endWatchOfRefusal(life, &reaction)
    let pause = pauseLeft(on: life.symbol, parts)
    reaction.reply(
      token, ok: true, "closed: it stays rejected and is not looked for any more. \(pause)")
  }

  /// What the look that is out finds would come to an order that is dropped.
  private static func isLookedUpNow(_ life: OrderLife) -> Bool { life.search?.isIdle == false }

  private static func askAgain(_ order: Order) -> String {
    "the order of signal \(order.key.signal) is being looked up right now; ask again in some seconds"
  }

  /// Where the word changes nothing of the order itself, it stands beside the looks that it ends.
  private static func tellStory(
    _ message: String, _ key: OrderKey, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    parts.fold(
      .lookedUp(view: "the operator's word", answer: "\(message); it is not looked for any more"),
      into: key, &reaction)
  }

  /// An order that the exchange had ends as cancelled, with what was read of it. The limits go on
  /// counting it.
  private static func closeWorking(
    _ key: OrderKey, _ token: CommandToken, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let message = "the operator says that the exchange has it no more" + unasked(key, parts)
    guard parts.fold(.closedByOperator(message), into: key, &reaction),
      let order = parts.orders[key]?.order
    else { return }
    reaction.log(
      .warning, "closed by the operator as no longer at the exchange; it is not looked up any more",
      order, [("executed", order.executedQuantity.description)])
    parts.end(key, .accepted, message, &reaction)
    reaction.reply(
      token, ok: true,
      "closed as \(order.status.rawValue), with \(order.executedQuantity) executed when it was last "
        + "read: \(order.request.symbol) is not paused by it, and it is not looked up any more")
  }
}

extension Order {
  /// What is told of one that the operator has closed.
  package var closingWords: String {
    status == .notFound ? "\(reason); it is watched for until seven days have passed" : reason
  }
}
