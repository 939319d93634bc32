import Domain
import Platform

/// How long a test waits for something that takes milliseconds on a free machine: long enough for a
/// busy one, so that only what never happens runs into it.
let patience = Duration.seconds(120)

/// Something that was waited for did not happen.
struct TimeUp: Error, CustomStringConvertible {
  let description: String

  init(_ what: String, _ evidence: String = "") {
    description = "waited in vain for: \(what)" + (evidence.isEmpty ? "" : "\n\(evidence)")
  }
}

/// Something that a test needs is not as it must be.
struct Unusable: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

func deadline(after time: Duration) -> MonotonicTime { Clock.monotonic().advanced(by: time) }
