/// A run in words: what happened to the order that it failed on, and every misfortune and death on the
/// way; of a run that did not fail, every order that the exchange took.
enum Story {
  static func tell(_ world: World) -> [String] {
    var lines: [String] = []
    for event in world.trace.events where isWorthTelling(event, world.violation) {
      lines.append("\(time(event.time))  \(event.subject) \(event.text)")
    }
    return lines
  }

  private static func isWorthTelling(_ event: Trace.Event, _ violation: Violation?) -> Bool {
    for word in ["VIOLATION", "dies", "starts", "clock steps", "epoch", "the faults", "command"]
    where event.text.hasPrefix(word) { return true }
    guard let violation else { return event.text.hasPrefix("accepted") }
    if !violation.subject.isEmpty, event.subject == violation.subject { return true }
    guard violation.invariant == .backOffIsKept || violation.invariant == .weightsWithinPools else {
      return false
    }
    return event.text.hasSuffix(" 429") || event.text.hasSuffix(" 418")
      || event.text.hasPrefix("log: the exchange") || event.text.hasPrefix("committed")
  }

  private static func time(_ nanoseconds: Int64) -> String {
    let whole = String(nanoseconds / 1_000_000)
    return String(repeating: " ", count: max(0, 8 - whole.utf8.count)) + whole + " ms"
  }
}
