/// Names an order: the signal that it serves, and which leg of it. Leg 0 is the entry.
package struct OrderKey: Hashable, Comparable, Sendable {
  package let signal: SignalID
  package let leg: Int

  package init(signal: SignalID, leg: Int = 0) {
    self.signal = signal
    self.leg = leg
  }

  package static func < (left: OrderKey, right: OrderKey) -> Bool {
    (left.signal, left.leg) < (right.signal, right.leg)
  }

  /// As of its signal; the legs of one are few.
  package func _rawHashValue(seed: Int) -> Int { signal._rawHashValue(seed: seed) &+ leg }
}

/// One order, from acceptance to its end. It is what its events add up to: only `apply` changes it.
package struct Order: Hashable, Sendable {
  package let key: OrderKey
  package let account: TradingAccount
  package let createdAt: WallTime
  /// What the signal asks for, and from approval on exactly what is sent.
  package private(set) var request: OrderRequest
  package private(set) var status: OrderStatus = .new
  package private(set) var updatedAt: WallTime
  /// What the risk limits hold for it, in quote; `nil` until a market order's price is known.
  package private(set) var reservedQuote: FixedDecimal?
  /// The price that the guard judged it by.
  package private(set) var quote: Quote?
  /// How many times it was handed to the network; above one only after a definite refusal.
  package private(set) var attempt = 0
  /// The exchange time stamped on the last attempt, and how long that stays acceptable.
  package private(set) var stampedAt: WallTime?
  package private(set) var receiveWindow: Duration?
  /// The local time of the last attempt.
  package private(set) var armedAt: WallTime?
  package private(set) var orderID: String?
  package private(set) var executedQuantity: FixedDecimal = .zero
  package private(set) var executedQuote: FixedDecimal = .zero
  /// Why it stands where it stands, for a person.
  package private(set) var reason = ""
  package private(set) var code: DecisionCode?
  /// Why the last attempt's outcome is not known; `nil` once it is. A refusal that does not prove that the
  /// exchange made no order leaves it.
  package private(set) var unknownOutcome: UnknownOutcome?
  package private(set) var cancelRequested = false
  /// The operator declared that the exchange has no such order.
  package private(set) var closedByOperator = false
  /// The operator declared that the exchange has it, and nothing was read since.
  package private(set) var confirmedByOperator = false

  package init(
    key: OrderKey, account: TradingAccount, request: OrderRequest, reservedQuote: FixedDecimal?,
    at time: WallTime
  ) {
    self.key = key
    self.account = account
    self.request = request
    self.reservedQuote = reservedQuote
    createdAt = time
    updatedAt = time
  }

  package var wasThrottled: Bool { unknownOutcome == .throttled }

  /// Quote per base of what is executed, rounded down at 18 digits; `nil` while nothing is.
  package var averagePrice: FixedDecimal? {
    executedQuantity.isPositive
      ? executedQuote.divided(by: executedQuantity, rounding: .down) : nil
  }

  /// What limits on money count for it: what was spent, where a fill cost more than was held for it.
  package var countedQuote: FixedDecimal? {
    Reservation(at: createdAt, reserved: reservedQuote, executed: executedQuote).quote
  }

  /// How a look-up names it: by the exchange's identifier once that is known.
  package var reference: OrderReference {
    if let orderID { .orderID(orderID) } else { .clientOrderID(request.clientOrderID) }
  }

  /// The signal's story is over, and the exchange may have the order all the same: by the operator's word,
  /// or after a refusal that does not prove that it made none. The first is watched for; the second is
  /// while it is in the list of those.
  package var isClosedAsNotPlaced: Bool {
    status == .notFound && closedByOperator || status == .rejected && unknownOutcome != nil
  }

  /// Until when a copy of the last attempt could still be accepted: the venue takes a request while
  /// its own clock is within the receive window of the stamp, and up to `lead` before it.
  package func acceptanceDeadline(lead: Duration) -> WallTime? {
    guard let stampedAt, let receiveWindow else { return nil }
    return stampedAt.advanced(by: receiveWindow + lead)
  }
}

/// An event that the order's status does not admit.
package struct IllegalTransition: Error, Hashable, CustomStringConvertible, Sendable {
  package let status: OrderStatus
  package let event: String

  package var description: String { "an order that is \(status.rawValue) cannot take '\(event)'" }
}

