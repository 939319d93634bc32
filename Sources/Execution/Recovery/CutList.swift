import Domain

/// A list of recent orders, or of fills, with as many rows as the exchange gives at once. It is asked for
/// again by halves of the time in which the order can stand in it, whichever rows the exchange left out.
struct CutList: Sendable {
  /// The times still to be asked for; the last one is under way.
  private var parts: [ClosedRange<WallTime>] = []
  private var count = 0

  /// The exchange has rounded times to whole seconds.
  private static let overlap: Duration = .seconds(1)
  /// Halves of less would hardly be shorter than the whole.
  private static let shortest: Duration = .seconds(4)
  /// One order must not use the limits up.
  private static let maximum = 64

  var underWay: ClosedRange<WallTime>? { parts.last }

  /// Whether there is a part to ask for after what the last one, or the list within `time`, said.
  mutating func goesOn(after finding: Finding, within time: ClosedRange<WallTime>) -> Bool {
    switch finding {
    case .no: _ = parts.popLast()
    case .cut: halve(parts.popLast() ?? time)
    case .found, .foundTrade, .several, .nothingProved: parts = []
    }
    return !parts.isEmpty
  }

  private mutating func halve(_ time: ClosedRange<WallTime>) {
    let length = time.upperBound.since(time.lowerBound)
    count += 2
    guard length > Self.shortest, count <= Self.maximum else {
      parts = []
      return
    }
    let middle = time.lowerBound.advanced(by: length / 2)
    parts += [
      middle.advanced(by: .zero - Self.overlap)...time.upperBound, time.lowerBound...middle,
    ]
  }
}
