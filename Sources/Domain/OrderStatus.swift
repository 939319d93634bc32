/// Where an order stands. The raw values are stable: users read them in the database and in answers.
package enum OrderStatus: String, CaseIterable, Hashable, Sendable {
  /// Accepted, and nothing of it has left. → submitted, denied, expired; open, partiallyFilled,
  /// filled, canceled, partiallyCanceled when an earlier copy of it is found at the exchange, notFound
  /// when there may be one and it is not found
  case new
  /// On the wire from now on, as far as anyone can know. → open, partiallyFilled, filled, canceled,
  /// partiallyCanceled, rejected, validated, unknown; new after a refusal that may be tried once more
  case submitted
  /// The exchange has it, nothing is filled. → partiallyFilled, filled, canceled, partiallyCanceled
  case open
  /// → filled, canceled, partiallyCanceled
  case partiallyFilled = "partially_filled"
  /// The end.
  case filled
  /// The end: cancelled with no fill.
  case canceled
  /// The end: cancelled with some fill.
  case partiallyCanceled = "partially_canceled"
  /// The exchange refused it. The end, unless it turns up after all. → open, partiallyFilled, filled,
  /// canceled, partiallyCanceled
  case rejected
  /// The end: too old before it could leave.
  case expired
  /// Sent once, and no answer proves what became of it. → as submitted, but notFound in place of
  /// validated
  case unknown
  /// Every view of the exchange said "no" after the settle time. Still watched. → as rejected; canceled,
  /// too, when the operator has closed it and the watch is over
  case notFound = "not_found"
  /// The end: refused by the daemon before anything left.
  case denied
  /// The end in validate mode: the exchange checked the order and placed nothing.
  case validated

  /// For people.
  package var words: String { String(rawValue.map { $0 == "_" ? " " : $0 }) }

  /// Nothing is expected to change any more.
  package var isTerminal: Bool {
    switch self {
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated: true
    case .new, .submitted, .open, .partiallyFilled, .unknown, .notFound: false
    }
  }

  /// What a person is told of an order's reason. One that is on the wire, or was only checked, keeps that
  /// of a try before, as stored rows are held against it.
  package func told(_ reason: String) -> String {
    self == .submitted || self == .validated ? "" : reason
  }

  /// The end without an order, since the daemon or the exchange refused it.
  package var isRefusal: Bool {
    switch self {
    case .rejected, .expired, .denied: true
    case .new, .submitted, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled,
      .unknown, .notFound, .validated:
      false
    }
  }

  /// Whether a signal that came again was refused, by its state: the code of its refusal, else the status
  /// of its order.
  package static func isRefusal(state: String) -> Bool {
    OrderStatus(rawValue: state)?.isRefusal ?? true
  }

  /// A request for it may be under way or its outcome is not known.
  package var isInFlight: Bool { self == .submitted || self == .unknown }

  /// The exchange has confirmed that it works on the order.
  package var isWorking: Bool { self == .open || self == .partiallyFilled }

  /// Whether its notional counts against the daily limit.
  package var countsAsExposure: Bool {
    switch self {
    case .denied, .expired, .rejected, .validated: false
    case .new, .submitted, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled,
      .unknown, .notFound:
      true
    }
  }
}
