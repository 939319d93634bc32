/// Something that happened to an order. The history is made of these, and the order is their sum.
package enum OrderEvent: Hashable, Sendable {
  case created(OrderRequest, reservedQuote: FixedDecimal?)
  /// Every check passed, with the quote that the guard used.
  case approved(Approval)
  /// Refused by the daemon; nothing left.
  case denied(DecisionCode, String)
  /// May be on the wire from now on. Durable before the first byte leaves.
  case armed(Armament)
  case acknowledged(orderID: String)
  case validated
  /// Refused by the exchange, definitely.
  case refused(DecisionCode, String)
  /// Refused definitely, for a cause that is gone: it may go once more.
  case mayRetry(String)
  /// No answer that proves anything.
  case outcomeLost(String, UnknownOutcome)
  case observed(OrderReport)
  /// One look at one view of the exchange while the outcome is unknown: the evidence.
  case lookedUp(view: String, answer: String)
  case notFound(String)
  case cancelRequested(by: String)
  /// `isDefinite` when the exchange said that there is nothing to cancel.
  case cancelAnswered(String, isDefinite: Bool)
  /// The operator's word that the exchange has no such order, or has it no more.
  case closedByOperator(String)
  /// The operator's word that the exchange has it, where the exchange itself cannot be asked.
  case confirmedByOperator(orderID: String)
  /// What the operator closed as never placed did not appear, and is no longer looked for.
  case watchEnded

  package struct Approval: Hashable, Sendable {
    /// As it will be sent: rounded to the symbol's steps, a quote amount turned into a base quantity
    /// where the type wants one.
    package var request: OrderRequest
    package var quote: Quote
    package var reservedQuote: FixedDecimal?
    package var checks: PassedChecks

    package init(
      request: OrderRequest, quote: Quote, reservedQuote: FixedDecimal?, checks: PassedChecks
    ) {
      self.request = request
      self.quote = quote
      self.reservedQuote = reservedQuote
      self.checks = checks
    }
  }

  package struct Armament: Hashable, Sendable {
    package var attempt: Int
    /// The exchange's time, as stamped on the request.
    package var stampedAt: WallTime
    package var receiveWindow: Duration
    package var quote: Quote

    package init(attempt: Int, stampedAt: WallTime, receiveWindow: Duration, quote: Quote) {
      self.attempt = attempt
      self.stampedAt = stampedAt
      self.receiveWindow = receiveWindow
      self.quote = quote
    }
  }

  /// The name of the event after which an order may be on the wire.
  package static let armedKind = "order_armed"
  package static let createdKind = "order_created"
  package static let approvedKind = "order_approved"
  package static let notFoundKind = "order_not_found"

  /// The event's name in the history.
  package var kind: String {
    switch self {
    case .created: Self.createdKind
    case .approved: Self.approvedKind
    case .denied: "order_denied"
    case .armed: Self.armedKind
    case .acknowledged: "order_acknowledged"
    case .validated: "order_validated"
    case .refused: "order_refused"
    case .mayRetry: "order_may_retry"
    case .outcomeLost: "order_outcome_lost"
    case .observed: "order_observed"
    case .lookedUp: "order_looked_up"
    case .notFound: Self.notFoundKind
    case .cancelRequested: "cancel_requested"
    case .cancelAnswered: "cancel_answered"
    case .closedByOperator: "order_closed_by_operator"
    case .confirmedByOperator: "order_confirmed_by_operator"
    case .watchEnded: "order_watch_ended"
    }
  }
}
