package import Domain

/// Everything that is not as it should be, for whoever asks: nothing else may decide that.
extension Engine {
  /// The most serious first.
  package func troubles(at now: Moment) -> [Trouble] {
    [haltTrouble, waitTrouble, backOffTrouble, carefulTrouble].compactMap(\.self)
      + orders.keys(.missing).compactMap { missingTrouble($0) }
      + orders.keys(.sought).compactMap { unknownTrouble($0) }
  }

  private var haltTrouble: Trouble? {
    halt.map { halt in
      Trouble(
        subject: .daemon, message: "trading is halted since \(halt.since.text): \(halt.reason)",
        advice: "when the cause is gone, 'mexc-signalctl resume'")
    }
  }

  private var waitTrouble: Trouble? {
    isTradingOpen
      ? nil
      : Trouble(
        subject: .daemon,
        message: "no order leaves: the exchange has not answered what must be "
          + "known first",
        advice: "check the way to the exchange and the address in exchange.rest_url")
  }

  private var backOffTrouble: Trouble? {
    ban.map { ban in
      Trouble(
        subject: .daemon,
        message: "the exchange demands a back-off; nothing is sent before \(ban.until.text) "
          + "(\(ban.reason))",
        advice: "look for other programs that use the exchange from this address")
    }
  }

  private var carefulTrouble: Trouble? {
    careful.map { careful in
      Trouble(
        subject: .daemon,
        message: "careful start since \(careful.since.text): every signal is looked for at the "
          + "exchange before it may leave (\(careful.reason))",
        advice: "when no older signal can come again, 'mexc-signalctl resume'")
    }
  }

  private func missingTrouble(_ key: OrderKey) -> Trouble? {
    guard let order = orders[key]?.order, !order.closedByOperator else { return nil }
    return Trouble(
      subject: order.subject,
      message: "the order of signal \(key.signal) was sent and never seen at the exchange",
      advice: "look at the exchange, then 'mexc-signalctl resolve \(key.signal) --placed ORDER_ID' "
        + "or '--not-placed'")
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
}

extension Order {
  fileprivate var subject: Trouble.Subject {
    .order(key, ticket.clientOrderID, ticket.symbol)
  }
}
