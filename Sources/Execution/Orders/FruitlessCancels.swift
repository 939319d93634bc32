import Domain

/// Cancels of one order that the exchange answered while the order stands all the same.
struct FruitlessCancels: Sendable {
  struct Cause: Hashable, Sendable {
    var reason: String
    var advice: String
  }

  /// What the last one met that does not pass in a moment.
  private(set) var cause: Cause?
  /// When the last one was answered, unless a look has shown since that the order outlived it.
  private var answeredAt: MonotonicTime?
  private var outlived = 0
  private var said: Set<String> = []
  /// Between two cancels, while no look tells what came of them.
  private var pause = BackOff(first: .seconds(2), longest: .seconds(60))
  /// Each cancel that the firewall refuses keeps every request back for a minute.
  private var pauseWhenBlocked = BackOff(first: .seconds(60), longest: .seconds(600))

  /// Answers to cancels overtake each other at the exchange, and what a look shows may lag: one or two
  /// mean nothing.
  private static let worthALine = 3
  /// Different things that are said of one order in one run.
  private static let saidMaximum = 16

  /// Whether the order is known to have outlived so many that one more is no likely end.
  var areMany: Bool { outlived >= Self.worthALine }

  /// One more was answered. How long to wait before the next.
  mutating func wasAnswered(isBlocked: Bool, at now: MonotonicTime) -> Duration {
    answeredAt = now
    if isBlocked { return pauseWhenBlocked.next() }
    pauseWhenBlocked.reset()
    return pause.next()
  }

  /// A look showed the order standing: it counts where it was asked for after the last answer.
  mutating func wereOutlived(byLookAskedAt time: MonotonicTime) {
    guard let answeredAt, answeredAt <= time else { return }
    self.answeredAt = nil
    outlived += 1
    pause.reset()
  }

  mutating func last(for cause: Cause) { self.cause = cause }

  /// Whether this was not said yet: answers that alternate are each said once.
  mutating func isNews(_ what: String) -> Bool {
    said.count < Self.saidMaximum && said.insert(what).inserted
  }
}
