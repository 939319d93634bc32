package import Domain

/// What is not to leave any more.
package struct Withdrawal: Hashable, Sendable {
  package let reason: String
  /// Orders alone; everything else goes on.
  package let isOfOrders: Bool
}

/// What the engine wants done, in order.
///
/// The large ones are indirect: a copy of any is a reference or two.
package enum Effect: Sendable {
  /// Part of the turn's one commit.
  case write(StoreWrite)
  indirect case send(Dispatch)
  /// What has not left by now must not leave: the exchange demands a back-off, or the operator wants no
  /// order to leave. Each such request is answered as not sent.
  case withdrawUnsent(Withdrawal)
  /// Once the commit holds.
  indirect case answer(Receipt, SignalAnswer)
  /// The signal's story is over; once the commit holds.
  indirect case settled(Outcome)
  /// What became of the signal's order is in doubt, or no more; once the commit holds.
  indirect case doubt(SignalID, Doubt?)
  /// Once the commit holds.
  indirect case answerCommand(CommandToken, CommandAnswer)
  indirect case log(LogEntry)
  /// The symbols whose prices the exchange is to send by itself; takes the place of those of before.
  case watchPrices(Set<Symbol>)
  /// The venue has a key for the account's stream.
  case connectAccountStream
}

extension [Effect] {
  /// What one input has to have written, in order. An order that it changes several times is written
  /// once, as it is left: its history holds every step.
  package var writes: [StoreWrite] {
    var rows: [OrderKey: Int] = [:]
    var writes: [StoreWrite?] = []
    for case .write(let write) in self {
      if case .putOrder(let order) = write,
        let former = rows.updateValue(writes.count, forKey: order.key)
      {
        writes[former] = nil
      }
      writes.append(write)
    }
    return writes.compactMap(\.self)
  }
}

/// What the sender of a signal is told.
package struct SignalAnswer: Hashable, Sendable {
  package enum Status: String, Hashable, Sendable {
    case accepted, duplicate, rejected
  }

  package var id: String?
  package var status: Status
  package var code: DecisionCode
  package var message: String
  package var clientOrderID: ClientOrderID?
  /// Of a duplicate: `KnownSignal.state`.
  package var state: String?

  package init(
    id: String?, status: Status, code: DecisionCode, message: String,
    clientOrderID: ClientOrderID? = nil, state: String? = nil
  ) {
    self.id = id
    self.status = status
    self.code = code
    self.message = message
    self.clientOrderID = clientOrderID
    self.state = state
  }
}

/// How an accepted signal ended.
package struct Outcome: Hashable, Sendable {
  package var signalID: SignalID
  package var code: DecisionCode
  package var message: String
  package var order: Order
  /// It takes the place of what was said when the operator closed the signal.
  package var replacesEarlier: Bool

  package init(
    signalID: SignalID, code: DecisionCode, message: String, order: Order,
    replacesEarlier: Bool = false
  ) {
    self.replacesEarlier = replacesEarlier
    self.signalID = signalID
    self.code = code
    self.message = message
    self.order = order
  }
}

/// A line for the journal.
package struct LogEntry: Hashable, Sendable {
  package enum Level: Hashable, Sendable {
    /// Needs a person now.
    case error
    /// Wants a look.
    case warning
    /// Normal, and worth knowing: a signal that the rules refuse.
    case notice
    case info
    case debug
  }

  package struct Field: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  package var level: Level
  package var message: String
  package var fields: [Field]
  package var kind: LogKind?

  package init(level: Level, message: String, fields: [Field], kind: LogKind? = nil) {
    self.kind = kind
    self.level = level
    self.message = message
    self.fields = fields
  }
}
