package import Domain

/// Something that is not as it should be, in one line, with the way out.
package struct Trouble: Hashable, Sendable {
  package enum Subject: Hashable, Sendable {
    /// All trading, or the daemon's way to the exchange.
    case daemon
    case symbol(Symbol)
    case order(OrderKey, ClientOrderID, Symbol)
  }

  package var subject: Subject
  /// What is wrong, and what the daemon does about it.
  package var message: String
  /// What the operator can do.
  package var advice: String

  package init(subject: Subject, message: String, advice: String) {
    self.subject = subject
    self.message = message
    self.advice = advice
  }
}