extension Order {
  /// Folds one event in. Throws, unchanged, when the status does not admit it.
  package mutating func apply(_ event: OrderEvent, at time: WallTime) throws(IllegalTransition) {
    guard let next = successor(on: event) else {
      throw IllegalTransition(status: status, event: event.kind)
    }
    absorb(event, at: time)
    status = next
    updatedAt = time
  }

  /// The table of life: which event may follow which status, and where it leads.
  private func successor(on event: OrderEvent) -> OrderStatus? {
    switch event {
    case .created: nil
    case .approved: status == .new ? .new : nil
    case .denied(let code, _): status == .new ? (code == .expired ? .expired : .denied) : nil
    case .armed: status == .new ? .submitted : nil
    case .acknowledged: canAppear ? .open : nil
    case .validated: status == .submitted ? .validated : nil
    case .refused: status.isInFlight ? .rejected : nil
    case .mayRetry: status.isInFlight ? .new : nil
    case .outcomeLost: status.isInFlight ? .unknown : nil
    case .observed(let report): successor(on: report)
    case .lookedUp, .cancelRequested, .cancelAnswered: status
    // An order that is not on record as armed may have left all the same: the power failed.
    case .notFound: status == .unknown || status == .new ? .notFound : nil
    case .closedByOperator: closedSuccessor
    case .confirmedByOperator: status.isWorking ? status : status == .unknown ? .open : nil
    // The verdict stands in its code; the exchange has refused nothing.
    case .watchEnded: status == .notFound && closedByOperator ? .canceled : nil
    }
  }

  /// What the operator's word that the exchange does not have it makes of it. An order that was there
  /// ends as cancelled, with the fills that were read.
  private var closedSuccessor: OrderStatus? {
    switch status {
    case .unknown, .notFound: .notFound
    case .open: .canceled
    case .partiallyFilled: .partiallyCanceled
    case .new, .submitted, .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied,
      .validated:
      nil
    }
  }

  /// Whether the order may turn out to be at the exchange. A late find wins even over a refusal, and
  /// a database that was set back does not know what it has sent.
  private var canAppear: Bool {
    status.isInFlight || status == .notFound || status == .rejected || status == .new
  }

  private func successor(on report: OrderReport) -> OrderStatus? {
    guard canAppear || status.isWorking else { return nil }
    // A stale view never takes a fill back.
    let hasFill =
      status == .partiallyFilled || max(executedQuantity, report.executedQuantity).isPositive
    switch report.status {
    case .open, .undocumented: return hasFill ? .partiallyFilled : .open
    case .partiallyFilled: return .partiallyFilled
    case .filled: return .filled
    case .canceled, .partiallyCanceled: return hasFill ? .partiallyCanceled : .canceled
    }
  }

  private mutating func absorb(_ event: OrderEvent, at time: WallTime) {
    switch event {
    case .created, .validated, .lookedUp, .watchEnded: break
    case .approved(let approval):
      request = approval.request
      quote = approval.quote
      reservedQuote = approval.reservedQuote
    case .denied(let code, let message):
      self.code = code
      reason = message
    case .armed(let armament):
      attempt = armament.attempt
      stampedAt = armament.stampedAt
      receiveWindow = armament.receiveWindow
      quote = armament.quote
      armedAt = time
      unknownOutcome = nil
    case .acknowledged(let orderID):
      self.orderID = orderID
      clearVerdict()
    case .refused(let code, let message):
      self.code = code
      reason = message
    case .mayRetry(let message):
      reason = message
      unknownOutcome = nil
    case .outcomeLost(let message, let cause):
      reason = message
      unknownOutcome = cause
    case .observed(let report):
      orderID = report.orderID
      executedQuantity = max(executedQuantity, report.executedQuantity)
      executedQuote = max(executedQuote, report.executedQuote)
      clearVerdict()
    case .cancelRequested: cancelRequested = true
    case .cancelAnswered(_, let isDefinite): if isDefinite { cancelRequested = false }
    case .notFound(let message):
      code = .notFound
      reason = message
    case .closedByOperator(let message):
      if !status.isWorking { code = .notFound }
      closedByOperator = true
      reason = message
    case .confirmedByOperator(let orderID):
      self.orderID = orderID
      clearVerdict()
      confirmedByOperator = true
    }
  }

  /// The order is at the exchange, so an earlier verdict that it is not is void.
  private mutating func clearVerdict() {
    code = nil
    reason = ""
    unknownOutcome = nil
    closedByOperator = false
    confirmedByOperator = false
  }
}
