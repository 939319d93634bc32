import Domain

/// Cancels of orders that the exchange has. What becomes of an order is read from the order, never
/// from the answer to its cancel.
enum OrderCancelling {
  /// Between two cancels of one order.
  private static let pauseBetweenCancels: Duration = .seconds(2)
  /// After a refusal that only time or a person can end.
  private static let pauseAfterRefusal: Duration = .seconds(60)

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
    case .success(.taken):
      parts.orders.update(key) { $0.following?.cancelWasTaken() }
      // Taken is not done: it is asked for again while the order stands.
      parts.fold(.cancelAnswered("taken", isDefinite: false), into: key, &reaction)
      reaction.log(.info, "the exchange took the cancel", order)
    case .failure(.refused(let error)) where error.action == .halt || error.action == .suspended:
      refusedForNow(key, error, &parts, &reaction)
    case .failure(.refused(let error)) where error.action.isLasting:
      let text = "code \(error.code): \(error.text)"
      parts.fold(.cancelAnswered(text, isDefinite: true), into: key, &reaction)
      reaction.log(
        .error, "the exchange refused the cancel: \(text)", order, [("advice", error.advice)])
    case .success(.missing(let error)):
      unsettled(order, "code \(error.code): \(error.text)", &reaction)
    case .failure(let failure): unsettled(order, failure.text, &reaction)
    }
  }

  /// The symbol opens again, and the key is put in order: the request stands until then. It is said once
  /// for each reason.
  private static func refusedForNow(
    _ key: OrderKey, _ error: ExchangeError, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let pause = reaction.now.monotonic.advanced(by: pauseAfterRefusal)
    let isNews = parts.orders.update(key) { life in
      life.following?.cancelWasRefused(error.code, until: pause)
    }
    guard isNews == true, let order = parts.orders[key]?.order else { return }
    let text = "code \(error.code): \(error.text)"
    parts.fold(.cancelAnswered(text, isDefinite: false), into: key, &reaction)
    reaction.log(
      error.action == .halt ? .error : .warning,
      "the exchange refused the cancel: \(text); it is asked for again once a minute", order,
      [("advice", error.advice)])
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
