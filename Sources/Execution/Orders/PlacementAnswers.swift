import Domain

/// What the answer to a placement makes of the order.
enum PlacementAnswers {
  /// Between an attempt that provably did not leave and the next.
  private static let pauseAfterNotSent: Duration = .seconds(1)
  /// A definite refusal may be followed by one more attempt, never by a third.
  private static let maximumAttempts = 2
  /// Each takes its look-ups for seven days. An exchange that refuses everything must not leave more.
  private static let maximumWatchedRefusals = 100

  static func take(
    _ key: OrderKey, _ answer: Result<PlacementAnswer, ExchangeFailure>, of request: Outstanding,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let life = parts.orders[key] else { return }
    switch answer {
    case .success(.placed(let orderID)): placed(key, orderID, &parts, &reaction)
    case .success(.validated):
      guard parts.fold(.validated, into: key, &reaction) else { return }
      reaction.log(.info, "the exchange would take the order; nothing was placed", life.order)
      parts.end(key, .accepted, "the exchange checked the order and placed nothing", &reaction)
    // Checking an order makes none, so that every refusal of it is definite.
    case .failure(.refused(let error))
    where error.refusesPlacement && !life.isToldOf || parts.configuration.mode == .validate:
      refused(life, error, &parts, &reaction)
    case .failure(.notSent(let reason)):
      let passed = request.passed(at: reaction.now.monotonic)
      didNotLeave(life, reason, passed: passed, &parts, &reaction)
    case .failure(let failure):
      lose(life, failure, &parts, &reaction)
      haltIfAsked(by: failure, &parts, &reaction)
    }
  }

  /// The exchange has the order, and says so for the first time.
  static func placed(
    _ key: OrderKey, _ orderID: String, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let life = parts.orders[key] else { return }
    // A pushed report may come before the answer.
    if let known = life.order.orderID {
      guard known != orderID else { return }
      OrderLooks.halt(for: key, .several(key, [known, orderID]), &parts, &reaction)
      return
    }
    guard parts.fold(.acknowledged(orderID: orderID), into: life.key, &reaction) else { return }
    reaction.log(.info, "placed", life.order, [("order_id", orderID)])
  }

  /// `passed` is what it was too late by, if it was.
  private static func didNotLeave(
    _ life: OrderLife, _ reason: String, passed: SendDeadline.Term?, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard parts.fold(.mayRetry("not sent: \(reason)"), into: life.key, &reaction) else { return }
    // The way to the exchange has not failed: the price grew too old on the way. That it does so again
    // and again would be another matter.
    let goesAtOnce = passed != nil && !life.wasLate
    parts.orders.update(life.key) { life in
      life.wasLate = goesAtOnce
      life.waiting?.didNotLeave = true
    }
    if !goesAtOnce {
      waitBeforeRetry(life.key, didNotLeave: true, &parts, at: reaction.now.monotonic)
      parts.prices.forgetAll()
    }
    do throws(Denial) {
      try OrderPlacing.checkMayWait(life, parts, at: reaction.now)
    } catch {
      // Its denial comes next.
      return reaction.log(.notice, "the order did not leave", life.order, [("reason", reason)])
    }
    reaction.log(
      .warning, "the order did not leave; trying again", life.order,
      [("reason", reason)] + (passed.map { [("advice", advice(passed: $0))] } ?? []))
  }

  private static func advice(passed term: SendDeadline.Term) -> String {
    let cause = "if it goes on, look for what holds it up"
    return switch term {
    case .priceAge: cause + ", or raise price.maximum_age_ms"
    case .receiveWindow: cause + ", or raise exchange.recv_window_ms"
    case .expiry: cause
    }
  }

  private static func waitBeforeRetry(
    _ key: OrderKey, didNotLeave: Bool, _ parts: inout EngineParts, at now: MonotonicTime
  ) {
    parts.orders.update(key) { life in
      life.waiting?.didNotLeave = didNotLeave
      life.waiting?.notBefore = now.advanced(by: pauseAfterNotSent)
    }
  }

