/// What the operator of a running daemon can ask of it.
package enum OperatorCommand: Hashable, Sendable {
  /// `cancel` also cancels every order of ours that is open.
  case halt(reason: String, cancel: Bool, scope: HaltScope = .all)
  case resume
  /// Never lifts a halt, as `resume` does.
  case endCarefulStart
  case cancel(SignalID)
  case cancelAll
  /// The operator's word that a `notFound` order is this one; verified at the exchange.
  case resolvePlaced(SignalID, orderID: String)
  case resolveNotPlaced(SignalID)
}

/// What came of a command, in words for a person.
package struct CommandAnswer: Hashable, Sendable {
  package var ok: Bool
  package var message: String

  package init(ok: Bool, message: String) {
    self.ok = ok
    self.message = message
  }
}
