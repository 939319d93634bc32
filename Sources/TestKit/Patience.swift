package import Domain
package import Platform

/// How long a test waits for something that takes milliseconds on a free machine: long enough for a
/// busy one, so that only what never happens runs into it.
package let patience = Duration.seconds(120)

/// Something that was waited for did not happen.
package struct TimeUp: Error, CustomStringConvertible {
  package let description: String

  package init(_ what: String, _ evidence: String = "") {
    description = "waited in vain for: \(what)" + (evidence.isEmpty ? "" : "\n\(evidence)")
  }
}

/// Something that a test needs is not as it must be.
package struct Unusable: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

package func deadline(after time: Duration) -> MonotonicTime {
  Clock.monotonic().advanced(by: time)
}

extension EventLoop {
  /// Turns until the condition holds; false when it does not within the time.
  package func turns(
    within limit: Duration = patience, until condition: () throws -> Bool
  ) throws -> Bool {
    let end = deadline(after: limit)
    while try !condition() {
      if Clock.monotonic() >= end { return false }
      try turn(until: end)
    }
    return true
  }
}
