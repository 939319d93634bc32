import Domain

/// Cancels of orders that the exchange has. What becomes of an order is read from the order, never
/// from the answer to its cancel.
enum OrderCancelling {
  /// Between two cancels of one order.
  private static let pauseBetweenCancels: Duration = .seconds(2)
  /// While what it meets does not pass in a moment.
  private static let longPause: Duration = .seconds(60)

  private static let adviceToCancelThere =
    "look at the order on the exchange's website, and cancel it there"

  static func drive(_ key: OrderKey, _ parts: inout EngineParts, at now: MonotonicTime) {
    guard let life = parts.orders[key], life.order.cancelRequested,
      let following = life.following, following.mayCancel(at: now)
    else { return }
    parts.orders.update(key) { $0.following?.cancel = .underWay }
    parts.scheduler.add(.cancel(life.symbol, life.order.reference), for: .cancel(key))
  }

  static func take(
    _ key: OrderKey, _ answer: Result<CancelAnswer, ExchangeFailure>,
    _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    guard let order = parts.orders[key]?.order else { return }
    let now = reaction.now.monotonic
    parts.orders.update(key) { life in
      life.following?.cancel = .pausedUntil(now.advanced(by: pauseBetweenCancels))
      life.following?.restart(at: now)
    }
    switch answer {
    case .success(.taken): taken(order, &parts, &reaction)
    case .failure(.refused(let error)) where error.action.isLasting:
      refusedForNow(order, error, &parts, &reaction)
    case .success(.missing(let error)): undecided(order, error, &parts, &reaction)
    case .failure(.refused(let error)) where error.action != .clock:
      undecided(order, error, &parts, &reaction)
    case .failure(.blocked(let reason)): blocked(order, reason, &parts, &reaction)
    case .failure(let failure): unsettled(order, failure.text, &reaction)
    }
  }

  /// Taken is not done: it is asked for again while the order stands.
  private static func taken(
    _ order: Order, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let key = order.key
    let isFruitless = isFruitless(key, &parts, at: reaction.now.monotonic)
    if isNews("taken", key, &parts) {
      parts.fold(.cancelAnswered("taken", isDefinite: false), into: key, &reaction)
      reaction.log(.info, "the exchange took the cancel", order)
    }
    guard isFruitless else { return }
    let cause = FruitlessCancels.Cause(
      reason: "the exchange takes the cancel, and the order still stands",
      advice: adviceToCancelThere)
    wait(key, cause, &parts, at: reaction.now.monotonic)
    guard isNews(cause.reason, key, &parts) else { return }
    reaction.log(
      .warning, "\(cause.reason); it is asked for again once a minute", order,
      [("advice", cause.advice)])
  }

  /// The answer decides nothing; the look at the order does. Where that shows that it stands, time and
  /// again, the answer is as good as a refusal.
  private static func undecided(
    _ order: Order, _ error: ExchangeError, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    if isFruitless(order.key, &parts, at: reaction.now.monotonic) {
      refusedForNow(order, error, &parts, &reaction)
    } else {
      unsettled(order, error.words, &reaction)
    }
  }

  /// The pauses grow, so that other requests leave between the back-offs of a minute that each one causes.
  private static func blocked(
    _ order: Order, _ reason: String, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let key = order.key
    guard isFruitless(key, isBlocked: true, &parts, at: reaction.now.monotonic) else {
      return unsettled(order, reason, &reaction)
    }
    let cause = FruitlessCancels.Cause(
      reason: "the exchange's firewall refuses the cancel: \(reason)", advice: adviceToCancelThere)
    stands(key, cause, &parts)
    guard isNews("blocked", key, &parts) else { return }
    parts.fold(.cancelAnswered(cause.reason, isDefinite: false), into: key, &reaction)
    reaction.log(
      .warning, "\(cause.reason); it is asked for again, at least every ten minutes", order,
      [("advice", cause.advice)])
  }

  /// The symbol opens again, the key is put in order, or the exchange can do it again: the request stands
  /// until then, as no refusal ends the order. It is said once for each code.
  private static func refusedForNow(
    _ order: Order, _ error: ExchangeError, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let text = error.words
    let cause = FruitlessCancels.Cause(
      reason: "the exchange refuses the cancel: \(text)", advice: error.advice)
    wait(order.key, cause, &parts, at: reaction.now.monotonic)
    guard isNews("code \(error.code)", order.key, &parts) else { return }
    parts.fold(.cancelAnswered(text, isDefinite: false), into: order.key, &reaction)
    reaction.log(
      error.action.isLasting && error.action != .suspended ? .error : .warning,
      "the exchange refused the cancel: \(text); it is asked for again once a minute", order,
      [("advice", error.advice)])
  }

  private static func wait(
    _ key: OrderKey, _ cause: FruitlessCancels.Cause, _ parts: inout EngineParts,
    at now: MonotonicTime
  ) {
    parts.orders.update(key) {
      $0.following?.cancel = .pausedUntil(now.advanced(by: longPause))
    }
    stands(key, cause, &parts)
  }

  private static func stands(
    _ key: OrderKey, _ cause: FruitlessCancels.Cause, _ parts: inout EngineParts
  ) {
    parts.orders.update(key) { $0.following?.cancels.last(for: cause) }
    parts.orders.cancelFailed(key)
  }

  private static func isFruitless(
    _ key: OrderKey, isBlocked: Bool = false, _ parts: inout EngineParts, at now: MonotonicTime
  ) -> Bool {
    let isFruitless = parts.orders.update(key) {
      $0.following?.cancelWasAnswered(isBlocked: isBlocked, at: now) ?? false
    }
    return isFruitless ?? false
  }

  private static func isNews(
    _ what: String, _ key: OrderKey, _ parts: inout EngineParts
  ) -> Bool {
    parts.orders.update(key) { $0.following?.cancels.isNews(what) ?? false } ?? false
  }

  private static func unsettled(_ order: Order, _ reason: String, _ reaction: inout Reaction) {
    reaction.log(.info, "the cancel is not settled", order, [("reason", reason)])
  }
}

extension Following {
  fileprivate func mayCancel(at now: MonotonicTime) -> Bool {
    switch cancel {
    case .none: true
    case .underWay: false
    case .pausedUntil(let time): time <= now
    }
  }
}
