import Domain

/// Lines that anybody on the machine can bring about as often as they like: each kind is told once a
/// minute.
struct RepeatedLines {
  enum Kind: Hashable {
    case foreignRequest, refusedCode
  }

  private static let pause = Duration.seconds(60)

  private var last: [Kind: MonotonicTime] = [:]

  /// Whether it is to be told now.
  mutating func isDue(_ kind: Kind, at now: MonotonicTime) -> Bool {
    if let last = last[kind], now.since(last) < Self.pause { return false }
    last[kind] = now
    return true
  }
}
