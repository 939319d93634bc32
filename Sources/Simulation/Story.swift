/// A failing run in words: what happened to the order that it failed on, and every misfortune and
/// death on the way.
enum Story {
  static func tell(_ world: World) -> [String] {
    guard let violation = world.violation else { return [] }
    let names = subjects(of: violation, in: world)
    var lines: [String] = []
    for event in world.trace.events where isWorthTelling(event, names, violation) {
      lines.append("\(time(event.time))  \(event.subject) \(event.text)")
    }
    return lines
  }

  /// The signal and its order's name belong together.
  private static func subjects(of violation: Violation, in world: World) -> Set<String> {
    violation.subject.isEmpty ? [] : [violation.subject]
  }

  private static func isWorthTelling(
    _ event: Trace.Event, _ names: Set<String>, _ violation: Violation
  ) -> Bool {
    if names.contains(event.subject) { return true }
    for word in ["VIOLATION", "dies", "starts", "clock steps", "epoch", "the faults", "command"]
    where event.text.hasPrefix(word) { return true }
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
