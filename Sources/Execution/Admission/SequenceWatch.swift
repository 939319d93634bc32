import Domain
import JSON

/// Whether the numbers that sources give their signals go on without a gap. It is told, and refuses
/// nothing: what is missing may have been lost anywhere, and what comes is a signal like any other.
struct SequenceWatch: Sendable {
  /// A source that nobody configured can call itself anything: so many names are kept.
  private static let sourceMaximum = 1_000

  private var last: [String: (number: Int64, heard: Int)]
  /// How many signals with a number were heard, which says who was heard longest ago.
  private var heardCount = 0

  /// `last` is the highest number of each source that was heard lately.
  init(_ last: [String: Int64]) {
    self.last = last.mapValues { (number: $0, heard: 0) }
  }

  /// The sources of `table` are never forgotten.
  mutating func heard(
    _ signal: Signal, _ table: [String: EngineConfiguration.Source], _ reaction: inout Reaction
  ) {
    guard let source = signal.source, let number = signal.sequence else { return }
    heardCount += 1
    guard let before = last[source]?.number else {
      if last.count >= Self.sourceMaximum { forgetOne(besides: table) }
      last[source] = (number, heardCount)
      return
    }
    last[source] = (max(before, number), heardCount)
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

  /// Of the others the one that was heard longest ago.
  private mutating func forgetOne(besides table: [String: EngineConfiguration.Source]) {
    let oldest = last.lazy.filter { table[$0.key] == nil }
      .min { ($0.value.heard, $0.key) < ($1.value.heard, $1.key) }
    if let oldest { last[oldest.key] = nil }
  }

  private static let advice =
    "look at the program that makes its signals, and at what stands between it and this machine"
}
