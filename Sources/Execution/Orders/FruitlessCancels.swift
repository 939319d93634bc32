/// Cancels of one order that the exchange answered while the order stands all the same.
struct FruitlessCancels: Sendable {
  struct Cause: Hashable, Sendable {
    var reason: String
    var advice: String
  }

  /// What the last one met that does not pass in a moment.
  private(set) var cause: Cause?
  private var undecided = 0
  private var taken = 0
  private var said: Set<String> = []

  /// Answers to cancels overtake each other at the exchange, and what a look shows may lag: one or two
  /// mean nothing.
  private static let worthALine = 3
  /// Different things that are said of one order in one run.
  private static let saidMaximum = 16

  /// One more that decides nothing. Whether they are so many that the next is no likely end.
  mutating func addUndecided() -> Bool {
    undecided += 1
    return undecided >= Self.worthALine
  }

  /// One more that was taken, and may be the end. Whether many before it were not.
  mutating func addTaken() -> Bool {
    taken += 1
    return taken > Self.worthALine
  }

  mutating func last(for cause: Cause) { self.cause = cause }

  /// Whether this was not said yet: answers that alternate are each said once.
  mutating func isNews(_ what: String) -> Bool {
    said.count < Self.saidMaximum && said.insert(what).inserted
  }
}
