/// Why nothing proves what became of an order that was sent.
package enum UnknownOutcome: Hashable, Sendable {
  /// No answer came that can be read: a time-out, a dropped connection, a 5xx, garbage; or the
  /// daemon ended before it came.
  case answerLost
  /// A firewall answered in the exchange's place.
  case blocked
  /// A rate limit answered: a clean look-up decides whether the order may go once more.
  case throttled
  /// The exchange answered with a code that can also follow an order that was made.
  case refused(code: Int)
}
