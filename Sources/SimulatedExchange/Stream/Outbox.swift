import Domain

/// The pushes of one connection that are under way to it: they leave in their order, some of them late
/// or behind the next one.
struct Outbox: Sendable {
  private var waiting: [(due: MonotonicTime, frame: StreamFrame)] = []
  private var overtaken: (until: MonotonicTime, frame: StreamFrame)?

  mutating func append(_ frame: StreamFrame, after delay: Duration = .zero, at now: MonotonicTime) {
    wait(frame, until: now.advanced(by: delay))
    if let overtaken {
      wait(overtaken.frame, until: now)
      self.overtaken = nil
    }
  }

  /// Lets the next push overtake this one. While another one is waiting for that, they change places.
  mutating func hold(_ frame: StreamFrame, for time: Duration, at now: MonotonicTime) {
    if overtaken == nil {
      overtaken = (now.advanced(by: time), frame)
    } else {
      append(frame, at: now)
    }
  }

  private mutating func wait(_ frame: StreamFrame, until due: MonotonicTime) {
    waiting.append((max(due, waiting.last?.due ?? due), frame))
  }

  mutating func take(at now: MonotonicTime) -> [StreamFrame] {
    if let overtaken, overtaken.until <= now {
      wait(overtaken.frame, until: now)
      self.overtaken = nil
    }
    let count = waiting.prefix { $0.due <= now }.count
    defer { waiting.removeFirst(count) }
    return waiting[..<count].map(\.frame)
  }

  /// When something is to be taken; `nil` when nothing is under way.
  var due: MonotonicTime? {
    guard let first = waiting.first?.due else { return overtaken?.until }
    return min(first, overtaken?.until ?? first)
  }
}
