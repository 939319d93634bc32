import Control
import Domain
import JSON
import Platform
import Store

/// Outcomes, latency, slippage and fills over time, in equal parts of the time that is asked for.
enum ChartReport {
  private static let range: ClosedRange<Int64> = 1...744
  private static let standardHours: Int64 = 24
  private static let partCount: Int64 = 24
  /// What is counted at most; the answer says when there is more.
  private static let rowMaximum = 20_000

  /// Throws the answer to a wrong word.
  static func hours(in query: Query) throws(ControlFailure) -> Int64 {
    guard let text = query.first("hours") else { return standardHours }
    guard let number = Int64(text), range.contains(number) else {
      throw .invalidRequest(
        "hours is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  static func reply(_ records: Records, hours: Int64, at now: WallTime) -> Reply {
    records.reply { store throws(ControlFailure) in
      do throws(StoreError) {
        let start = now.advanced(by: .seconds(-hours * 3_600))
        var parts = OutcomeParts(from: start, to: now, count: partCount)
        try store.eachOutcome(since: start, limit: rowMaximum) { parts.add($0) }
        return .json(document(parts, from: start, to: now))
      } catch {
        throw ControlFailure(error)
      }
    }
  }

  private static func document(
    _ parts: OutcomeParts, from start: WallTime, to end: WallTime
  ) -> JSONValue {
    [
      "from": .time(start), "to": .time(end),
      "part_seconds": .integer(end.since(start).wholeMilliseconds / partCount / 1_000),
      "signals": .integer(parts.rowCount), "is_cut": .bool(parts.rowCount == rowMaximum),
      "parts": .array(parts.sorted.map(\.document)),
    ]
  }
}

extension OutcomePart {
  fileprivate var document: JSONValue {
    [
      "from": .time(start),
      "outcomes": .object(pairs: Self.outcomes.map { ($0, .integer(counts[$0] ?? 0)) }),
      "latency_ms": [
        "median": medianLatency.map { .integer($0) } ?? .null,
        "p99": slowLatency.map { .integer($0) } ?? .null,
      ],
      "slippage_bps": [
        "median": .decimal(medianSlippage), "worst": .decimal(worstSlippage),
      ],
      "filled_quote": .decimal(filledQuote),
    ]
  }
}
