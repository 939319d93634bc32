import Domain
import JSON

/// Whether the numbers that sources give their signals go on without a gap. It is told, and refuses
/// nothing: what is missing may have been lost anywhere, and what comes is a signal like any other.
struct SequenceWatch: Sendable {
  /// A source that nobody configured can call itself anything: so many names are kept.
  private static let sourceMaximum = 1_000

  private var last: [String: Int64]

  /// `last` is the highest number of each source that was heard lately.
  init(_ last: [String: Int64]) {
    self.last = last
  }

  mutating func heard(_ signal: Signal, _ reaction: inout Reaction) {
    guard let source = signal.source, let number = signal.sequence else { return }
    guard let before = last[source] else {
      if last.count < Self.sourceMaximum { last[source] = number }
      return
    }
    last[source] = max(before, number)
    guard number != before + 1 else { return }
    reaction.record(
      number > before ? HistoryEvent.sequenceGapKind : HistoryEvent.sequenceRepeatedKind,
      [
        "source": .string(source), "expected": .integer(before + 1), "found": .integer(number),
        "signal_id": .string(signal.id.text),
      ], on: .daemon)
    reaction.log(
      .warning,
      number > before
        ? "signals of a source are missing: \(before + 1) was expected, and \(number) came"
        : "the numbers of a source do not rise: \(before + 1) was expected, and \(number) came",
      [("source", source), ("signal_id", signal.id.text), ("advice", Self.advice)],
      kind: .sequenceGap)
  }

  private static let advice =
    "look at the program that makes its signals, and at what stands between it and this machine"
}
