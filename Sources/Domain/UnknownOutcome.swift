/// Why nothing proves what became of an order that was sent.
package enum UnknownOutcome: Hashable, Sendable {
  /// No answer came: a time-out, a dropped connection; or the daemon ended before it came.
  case answerLost
  /// An answer came that says nothing to rely on: a 5xx, garbage, an echo of another order.
  case unreadable
  /// A firewall answered in the exchange's place.
  case blocked
  /// A rate limit answered: a clean look-up decides whether the order may go once more.
  case throttled
  /// The exchange answered with a code that can also follow an order that was made.
  case refused(code: Int)
}