  private static func refused(
    _ life: OrderLife, _ error: ExchangeError, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let text = error.words
    if error.action == .clock && life.order.attempt < maximumAttempts {
      parts.venue.distrustClock(at: reaction.now.monotonic)
      guard parts.fold(.mayRetry(text), into: life.key, &reaction) else { return }
      return reaction.log(
        .warning, "the exchange refused the order's timestamp; reading its clock, then once more",
        life.order, [("exchange_code", String(error.code))])
    }
    reject(life.key, "\(text). \(error.advice)", exchangeCode: error.code, &parts, &reaction)
    haltIfAsked(by: .refused(error), &parts, &reaction)
  }

  /// What is wrong with the key or the account is so for every order, whether or not it proves that this
  /// one was not made.
  private static func haltIfAsked(
    by failure: ExchangeFailure, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard case .refused(let error) = failure, error.action == .halt else { return }
    parts.halt("the exchange refused an order with \(error.words). \(error.advice)", &reaction)
  }

  /// Where the refusal proves nothing, the signal's sender is told, and the order is watched for.
  static func reject(
    _ key: OrderKey, _ message: String, exchangeCode: Int?, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    guard parts.fold(.refused(.exchangeRejected, message), into: key, &reaction),
      let life = parts.orders[key]
    else { return }
    let watched = life.search == nil ? [] : parts.orders.watchedRefusals
    let hasRoom = watched.count <= maximumWatchedRefusals
    let order = life.order
    reaction.log(
      .error, "rejected by the exchange: \(message)" + (hasRoom ? "" : "; \(noRoom)"), order,
      [("code", DecisionCode.exchangeRejected.rawValue)]
        + (exchangeCode.map { [("exchange_code", String($0))] } ?? [])
        + (hasRoom ? [] : [("advice", "look at the exchange whether it appears after all")]),
      kind: .orderRejected)
    guard life.search != nil, hasRoom else {
      return parts.end(key, .exchangeRejected, message, &reaction)
    }
    reaction.write(
      .updateDecision(key.signal, .exchangeRejected, message, at: reaction.now.wall))
    reaction.write(.setWatched(watched))
    parts.risk.release(key)
    parts.close(order, .exchangeRejected, message, &reaction)
  }

  private static var noRoom: String {
    "it is not looked for any more, as \(maximumWatchedRefusals) orders that were refused without proof "
      + "are looked for already"
  }

  /// The outcome is unknown: the order is looked up from now on, and never sent again.
  private static func lose(
    _ life: OrderLife, _ failure: ExchangeFailure, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    if parts.configuration.mode == .validate {
      return validateAgain(life, failure.text, &parts, &reaction)
    }
    let event = OrderEvent.outcomeLost(failure.text, failure.unknownOutcome)
    guard parts.fold(event, into: life.key, &reaction) else { return }
    let message =
      if failure.unknownOutcome == .throttled {
        "the order's outcome is unknown; looking it up, and where it is not there it goes once more"
      } else {
        "the order's outcome is unknown; looking it up, not sending it again"
      }
    reaction.log(
      .warning, message, life.order, [("reason", failure.text)], kind: .orderUnknown)
  }

  /// Checking an order places nothing, so it may be asked again until the signal expires.
  static func validateAgain(
    _ life: OrderLife, _ reason: String, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard parts.fold(.mayRetry(reason), into: life.key, &reaction) else { return }
    waitBeforeRetry(life.key, didNotLeave: false, &parts, at: reaction.now.monotonic)
    reaction.log(
      .warning, "the exchange did not say what it thinks of the order; asking again", life.order,
      [("reason", reason)])
  }

  /// What a clean round of look-ups decides about an order that a rate limit answered.
  static func resolveThrottled(
    _ life: OrderLife, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard life.order.attempt < maximumAttempts, !life.expiry.isOver(at: reaction.now) else {
      return reject(
        life.key, "refused by the exchange's rate limit: \(life.order.reason)",
        exchangeCode: nil, &parts, &reaction)
    }
    let reason = "throttled; the exchange does not have it"
    guard parts.fold(.mayRetry(reason), into: life.key, &reaction) else { return }
    reaction.log(.warning, "a rate limit refused the order; it goes once more", life.order)
  }
}
