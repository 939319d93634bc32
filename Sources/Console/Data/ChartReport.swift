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

  fileprivate struct Part {
    var counts: [String: Int64] = [:]
    var latencies: [Int64] = []
    var slippages: [FixedDecimal] = []
    var filledQuote = FixedDecimal.zero
  }

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
    let length = max(1, end.since(start).wholeMilliseconds / partCount)
    var parts = [Part](repeating: Part(), count: Int(partCount))
    for row in rows {
      let index = row.receivedAt.since(start).wholeMilliseconds / length
      parts[Int(min(max(index, 0), partCount - 1))].add(row)
    }
    return [
      "from": .time(start), "to": .time(end), "part_seconds": .integer(length / 1_000),
      "signals": .integer(rows.count), "is_cut": .bool(rows.count == rowMaximum),
      "parts": .array(
        parts.enumerated().map { index, part in
          part.document(
            from: WallTime(milliseconds: start.milliseconds + Int64(index) * length))
        }),
    ]
  }
}

extension ChartReport.Part {
  mutating func add(_ row: OutcomeRow) {
    counts[Self.outcome(of: row), default: 0] += 1
    if let armed = row.armedAt {
      latencies.append(max(0, armed.since(row.receivedAt).wholeMilliseconds))
    }
    if let slippage = Self.slippage(of: row) { slippages.append(slippage) }
    if let quote = row.executedQuote { filledQuote = filledQuote.adding(quote) ?? filledQuote }
  }

  private static func outcome(of row: OutcomeRow) -> String {
    switch row.status {
    case nil, .denied?: "denied"
    case .new?, .submitted?, .open?, .partiallyFilled?: "open"
    case .filled?, .validated?: "filled"
    case .canceled?, .partiallyCanceled?, .expired?: "canceled"
    case .rejected?: "rejected"
    case .unknown?, .notFound?: "in_doubt"
    }
  }

  /// Basis points that the fill was worse than the price that the order was judged by; below zero,
  /// better.
  private static func slippage(of row: OutcomeRow) -> FixedDecimal? {
    guard let judged = row.guardPrice, let average = row.averagePrice,
      let difference = row.side == .buy
        ? average.subtracting(judged) : judged.subtracting(average),
      let scaled = difference.multiplied(by: FixedDecimal(10_000), rounding: .down)
    else { return nil }
    let hundredth = FixedDecimal.powerOfTen(negative: 2)
    return scaled.divided(by: judged, rounding: .down).flatMap { value in
      hundredth.flatMap { value.rounded(toMultipleOf: $0, .down) }
    }
  }

  func document(from start: WallTime) -> JSONValue {
    let latencies = latencies.sorted()
    let slippages = slippages.sorted()
    return [
      "from": .time(start),
      "outcomes": .object(
        pairs: ["filled", "open", "canceled", "rejected", "denied", "in_doubt"].map {
          ($0, .integer(counts[$0] ?? 0))
        }),
      "latency_ms": [
        "median": latencies.quantile(50).map { .integer($0) } ?? .null,
        "p99": latencies.quantile(99).map { .integer($0) } ?? .null,
      ],
      "slippage_bps": [
        "median": .decimal(slippages.quantile(50)), "worst": .decimal(slippages.last),
      ],
      "filled_quote": .decimal(filledQuote),
    ]
  }
}

extension Array {
  /// Of a sorted list, by the nearest rank.
  fileprivate func quantile(_ percent: Int) -> Element? {
    isEmpty ? nil : self[Swift.max(0, (count * percent + 99) / 100 - 1)]
  }
}
