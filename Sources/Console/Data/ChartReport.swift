import Control
import Domain
import JSON
import Platform
import Store

/// Outcomes, latency, slippage and fills over time, in equal parts of the time that is asked for.
enum ChartReport {
  static let hours: ClosedRange<Int64> = 1...744
  static let standardHours: Int64 = 24
  private static let partCount: Int64 = 24
  /// What is counted at most; the answer says when there is more.
  private static let rowMaximum = 20_000

  static func reply(_ records: Records, hours: Int64, at now: WallTime) -> Reply {
    records.reply { store throws(ControlFailure) in
      do throws(StoreError) {
        let start = now.advanced(by: .seconds(-hours * 3_600))
        let rows = try store.outcomes(since: start, limit: rowMaximum)
        return .json(document(rows, from: start, to: now))
      } catch {
        throw ControlFailure(code: .storageUnavailable, message: error.description)
      }
    }
  }

  private static func document(
    _ rows: [OutcomeRow], from start: WallTime, to end: WallTime
  ) -> JSONValue {
    let parts = OutcomePart.parts(rows, from: start, to: end, count: partCount)
    return [
      "from": .time(start), "to": .time(end),
      "part_seconds": .integer(end.since(start).wholeMilliseconds / partCount / 1_000),
      "signals": .integer(rows.count), "is_cut": .bool(rows.count == rowMaximum),
      "parts": .array(parts.map(\.document)),
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
